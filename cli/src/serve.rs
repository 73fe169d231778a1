//! `orchestack serve`, and each of its services as a process of its own: opens the state, finds models, starts what
//! is to run here, stops it in order.

mod banner;
mod doors;
mod ports;
pub(crate) mod sandboxes;
mod service;
mod services;
mod signals;
mod simulated;
mod telemetry;
mod webchat;

use std::{process::ExitCode, sync::Arc};

use admin::{first, first::Made};
use config::{Settings, settings::DEFAULT_FILE};
use simulator::Simulator;
use snapshot::Snapshots;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use service::Service;

use crate::{
    args::Global,
    broker, client,
    failure::Failure,
    output::Output,
    serve::{banner::Banner, doors::Doors, ports::Ports, service::Services},
    state::State,
};

/// Runs until a signal: all that the settings want, or one service of it.
pub(crate) async fn run(
    global: &Global,
    alone: Option<Service>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    store::fault::arm();
    let settings = Arc::new(client::settings(global)?);
    let services = match alone {
        None => Services::all(&settings),
        Some(service) => Services::alone(service, &settings, &file(global))?,
    };
    let telemetry = telemetry::start(&settings.telemetry)?;
    broker::check(&settings.bus).await?;
    // Whoever admits calls has a journal.
    let state = if services.has(Service::Gateway) {
        State::serving(settings).await?
    } else {
        State::open(settings).await?
    };
    first::tree(&state.repository).await?;
    let made = first::rows(&state.store, &state.pepper).await?;
    let program = program(global);
    let ran = Box::pin(serve(&state, &services, made.as_ref(), program, output)).await;
    if let (Err(_), Some(made)) = (&ran, &made) {
        // They exist now and cannot be shown again, so they must not be lost with this failure.
        output.keep(&banner::credentials(made));
    }
    state.store.close().await;
    telemetry.stop().await;
    ran.map(|()| ExitCode::SUCCESS)
}

/// Everything that runs, from the first listener to the last settlement.
async fn serve(
    state: &State,
    services: &Services,
    made: Option<&Made>,
    program: String,
    output: &Output,
) -> Result<(), Failure> {
    let settings = &state.settings;
    let (snapshots, simulator) = models(state, services).await?;
    let (found, bus) = watch::channel(None);
    let doors = Doors::bind(state, &snapshots, services, bus).await?;
    let ports = doors.ports();

    // Two ends: the data plane drains first, and what it needs runs on until it has.
    let (stop, end) = (CancellationToken::new(), CancellationToken::new());
    let signals = signals::listen(stop.clone()).map_err(Failure::of)?;
    let behind = TaskTracker::new();
    let (watched, watch_end) = (snapshots.clone(), end.clone());
    behind.spawn(async move { watched.run(watch_end).await });
    let own = base_url(settings, ports);
    let all = (services.clone(), own);
    behind.spawn(services::run(state.clone(), snapshots.clone(), all, found, end.clone()));
    let front = doors.open(state, &snapshots, &behind, (&stop, &end));
    let file = ports::write(&settings.state.dir, services.name(), ports)?;
    let snapshot = snapshots.load();
    let banner = Banner::new((settings, services.name()), &snapshot, ports, made, program);
    output.show(&banner, Banner::text);

    let drained = drain(front, &stop).await;
    end.cancel();
    behind.close();
    behind.wait().await;
    signals.abort();
    drop(file);
    if let Some(simulator) = simulator {
        simulator.shutdown().await;
    }
    drained
}

/// Waits until all in front have ended. Where one ends, all are told to.
async fn drain(mut front: JoinSet<()>, stop: &CancellationToken) -> Result<(), Failure> {
    let mut broke = false;
    while let Some(ended) = front.join_next().await {
        broke |= ended.is_err();
        stop.cancel();
    }
    if broke {
        return Err(Failure::Failed("a listener broke; the log says where".to_owned()));
    }
    Ok(())
}

/// The snapshot with what was found. Where there is no model at all, a gateway has the simulator's.
async fn models(
    state: &State,
    services: &Services,
) -> Result<(Snapshots, Option<Simulator>), Failure> {
    let found = admin::probe::all(&state.http, &state.settings).await;
    let snapshots = state.snapshots(found.clone()).await?;
    if snapshots.load().registry.models().len() > 0 || !services.has(Service::Gateway) {
        return Ok((snapshots, None));
    }
    let simulator = simulated::start().await?;
    // A provider without models that was found stays there, for models that are added later.
    let found = found.into_iter().chain([simulated::extra(&simulator)]).collect();
    let snapshots = state.snapshots(found).await?;
    Ok((snapshots, Some(simulator)))
}

/// How this program was called, so that what it prints works when it is pasted.
fn program(global: &Global) -> String {
    let name = std::env::args().next().unwrap_or_else(|| "orchestack".to_owned());
    match &global.config {
        Some(file) => format!("{name} --config {}", file.display()),
        None => name,
    }
}

/// The settings file, as people call it.
fn file(global: &Global) -> String {
    global
        .config
        .as_ref()
        .map_or_else(|| DEFAULT_FILE.to_owned(), |file| file.display().to_string())
}

/// The address that a client on this machine uses, where this process has a gateway.
fn base_url(settings: &Settings, ports: Ports) -> Option<String> {
    let scheme = if settings.gateway.tls.is_some() { "https" } else { "http" };
    ports.gateway.map(|address| format!("{scheme}://{address}"))
}
