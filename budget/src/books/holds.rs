//! The life of one hold: made, dispatched, renewed, released, settled, corrected, taken, expired.

use types::{HoldId, Nanos, Timestamp, answer::Usage};

use super::{
    Books,
    admit::{Move, admit, move_all, room, well_formed},
};
use crate::{
    account::CapSpec,
    hold::{Charge, Hold, HoldEvent, HoldState},
    ledger::{Basis, LedgerKind, LedgerRow},
    op::{Backing, HoldAsk, Outcome, Refusal},
};

/// What an attempt cost.
pub(super) struct Paid {
    pub(super) actual: Nanos,
    pub(super) usage: Option<Usage>,
    pub(super) basis: Basis,
}

impl Books {
    pub(super) fn make(&mut self, ask: &HoldAsk, now: Timestamp) -> Result<Outcome, Refusal> {
        if let Some(hold) = self.holds.get(&ask.hold) {
            hold.state.after(HoldEvent::Hold)?;
            return Ok(Outcome::Held(Box::new(hold.clone())));
        }
        let mut hold = Hold::new(ask);
        match ask.backing {
            Backing::Room => self.reserve(&mut hold, &ask.path, true)?,
            Backing::Debt => self.reserve(&mut hold, &ask.path, false)?,
            Backing::Slice(slice) => self.draw(&mut hold, &ask.path, slice, now)?,
        }
        self.put_hold(hold.clone());
        Ok(Outcome::Held(Box::new(hold)))
    }

    /// Reserves the hold in the accounts of a path.
    fn reserve(&mut self, hold: &mut Hold, path: &[CapSpec], asked: bool) -> Result<(), Refusal> {
        let specs = well_formed(hold.tenant, path, hold.amount)?;
        let accounts: Vec<_> = specs.iter().map(|spec| self.account_or_new(spec)).collect();
        if asked {
            admit(&accounts, hold.amount)?;
        }
        let moved = move_all(&accounts, Move { held: hold.amount.0, ..Move::default() })?;
        hold.path = specs.iter().map(|spec| spec.key.clone()).collect();
        self.put_accounts(moved);
        Ok(())
    }

    pub(super) fn dispatch(
        &mut self,
        id: HoldId,
        fence: u64,
        lease_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let mut hold = self.fenced(id, fence)?.clone();
        let was = hold.state;
        hold.state = was.after(HoldEvent::Dispatch)?;
        if hold.state.is_open() {
            hold.dispatched_at = hold.dispatched_at.or(Some(now));
            hold.lease_until = later(hold.lease_until, lease_until);
            self.put_hold(hold);
        }
        Ok(Outcome::Dispatched)
    }

    pub(super) fn progress(
        &mut self,
        id: HoldId,
        fence: u64,
        (tokens, if_lost): (u64, Option<Nanos>),
        lease_until: Option<Timestamp>,
    ) -> Result<Outcome, Refusal> {
        let mut hold = self.fenced(id, fence)?.clone();
        hold.state = hold.state.after(HoldEvent::Progress)?;
        if hold.state.is_open() {
            let if_lost = if_lost.unwrap_or(hold.amount).clamp(Nanos::ZERO, hold.amount);
            // The furthest progress wins whatever the order of arrival, the dearer one on a tie.
            if tokens > hold.progress {
                hold.progress = tokens;
                hold.if_lost = if_lost;
            } else if tokens == hold.progress {
                hold.if_lost = hold.if_lost.max(if_lost);
            }
            hold.lease_until = later(hold.lease_until, lease_until);
            self.put_hold(hold);
        }
        Ok(Outcome::Noted)
    }

    pub(super) fn release(
        &mut self,
        id: HoldId,
        fence: u64,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let mut hold = self.fenced(id, fence)?.clone();
        let was = hold.state;
        hold.state = was.after(HoldEvent::Release)?;
        if was.is_open() {
            let freed = self.free_to(&hold, hold.amount);
            let by = Move { held: -hold.amount.0, ..Move::default() };
            let moved = self.moved(&hold.path, by.and(freed.by))?;
            self.put_freed(&hold, freed, now);
            self.put_accounts(moved);
            self.put_hold(hold);
        }
        Ok(Outcome::Released)
    }

    pub(super) fn settle(
        &mut self,
        id: HoldId,
        fence: u64,
        paid: Paid,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let hold = self.fenced(id, fence)?.clone();
        let state = hold.state.after(HoldEvent::Settle)?;
        if paid.actual < Nanos::ZERO {
            return Err(Refusal::Malformed("a settlement cannot be negative"));
        }
        match hold.charge {
            Some(charge) if charge.kind == LedgerKind::Provisional => {
                self.correct(hold, charge, paid, now)
            }
            Some(charge) => Ok(Outcome::Settled(charge)),
            None => {
                let charge = self.charge(hold, state, LedgerKind::Settlement, paid, now)?;
                Ok(Outcome::Settled(charge))
            }
        }
    }

