//! The policies about model calls of one commit, found by whom they are about, with every condition
//! that several of them have made ready once.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{
    Context, Effect, Entities, EntityUid, Policy, PrincipalConstraint, Request, ResourceConstraint,
};
use serde_json::Value;

use crate::{
    ask::ModelFacts,
    condition::{Condition, Parts, Said},
    layer::{Says, Verdict},
    mapper::{Names, Unmappable},
    memo::Weigh,
    rule::Rule,
    slice::Held,
    source::Parsed,
};

/// The policies of both layers about model calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// The conditions that a caller and a model fix.
    fixed: Conditions,
    /// Those that are asked at a call.
    asked: Conditions,
    organisation: CallLayer,
    agents: HashMap<String, CallLayer>,
}

/// The policies of one layer about model calls, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct CallLayer {
    policies: Vec<CallPolicy>,
    /// Places of those whose scope names an agent or something that agents are in.
    named: HashMap<EntityUid, Vec<u32>>,
    /// Places of the others.
    open: Vec<u32>,
}

/// One policy about model calls.
#[derive(Debug)]
pub(crate) struct CallPolicy {
    rule: Rule,
    effect: Effect,
    principal: PrincipalConstraint,
    resource: ResourceConstraint,
    conditions: Places,
}

/// Where the conditions of a policy stand. What is `None` holds.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    fixed: Option<usize>,
    rest: Option<usize>,
    whole: Option<usize>,
}

/// Conditions, each once.
#[derive(Debug, Default)]
struct Conditions {
    all: Vec<Condition>,
    places: HashMap<String, usize>,
}

/// What Cedar says of the fixed conditions for one model. `None` for those that a caller fixes.
#[derive(Debug)]
pub(crate) struct Fixed(Box<[Option<Said>]>);

impl Calls {
    /// Makes the policies of both layers ready.
    pub(crate) fn new<'p>(
        organisation: Vec<&Parsed>,
        agents: impl Iterator<Item = (&'p str, Vec<&'p Parsed>)>,
    ) -> Self {
        let mut calls = Self::default();
        calls.organisation = calls.layer(organisation);
        for (name, policies) in agents {
            let layer = calls.layer(policies);
            calls.agents.insert(name.to_owned(), layer);
        }
        // Where a condition stands is asked by its text only while they are made.
        calls.fixed.places = HashMap::new();
        calls.asked.places = HashMap::new();
        calls
    }

    fn layer(&mut self, mut policies: Vec<&Parsed>) -> CallLayer {
        policies.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
        let mut layer = CallLayer::default();
        for (parsed, place) in policies.into_iter().zip(0_u32..) {
            let principal = parsed.policy.principal_constraint();
            match named(&principal) {
                Some(name) => layer.named.entry(name.clone()).or_default().push(place),
                None => layer.open.push(place),
            }
            layer.policies.push(CallPolicy {
                rule: parsed.rule.clone(),
                effect: parsed.policy.effect(),
                principal,
                resource: parsed.policy.resource_constraint(),
                conditions: self.places(&parsed.policy),
            });
        }
        layer
    }

    /// Where the conditions of a policy stand. One that cannot be taken apart is asked as a whole.
    fn places(&mut self, policy: &Policy) -> Places {
        let parts = Parts::of(policy).and_then(|parts| {
            let fixed = self.fixed.place(&parts.fixed)?;
            let rest = self.asked.place(&parts.rest)?;
            let whole = if fixed.is_some() { self.asked.place(&parts.whole)? } else { rest };
            Some(Places { fixed, rest, whole })
        });
        parts.unwrap_or_else(|| {
            let whole = Condition::of(policy).map(|whole| self.asked.add(whole));
            Places { fixed: None, rest: whole, whole }
        })
    }

    pub(crate) const fn organisation(&self) -> &CallLayer {
        &self.organisation
    }

    /// The own layer of an agent; `None` for one without a folder.
    pub(crate) fn agent(&self, name: &str) -> Option<&CallLayer> {
        self.agents.get(name)
    }

    /// A condition that is asked at a call.
    pub(crate) fn asked(&self, place: usize) -> Option<&Condition> {
        self.asked.all.get(place)
    }

    /// Asks about one model what no caller can change.
    pub(crate) fn fix(&self, names: &Names, model: &ModelFacts<'_>) -> Fixed {
        let question = || -> Result<(Request, Entities), Unmappable> {
            // Whoever it is is not read.
            let anybody = names.tenant("");
            let request = names.request(anybody, names.model(model.id), Context::empty())?;
            Ok((request, names.entities(None, &[*model])?))
        };
        let question = question().ok();
        let say = |condition: &Condition| {
            let (request, entities) = question.as_ref().filter(|_| !condition.reads_principal)?;
            Some(condition.ask(request, entities))
        };
        Fixed(self.fixed.all.iter().map(say).collect())
    }

    /// What of a policy is to be asked at calls of one caller and one model, whose scope it is in:
    /// `None` where it does not hold whatever the context is, and an inner `None` where it does.
    #[expect(clippy::option_option, reason = "two questions: does it matter, and what is left")]
    pub(crate) fn left(
        &self,
        policy: &CallPolicy,
        fixed: &Fixed,
        request: &Request,
        entities: &Entities,
    ) -> Option<Option<usize>> {
        let Places { fixed: place, rest, whole } = policy.conditions;
        let ask = |place: usize| match fixed.0.get(place) {
            Some(Some(said)) => *said,
            Some(None) | None => {
                self.fixed.all.get(place).map_or(Said::Fails, |one| one.ask(request, entities))
            }
        };
        match place.map_or(Said::Yes, ask) {
            Said::Yes => Some(rest),
            Said::No => None,
            Said::Fails => Some(whole),
        }
    }
}

