//! The fast path of the ledger: money of a whole path that this process holds, a slice, is admitted
//! from in memory. What happens is told to the journal, and to the writer, which carries it into the
//! database behind.
//!
//! INVARIANT: what memory can admit is never more than what the slice's row has left. Three rules of
//! [`budget::Fund`] keep that: carve before the hold is queued, give back after the settlement is, and
//! queue the close behind everything else.

mod part;
pub(crate) mod rows;
mod slot;

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::Ordering},
    time::{Duration, Instant},
};

use budget::{
    AccountKey, Backing, Basis, CapSpec, Charge, Hold, HoldAsk, HoldState, LedgerKind, Outcome,
    Refusal, SliceAsk,
};
use types::{AgentId, HoldId, KeyId, Nanos, Timestamp};

use crate::{
    audit::Draft,
    denied, fault,
    journal::{Journal, Purpose},
    ledger::{Ended, Settlement},
    store::Inner,
    writer::{Ask, Failure, Handle},
};
use part::Part;
use slot::{Slot, Wanted};

/// How long a slice is used before the next one is taken: so long a change of a cap made elsewhere may
/// take to be heard here.
const LIFE: Duration = Duration::from_secs(5);
/// How often that is looked after.
const TICK: Duration = Duration::from_millis(250);
/// Slices are not taken ahead faster than this, and after a refusal not before the longer one.
const AHEAD_PERIOD: Duration = Duration::from_millis(50);
const AHEAD_REFUSED: Duration = Duration::from_secs(1);
/// Paths that have slices at the same time. Beyond it a call asks the database.
const SLOTS_MAX: usize = 16_384;
/// How often a refused slice is asked for again once this process has given its others back.
const TRIES: u32 = 3;

/// The slices of this process.
pub(crate) struct Slices {
    inner: Arc<Inner>,
    writer: Handle,
    journal: Arc<Journal>,
    slots: Mutex<HashMap<u64, Arc<Slot>>>,
    hasher: RandomState,
    open: Mutex<HashMap<HoldId, Open>>,
}

/// A hold that is open.
struct Open {
    part: Arc<Part>,
    amount: Nanos,
}

/// A hold as it is asked for.
pub(crate) struct Asked {
    pub(crate) ask: Box<HoldAsk>,
    /// The least that is asked for again where there is not enough.
    pub(crate) least: Nanos,
    pub(crate) agent: AgentId,
    pub(crate) key: Option<KeyId>,
    pub(crate) record: Option<Draft>,
    /// Whether the disk must have it before the call goes out.
    pub(crate) durable: bool,
}

impl Slices {
    /// Begins with no slice, and looks after those that come until the last handle is gone.
    pub(crate) fn begin(inner: &Arc<Inner>, writer: Handle, journal: Arc<Journal>) -> Arc<Self> {
        let slices = Arc::new(Self {
            inner: Arc::clone(inner),
            writer,
            journal,
            slots: Mutex::default(),
            hasher: RandomState::new(),
            open: Mutex::default(),
        });
        tokio::spawn(keep(Arc::downgrade(&slices), Arc::clone(inner)));
        slices
    }

