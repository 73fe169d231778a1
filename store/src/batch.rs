//! One transaction of the writer: load what the entries touch, let the books decide, write what
//! changed, the ledger, the audit chain and the outbox, commit.

use std::{
    collections::{BTreeSet, HashMap},
    num::NonZeroU32,
    sync::Arc,
    time::Instant,
};

use budget::{
    Account, AccountKey, Backing, BadStep, Books, CapSpec, HoldEvent, HoldState, Op, Outcome,
    Refusal,
};
use serde_json::json;
use sqlx::AnyConnection;
use types::{AgentId, AuditId, HoldId, KeyId, Timestamp, audit, audit::Record};

use crate::{
    Error, accounts, alerts,
    audit::{Draft, Link},
    booked::{self, Settlements},
    denied::{self, Spent},
    fault,
    flows::{self, Note},
    holds, outbox, owners,
    reconciled::Reconciled,
    rollup, slices,
    store::Inner,
    writer::{Applied, Ask, Entry},
};

/// Who asked for a hold: what reports group by and the books do not need.
pub(crate) type Askers = HashMap<HoldId, (AgentId, Option<KeyId>)>;

/// A transaction that did not come through.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// Whether the commit was asked for, and may have happened.
    pub(crate) uncertain: bool,
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self { error: error.into(), uncertain: false }
    }
}

/// Writes entries of the process with a fence in one transaction and says what each came to, in their
/// order. An entry that is refused changes nothing and takes nothing with it.
pub(crate) async fn write(
    inner: &Inner,
    entries: &[Entry],
    fence: u64,
) -> Result<Vec<Applied>, Failed> {
    let mut tx = inner.write.begin_with(inner.dialect.begin()).await?;
    let seen_at = Instant::now();
    let now = crate::store::now(&mut tx, inner.dialect).await?;
    // Locked first: a batch whose commit was asked for and not heard of may still be committing. It is
    // waited for here, and what it carried is passed over.
    let carried = match entries.iter().any(|entry| entry.seq.is_some()) {
        true => owners::lock(&mut tx, inner.dialect, fence).await?,
        false => 0,
    };
    let lease_until = lease(inner, now);
    let asks = entries.iter().filter_map(|entry| entry.ask.as_ref());
    let mut reconciled = Reconciled::load(&mut tx, asks).await?;
    let (mut books, mut askers) = load(&mut tx, inner, entries, now).await?;
    let share = share(&mut tx, entries, now).await?;
    let spent = Spent::of(inner, books.accounts());
    let clock = Clock { lease_until, fence, share };
    let Decided { applied, records, settlements, notes } =
        decide((&mut books, &mut reconciled), &mut askers, entries, (&clock, carried, now))?;

    flows::write(&mut tx, inner.dialect, &notes).await?;
    let changed: Vec<Account> = books.changed_accounts().cloned().collect();
    accounts::write(&mut tx, &changed).await?;
    let noted = alerts::note(&mut tx, inner, &books, &full(&applied), now).await?;
    holds::write(&mut tx, &books, &askers).await?;
    slices::rows::write(&mut tx, &books, &askers).await?;
    reconciled.write(&mut tx).await?;
    let booked = booked::all(&books, &askers, &settlements)?;
    booked::write(&mut tx, &booked).await?;
    rollup::add(&mut tx, &booked).await?;
    let links = crate::audit::chain(&mut tx, inner.dialect, &records).await?;
    // Few, and worth keeping: these wait for the bus even where nobody listens.
    outbox::insert(&mut tx, &noted.events).await?;
    let told = tell(&mut tx, inner, &books, &links).await? || !noted.events.is_empty();
    if let Some(seq) = entries.iter().filter_map(|entry| entry.seq).max() {
        owners::carry(&mut tx, fence, seq).await?;
    }
    denied::make_room(inner, spent.credited(&changed)).await;
    fault::point("carry.before");
    let committed = tx.commit().await;
    committed.map_err(|error| Failed { error: error.into(), uncertain: true })?;

    fault::point("carry.committed");

    inner.seen.put(books.accounts(), seen_at);
    denied::tell(inner, &applied);
    if told {
        inner.outbox.notify_one();
    }
    if !noted.events.is_empty() {
        inner.alerted.notify_one();
    }
    inner.told.keep(noted);
    Ok(applied)
}

