//! The service of sandboxes within the process, and what the gateway must know to call it.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use config::{Settings, settings::SandboxDriver};
use sandbox::{
    Daytona, DaytonaOptions, Decision, Driver, Error, Isolation, Local, Opener, Options, Service,
    ServiceOptions,
};
use snapshot::keys::{Pepper, sha256_hex};
use tokio_util::sync::CancellationToken;
use types::Secret;

use super::{signals, telemetry};
use crate::{args::Global, client, failure::Failure, output::Output, state};

/// Runs sandboxes and nothing else, until a signal: for gateways elsewhere.
pub(crate) async fn run(global: &Global, output: &Output) -> Result<ExitCode, Failure> {
    let settings = Arc::new(client::settings(global)?);
    let telemetry = telemetry::start(&settings.telemetry)?;
    let service = bind(&settings, &state::pepper(&settings)?).await?;
    let end = CancellationToken::new();
    let signals = signals::listen(end.clone()).map_err(Failure::of)?;
    let url = service.url();
    output.show(&serde_json::json!({ "url": url }), |_| {
        let base = url.trim_end_matches(PATH);
        format!("Sandboxes at {base}: gateways name it as `sandbox.url = \"{base}\"`\n")
    });
    service.run(end).await;
    signals.abort();
    telemetry.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The service beside a gateway, unless it is elsewhere or nobody wants it.
pub(super) async fn own(
    settings: &Arc<Settings>,
    pepper: &Pepper,
) -> Result<Option<Service>, Failure> {
    let of = &settings.sandbox;
    match of.enabled && of.url.is_none() {
        true => bind(settings, pepper).await.map(Some),
        false => Ok(None),
    }
}

/// What this machine keeps code in, where sandboxes are made here.
pub(crate) async fn isolation(settings: &Settings) -> Option<Result<Isolation, Error>> {
    let of = &settings.sandbox;
    if !of.enabled || of.url.is_some() || of.driver != SandboxDriver::Local {
        return None;
    }
    let looked = async { Ok(Local::open(local(settings)?).await?.isolation().clone()) };
    Some(looked.await)
}

/// Binds the service.
async fn bind(settings: &Arc<Settings>, pepper: &Pepper) -> Result<Service, Failure> {
    let of = &settings.sandbox;
    let service = Service::bind(ServiceOptions {
        listen: of.listen,
        token: token(pepper),
        image: of.daytona_snapshot.clone().filter(|_| of.driver == SandboxDriver::Daytona),
        opener: opener(settings),
        begins: of.driver == SandboxDriver::Local && root(settings).exists(),
        // Daytona removes what nobody uses itself.
        sweeps: of.driver == SandboxDriver::Local,
    });
    let service = service.await.map_err(Failure::of)?;
    if !of.listen.ip().is_loopback() {
        tracing::warn!(
            address = %of.listen,
            "the service of sandboxes listens beyond this machine, without TLS; put a TLS proxy in front"
        );
    }
    Ok(service)
}

/// What gateways show: whoever has the installation's pepper knows it.
fn token(pepper: &Pepper) -> Secret {
    let key = pepper.derive("orchestack sandbox v1");
    Secret::new(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Where the gateway finds sandboxes: elsewhere, or in this process.
pub(super) fn found(
    settings: &Settings,
    pepper: &Pepper,
    own: Option<&Service>,
) -> Option<gateway::Sandboxes> {
    let elsewhere = settings.sandbox.url.as_ref().map(|base| format!("{base}{PATH}"));
    let url = elsewhere.or_else(|| own.map(Service::url))?;
    Some(gateway::Sandboxes { url, token: token(pepper) })
}

const PATH: &str = "/mcp";

fn opener(settings: &Arc<Settings>) -> Opener {
    let settings = Arc::clone(settings);
    Arc::new(move || {
        let settings = Arc::clone(&settings);
        Box::pin(async move {
            Ok(match settings.sandbox.driver {
                SandboxDriver::Local => {
                    Arc::new(Local::open(local(&settings)?).await?) as Arc<dyn Driver>
                }
                SandboxDriver::Daytona => Arc::new(Daytona::open(daytona(&settings)?).await?),
            })
        })
    })
}

fn local(settings: &Settings) -> Result<Options, Error> {
    let of = &settings.sandbox;
    let program = std::env::current_exe()
        .map_err(|source| Error::Io { act: "cannot find this program".to_owned(), source })?;
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Options {
        root: root(settings),
        helper: vec![program.display().to_string(), "sandbox".to_owned()],
        slots: small(of.count),
        first_user: small(of.first_user),
        cgroup: of.cgroup.clone(),
        free_bytes_min: of.free_disk_min as u64,
        orphan_after: ORPHAN_AFTER,
        lookup: sandbox::system(),
        observer: Arc::new(told),
    })
}

/// How long a sandbox that nobody knows stays at least.
const ORPHAN_AFTER: Duration = Duration::from_secs(60);

/// The folder of sandboxes. Their users must reach it, where they are not this process's own, and the state folder
/// is for nobody else.
fn root(settings: &Settings) -> PathBuf {
    let state = &settings.state.dir;
    if let Some(dir) = &settings.sandbox.dir {
        return dir.clone();
    }
    if !rustix::process::geteuid().is_root() {
        return state.join("sandboxes");
    }
    let absolute = std::path::absolute(state).unwrap_or_else(|_| state.clone());
    let mut own = sha256_hex(absolute.display().to_string().as_bytes());
    own.truncate(12);
    Path::new("/var/lib/orchestack/sandboxes").join(own)
}

/// Says what a sandbox was let reach. A host that it was not is an agent's own words, and may carry anything.
fn told(decision: &Decision) {
    let Decision { sandbox, host, port, refused } = decision;
    match refused {
        None => tracing::info!(%sandbox, host, port, "a sandbox connects"),
        Some(_) => tracing::info!(%sandbox, "a sandbox was refused a connection"),
    }
}

fn daytona(settings: &Settings) -> Result<DaytonaOptions, Error> {
    let of = &settings.sandbox;
    let wrong = |why: String| Error::Spec { why };
    let key = of.daytona_key.as_ref();
    let key = key.ok_or_else(|| wrong("`sandbox.daytona_key` is not set".to_owned()))?;
    let key = key.resolve(&settings.state.dir, config::settings::variable);
    let address = |text: &str| {
        text.parse().map_err(|_| wrong(format!("`{text}` is no address of Daytona's")))
    };
    Ok(DaytonaOptions {
        base: address(&of.daytona_url)?,
        key: key.map_err(|error| wrong(error.to_string()))?,
        owner: "orchestack".parse()?,
        workspace: "/home/daytona/workspace".to_owned(),
        canary: address("https://example.com/")?,
        start_within: Duration::from_secs(60),
        answer_within: Duration::from_secs(60),
    })
}
