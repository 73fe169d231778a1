//! What needs the bus: the relay of events, and the services that do the work of agents.

use std::time::Duration;

use orchestrator::{Dispatcher, Evaluator, Options, Parts, Runner, Scheduler, Timetable};
use snapshot::Snapshots;
use store::{Bus, Relay, work::Quotas};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::EventId;

use super::service::{Service, Services};
use crate::state::State;

/// How long the bus may be away at the start before it is tried again.
const BUS_RETRY: Duration = Duration::from_secs(2);

/// Carries events to the bus, whichever process wrote them, and does the work of agents that is this process's.
/// `own` is where its own gateway is, if it has one. A bus that is away stops no request: events wait in the outbox,
/// and so does work. Who waits for the bus is told once it is there.
pub(super) async fn run(
    state: State,
    snapshots: Snapshots,
    (services, own): (Services, Option<String>),
    found: watch::Sender<Option<Bus>>,
    end: CancellationToken,
) {
    let Some(bus) = connect(&state, &end).await else { return };
    found.send_replace(Some(bus.clone()));
    let tasks = TaskTracker::new();
    tasks.spawn(Relay::new(&state.store, bus.clone()).run(end.clone()));
    let parts = parts(&state, snapshots, bus, own);
    for service in services.each() {
        let (parts, end) = (parts.clone(), end.clone());
        match service {
            Service::Scheduler => drop(tasks.spawn(Scheduler::build(parts).run(end))),
            Service::Evaluator => drop(tasks.spawn(Evaluator::build(parts).run(end))),
            Service::Dispatcher => drop(tasks.spawn(Dispatcher::build(parts).run(end))),
            Service::Timetable => drop(tasks.spawn(Timetable::build(parts).run(end))),
            Service::Runner => drop(tasks.spawn(Runner::build(parts).run(end))),
            // They have doors.
            Service::Gateway | Service::Admin | Service::Webchat => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

/// The bus, once it is there; none where the end came before.
async fn connect(state: &State, end: &CancellationToken) -> Option<Bus> {
    let address = match &state.settings.bus {
        config::settings::Bus::Embedded => "embedded",
        config::settings::Bus::Nats(nats) => nats.url.expose(),
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

fn parts(state: &State, snapshots: Snapshots, bus: Bus, own: Option<String>) -> Parts {
    let work = &state.settings.work;
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Parts {
        snapshots,
        store: state.store.clone(),
        pepper: state.pepper.clone(),
        bus,
        // Runs ask for it, and no process has a runner that has neither.
        gateway: work.gateway.clone().or(own).unwrap_or_default(),
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
