//! One path of accounts: its slice of the moment, and who waits for the next.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use budget::{AccountKey, Refusal};
use types::{Nanos, TenantId};

use super::part::Part;

/// One path of accounts.
pub(super) struct Slot {
    pub(super) tenant: TenantId,
    pub(super) path: Vec<AccountKey>,
    pub(super) part: Mutex<Option<Arc<Part>>>,
    /// Held by whoever asks the database for more.
    pub(super) filling: tokio::sync::Mutex<()>,
    /// The next slice is being taken ahead.
    pub(super) ahead: AtomicBool,
    /// When one may be taken ahead again; `None` at once.
    pub(super) ahead_after: Mutex<Option<Instant>>,
    /// How often the database was asked, or another gateway's word was heard.
    pub(super) asks: AtomicU64,
    refused: Mutex<Option<Refused>>,
    /// What callers that wait want together.
    pub(super) wanted: AtomicI64,
}

/// The last refusal of a path.
struct Refused {
    /// The number of its ask.
    number: u64,
    /// Whoever asks for this or more hears the same, where no less than the second is of use.
    amount: Nanos,
    least: Nanos,
    refusal: Refusal,
}

impl Slot {
    pub(super) fn new(tenant: TenantId, path: Vec<AccountKey>) -> Self {
        Self {
            tenant,
            path,
            part: Mutex::default(),
            filling: tokio::sync::Mutex::default(),
            ahead: AtomicBool::new(false),
            ahead_after: Mutex::default(),
            asks: AtomicU64::new(0),
            refused: Mutex::default(),
            wanted: AtomicI64::new(0),
        }
    }

    pub(super) fn part(&self) -> MutexGuard<'_, Option<Arc<Part>>> {
        self.part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn may_go_ahead(&self) -> bool {
        let after = self.ahead_after.lock().unwrap_or_else(PoisonError::into_inner);
        after.is_none_or(|after| Instant::now() >= after)
    }

    pub(super) fn go_ahead_after(&self, wait: Duration) {
        let mut after = self.ahead_after.lock().unwrap_or_else(PoisonError::into_inner);
        *after = Instant::now().checked_add(wait);
    }

    /// How much the next slice should have: what is waited for, or what the last one gave in the time
    /// that a slice is meant for.
    pub(super) fn want(&self, least: Nanos) -> Nanos {
        let waiting = self.wanted.load(Ordering::Relaxed).saturating_mul(2);
        let pace = self.part().as_ref().map_or(0, |part| part.pace());
        Nanos(least.0.saturating_mul(8).max(waiting).max(pace))
    }

    pub(super) fn refuse(&self, number: u64, (amount, least): (Nanos, Nanos), refusal: Refusal) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused = Some(Refused { number, amount, least, refusal });
    }

    /// The refusal of an ask for no more that began after the first `before` ones.
    pub(super) fn refused_since(
        &self,
        before: u64,
        amount: Nanos,
        least: Nanos,
    ) -> Option<Refusal> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let since = |refused: &&Refused| {
            refused.number > before && refused.amount <= amount && refused.least <= least
        };
        refused.as_ref().filter(since).map(|refused| refused.refusal.clone())
    }
}

/// Counts what a waiting caller wants.
pub(super) struct Wanted<'s>(&'s AtomicI64, i64);

impl<'s> Wanted<'s> {
    pub(super) fn new(slot: &'s Slot, amount: Nanos) -> Self {
        slot.wanted.fetch_add(amount.0, Ordering::Relaxed);
        Self(&slot.wanted, amount.0)
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}
