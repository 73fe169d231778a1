//! The life of a request, told once, top to bottom. Nothing else knows the order.
//!
//! ```text
//! caller -> parse -> dlp: findings, label -> policy: Permit -> router: Plan
//!        -> per attempt: hold -> dispatch -> ask -> stream out -> settle and audit
//! ```

use std::{panic::AssertUnwindSafe, time::Duration};

use bytes::Bytes;
use dlp::Findings;
use policy::{BudgetFacts, Denied, DenyReason, ModelCall, RequestFacts, SessionFacts};
use router::{Candidates, Facts, Needs, NoRoute, Plan};
use serde_json::json;
use snapshot::{Snapshot, keys::sha256_hex};
use tracing::Instrument;
use types::{
    Code, Integrity, Label, RequestId, Timestamp,
    chat::{ChatRequest, Format},
};

use crate::{
    attempt::{self, Order},
    caller::{self, Known},
    downstream::{Downstream, Left},
    gate::Gate,
    metrics, quote,
    refusal::Refusal,
    reserve, span,
    trail::{Trail, Who},
    wishes::Wishes,
};

/// The path of chat completions.
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// Serves one chat request and leaves its traces: span, metrics, audit.
pub(crate) async fn chat_completions(
    gate: &Gate,
    id: RequestId,
    down: &mut Downstream<'_>,
) -> Result<(), Left> {
    let mut trail = Trail::new(id, CHAT);
    let span = span::of_request(id, down.header("traceparent"));
    let result = chat(gate, &mut trail, down).instrument(span.clone()).await;
    let outcome = Trail::outcome(result.as_ref().err().map(|refusal| refusal.code));
    span::finish(&span, &trail, outcome);
    let told = match result {
        Ok(()) => Ok(()),
        Err(refusal) => refuse(gate, &trail, &refusal, down).await,
    };
    let (model, provider) =
        trail.served.as_ref().map_or(("", ""), |s| (s.model.as_str(), s.provider.as_str()));
    metrics::REQUESTS.with_label_values(&[CHAT, model, provider, outcome]).inc();
    told
}

/// The straight path of one chat request. Each step needs what the step above it returned.
async fn chat(gate: &Gate, trail: &mut Trail, down: &mut Downstream<'_>) -> Result<(), Refusal> {
    let now = Timestamp::now();
    let snapshot = gate.snapshots.load();
    let known = caller::authenticate(gate, &snapshot, down, now)?;
    trail.enter(&snapshot, &known);
    let wishes = Wishes::read(down)?;
    trail.session = wishes.session.map(|id| id.to_string());
    let body = down.body(gate.options.body_bytes_max, gate.options.body_rate_min).await?;
    trail.input_hash = Some(sha256_hex(&body));
    let mut request = parse(&body)?;
    drop(body);
    trail.asked.clone_from(&request.model);
    let findings = inspect(&snapshot, &mut request, trail);
    let label = findings.label.join(known.agent.label.unwrap_or(Label::Public)).join(wishes.label);
    trail.label = Some(label);
    let candidates = candidates(&snapshot, &known, &request)?;
    let call = Call {
        now,
        label,
        known: &known,
        wishes: &wishes,
        request: &request,
        findings: &findings,
        input_bound: budget::input_bound(&request),
    };
    let decision = decide(gate, trail, &snapshot, &call, &candidates).await?;
    let permit =
        decision.permit.ok_or_else(|| denied(&decision.denied, candidates.variant().is_some()))?;
    let plan = plan(gate, &snapshot, &call, &permit, &decision.denied, &candidates)
        .map_err(|none| no_route(trail, &none, &decision.denied, candidates.variant().is_some()))?;
    trail.plan(&permit, &plan);
    if wishes.dry_run {
        return explain(gate, trail, &plan, down).await;
    }
    let order = Order {
        snapshot: &snapshot,
        permit: &permit,
        known: &known,
        request: &request,
        findings: &findings,
        max_cost: wishes.max_cost,
        now,
    };
    attempt::answer(gate, &order, &plan, trail, down).await
}

