//! External scorers: what is asked of them, what is made of their answers, and when they are not heard.
//!
//! They see names, counts and figures; never text of the request, and no candidate that policy or the
//! filter removed. `docs/routing.md` has the contract.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use router::{
    Capabilities, Choice, HealthTable, Limits, Model, Needs, NoRoute, Opinion, Outcome, Plan,
    Shortlist, Standing, Took, Variant,
};
use serde::Serialize;
use serde_json::json;
use snapshot::Scorer;
use tokio::time::{Instant, timeout};
use types::{Label, Locality, SizeClass};

use crate::{
    authorize::Call,
    deliver::read_body,
    gate::Gate,
    metrics,
    source::recycle,
    trail::Trail,
    upstream::{Endpoint, Failure, Response, Upstreams},
};

/// The version of the contract.
const VERSION: u8 = 1;
/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// How long an exchange may go on after the request went its way without it: a first connection may take
/// longer than any request waits, and is there for the next one.
const EXCHANGE_MAX: Duration = Duration::from_secs(1);
/// Tries while pooled connections turn out dead.
const STALE_TRIES: usize = 2;
/// One that keeps failing is not asked for a while: five times in a row, or more than a third of the
/// time; for five seconds, at most a minute.
const REST: Limits = Limits {
    failures: 5,
    failing: 350,
    cool_down: Duration::from_secs(5),
    cool_down_max: Duration::from_secs(60),
    probe: EXCHANGE_MAX,
};

/// How every scorer does, by its address.
pub(crate) struct Scorers(Mutex<HealthTable>);

/// Why an answer was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ignored {
    /// It kept failing and is left alone for a while.
    Resting,
    /// It did not come in time.
    Deadline,
    /// No connection, or one that broke.
    Unreachable,
    /// Another status than 200.
    Status(u16),
    /// Not what the contract says.
    Nonsense,
}

/// What is asked.
#[derive(Serialize)]
struct Question<'a> {
    version: u8,
    request: Features<'a>,
    candidates: Vec<Candidate<'a>>,
}

/// The request, as far as a scorer may know it.
#[derive(Serialize)]
struct Features<'a> {
    id: String,
    tenant: &'a str,
    agent: &'a str,
    endpoint: &'static str,
    model: &'a str,
    variant: Option<Variant>,
    label: Label,
    findings: BTreeMap<&'static str, u64>,
    needs: Needs,
    choices: u32,
    messages: usize,
    tools: usize,
}

/// A model that may and can serve it.
#[derive(Serialize)]
struct Candidate<'a> {
    model: &'a str,
    provider: &'a str,
    standing: Standing,
    locality: Locality,
    size: SizeClass,
    quality: u8,
    /// What one call costs at worst, in nano-dollars.
    cost_nanos: i64,
    latency_ms: Option<u64>,
    context_tokens: u64,
    capabilities: Capabilities,
}

/// The plan of a list with a scorer's opinion of it, or without where none can be had in time. Which of
/// the two is on record.
pub(crate) async fn plan(
    gate: &Gate,
    trail: &mut Trail,
    call: &Call<'_>,
    scorer: &Arc<Scorer>,
    mut list: Shortlist<'_>,
) -> Result<Plan, NoRoute> {
    let choices = list.candidates();
    let question = Question {
        version: VERSION,
        request: features(trail, call, &list),
        candidates: choices.iter().map(|(choice, model)| candidate(choice, model)).collect(),
    };
    let body = serde_json::to_vec(&question).map(Bytes::from).unwrap_or_default();
    let asked = Instant::now();
    let said = consult(gate, scorer, body).await;
    let took = asked.elapsed();
    metrics::SCORER_TIME.observe(took.as_secs_f64());
    let outcome = said.as_ref().map_or_else(|ignored| ignored.as_str(), |_| "used");
    metrics::SCORERS.with_label_values(&[outcome]).inc();
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let told = json!({ "url": scorer.url, "outcome": outcome, "took_us": took_us });
    let record = trail.scorer.insert(told);
    match said {
        Ok(opinion) => {
            let models: BTreeSet<&str> = choices.iter().map(|(c, _)| c.model.as_str()).collect();
            let (opinion, others) = opinion.of(&models);
            record["opinion"] = json!(opinion);
            record["unknown"] = json!(others);
            list.plan_with(&opinion, scorer.weight)
        }
        Err(ignored) => {
            if let Ignored::Status(status) = ignored {
                record["status"] = json!(status);
            }
            list.plan()
        }
    }
}

fn features<'a>(trail: &Trail, call: &'a Call<'_>, list: &'a Shortlist<'_>) -> Features<'a> {
    let (chat, caller) = (call.request.as_chat(), &call.known.caller);
    let mut findings = BTreeMap::new();
    for finding in &call.findings.findings {
        *findings.entry(finding.kind.as_str()).or_insert(0) += 1;
    }
    Features {
        id: trail.request.to_string(),
        tenant: &caller.tenant_name,
        agent: &caller.agent_name,
        endpoint: trail.endpoint.path(),
        model: list.asked(),
        variant: list.variant(),
        label: call.label,
        findings,
        needs: call.needs(),
        choices: chat.map_or(1, |chat| chat.choices),
        messages: chat.map_or(0, |chat| chat.messages.len()),
        tools: chat.map_or(0, |chat| chat.tools.len()),
    }
}

