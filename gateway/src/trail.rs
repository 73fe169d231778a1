//! What happened to one request, gathered step by step and written as audit records: names, hashes
//! and figures, never content.

use dlp::Findings;
use policy::Permit;
use router::Plan;
use serde_json::{Map, Value, json};
use types::{
    Actor, ActorType, AuditId, Code, Label, Nanos, RequestId, TenantId, Timestamp,
    answer::Usage,
    audit::{Kind, Record},
};

use crate::{
    limits,
    limits::{Limited, Told},
    metrics,
    refusal::Refusal,
    span,
};

/// Places of one kind that a record lists, and how much of each: deep JSON has long ones.
const PLACES_MAX: usize = 16;
const PLACE_BYTES_MAX: usize = 128;
/// Policies that a short record lists.
const POLICIES_MAX: usize = 16;

/// The story of one request so far.
#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) request: RequestId,
    pub(crate) endpoint: &'static str,
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
    /// The model as the caller asked for it.
    pub(crate) asked: String,
    pub(crate) label: Option<Label>,
    /// SHA-256 of the body.
    pub(crate) input_hash: Option<String>,
    /// Findings by kind: how many, and what was done.
    pub(crate) findings: Map<String, Value>,
    pub(crate) redacted: usize,
    pub(crate) session: Option<String>,
    /// The approval that was asked for or given.
    pub(crate) approval: Option<String>,
    /// What the decision was asked about, for those who ask other policies.
    pub(crate) facts: Option<Value>,
    /// Candidates that are out, with the reason of each.
    pub(crate) dropped: Vec<Value>,
    /// Policies that permit, by model.
    pub(crate) permits: Map<String, Value>,
    /// The plan's models in order.
    pub(crate) planned: Vec<Value>,
    /// Every lost attempt in order.
    pub(crate) attempts: Vec<Value>,
    /// What served the request in the end.
    pub(crate) served: Option<Served>,
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
    pub(crate) fn new(request: RequestId, endpoint: &'static str) -> Self {
        Self {
            request,
            endpoint,
            started: tokio::time::Instant::now(),
            decided: false,
            caller: None,
            commit: String::new(),
            limits: Vec::new(),
            limited: None,
            asked: String::new(),
            label: None,
            input_hash: None,
            findings: Map::new(),
            redacted: 0,
            session: None,
            approval: None,
            facts: None,
            dropped: Vec::new(),
            permits: Map::new(),
            planned: Vec::new(),
            attempts: Vec::new(),
            served: None,
        }
    }

    /// Takes note of what the inspection found: kinds and places, never values.
    pub(crate) fn found(&mut self, findings: &Findings) {
        for finding in &findings.findings {
            let kind = finding.kind.as_str();
            metrics::FINDINGS.with_label_values(&[kind, "found"]).inc();
            let entry =
                self.findings.entry(kind).or_insert_with(|| json!({ "count": 0, "places": [] }));
            let count = entry.get("count").and_then(Value::as_u64).unwrap_or(0);
            entry["count"] = json!(count + 1);
            if let Some(places) = entry["places"].as_array_mut()
                && places.len() < PLACES_MAX
            {
                places.push(json!(finding.place.chars().take(PLACE_BYTES_MAX).collect::<String>()));
            }
        }
        if !findings.complete {
            self.findings.insert("incomplete".to_owned(), json!(true));
        }
    }

    /// Takes note of the findings for which policy refused the request.
    pub(crate) fn blocked<'k>(&self, kinds: impl Iterator<Item = &'k str>) {
        for kind in kinds {
            let count = self.findings.get(kind).and_then(|entry| entry.get("count"));
            if let Some(count) = count.and_then(Value::as_u64) {
                metrics::FINDINGS.with_label_values(&[kind, "block"]).inc_by(count);
            }
        }
    }

    /// Takes note of what is permitted and planned.
    pub(crate) fn plan(&mut self, permit: &Permit, plan: &Plan) {
        for allowed in permit.models() {
            self.permits.insert(allowed.model().to_owned(), json!(allowed.policies()));
        }
        self.dropped = plan.dropped().iter().map(|dropped| json!(dropped)).collect();
        self.planned = plan.attempts().iter().map(|choice| json!(choice.model)).collect();
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

    /// The record of a decision; `None` before the caller is known.
    pub(crate) fn decision(&self, outcome: &str, policies: &[String]) -> Option<Record> {
        let mut detail = self.detail();
        if !policies.is_empty() {
            detail.insert("policies".to_owned(), json!(policies));
        }
        self.record(Kind::Decision, outcome, detail)
    }

    /// The same record with only what has a bound of its own, for one that is too large with all of
    /// its detail: a decision is never without a record.
    pub(crate) fn short_decision(&self, outcome: &str, policies: &[String]) -> Option<Record> {
        let mut detail = self.outline();
        let id = |policy: &String| policy.chars().take(PLACE_BYTES_MAX).collect::<String>();
        let policies: Vec<_> = policies.iter().take(POLICIES_MAX).map(id).collect();
        detail.insert("policies".to_owned(), json!(policies));
        detail.insert("cut".to_owned(), json!(true));
        self.record(Kind::Decision, outcome, detail)
    }

    /// The record of an ended request, with what it cost.
    pub(crate) fn completion(&self, end: &Completion<'_>) -> Option<Record> {
        Some(self.ending()?.completion(end))
    }

    /// What the record of this request's end needs of its story; `None` before the caller is known.
    pub(crate) fn ending(&self) -> Option<Ending> {
        Some(Ending {
            who: self.caller.clone()?,
            request: self.request,
            commit: self.commit.clone(),
            started: self.started,
            attempts: self.attempts.clone(),
        })
    }

    fn detail(&self) -> Map<String, Value> {
        let mut detail = self.outline();
        let mut put = |key: &str, value: Value| detail.insert(key.to_owned(), value);
        put("permits", Value::Object(self.permits.clone()));
        put("plan", Value::Array(self.planned.clone()));
        put("dropped", Value::Array(self.dropped.clone()));
        if let Some(facts) = &self.facts {
            put("facts", facts.clone());
        }
        if !self.attempts.is_empty() {
            put("attempts", Value::Array(self.attempts.clone()));
        }
        detail
    }

    /// What a record tells of every request, whatever the tree holds.
    fn outline(&self) -> Map<String, Value> {
        let mut outline = Map::new();
        let mut put = |key: &str, value: Value| outline.insert(key.to_owned(), value);
        put("endpoint", json!(self.endpoint));
        put("label", json!(self.label));
        put("input_sha256", json!(self.input_hash));
        put("findings", Value::Object(self.findings.clone()));
        put("redacted", json!(self.redacted));
        if let Some(session) = &self.session {
            put("session", json!(session));
        }
        if let Some(approval) = &self.approval {
            put("approval", json!(approval));
        }
        if let Some(limited) = &self.limited {
            put("limit", limited.clone());
        }
        put("ms", json!(self.elapsed_ms()));
        outline
    }

    fn record(&self, kind: Kind, outcome: &str, detail: Map<String, Value>) -> Option<Record> {
        let who = self.caller.clone()?;
        let facts = (self.request, self.commit.clone(), self.asked.clone());
        Some(who.record(kind, facts, outcome, detail))
    }

    fn elapsed_ms(&self) -> u64 {
        elapsed_ms(self.started)
    }

    /// The outcome's name for metrics: a code, or `ok`.
    pub(crate) const fn outcome(refused: Option<Code>) -> &'static str {
        match refused {
            Some(code) => code.as_str(),
            None => "ok",
        }
    }
}