    /// The first charge of a hold: what lies within it is settled, the rest is overrun.
    fn charge(
        &mut self,
        mut hold: Hold,
        state: HoldState,
        kind: LedgerKind,
        paid: Paid,
        now: Timestamp,
    ) -> Result<Charge, Refusal> {
        let amount = paid.actual.min(hold.amount);
        let overrun = Nanos(paid.actual.0.saturating_sub(amount.0));
        let freed = self.free_to(&hold, Nanos(hold.amount.0.saturating_sub(amount.0)));
        let by = Move { settled: amount.0, held: -hold.amount.0, overrun: overrun.0 };
        let moved = self.moved(&hold.path, by.and(freed.by))?;
        let charge = Charge { kind, amount, overrun, basis: paid.basis };
        hold.state = state;
        hold.charge = Some(charge);
        self.new_rows.push(row(&hold, charge, paid.usage, now));
        self.put_freed(&hold, freed, now);
        self.put_accounts(moved);
        self.put_hold(hold);
        Ok(charge)
    }

    /// Replaces a provisional charge by the true one, with a row for the difference.
    ///
    /// A credit always fits. A debit, possible only where the reaper settled below the whole hold,
    /// takes what room the path has left, as its money may have been reserved by others since; the
    /// rest shows as overrun.
    fn correct(
        &mut self,
        mut hold: Hold,
        first: Charge,
        paid: Paid,
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let wanted = paid.actual.min(hold.amount).0.saturating_sub(first.amount.0);
        let accounts = self.accounts_of(&hold.path)?;
        let settled = room(&accounts).map_or(wanted, |room| wanted.min(room.0));
        let freed = self.free_to(&hold, Nanos(settled.saturating_neg().max(0)));
        let amount = Nanos(first.amount.0.saturating_add(settled));
        let overrun = Nanos(paid.actual.0.saturating_sub(amount.0));
        let by = Move { settled, held: 0, overrun: overrun.0 };
        let moved = move_all(&accounts, by.and(freed.by))?;
        let charge = Charge { kind: LedgerKind::Correction, amount, overrun, basis: paid.basis };
        let difference = Charge { amount: Nanos(settled), ..charge };
        hold.charge = Some(charge);
        self.new_rows.push(row(&hold, difference, paid.usage, now));
        self.put_freed(&hold, freed, now);
        self.put_accounts(moved);
        self.put_hold(hold);
        Ok(Outcome::Settled(charge))
    }

    pub(super) fn take(
        &mut self,
        id: HoldId,
        owner: &str,
        fence: u64,
        lease_until: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let hold = self.holds.get(&id).ok_or(Refusal::UnknownHold(id))?;
        let again = fence == hold.fence && owner == hold.owner;
        if fence <= hold.fence && !again {
            return Err(Refusal::FenceStale { hold: id, given: fence, current: hold.fence });
        }
        if hold.state.is_open() {
            let lease_until = hold.lease_until.max(lease_until);
            let hold = Hold { owner: owner.to_owned(), fence, lease_until, ..hold.clone() };
            self.put_hold(hold);
        }
        Ok(Outcome::Taken)
    }

    /// The holds whose lease ran out, once it is sure that each can be resolved.
    pub(super) fn expired_holds(&self, now: Timestamp) -> Result<Vec<Hold>, Refusal> {
        let expired = |hold: &&Hold| hold.state.is_open() && hold.lease_until <= now;
        let expired: Vec<Hold> = self.holds.values().filter(expired).cloned().collect();
        for hold in &expired {
            self.accounts_of(&hold.path)?;
        }
        Ok(expired)
    }

    /// Releases what was never dispatched and charges the rest provisionally.
    pub(super) fn resolve(
        &mut self,
        expired: Vec<Hold>,
        now: Timestamp,
    ) -> Result<(Vec<HoldId>, Vec<HoldId>), Refusal> {
        let (mut released, mut settled) = (Vec::new(), Vec::new());
        for hold in expired {
            let id = hold.id;
            let fence = hold.fence;
            match hold.state.after(HoldEvent::Expire)? {
                HoldState::Released => {
                    self.release(id, fence, now)?;
                    released.push(id);
                }
                state => {
                    // Whose slice is not closed is charged whole: what a lower charge would free
                    // were the slice's, whose owner is as lost as the hold's, and a correction
                    // that charges more would have to take it back from there.
                    let whole = self.unclosed_slice(&hold).is_some();
                    let actual = if whole { hold.amount } else { hold.if_lost };
                    let paid = Paid { actual, usage: None, basis: Basis::Provisional };
                    self.charge(hold, state, LedgerKind::Provisional, paid, now)?;
                    settled.push(id);
                }
            }
        }
        Ok((released, settled))
    }

    /// The hold, if the fence is its owner's.
    fn fenced(&self, id: HoldId, fence: u64) -> Result<&Hold, Refusal> {
        let hold = self.holds.get(&id).ok_or(Refusal::UnknownHold(id))?;
        if hold.fence == fence {
            return Ok(hold);
        }
        Err(Refusal::FenceStale { hold: id, given: fence, current: hold.fence })
    }
}

fn later(known: Timestamp, given: Option<Timestamp>) -> Timestamp {
    given.map_or(known, |given| given.max(known))
}

/// The ledger row of a charge of a hold.
pub(super) fn row(hold: &Hold, charge: Charge, usage: Option<Usage>, at: Timestamp) -> LedgerRow {
    LedgerRow {
        hold: hold.id,
        kind: charge.kind,
        attempt: hold.attempt,
        request: hold.request,
        tenant: hold.tenant,
        amount: charge.amount,
        overrun: charge.overrun,
        held: hold.amount,
        basis: charge.basis,
        usage,
        provider: hold.provider.clone(),
        model: hold.model.clone(),
        price_row: hold.price_row.clone(),
        at,
        path: hold.path.clone(),
    }
}
