//! An open connection to a tool server, with what its tools are now.
//!
//! INVARIANT: a tool is called only while the definition that its server gives is one that the tree or a
//! person approved. Servers say when their lists change, or do not: what was seen is looked at again after
//! [`AGE_MAX`] whatever they say.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use mcp::Connection;
use serde_json::Value;
use tools::{Definition, DefinitionHash, Schema, SchemaError};

/// How old a list of tools may be.
const AGE_MAX: Duration = Duration::from_secs(60);

/// A connection that calls go through.
pub(crate) struct Server {
    pub(crate) connection: Connection,
    /// How often its list of tools changed.
    changes: AtomicU64,
    list: tokio::sync::Mutex<Option<List>>,
}

/// What a server gave when it was asked.
#[derive(Clone)]
struct List {
    /// How often it had changed by then.
    changes: u64,
    at: Instant,
    tools: Arc<HashMap<String, Arc<Live>>>,
}

/// One tool as its server gives it now.
pub(super) struct Live {
    pub(super) definition: Definition,
    pub(super) hash: DefinitionHash,
    pub(super) input: Result<Schema, SchemaError>,
    pub(super) output: Option<Result<Schema, SchemaError>>,
    /// Whether it was approved as the first of its tool, and the snapshot may not know yet.
    pub(super) taken: AtomicBool,
}

impl Server {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, changes: AtomicU64::new(0), list: tokio::sync::Mutex::default() }
    }

    /// Hears that the list of tools is not what it was.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// A tool as it is now; `None` where the server has none of that name, or one that cannot be read.
    pub(super) async fn tool(&self, server: &str, name: &str) -> Result<Option<Arc<Live>>, mcp::Error> {
        let mut list = self.list.lock().await;
        let changes = self.changes.load(Ordering::Acquire);
        if let Some(known) = &*list
            && known.changes == changes
            && known.at.elapsed() < AGE_MAX
        {
            return Ok(known.tools.get(name).cloned());
        }
        // One that cannot be asked again is not believed as it was.
        let before = list.take();
        let definitions = self.connection.tools().await?;
        let known = |hash: &DefinitionHash, name: &str| {
            let tool = before.as_ref()?.tools.get(name)?;
            (tool.hash == *hash).then(|| Arc::clone(tool))
        };
        let tools: HashMap<_, _> = definitions
            .iter()
            .filter_map(|definition| Definition::read(definition).ok())
            .map(|definition| {
                let hash = definition.hash(server);
                let tool = known(&hash, &definition.name)
                    .unwrap_or_else(|| Arc::new(Live::of(definition.clone(), hash)));
                (definition.name, tool)
            })
            .collect();
        let tools = Arc::new(tools);
        let found = tools.get(name).cloned();
        *list = Some(List { changes, at: Instant::now(), tools });
        Ok(found)
    }
}

impl Live {
    fn of(definition: Definition, hash: DefinitionHash) -> Self {
        let compile = |schema: &Value| Schema::compile(schema);
        Self {
            input: compile(&definition.input_schema),
            output: definition.output_schema.as_ref().map(compile),
            definition,
            hash,
            taken: AtomicBool::new(false),
        }
    }
}