/// What is known of a call once it is parsed and inspected.
struct Call<'a> {
    now: Timestamp,
    label: Label,
    known: &'a Known<'a>,
    wishes: &'a Wishes,
    request: &'a ChatRequest,
    findings: &'a Findings,
    /// Upper bound of the input, in tokens.
    input_bound: u64,
}

fn parse(body: &Bytes) -> Result<ChatRequest, Refusal> {
    // Beyond this a body would hold up the other requests of this thread.
    const LONG: usize = 256 << 10;
    let parsed = if body.len() > LONG {
        tokio::task::block_in_place(|| providers::openai::decode_request(body))
    } else {
        providers::openai::decode_request(body)
    };
    parsed.map_err(|rejection| Refusal {
        param: rejection.param,
        ..Refusal::new(Code::InvalidRequest, rejection.message)
    })
}

/// Inspects the request. A panic in the engine is the request's top label, not the process's end.
fn inspect(snapshot: &Snapshot, request: &mut ChatRequest, trail: &mut Trail) -> Findings {
    let inspected = std::panic::catch_unwind(AssertUnwindSafe(|| snapshot.dlp.inspect(request)));
    let findings = inspected.unwrap_or_else(|_| {
        tracing::error!("the inspection failed; the request is treated as restricted");
        Findings { label: Label::Restricted, findings: Vec::new(), complete: false }
    });
    trail.found(&findings);
    findings
}

fn candidates<'s>(
    snapshot: &'s Snapshot,
    known: &Known<'_>,
    request: &ChatRequest,
) -> Result<Candidates<'s>, Refusal> {
    let preferred = known.agent.model.as_deref().filter(|_| request.model == "auto");
    let asked = preferred.unwrap_or(&request.model);
    let found = router::candidates(&snapshot.registry, asked).map_err(|unknown| Refusal {
        param: Some("model".to_owned()),
        ..Refusal::new(Code::ModelNotFound, unknown.to_string())
    })?;
    Ok(found.with_fallbacks(&known.agent.fallbacks))
}

