//! The Session Scheduler: makes a task of the next message of each session that works on nothing.

use tokio_util::sync::CancellationToken;

use crate::{Parts, watch::watch};

/// Sessions that one look takes.
const BATCH: u32 = 256;

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
        let look = async |work: &store::work::Work| {
            let made = work.schedule(BATCH).await?;
            Ok(made.len() == BATCH as usize)
        };
        watch(&self.parts, "scheduler", &end, look).await;
    }
}
