//! The policies that can hold for one caller and one model. Cedar's time grows with the number of
//! policies, and most of an organisation's speak about somebody or something else. What is fixed
//! for a caller and a model, scopes and the conditions in front that read no context, is decided
//! once; what is left is evaluated at each call.
//!
//! INVARIANT: a policy that is left out would not have held, nor failed, for any context.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicySet, PrincipalConstraint,
    Request, ResourceConstraint,
};

use crate::{
    ask::{Caller, ModelFacts},
    layer::PolicyLayer,
    mapper::Names,
    reads::Reads,
    source::Parsed,
};

/// The most slices that are kept. Beyond it everything is forgotten and cut again.
const KEPT_MAX: usize = 4_096;

/// The policies of both layers for one caller.
#[derive(Debug)]
pub(crate) struct CallerSlice {
    principal: EntityUid,
    organisation: Vec<Parsed>,
    /// `None` for an agent without a folder, which is thereby denied.
    agent: Option<Vec<Parsed>>,
    reads: Reads,
    models: Kept<ModelSlice>,
}

/// What of it can hold for one model.
#[derive(Debug)]
pub(crate) struct ModelSlice {
    pub(crate) organisation: PolicyLayer,
    pub(crate) agent: Option<PolicyLayer>,
}

impl CallerSlice {
    /// Cuts the policies about model calls down to those whose scope this caller is in.
    pub(crate) fn cut(
        names: &Names,
        caller: &Caller,
        organisation: &[Parsed],
        agent: Option<&[Parsed]>,
    ) -> Self {
        let principal = names.agent(caller.agent_kind, &caller.agent_name);
        let mut parents: Vec<EntityUid> = names.groups(&caller.groups).into_iter().collect();
        parents.push(names.tenant(&caller.tenant_name));
        let cut = |all: &[Parsed]| -> Vec<Parsed> {
            let can = |parsed: &&Parsed| in_principal_scope(&parsed.policy, &principal, &parents);
            all.iter().filter(can).cloned().collect()
        };
        let (organisation, agent) = (cut(organisation), agent.map(cut));
        let all = organisation.iter().chain(agent.iter().flatten());
        let reads = all.fold(Reads::default(), |reads, parsed| reads.with(parsed.reads));
        Self { principal, organisation, agent, reads, models: Kept::default() }
    }

    /// The facts of a call that can make a difference.
    pub(crate) const fn reads(&self) -> Reads {
        self.reads
    }

    /// What can hold for a model. `entities` has the caller and the model.
    pub(crate) fn for_model(
        &self,
        names: &Names,
        model: &ModelFacts<'_>,
        entities: &Entities,
    ) -> Arc<ModelSlice> {
        self.models.recall(&model_key(model), || {
            let resource = names.model(model.id);
            let provider = names.provider(model.provider);
            let cut = |all: &[Parsed]| {
                let mut layer = PolicyLayer::default();
                for parsed in all {
                    if in_resource_scope(&parsed.policy, &resource, &provider)
                        && self.may_hold(parsed, names, &resource, entities)
                    {
                        layer.add(&parsed.policy, &parsed.rule);
                    }
                }
                layer
            };
            ModelSlice {
                organisation: cut(&self.organisation),
                agent: self.agent.as_deref().map(cut),
            }
        })
    }

    /// Whether the conditions in front that read no context hold. What fails there is kept: it
    /// fails at the decision as well.
    fn may_hold(
        &self,
        parsed: &Parsed,
        names: &Names,
        resource: &EntityUid,
        entities: &Entities,
    ) -> bool {
        let Some(fixed) = &parsed.fixed else { return true };
        let (principal, action) = (self.principal.clone(), names.call_model.clone());
        let asked = Request::new(principal, action, resource.clone(), Context::empty(), None);
        let (Ok(request), Ok(set)) = (asked, PolicySet::from_policies([fixed.clone()])) else {
            return true;
        };
        let response = Authorizer::new().is_authorized(&request, &set, entities);
        response.decision() == Decision::Allow || response.diagnostics().errors().next().is_some()
    }
}

/// What a policy's conditions fix before they read the context: a permit of the leading conjuncts.
/// `None` where there is none.
pub(crate) fn fixed(policy: &Policy) -> Option<Policy> {
    let json = policy.to_json().ok()?;
    let mut leading = Vec::new();
    for clause in json.get("conditions")?.as_array()? {
        let (kind, body) = (clause.get("kind")?.as_str()?, clause.get("body")?);
        // The parts of `unless { a && b }` do not hold one by one.
        let mut parts = Vec::new();
        if kind == "when" {
            conjuncts(body, &mut parts)
        } else {
            parts.push(body)
        }
        let count = parts.len();
        let fixed = parts.into_iter().take_while(|part| !reads_context(part));
        let before = leading.len();
        leading.extend(fixed.map(|body| serde_json::json!({ "kind": kind, "body": body })));
        if leading.len() - before < count {
            break;
        }
    }
    if leading.is_empty() {
        return None;
    }
    let any = serde_json::json!({ "op": "All" });
    let permit = serde_json::json!({
        "effect": "permit", "principal": any, "action": any, "resource": any,
        "conditions": leading,
    });
    Policy::from_json(None, permit).ok()
}

