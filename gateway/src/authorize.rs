//! The decision about one request and the plan that follows from it: policy first, then the router.

use std::sync::Arc;

use budget::{CapSpec, Price};
use dlp::Findings;
use policy::{
    ApprovalNeed, Approved, BudgetFacts, Denied, DenyReason, ModelCall, ModelFacts, Permit,
    SessionFacts,
};
use router::{Candidates, Difficulty, DropReason, Dropped, Facts, Needs, NoRoute, Plan, Shortlist};
use serde::Serialize;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};
use snapshot::Snapshot;
use types::{Code, Integrity, Label, Locality, Nanos, Request, Timestamp};

use crate::{
    asked, caller::Known, gate::Gate, metrics, quote, refusal::Refusal, reserve, scorer,
    tool::function::Flow, trail::Trail, wishes::Wishes,
};

/// A permitted and planned call.
pub(crate) struct Authorized {
    pub(crate) permit: Permit,
    pub(crate) plan: Plan,
}

/// Why a call is not, and who could approve it all the same.
pub(crate) struct Unmet {
    pub(crate) refusal: Refusal,
    pub(crate) need: Option<ApprovalNeed>,
}

impl From<Refusal> for Unmet {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, need: None }
    }
}

/// Asks policy, then the router. `approval` is what people gave for exactly this call.
pub(crate) async fn authorize(
    gate: &Gate,
    trail: &mut Trail,
    snapshot: &Snapshot,
    call: &Call<'_>,
    candidates: &Candidates<'_>,
    approval: Option<&Approved>,
) -> Result<Authorized, Unmet> {
    let decision = decide(gate, trail, snapshot, call, candidates, approval).await?;
    let auto = candidates.variant().is_some();
    let Some(permit) = decision.permit else {
        trail.dropped = decision.denied.iter().map(not_permitted).collect();
        return Err(denied(trail, &decision.denied, auto));
    };
    let list = shortlist(gate, snapshot, call, &permit, &decision.denied, candidates);
    let planned = match &call.known.agent.scorer {
        // Of what the gateway asks by itself there is no choice.
        Some(scorer) if !list.is_empty() && trail.part_of.is_none() => {
            // On the heap, for those who have one.
            Box::pin(scorer::plan(gate, trail, call, scorer, list)).await
        }
        _ => list.plan(),
    };
    let plan = planned.map_err(|none| no_route(trail, &none, &decision.denied, auto))?;
    trail.compared = compared(snapshot, &trail.asked, &plan, call.now);
    Ok(Authorized { permit, plan })
}

/// The price that routing is compared with.
fn compared(snapshot: &Snapshot, asked: &str, plan: &Plan, now: Timestamp) -> Option<Arc<Price>> {
    let registry = &snapshot.registry;
    let dearest = || {
        let dearest = plan.attempts().iter().max_by_key(|choice| choice.cost)?;
        registry.model(&dearest.model)
    };
    snapshot.price(registry.model(asked).or_else(dearest)?, now)
}

/// A model that policy denied, as a plan tells of one.
fn not_permitted(denied: &Denied) -> Value {
    let policies = denied.policies.clone();
    json!(Dropped { model: denied.model.clone(), reason: DropReason::NotPermitted { policies } })
}

/// What is known of a call once it is parsed and inspected.
pub(crate) struct Call<'a> {
    pub(crate) now: Timestamp,
    pub(crate) label: Label,
    pub(crate) known: &'a Known<'a>,
    pub(crate) wishes: &'a Wishes,
    pub(crate) request: &'a Request,
    /// Whose words are in it, and in its session.
    pub(crate) flow: &'a Flow,
    pub(crate) findings: &'a Findings,
    /// Upper bound of the input, in tokens.
    pub(crate) input_bound: u64,
    /// About how many tokens its input has.
    pub(crate) input_tokens: u64,
}

impl Call<'_> {
    /// What it needs of a model.
    pub(crate) fn needs(&self) -> Needs {
        let needs = asked::needs(self.request, self.input_tokens);
        if !self.wishes.probe {
            return needs;
        }
        // Whether the model can is what is asked.
        Needs { tools: false, json_schema: false, images: false, streaming: false, ..needs }
    }
}

