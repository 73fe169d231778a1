//! What runs beside the gateway and needs the bus: the relay of events, and the services that do the work of
//! agents.

use std::time::Duration;

use orchestrator::{Dispatcher, Evaluator, Options, Parts, Runner, Scheduler, Timetable};
use snapshot::Snapshots;
use store::{Bus, Relay, work::Quotas};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::EventId;

use crate::state::State;

/// How long the bus may be away at the start before it is tried again.
const BUS_RETRY: Duration = Duration::from_secs(2);

/// Carries events to the bus, and does the work of agents where the settings say so. `gateway` is where this
/// process's own gateway is. A bus that is away stops no request: events wait in the outbox, and so does work.
/// Who waits for the bus is told once it is there.
pub(super) async fn run(
    state: State,
    snapshots: Snapshots,
    (gateway, found): (String, watch::Sender<Option<Bus>>),
    end: CancellationToken,
) {
    let Some(bus) = connect(&state, &end).await else { return };
    found.send_replace(Some(bus.clone()));
    let tasks = TaskTracker::new();
    tasks.spawn(Relay::new(&state.store, bus.clone()).run(end.clone()));
    if state.settings.work.enabled {
        let parts = parts(&state, snapshots, bus, gateway);
        tasks.spawn(Scheduler::build(parts.clone()).run(end.clone()));
        tasks.spawn(Evaluator::build(parts.clone()).run(end.clone()));
        tasks.spawn(Dispatcher::build(parts.clone()).run(end.clone()));
        tasks.spawn(Timetable::build(parts.clone()).run(end.clone()));
        tasks.spawn(Runner::build(parts).run(end.clone()));
    }
    tasks.close();
    tasks.wait().await;
}

/// The bus, once it is there; none where the end came before.
async fn connect(state: &State, end: &CancellationToken) -> Option<Bus> {
    let address = match &state.settings.bus {
        config::settings::Bus::Embedded => "embedded",
        config::settings::Bus::Nats(url) => url.expose(),
    };
    loop {
        match Bus::connect(address).await {
            Ok(bus) => return Some(bus),
            Err(error) => tracing::warn!(%error, "the bus is away; events wait in the outbox"),
        }
        tokio::select! {
            () = end.cancelled() => return None,
            () = tokio::time::sleep(BUS_RETRY) => {}
        }
    }
}

fn parts(state: &State, snapshots: Snapshots, bus: Bus, own: String) -> Parts {
    let work = &state.settings.work;
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Parts {
        snapshots,
        store: state.store.clone(),
        pepper: state.pepper.clone(),
        bus,
        gateway: work.gateway.clone().unwrap_or(own),
        options: Options {
            // New at every start: what an earlier process of this host had is not ours.
            owner: EventId::generate().to_string(),
            runs: work.runs,
            lease: work.lease,
            quotas: Quotas { per_tenant_max: small(work.runs_per_tenant), ..Quotas::default() },
            task_time: work.task_time,
            ..Options::default()
        },
    }
}
