//! What happened to one request, gathered step by step and written as audit records: names, hashes
//! and figures, never content.

use std::collections::BTreeMap;

use dlp::Findings;
use policy::Permit;
use providers::{Api, Endpoint};
use router::{Choice, Difficulty, Plan};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use types::{
    Actor, ActorType, AuditId, Code, Label, Nanos, RequestId, TenantId, Timestamp, Trace,
    answer::Usage,
    audit::{Detail, Kind, Record},
};

use crate::{
    cache::Meaning,
    limits,
    limits::{Limited, Told},
    metrics,
    refusal::Refusal,
    span,
};

/// Places of one kind that a record lists, and how much of each: deep JSON has long ones.
const PLACES_MAX: usize = 16;
const PLACE_BYTES_MAX: usize = 128;
/// The Cedar action of every request to a model.
const CALL_MODEL: &str = "callModel";
/// Policies that a short record lists.
const POLICIES_MAX: usize = 16;

/// The story of one request so far. A second attempt beside another has a copy for its own record.
#[derive(Debug, Clone)]
pub(crate) struct Trail {
    pub(crate) request: RequestId,
    /// What the caller asks.
    pub(crate) endpoint: Endpoint,
    /// What was asked to be done.
    pub(crate) action: &'static str,
    pub(crate) started: tokio::time::Instant,
    /// Whether the decision's record is written.
    pub(crate) decided: bool,
    /// Who calls, once known. Without it there is nobody to charge or to keep records of.
    pub(crate) caller: Option<Who>,
    pub(crate) commit: String,
    /// How much is left of the caller's rate limits.
    pub(crate) limits: Vec<Told>,
    /// The rate limit that stood in the way.
    pub(crate) limited: Option<Value>,
    /// The request that it is asked for, where the gateway asks by itself.
    pub(crate) part_of: Option<RequestId>,
    /// The model as the caller asked for it.
    pub(crate) asked: String,
    pub(crate) label: Option<Label>,
    /// SHA-256 of the body.
    pub(crate) input_hash: Option<String>,
    /// What the inspection found.
    pub(crate) findings: Found,
    pub(crate) redacted: usize,
    pub(crate) session: Option<String>,
    /// The approval that was asked for or given.
    pub(crate) approval: Option<String>,
    /// What the decision was asked about, for those who ask other policies.
    pub(crate) facts: Option<Box<RawValue>>,
    /// Candidates that are out, with the reason of each.
    pub(crate) dropped: Vec<Value>,
    /// Policies that permit, by model.
    pub(crate) permits: BTreeMap<String, Vec<String>>,
    /// What an external scorer said, or why it was not heard.
    pub(crate) scorer: Option<Value>,
    /// How hard the request looked, where that counted.
    pub(crate) difficulty: Option<Difficulty>,
    /// The plan's models in order, with what put each in its place.
    pub(crate) planned: Vec<Choice>,
    /// Every lost attempt in order.
    pub(crate) attempts: Vec<Value>,
    /// What served the request in the end.
    pub(crate) served: Option<Served>,
    /// What came of looking into the answer cache, where it was.
    pub(crate) cache: Option<Looked>,
    /// What the request means, once that was asked: asked once, whatever came of it.
    pub(crate) meaning: Option<Meaning>,
}

/// What came of a look into the answer cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked {
    /// An answer is given again.
    Hit {
        /// The request that it was an answer to.
        answer_of: RequestId,
        /// How near that request's meaning is, in percent, where it was not the same.
        similarity: Option<u8>,
    },
    /// There is none.
    Miss,
}

/// What an inspection found, by kind: kinds and places, never values.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct Found {
    #[serde(flatten)]
    kinds: BTreeMap<&'static str, OfKind>,
    /// Whether the inspection came to no end, and something may have been missed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    incomplete: bool,
}

/// The findings of one kind.
#[derive(Debug, Default, Clone, Serialize)]
struct OfKind {
    count: u64,
    places: Vec<String>,
}

/// Whose request it is.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) tenant: TenantId,
    pub(crate) agent: String,
    pub(crate) auth: String,
}

/// The model that answered, and what it cost.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) cost: Option<Nanos>,
    /// What it used, where that is known.
    pub(crate) usage: Option<Usage>,
}