/// What the books said to the entries of a batch.
struct Decided<'e> {
    applied: Vec<Applied>,
    records: Vec<Arc<Draft>>,
    settlements: Settlements,
    notes: Vec<&'e Note>,
}

/// Applies the entries, apart from those that are carried already.
fn decide<'e>(
    (books, reconciled): (&mut Books, &mut Reconciled),
    askers: &mut Askers,
    entries: &'e [Entry],
    (clock, carried, now): (&Clock, u64, Timestamp),
) -> Result<Decided<'e>, Error> {
    let (mut applied, mut records, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let mut settlements = Settlements::new();
    for entry in entries {
        if entry.seq.is_some_and(|seq| seq <= carried) {
            applied.push(Ok(None));
            continue;
        }
        let result = match &entry.ask {
            Some(Ask::Reconcile { tenant, provider, bookings }) => {
                Ok(Some(reconciled.book(books, (*tenant, provider), bookings, now)))
            }
            Some(Ask::Note(note)) => {
                notes.push(&**note);
                Ok(None)
            }
            Some(ask) => apply(books, ask, clock, now),
            None => Ok(None),
        };
        if let Ok(outcome) = &result {
            match &entry.ask {
                Some(Ask::Hold { ask, agent, key, .. }) => {
                    askers.entry(ask.hold).or_insert((*agent, *key));
                }
                Some(Ask::Slice { ask, agent, key, .. }) => {
                    askers.entry(ask.slice).or_insert((*agent, *key));
                }
                Some(Ask::Settle { hold, settlement }) => {
                    settlements.entry(*hold).or_insert(*settlement);
                }
                _ => {}
            }
            for record in reaped(books, outcome.as_ref(), now) {
                records.push(Arc::new(Draft::new(record)?));
            }
        }
        // A record of the journal tells of what happened, whatever the books say to it.
        if result.is_ok() || entry.seq.is_some() {
            records.extend(entry.record.clone());
        }
        applied.push(result);
    }
    Ok(Decided { applied, records, settlements, notes })
}

