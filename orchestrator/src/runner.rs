//! The Loop Runner: takes runs that wait for a worker, as many at once as it may, and keeps their leases.

use std::sync::Arc;

use futures::FutureExt as _;
use reqwest::Client;
use store::{
    Wakes,
    work::{Claim, Work},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Error, Parts, metrics::Running, models, run, watch::Pauses};

/// A run waits for a worker.
const WAKES: Wakes = Wakes { hears: &["tasks.run.queued"], takes: &[] };

/// The Loop Runner.
pub struct Runner {
    parts: Parts,
    places: Arc<Semaphore>,
    running: TaskTracker,
}

impl Runner {
    /// A runner, not yet running.
    pub fn build(parts: Parts) -> Self {
        let places = Arc::new(Semaphore::new(parts.options.runs));
        Self { parts, places, running: TaskTracker::new() }
    }

    /// Runs until the end. A run that it has then stays where its journal is; another worker goes on with it.
    pub async fn run(self, end: CancellationToken) {
        let http = match models::client() {
            Ok(http) => http,
            Err(error) => {
                tracing::error!(%error, "this process works on no runs");
                return;
            }
        };
        let work = self.parts.store.work();
        let mut pauses = Pauses::of(&self.parts, "runner", WAKES, end.clone());
        loop {
            let changed = work.changed();
            let looked = self.take(&work, &http, &end).await;
            if !pauses.wait(changed, looked).await {
                break;
            }
        }
        self.running.close();
        self.running.wait().await;
    }

    /// Takes one run, if there is one and a place for it.
    async fn take(
        &self,
        work: &Work,
        http: &Client,
        end: &CancellationToken,
    ) -> Result<bool, Error> {
        let place = tokio::select! {
            () = end.cancelled() => return Ok(false),
            place = Arc::clone(&self.places).acquire_owned() => place,
        };
        let Ok(place) = place else { return Ok(false) };
        let options = &self.parts.options;
        let Some(claim) = work.claim(&options.owner, options.lease).await? else {
            return Ok(false);
        };
        let (parts, http, stop) = (self.parts.clone(), http.clone(), end.child_token());
        self.running.spawn(work_on(parts, http, claim, stop, place));
        Ok(true)
    }
}

/// Does one run while its lease is kept. Whoever lost the lease stops at once.
async fn work_on(
    parts: Parts,
    http: Client,
    claim: Claim,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    let (id, _running) = (claim.run, Running::new());
    // A panic of one run is that run's: its lease runs out, and losses are counted.
    let life = std::panic::AssertUnwindSafe(run::live(&parts, &http, &claim)).catch_unwind();
    let ended = tokio::select! {
        biased;
        () = stop.cancelled() => return,
        () = keep(&parts, &claim) => {
            tracing::info!(run = %id, "the run was stopped, or another worker has it");
            return;
        }
        ended = life => ended,
    };
    match ended {
        Ok(Ok(()) | Err(Error::Work(store::work::Error::Lost))) => {}
        Ok(Err(error)) => tracing::warn!(%error, run = %id, "the run is left to the next worker"),
        Err(_) => tracing::error!(run = %id, "the run broke; it is left to the next worker"),
    }
}

/// Prolongs the lease, and comes back when it is lost.
async fn keep(parts: &Parts, claim: &Claim) {
    let work = parts.store.work();
    let mut failures = 0_u32;
    loop {
        tokio::time::sleep(claim.lease / 3).await;
        match work.renew(claim).await {
            Ok(true) => failures = 0,
            Ok(false) => return,
            // After the third the lease has run out, and somebody else may have the run.
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, run = %claim.run, "the lease of a run was not prolonged");
                if failures >= 3 {
                    return;
                }
            }
        }
    }
}
