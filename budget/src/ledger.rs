//! Rows of the append-only ledger.

use serde::{Deserialize, Serialize};
use types::{AttemptId, HoldId, Nanos, RequestId, TenantId, Timestamp, answer::Usage};

use crate::account::AccountKey;

/// One row: what a hold was charged and why. Unique per (hold, kind); never changed, never removed.
///
/// The rows of a slice itself, [`LedgerKind::Provisional`] and [`LedgerKind::Correction`], name no
/// provider and no model: nobody knows yet what its money was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// The hold that was charged, or the slice.
    pub hold: HoldId,
    /// What kind of row it is.
    pub kind: LedgerKind,
    /// The attempt that cost the money.
    pub attempt: AttemptId,
    /// The request it belongs to.
    pub request: RequestId,
    /// Whose money it is.
    pub tenant: TenantId,
    /// What every account of the path gains in `settled`; negative in a correction that credits.
    pub amount: Nanos,
    /// What every account of the path gains in `overrun`; negative in a row that takes it back.
    pub overrun: Nanos,
    /// What the hold reserved: no call costs more whose provider honours the limit that it was sent.
    pub held: Nanos,
    /// How the amount is known; in a [`LedgerKind::Reconciled`] row, how the one was that it changes.
    pub basis: Basis,
    /// The tokens that were paid for, where known.
    pub usage: Option<Usage>,
    /// The provider called.
    pub provider: String,
    /// The model called.
    pub model: String,
    /// The id of the price row that the amount was computed from.
    pub price_row: String,
    /// When it was written.
    pub at: Timestamp,
    /// The accounts that were charged, in lock order.
    pub path: Vec<AccountKey>,
}

types::names! {
    /// What kind of ledger row it is.
    LedgerKind {
        /// The attempt's cost, final.
        Settlement = "settlement",
        /// The reaper's charge for an attempt whose owner is gone.
        Provisional = "provisional",
        /// The difference to a provisional charge, once the true cost is known.
        Correction = "correction",
        /// The difference to what the provider's usage export says, for a charge that was not certain.
        Reconciled = "reconciled",
        /// The credit with which a hold takes its amount out of the charge of a lapsed slice: it was
        /// admitted from the slice, and told too late.
        Moved = "moved",
        /// The debit of what a hold freed while its slice was lapsed: it stays charged there.
        Kept = "kept",
    }
}

types::names! {
    /// How a charge is known.
    Basis {
        /// From the usage that the provider reported.
        Provider = "provider",
        /// From what we counted; zero for an attempt that the provider refused.
        Counted = "counted",
        /// The whole hold, because nothing better is known.
        WorstCase = "worst_case",
        /// The reaper's, until a report comes.
        Provisional = "provisional",
        /// Nothing, because the answer was one that had been given before: no provider was asked.
        Cached = "cached",
    }
}
