//! What a decision about a tool is asked about, as plain values.

use serde_json::Value;
use types::{Effect, Integrity, Label, Nanos, Replay, RequestId, SessionId, Timestamp};

use crate::ask::{Approved, BudgetFacts, Caller};

/// One call of a tool that wants a decision.
#[derive(Debug, Clone, Copy)]
pub struct ToolCall<'a> {
    /// The request, which also names the decision.
    pub id: RequestId,
    /// Who calls.
    pub caller: &'a Caller,
    /// How confidential the session and the arguments are: the highest of all that is known.
    pub label: Label,
    /// Whether what the session has seen may be trusted: the lowest of all that is known.
    pub integrity: Integrity,
    /// The names of the kinds that DLP found in the arguments, such as `email`.
    pub kinds: &'a [&'a str],
    /// What the budgets on the caller's path look like.
    pub budget: BudgetFacts,
    /// What the session has done with tools so far.
    pub session: ToolSession<'a>,
    /// The tool.
    pub tool: ToolFacts<'a>,
    /// The arguments: an object that was held against the tool's schema already.
    pub input: &'a Value,
    /// Where the arguments come from.
    pub provenance: ProvenanceFacts<'a>,
    /// Where they go.
    pub destination: DestinationFacts<'a>,
    /// The approval that people gave for exactly this call.
    pub approval: Option<&'a Approved>,
    /// Whether only the decision is wanted, and nothing is called.
    pub dry_run: bool,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// One tool, as policies see it. But for `pinned`, it is what the git tree says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolFacts<'a> {
    /// The server's name: `Orchestack::ToolServer::"<server>"`.
    pub server: &'a str,
    /// The tool's own name: `Orchestack::Tool::"<server>.<name>"`.
    pub name: &'a str,
    /// What a call does.
    pub effect: Effect,
    /// Whether a call may be made again.
    pub replay: Replay,
    /// Whether its live definition is the approved one; so is a function that the tree declares.
    pub pinned: bool,
    /// Whether its results are the organisation's own word.
    pub trusted: bool,
    /// Whether the caller runs it: a function of a model's answer.
    pub function: bool,
    /// What a call costs; `None` where it has no price.
    pub price: Option<Nanos>,
}

/// What the session has done with tools so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToolSession<'a> {
    /// The session, where the call belongs to one.
    pub id: Option<SessionId>,
    /// Calls of tools before this one.
    pub calls: u64,
    /// The servers whose results it has seen.
    pub sources: &'a [&'a str],
}

/// Where the arguments come from, by their names or JSON pointers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProvenanceFacts<'a> {
    /// Those that the user wrote.
    pub trusted: &'a [&'a str],
    /// Those that stand in what nobody vouches for.
    pub untrusted: &'a [&'a str],
    /// Those that stand in neither.
    pub unmatched: &'a [&'a str],
}

/// Where a call goes by its arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DestinationFacts<'a> {
    /// Whether the arguments name a destination at all.
    pub given: bool,
    /// The hosts that they name.
    pub hosts: &'a [&'a str],
    /// Whether one of them is private, loopback or link-local, or cannot be read.
    pub private: bool,
    /// Whether one is given and every one stands in what the user wrote.
    pub named_by_user: bool,
}

impl ToolFacts<'_> {
    /// The name by which policies and grants know the tool, such as `mail.send`.
    pub fn id(&self) -> String {
        format!("{}.{}", self.server, self.name)
    }
}
