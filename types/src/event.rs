//! The envelope, version 1, of everything that travels on the bus.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EventId, TenantId, Timestamp, WorkspaceId};

/// An event on the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The event's id; also the de-duplication key on the bus.
    pub event_id: EventId,
    /// Its subject, such as `audit.decision`.
    pub event_type: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The workspace, where there is one.
    pub workspace_id: Option<WorkspaceId>,
    /// Who caused it.
    pub actor: Actor,
    /// The trace it belongs to.
    pub trace: Option<Trace>,
    /// The work it belongs to.
    #[serde(default)]
    pub correlation: Correlation,
    /// Two events with the same key have one effect.
    pub idempotency_key: String,
    /// How urgent it is.
    pub priority: Priority,
    /// What it carries.
    pub payload_ref: Payload,
    /// The payload's schema.
    pub schema: Schema,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of actor.
    #[serde(rename = "type")]
    pub kind: ActorType,
    /// Its id or name.
    pub id: String,
    /// How it proved who it is, such as `key:key_01...` or `admin-token`.
    pub auth: String,
}

/// The kinds of actors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    /// A person.
    User,
    /// An agent.
    Agent,
    /// A service of ours or of the organisation's.
    Service,
    /// This process itself.
    System,
}

/// A W3C trace context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
}

/// The session, task, run and step that an event belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correlation {
    /// The session's id.
    pub session: Option<String>,
    /// The task's id.
    pub task: Option<String>,
    /// The run's id.
    pub run: Option<String>,
    /// The step's number.
    pub step: Option<String>,
    /// The event or task that caused this one.
    pub parent: Option<String>,
}

/// How urgent an event is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// A person waits.
    Interactive,
    /// Nobody waits.
    Batch,
    /// The system's own.
    #[default]
    System,
}

/// What an event carries: inline up to 1 MB, by reference above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Payload {
    /// In the event itself.
    Inline {
        /// Such as `application/json`.
        content_type: String,
        /// Length in bytes of the serialised value.
        size_bytes: u64,
        /// The value.
        inline: Value,
    },
    /// In object storage.
    Object {
        /// Such as `application/json`.
        content_type: String,
        /// Length in bytes.
        size_bytes: u64,
        /// Where it is.
        uri: String,
        /// SHA-256 of its bytes, in hexadecimal.
        sha256: String,
    },
}

/// The name and version of a payload's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Such as `orchestack.audit.record`.
    pub name: String,
    /// From 1.
    pub version: u32,
}