impl Who {
    /// A record of what it asked for: the request, the commit and the model.
    fn record(
        self,
        kind: Kind,
        (request, commit, resource): (RequestId, String, String),
        outcome: &str,
        mut detail: Map<String, Value>,
    ) -> Record {
        if let Some(trace) = span::trace() {
            detail.insert("trace".to_owned(), json!(trace));
        }
        Record {
            id: AuditId::generate(),
            at: Timestamp::now(),
            tenant: self.tenant,
            kind,
            request: Some(request),
            actor: Actor { kind: ActorType::Agent, id: self.agent, auth: self.auth },
            action: "callModel".to_owned(),
            resource,
            outcome: outcome.to_owned(),
            commit,
            detail: Value::Object(detail),
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
}

impl Ending {
    /// The record of the end, with what it cost.
    pub(crate) fn completion(self, end: &Completion<'_>) -> Record {
        let mut detail = Map::new();
        detail.insert("provider".to_owned(), json!(end.provider));
        detail.insert("attempt".to_owned(), json!(end.attempt));
        detail.insert("cost_nanos".to_owned(), json!(end.cost.0));
        detail.insert("basis".to_owned(), json!(end.basis));
        detail.insert("usage".to_owned(), json!(end.usage));
        detail.insert("ms".to_owned(), json!(elapsed_ms(self.started)));
        if let Some(hash) = end.output_hash {
            detail.insert("output_sha256".to_owned(), json!(hash));
        }
        detail.insert("attempts".to_owned(), Value::Array(self.attempts));
        let facts = (self.request, self.commit, end.model.to_owned());
        self.who.record(Kind::Completion, facts, end.outcome, detail)
    }
}

/// How an attempt that was paid for ended.
pub(crate) struct Completion<'a> {
    pub(crate) outcome: &'a str,
    pub(crate) model: &'a str,
    pub(crate) provider: &'a str,
    pub(crate) attempt: &'a str,
    pub(crate) cost: Nanos,
    pub(crate) basis: &'a str,
    pub(crate) usage: Option<Usage>,
    pub(crate) output_hash: Option<&'a str>,
}
