//! What can be asked of the books, and what they answer.

use serde::{Deserialize, Serialize};
use types::{AttemptId, HoldId, Nanos, RequestId, TenantId, Timestamp, answer::Usage};

use crate::{
    account::{Account, AccountKey, CapSpec},
    hold::{BadStep, Charge, Hold},
    ledger::Basis,
    slice::{Slice, SliceAsk},
};

/// One operation. Every one is idempotent: applied again it changes nothing and gives the first
/// result, apart from a refused one, which is tried afresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Reserve money on a whole path, or nowhere.
    Hold(Box<HoldAsk>),
    /// Mark that the first byte is about to go out.
    Dispatch {
        /// The hold.
        hold: HoldId,
        /// The owner's fence.
        fence: u64,
        /// A later end of the lease; an earlier one is ignored.
        lease_until: Option<Timestamp>,
    },
    /// Journal what has arrived, and renew the lease.
    Progress {
        /// The hold.
        hold: HoldId,
        /// The owner's fence.
        fence: u64,
        /// Output tokens so far; a lower count than known is a late duplicate and is ignored.
        output_tokens: u64,
        /// What to settle if the owner dies now: the cost at this progress plus an allowance for
        /// what the provider may yet generate. `None` means the hold's whole amount, which is the
        /// only figure that can never turn out too low.
        if_lost: Option<Nanos>,
        /// A later end of the lease; an earlier one is ignored.
        lease_until: Option<Timestamp>,
    },
    /// Give everything back. Refused once dispatched.
    Release {
        /// The hold.
        hold: HoldId,
        /// The owner's fence.
        fence: u64,
    },
    /// Charge what the attempt cost. After a reaper's provisional charge it is a correction.
    Settle {
        /// The hold.
        hold: HoldId,
        /// The owner's fence.
        fence: u64,
        /// The true cost; may exceed the hold if the provider broke the limit.
        actual: Nanos,
        /// The tokens behind it, where known.
        usage: Option<Usage>,
        /// How it is known.
        basis: Basis,
    },
    /// Another process takes an open hold over, with a higher fence.
    Take {
        /// The hold.
        hold: HoldId,
        /// The new owner.
        owner: String,
        /// Its fence, higher than the current one.
        fence: u64,
        /// The new end of the lease.
        lease_until: Timestamp,
    },
    /// Resolve every loaded hold and slice whose lease ran out at or before `now`: release what was
    /// never dispatched, settle the rest provisionally at [`Hold::if_lost`], and let slices lapse.
    Reap,
    /// Reserve money on a whole path for one process to admit from, or nowhere.
    Slice(Box<SliceAsk>),
    /// Give back all that is left of a slice. Whoever asks knows that every hold of it was applied
    /// before; holds of it that are still open settle into the accounts.
    CloseSlice {
        /// The slice.
        slice: HoldId,
        /// Its owner's fence.
        fence: u64,
    },
    /// Credit and charge holds that are settled what a provider's usage export says they should have
    /// been: each once, by a row of its own. Where one share does not fit, nobody gets any.
    Reconcile {
        /// Whose holds they are; one of another tenant is passed over.
        tenant: TenantId,
        /// Each hold once.
        shares: Vec<Share>,
    },
    /// Set an account's target; creates the row where it is missing.
    SetTarget(CapSpec),
}

/// What a hold is asked with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldAsk {
    /// The hold's id, made by the caller: the key of idempotency.
    pub hold: HoldId,
    /// The attempt it pays for.
    pub attempt: AttemptId,
    /// The request that the attempt belongs to.
    pub request: RequestId,
    /// Whose money it is.
    pub tenant: TenantId,
    /// Where its money comes from.
    pub backing: Backing,
    /// The accounts, in any order, each once, at least one; missing rows are created. Empty for a
    /// hold from a slice, which is on the slice's path.
    pub path: Vec<CapSpec>,
    /// The worst case; not negative.
    pub amount: Nanos,
    /// The provider to be called.
    pub provider: String,
    /// The model to be called.
    pub model: String,
    /// The id of the price row that the amount was computed from.
    pub price_row: String,
    /// Until when the owner vouches for it.
    pub lease_until: Timestamp,
    /// The process that owns it.
    pub owner: String,
    /// Its fence.
    pub fence: u64,
}

