//! What happened to one tool call, gathered step by step and written as audit records: names, hashes, kinds
//! and figures, never an argument or a result.

use serde::Serialize;
use serde_json::Value;
use types::{
    Integrity, Label, Nanos, RequestId, SessionId, Trace,
    audit::{Detail, Kind, Record},
};

use super::Context;
use crate::{
    limits::Limited,
    refusal::Refusal,
    span,
    trail::{Found, Who, elapsed_ms},
};

/// The Cedar action of every call of a tool.
const CALL_TOOL: &str = "callTool";

/// The story of one tool call so far.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) request: RequestId,
    who: Who,
    commit: String,
    /// Both as the caller names them, cut to what a name can be.
    pub(super) server: String,
    pub(super) tool: String,
    pub(super) session: Option<SessionId>,
    started: tokio::time::Instant,
    /// Whether the decision's record is written.
    pub(super) decided: bool,
    pub(super) label: Option<Label>,
    /// The label of the session before this call.
    pub(super) session_label: Option<Label>,
    pub(super) integrity: Option<Integrity>,
    /// The hash of the tool's definition.
    pub(super) definition: Option<String>,
    /// SHA-256 of the arguments, in hexadecimal.
    pub(super) input_hash: Option<String>,
    /// The kind and length of each argument.
    pub(super) shape: Option<Value>,
    pub(super) found: Found,
    pub(super) redacted: usize,
    pub(super) flow: Option<FlowTold>,
    /// The approval that was asked for or given.
    pub(super) approval: Option<String>,
    /// The rate limit that stood in the way.
    limited: Option<Value>,
}

/// Where the arguments come from and go to, in figures.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct FlowTold {
    pub(super) trusted: usize,
    pub(super) untrusted: usize,
    pub(super) unmatched: usize,
    pub(super) destinations: usize,
    pub(super) private: bool,
    pub(super) named_by_user: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'a> {
    /// `ok`, a code of a refusal, or why there is no answer.
    pub(super) outcome: &'a str,
    /// SHA-256 of the result as it went out, in hexadecimal.
    pub(super) output_hash: Option<&'a str>,
    /// What was found in the result.
    pub(super) found: Option<&'a Found>,
    /// The session's label and integrity after it.
    pub(super) label: Option<Label>,
    pub(super) integrity: Option<Integrity>,
    /// Whether the tool says that it failed.
    pub(super) is_error: bool,
}

impl<'a> End<'a> {
    /// One of which nothing more is known.
    pub(super) const fn new(outcome: &'a str) -> Self {
        Self {
            outcome,
            output_hash: None,
            found: None,
            label: None,
            integrity: None,
            is_error: false,
        }
    }
}

/// A name no longer than one can be, so that a record of it is never too large.
fn cut(name: &str) -> String {
    name.chars().take(tools::NAME_CHARS_MAX).collect()
}

impl Story {
    pub(super) fn new(context: &Context<'_>, (server, tool): (&str, &str)) -> Self {
        let known = context.known;
        Self {
            request: context.request,
            who: Who {
                tenant: known.caller.tenant,
                agent: known.agent.id.to_string(),
                auth: known.auth(),
            },
            commit: context.snapshot.commit.clone(),
            server: cut(server),
            tool: cut(tool),
            session: context.session,
            started: tokio::time::Instant::now(),
            decided: false,
            label: None,
            session_label: None,
            integrity: None,
            definition: None,
            input_hash: None,
            shape: None,
            found: Found::default(),
            redacted: 0,
            flow: None,
            approval: None,
            limited: None,
        }
    }

    /// The name by which policies and records know the tool, such as `mail.send`.
    pub(super) fn id(&self) -> String {
        format!("{}.{}", self.server, self.tool)
    }

    /// Passes on the refusal of a rate limit that is reached.
    pub(super) fn within<T>(&mut self, passed: Result<T, Limited>) -> Result<T, Refusal> {
        passed.map_err(|limited| {
            self.limited = Some(limited.record());
            limited.refusal()
        })
    }

    /// The record of the decision.
    pub(super) fn decision(&self, outcome: &str, policies: &[String]) -> Record {
        let detail = Decided {
            approval: self.approval.as_deref(),
            definition: self.definition.as_deref(),
            findings: &self.found,
            flow: self.flow,
            input_sha256: self.input_hash.as_deref(),
            integrity: self.integrity,
            label: self.label,
            limit: self.limited.as_ref(),
            ms: elapsed_ms(self.started),
            policies,
            redacted: self.redacted,
            session: self.session,
            session_label: self.session_label,
            shape: self.shape.as_ref(),
            trace: span::trace(),
        };
        self.record(Kind::Decision, outcome, Detail::of(&detail))
    }

    /// The record of the end, with what it cost.
    pub(super) fn completion(&self, end: &End<'_>, cost: Nanos, basis: &str) -> Record {
        let detail = Ended {
            basis,
            cost_nanos: cost.0,
            findings: end.found,
            integrity: end.integrity,
            is_error: end.is_error,
            label: end.label,
            ms: elapsed_ms(self.started),
            output_sha256: end.output_hash,
            session: self.session,
            trace: span::trace(),
        };
        self.record(Kind::Completion, end.outcome, Detail::of(&detail))
    }

    fn record(&self, kind: Kind, outcome: &str, detail: Detail) -> Record {
        let facts = (self.request, self.commit.clone(), self.id());
        self.who.clone().record((kind, CALL_TOOL), facts, outcome, detail)
    }
}

/// The detail of a decision's record.
#[derive(Serialize)]
struct Decided<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<&'a str>,
    findings: &'a Found,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<FlowTold>,
    input_sha256: Option<&'a str>,
    integrity: Option<Integrity>,
    label: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a Value>,
    ms: u64,
    policies: &'a [String],
    redacted: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_label: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
}

/// The detail of the record of a call's end.
#[derive(Serialize)]
struct Ended<'a> {
    basis: &'a str,
    cost_nanos: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a Found>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integrity: Option<Integrity>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
}
