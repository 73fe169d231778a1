//! What all wire formats share: the target of a request and the ways in which a translation fails.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};

use crate::{bedrock::FrameFault, sse::SseFault};

/// The longest message of an upstream that is kept, in characters.
const MESSAGE_CHARS_MAX: usize = 512;

/// Where a request goes and what must be said beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Target<'a> {
    /// The model's name at the provider.
    pub upstream_model: &'a str,
    /// The limit on output tokens per choice. It is always sent: the hold was computed from it.
    pub max_output_tokens: u64,
    /// Whether the upstream streams, which may differ from what the caller asked.
    pub stream: bool,
    /// How the OpenAI dialect names the limit.
    pub max_tokens_field: MaxTokensField,
    /// Whether the server refuses to be asked for the usage of a stream, in the OpenAI dialect.
    pub no_stream_usage: bool,
    /// Whether the server wants what the assistant thought before its calls, in the OpenAI dialect.
    pub wants_thoughts: bool,
    /// Azure's `api-version`, for its paths by deployment.
    pub api_version: Option<&'a str>,
}

/// The name of the output limit in the OpenAI dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxTokensField {
    /// `max_completion_tokens`: OpenAI itself; counts reasoning too.
    #[default]
    Completion,
    /// `max_tokens`: most compatible servers. They also know no `developer` role and get `system`.
    Legacy,
}

/// A request that we do not take, with the text and parameter that the caller sees.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// What is wrong and what to do. Never contains the value that was sent.
    pub message: String,
    /// The parameter, such as `messages[0].content`.
    pub param: Option<String>,
}

/// A field that the target's format cannot express.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` cannot be sent to this provider: {reason}")]
pub struct Unsupported {
    /// The field, named as the caller knows it.
    pub field: String,
    /// Why, fit to be shown to the caller.
    pub reason: &'static str,
}

/// A field that a format cannot express, and why.
pub(crate) fn unsupported(field: impl Into<String>, reason: &'static str) -> Unsupported {
    Unsupported { field: field.into(), reason }
}

/// An answer that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It is not JSON, or JSON of another shape.
    #[error("the answer does not have the documented shape (line {line}, column {column})")]
    Shape {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
    /// It has no choice or content.
    #[error("the answer has no {0}")]
    Missing(&'static str),
    /// The model's output was unusable, by the provider's own word.
    #[error("the provider could not make an answer: {0}")]
    Failed(&'static str),
}

/// A stream that cannot be understood. What came before stays valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStream {
    /// The event stream itself is broken.
    #[error("the event stream is broken: {0}")]
    Sse(#[from] SseFault),
    /// An event's data is not JSON, or JSON of another shape.
    #[error("a stream event does not have the documented shape (line {line}, column {column})")]
    Shape {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
    /// The frames of a binary stream are broken.
    #[error("the event stream is broken: {0}")]
    Frame(#[from] FrameFault),
    /// A choice or tool call number beyond what we follow.
    #[error("a stream event has a {0} beyond the bound")]
    Beyond(&'static str),
}

impl From<serde_json::Error> for BadAnswer {
    /// Keeps the place only: the error's text may quote content.
    fn from(error: serde_json::Error) -> Self {
        Self::Shape { line: error.line(), column: error.column() }
    }
}

impl From<serde_json::Error> for BadStream {
    /// Keeps the place only: the error's text may quote content.
    fn from(error: serde_json::Error) -> Self {
        Self::Shape { line: error.line(), column: error.column() }
    }
}

/// An upstream's refusal or failure, read from its status and body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the upstream answered {status} ({kind}): {message}")]
pub struct UpstreamError {
    /// The HTTP status, or the one that fits better where a provider uses a wrong one.
    pub status: u16,
    /// The provider's own kind, such as `rate_limit_error`; `http_<status>` where it gives none.
    pub kind: String,
    /// Its message, trimmed and at most 512 characters; empty where it gives none.
    pub message: String,
    /// Whether the same request may succeed later or elsewhere.
    pub retryable: bool,
    /// Seconds after which it may be tried again, where the body says so. The header `Retry-After`
    /// is the caller's to read.
    pub retry_after: Option<u64>,
    /// Whether the input is longer than the model's context: another model may take it.
    pub context_length_exceeded: bool,
}

/// Appends a value as JSON. Our wire structs always serialise; were one not to, nothing is left
/// half written.
pub(crate) fn write_json(out: &mut Vec<u8>, value: &impl serde::Serialize) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
    }
}

/// SHA-256 in hexadecimal: 64 characters.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An upstream's message made fit to show: trimmed, without control characters, bounded.
pub(crate) fn shown(message: &str) -> String {
    message.trim().chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS_MAX).collect()
}
