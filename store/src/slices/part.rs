//! A slice in memory, and the pace at which it is used.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use budget::Fund;
use types::{HoldId, Nanos};

use super::AHEAD_PERIOD;

/// A slice is meant to last this long at the pace of the one before it.
const PACE: Duration = Duration::from_secs(2);

/// A slice in memory.
pub(super) struct Part {
    pub(super) id: HoldId,
    pub(super) fund: Fund,
    pub(super) taken: Nanos,
    pub(super) born: Instant,
    /// What was carved from it so far.
    pub(super) carved: AtomicI64,
    /// When it was used last, in milliseconds after `born`.
    pub(super) used: AtomicU64,
}

impl Part {
    pub(super) fn new(id: HoldId, taken: Nanos) -> Self {
        Self {
            id,
            fund: Fund::new(taken),
            taken,
            born: Instant::now(),
            carved: AtomicI64::new(0),
            used: AtomicU64::new(0),
        }
    }

    pub(super) fn use_of(&self, amount: Nanos) {
        self.carved.fetch_add(amount.0, Ordering::Relaxed);
        self.used.store(millis(self.born.elapsed()), Ordering::Relaxed);
    }

    pub(super) fn idle(&self) -> Duration {
        let used = Duration::from_millis(self.used.load(Ordering::Relaxed));
        self.born.elapsed().saturating_sub(used)
    }

    /// What it would give in [`PACE`].
    pub(super) fn pace(&self) -> i64 {
        let carved = i128::from(self.carved.load(Ordering::Relaxed));
        let age = i128::from(millis(self.born.elapsed()).max(millis(AHEAD_PERIOD)));
        let pace = carved.saturating_mul(i128::from(millis(PACE))) / age;
        i64::try_from(pace).unwrap_or(i64::MAX)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