async fn decide(
    gate: &Gate,
    trail: &Trail,
    snapshot: &Snapshot,
    call: &Call<'_>,
    candidates: &Candidates<'_>,
) -> Result<policy::Decision, Refusal> {
    let budget = budget_facts(gate, snapshot, call).await?;
    let mut kinds: Vec<&str> = call.findings.findings.iter().map(|f| f.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let request = call.request;
    let output = |tokens: u64| tokens.saturating_mul(u64::from(request.choices.max(1)));
    let asked = ModelCall {
        id: trail.request,
        caller: &call.known.caller,
        label: call.label,
        integrity: Integrity::Trusted,
        request: RequestFacts {
            endpoint: CHAT,
            stream: request.stream,
            tools: !request.tools.is_empty(),
            images: request.has_images(),
            input_tokens_bound: call.input_bound,
            max_output_tokens: request.max_output_tokens.map(output),
        },
        kinds: &kinds,
        budget,
        session: SessionFacts { id: call.wishes.session, calls: 0 },
        approval: None,
        dry_run: call.wishes.dry_run,
        now: call.now,
    };
    let models: Vec<_> = candidates.all().map(|model| snapshot.facts(model)).collect();
    let decision = snapshot.policy.decide(&asked, &models);
    let effect = if decision.permit.is_some() { "permit" } else { "deny" };
    metrics::DECISIONS.with_label_values(&[effect]).inc();
    Ok(decision)
}

/// The tightest of the agent's budgets, for policies. Without the ledger nothing is decided: a hard
/// cap that cannot be read counts as reached.
async fn budget_facts(
    gate: &Gate,
    snapshot: &Snapshot,
    call: &Call<'_>,
) -> Result<BudgetFacts, Refusal> {
    let caps = snapshot.path(call.known.agent, Some(call.known.key), None, call.now);
    let rooms = gate.ledger.room(&caps).await.map_err(|error| reserve::ledger_refusal(&error))?;
    Ok(BudgetFacts {
        remaining: rooms.iter().filter_map(|room| room.remaining).min(),
        used_percent: rooms.iter().map(|room| room.used_percent).max().unwrap_or(0),
    })
}

fn plan(
    gate: &Gate,
    snapshot: &Snapshot,
    call: &Call<'_>,
    permit: &policy::Permit,
    denied: &[Denied],
    candidates: &Candidates<'_>,
) -> Result<Plan, NoRoute> {
    let request = call.request;
    let needs = Needs {
        // The bound counts a token a byte; a third of it is what long texts come to at most, and an
        // image comes to some 1,500.
        input_tokens: budget::input_bound_with(request, 3 * 1_500) / 3,
        max_output_tokens: request.max_output_tokens,
        tools: !request.tools.is_empty(),
        json_schema: matches!(request.format, Some(Format::JsonSchema { .. })),
        images: request.has_images(),
        streaming: request.stream,
    };
    let ask = quote::Ask {
        input_bound: call.input_bound,
        output_default: gate.options.output_tokens_default,
        now: call.now,
    };
    let costs = |model: &router::Model| {
        if !gate.is_bounded(&model.id) {
            return router::Quote::Unbounded;
        }
        let ceiling = quote::ceiling(permit, &model.id, call.wishes.max_cost);
        let tokens = permit.allowed(&model.id).and_then(|a| a.obligations().max_tokens);
        quote::quote(snapshot, model, request, &ask, (ceiling, tokens))
    };
    let expressible = |model: &router::Model| quote::expressible(snapshot, model, request);
    let now = gate.moment();
    // Planning is arithmetic: it is done within the lock rather than on a copy of the table.
    gate.health(|health| {
        let facts = Facts {
            needs,
            denied,
            local_from: snapshot.local_from,
            health,
            now,
            costs: &costs,
            expressible: &expressible,
            weights: call.known.agent.weights.or(snapshot.weights),
            max_attempts: gate.options.attempts_max,
        };
        router::plan(permit, candidates, &facts)
    })
}

/// Tells what would be done, and does nothing: no hold, no call.
async fn explain(
    gate: &Gate,
    trail: &Trail,
    plan: &Plan,
    down: &mut Downstream<'_>,
) -> Result<(), Refusal> {
    record(gate, trail.decision("dry_run", &[])).await;
    let body = json!({
        "object": "orchestack.dry_run",
        "request_id": trail.request.to_string(),
        "commit": trail.commit,
        "label": trail.label,
        "findings": trail.findings,
        "permits": trail.permits,
        "attempts": plan.attempts(),
        "dropped": plan.dropped(),
    });
    let _ =
        down.reply(200, "application/json", &trail.headers(), Bytes::from(body.to_string())).await;
    Ok(())
}

/// Audits a refusal and tells the caller. An attempt that was paid for has its own record.
async fn refuse(
    gate: &Gate,
    trail: &Trail,
    refusal: &Refusal,
    down: &mut Downstream<'_>,
) -> Result<(), Left> {
    if !trail.decided {
        record(gate, trail.decision(refusal.code.as_str(), &refusal.policies)).await;
    }
    if down.gone() || down.started() {
        return Err(Left);
    }
    refusal.tell(down, trail.request, &trail.commit, trail.headers()).await
}

/// How long a refusal waits for its record. The record stays with the writer beyond that.
const RECORD_TIME: Duration = Duration::from_secs(1);

/// Writes an audit record. A denial stays a denial where that fails; the gap is counted.
async fn record(gate: &Gate, record: Option<types::audit::Record>) {
    let Some(record) = record else { return };
    let written = tokio::time::timeout(RECORD_TIME, gate.audit.append(record)).await;
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            metrics::UNWRITTEN.with_label_values(&["audit"]).inc();
            tracing::error!(%error, "an audit record could not be written");
        }
        Err(_) => metrics::UNWRITTEN.with_label_values(&["audit_in_time"]).inc(),
    }
}

