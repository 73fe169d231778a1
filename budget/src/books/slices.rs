//! Slices: taken, drawn from, given back to, closed, lapsed.
//!
//! INVARIANT: what memory can still admit from a slice is never more than what its row has left.
//! Three rules keep it, whatever comes late: a hold takes its money out of the slice wherever the
//! slice keeps it; what a hold frees goes back there, not to the accounts, until the slice is
//! closed; and a slice is closed behind the last of its holds.

use types::{AttemptId, HoldId, Nanos, RequestId, Timestamp};

use super::{
    Books,
    admit::{Move, admit, move_all, room, well_formed},
    holds::row,
};
use crate::{
    account::CapSpec,
    hold::{Charge, Hold},
    ledger::{Basis, LedgerKind, LedgerRow},
    op::{Outcome, Refusal},
    slice::{Slice, SliceAsk, SliceState},
};

/// Where the money goes that a hold frees.
#[derive(Default)]
pub(super) struct Freed {
    /// What the accounts of its path gain beside what the hold itself moves.
    pub(super) by: Move,
    /// The slice that has it now; none where it is everybody's.
    slice: Option<Slice>,
    /// What stays charged to a lapsed slice.
    kept: Nanos,
}

impl Books {
    /// Takes a slice: as much as is wanted, within its share of what is free.
    pub(super) fn slice_off(&mut self, ask: &SliceAsk) -> Result<Outcome, Refusal> {
        if let Some(slice) = self.slices.get(&ask.slice) {
            return Ok(Outcome::Sliced(Box::new(slice.clone())));
        }
        let specs = well_formed(ask.tenant, &ask.path, ask.least)?;
        let accounts: Vec<_> = specs.iter().map(|spec| self.account_or_new(spec)).collect();
        admit(&accounts, ask.least)?;
        let part = |room: Nanos| Nanos(room.0 / i64::from(ask.share.get()));
        let size = room(&accounts).map_or(ask.want, |room| ask.want.min(part(room)));
        let size = size.max(ask.least);
        let moved = move_all(&accounts, Move { held: size.0, ..Move::default() })?;
        let slice = Slice {
            id: ask.slice,
            tenant: ask.tenant,
            path: specs.iter().map(|spec| spec.key.clone()).collect(),
            taken: size,
            amount: size,
            charged: Nanos::ZERO,
            state: SliceState::Open,
            lease_until: ask.lease_until,
            owner: ask.owner.clone(),
            fence: ask.fence,
        };
        self.put_accounts(moved);
        self.put_slice(slice.clone());
        Ok(Outcome::Sliced(Box::new(slice)))
    }

    /// Takes a hold's money out of a slice. An open one has it in `held` already, so that no account
    /// moves. A lapsed one has it in `settled`: the hold was told late, and takes it from there, so
    /// that the same money is not paid twice.
    pub(super) fn draw(
        &mut self,
        hold: &mut Hold,
        path: &[CapSpec],
        id: HoldId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if !path.is_empty() {
            return Err(Refusal::Malformed("a hold from a slice is on the slice's path"));
        }
        if hold.amount < Nanos::ZERO {
            return Err(Refusal::Malformed("a hold cannot be negative"));
        }
        let mut slice = self.fenced_slice(id, hold.fence)?.clone();
        if slice.tenant != hold.tenant {
            return Err(Refusal::Malformed("a hold names a slice of another tenant"));
        }
        let amount = hold.amount;
        let left = slice.left();
        let rest = Nanos(left.0.saturating_sub(amount.0));
        if slice.state == SliceState::Closed || rest < Nanos::ZERO {
            return Err(Refusal::SliceShort { slice: id, amount, left });
        }
        hold.slice = Some(id);
        hold.path.clone_from(&slice.path);
        if slice.state == SliceState::Lapsed {
            let by = Move { settled: -amount.0, held: amount.0, overrun: 0 };
            let moved = self.moved(&slice.path, by)?;
            self.put_accounts(moved);
            slice.charged = rest;
            self.note_apart(hold, LedgerKind::Moved, Nanos(-amount.0), now);
        } else {
            slice.amount = rest;
        }
        self.put_slice(slice);
        Ok(())
    }

    /// Where `freed`, which the hold reserved or was charged, goes: to its slice until that is closed.
    ///
    /// Its owner may have admitted another call from it in memory by now. Given to the accounts,
    /// somebody else could spend it a second time.
    pub(super) fn free_to(&self, hold: &Hold, freed: Nanos) -> Freed {
        let Some(slice) = self.unclosed_slice(hold) else { return Freed::default() };
        let mut slice = slice.clone();
        let (mut by, mut kept) = (Move::default(), Nanos::ZERO);
        if slice.state == SliceState::Lapsed {
            slice.charged.0 = slice.charged.0.saturating_add(freed.0);
            by.settled = freed.0;
            kept = freed;
        } else {
            slice.amount.0 = slice.amount.0.saturating_add(freed.0);
            by.held = freed.0;
        }
        Freed { by, slice: Some(slice), kept }
    }

