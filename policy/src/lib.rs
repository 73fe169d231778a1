//! Policy first: the one engine that decides every model call, every tool call and every act of
//! administration.
//!
//! Two layers of Cedar policies, the organisation's and the agent's own, must both permit; a forbid
//! in either wins; what no policy permits is denied, and so is what cannot be evaluated.
//! A decision is a pure function that never fails and carries its reasons. It is the only maker of
//! a [`Permit`], of a [`ToolPermit`], of a [`TaskPermit`], a [`SpawnPermit`], a [`MessagePermit`] and a [`SandboxPermit`], and
//! about a person's act of an [`AdminPermit`]: whatever costs money, leaves the machine or changes state takes one of them.

mod action;
mod administer;
mod against;
mod ask;
mod bundle;
mod calls;
mod case;
mod check;
mod condition;
mod decide;
#[cfg(test)]
mod differential_tests;
mod digest;
mod doubts;
mod explain;
mod family;
mod file;
mod grant;
mod invariant;
mod key;
mod layer;
mod load;
mod mapper;
mod meaning;
mod memo;
mod obligation;
mod operation;
#[cfg(test)]
mod people_tests;
mod question;
mod reads;
mod reason;
#[cfg(test)]
mod reference;
mod rule;
mod sandbox;
mod slice;
mod source;
pub mod starter;
#[cfg(test)]
mod testing;
mod tool;
mod words;
mod work;

pub use administer::{AdminPermit, Denial};
pub use ask::{
    AdminAct, AgentKind, ApprovalVote, Approved, BudgetFacts, Caller, ModelCall, ModelFacts,
    Person, RequestFacts, Requester, SessionFacts,
};
pub use bundle::{AgentSource, Bundle, Fault, Source, ToolSource};
pub use check::CaseResult;
pub use decide::{Allowed, Decision, Denied, Permit};
pub use explain::{Change, Explanation, Outcome, Place};
pub use grant::{Grant, Limits};
pub use invariant::{Claim, Invariant, What};
pub use load::Engine;
pub use meaning::{Duty, Part};
pub use obligation::{ApprovalNeed, Obligations, Withheld};
pub use operation::{NoOperation, Operation};
pub use question::{Answer, NoQuestion, Question};
pub use reason::{DenyReason, Layer};
pub use sandbox::{SandboxPermit, SandboxUse};
pub use tool::{
    DestinationFacts, ProvenanceFacts, RecordedCall, ToolCall, ToolDenied, ToolFacts, ToolPermit,
    ToolSession,
};
pub use words::APPROVAL_KINDS;
pub use work::{
    ANONYMOUS, MessageOut, MessagePermit, Spawn, SpawnPermit, Starter, TaskPermit, TaskStart,
};
