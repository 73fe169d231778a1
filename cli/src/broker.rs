//! Whether a NATS flushes each message to its disk before it acknowledges it.
//!
//! Who publishes and subscribes cannot ask for that: the system account and the monitoring port alone tell. So it is
//! asked at the port, before anything starts.

mod server;

use std::time::{Duration, Instant};

use config::settings::{Bus, Nats, NatsSync};
use futures::future::join_all;

pub(crate) use self::server::{Flush, Server};
use crate::failure::Failure;

/// How long the servers may take until they answer at a start: they may be starting too.
const START_TIME: Duration = Duration::from_secs(10);
/// How long until they are asked again.
const RETRY: Duration = Duration::from_millis(500);

/// Why nothing starts on a NATS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Its monitoring port says nothing that can be read.
    #[error(
        "NATS does not tell at `{at}` whether it flushes messages to its disk: {why}; check \
         `bus.nats_monitoring` and that the server has an `http_port`, or do without by `bus.nats_sync = \"any\"`"
    )]
    Silent { at: String, why: String },
    /// It acknowledges messages that its disk does not have.
    #[error(
        "the NATS server `{name}` ({version}) at `{at}` acknowledges messages that a power cut can take: it flushes \
         {often}; set `sync_interval: always` in its `jetstream` block, or `bus.nats_sync = \"any\"` here to take \
         that risk"
    )]
    Lazy { name: String, version: String, at: String, often: String },
}

/// Stops a start on a NATS that is not what is wanted. Says in the log what cannot be known.
///
/// # Errors
/// Of each server its [`Error`].
pub(crate) async fn check(bus: &Bus) -> Result<(), Failure> {
    let Bus::Nats(nats) = bus else { return Ok(()) };
    if nats.sync == NatsSync::Any {
        return Ok(());
    }
    if nats.monitoring.is_empty() {
        tracing::warn!("{UNASKED}");
        return Ok(());
    }
    let asked = ask(nats, Instant::now() + START_TIME).await?;
    let mut refused = Vec::new();
    for server in asked {
        match server.and_then(Server::wanted) {
            Ok(Server { name, version, flush: Flush::Untold, .. }) => tracing::warn!(
                name,
                version,
                "this NATS is too old to flush each message before it acknowledges it; 2.10 is new enough"
            ),
            Ok(Server { name, version, flush, .. }) => {
                tracing::info!(name, version, "NATS keeps what it acknowledges: {flush}");
            }
            Err(error) => refused.push(error.to_string()),
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(Failure::Failed(refused.join("\n"))) }
}

/// What is said where nobody can be asked.
pub(crate) const UNASKED: &str = "whether NATS flushes messages to its disk before it acknowledges them is not known; \
    set `bus.nats_monitoring` to the addresses of its `http_port`, or `bus.nats_sync = \"any\"`";

/// Asks each server, again and again until a time; once where that is over.
pub(crate) async fn ask(
    nats: &Nats,
    until: Instant,
) -> Result<Vec<Result<Server, Error>>, Failure> {
    let http = admin::probe::client().map_err(Failure::of)?;
    let each = nats.monitoring.iter().map(async |at| {
        loop {
            match server::ask(&http, at).await {
                Err(_) if Instant::now() < until => tokio::time::sleep(RETRY).await,
                answer => return answer,
            }
        }
    });
    Ok(join_all(each).await)
}
