//! What an approval is, as values.

use std::{collections::BTreeSet, num::NonZeroU32};

use serde_json::Value;
use types::{ApprovalId, RequestId, TenantId, Timestamp};

use super::{Status, error::Error};
use crate::vault::Sealed;

types::names! {
    /// What is to be approved.
    Kind {
        /// One call of a model.
        ModelCall = "model_call",
        /// One call of a tool.
        ToolCall = "tool_call",
        /// One act of administration.
        Admin = "admin",
        /// More money than a budget has.
        Budget = "budget",
        /// Wide rights for a short term. It is not used up by a request: it ends with its term.
        BreakGlass = "break_glass",
    }
}

types::names! {
    /// What kind of principal asks.
    RequesterKind {
        /// An agent.
        Agent = "agent",
        /// A person.
        User = "user",
        /// A service of the organisation's.
        Service = "service",
    }
}

types::names! {
    /// What a person says.
    Decision {
        /// Yes. It may need others who say so too.
        Approve = "approve",
        /// No, for everybody.
        Deny = "deny",
    }
}

/// Who asks for what, under which policies: asked again, it is the same question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Whose it is.
    pub tenant: TenantId,
    /// What is to be approved.
    pub kind: Kind,
    /// What kind of principal asks.
    pub requester_kind: RequesterKind,
    /// The name of the agent, person or service that asks.
    pub requester: String,
    /// SHA-256 of the request or its arguments, in hexadecimal.
    pub subject_hash: String,
    /// SHA-256 of the policies that ask for an approval, in hexadecimal.
    pub policy_hash: String,
}

/// A question to people, not yet asked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewApproval {
    /// The id that it gets if no such question is open, so that its audit record can name it.
    pub id: ApprovalId,
    /// Who asks for what.
    pub subject: Subject,
    /// The person who answers for an agent; empty where there is none.
    pub owner: String,
    /// Each of these roles must be among the people who approve.
    pub roles: BTreeSet<String>,
    /// How many different people must approve.
    pub quorum: NonZeroU32,
    /// Why it is asked.
    pub reason: String,
    /// What people are shown: names, label, kinds; never content.
    pub detail: Value,
    /// The exact arguments of the call that is asked about, for those who decide.
    pub arguments: Option<Sealed>,
    /// For how long it may be answered and, other than break-glass, used.
    pub open_seconds: u32,
    /// How long break-glass lasts once it is approved; `None` for every other kind.
    pub term_seconds: Option<u32>,
}

/// One question to people, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// Who asked for what.
    pub subject: Subject,
    /// The person who answers for an agent; empty where there is none.
    pub owner: String,
    /// Each of these roles must be among the people who approve.
    pub roles: BTreeSet<String>,
    /// How many different people must approve.
    pub quorum: NonZeroU32,
    /// Why it was asked.
    pub reason: String,
    /// What people are shown: names, label, kinds; never content.
    pub detail: Value,
    /// Where it stood when it was read, by the database's clock.
    pub status: Status,
    /// When it was asked, by the database's clock.
    pub created_at: Timestamp,
    /// From when on it can be neither answered nor, other than break-glass, used.
    pub expires_at: Timestamp,
    /// When it was approved, denied, cancelled or revoked.
    pub decided_at: Option<Timestamp>,
    /// The request that used it.
    pub used_by: Option<RequestId>,
    /// When that was.
    pub used_at: Option<Timestamp>,
    /// How long break-glass lasts once it is approved.
    pub term_seconds: Option<u32>,
    /// When approved break-glass ends.
    pub ends_at: Option<Timestamp>,
    /// What people said, in the order in which they did.
    pub votes: Vec<Vote>,
}

/// What one person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub person: String,
    /// The roles under which policy permitted the person to decide.
    pub roles: BTreeSet<String>,
    /// What.
    pub decision: Decision,
    /// Why; may be empty.
    pub reason: String,
    /// When, by the database's clock.
    pub at: Timestamp,
}

/// A vote that is about to be cast. Who casts it is taken from the permit, so that nobody can vote
/// in another's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// The roles under which policy permitted the person to decide.
    pub roles: BTreeSet<String>,
    /// What the person says.
    pub decision: Decision,
    /// Why; may be empty.
    pub reason: String,
}

/// The most bytes of a reason.
pub const REASON_BYTES_MAX: usize = 4096;

/// The most bytes of a detail as JSON.
pub const DETAIL_BYTES_MAX: usize = 64 * 1024;

/// Refuses what is too long to keep.
pub(super) const fn bounded(field: &'static str, bytes: usize, max: usize) -> Result<(), Error> {
    if bytes > max { Err(Error::TooLong { field, bytes, max }) } else { Ok(()) }
}

impl Approval {
    /// When the question ends, or what was approved does.
    pub(crate) fn end(&self) -> Timestamp {
        self.ends_at.unwrap_or(self.expires_at)
    }
}
