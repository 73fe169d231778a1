//! One audit record: who did what, what was decided and why. Hashes and names, never content.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Actor, AuditId, RequestId, TenantId, Timestamp};

/// One audit record. The store adds its place in the hash chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The record's id.
    pub id: AuditId,
    /// When it was made.
    pub at: Timestamp,
    /// Whose record it is.
    pub tenant: TenantId,
    /// What kind of act it tells of.
    pub kind: Kind,
    /// The data-plane request it belongs to.
    pub request: Option<RequestId>,
    /// Who acted.
    pub actor: Actor,
    /// The Cedar action, such as `callModel`.
    pub action: String,
    /// What it was done to, such as a model's name.
    pub resource: String,
    /// `permit`, `ok` or an error code.
    pub outcome: String,
    /// The git commit whose policies decided.
    pub commit: String,
    /// Everything else: label, findings by kind and place, policy ids, candidates and why each was
    /// dropped, cost, hashes of input and output. Never prompts, secrets or matched values.
    pub detail: Value,
}

/// What an audit record tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A request was decided: permitted or refused.
    Decision,
    /// A permitted request ended: answered, failed or cut, with its cost.
    Completion,
    /// An administrator changed something, or was refused.
    Admin,
    /// The system itself: start, a policy swap, a reaped hold.
    System,
}

impl Kind {
    /// The name used in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Completion => "completion",
            Self::Admin => "admin",
            Self::System => "system",
        }
    }
}
