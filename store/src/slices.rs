//! The fast path of the ledger: money of a whole path that this process holds, a slice, is admitted
//! from in memory. What happens is told to the journal, and to the writer, which carries it into the
//! database behind.
//!
//! INVARIANT: what memory can admit is never more than what the slice's row has left. Three rules of
//! [`budget::Fund`] keep that: carve before the hold is queued, give back after the settlement is, and
//! queue the close behind everything else.

mod keep;
mod part;
pub(crate) mod rows;
mod slot;
mod take;

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use budget::{
    AccountKey, Backing, Basis, Charge, Hold, HoldAsk, HoldState, LedgerKind, Outcome, Refusal,
};
use types::{AgentId, HoldId, KeyId, Nanos};

use crate::{
    audit::Draft,
    denied, fault,
    journal::{Journal, Purpose},
    ledger::{Ended, Settlement},
    store::Inner,
    writer::{Ask, Failure, Handle},
};
use part::Part;
use slot::Slot;

/// Slices are not taken ahead faster than this.
const AHEAD_PERIOD: Duration = Duration::from_millis(50);
/// Paths that have slices at the same time. Beyond it a call asks the database.
const SLOTS_MAX: usize = 16_384;

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
        tokio::spawn(keep::keep(Arc::downgrade(&slices), Arc::clone(inner)));
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

    /// Whether a hold is from a slice, and open.
    pub(crate) fn has(&self, hold: HoldId) -> bool {
        self.open().contains_key(&hold)
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