async fn decide(
    gate: &Gate,
    trail: &mut Trail,
    snapshot: &Snapshot,
    call: &Call<'_>,
    candidates: &Candidates<'_>,
    approval: Option<&Approved>,
) -> Result<policy::Decision, Refusal> {
    let (agent, caller) = (call.known.agent, &call.known.caller);
    let caps = snapshot.path(agent, caller, call.wishes.session, None, call.now);
    let budget = budget_facts(gate, &caps).await?;
    let mut kinds: Vec<&str> = call.findings.findings.iter().map(|f| f.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let asked = ModelCall {
        id: trail.request,
        caller: &call.known.caller,
        label: call.label,
        integrity: call.flow.integrity,
        request: asked::shape(call.request, trail.endpoint.path(), call.input_bound),
        kinds: &kinds,
        budget,
        session: SessionFacts { id: call.wishes.session, calls: 0 },
        approval,
        dry_run: call.wishes.dry_run,
        now: call.now,
    };
    let models: Vec<_> = candidates.all().map(|model| snapshot.facts(model)).collect();
    let decision = snapshot.policy.decide(&asked, &models);
    let effect = if decision.permit.is_some() { "permit" } else { "deny" };
    metrics::DECISIONS.with_label_values(&[effect]).inc();
    for denied in decision.denied.iter().filter(|denied| denied.reason == DenyReason::Error) {
        metrics::POLICY_ERRORS.inc();
        tracing::error!(model = %denied.model, policies = ?denied.policies, commit = %snapshot.commit,
            "a policy could not be evaluated; the call is denied");
    }
    trail.facts = recorded(&asked, &models);
    Ok(decision)
}

/// The tightest of the caller's budgets, for policies. Without the ledger nothing is decided: a hard
/// cap that cannot be read counts as reached.
pub(crate) async fn budget_facts(gate: &Gate, caps: &[CapSpec]) -> Result<BudgetFacts, Refusal> {
    let rooms =
        gate.ledger.room(caps).await.map_err(|error| reserve::ledger_refusal(&error, None))?;
    Ok(BudgetFacts {
        remaining: rooms.iter().filter_map(|room| room.remaining).min(),
        used_percent: rooms.iter().map(|room| room.used_percent).max().unwrap_or(0),
    })
}

/// What the router makes of the candidates: those that may and can serve.
fn shortlist<'s>(
    gate: &Gate,
    snapshot: &Snapshot,
    call: &Call<'_>,
    permit: &policy::Permit,
    denied: &[Denied],
    candidates: &Candidates<'s>,
) -> Shortlist<'s> {
    let request = call.request;
    let ask = quote::Ask {
        extent: asked::extent(request, call.input_bound).ok(),
        limits: (gate.upstreams.limits(), gate.options.write_timeout),
        output_default: gate.options.output_tokens_default,
        now: call.now,
    };
    let costs = |model: &router::Model| {
        if !gate.is_bounded(&model.id) {
            return router::Quote::Unbounded;
        }
        let ceiling = quote::ceiling((snapshot, call.known), permit, model, call.wishes);
        let tokens = permit.max_tokens(&model.id);
        quote::quote(snapshot, model, request, &ask, (ceiling, tokens))
    };
    let expressible = |model: &router::Model| quote::expressible(snapshot, model, request);
    let percent = Some(call.known.agent.difficulty).filter(|percent| *percent > 0);
    let chat = request.as_chat();
    let difficulty = percent.and_then(|percent| Some(Difficulty::of(chat?, percent)));
    let health = |provider: &str, model: &str| gate.health(|table| table.get(provider, model));
    let facts = Facts {
        needs: call.needs(),
        denied,
        local_from: snapshot.local_from,
        health: &health,
        now: gate.moment(),
        costs: &costs,
        expressible: &expressible,
        weights: call.known.agent.weights.or(snapshot.weights),
        difficulty,
        max_attempts: gate.options.attempts_max,
    };
    router::shortlist(permit, candidates, &facts)
}

