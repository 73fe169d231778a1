//! One slice: money of a whole path that one process holds, to admit from it in memory.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use types::{HoldId, Nanos, TenantId, Timestamp};

use crate::account::{AccountKey, CapSpec};

/// Money reserved on a whole path of accounts for one process, which admits holds from it without
/// asking anybody.
///
/// A slice is of a path, not of an account: to admit is one compare-and-swap on one counter (see
/// [`crate::Fund`]), and what several paths share, such as a tenant's account, is decided when a
/// slice is taken.
///
/// INVARIANT: `taken = amount + charged + what its open holds reserve + what its resolved holds
/// were charged` until it is closed; then nothing is left and what its holds free is everybody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Its id: a hold's, because its own ledger rows carry it as one.
    pub id: HoldId,
    /// Whose money it is.
    pub tenant: TenantId,
    /// The accounts it is held in, in lock order, with the windows of the moment it was taken in.
    pub path: Vec<AccountKey>,
    /// What was reserved when it was taken.
    pub taken: Nanos,
    /// What is left while it is open: within every account's `held`.
    pub amount: Nanos,
    /// What is left once it is lapsed: within every account's `settled`.
    pub charged: Nanos,
    /// Where it is in its life.
    pub state: SliceState,
    /// Until when its owner vouches for it.
    pub lease_until: Timestamp,
    /// The process that admits from it.
    pub owner: String,
    /// The owner's fence; an operation with any other fence is refused.
    pub fence: u64,
}

types::names! {
    /// Where a slice is in its life: `open -> closed`, or `open -> lapsed -> closed`.
    SliceState {
        /// Its owner admits from it.
        Open = "open",
        /// Its owner is done with it, and all that was left is given back. Final.
        Closed = "closed",
        /// Its lease ran out, so what was left is charged: its owner may have spent it. Not final,
        /// because the owner's journal may yet come and say what was spent.
        Lapsed = "lapsed",
    }
}

/// What a slice is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceAsk {
    /// The slice's id, made by the caller: the key of idempotency.
    pub slice: HoldId,
    /// Whose money it is.
    pub tenant: TenantId,
    /// The accounts, in any order, each once, at least one; missing rows are created.
    pub path: Vec<CapSpec>,
    /// What it must hold, as somebody waits for that much; not negative. Where this does not fit,
    /// the ask is refused as a hold of it would be.
    pub least: Nanos,
    /// What it should hold.
    pub want: Nanos,
    /// It takes at most this part of the room that every account has left, a half for 2, unless
    /// `least` is more. So slices shrink to single holds as money gets scarce.
    pub share: NonZeroU32,
    /// Until when the owner vouches for it.
    pub lease_until: Timestamp,
    /// The process that asks.
    pub owner: String,
    /// Its fence.
    pub fence: u64,
}