fn conjuncts<'a>(body: &'a serde_json::Value, parts: &mut Vec<&'a serde_json::Value>) {
    let and = body.get("&&").and_then(|and| Some((and.get("left")?, and.get("right")?)));
    match and {
        Some((left, right)) => {
            conjuncts(left, parts);
            conjuncts(right, parts);
        }
        None => parts.push(body),
    }
}

fn reads_context(node: &serde_json::Value) -> bool {
    use serde_json::Value;
    match node {
        Value::Array(parts) => parts.iter().any(reads_context),
        Value::Object(parts) => {
            parts.get("Var").and_then(Value::as_str) == Some("context")
                || parts.values().any(reads_context)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn in_principal_scope(policy: &Policy, principal: &EntityUid, parents: &[EntityUid]) -> bool {
    let is_in = |uid: &EntityUid| uid == principal || parents.contains(uid);
    match policy.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Eq(only) => only == *principal,
        PrincipalConstraint::In(group) => is_in(&group),
        PrincipalConstraint::Is(kind) => kind == *principal.type_name(),
        PrincipalConstraint::IsIn(kind, group) => kind == *principal.type_name() && is_in(&group),
    }
}

fn in_resource_scope(policy: &Policy, model: &EntityUid, provider: &EntityUid) -> bool {
    let is_in = |uid: &EntityUid| uid == model || uid == provider;
    match policy.resource_constraint() {
        ResourceConstraint::Any => true,
        ResourceConstraint::Eq(only) => only == *model,
        ResourceConstraint::In(parent) => is_in(&parent),
        ResourceConstraint::Is(kind) => kind == *model.type_name(),
        ResourceConstraint::IsIn(kind, parent) => kind == *model.type_name() && is_in(&parent),
    }
}

/// Everything of a caller that scopes and fixed conditions can see.
pub(crate) fn caller_key(caller: &Caller) -> Box<[u8]> {
    let mut key = crate::reads::Key::default();
    key.caller(caller);
    key.into_bytes()
}

fn model_key(model: &ModelFacts<'_>) -> Box<[u8]> {
    let mut key = crate::reads::Key::default();
    key.model(model);
    key.into_bytes()
}

/// Values by key, made once and shared.
#[derive(Debug)]
pub(crate) struct Kept<T>(RwLock<HashMap<Box<[u8]>, Arc<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> Kept<T> {
    /// The value of a key, made only if it is not there.
    pub(crate) fn recall(&self, key: &[u8], make: impl FnOnce() -> T) -> Arc<T> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = kept.get(key) {
            return Arc::clone(value);
        }
        drop(kept);
        let value = Arc::new(make());
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key.into(), Arc::clone(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fixed part of a condition, in Cedar's words: what it is of a permit with that condition.
    #[track_caller]
    fn check(conditions: &str, expected: Option<&str>) {
        let policy = |effect: &str, conditions: &str| -> Policy {
            format!("{effect} (principal, action, resource) {conditions};").parse().unwrap()
        };
        // Through JSON, which is how the fixed part is made: Cedar prints one meaning in two ways.
        let text = |policy: Policy| {
            Policy::from_json(None, policy.to_json().unwrap()).unwrap().to_string()
        };
        let fixed = fixed(&policy("forbid", conditions)).map(text);
        let expected = expected.map(|conditions| text(policy("permit", conditions)));
        assert_eq!(fixed, expected, "{conditions}");
    }

    #[test]
    fn what_stands_before_the_context_is_fixed() {
        check("", None);
        check("when { context.label_rank > 1 }", None);
        check("when { resource.simulator }", Some("when { resource.simulator }"));
        check(
            "when { resource.simulator && context.label_rank > 1 && resource.size == \"small\" }",
            Some("when { resource.simulator }"),
        );
        check(
            "unless { resource.simulator } when { principal.name == \"a\" && resource.simulator }",
            Some(
                "unless { resource.simulator } when { principal.name == \"a\" } when { resource.simulator }",
            ),
        );
        check("unless { resource.simulator && context.label_rank > 1 }", None);
        check("when { context.label_rank > 1 } when { resource.simulator }", None);
        check("when { resource.simulator || context.label_rank > 1 }", None);
    }
}