    /// Admits a hold that is dispatched at once: from memory where the path's slice has enough, after
    /// taking a new slice where it has not.
    pub(crate) async fn hold(self: &Arc<Self>, mut asked: Asked) -> Result<Hold, Failure> {
        if asked.ask.amount < Nanos::ZERO {
            return Err(Refusal::Malformed("a hold cannot be negative").into());
        }
        // As the accounts are locked, so that one path is one slot however it is asked for.
        asked.ask.path.sort_by(|a, b| a.key.cmp(&b.key));
        if let Some(known) = self.known(&asked.ask) {
            if asked.durable {
                self.journal.kept(self.journal.last()).await;
            }
            return Ok(known);
        }
        let Some(slot) = self.slot(&asked.ask) else { return self.ask_database(asked).await };
        let amount = asked.ask.amount;
        let mut place = Some(self.writer.ahead().await?);
        let part = match self.carve(&slot, amount) {
            Some(part) => part,
            None => {
                // Whoever waits for money must not keep others from what they have.
                place = None;
                let filled = self.fill(&slot, &asked);
                let within = tokio::time::timeout(self.inner.options.admission_timeout, filled);
                within.await.unwrap_or(Err(Failure::Unavailable))?
            }
        };
        let Some(place) = place.or_else(|| self.writer.ahead_now()) else {
            part.fund.give(amount);
            self.landed(&part);
            return Err(Failure::Unavailable);
        };
        // From here to the journal nothing waits, so that a caller who leaves cannot come in between.
        fault::point("hold.before");
        let path = std::mem::take(&mut asked.ask.path);
        asked.ask.backing = Backing::Slice(part.id);
        let hold = dispatched(&asked.ask, &slot.path, part.id);
        let ask =
            Ask::Hold { ask: asked.ask, agent: asked.agent, key: asked.key, dispatched: true };
        self.open().insert(hold.id, Open { part: Arc::clone(&part), amount: hold.amount });
        let record = asked.record.map(Arc::new);
        let written =
            self.writer.journal(&self.journal, Purpose::Admission, ask, record, Some(place));
        let seq = match written {
            Ok(seq) => seq,
            Err(error) => {
                tracing::warn!(%error, "a call is refused");
                self.open().remove(&hold.id);
                part.fund.give(hold.amount);
                self.landed(&part);
                return Err(Failure::Unavailable);
            }
        };
        fault::point("hold.journaled");
        self.landed(&part);
        self.ahead(&slot, &part, path, &hold, (asked.agent, asked.key));
        if asked.durable {
            let mut unheard = Unheard { slices: self, hold: Some(hold.id) };
            self.journal.kept(seq).await;
            unheard.hold = None;
        }
        Ok(hold)
    }

    /// Tells of the progress of a hold from a slice; gives the ask back for any other.
    pub(crate) fn progress(&self, hold: HoldId, ask: Ask) -> Option<Ask> {
        if !self.open().contains_key(&hold) {
            return Some(ask);
        }
        // Where the database is far behind, nobody needs to hear of progress.
        let place = self.writer.ahead_now()?;
        let queued = self.writer.journal(&self.journal, Purpose::Aftermath, ask, None, Some(place));
        if let Err(error) = queued {
            // The next one may come through; until then the hold is charged whole if this dies.
            tracing::warn!(%error, %hold, "progress is not noted");
        }
        None
    }

    /// Settles a hold from a slice, and takes the record. What it did not use can be admitted again at
    /// once. `None` where it is from no slice or the journal cannot take it: then the database has to.
    pub(crate) fn settle(
        &self,
        hold: HoldId,
        settlement: Settlement,
        record: &mut Option<Draft>,
    ) -> Option<Charge> {
        if settlement.actual < Nanos::ZERO {
            // The books refuse it, so that nothing may be given back for it.
            return None;
        }
        let open = self.open().remove(&hold)?;
        fault::point("settle.before");
        let ask = Ask::Settle { hold, settlement };
        let taken = record.take().map(Arc::new);
        let queued =
            self.writer.journal(&self.journal, Purpose::Aftermath, ask, taken.clone(), None);
        if let Err(error) = queued {
            tracing::warn!(%error, %hold, "a settlement goes to the database at once");
            // Nobody else has it: the queue did not take it.
            *record = taken.and_then(Arc::into_inner);
            return None;
        }
        fault::point("settle.journaled");
        let amount = settlement.actual.min(open.amount);
        open.part.fund.give(Nanos(open.amount.0.saturating_sub(amount.0)));
        let overrun = Nanos(settlement.actual.0.saturating_sub(amount.0));
        Some(Charge { kind: LedgerKind::Settlement, amount, overrun, basis: settlement.basis })
    }

    /// What is free in memory on each account: money that the database counts as held.
    fn free(&self) -> HashMap<AccountKey, Nanos> {
        let mut free: HashMap<AccountKey, Nanos> = HashMap::new();
        for slot in self.slots().values() {
            let Some(left) = slot.part().as_ref().map(|part| part.fund.free()) else { continue };
            for key in &slot.path {
                let sum = free.entry(key.clone()).or_default();
                sum.0 = sum.0.saturating_add(left.0);
            }
        }
        free
    }