impl Trail {
    pub(crate) fn new(request: RequestId, endpoint: Endpoint) -> Self {
        Self {
            request,
            endpoint,
            action: CALL_MODEL,
            started: tokio::time::Instant::now(),
            decided: false,
            caller: None,
            commit: String::new(),
            limits: Vec::new(),
            limited: None,
            part_of: None,
            asked: String::new(),
            label: None,
            input_hash: None,
            findings: Found::default(),
            redacted: 0,
            session: None,
            approval: None,
            facts: None,
            dropped: Vec::new(),
            permits: BTreeMap::new(),
            scorer: None,
            difficulty: None,
            planned: Vec::new(),
            attempts: Vec::new(),
            served: None,
            cache: None,
            meaning: None,
        }
    }

    /// What the caller speaks.
    pub(crate) const fn api(&self) -> Api {
        self.endpoint.api()
    }

    /// Takes note of what the inspection found.
    pub(crate) fn found(&mut self, findings: &Findings) {
        for finding in &findings.findings {
            let kind = finding.kind.as_str();
            metrics::FINDINGS.with_label_values(&[kind, "found"]).inc();
            let found = self.findings.kinds.entry(kind).or_default();
            found.count = found.count.saturating_add(1);
            if found.places.len() < PLACES_MAX {
                found.places.push(finding.place.chars().take(PLACE_BYTES_MAX).collect());
            }
        }
        self.findings.incomplete = !findings.complete;
    }

    /// Takes note of the findings for which policy refused the request.
    pub(crate) fn blocked<'k>(&self, kinds: impl Iterator<Item = &'k str>) {
        for kind in kinds {
            if let Some(found) = self.findings.kinds.get(kind) {
                metrics::FINDINGS.with_label_values(&[kind, "block"]).inc_by(found.count);
            }
        }
    }

    /// Takes note of what is permitted and planned.
    pub(crate) fn plan(&mut self, permit: &Permit, plan: &Plan) {
        for allowed in permit.models() {
            self.permits.insert(allowed.model().to_owned(), allowed.policies().to_vec());
        }
        self.dropped = plan.dropped().iter().map(|dropped| json!(dropped)).collect();
        self.difficulty = plan.difficulty().cloned();
        self.planned = plan.attempts().to_vec();
    }

    /// The headers that every answer carries once their values are known.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("x-orchestack-request-id", self.request.to_string())];
        if let Some(label) = self.label {
            headers.push(("x-orchestack-label", label.to_string()));
        }
        if !self.commit.is_empty() {
            headers.push(("x-orchestack-commit", self.commit.clone()));
        }
        headers.extend(limits::headers(&self.limits));
        if let Some(served) = &self.served {
            headers.push(("x-orchestack-model", served.model.clone()));
            headers.push(("x-orchestack-provider", served.provider.clone()));
            if let Some(cost) = served.cost {
                headers.push(("x-orchestack-cost", cost.to_usd()));
            }
        }
        if let Some(looked) = self.cache {
            let told = match looked {
                Looked::Miss => "miss",
                Looked::Hit { similarity: None, .. } => "hit",
                Looked::Hit { similarity: Some(_), .. } => "near",
            };
            headers.push(("x-orchestack-cache", told.to_owned()));
        }
        headers
    }

    /// Takes note of what is left of the caller's rate limits, and passes on the refusal of the one
    /// that is reached.
    pub(crate) fn within<T>(&mut self, passed: Result<T, Limited>) -> Result<T, Refusal> {
        passed.map_err(|limited| {
            self.limits.push(limited.told());
            self.limited = Some(limited.record());
            limited.refusal()
        })
    }

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
            trace: span::trace(),
        }
    }

    fn record(&self, who: &Who, outcome: &str, detail: &Decided<'_>) -> Record {
        let facts = (self.request, self.commit.clone(), self.asked.clone());
        who.clone().record((Kind::Decision, self.action), facts, outcome, Detail::of(detail))
    }

    /// The outcome's name for metrics: a code, or `ok`.
    pub(crate) const fn outcome(refused: Option<Code>) -> &'static str {
        match refused {
            Some(code) => code.as_str(),
            None => "ok",
        }
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
    trace: Option<Trace>,
}

impl Who {
    /// A record of what it asked for: the request, the commit and the model.
    fn record(
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

fn elapsed_ms(started: tokio::time::Instant) -> u64 {
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
    /// The answer's text, where policy wants it recorded.
    pub(crate) answer: Option<&'a str>,
}