fn candidate<'a>(choice: &'a Choice, model: &'a Model) -> Candidate<'a> {
    Candidate {
        model: &choice.model,
        provider: &choice.provider,
        standing: choice.standing,
        locality: choice.locality,
        size: choice.size,
        quality: choice.quality,
        cost_nanos: choice.cost.0,
        latency_ms: choice.latency_ms,
        context_tokens: model.context_tokens,
        capabilities: model.capabilities,
    }
}

/// Asks, for as long as a request may wait. Why there is no answer is on record and told to nobody else.
async fn consult(gate: &Gate, scorer: &Arc<Scorer>, body: Bytes) -> Result<Opinion, Ignored> {
    let now = gate.moment();
    if !gate.scorers.may_ask(&scorer.url, now) {
        return Err(Ignored::Resting);
    }
    let exchange = exchange(Arc::clone(&gate.upstreams), Arc::clone(scorer), body);
    let exchange = tokio::spawn(timeout(EXCHANGE_MAX, exchange));
    let said = match timeout(scorer.deadline, exchange).await {
        Ok(Ok(Ok(said))) => said,
        Err(_) | Ok(Ok(Err(_))) => Err(Ignored::Deadline),
        Ok(Err(_)) => Err(Ignored::Unreachable),
    };
    let all = gate.moment().saturating_sub(now);
    let outcome = match said {
        Ok(_) => Outcome::Answered(Took::Whole { all, input_tokens: 0 }),
        Err(_) => Outcome::Failed,
    };
    gate.scorers.note(&scorer.url, outcome, gate.moment());
    said
}

async fn exchange(
    upstreams: Arc<Upstreams>,
    scorer: Arc<Scorer>,
    body: Bytes,
) -> Result<Opinion, Ignored> {
    let mut response = post(&upstreams, &scorer, body).await.map_err(|_| Ignored::Unreachable)?;
    if response.status != 200 {
        let status = response.status;
        response.stop().await;
        return Err(Ignored::Status(status));
    }
    let Ok(answer) = read_body(&mut response, ANSWER_BYTES_MAX).await else {
        response.stop().await;
        return Err(Ignored::Nonsense);
    };
    recycle(&upstreams, response).await;
    let opinion: Opinion = serde_json::from_slice(&answer).map_err(|_| Ignored::Nonsense)?;
    opinion.check().map_err(|_| Ignored::Nonsense)?;
    Ok(opinion)
}

async fn post(upstreams: &Upstreams, scorer: &Scorer, body: Bytes) -> Result<Response, Failure> {
    let endpoint = Endpoint::parse(&scorer.url)?;
    let path = endpoint.full_path("");
    let path = if path.is_empty() { "/" } else { &path };
    let bearer = |token: &types::Secret| ("authorization", format!("Bearer {}", token.expose()));
    let headers: Vec<_> = scorer.token.iter().map(bearer).collect();
    let mut failure = Failure::Stale;
    for _ in 0..STALE_TRIES {
        let connection = upstreams.connect(&endpoint, EXCHANGE_MAX).await?;
        let posted = connection.post(&endpoint, path, &headers, body.clone(), EXCHANGE_MAX).await;
        match posted {
            Err(Failure::Stale) => failure = Failure::Stale,
            Err(other) => return Err(other),
            Ok(response) => return Ok(response),
        }
    }
    Err(failure)
}

impl Default for Scorers {
    fn default() -> Self {
        Self(Mutex::new(HealthTable::new(REST)))
    }
}

impl Scorers {
    /// Whether one may be asked now, which then counts as asking it.
    fn may_ask(&self, url: &str, now: router::Moment) -> bool {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = table.get(url, "").admits(now);
        if may {
            table.record(url, "", Outcome::Dispatched, now);
        }
        may
    }

    fn note(&self, url: &str, outcome: Outcome, now: router::Moment) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.record(url, "", outcome, now);
    }
}

impl Ignored {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Deadline => "deadline",
            Self::Unreachable => "unreachable",
            Self::Status(_) => "status",
            Self::Nonsense => "nonsense",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_keeps_failing_is_left_alone_and_tried_by_one_request() {
        let (scorers, url) = (Scorers::default(), "http://127.0.0.1:1/score");
        let at = Duration::from_millis;
        for n in 0..5 {
            assert!(scorers.may_ask(url, at(n)), "asked {n} times");
            scorers.note(url, Outcome::Failed, at(n));
        }
        assert!(!scorers.may_ask(url, at(10)) && !scorers.may_ask(url, at(4_900)));
        assert!(scorers.may_ask("http://127.0.0.1:2/score", at(10)), "another one is well");
        // After its rest one request finds out, and the others go on without it meanwhile.
        assert!(scorers.may_ask(url, at(5_100)) && !scorers.may_ask(url, at(5_101)));
        let all = at(1);
        scorers.note(url, Outcome::Answered(Took::Whole { all, input_tokens: 0 }), at(5_102));
        assert!(scorers.may_ask(url, at(5_103)));
    }
}
