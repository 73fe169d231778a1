//! A naive twin of the decision, for differential tests: every policy is evaluated by itself, on
//! entities and a context that Cedar reads from JSON under the schema, and what the policies say is
//! joined by the words of the design. It shares no code with the mapper, the slices, the memory of
//! decisions or the reading of annotations. What it remembers is what is dear to parse and cannot
//! differ: the schema, names, and entities by everything that they are made of.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    rc::Rc,
    sync::LazyLock,
};

use cedar_policy::{
    Authorizer, Context, Decision as Said, Effect, Entities, EntityUid, Policy, PolicySet, Request,
    Schema,
};
use serde_json::{Value, json};

use crate::{
    Decision, Engine,
    ask::{AgentKind, Caller, ModelCall, ModelFacts},
    obligation::Obligations,
    reason::DenyReason,
    testing::FAMILIES,
};

/// The policies of both layers as they are written.
pub(crate) struct Reference {
    organisation: Rc<Vec<Alone>>,
    agent: Option<Vec<Alone>>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Engine::schema_text().parse().unwrap());

/// One policy by what is written on it, and as the one permit of a set, so that whether it applies
/// does not depend on its effect.
struct Alone {
    effect: Effect,
    annotations: HashMap<String, String>,
    set: PolicySet,
}

/// Calls in Cedar's terms. Names and entities that were read before are not read again.
#[derive(Default)]
pub(crate) struct Terms {
    uids: HashMap<(&'static str, String), EntityUid>,
    entities: HashMap<String, Option<Rc<Entities>>>,
}

/// One call about one model in Cedar's terms; `None` where it cannot be put into them.
pub(crate) type Asked = Option<(Request, Rc<Entities>)>;

/// What one policy says of one request.
enum Holds {
    Yes,
    No,
    Fails,
}

impl Reference {
    pub(crate) fn new(organisation: &str, agent: Option<&str>) -> Self {
        let alone = |policy: &Policy| {
            let mut json = policy.to_json().unwrap();
            json["effect"] = json!("permit");
            let permit = Policy::from_json(None, json).unwrap();
            let annotations = policy.annotations();
            Alone {
                effect: policy.effect(),
                annotations: annotations.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
                set: PolicySet::from_policies([permit]).unwrap(),
            }
        };
        let read = |text: &str| -> Vec<Alone> {
            text.parse::<PolicySet>().unwrap().policies().map(alone).collect()
        };
        Self { organisation: Rc::new(read(organisation)), agent: agent.map(read) }
    }

    /// The same for an agent that has no policies of its own.
    pub(crate) fn without_agent(&self) -> Self {
        Self { organisation: Rc::clone(&self.organisation), agent: None }
    }

