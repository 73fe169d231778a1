//! The Session Scheduler: makes a task of the next message of each session that works on nothing.

use store::{Wakes, work::Work};
use tokio_util::sync::CancellationToken;

use crate::{Error, Parts, watch::Pauses};

/// Sessions that one look takes.
const BATCH: u32 = 256;

/// A message came, or the one before it is over.
const WAKES: Wakes = Wakes {
    hears: &["ingress.>", "tasks.run.completed", "tasks.run.failed", "tasks.cancel"],
    takes: &[],
};

/// The Session Scheduler.
pub struct Scheduler {
    parts: Parts,
}

impl Scheduler {
    /// A scheduler, not yet running.
    pub const fn build(parts: Parts) -> Self {
        Self { parts }
    }

    /// Runs until the end.
    pub async fn run(self, end: CancellationToken) {
        let work = self.parts.store.work();
        let mut pauses = Pauses::of(&self.parts, "scheduler", WAKES, end);
        loop {
            let changed = work.changed();
            let looked = self.look(&work).await;
            if !pauses.wait(changed, looked).await {
                break;
            }
        }
    }

    async fn look(&self, work: &Work) -> Result<bool, Error> {
        let made = work.schedule(BATCH).await?;
        Ok(made.len() == BATCH as usize)
    }
}
