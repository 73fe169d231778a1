//! The records of a request: of its decision, and of each attempt's end.

use std::collections::BTreeMap;

use router::{Choice, Difficulty};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use types::{
    Actor, ActorType, AuditId, Label, Nanos, RequestId, Timestamp, Trace,
    answer::Usage,
    audit::{Detail, Kind, Record},
};

use super::{CALL_MODEL, Found, Looked, PLACE_BYTES_MAX, Trail, Who};
use crate::span;

/// Policies that a short record lists.
const POLICIES_MAX: usize = 16;

impl Trail {
    /// The record of a decision; `None` before the caller is known. `request` is the request's text,
    /// where policy wants it recorded.
    pub(crate) fn decision(
        &self,
        outcome: &str,
        policies: &[String],
        request: Option<&str>,
    ) -> Option<Record> {
        let who = self.caller.as_ref()?;
        let detail = Decided {
            attempts: &self.attempts,
            difficulty: self.difficulty.as_ref(),
            dropped: Some(&self.dropped),
            facts: self.facts.as_deref(),
            permits: Some(&self.permits),
            plan: Some(&self.planned),
            policies: (!policies.is_empty()).then_some(policies),
            request,
            scorer: self.scorer.as_ref(),
            ..self.outline()
        };
        Some(self.record(who, outcome, &detail))
    }

    /// The same record with only what has a bound of its own, for one that is too large with all of
    /// its detail: a decision is never without a record.
    pub(crate) fn short_decision(&self, outcome: &str, policies: &[String]) -> Option<Record> {
        let who = self.caller.as_ref()?;
        let id = |policy: &String| policy.chars().take(PLACE_BYTES_MAX).collect::<String>();
        let policies: Vec<_> = policies.iter().take(POLICIES_MAX).map(id).collect();
        let detail = Decided { policies: Some(&policies), cut: true, ..self.outline() };
        Some(self.record(who, outcome, &detail))
    }

    /// What the record of this request's end needs of its story; `None` before the caller is known.
    pub(crate) fn ending(&self) -> Option<Ending> {
        Some(Ending {
            who: self.caller.clone()?,
            request: self.request,
            commit: self.commit.clone(),
            started: self.started,
            attempts: self.attempts.clone(),
            given: self.cache,
        })
    }

    /// What a record tells of every request, whatever the tree holds.
    fn outline(&self) -> Decided<'_> {
        Decided {
            approval: self.approval.as_deref(),
            attempts: &[],
            cut: false,
            difficulty: None,
            dropped: None,
            endpoint: self.endpoint.path(),
            facts: None,
            findings: &self.findings,
            input_sha256: self.input_hash.as_deref(),
            label: self.label,
            limit: self.limited.as_ref(),
            ms: elapsed_ms(self.started),
            part_of: self.part_of,
            permits: None,
            plan: None,
            policies: None,
            redacted: self.redacted,
            request: None,
            scorer: None,
            session: self.session.as_deref(),
            session_label: self.session_label,
            trace: span::trace(),
        }
    }

    fn record(&self, who: &Who, outcome: &str, detail: &Decided<'_>) -> Record {
        let facts = (self.request, self.commit.clone(), self.asked.clone());
        who.clone().record((Kind::Decision, self.action), facts, outcome, Detail::of(detail))
    }
}

/// The detail of a decision's record.
#[derive(Serialize)]
struct Decided<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attempts: &'a [Value],
    /// Whether it was too long and only the outline is left.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    difficulty: Option<&'a Difficulty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<&'a [Value]>,
    endpoint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<&'a RawValue>,
    findings: &'a Found,
    input_sha256: Option<&'a str>,
    label: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a Value>,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permits: Option<&'a BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a [Choice]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policies: Option<&'a [String]>,
    redacted: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scorer: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_label: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
}

impl Who {
    /// A record of what it asked for: the request, the commit, and the model or the tool.
    pub(crate) fn record(
        self,
        (kind, action): (Kind, &str),
        (request, commit, resource): (RequestId, String, String),
        outcome: &str,
        detail: Detail,
    ) -> Record {
        Record {
            id: AuditId::generate(),
            at: Timestamp::now(),
            tenant: self.tenant,
            kind,
            request: Some(request),
            actor: Actor { kind: ActorType::Agent, id: self.agent, auth: self.auth },
            action: action.to_owned(),
            resource,
            outcome: outcome.to_owned(),
            commit,
            detail,
        }
    }
}

pub(crate) fn elapsed_ms(started: tokio::time::Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// What the record of a request's end is made of, apart from the end itself.
#[derive(Debug)]
pub(crate) struct Ending {
    who: Who,
    request: RequestId,
    commit: String,
    started: tokio::time::Instant,
    attempts: Vec<Value>,
    /// Whether an answer was given again.
    given: Option<Looked>,
}

impl Ending {
    /// The record of the end, with what it cost.
    pub(crate) fn completion(&self, end: &Completion<'_>) -> Record {
        let (answer_of, similarity) = match self.given {
            Some(Looked::Hit { answer_of, similarity }) => (Some(answer_of), similarity),
            Some(Looked::Miss) | None => (None, None),
        };
        let detail = Ended {
            answer: end.answer,
            answer_of,
            attempt: end.attempt,
            attempts: &self.attempts,
            basis: end.basis,
            cost_nanos: end.cost.0,
            findings: end.findings,
            ms: elapsed_ms(self.started),
            output_sha256: end.output_hash,
            provider: end.provider,
            similarity,
            trace: span::trace(),
            usage: end.usage,
        };
        let facts = (self.request, self.commit.clone(), end.model.to_owned());
        let kind = (Kind::Completion, CALL_MODEL);
        self.who.clone().record(kind, facts, end.outcome, Detail::of(&detail))
    }
}

/// The detail of the record of a request's end.
#[derive(Serialize)]
struct Ended<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_of: Option<RequestId>,
    attempt: &'a str,
    attempts: &'a [Value],
    basis: &'a str,
    cost_nanos: i64,
    /// What was found in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a Found>,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_sha256: Option<&'a str>,
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    similarity: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
    usage: Option<Usage>,
}

/// How an attempt that was paid for ended.
#[derive(Clone, Copy)]
pub(crate) struct Completion<'a> {
    pub(crate) outcome: &'a str,
    pub(crate) model: &'a str,
    pub(crate) provider: &'a str,
    pub(crate) attempt: &'a str,
    pub(crate) cost: Nanos,
    pub(crate) basis: &'a str,
    pub(crate) usage: Option<Usage>,
    pub(crate) output_hash: Option<&'a str>,
    /// What was found in the answer, if anything was.
    pub(crate) findings: Option<&'a Found>,
    /// The answer's text, where policy wants it recorded.
    pub(crate) answer: Option<&'a str>,
}