/// Puts what a batch did into the outbox, where somebody listens; says whether there was anything.
async fn tell(
    conn: &mut AnyConnection,
    inner: &Inner,
    books: &Books,
    links: &[Link<'_>],
) -> Result<bool, Error> {
    if inner.carriers.reach_nobody() {
        return Ok(false);
    }
    let mut events = Vec::new();
    for row in books.new_ledger_rows() {
        events.push(outbox::ledger_event(row)?);
    }
    for link in links {
        events.push(outbox::audit_event(link)?);
    }
    outbox::insert(conn, &events).await?;
    Ok(!events.is_empty())
}

/// Until when a process vouches for what it has.
pub(crate) fn lease(inner: &Inner, now: Timestamp) -> Timestamp {
    let lease_us = i64::try_from(inner.options.lease.as_micros()).unwrap_or(i64::MAX);
    Timestamp(now.0.saturating_add(lease_us))
}

/// The part of what is free that one slice may take: with every process alive holding one, half is
/// left for the next.
async fn share(
    conn: &mut AnyConnection,
    entries: &[Entry],
    now: Timestamp,
) -> Result<NonZeroU32, Error> {
    if !entries.iter().any(|entry| matches!(entry.ask, Some(Ask::Slice { .. }))) {
        return Ok(NonZeroU32::MIN);
    }
    let alive = owners::alive(conn, now).await?.max(1);
    let parts = u32::try_from(alive.saturating_mul(2)).ok().and_then(NonZeroU32::new);
    Ok(parts.unwrap_or(NonZeroU32::MAX))
}

/// The accounts that refused somebody for good.
fn full(applied: &[Applied]) -> BTreeSet<AccountKey> {
    let key = |result: &Applied| match result {
        Err(Refusal::Exhausted { key, .. }) => Some(key.clone()),
        _ => None,
    };
    applied.iter().filter_map(key).collect()
}

/// Applies one operation. A hold that is asked for with its dispatch mark gets both or, refused,
/// neither: the mark is only refused where the hold was there before.
fn apply(books: &mut Books, ask: &Ask, clock: &Clock, now: Timestamp) -> Applied {
    let Some(op) = ask.op(clock) else { return Ok(None) };
    let outcome = books.apply(&op, now)?;
    let Ask::Hold { ask, dispatched: true, .. } = ask else { return Ok(Some(outcome)) };
    let (hold, fence, lease_until) = (ask.hold, clock.fence, Some(clock.lease_until));
    books.apply(&Op::Dispatch { hold, fence, lease_until }, now)?;
    let hold = books.hold(ask.hold).ok_or(Refusal::UnknownHold(ask.hold))?;
    if hold.state != HoldState::Dispatched {
        // Asked for again after its end: nothing may go out on it.
        return Err(BadStep { state: hold.state, event: HoldEvent::Dispatch }.into());
    }
    Ok(Some(Outcome::Held(Box::new(hold.clone()))))
}

/// What the writer adds to an operation.
struct Clock {
    lease_until: Timestamp,
    fence: u64,
    share: NonZeroU32,
}

impl Ask {
    /// What it is to the books; `None` where it is nothing.
    fn op(&self, clock: &Clock) -> Option<Op> {
        let (fence, lease_until) = (clock.fence, Some(clock.lease_until));
        let op = match self {
            Self::Hold { ask, .. } => {
                let mut ask = ask.clone();
                ask.lease_until = clock.lease_until;
                Op::Hold(ask)
            }
            Self::Dispatch { hold } => Op::Dispatch { hold: *hold, fence, lease_until },
            Self::Progress { hold, output_tokens, if_lost } => Op::Progress {
                hold: *hold,
                fence,
                output_tokens: *output_tokens,
                if_lost: *if_lost,
                lease_until,
            },
            Self::Release { hold } => Op::Release { hold: *hold, fence },
            Self::Settle { hold, settlement } => Op::Settle {
                hold: *hold,
                fence,
                actual: settlement.actual,
                usage: settlement.usage,
                basis: settlement.basis,
            },
            Self::Slice { ask, .. } => {
                let mut ask = ask.clone();
                (ask.lease_until, ask.share) = (clock.lease_until, clock.share);
                Op::Slice(ask)
            }
            Self::CloseSlice { slice } => Op::CloseSlice { slice: *slice, fence },
            Self::Reconcile { tenant, bookings, .. } => {
                let shares = bookings.iter().flat_map(|booking| &booking.shares);
                Op::Reconcile { tenant: *tenant, shares: shares.copied().collect() }
            }
            Self::Reap => Op::Reap,
            Self::Note(_) => return None,
        };
        Some(op)
    }

    fn hold(&self) -> Option<HoldId> {
        match self {
            Self::Hold { ask, .. } => Some(ask.hold),
            Self::Dispatch { hold }
            | Self::Progress { hold, .. }
            | Self::Release { hold }
            | Self::Settle { hold, .. } => Some(*hold),
            Self::Slice { .. }
            | Self::CloseSlice { .. }
            | Self::Reconcile { .. }
            | Self::Note(_)
            | Self::Reap => None,
        }
    }

    /// The holds that an export's shares are of.
    fn shared(&self) -> impl Iterator<Item = HoldId> {
        let bookings = match self {
            Self::Reconcile { bookings, .. } => bookings.as_slice(),
            _ => &[],
        };
        bookings.iter().flat_map(|booking| &booking.shares).map(|share| share.hold)
    }

    fn slice(&self) -> Option<HoldId> {
        match self {
            Self::Hold { ask, .. } => match ask.backing {
                Backing::Slice(slice) => Some(slice),
                Backing::Room | Backing::Debt => None,
            },
            Self::Slice { ask, .. } => Some(ask.slice),
            Self::CloseSlice { slice } => Some(*slice),
            Self::Dispatch { .. }
            | Self::Progress { .. }
            | Self::Release { .. }
            | Self::Settle { .. }
            | Self::Reconcile { .. }
            | Self::Note(_)
            | Self::Reap => None,
        }
    }

    fn path(&self) -> &[CapSpec] {
        match self {
            Self::Hold { ask, .. } => &ask.path,
            Self::Slice { ask, .. } => &ask.path,
            Self::CloseSlice { .. }
            | Self::Dispatch { .. }
            | Self::Progress { .. }
            | Self::Release { .. }
            | Self::Settle { .. }
            | Self::Reconcile { .. }
            | Self::Note(_)
            | Self::Reap => &[],
        }
    }
}

/// Loads the holds, slices and accounts that entries touch.
///
/// INVARIANT: everybody locks its own row of `owners` first, then the providers whose exports are booked,
/// then holds, then slices, then accounts, then the sums that reports read, then the head of the audit
/// chain, each in the order of ids, so that two gateways wait for each other instead of blocking each
/// other.
async fn load(
    conn: &mut AnyConnection,
    inner: &Inner,
    entries: &[Entry],
    now: Timestamp,
) -> Result<(Books, Askers), Error> {
    let asks = || entries.iter().filter_map(|entry| entry.ask.as_ref());
    let shares = || asks().flat_map(Ask::shared);
    let mut ids: BTreeSet<String> =
        asks().filter_map(Ask::hold).chain(shares()).map(|hold| hold.to_string()).collect();
    let reaps = asks().any(|ask| matches!(ask, Ask::Reap));
    if reaps {
        ids.extend(holds::expired(conn, now).await?);
    }
    let ids: Vec<String> = ids.into_iter().collect();
    let lock = inner.dialect.for_update();
    let mut found = holds::load(conn, lock, &ids).await?;
    let gone: BTreeSet<HoldId> =
        shares().filter(|id| found.iter().all(|(hold, _)| hold.id != *id)).collect();
    found.extend(holds::again(conn, &gone).await?);
    let of_holds = found.iter().filter_map(|(hold, _)| hold.slice);
    let mut ids: BTreeSet<String> =
        asks().filter_map(Ask::slice).chain(of_holds).map(|slice| slice.to_string()).collect();
    if reaps {
        ids.extend(slices::rows::expired(conn, now, inner.fence).await?);
    }
    let slices = slices::rows::load(conn, lock, &ids).await?;
    let of_holds = found.iter().flat_map(|(hold, _)| &hold.path);
    let of_slices = slices.iter().flat_map(|(slice, _)| &slice.path);
    let keys: BTreeSet<&AccountKey> = of_holds.chain(of_slices).collect();
    let specs = asks().flat_map(|ask| ask.path());
    let mut books = Books::default();
    for account in accounts::lock(conn, inner.dialect, keys.into_iter(), specs).await? {
        books.insert_account(account);
    }
    let mut askers = Askers::new();
    for (hold, asker) in found {
        askers.insert(hold.id, asker);
        books.insert_hold(hold);
    }
    for (slice, asker) in slices {
        askers.insert(slice.id, asker);
        books.insert_slice(slice);
    }
    Ok((books, askers))
}

pub(crate) fn asker(askers: &Askers, hold: HoldId) -> Result<(AgentId, Option<KeyId>), Error> {
    let found = askers.get(&hold).copied();
    found.ok_or_else(|| Error::corrupt("holds", format!("`{hold}` has no agent")))
}

/// An audit record for every hold that was resolved because its owner is gone.
fn reaped(books: &Books, outcome: Option<&Outcome>, now: Timestamp) -> Vec<Record> {
    let Some(Outcome::Reaped { released, settled, .. }) = outcome else { return Vec::new() };
    let record = |id: &HoldId| {
        let hold = books.hold(*id)?;
        Some(Record {
            id: AuditId::generate(),
            at: now,
            tenant: hold.tenant,
            kind: audit::Kind::System,
            request: Some(hold.request),
            actor: outbox::system_actor(),
            action: "reapHold".to_owned(),
            resource: hold.id.to_string(),
            outcome: if hold.charge.is_some() { "aborted_unknown" } else { "released" }.to_owned(),
            commit: String::new(),
            detail: json!({
                "state": hold.state.as_str(),
                "owner": hold.owner,
                "attempt": hold.attempt,
                "model": hold.model,
                "provider": hold.provider,
                "held_nanos": hold.amount,
                "charged_nanos": hold.charge.map(|charge| charge.amount),
                "progress_tokens": hold.progress,
                "lease_until": hold.lease_until.to_string(),
            })
            .into(),
        })
    };
    released.iter().chain(settled).filter_map(record).collect()
}
