//! The Task Dispatcher: gives permitted tasks their place among what runs, and takes care of what time does to
//! them: leases that ran out, times that are over, decisions that somebody waits for.

use tokio_util::sync::CancellationToken;

use crate::{Parts, watch::watch};

/// The Task Dispatcher.
pub struct Dispatcher {
    parts: Parts,
}

impl Dispatcher {
    /// A dispatcher, not yet running.
    pub const fn build(parts: Parts) -> Self {
        Self { parts }
    }

    /// Runs until the end.
    pub async fn run(self, end: CancellationToken) {
        let quotas = self.parts.options.quotas;
        let look = async |work: &store::work::Work| {
            work.reap().await?;
            let begun = work.dispatch(&quotas).await?;
            Ok(begun.len() >= quotas.batch_max as usize)
        };
        watch(&self.parts, "dispatcher", &end, look).await;
    }
}
