//! `orchestack serve`: opens the state, finds models, starts everything, stops it in order.

mod banner;
mod ports;
pub(crate) mod sandboxes;
mod services;
mod signals;
mod simulated;
mod telemetry;
mod webchat;

use std::{process::ExitCode, sync::Arc};

use admin::{first, first::Made};
use config::Settings;
use connectors::webchat::Webchat;
use gateway::Gateway;
use simulator::Simulator;
use snapshot::Snapshots;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    args::Global,
    client,
    failure::Failure,
    output::Output,
    serve::{banner::Banner, ports::Ports},
    state::State,
};

/// Runs until a signal.
pub(crate) async fn run(global: &Global, output: &Output) -> Result<ExitCode, Failure> {
    store::fault::arm();
    let settings = Arc::new(client::settings(global)?);
    let telemetry = telemetry::start(&settings.telemetry)?;
    let state = State::serving(Arc::clone(&settings)).await?;
    first::tree(&state.repository).await?;
    let made = first::rows(&state.store, &state.pepper).await?;
    let program = program(global);
    let ran = Box::pin(serve(&state, made.as_ref(), program, output)).await;
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
    made: Option<&Made>,
    program: String,
    output: &Output,
) -> Result<(), Failure> {
    let settings = &state.settings;
    let (snapshots, simulator) = models(state).await?;
    let boxes = match settings.sandbox.enabled {
        true => Some(sandboxes::bind(settings, &state.pepper).await?),
        false => None,
    };
    let gateway = Gateway::build(gateway::Parts {
        snapshots: snapshots.clone(),
        store: state.store.clone(),
        pepper: state.pepper.clone(),
        tokens: state.tokens.clone(),
        sandboxes: sandboxes::found(settings, &state.pepper, boxes.as_ref()),
        settings: Arc::clone(settings),
    });
    let gateway = gateway.await.map_err(Failure::of)?;
    let options =
        admin::Options { address: settings.admin.listen, socket: settings.admin_socket() };
    let listeners = admin::Listeners::bind(&options).await.map_err(Failure::of)?;
    let (bus, heard) = watch::channel(None);
    let webchat = webchat::bind(state, &snapshots, heard).await?;
    let addresses = Ports {
        gateway: gateway.local_addr(),
        admin: listeners.address(),
        webchat: webchat.as_ref().map(Webchat::address),
    };

    if !addresses.admin.ip().is_loopback() {
        tracing::warn!(
            address = %addresses.admin,
            "the admin API listens beyond this machine, without TLS; put a TLS proxy in front"
        );
    }

    // Two ends: the data plane drains first, and what it needs runs on until it has.
    let (stop, end) = (CancellationToken::new(), CancellationToken::new());
    let signals = signals::listen(stop.clone()).map_err(Failure::of)?;
    let tasks = TaskTracker::new();
    let watched = snapshots.clone();
    let watch_end = end.clone();
    tasks.spawn(async move { watched.run(watch_end).await });
    tasks.spawn(listeners.run(state.control(snapshots.clone()), end.clone()));
    let at = base_url(settings, addresses);
    tasks.spawn(services::run(state.clone(), snapshots.clone(), (at, bus), end.clone()));
    if let Some(boxes) = boxes {
        tasks.spawn(boxes.run(end.clone()));
    }
    if let Some(webchat) = webchat {
        tasks.spawn(webchat.run(stop.clone()));
    }
    tasks.spawn(admin::alerts::deliver(state.control(snapshots.clone()), end.clone()));
    let running = tokio::spawn(gateway.run(stop));
    let file = ports::write(&settings.state.dir, addresses)?;
    let banner = Banner::new(settings, &snapshots.load(), addresses, made, program);
    output.show(&banner, Banner::text);

    let ended = running.await;
    end.cancel();
    tasks.close();
    tasks.wait().await;
    signals.abort();
    drop(file);
    if let Some(simulator) = simulator {
        simulator.shutdown().await;
    }
    ended.map_err(|_| Failure::Failed("the gateway broke; its log says where".to_owned()))
}

/// The snapshot with what was found. Where there is no model at all, the simulator's.
async fn models(state: &State) -> Result<(Snapshots, Option<Simulator>), Failure> {
    let found = admin::probe::all(&state.http, &state.settings).await;
    let snapshots = state.snapshots(found.clone()).await?;
    if snapshots.load().registry.models().len() > 0 {
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

/// The address that a client on this machine uses.
fn base_url(settings: &Settings, ports: Ports) -> String {
    let scheme = if settings.gateway.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", ports.gateway)
}
