//! Whether the bus keeps what it acknowledges.

use std::time::Instant;

use config::settings::{Bus, NatsSync};
use serde::Serialize;

use crate::{
    broker::{self, Server, UNASKED},
    failure::Failure,
};

/// What the servers of a NATS say; nothing where the bus is none.
#[derive(Debug, Default, Serialize)]
pub(super) struct Health {
    /// What each said.
    servers: Vec<Server>,
    /// What should be mended.
    problems: Vec<String>,
    /// Why nobody was asked, where nobody was.
    not_asked: Option<&'static str>,
}

/// Asks each server that the settings name.
pub(super) async fn ask(bus: &Bus) -> Result<Health, Failure> {
    let mut health = Health::default();
    let Bus::Nats(nats) = bus else { return Ok(health) };
    if nats.monitoring.is_empty() {
        health.not_asked = (nats.sync == NatsSync::Always).then_some(UNASKED);
        return Ok(health);
    }
    for answer in broker::ask(nats, Instant::now()).await? {
        health.servers.extend(answer.as_ref().ok().cloned());
        let wanted = match nats.sync {
            NatsSync::Always => answer.and_then(Server::wanted),
            NatsSync::Any => answer,
        };
        health.problems.extend(wanted.err().map(|error| error.to_string()));
    }
    Ok(health)
}

impl Health {
    pub(super) fn problems(&self) -> impl Iterator<Item = String> + '_ {
        self.problems.iter().cloned()
    }

    /// A line for each server.
    pub(super) fn told(&self) -> Vec<String> {
        let told = |server: &Server| {
            let Server { at, name, version, flush } = server;
            format!("{name} {version} at {at}: flushes {flush}")
        };
        let asked = self.servers.iter().map(told);
        asked.chain(self.not_asked.map(str::to_owned)).collect()
    }
}