    /// Gives back every slice, at the end of the process.
    pub(crate) fn retire_all(&self) {
        self.retire_where(|_, _| true);
    }

    /// Closes slices that the database has and memory does not: of the last two looks `suspects` are those
    /// of the first.
    async fn close_unknown(&self, suspects: &mut HashSet<HoldId>) -> Result<(), crate::Error> {
        let open = rows::of(&self.inner, self.inner.fence, "state = 'open'").await?;
        let known: HashSet<HoldId> =
            self.slots().values().filter_map(|slot| slot.part().as_ref().map(|p| p.id)).collect();
        let unknown: HashSet<HoldId> = open.into_iter().filter(|id| !known.contains(id)).collect();
        for slice in suspects.intersection(&unknown) {
            // Its close may only wait behind a long queue: a second one does no harm.
            tracing::debug!(%slice, "a slice that nobody uses is closed");
            self.close(*slice);
        }
        *suspects = unknown;
        Ok(())
    }

    /// Gives back slices that were let lapse, because this process was away for longer than its lease.
    async fn retire_lapsed(&self) -> Result<(), crate::Error> {
        let lapsed = rows::of(&self.inner, self.inner.fence, "state = 'lapsed'").await?;
        if self.retire_where(|_, part| lapsed.contains(&part.id)) {
            tracing::warn!("this process was away for longer than its lease; its slices lapsed");
        }
        Ok(())
    }

    /// Gives back what is not used, and forgets paths that have had no slice for a while.
    fn retire_idle(&self) {
        let forgotten = |part: &Part| part.idle() >= self.inner.options.slice_idle;
        self.retire_where(|_, part| forgotten(part));
        self.slots().retain(|_, slot| Arc::strong_count(slot) > 1 || slot.part().is_some());
    }

    /// Gives back the slices for which a test holds; says whether there was one.
    fn retire_where(&self, test: impl Fn(&Slot, &Part) -> bool) -> bool {
        let slots: Vec<Arc<Slot>> = self.slots().values().cloned().collect();
        let mut any = false;
        for slot in slots {
            let retired = slot.part().take_if(|part| test(&slot, part));
            if let Some(part) = retired {
                self.retire(&part);
                any = true;
            }
        }
        any
    }

    fn retire(&self, part: &Part) {
        if part.fund.close() {
            self.close(part.id);
        }
    }

    fn landed(&self, part: &Part) {
        if part.fund.landed() {
            self.close(part.id);
        }
    }

    /// Queues the close of a slice, behind the last of its holds.
    fn close(&self, slice: HoldId) {
        self.writer.tell(Ask::CloseSlice { slice });
    }

    /// Takes money out of a path's slice.
    fn carve(&self, slot: &Slot, amount: Nanos) -> Option<Arc<Part>> {
        let part = slot.part().clone()?;
        match part.fund.carve(amount) {
            Ok(()) => {
                part.use_of(amount);
                Some(part)
            }
            Err(short) => {
                if short.last {
                    self.close(part.id);
                }
                None
            }
        }
    }

    /// Waits for a slice that has enough: one caller of a path asks, the others hear what it hears.
    async fn fill(&self, slot: &Arc<Slot>, asked: &Asked) -> Result<Arc<Part>, Failure> {
        let amount = asked.ask.amount;
        let before = slot.asks.load(Ordering::Acquire);
        let _wanted = Wanted::new(slot, amount);
        let _turn = slot.filling.lock().await;
        if let Some(part) = self.carve(slot, amount) {
            return Ok(part);
        }
        if let Some(refusal) = slot.refused_since(before, amount, asked.least) {
            return Err(Failure::Refused(refusal));
        }
        if let Some(refusal) = denied::early(&self.inner, &asked.ask.path, asked.least).await {
            let number = slot.asks.fetch_add(1, Ordering::AcqRel) + 1;
            slot.refuse(number, (amount, asked.least), refusal.clone());
            return Err(Failure::Refused(refusal));
        }
        self.take(slot, &asked.ask.path, amount, (asked.agent, asked.key), true).await
    }

