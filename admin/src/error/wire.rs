//! A refusal as callers get it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::policies::FaultView;

/// The body of every refusal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// The refusal itself.
    pub error: Fault,
}

/// Why an operation was not done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// A stable name.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
    /// The question to people, where they must approve first or have denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Waiting>,
    /// Every mistake of a tree that is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultView>,
}

/// A question to people that an operation waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// Its id, `apr_...`.
    pub id: String,
    /// Where it stands.
    pub status: String,
    /// Each of these roles must be among the people who approve.
    pub roles: Vec<String>,
    /// How many different people must approve.
    pub quorum: u32,
    /// From when on it can be neither answered nor used.
    pub expires_at: String,
}