    /// The decision in the words of [`words`]. `asked` is the same call in Cedar's terms.
    pub(crate) fn decide(
        &self,
        call: &ModelCall<'_>,
        models: &[ModelFacts<'_>],
        asked: &[Asked],
    ) -> String {
        let all = models.iter().zip(asked);
        let mut lines: Vec<String> =
            all.map(|(model, asked)| self.one(call, model, asked)).collect();
        lines.sort();
        lines.join("\n")
    }

    fn one(&self, call: &ModelCall<'_>, model: &ModelFacts<'_>, asked: &Asked) -> String {
        let id = model.id;
        if let Some(grant) = &call.caller.grant {
            let limits = &grant.limits;
            let outside = limits.models.as_ref().is_some_and(|models| !models.contains(id))
                || limits.label.is_some_and(|highest| call.label.rank() > highest.rank());
            if outside {
                return format!("{id}: outside_grant");
            }
        }
        let Some((request, entities)) = asked else {
            return format!("{id}: error by []");
        };
        let (mut permits, mut forbids, mut fails) =
            ([Vec::new(), Vec::new()], Vec::new(), Vec::new());
        let layers = [Some(&*self.organisation), self.agent.as_ref()];
        for (layer, permits) in layers.into_iter().zip(&mut permits) {
            for policy in layer.into_iter().flatten() {
                match (holds(&policy.set, request, entities), policy.effect) {
                    (Holds::Fails, _) => fails.push(policy),
                    (Holds::Yes, Effect::Forbid) => forbids.push(policy),
                    (Holds::Yes, Effect::Permit) => permits.push(policy),
                    (Holds::No, _) => {}
                }
            }
        }
        let [organisation, agent] = permits;
        if !fails.is_empty() {
            format!("{id}: error by {:?}", ids(&fails))
        } else if !forbids.is_empty() {
            let away = forbids.iter().all(|policy| policy.says("reroute") == Some("local"));
            format!("{id}: forbidden by {:?} reroute {away}", ids(&forbids))
        } else if organisation.is_empty() || agent.is_empty() {
            format!("{id}: no_permit by []")
        } else {
            let all: Vec<&Alone> = organisation.into_iter().chain(agent).collect();
            format!("{id}: {}", obliged(&all, call, model))
        }
    }
}

impl Alone {
    fn says(&self, annotation: &str) -> Option<&str> {
        self.annotations.get(annotation).map(String::as_str)
    }
}

/// The ids of policies of both layers, in the order of the layers and then of the ids.
fn ids<'p>(policies: &[&'p Alone]) -> Vec<&'p str> {
    let mut ids: Vec<&str> = policies.iter().filter_map(|policy| policy.says("id")).collect();
    ids.sort_by_key(|id| (!id.starts_with('o'), *id));
    ids
}

impl Terms {
    /// A call about each of some models, its requests and entities checked against the schema.
    pub(crate) fn of(&mut self, call: &ModelCall<'_>, models: &[ModelFacts<'_>]) -> Vec<Asked> {
        let action = self.uid("Action", "callModel");
        let agent = self.uid(kind(call), &call.caller.agent_name);
        // The request holds it against the schema.
        let context = Context::from_json_value(context(call), None);
        let question = |model: &ModelFacts<'_>| {
            let entities = self.entities(call, model)?;
            let context = context.as_ref().ok()?.clone();
            let (agent, action) = (agent.clone(), action.clone());
            let resource = self.uid("Model", model.id);
            let request = Request::new(agent, action, resource, context, Some(&SCHEMA));
            Some((request.ok()?, entities))
        };
        models.iter().map(question).collect()
    }

    fn uid(&mut self, kind: &'static str, id: &str) -> EntityUid {
        let read = || {
            let json = json!({ "type": format!("Orchestack::{kind}"), "id": id });
            EntityUid::from_json(json).unwrap()
        };
        self.uids.entry((kind, id.to_owned())).or_insert_with(read).clone()
    }

    fn entities(&mut self, call: &ModelCall<'_>, model: &ModelFacts<'_>) -> Option<Rc<Entities>> {
        let caller = call.caller;
        // Everything of both that entities have.
        let Caller { agent_kind, agent_name, tenant_name, groups, .. } = caller;
        let key = format!("{agent_kind:?} {agent_name:?} {tenant_name:?} {groups:?} {model:?}");
        if let Some(known) = self.entities.get(&key) {
            return known.clone();
        }
        let uid = |kind: &str, id: &str| json!({ "type": format!("Orchestack::{kind}"), "id": id });
        let mut parents: Vec<Value> =
            caller.groups.iter().map(|group| uid("Group", group)).collect();
        parents.push(uid("Tenant", &caller.tenant_name));
        let mut attributes = json!({
            "name": model.id, "locality": model.locality.to_string(), "size": model.size,
            "privacy": model.privacy, "simulator": model.simulator,
        });
        if let Some(days) = model.retention_days {
            attributes["retention_days"] = json!(days);
        }
        let agent = uid(kind(call), &caller.agent_name);
        let entities = json!([
            { "uid": agent, "attrs": { "name": caller.agent_name }, "parents": parents },
            { "uid": uid("Model", model.id), "attrs": attributes,
              "parents": [uid("Provider", model.provider)] },
        ]);
        let entities = Entities::from_json_value(entities, Some(&SCHEMA)).ok().map(Rc::new);
        self.entities.insert(key, entities.clone());
        entities
    }
}