/// What one hold is credited or charged by an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The hold.
    pub hold: HoldId,
    /// What it was charged when its share was worked out, overrun included. Where that is not so any
    /// more, the share does not fit.
    pub charged: Nanos,
    /// What it is charged beside that; negative for a credit, which is never beyond `charged`. Nothing
    /// for a provisional charge that stays: nobody corrects it after that.
    pub by: Nanos,
}

/// Where the money of a hold comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Backing {
    /// Its own room in every account of the path.
    Room,
    /// Money that a slice of the same owner holds already.
    Slice(HoldId),
    /// Nothing: it was dispatched while the accounts could not be asked, which only a path without
    /// a hard cap allows. Not refused, because it happened; a cap in force rises by it.
    Debt,
}

/// What an operation did, or had done when it was first applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The hold as it is: made now, or found where the operation came again.
    Held(Box<Hold>),
    /// The hold is marked as dispatched.
    Dispatched,
    /// The progress is noted.
    Noted,
    /// The money is back.
    Released,
    /// The attempt is charged, net of corrections.
    Settled(Charge),
    /// The hold has its new owner, or was resolved before it could have one.
    Taken,
    /// These holds were resolved.
    Reaped {
        /// Never dispatched.
        released: Vec<HoldId>,
        /// Settled provisionally.
        settled: Vec<HoldId>,
        /// Slices whose rest is charged provisionally.
        lapsed: Vec<HoldId>,
    },
    /// The slice as it is: made now, or found where the operation came again.
    Sliced(Box<Slice>),
    /// The slice holds nothing any more.
    Closed,
    /// These holds have their shares now.
    Reconciled {
        /// In the order of the shares.
        done: Vec<HoldId>,
    },
    /// The account as it is now.
    TargetSet(Box<Account>),
}

/// Why an operation changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The operation makes no sense.
    #[error("{0}")]
    Malformed(&'static str),
    /// No hold of that id is loaded.
    #[error("hold `{0}` is not known")]
    UnknownHold(HoldId),
    /// No slice of that id is loaded.
    #[error("slice `{0}` is not known")]
    UnknownSlice(HoldId),
    /// A slice is closed or has less left than its owner admitted from it: a fault of the owner.
    #[error("slice `{slice}` has {left} left, and a hold of {amount} was admitted from it")]
    SliceShort {
        /// The slice.
        slice: HoldId,
        /// The hold's amount.
        amount: Nanos,
        /// What the slice has.
        left: Nanos,
    },
    /// An account of the hold's path is not loaded.
    #[error("account {0} is not loaded")]
    UnknownAccount(AccountKey),
    /// The hold, or the slice, has another owner.
    #[error("hold `{hold}` is fenced at {current}; an operation with fence {given} cannot write")]
    FenceStale {
        /// The hold.
        hold: HoldId,
        /// The operation's fence.
        given: u64,
        /// The hold's fence.
        current: u64,
    },
    /// The hold's state does not allow it.
    #[error(transparent)]
    BadStep(#[from] BadStep),
    /// The account has no room, whatever comes back.
    #[error("the budget of {key} is exhausted: {settled} of {target} is spent")]
    Exhausted {
        /// The account.
        key: AccountKey,
        /// Its hard target.
        target: Nanos,
        /// What is spent, overrun included.
        settled: Nanos,
        /// What open holds reserve.
        held: Nanos,
    },
    /// The account has no room now, but would have if every open hold came back.
    #[error("the budget of {key} is held by running requests: {held} of {target}")]
    Held {
        /// The account.
        key: AccountKey,
        /// Its hard target.
        target: Nanos,
        /// What is spent, overrun included.
        settled: Nanos,
        /// What open holds reserve.
        held: Nanos,
    },
    /// A sum would not fit 64 bits (nine billion dollars).
    #[error("the sums of account {0} do not fit")]
    Overflow(AccountKey),
}