impl CallLayer {
    /// The policies whose scope a caller is in, each with its place.
    pub(crate) fn about<'l>(
        &'l self,
        principal: &'l EntityUid,
        parents: &'l [EntityUid],
    ) -> impl Iterator<Item = (u32, &'l CallPolicy)> {
        let names = parents.iter().chain([principal]);
        let named = names.filter_map(|name| self.named.get(name)).flatten();
        let places: BTreeSet<u32> = named.chain(&self.open).copied().collect();
        let policies = places.into_iter().filter_map(|place| Some((place, self.policy(place)?)));
        policies.filter(|(_, policy)| policy.is_about(principal, parents))
    }

    /// The layer's verdict where these of its policies hold or fail.
    pub(crate) fn verdict(&self, held: &[Held]) -> Verdict<'_> {
        let rules = |says: Says, wanted: &dyn Fn(&Held, Effect) -> bool| {
            let policies = held.iter().filter_map(|held| Some((held, self.policy(held.policy)?)));
            let wanted = policies.filter(|(held, policy)| wanted(held, policy.effect));
            let rules: Vec<&Rule> = wanted.map(|(_, policy)| &policy.rule).collect();
            (!rules.is_empty()).then_some(Verdict { says, rules })
        };
        rules(Says::Error, &|held, _| held.fails)
            .or_else(|| rules(Says::No, &|_, effect| effect == Effect::Forbid))
            .or_else(|| rules(Says::Yes, &|_, effect| effect == Effect::Permit))
            .unwrap_or(Verdict::NOTHING)
    }

    fn policy(&self, place: u32) -> Option<&CallPolicy> {
        self.policies.get(usize::try_from(place).ok()?)
    }
}

impl CallPolicy {
    fn is_about(&self, principal: &EntityUid, parents: &[EntityUid]) -> bool {
        let is_in = |uid: &EntityUid| uid == principal || parents.contains(uid);
        match &self.principal {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Eq(only) => only == principal,
            PrincipalConstraint::In(group) => is_in(group),
            PrincipalConstraint::Is(kind) => kind == principal.type_name(),
            PrincipalConstraint::IsIn(kind, group) => kind == principal.type_name() && is_in(group),
        }
    }

    /// Whether a model is in its scope.
    pub(crate) fn covers(&self, model: &EntityUid, provider: &EntityUid) -> bool {
        let is_in = |uid: &EntityUid| uid == model || uid == provider;
        match &self.resource {
            ResourceConstraint::Any => true,
            ResourceConstraint::Eq(only) => only == model,
            ResourceConstraint::In(parent) => is_in(parent),
            ResourceConstraint::Is(kind) => kind == model.type_name(),
            ResourceConstraint::IsIn(kind, parent) => kind == model.type_name() && is_in(parent),
        }
    }
}

/// Whom a scope names.
const fn named(principal: &PrincipalConstraint) -> Option<&EntityUid> {
    match principal {
        PrincipalConstraint::Eq(name)
        | PrincipalConstraint::In(name)
        | PrincipalConstraint::IsIn(_, name) => Some(name),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
    }
}

impl Conditions {
    /// The place of a conjunction of clauses: an inner `None` where there are none to ask, `None`
    /// where Cedar does not take them.
    #[expect(clippy::option_option, reason = "a fault, and nothing to ask")]
    fn place(&mut self, clauses: &[Value]) -> Option<Option<usize>> {
        if clauses.is_empty() {
            return Some(None);
        }
        let text = serde_json::to_string(clauses).ok()?;
        if let Some(place) = self.places.get(&text) {
            return Some(Some(*place));
        }
        let place = self.add(Condition::new(clauses)?);
        self.places.insert(text, place);
        Some(Some(place))
    }

    fn add(&mut self, condition: Condition) -> usize {
        self.all.push(condition);
        self.all.len().saturating_sub(1)
    }
}

impl Weigh for Fixed {
    fn bytes(&self) -> usize {
        self.0.len()
    }
}