/// The refusal of a call that no policy permits, by the first candidate's reason.
fn denied(denied: &[Denied], auto: bool) -> Refusal {
    let mut policies: Vec<String> = denied.iter().flat_map(|d| d.policies.clone()).collect();
    policies.sort();
    policies.dedup();
    // Of a named model its own reason; of `auto` the one that tells most.
    let Some(first) = denied.iter().min_by_key(|d| telling(&d.reason, auto)) else {
        return Refusal::new(Code::NoRoute, "no model is registered that could serve this request");
    };
    let (code, message) = match &first.reason {
        DenyReason::Blocked { kinds } => {
            let kinds = kinds.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            (Code::DlpBlocked, format!("policy blocks this kind of data: {kinds}"))
        }
        DenyReason::ApprovalRequired { need } => {
            (Code::ApprovalRequired, format!("this call needs the approval of {need}"))
        }
        DenyReason::OutsideGrant => (
            Code::PolicyDenied,
            format!("the capability grant does not cover `{}` for this request", first.model),
        ),
        DenyReason::NotLocal | DenyReason::Retention { .. } | DenyReason::DryRunOnly => {
            (Code::PolicyDenied, first.reason.to_string())
        }
        DenyReason::Forbidden { .. } => {
            (Code::PolicyDenied, format!("policy forbids `{}` for this request", first.model))
        }
        DenyReason::NoPermit { .. } => {
            (Code::PolicyDenied, format!("no policy permits this agent to call `{}`", first.model))
        }
        DenyReason::Error => (
            Code::PolicyDenied,
            "a policy could not be evaluated, so the call is denied".to_owned(),
        ),
    };
    Refusal::new(code, message).with_policies(policies)
}

/// How telling a reason is: the lowest first.
const fn telling(reason: &DenyReason, auto: bool) -> u8 {
    match reason {
        _ if !auto => 0,
        DenyReason::Blocked { .. } => 1,
        DenyReason::ApprovalRequired { .. } => 2,
        DenyReason::NotLocal | DenyReason::Retention { .. } | DenyReason::DryRunOnly => 3,
        DenyReason::Forbidden { .. } => 4,
        DenyReason::OutsideGrant => 5,
        DenyReason::NoPermit { .. } => 6,
        DenyReason::Error => 7,
    }
}

/// The refusal of a call for which no permitted model is left.
fn no_route(trail: &mut Trail, none: &NoRoute, all_denied: &[Denied], auto: bool) -> Refusal {
    trail.dropped = none.dropped.iter().map(|dropped| json!(dropped)).collect();
    if none.is_denied() {
        let policies = none.policies().into_iter().map(str::to_owned).collect();
        return if all_denied.is_empty() {
            Refusal::new(
                Code::PolicyDenied,
                "the label of this content keeps it on local models, and none is registered that can serve it",
            )
        } else {
            denied(all_denied, auto).with_policies(policies)
        };
    }
    if none.is_unaffordable() {
        return Refusal::new(
            Code::BudgetExhausted,
            "no permitted model can serve this request within the cost limit that applies to it",
        );
    }
    if let Some(wait) = none.retry_after() {
        return Refusal::new(
            Code::UpstreamFailed,
            "every model that could serve this request is failing",
        )
        .with_retry_after(wait.as_secs().saturating_add(1));
    }
    Refusal::new(Code::NoRoute, format!("{none}: {}", reasons(none)))
}

fn reasons(none: &NoRoute) -> String {
    let reason = |dropped: &router::Dropped| {
        let told = serde_json::to_value(&dropped.reason).unwrap_or_default();
        let name = told.get("reason").and_then(|r| r.as_str()).unwrap_or("unknown").to_owned();
        let detail = ["name", "field"].iter().find_map(|key| told.get(key)?.as_str());
        let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        format!("{}: {name}{detail}", dropped.model)
    };
    none.dropped.iter().take(8).map(reason).collect::<Vec<_>>().join("; ")
}

impl Trail {
    fn enter(&mut self, snapshot: &Snapshot, known: &Known<'_>) {
        self.commit.clone_from(&snapshot.commit);
        self.caller = Some(Who {
            tenant: known.caller.tenant,
            agent: known.agent.id.to_string(),
            auth: format!("key:{}", known.key),
        });
    }
}