fn kind(call: &ModelCall<'_>) -> &'static str {
    if call.caller.agent_kind == AgentKind::System { "SystemAgent" } else { "Agent" }
}

fn context(call: &ModelCall<'_>) -> Value {
    let facts = &call.request;
    let long = |count: u64| json!(i64::try_from(count).unwrap_or(i64::MAX));
    let second = call.now.0.div_euclid(1_000_000) * 1_000_000;
    let now = types::Timestamp(second).to_string();
    let now = now.split('.').next().unwrap().trim_end_matches('Z').to_owned() + "Z";
    let mut context = json!({
        "label": call.label.to_string(),
        "label_rank": call.label.rank(),
        "integrity": call.integrity.to_string(),
        "kinds": found(call),
        "request": {
            "endpoint": facts.endpoint, "stream": facts.stream, "tools": facts.tools,
            "images": facts.images, "input_tokens_bound": long(facts.input_tokens_bound),
        },
        "budget": { "used_percent": call.budget.used_percent },
        "session": { "calls": long(call.session.calls) },
        "now": { "__extn": { "fn": "datetime", "arg": now } },
    });
    if let Some(limit) = facts.max_output_tokens {
        context["request"]["max_output_tokens"] = long(limit);
    }
    if let Some(left) = call.budget.remaining {
        context["budget"]["remaining"] = json!(left.0);
    }
    if let Some(given) = call.approval {
        context["approval"] = json!({ "roles": given.roles, "approvers": given.approvers });
    }
    if let Some(grant) = &call.caller.grant {
        let mut bound = json!({});
        for (name, id) in [
            ("task", grant.task.map(|id| id.to_string())),
            ("run", grant.run.map(|id| id.to_string())),
            ("session", grant.session.map(|id| id.to_string())),
        ] {
            if let Some(id) = id {
                bound[name] = json!(id);
            }
        }
        context["grant"] = bound;
    }
    context
}

/// Whether the one policy of a set applies.
fn holds(set: &PolicySet, request: &Request, entities: &Entities) -> Holds {
    let response = Authorizer::new().is_authorized(request, set, entities);
    if response.diagnostics().errors().next().is_some() {
        return Holds::Fails;
    }
    if response.decision() == Said::Allow { Holds::Yes } else { Holds::No }
}

/// What was found in a call, and the families of it.
fn found<'c>(call: &ModelCall<'c>) -> BTreeSet<&'c str> {
    let is_found = |(kind, _): &&(&str, &str)| call.kinds.contains(kind);
    let families = FAMILIES.iter().filter(is_found).map(|(_, family)| *family);
    call.kinds.iter().copied().chain(families).collect()
}

/// The kinds that some permit restores and that no permit redacts without restoring them.
fn restored(permits: &[&Alone]) -> Vec<&'static str> {
    let has = |policy: &Alone, name: &str, (kind, family): (&str, &str)| {
        let list = policy.says(name).unwrap_or_default();
        list.split(',').map(str::trim).any(|word| word == kind || word == family)
    };
    let is_restored = |kind: &&(&str, &str)| {
        permits.iter().any(|policy| has(policy, "restore", **kind))
            && permits
                .iter()
                .all(|policy| !has(policy, "redact", **kind) || has(policy, "restore", **kind))
    };
    FAMILIES.iter().filter(is_restored).map(|(kind, _)| *kind).collect()
}

