//! What servers offer beside tools, and which of them has what: a URI is of the server that listed it first, or
//! whose template it is like.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use config::tree::ToolServerFile;
use futures::future::join_all;
use rmcp::model::ServerCapabilities;
use serde_json::Value;
use snapshot::{Snapshot, ToolServer};
use types::Integrity;

use super::handler::Turn;
use crate::{caller::Known, refusal::Refusal, tool::Server};

/// URIs and templates that are remembered for a session.
const URIS_MAX: usize = 8192;
/// How long a server may take to say what it can do, when a session begins.
const ASK_TIME: Duration = Duration::from_secs(5);

/// Which server has which URI, as far as it was listed.
#[derive(Default)]
pub(super) struct Uris(Mutex<HashMap<String, String>>);

/// What each server of the tree can do, once one session has asked.
#[derive(Clone, Default)]
pub(super) struct Abilities(Arc<Mutex<HashMap<String, (ToolServerFile, ServerCapabilities)>>>);

impl Uris {
    /// Takes note of what a server listed. Another one had it first, or not.
    pub(super) fn note(&self, server: &str, uris: impl Iterator<Item = String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for uri in uris {
            if known.len() < URIS_MAX {
                known.entry(uri).or_insert_with(|| server.to_owned());
            }
        }
    }

    /// The server of a URI: that which listed it, or whose template begins as it does, the longest first.
    pub(super) fn server(&self, uri: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = known.get(uri) {
            return Some(server.clone());
        }
        let begins = |template: &&String| {
            let fixed = template.split_once('{').map(|(fixed, _)| fixed);
            fixed.is_some_and(|fixed| uri.starts_with(fixed))
        };
        let likest = known.keys().filter(begins).max_by_key(|template| template.find('{'));
        likest.and_then(|template| known.get(template)).cloned()
    }
}

/// The servers on the sender's route that policy lets it ask for this, such as [`snapshot::reads::RESOURCE`].
pub(super) fn servers<'t>(
    turn: &'t Turn,
    known: &'t Known<'_>,
    read: &'t str,
) -> impl Iterator<Item = &'t ToolServer> {
    let route = turn.sender.session.route();
    let on_route = turn.snapshot.tools.servers().filter(|server| route.has(server.name()));
    on_route.filter(move |server| {
        let policy = &turn.snapshot.policy;
        !server.is_functions()
            && !server.is_sandbox()
            && server.read(read).is_some_and(|tool| {
                let facts = tool.facts(true);
                !tool.hidden
                    && policy.lists_tool(&known.caller, &facts, Integrity::Trusted, turn.now)
            })
    })
}

/// The connection to a server.
pub(super) async fn connected(turn: &Turn, server: &str) -> Result<Arc<Server>, Refusal> {
    // Making a connection takes much room, and most of the time there is one.
    Box::pin(turn.sender.session.servers.get(&turn.gate, &turn.snapshot, server)).await
}

impl Abilities {
    /// What the servers on the sender's route can do, together. One that does not say so in time can do nothing
    /// yet.
    pub(super) async fn of(&self, turn: &Turn, known: &Known<'_>) -> ServerCapabilities {
        let asked = servers(turn, known, snapshot::reads::RESOURCE);
        let asked = asked.map(|server| self.of_server(turn, server));
        let told = join_all(asked).await;
        let mut all =
            ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
        for can in told.into_iter().flatten() {
            all.completions = all.completions.or(can.completions);
            all.logging = all.logging.or(can.logging);
            if let Some(prompts) = can.prompts {
                all.prompts.get_or_insert(prompts).list_changed = Some(true);
            }
            if let Some(resources) = can.resources {
                let subscribe = resources.subscribe;
                let known = all.resources.get_or_insert(resources);
                known.list_changed = Some(true);
                known.subscribe = known.subscribe.or(subscribe);
            }
        }
        all
    }

    async fn of_server(&self, turn: &Turn, server: &ToolServer) -> Option<ServerCapabilities> {
        if let Some(known) = self.known(&turn.snapshot, server.name()) {
            return Some(known);
        }
        let ask = async {
            let connected = connected(turn, server.name()).await.ok()?;
            Some(connected.connection.server().await.ok()?.capabilities)
        };
        let can = tokio::time::timeout(ASK_TIME, ask).await.ok().flatten()?;
        let known = (server.file.clone(), can.clone());
        self.lock().insert(server.name().to_owned(), known);
        Some(can)
    }

    /// What is known of a server as the tree has it now.
    fn known(&self, snapshot: &Snapshot, name: &str) -> Option<ServerCapabilities> {
        let file = &snapshot.tools.server(name)?.file;
        let known = self.lock();
        known.get(name).filter(|(of, _)| of == file).map(|(_, can)| can.clone())
    }

    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<String, (ToolServerFile, ServerCapabilities)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A field of a listed item.
pub(super) fn field(item: &Value, name: &str) -> Option<String> {
    item.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_of_who_listed_it_first_or_has_the_likest_template() {
        let uris = Uris::default();
        uris.note("first", ["test://a", "test://{id}"].map(str::to_owned).into_iter());
        uris.note("second", ["test://a", "test://b/{id}"].map(str::to_owned).into_iter());
        let server = |uri: &str| uris.server(uri);
        assert_eq!(server("test://a").as_deref(), Some("first"));
        assert_eq!(server("test://c").as_deref(), Some("first"));
        assert_eq!(server("test://b/1").as_deref(), Some("second"));
        assert_eq!(server("other://a"), None);
    }
}
