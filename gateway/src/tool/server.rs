//! An open connection to a tool server, with what its tools are now.
//!
//! Servers say when their lists change, or do not: what was seen is looked at again after [`AGE_MAX`], whatever
//! they say.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use mcp::Connection;
use tools::{Definition, DefinitionHash};

/// How old a list of tools may be.
const AGE_MAX: Duration = Duration::from_secs(10);

/// A connection that calls go through.
pub(crate) struct Server {
    pub(crate) connection: Connection,
    /// How often its list of tools changed.
    changes: Arc<AtomicU64>,
    list: tokio::sync::Mutex<Option<Listed>>,
}

/// What a server gave when it was asked.
struct Listed {
    /// How often it had changed by then.
    changes: u64,
    at: Instant,
    tools: Arc<HashMap<String, Live>>,
}

/// One tool as its server gives it now.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) definition: Definition,
    pub(crate) hash: DefinitionHash,
}

impl Server {
    pub(super) fn new(connection: Connection, changes: Arc<AtomicU64>) -> Self {
        Self { connection, changes, list: tokio::sync::Mutex::default() }
    }

    /// Its tools as they are now, by name, and whether they were asked for anew. One that cannot be read is not
    /// among them.
    pub(crate) async fn tools(&self) -> Result<(Arc<HashMap<String, Live>>, bool), mcp::Error> {
        let mut list = self.list.lock().await;
        let changes = self.changes.load(Ordering::Acquire);
        if let Some(known) = &*list
            && known.changes == changes
            && known.at.elapsed() < AGE_MAX
        {
            return Ok((Arc::clone(&known.tools), false));
        }
        // Where it cannot be asked again, nothing is believed to be as it was.
        *list = None;
        let definitions = self.connection.tools().await?;
        let read = definitions.iter().filter_map(|definition| Definition::read(definition).ok());
        let live = read.map(|definition| {
            let hash = definition.hash(self.connection.name());
            (definition.name.clone(), Live { definition, hash })
        });
        let tools: Arc<HashMap<_, _>> = Arc::new(live.collect());
        *list = Some(Listed { changes, at: Instant::now(), tools: Arc::clone(&tools) });
        Ok((tools, true))
    }
}
