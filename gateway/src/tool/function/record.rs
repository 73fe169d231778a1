//! What is on record of a decided call of a function: names, hashes, kinds and figures, and an argument only where
//! policy wants it recorded.

use policy::RecordedCall;
use serde::Serialize;
use serde_json::Value;
use types::{
    Code, Integrity, Label,
    audit::{Detail, Kind, Record},
};

use super::{
    super::{
        ask::CALL_TOOL,
        story::{FlowTold, short},
    },
    facts::Facts,
};
use crate::trail::{Found, Trail, Who, elapsed_ms};

/// As much of a name that a model made up as a record has.
const NAME_CHARS_MAX: usize = 128;
/// Servers that a short record lists.
const SOURCES_MAX: usize = 16;

/// What came of a call.
#[derive(Clone, Copy)]
pub(super) struct Outcome<'a> {
    /// `permit`, or the code of the denial.
    pub(super) outcome: &'a str,
    pub(super) policies: &'a [String],
    /// The approval that was asked for or used up.
    pub(super) approval: Option<&'a str>,
    /// The rate limit that stood in the way.
    pub(super) limit: Option<&'a Value>,
    /// The arguments, where policy wants them recorded.
    pub(super) request: Option<&'a str>,
}

/// The detail of a decision's record.
#[derive(Serialize)]
struct Decided<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<RecordedCall>,
    /// What it had and was too long with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cut: Vec<&'static str>,
    /// Where it came from.
    endpoint: &'static str,
    findings: &'a Found,
    flow: Flow<'a>,
    function: bool,
    input_sha256: &'a str,
    integrity: Integrity,
    label: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a Value>,
    ms: u64,
    policies: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
}

/// Where the arguments come from and go to.
#[derive(Serialize)]
struct Flow<'a> {
    #[serde(flatten)]
    told: FlowTold,
    sources: Vec<&'a str>,
}

/// The record of a call that was decided.
pub(super) fn decided(trail: &Trail, facts: &Facts<'_>, outcome: Outcome<'_>) -> Option<Record> {
    let who = trail.caller.clone()?;
    let detail = detail(trail, facts, outcome, usize::MAX);
    Some(record(trail, who, (&facts.tool.id(), outcome.outcome), Detail::of(&detail)))
}

/// The same record with only what has a bound of its own, for one that is too large. It names what was left out.
pub(super) fn short_decided(
    trail: &Trail,
    facts: &Facts<'_>,
    outcome: Outcome<'_>,
) -> Option<Record> {
    let who = trail.caller.clone()?;
    let policies = short(outcome.policies);
    let bounded = Outcome { policies: &policies, request: None, ..outcome };
    let mut detail = detail(trail, facts, bounded, SOURCES_MAX);
    let left_out = [
        ("call", true),
        ("policies", policies.len() < outcome.policies.len()),
        ("request", outcome.request.is_some()),
        ("sources", facts.provenance.sources.len() > SOURCES_MAX),
    ];
    detail.call = None;
    detail.cut = left_out.iter().filter(|(_, had)| *had).map(|(name, _)| *name).collect();
    Some(record(trail, who, (&facts.tool.id(), outcome.outcome), Detail::of(&detail)))
}

fn detail<'a>(
    trail: &'a Trail,
    facts: &'a Facts<'_>,
    outcome: Outcome<'a>,
    sources_max: usize,
) -> Decided<'a> {
    let sources = facts.provenance.sources.iter().take(sources_max).map(String::as_str);
    Decided {
        approval: outcome.approval,
        call: Some(facts.recorded()),
        cut: Vec::new(),
        endpoint: trail.endpoint.path(),
        findings: &facts.found,
        flow: Flow { told: facts.told(), sources: sources.collect() },
        function: facts.tool.function,
        input_sha256: &facts.input_hash,
        integrity: facts.integrity,
        label: facts.label,
        limit: outcome.limit,
        ms: elapsed_ms(trail.started),
        policies: outcome.policies,
        request: outcome.request,
        session: trail.session.as_deref(),
    }
}

/// The record of a call that nobody could ask policy about.
pub(super) fn undecided(
    trail: &Trail,
    tool: &str,
    (code, why): (Code, &'static str),
) -> Option<Record> {
    let who = trail.caller.clone()?;
    let detail = serde_json::json!({
        "endpoint": trail.endpoint.path(), "why": why, "session": trail.session,
    });
    Some(record(trail, who, (tool, code.as_str()), detail.into()))
}

fn record(trail: &Trail, who: Who, (tool, outcome): (&str, &str), detail: Detail) -> Record {
    let tool = tool.chars().take(NAME_CHARS_MAX).collect();
    let facts = (trail.request, trail.commit.clone(), tool);
    who.record((Kind::Decision, CALL_TOOL), facts, outcome, detail)
}
