//! The leases of open holds, renewed for as long as their bills are open: the reaper must not charge
//! a call that runs. One task renews all of them; most calls end before their first turn comes.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt, stream};
use store::ledger::Ledger;
use types::HoldId;

use crate::metrics;

/// How many are renewed at once, so that their turn passes in a few batches of the journal.
const AT_ONCE: usize = 256;

/// Every hold whose bill is open.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<HashSet<HoldId>>);

/// A hold that is kept alive until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    leases: Arc<Leases>,
    hold: HoldId,
}

impl Leases {
    /// Keeps a hold's lease.
    pub(crate) fn of(self: &Arc<Self>, hold: HoldId) -> Lease {
        self.open().insert(hold);
        Lease { leases: Arc::clone(self), hold }
    }

    /// Renews for ever.
    pub(crate) async fn renew(self: Arc<Self>, ledger: Ledger) {
        // Two turns may be lost before a lease is.
        let period = ledger.lease() / 3;
        loop {
            tokio::time::sleep(period).await;
            let holds: Vec<HoldId> = self.open().iter().copied().collect();
            let renew = |hold| self.renew_one(&ledger, hold);
            stream::iter(holds).for_each_concurrent(AT_ONCE, renew).await;
        }
    }

    async fn renew_one(&self, ledger: &Ledger, hold: HoldId) {
        // Its bill may be closed by the time that its turn comes.
        let open = self.open().contains(&hold);
        // No tokens: how far the answer is, the bill itself notes.
        if open && ledger.progress(hold, 0, None).await.is_err() {
            metrics::UNWRITTEN.with_label_values(&["lease"]).inc();
        }
    }

    fn open(&self) -> MutexGuard<'_, HashSet<HoldId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.open().remove(&self.hold);
    }
}
