//! One hold: money reserved for one attempt, and the table of its states.

use serde::{Deserialize, Serialize};
use types::{AttemptId, HoldId, Nanos, RequestId, TenantId, Timestamp};

use crate::{
    account::AccountKey,
    ledger::{Basis, LedgerKind},
    op::HoldAsk,
};

/// Money reserved on a whole path of accounts for one attempt at one upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id; the key of idempotency.
    pub id: HoldId,
    /// The attempt that it pays for.
    pub attempt: AttemptId,
    /// The request that the attempt belongs to.
    pub request: RequestId,
    /// Whose money it is.
    pub tenant: TenantId,
    /// The accounts it is held in, in lock order. Their windows are those of the moment it was made
    /// in, so a hold that outlives midnight still settles on the day before.
    pub path: Vec<AccountKey>,
    /// The slice that its money came from, and to which what it frees goes back.
    pub slice: Option<HoldId>,
    /// What is reserved: the worst case.
    pub amount: Nanos,
    /// Where it is in its life.
    pub state: HoldState,
    /// The provider called.
    pub provider: String,
    /// The model called.
    pub model: String,
    /// The id of the price row that the amount was computed from.
    pub price_row: String,
    /// When the first byte was about to go out.
    pub dispatched_at: Option<Timestamp>,
    /// Output tokens seen so far.
    pub progress: u64,
    /// What the reaper settles if the owner dies now: at first the whole amount; see
    /// [`crate::Op::Progress`].
    pub if_lost: Nanos,
    /// Until when the owner vouches for it.
    pub lease_until: Timestamp,
    /// The process that owns it.
    pub owner: String,
    /// The owner's fence; an operation with any other fence is refused.
    pub fence: u64,
    /// What was charged, once it is settled: the net of all its ledger rows.
    pub charge: Option<Charge>,
}

impl Hold {
    /// A hold as asked for, on no path yet.
    pub fn new(ask: &HoldAsk) -> Self {
        Self {
            id: ask.hold,
            attempt: ask.attempt,
            request: ask.request,
            tenant: ask.tenant,
            path: Vec::new(),
            slice: None,
            amount: ask.amount,
            state: HoldState::Held,
            provider: ask.provider.clone(),
            model: ask.model.clone(),
            price_row: ask.price_row.clone(),
            dispatched_at: None,
            progress: 0,
            if_lost: ask.amount,
            lease_until: ask.lease_until,
            owner: ask.owner.clone(),
            fence: ask.fence,
            charge: None,
        }
    }
}

/// What a settled hold was charged, net of what came after its first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The kind of the latest ledger row.
    pub kind: LedgerKind,
    /// Charged within the hold, at most the hold's amount.
    pub amount: Nanos,
    /// Charged beyond it.
    pub overrun: Nanos,
    /// How the amount is known.
    pub basis: Basis,
}

impl Charge {
    /// All of it: within the hold and beyond.
    pub const fn total(&self) -> Nanos {
        Nanos(self.amount.0.saturating_add(self.overrun.0))
    }
}

types::names! {
    /// Where a hold is in its life: `held -> dispatched -> settled`, or `held -> released`.
    HoldState {
        /// Money is reserved; nothing went out.
        Held = "held",
        /// The first byte is going out or went out: the provider may bill.
        Dispatched = "dispatched",
        /// Charged. Final, apart from one correction of a provisional charge.
        Settled = "settled",
        /// Given back untouched. Final.
        Released = "released",
    }
}

types::names! {
    /// What happens to a hold.
    HoldEvent {
        /// It is asked for.
        Hold = "hold",
        /// The first byte is about to go out.
        Dispatch = "dispatch",
        /// Output arrived; the lease is renewed.
        Progress = "progress",
        /// Nothing went out and nothing will.
        Release = "release",
        /// The attempt ended and its cost is known.
        Settle = "settle",
        /// The lease ran out.
        Expire = "expire",
    }
}

/// A step that the table of states does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hold that is {state} cannot {event}")]
pub struct BadStep {
    /// Where the hold is.
    pub state: HoldState,
    /// What was tried.
    pub event: HoldEvent,
}

impl HoldState {
    /// The state after an event: the one table.
    ///
    /// An event that already happened leaves the state as it is, because at-least-once delivery may
    /// bring it again, late; what it changed is not changed twice.
    ///
    /// # Errors
    /// [`BadStep`] for what can never happen in order, above all releasing what was dispatched.
    pub fn after(self, event: HoldEvent) -> Result<Self, BadStep> {
        use HoldEvent as E;
        let bad = BadStep { state: self, event };
        match (self, event) {
            (Self::Held, E::Hold) => Ok(Self::Held),
            (Self::Held, E::Dispatch) => Ok(Self::Dispatched),
            (Self::Held, E::Release | E::Expire) => Ok(Self::Released),
            (Self::Held, E::Progress | E::Settle) => Err(bad),

            (Self::Dispatched, E::Hold | E::Dispatch | E::Progress) => Ok(Self::Dispatched),
            (Self::Dispatched, E::Settle | E::Expire) => Ok(Self::Settled),
            (Self::Dispatched, E::Release) => Err(bad),

            (Self::Settled, E::Release) => Err(bad),
            (Self::Settled, _) => Ok(Self::Settled),

            (Self::Released, E::Hold | E::Release | E::Expire) => Ok(Self::Released),
            (Self::Released, E::Dispatch | E::Progress | E::Settle) => Err(bad),
        }
    }

    /// Whether money is still reserved.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Held | Self::Dispatched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as `ledger.md` words it, cell by cell: `-` stays, `!` is a bad step.
    #[test]
    fn the_table_is_the_pages() {
        use HoldState as S;
        let table = [
            ("held", ["-", "dispatched", "!", "released", "!", "released"]),
            ("dispatched", ["-", "-", "-", "!", "settled", "settled"]),
            ("settled", ["-", "-", "-", "!", "-", "-"]),
            ("released", ["-", "!", "!", "-", "!", "-"]),
        ];
        for (state, row) in table {
            let state: S = state.parse().unwrap();
            for (event, cell) in HoldEvent::ALL.iter().zip(row) {
                let expected = match cell {
                    "-" => Ok(state),
                    "!" => Err(BadStep { state, event: *event }),
                    next => Ok(next.parse().unwrap()),
                };
                assert_eq!(state.after(*event), expected, "{state} {event}");
            }
        }
    }

    #[test]
    fn what_went_out_is_never_released() {
        let error = HoldState::Dispatched.after(HoldEvent::Release).unwrap_err();
        assert_eq!(error.to_string(), "a hold that is dispatched cannot release");
    }
}
