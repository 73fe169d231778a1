//! What the webchat asks the rest of the process: who somebody is, who can be written to, and to take a
//! person's decision through the one way on which policy and records are.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::{AgentId, ApprovalId, Secret, TenantId};

/// The rest of the process, as far as a conversation needs it.
#[async_trait]
pub trait House: Send + Sync {
    /// The agent of this name, where it exists and works now.
    fn agent(&self, name: &str) -> Option<Addressee>;

    /// Whose admin token this is; `None` where it is nobody's any more.
    ///
    /// # Errors
    /// [`Refused`] where that cannot be found out now.
    async fn person(&self, token: &Secret) -> Result<Option<Person>, Refused>;

    /// A question to people, as its person may see it.
    ///
    /// # Errors
    /// [`Refused`], also by policy.
    async fn approval(&self, token: &Secret, id: ApprovalId) -> Result<Value, Refused>;

    /// A person's answer to a question. Returns the question as it stands then.
    ///
    /// # Errors
    /// [`Refused`], also by policy.
    async fn vote(&self, token: &Secret, id: ApprovalId, vote: &Vote) -> Result<Value, Refused>;
}

/// An agent that can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id.
    pub agent: AgentId,
    /// Its name.
    pub name: String,
}

/// A person whose token was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name in policies and records.
    pub name: String,
    /// Whose person it is.
    pub tenant: TenantId,
}

/// What a person says to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Yes or no.
    pub approve: bool,
    /// Why; may be empty.
    pub reason: String,
}

/// Why the house did not do it, in the words that its caller may be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub fix: String,
}
