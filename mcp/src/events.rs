//! What a server says and asks by itself.

use std::fmt;

use async_trait::async_trait;
use rmcp::ErrorData;
use serde_json::{Value, json};

/// What a server says by itself. Each method is called in the order of the server's messages and
/// while they wait: it hands on and returns.
pub trait Events: Send + Sync + 'static {
    /// A line of the server's log, with its level in the protocol's word.
    fn log(&self, level: &str, logger: Option<&str>, data: &Value) {
        let _ = (level, logger, data);
    }

    /// One of its lists is not what it was. Said of each list when a connection had to be made
    /// anew, too.
    fn list_changed(&self, list: List) {
        let _ = list;
    }

    /// A resource that was subscribed to is not what it was.
    fn resource_updated(&self, uri: &str) {
        let _ = uri;
    }
}

/// Nobody listens.
impl Events for () {}

/// One of a server's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `resources/list` and the templates.
    Resources,
    /// `prompts/list`.
    Prompts,
}

/// Whoever a request is made for: told of its progress, and asked what the server wants to know for
/// it.
#[async_trait]
pub trait Caller: Send + Sync + 'static {
    /// How far the request is. It hands on and returns.
    fn progress(&self, progress: Progress) {
        let _ = progress;
    }

    /// The server wants an answer of a model: parameters and result of `sampling/createMessage`.
    async fn create_message(&self, params: Value) -> Result<Value, ErrorData> {
        let _ = params;
        Err(nobody())
    }

    /// The server wants input of the caller's user: parameters and result of `elicitation/create`.
    async fn elicit(&self, params: Value) -> Result<Value, ErrorData> {
        let _ = params;
        Err(nobody())
    }

    /// The server wants to know the caller's folders: the result of `roots/list`.
    async fn roots(&self) -> Result<Value, ErrorData> {
        Ok(json!({"roots": []}))
    }
}

/// Nobody listens and nobody can be asked.
impl Caller for () {}

fn nobody() -> ErrorData {
    ErrorData::invalid_request("nobody can be asked that for this request", None)
}

/// How far a request is.
#[derive(Clone, PartialEq)]
pub struct Progress {
    /// Grows with each word on it.
    pub done: f64,
    /// Of how many, where the server knows.
    pub total: Option<f64>,
    /// What the server says of it.
    pub message: Option<String>,
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, total, message: _ } = self;
        f.debug_struct("Progress").field("done", done).field("total", total).finish_non_exhaustive()
    }
}
