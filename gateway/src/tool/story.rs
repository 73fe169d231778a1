//! What happened to one tool call, gathered step by step and written as audit records: names, hashes, kinds
//! and figures, never an argument or a result, but for the hosts that a call goes to.

use policy::RecordedCall;
use serde::Serialize;
use serde_json::Value;
use types::{
    Integrity, Label, Nanos, RequestId, SessionId, Trace,
    audit::{Detail, Kind, Record},
};

use tools::flow::Provenance;

use super::{Context, ask::CALL_TOOL, destination::Destinations};
use crate::{
    bill::TRANSCRIPT_BYTES_MAX,
    limits::Limited,
    refusal::Refusal,
    span,
    trail::{Found, Who, elapsed_ms},
};

/// Policies that a short record lists, and how much of the name of each.
const POLICIES_MAX: usize = 16;
const POLICY_CHARS_MAX: usize = 128;

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
    /// What policy was asked about.
    pub(super) call: Option<RecordedCall>,
    /// The sandbox that the call works in, and what it reaches from there.
    pub(super) sandbox: Option<Value>,
    /// The approval that was asked for or given.
    pub(super) approval: Option<String>,
    /// The arguments as the tool gets them, where policy wants them recorded.
    pub(super) transcript: Option<String>,
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

impl FlowTold {
    pub(super) fn of(from: &Provenance, to: &Destinations) -> Self {
        Self {
            trusted: from.trusted.len(),
            untrusted: from.untrusted.len(),
            unmatched: from.unmatched.len(),
            destinations: to.hosts.len(),
            private: to.private,
            named_by_user: to.named_by_user,
        }
    }
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
    /// The result as it went out, where policy wants it recorded.
    pub(super) transcript: Option<&'a str>,
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
            transcript: None,
        }
    }
}

/// As many policies as a short record lists.
pub(super) fn short(policies: &[String]) -> Vec<String> {
    let id = |policy: &String| policy.chars().take(POLICY_CHARS_MAX).collect();
    policies.iter().take(POLICIES_MAX).map(id).collect()
}

/// A text for a record, a long one by its beginning.
pub(super) fn transcript(text: &str) -> String {
    let end = text.floor_char_boundary(TRANSCRIPT_BYTES_MAX.min(text.len()));
    text.get(..end).unwrap_or_default().to_owned()
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
            call: None,
            sandbox: None,
            approval: None,
            transcript: None,
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
            call: self.call.as_ref(),
            policies,
            request: self.transcript.as_deref(),
            shape: self.shape.as_ref(),
            ..self.outline()
        };
        self.record(Kind::Decision, outcome, Detail::of(&detail))
    }

    /// The same record with only what has a bound of its own, for one that is too large with all of its detail: a
    /// decision is never without a record. It names what was left out.
    pub(super) fn short_decision(&self, outcome: &str, policies: &[String]) -> Record {
        let left_out = [
            ("call", self.call.is_some()),
            ("policies", policies.len() > POLICIES_MAX),
            ("request", self.transcript.is_some()),
            ("shape", self.shape.is_some()),
        ];
        let cut: Vec<&str> =
            left_out.iter().filter(|(_, had)| *had).map(|(name, _)| *name).collect();
        let policies = short(policies);
        let detail = Decided { cut: &cut, policies: &policies, ..self.outline() };
        self.record(Kind::Decision, outcome, Detail::of(&detail))
    }

    /// What a record tells of every call, whatever its arguments are.
    fn outline(&self) -> Decided<'_> {
        Decided {
            approval: self.approval.as_deref(),
            call: None,
            cut: &[],
            definition: self.definition.as_deref(),
            findings: &self.found,
            flow: self.flow,
            input_sha256: self.input_hash.as_deref(),
            integrity: self.integrity,
            label: self.label,
            limit: self.limited.as_ref(),
            ms: elapsed_ms(self.started),
            policies: &[],
            redacted: self.redacted,
            request: None,
            sandbox: self.sandbox.as_ref(),
            session: self.session,
            session_label: self.session_label,
            shape: None,
            trace: span::trace(),
        }
    }

    /// The record of the end, with what it cost.
    pub(super) fn completion(&self, end: &End<'_>, cost: Nanos, basis: &str) -> Record {
        let detail = Ended {
            answer: end.transcript,
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
    call: Option<&'a RecordedCall>,
    /// What it had and was too long with.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cut: &'a [&'a str],
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
    request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<&'a Value>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
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