    /// Takes a new slice and carves the first hold out of it before anybody else can. `needed`: a caller
    /// waits for it, so that this process gives back its other slices where they are in the way.
    async fn take(
        &self,
        slot: &Slot,
        path: &[CapSpec],
        least: Nanos,
        (agent, key): (AgentId, Option<KeyId>),
        needed: bool,
    ) -> Result<Arc<Part>, Failure> {
        let number = slot.asks.fetch_add(1, Ordering::AcqRel) + 1;
        let mut tries = 0;
        loop {
            let ask = Ask::Slice {
                ask: Box::new(SliceAsk {
                    slice: HoldId::generate(),
                    tenant: slot.tenant,
                    path: path.to_vec(),
                    least,
                    want: slot.want(least),
                    // The writer knows how many share, and sets the lease on the database's clock.
                    share: NonZeroU32::MIN,
                    lease_until: Timestamp(0),
                    owner: self.inner.options.owner.clone(),
                    fence: self.inner.fence,
                }),
                agent,
                key,
                // The next one is behind what this process gives back.
                urgent: needed && tries == 0,
            };
            tries += 1;
            fault::point("slice.before");
            match self.writer.ask(ask, None).await {
                Ok(Some(Outcome::Sliced(slice))) => {
                    fault::point("slice.taken");
                    let part = Arc::new(Part::new(slice.id, slice.amount));
                    // A new fund of at least that much has it.
                    if part.fund.carve(least).is_err() {
                        self.retire(&part);
                        return Err(Failure::Unavailable);
                    }
                    part.use_of(least);
                    let old = slot.part().replace(Arc::clone(&part));
                    if let Some(old) = old {
                        self.retire(&old);
                    }
                    return Ok(part);
                }
                Ok(_) => return Err(Failure::Unavailable),
                Err(Failure::Refused(Refusal::Held { key: full, .. }))
                    if needed
                        && tries < TRIES
                        && (self.retire_where(|slot, _| slot.path.contains(&full))
                            || tries == 1) =>
                {
                    // What this process holds on that account goes back before the next ask: at once,
                    // or behind the calls that are being journaled at this moment. What it gave back
                    // before may be in the queue that the first ask went past.
                    tokio::task::yield_now().await;
                }
                Err(Failure::Refused(refusal)) => {
                    slot.refuse(number, (least, Nanos::ZERO), refusal.clone());
                    return Err(Failure::Refused(refusal));
                }
                Err(Failure::Unavailable) => return Err(Failure::Unavailable),
            }
        }
    }

    /// Takes the next slice before this one is used up or old, so that nobody waits for it.
    fn ahead(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        part: &Part,
        path: Vec<CapSpec>,
        hold: &Hold,
        asker: (AgentId, Option<KeyId>),
    ) {
        let age = part.born.elapsed();
        // Where money is scarce a slice is one hold, and the next one is asked for when it is needed.
        let scarce = part.taken.0 < hold.amount.0.saturating_mul(4);
        let low = !scarce && part.fund.free().0 < part.taken.0 / 4;
        let old = age > LIFE;
        let due = old || (low && age > AHEAD_PERIOD);
        if !due || !slot.may_go_ahead() || slot.ahead.swap(true, Ordering::AcqRel) {
            return;
        }
        let (slices, slot, least, id) = (Arc::clone(self), Arc::clone(slot), hold.amount, part.id);
        tokio::spawn(async move {
            let turn = slot.filling.lock().await;
            // Somebody who had to wait may have taken the next one.
            if slot.part().as_ref().is_some_and(|part| part.id == id) {
                match slices.take(&slot, &path, least, asker, false).await {
                    Ok(part) => {
                        part.fund.give(least);
                        slices.landed(&part);
                        slot.go_ahead_after(AHEAD_PERIOD);
                    }
                    // A cap that was lowered elsewhere: what is left of the old one is not used up.
                    Err(Failure::Refused(_)) if old => {
                        slot.go_ahead_after(AHEAD_REFUSED);
                        let old = slot.part().take_if(|part| part.id == id);
                        old.iter().for_each(|part| slices.retire(part));
                    }
                    Err(_) => slot.go_ahead_after(AHEAD_REFUSED),
                }
            }
            drop(turn);
            slot.ahead.store(false, Ordering::Release);
        });
    }

