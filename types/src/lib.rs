//! The nouns every other crate speaks: ids, money, labels, the chat shape that is ours and no
//! provider's, the closed set of answer codes, audit records and the event envelope.
//!
//! Values only: nothing here reads a clock, a file or a socket.

pub mod answer;
pub mod audit;
pub mod chat;
mod code;
mod credential;
mod discount;
pub mod embed;
mod event;
mod id;
mod label;
mod money;
mod names;
mod nearest;
mod provider;
mod request;
mod sandbox;
mod secret;
mod service;
mod time;
mod tokenizer;
mod tool;
mod wire;
pub mod work;

pub use code::Code;
pub use credential::{AwsKeys, Credential};
pub use discount::{BadDiscount, Discount};
pub use event::{Actor, ActorType, Correlation, Envelope, Payload, Priority, Schema, Trace};
pub use id::{
    AgentId, ApprovalId, AttemptId, AuditId, DeadLetterId, EventId, GrantId, HoldId, KeyId,
    ParseIdError, RaiseId, RequestId, RunId, SessionId, TaskId, TenantId, WorkspaceId,
};
pub use label::{Integrity, Label, Locality, ProviderKind, SizeClass};
pub use money::{MoneyError, Nanos, NanosPerMillion};
pub use names::UnknownName;
pub use nearest::nearest;
pub use provider::{AwsRefs, Particulars};
pub use request::{Content, Request};
pub use sandbox::{SANDBOX_META, SandboxOrder};
pub use secret::Secret;
pub use service::ServiceClass;
pub use time::Timestamp;
pub use tokenizer::Tokenizer;
pub use tool::{Effect, FUNCTIONS, KEY_META, Replay, SEPARATOR};
pub use wire::Wire;
