//! What is on record of a decided call of a function: names, hashes, kinds and figures, never an argument.

use policy::ToolDenied;
use serde::Serialize;
use types::{
    Integrity, Label,
    audit::{Detail, Kind, Record},
};

use super::facts::Facts;
use crate::trail::{Found, Trail, elapsed_ms};

/// The Cedar action of every call of a tool.
const CALL_TOOL: &str = "callTool";
/// As much of a name that a model made up as a record has.
const NAME_CHARS_MAX: usize = 128;

/// The detail of a decision's record.
#[derive(Serialize)]
struct Decided<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a str>,
    /// Where it came from.
    endpoint: &'static str,
    findings: &'a Found,
    flow: Flow<'a>,
    function: bool,
    input_sha256: &'a str,
    integrity: Integrity,
    label: Label,
    ms: u64,
    policies: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
}

/// Where the arguments come from and go to.
#[derive(Serialize)]
struct Flow<'a> {
    trusted: usize,
    untrusted: usize,
    unmatched: usize,
    sources: Vec<&'a str>,
    destinations: usize,
    private: bool,
    named_by_user: bool,
}

/// The record of a call that was decided.
pub(super) fn decided(
    trail: &Trail,
    facts: &Facts<'_>,
    (outcome, policies): (&str, &[String]),
    approval: Option<&str>,
) -> Option<Record> {
    let who = trail.caller.clone()?;
    let (from, to) = (&facts.provenance, &facts.destinations);
    let detail = Decided {
        approval,
        endpoint: trail.endpoint.path(),
        findings: &facts.found,
        flow: Flow {
            trusted: from.trusted.len(),
            untrusted: from.untrusted.len(),
            unmatched: from.unmatched.len(),
            sources: from.sources.iter().map(String::as_str).collect(),
            destinations: to.hosts.len(),
            private: to.private,
            named_by_user: to.named_by_user,
        },
        function: facts.tool.function,
        input_sha256: &facts.input_hash,
        integrity: facts.integrity,
        label: facts.label,
        ms: elapsed_ms(trail.started),
        policies,
        session: trail.session.as_deref(),
    };
    Some(record(trail, who, (&facts.tool.id(), outcome), Detail::of(&detail)))
}

/// The record of a call that nobody could ask policy about.
pub(super) fn unreadable(trail: &Trail, tool: &str, why: &'static str) -> Option<Record> {
    let who = trail.caller.clone()?;
    let detail = serde_json::json!({
        "endpoint": trail.endpoint.path(), "why": why, "session": trail.session,
    });
    Some(record(trail, who, (tool, "invalid_request"), detail.into()))
}

fn record(
    trail: &Trail,
    who: crate::trail::Who,
    (tool, outcome): (&str, &str),
    detail: Detail,
) -> Record {
    let tool = tool.chars().take(NAME_CHARS_MAX).collect();
    let facts = (trail.request, trail.commit.clone(), tool);
    who.record((Kind::Decision, CALL_TOOL), facts, outcome, detail)
}

/// The word for a denial's outcome.
pub(super) const fn outcome(denied: &ToolDenied) -> types::Code {
    use policy::DenyReason as R;
    match denied.reason {
        R::Blocked { .. } => types::Code::DlpBlocked,
        R::ApprovalRequired { .. } => types::Code::ApprovalRequired,
        R::Error
        | R::Forbidden { .. }
        | R::NoPermit { .. }
        | R::OutsideGrant
        | R::NotLocal
        | R::Retention { .. }
        | R::TooDear { .. }
        | R::DryRunOnly => types::Code::PolicyDenied,
    }
}