/// The refusal of a call that no policy permits, by the first candidate's reason.
fn denied(trail: &Trail, denied: &[Denied], auto: bool) -> Unmet {
    let mut policies: Vec<String> = denied.iter().flat_map(|d| d.policies.clone()).collect();
    policies.sort();
    policies.dedup();
    // Of a named model its own reason; of `auto` the one that tells most.
    let Some(first) = denied.iter().min_by_key(|d| telling(&d.reason, auto)) else {
        let message = "no model is registered that could serve this request";
        return Unmet { refusal: Refusal::new(Code::NoRoute, message), need: None };
    };
    let (code, message) = match &first.reason {
        DenyReason::Blocked { kinds } => {
            trail.findings.blocked(kinds.iter().map(String::as_str));
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
        DenyReason::NotLocal
        | DenyReason::Retention { .. }
        | DenyReason::TooDear { .. }
        | DenyReason::DryRunOnly => (Code::PolicyDenied, first.reason.to_string()),
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
    let need = match &first.reason {
        DenyReason::ApprovalRequired { need } => Some(need.clone()),
        _ => None,
    };
    Unmet { refusal: Refusal::new(code, message).with_policies(policies), need }
}

/// How telling a reason is: the lowest first.
const fn telling(reason: &DenyReason, auto: bool) -> u8 {
    match reason {
        _ if !auto => 0,
        DenyReason::Blocked { .. } => 1,
        DenyReason::ApprovalRequired { .. } => 2,
        DenyReason::NotLocal
        | DenyReason::Retention { .. }
        | DenyReason::TooDear { .. }
        | DenyReason::DryRunOnly => 3,
        DenyReason::Forbidden { .. } => 4,
        DenyReason::OutsideGrant => 5,
        DenyReason::NoPermit { .. } => 6,
        DenyReason::Error => 7,
    }
}

/// The refusal of a call for which no permitted model is left.
fn no_route(trail: &mut Trail, none: &NoRoute, all_denied: &[Denied], auto: bool) -> Unmet {
    trail.dropped = none.dropped.iter().map(|dropped| json!(dropped)).collect();
    if none.is_denied() && !all_denied.is_empty() {
        let policies = none.policies().into_iter().map(str::to_owned).collect();
        let Unmet { refusal, need } = denied(trail, all_denied, auto);
        return Unmet { refusal: refusal.with_policies(policies), need };
    }
    let refusal = if none.is_denied() {
        let message = "the label of this content keeps it on local models, and none is registered \
                       that can serve it";
        Refusal::new(Code::PolicyDenied, message)
    } else if none.is_unaffordable() {
        let message =
            "no permitted model can serve this request within the cost limit that applies to it";
        Refusal::new(Code::BudgetExhausted, message)
    } else if let Some(wait) = none.retry_after() {
        let message = "every model that could serve this request is failing";
        Refusal::new(Code::UpstreamFailed, message)
            .with_retry_after(wait.as_secs().saturating_add(1))
    } else {
        Refusal::new(Code::NoRoute, format!("{none}: {}", reasons(none)))
    };
    Unmet { refusal, need: None }
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

/// Models that a record describes; the rest are its names alone.
const MODELS_MAX: usize = 16;

/// The facts of a decision as the audit record keeps them, so that other policies can be asked
/// about the same call.
#[derive(Serialize)]
struct Recorded<'a> {
    agent: &'a str,
    calls: u64,
    endpoint: &'a str,
    groups: &'a [String],
    images: bool,
    input_tokens_bound: u64,
    integrity: Integrity,
    kind: &'static str,
    kinds: &'a [&'a str],
    label: Label,
    max_output_tokens: Option<u64>,
    models: Vec<RecordedModel<'a>>,
    remaining: Option<Nanos>,
    stream: bool,
    tenant: &'a str,
    tools: bool,
    used_percent: u8,
}

/// The facts of one model.
#[derive(Serialize)]
struct RecordedModel<'a> {
    id: &'a str,
    locality: Locality,
    privacy: &'a str,
    provider: &'a str,
    retention_days: Option<u32>,
    simulator: bool,
    size: &'a str,
}

impl<'a> RecordedModel<'a> {
    const fn of(model: &ModelFacts<'a>) -> Self {
        Self {
            id: model.id,
            locality: model.locality,
            privacy: model.privacy,
            provider: model.provider,
            retention_days: model.retention_days,
            simulator: model.simulator,
            size: model.size,
        }
    }
}

fn recorded(call: &ModelCall<'_>, models: &[ModelFacts<'_>]) -> Option<Box<RawValue>> {
    let (caller, request) = (call.caller, &call.request);
    let recorded = Recorded {
        agent: &caller.agent_name,
        calls: call.session.calls,
        endpoint: request.endpoint,
        groups: &caller.groups,
        images: request.images,
        input_tokens_bound: request.input_tokens_bound,
        integrity: call.integrity,
        kind: if caller.agent_kind == policy::AgentKind::System { "system" } else { "user" },
        kinds: call.kinds,
        label: call.label,
        max_output_tokens: request.max_output_tokens,
        models: models.iter().take(MODELS_MAX).map(RecordedModel::of).collect(),
        remaining: call.budget.remaining,
        stream: request.stream,
        tenant: &caller.tenant_name,
        tools: request.tools,
        used_percent: call.budget.used_percent,
    };
    // Text and figures always serialise.
    to_raw_value(&recorded).ok()
}
