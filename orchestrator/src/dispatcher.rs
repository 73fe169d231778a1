//! The Task Dispatcher: gives permitted tasks their place among what runs, and takes care of what time does to
//! them: leases that ran out, times that are over, decisions that somebody waits for.

use snapshot::Agent;
use store::{
    Wakes,
    work::{Quotas, Work},
};
use tokio_util::sync::CancellationToken;

use crate::{Error, Parts, watch::Pauses};

/// A task may begin, or what ran before it is over, or people decided something. Those that are stopped or given up
/// give their places back: what else is to be done about them is in the database.
const WAKES: Wakes = Wakes {
    hears: &["tasks.run.completed", "tasks.run.failed", "audit.admin"],
    takes: &["tasks.dispatch", "tasks.cancel", "tasks.deadletter"],
};

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
        let work = self.parts.store.work();
        let mut pauses = Pauses::of(&self.parts, "dispatcher", WAKES, end);
        loop {
            let changed = work.changed();
            let looked = self.look(&work).await;
            if !pauses.wait(changed, looked).await {
                break;
            }
        }
    }

    async fn look(&self, work: &Work) -> Result<bool, Error> {
        let reaped = work.reap().await?;
        let snapshot = self.parts.snapshots.load();
        let own = |agent: &Agent| {
            (agent.id, u32::try_from(agent.work.run.concurrent).unwrap_or(u32::MAX))
        };
        let agents = snapshot.agents().map(own).collect();
        let quotas = Quotas { agents, ..self.parts.options.quotas.clone() };
        let begun = work.dispatch(&quotas).await?;
        Ok(begun.len() >= quotas.batch_max as usize || !reaped.woken.is_empty())
    }
}
