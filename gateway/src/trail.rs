//! What happened to one request, gathered step by step and written as audit records: names, hashes
//! and figures, never content.

use std::{collections::BTreeMap, sync::Arc};

use budget::Price;
use dlp::{Finding, Findings};
use policy::Permit;
use providers::{Api, Endpoint};
use router::{Choice, Difficulty, Plan};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use types::{Code, Label, Nanos, RequestId, TenantId, answer::Usage};

use crate::{
    cache::Meaning,
    limits,
    limits::{Limited, Told},
    metrics,
    refusal::Refusal,
};

mod record;

pub(crate) use record::{Completion, Ending, elapsed_ms};

/// Places of one kind that a record lists, and how much of each: deep JSON has long ones.
const PLACES_MAX: usize = 16;
const PLACE_BYTES_MAX: usize = 128;
/// The Cedar action of every request to a model.
const CALL_MODEL: &str = "callModel";

/// The headers that name a request: ours, and the one in which the SDKs of the API look for it.
pub(crate) fn named(api: Api, request: RequestId) -> Vec<(&'static str, String)> {
    let id = request.to_string();
    vec![("x-orchestack-request-id", id.clone()), (api.request_id_header(), id)]
}

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
    /// The label of the session before this request.
    pub(crate) session_label: Option<Label>,
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
    /// What routing is compared with: the price of the model that was asked for, or where the router was asked to
    /// choose, of the dearest of the plan.
    pub(crate) compared: Option<Arc<Price>>,
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

impl Found {
    /// Takes note of what an inspection found.
    pub(crate) fn take(&mut self, findings: &Findings) {
        for finding in &findings.findings {
            metrics::FINDINGS.with_label_values(&[finding.kind.as_str(), "found"]).inc();
            self.add(finding);
        }
        self.incomplete = !findings.complete;
    }

    /// Takes note of the findings for which policy refused.
    pub(crate) fn blocked<'k>(&self, kinds: impl Iterator<Item = &'k str>) {
        for kind in kinds {
            if let Some(found) = self.kinds.get(kind) {
                metrics::FINDINGS.with_label_values(&[kind, "block"]).inc_by(found.count);
            }
        }
    }

    /// Takes note of one more.
    pub(crate) fn add(&mut self, finding: &Finding) {
        let found = self.kinds.entry(finding.kind.as_str()).or_default();
        found.count = found.count.saturating_add(1);
        if found.places.len() < PLACES_MAX {
            found.places.push(finding.place.chars().take(PLACE_BYTES_MAX).collect());
        }
    }

    /// Takes note that something may have been missed.
    pub(crate) const fn missed(&mut self) {
        self.incomplete = true;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kinds.is_empty() && !self.incomplete
    }
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
            session_label: None,
            approval: None,
            facts: None,
            dropped: Vec::new(),
            permits: BTreeMap::new(),
            scorer: None,
            difficulty: None,
            planned: Vec::new(),
            compared: None,
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
        self.findings.take(findings);
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

    /// What the model costs that routing is compared with, where that is not the one of this price.
    pub(crate) fn beside(&self, price: &Arc<Price>) -> Option<Arc<Price>> {
        self.compared.clone().filter(|compared| compared.id != price.id)
    }

    /// The headers that every answer carries once their values are known.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = named(self.api(), self.request);
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

    /// The outcome's name for metrics: a code, or `ok`.
    pub(crate) const fn outcome(refused: Option<Code>) -> &'static str {
        match refused {
            Some(code) => code.as_str(),
            None => "ok",
        }
    }
}