/// What the annotations of the permits that hold come to: what is obliged, or the first that is not
/// met.
fn obliged(permits: &[&Alone], call: &ModelCall<'_>, model: &ModelFacts<'_>) -> String {
    let texts = |name: &str| -> Vec<&str> {
        permits.iter().filter_map(|policy| policy.says(name)).collect()
    };
    let words = |name: &str| -> BTreeSet<&str> {
        texts(name).into_iter().flat_map(|text| text.split(',')).map(str::trim).collect()
    };
    let least =
        |name: &str| -> Option<u64> { texts(name).iter().map(|t| t.parse().unwrap()).min() };
    let block = words("block");
    if found(call).iter().any(|kind| block.contains(kind)) {
        return "blocked".to_owned();
    }
    if !texts("locality").is_empty() && model.locality.to_string() != "local" {
        return "not_local".to_owned();
    }
    let days =
        |text: &&str| if *text == "none" { 0 } else { text.trim_end_matches('d').parse().unwrap() };
    let retention: Option<u32> = texts("retention").iter().map(days).min();
    if retention.is_some_and(|most| model.retention_days.is_none_or(|kept| kept > most)) {
        return "retention".to_owned();
    }
    let dry_run = !texts("dry_run").is_empty();
    if dry_run && !call.dry_run {
        return "dry_run_only".to_owned();
    }
    let roles = words("approval");
    let quorum = texts("quorum").iter().map(|text| text.parse::<u32>().unwrap()).max().unwrap_or(1);
    let given = call.approval.is_some_and(|given| {
        given.approvers >= quorum && roles.iter().all(|role| given.roles.contains(*role))
    });
    if !roles.is_empty() && !call.dry_run && !given {
        return "approval_required".to_owned();
    }
    let cents = |text: &&str| text.parse::<types::Nanos>().unwrap().0;
    let cost: Option<i64> = texts("max_cost").iter().map(cents).min();
    format!(
        "permitted by {:?} redact {:?} block {block:?} restore {:?} answer {:?} {:?} cost {cost:?} tokens {:?} log {} audit {} local {} \
         retention {retention:?} dry {dry_run} approval {roles:?} of {}",
        ids(permits),
        words("redact"),
        restored(permits),
        words("answer_redact"),
        words("answer_block"),
        least("max_tokens"),
        !texts("log").is_empty(),
        !texts("audit").is_empty(),
        !texts("locality").is_empty(),
        if roles.is_empty() { 0 } else { quorum },
    )
}

/// A decision of the engine in the reference's words.
pub(crate) fn words(decision: &Decision) -> String {
    let allowed = decision.permit.iter().flat_map(crate::Permit::models).map(|allowed| {
        let obligations = allowed.obligations();
        let Obligations {
            redact,
            block,
            restore: _,
            withhold: _,
            answer_redact,
            answer_block,
            max_cost,
            max_tokens,
            log_full,
            audit_required,
            local_only,
            retention_days,
            dry_run_only,
            approval,
        } = obligations;
        let restored: Vec<&str> = FAMILIES
            .iter()
            .filter(|(kind, family)| obligations.restores(kind, family))
            .map(|(kind, _)| *kind)
            .collect();
        let ids = allowed.policies();
        let roles = approval.as_ref().map(|need| need.roles.clone()).unwrap_or_default();
        let quorum = approval.as_ref().map_or(0, |need| need.quorum);
        let mut line =
            format!("{}: permitted by {ids:?} redact {redact:?} block {block:?}", allowed.model());
        write!(line, " restore {restored:?} answer {answer_redact:?} {answer_block:?}").unwrap();
        write!(line, " cost {:?} tokens {max_tokens:?}", max_cost.map(|cap| cap.0)).unwrap();
        write!(line, " log {log_full} audit {audit_required}").unwrap();
        write!(line, " local {local_only} retention {retention_days:?}").unwrap();
        write!(line, " dry {dry_run_only} approval {roles:?} of {quorum}").unwrap();
        line
    });
    let denied = decision.denied.iter().map(|denied| {
        let (reason, ids) = (denied.reason.as_str(), &denied.policies);
        match denied.reason {
            DenyReason::Error | DenyReason::NoPermit { .. } => {
                format!("{}: {reason} by {ids:?}", denied.model)
            }
            DenyReason::Forbidden { .. } => {
                let away = denied.reroute_local;
                format!("{}: {reason} by {ids:?} reroute {away}", denied.model)
            }
            _ => format!("{}: {reason}", denied.model),
        }
    });
    let mut lines: Vec<String> = allowed.chain(denied).collect();
    lines.sort();
    lines.join("\n")
}
