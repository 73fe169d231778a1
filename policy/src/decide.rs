//! The decision about a model call, and the only maker of a [`Permit`].

use std::{collections::BTreeSet, sync::Arc};

use cedar_policy::Request;
use types::{AgentId, Integrity, KeyId, Label, Locality, RequestId, TenantId, Timestamp};

use crate::{
    ask::{Caller, ModelCall, ModelFacts},
    layer::{PolicyLayer, Says, Verdict},
    load::Engine,
    mapper::Facts,
    memo::Answers,
    obligation::Obligations,
    reads::Reads,
    reason::{DenyReason, Layer},
    rule::Rule,
};

/// What was decided about one call and a list of models.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The permit; `None` where no model is permitted.
    pub permit: Option<Permit>,
    /// Every model that is denied, with the reason, in the order in which they were asked about.
    pub denied: Vec<Denied>,
}

/// Proof that policy permits a call to certain models. Only [`Engine::decide`] makes one: the
/// fields are private to this file.
#[derive(Debug, Clone)]
pub struct Permit {
    request: RequestId,
    commit: String,
    caller: Caller,
    label: Label,
    integrity: Integrity,
    decided_at: Timestamp,
    models: Arc<[Allowed]>,
}

/// One model that a permit covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    model: String,
    provider: String,
    locality: Locality,
    policies: Vec<String>,
    obligations: Obligations,
}

/// One model that is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The model's registered id.
    pub model: String,
    /// Why.
    pub reason: DenyReason,
    /// The policies that decided; empty where the reason is that none permits.
    pub policies: Vec<String>,
    /// Whether a permitted local model may serve the call instead: a forbid decided, and every
    /// forbid of both layers that did is annotated `@reroute("local")`.
    pub reroute_local: bool,
}

impl Engine {
    /// Decides one call for every model that could serve it. Pure, and it never fails: what cannot
    /// be evaluated is denied.
    pub fn decide(&self, call: &ModelCall<'_>, models: &[ModelFacts<'_>]) -> Decision {
        let caller = call.caller;
        let principal = self.names().agent(caller.agent_kind, &caller.agent_name);
        let layers = Layers {
            organisation: self.organisation_layer(&principal),
            agent: self.agent_layer(&caller.agent_name),
        };
        let reads = layers.reads();
        let answers = self.memo().recall(reads.key(call, models), || {
            let facts = self.names().call(call, models, reads);
            self.evaluate(&layers, facts.as_ref().ok(), models, call.kinds)
        });
        let permit = (!answers.allowed.is_empty()).then(|| Permit {
            request: call.id,
            commit: self.commit().to_owned(),
            caller: caller.clone(),
            label: call.label,
            integrity: call.integrity,
            decided_at: call.now,
            models: Arc::clone(&answers.allowed),
        });
        Decision { permit, denied: answers.denied.clone() }
    }

    /// Takes the decision. It sees of the call only what the key of the decision has.
    fn evaluate(
        &self,
        layers: &Layers<'_>,
        facts: Option<&Facts>,
        models: &[ModelFacts<'_>],
        kinds: &[&str],
    ) -> Answers {
        let mut allowed = Vec::with_capacity(models.len());
        let mut denied = Vec::new();
        for model in models {
            let answer = match facts {
                Some(facts) => self.evaluate_one(layers, facts, model, kinds),
                None => Err(Denied::new(model, DenyReason::Error)),
            };
            match answer {
                Ok(model) => allowed.push(model),
                Err(denial) => denied.push(denial),
            }
        }
        Answers { allowed: allowed.into(), denied }
    }

    fn evaluate_one(
        &self,
        layers: &Layers<'_>,
        facts: &Facts,
        model: &ModelFacts<'_>,
        kinds: &[&str],
    ) -> Result<Allowed, Denied> {
        let names = self.names();
        let resource = names.model(model.id);
        let action = names.call_model.clone();
        let asked =
            Request::new(facts.principal.clone(), action, resource, facts.context.clone(), None);
        let Ok(request) = asked else {
            return Err(Denied::new(model, DenyReason::Error));
        };
        let organisation = layers.organisation.judge(&request, &facts.entities);
        let agent = match layers.agent {
            Some(layer) => layer.judge(&request, &facts.entities),
            None => Verdict::NOTHING,
        };
        combine(kinds, model, &organisation, &agent)
    }
}

/// The two layers of one caller.
struct Layers<'a> {
    organisation: &'a PolicyLayer,
    agent: Option<&'a PolicyLayer>,
}

impl Layers<'_> {
    /// The facts that can make a difference to either.
    fn reads(&self) -> Reads {
        let agent = self.agent.map(PolicyLayer::reads).unwrap_or_default();
        self.organisation.reads().with(agent)
    }
}