    /// Writes what [`Books::free_to`] found.
    pub(super) fn put_freed(&mut self, hold: &Hold, freed: Freed, now: Timestamp) {
        if let Some(slice) = freed.slice {
            self.put_slice(slice);
            self.note_apart(hold, LedgerKind::Kept, freed.kept, now);
        }
    }

    pub(super) fn close_slice(
        &mut self,
        id: HoldId,
        fence: u64,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let slice = self.fenced_slice(id, fence)?.clone();
        if slice.state == SliceState::Closed {
            return Ok(Outcome::Closed);
        }
        let by = Move { settled: -slice.charged.0, held: -slice.amount.0, overrun: 0 };
        let moved = self.moved(&slice.path, by)?;
        if slice.charged > Nanos::ZERO {
            self.new_rows.push(slice_row(&slice, LedgerKind::Correction, by.settled, now));
        }
        self.put_accounts(moved);
        let (amount, charged) = (Nanos::ZERO, Nanos::ZERO);
        self.put_slice(Slice { amount, charged, state: SliceState::Closed, ..slice });
        Ok(Outcome::Closed)
    }

    /// The slices whose lease ran out with money in them, once it is sure that each can lapse.
    pub(super) fn expired_slices(&self, now: Timestamp) -> Result<Vec<Slice>, Refusal> {
        let expired = |slice: &&Slice| slice.amount > Nanos::ZERO && slice.lease_until <= now;
        let expired: Vec<Slice> = self.slices.values().filter(expired).cloned().collect();
        for slice in &expired {
            self.accounts_of(&slice.path)?;
        }
        Ok(expired)
    }

    /// Charges what is left of each slice. It is never given back: the owner, which nobody hears of,
    /// may have dispatched calls from it.
    pub(super) fn lapse(
        &mut self,
        expired: Vec<Slice>,
        now: Timestamp,
    ) -> Result<Vec<HoldId>, Refusal> {
        let mut lapsed = Vec::new();
        for slice in expired {
            let rest = slice.amount;
            let by = Move { settled: rest.0, held: -rest.0, overrun: 0 };
            let moved = self.moved(&slice.path, by)?;
            self.new_rows.push(slice_row(&slice, LedgerKind::Provisional, rest.0, now));
            self.put_accounts(moved);
            lapsed.push(slice.id);
            let (amount, state) = (Nanos::ZERO, SliceState::Lapsed);
            self.put_slice(Slice { amount, charged: rest, state, ..slice });
        }
        Ok(lapsed)
    }

    /// The slice of a hold, unless it has none or that is closed. One that is not loaded was closed:
    /// whoever loads a hold loads its slice, and only closed ones are ever removed.
    pub(super) fn unclosed_slice(&self, hold: &Hold) -> Option<&Slice> {
        let slice = self.slices.get(&hold.slice?);
        slice.filter(|slice| slice.state != SliceState::Closed)
    }

    fn fenced_slice(&self, id: HoldId, fence: u64) -> Result<&Slice, Refusal> {
        let slice = self.slices.get(&id).ok_or(Refusal::UnknownSlice(id))?;
        if slice.fence == fence {
            return Ok(slice);
        }
        Err(Refusal::FenceStale { hold: id, given: fence, current: slice.fence })
    }

    /// A row of a hold that is no charge: money that changes between it and its lapsed slice.
    fn note_apart(&mut self, hold: &Hold, kind: LedgerKind, amount: Nanos, now: Timestamp) {
        if amount != Nanos::ZERO {
            let (overrun, basis) = (Nanos::ZERO, Basis::Provisional);
            let charge = Charge { kind, amount, overrun, basis };
            self.new_rows.push(row(hold, charge, None, now));
        }
    }
}

impl Slice {
    /// What is left, wherever the accounts have it.
    pub fn left(&self) -> Nanos {
        Nanos(self.amount.0.saturating_add(self.charged.0))
    }
}

/// A row of the slice itself, for money of which nobody knows what it was spent on.
fn slice_row(slice: &Slice, kind: LedgerKind, amount: i64, at: Timestamp) -> LedgerRow {
    let (ms, random) = slice.id.parts();
    LedgerRow {
        hold: slice.id,
        kind,
        attempt: AttemptId::from_parts(ms, random),
        request: RequestId::from_parts(ms, random),
        tenant: slice.tenant,
        amount: Nanos(amount),
        overrun: Nanos::ZERO,
        held: slice.taken,
        basis: Basis::Provisional,
        usage: None,
        provider: String::new(),
        model: String::new(),
        price_row: String::new(),
        at,
        path: slice.path.clone(),
    }
}