    /// A hold on the accounts themselves, where there are too many paths.
    async fn ask_database(&self, asked: Asked) -> Result<Hold, Failure> {
        let Asked { ask, least, agent, key, record, .. } = asked;
        if let Some(refusal) = denied::early(&self.inner, &ask.path, least).await {
            return Err(Failure::Refused(refusal));
        }
        let ask = Ask::Hold { ask, agent, key, dispatched: true };
        match self.writer.ask(ask, record).await? {
            Some(Outcome::Held(hold)) => Ok(*hold),
            _ => Err(Failure::Unavailable),
        }
    }

    /// The hold that was made for the same ask before, while it is open.
    fn known(&self, ask: &HoldAsk) -> Option<Hold> {
        let slice = self.open().get(&ask.hold)?.part.id;
        let path: Vec<AccountKey> = ask.path.iter().map(|spec| spec.key.clone()).collect();
        Some(dispatched(ask, &path, slice))
    }

    fn slot(&self, ask: &HoldAsk) -> Option<Arc<Slot>> {
        let keys = || ask.path.iter().map(|spec| &spec.key);
        let hash = self.hasher.hash_one(keys().collect::<Vec<_>>());
        let mut slots = self.slots();
        if let Some(slot) = slots.get(&hash) {
            return slot.path.iter().eq(keys()).then(|| Arc::clone(slot));
        }
        if slots.len() >= SLOTS_MAX {
            return None;
        }
        let slot = Arc::new(Slot::new(ask.tenant, keys().cloned().collect()));
        slots.insert(hash, Arc::clone(&slot));
        Some(slot)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<u64, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<HoldId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Settles a hold at nothing whose caller left before it heard of it: nothing was sent.
struct Unheard<'s> {
    slices: &'s Slices,
    hold: Option<HoldId>,
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        let Some(hold) = self.hold else { return };
        let nothing = Settlement::new(Nanos::ZERO, Basis::Counted, None);
        let nothing = Settlement { ended: Ended::Left, ..nothing };
        if self.slices.settle(hold, nothing, &mut None).is_none() {
            self.slices.writer.tell(Ask::Settle { hold, settlement: nothing });
        }
    }
}

/// The hold as the books will have it, apart from its times.
fn dispatched(ask: &HoldAsk, path: &[AccountKey], slice: HoldId) -> Hold {
    let mut hold = Hold::new(ask);
    hold.path = path.to_vec();
    hold.slice = Some(slice);
    hold.state = HoldState::Dispatched;
    hold
}

/// Gives idle slices back, all of them when people change budgets, and those that were let lapse.
async fn keep(slices: Weak<Slices>, inner: Arc<Inner>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut checked = Instant::now();
    let mut suspects = HashSet::new();
    let mut changed = false;
    loop {
        // Before anything is done, so that no change is missed meanwhile.
        let next = inner.budgets.notified();
        tokio::pin!(next);
        next.as_mut().enable();
        let Some(slices) = slices.upgrade() else { return };
        if changed {
            slices.retire_all();
        } else {
            slices.retire_idle();
        }
        inner.seen.put_free(slices.free());
        if checked.elapsed() >= inner.options.reaper_period {
            checked = Instant::now();
            let looked = match slices.retire_lapsed().await {
                Ok(()) => slices.close_unknown(&mut suspects).await,
                failed => failed,
            };
            if let Err(error) = looked {
                tracing::warn!(%error, "it could not be looked for slices that lapsed");
            }
        }
        drop(slices);
        changed = tokio::select! {
            _ = tick.tick() => false,
            () = next => true,
        };
    }
}