/// Both layers must permit, and what their permits ask for must hold.
fn combine(
    kinds: &[&str],
    model: &ModelFacts<'_>,
    organisation: &Verdict<'_>,
    agent: &Verdict<'_>,
) -> Result<Allowed, Denied> {
    let layers = [(Layer::Organisation, organisation), (Layer::Agent, agent)];
    let ids_of = |says: Says| -> Vec<String> {
        layers.iter().filter(|(_, v)| v.says == says).flat_map(|(_, v)| v.ids()).collect()
    };
    let first = |says: Says| layers.iter().find(|(_, v)| v.says == says).map(|(layer, _)| *layer);
    if first(Says::Error).is_some() {
        return Err(Denied::new(model, DenyReason::Error).by(ids_of(Says::Error)));
    }
    if let Some(layer) = first(Says::No) {
        let mut forbids =
            layers.iter().filter(|(_, v)| v.says == Says::No).flat_map(|(_, v)| v.rules.iter());
        let mut denied = Denied::new(model, DenyReason::Forbidden { layer });
        denied.reroute_local = forbids.all(|rule| rule.reroute_local);
        return Err(denied.by(ids_of(Says::No)));
    }
    if let Some(layer) = first(Says::Nothing) {
        return Err(Denied::new(model, DenyReason::NoPermit { layer }));
    }
    let permits: Vec<&Rule> = organisation.rules.iter().chain(&agent.rules).copied().collect();
    hold_to(model, &permits, kinds)?;
    let mut obligations = Obligations::default();
    permits.iter().for_each(|rule| obligations.join(&rule.obligations));
    Ok(Allowed {
        model: model.id.to_owned(),
        provider: model.provider.to_owned(),
        locality: model.locality,
        policies: ids_of(Says::Yes),
        obligations,
    })
}

/// Refuses permits whose own conditions are not met, by the names of those that set them.
fn hold_to(model: &ModelFacts<'_>, permits: &[&Rule], found: &[&str]) -> Result<(), Denied> {
    let refuse = |reason, asks: &dyn Fn(&Rule) -> bool| {
        let by = permits.iter().filter(|rule| asks(rule)).map(|rule| rule.id.clone());
        Err(Denied::new(model, reason).by(by.collect()))
    };
    let blocks = |rule: &Rule, kind: &str| rule.obligations.block.contains(kind);
    let is_blocked = |kind: &str| permits.iter().any(|rule| blocks(rule, kind));
    let kinds: BTreeSet<String> =
        found.iter().filter(|kind| is_blocked(kind)).map(|kind| (*kind).to_owned()).collect();
    if !kinds.is_empty() {
        let asks = |rule: &Rule| found.iter().any(|kind| blocks(rule, kind));
        return refuse(DenyReason::Blocked { kinds }, &asks);
    }
    let roles: BTreeSet<String> =
        permits.iter().flat_map(|rule| rule.obligations.approval.iter().cloned()).collect();
    if !roles.is_empty() {
        let asks = |rule: &Rule| !rule.obligations.approval.is_empty();
        return refuse(DenyReason::ApprovalRequired { roles }, &asks);
    }
    Ok(())
}

impl Denied {
    fn new(model: &ModelFacts<'_>, reason: DenyReason) -> Self {
        let model = model.id.to_owned();
        Self { model, reason, policies: Vec::new(), reroute_local: false }
    }

    fn by(self, policies: Vec<String>) -> Self {
        Self { policies, ..self }
    }
}

impl Permit {
    /// The request that was decided.
    pub const fn request(&self) -> RequestId {
        self.request
    }

    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Who called.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The caller's tenant.
    pub const fn tenant(&self) -> TenantId {
        self.caller.tenant
    }

    /// The agent that called.
    pub const fn agent(&self) -> AgentId {
        self.caller.agent
    }

    /// The key that authenticated the call.
    pub const fn key(&self) -> Option<KeyId> {
        self.caller.key
    }

    /// How confidential the content is.
    pub const fn label(&self) -> Label {
        self.label
    }

    /// Whether the content may be trusted.
    pub const fn integrity(&self) -> Integrity {
        self.integrity
    }

    /// When it was decided.
    pub const fn decided_at(&self) -> Timestamp {
        self.decided_at
    }

    /// Every permitted model, in the order in which they were asked about.
    pub fn models(&self) -> impl ExactSizeIterator<Item = &Allowed> {
        self.models.iter()
    }

    /// One model by its registered id; `None` where it is not permitted.
    pub fn allowed(&self, model: &str) -> Option<&Allowed> {
        self.models.iter().find(|allowed| allowed.model == model)
    }
}

impl Allowed {
    /// The model's registered id.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The name of its provider.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Where it runs.
    pub const fn locality(&self) -> Locality {
        self.locality
    }

    /// The ids of the policies of both layers that permit it.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// What must be done for the permit to hold.
    pub const fn obligations(&self) -> &Obligations {
        &self.obligations
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
