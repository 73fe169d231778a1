//! The Loop Runner: takes runs that wait for a worker, as many at once as it may, and keeps their leases.

use std::{sync::Arc, time::Duration};

use futures::FutureExt as _;
use reqwest::Client;
use store::{
    Wakes,
    work::{Claim, Work},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
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
    let withdrawal = CancellationToken::new();
    let life = run::live(&parts, &http, &claim, &withdrawal);
    let mut life = std::pin::pin!(std::panic::AssertUnwindSafe(life).catch_unwind());
    let ended = tokio::select! {
        biased;
        () = stop.cancelled() => return,
        lost = keep(&parts, &claim) => {
            tracing::info!(run = %id, ?lost, "the run was stopped, or another worker has it");
            if lost == Lost::Stopped {
                // What it called ends with it. What another worker goes on with does not.
                withdrawal.cancel();
                let _ = tokio::time::timeout(WITHDRAWAL_TIME, life).await;
            }
            return;
        }
        ended = &mut life => ended,
    };
    match ended {
        Ok(Ok(()) | Err(Error::Work(store::work::Error::Lost))) => {}
        Ok(Err(error)) => tracing::warn!(%error, run = %id, "the run is left to the next worker"),
        Err(_) => tracing::error!(run = %id, "the run broke; it is left to the next worker"),
    }
}

/// How long what a stopped run called has to hear of it.
const WITHDRAWAL_TIME: Duration = Duration::from_secs(15);
/// How often a worker looks whether somebody stopped its run.
const LOOK: Duration = Duration::from_secs(1);

/// Why a worker has a run no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Somebody stopped it.
    Stopped,
    /// Another worker may have it.
    Lease,
}

/// Prolongs the lease, and comes back when it is lost.
async fn keep(parts: &Parts, claim: &Claim) -> Lost {
    let work = parts.store.work();
    let (mut failures, mut renewed) = (0_u32, Instant::now());
    loop {
        tokio::time::sleep(LOOK.min(claim.lease / 3)).await;
        if matches!(work.is_stopped(claim.run).await, Ok(true)) {
            return Lost::Stopped;
        }
        if renewed.elapsed() < claim.lease / 3 {
            continue;
        }
        renewed = Instant::now();
        match work.renew(claim).await {
            Ok(true) => failures = 0,
            Ok(false) => return Lost::Lease,
            // After the third the lease has run out, and somebody else may have the run.
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, run = %claim.run, "the lease of a run was not prolonged");
                if failures >= 3 {
                    return Lost::Lease;
                }
            }
        }
    }
}
