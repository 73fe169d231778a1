//! The connections of one caller's session to tool servers, each opened when it is needed first.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use config::tree::ToolServerFile;
use mcp::{Events, List};
use serde_json::Value;
use snapshot::Snapshot;
use types::Code;

use super::{server::Server, spec::spec};
use crate::{gate::Gate, refusal::Refusal};

/// The connections of one session. They end with this.
pub(crate) struct Servers {
    places: Mutex<HashMap<String, Arc<Place>>>,
    /// Who hears what servers say by themselves.
    heard: Arc<dyn Heard>,
}

/// Whoever hears what servers say by themselves, each by its name.
pub(crate) trait Heard: Send + Sync + 'static {
    /// Events of this server.
    fn of(&self, server: &str) -> Arc<dyn Events>;
}

/// Nobody does.
impl Heard for () {
    fn of(&self, _server: &str) -> Arc<dyn Events> {
        Arc::new(())
    }
}

/// A connection, or none yet. Whoever opens it holds its place: two calls at once do not open two, and nobody
/// waits for another server's.
type Place = tokio::sync::Mutex<Option<Open>>;

struct Open {
    /// What it was opened by: where the tree says something else, it is opened anew.
    file: ToolServerFile,
    server: Arc<Server>,
}

/// Passes on what a server says, and takes note that its tools changed.
struct Listener {
    changes: Arc<AtomicU64>,
    heard: Arc<dyn Events>,
}

impl Servers {
    pub(crate) fn new(heard: Arc<dyn Heard>) -> Self {
        Self { places: Mutex::default(), heard }
    }

    /// The connection to a server of the tree.
    pub(crate) async fn get(
        &self,
        gate: &Gate,
        snapshot: &Snapshot,
        name: &str,
    ) -> Result<Arc<Server>, Refusal> {
        let server = snapshot.tools.server(name).ok_or_else(|| {
            Refusal::new(Code::InvalidRequest, "no tool server of this name is in the tree")
        })?;
        let place = self.place(name);
        let mut open = place.lock().await;
        if let Some(known) = open.as_ref().filter(|known| known.file == server.file) {
            return Ok(Arc::clone(&known.server));
        }
        let failed = |why: &dyn std::fmt::Display| {
            tracing::warn!(server = name, error = %why, "a tool server cannot be reached");
            Refusal::new(Code::UpstreamFailed, why.to_string())
        };
        let spec = spec(&server.file, &gate.state, gate.sandboxes.as_ref())
            .map_err(|error| failed(&format!("tool server `{name}` cannot be used: {error}")))?;
        let changes = Arc::new(AtomicU64::new(0));
        let listener = Listener { changes: Arc::clone(&changes), heard: self.heard.of(name) };
        let connection =
            mcp::connect(&spec, Arc::new(listener)).await.map_err(|error| failed(&error))?;
        let connected = Arc::new(Server::new(connection, changes));
        let file = server.file.clone();
        *open = Some(Open { file, server: Arc::clone(&connected) });
        Ok(connected)
    }

    fn place(&self, name: &str) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(name.to_owned()).or_default())
    }
}

impl Events for Listener {
    fn log(&self, level: &str, logger: Option<&str>, data: &Value) {
        self.heard.log(level, logger, data);
    }

    fn list_changed(&self, list: List) {
        if list == List::Tools {
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
        self.heard.list_changed(list);
    }

    fn resource_updated(&self, uri: &str) {
        self.heard.resource_updated(uri);
    }
}
