//! The policies that can hold for one caller and one list of models. Most of an organisation's speak
//! about somebody or something else, and are dropped here; what is left of the others is asked at
//! each call, in groups by the facts that they read, so that what is known of one group does not
//! depend on the facts of another: a policy that reads the time makes nothing else run again.
//!
//! INVARIANT: a policy that is left out would not have held, nor failed, for any context. What is
//! known of a group depends on its slice and the facts that it reads, and on nothing else.

use std::{collections::BTreeMap, sync::Arc};

use cedar_policy::{Context, Entities, EntityUid};

use crate::{
    ask::{Caller, ModelCall, ModelFacts},
    calls::CallPolicy,
    condition::Said,
    key::Key,
    load::Engine,
    mapper::{Unmappable, call_context},
    memo::Weigh,
    reads::Reads,
    reason::Layer,
};

/// The policies of both layers for one caller and one list of models.
#[derive(Debug)]
pub(crate) struct Slice {
    /// No other slice of the engine has it.
    number: u64,
    principal: EntityUid,
    resources: Vec<EntityUid>,
    entities: Entities,
    /// What holds whatever the context is.
    settled: Vec<Held>,
    groups: Vec<Group>,
    reads: Reads,
}

/// The conditions of a slice that read the same facts.
#[derive(Debug)]
pub(crate) struct Group {
    reads: Reads,
    /// In the order of the models.
    asked: Vec<Asked>,
}

/// One condition, and the policies that hold where it does.
#[derive(Debug)]
struct Asked {
    condition: usize,
    /// The place of the model in the list; `None` where the condition is the same for all.
    model: Option<u32>,
    policies: Vec<Held>,
}

/// A policy that holds for one model of the list, or fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Held {
    /// The place of the model in the list.
    pub model: u32,
    pub layer: Layer,
    /// The place of the policy in the layer.
    pub policy: u32,
    pub fails: bool,
}

impl Engine {
    /// The slice for a caller and models.
    pub(crate) fn slice(
        &self,
        caller: &Caller,
        models: &[ModelFacts<'_>],
    ) -> Arc<Result<Slice, Unmappable>> {
        let key = Key::of_caller(caller, models);
        self.memo().slices.recall(key.as_bytes(), || self.cut(caller, models))
    }

    fn cut(&self, caller: &Caller, models: &[ModelFacts<'_>]) -> Result<Slice, Unmappable> {
        let (names, calls) = (self.names(), self.calls());
        let principal = names.agent(caller.agent_kind, &caller.agent_name);
        let parents: Vec<EntityUid> = names.parents(caller).into_iter().collect();
        let entities = names.entities(Some(caller), models)?;
        let organisation = calls.organisation().about(&principal, &parents);
        let organisation = organisation.map(|(place, policy)| (Layer::Organisation, place, policy));
        let own = calls.agent(&caller.agent_name).into_iter();
        let own = own.flat_map(|own| own.about(&principal, &parents));
        let own = own.map(|(place, policy)| (Layer::Agent, place, policy));
        let about: Vec<(Layer, u32, &CallPolicy)> = organisation.chain(own).collect();

        let mut settled = Vec::new();
        let mut asked: BTreeMap<(Option<u32>, usize), Vec<Held>> = BTreeMap::new();
        for (facts, model) in models.iter().zip(0_u32..) {
            let (resource, provider) = (names.model(facts.id), names.provider(facts.provider));
            let request = names.request(principal.clone(), resource.clone(), Context::empty())?;
            let fixed = self
                .memo()
                .models
                .recall(Key::of_model(facts).as_bytes(), || calls.fix(names, facts));
            for &(layer, place, policy) in
                about.iter().filter(|(.., policy)| policy.covers(&resource, &provider))
            {
                let held = Held { model, layer, policy: place, fails: false };
                match calls.left(policy, &fixed, &request, &entities) {
                    None => {}
                    Some(None) => settled.push(held),
                    Some(Some(condition)) => {
                        let reads = calls.asked(condition).is_none_or(|one| one.reads_resource);
                        let key = (reads.then_some(model), condition);
                        asked.entry(key).or_default().push(held);
                    }
                }
            }
        }
        let groups = self.grouped(asked);
        Ok(Slice {
            number: self.memo().next_slice(),
            principal,
            resources: models.iter().map(|model| names.model(model.id)).collect(),
            entities,
            settled,
            reads: groups.iter().fold(Reads::default(), |all, group| all.with(group.reads)),
            groups,
        })
    }

    fn grouped(&self, asked: BTreeMap<(Option<u32>, usize), Vec<Held>>) -> Vec<Group> {
        let mut groups: BTreeMap<Reads, Vec<Asked>> = BTreeMap::new();
        for ((model, condition), policies) in asked {
            let reads = self.calls().asked(condition).map_or(Reads::ALL, |one| one.reads);
            groups.entry(reads).or_default().push(Asked { condition, model, policies });
        }
        groups.into_iter().map(|(reads, asked)| Group { reads, asked }).collect()
    }

    /// What holds and what fails at a call, in order. What is remembered is not asked again.
    pub(crate) fn held(
        &self,
        slice: &Slice,
        call: &ModelCall<'_>,
    ) -> Result<Vec<Held>, Unmappable> {
        let mut held = slice.settled.clone();
        for (group, number) in slice.groups.iter().zip(0..) {
            let key = Key::of_parts([slice.number, number]).with_facts(call, group.reads);
            let known = self
                .memo()
                .held
                .recall(key.as_bytes(), || self.hear(slice, group, call, group.reads));
            held.extend_from_slice(known.as_deref().map_err(|unmappable| *unmappable)?);
        }
        held.sort_unstable();
        Ok(held)
    }

    /// Asks every condition of a group. The context has those facts of the call that `reads` has.
    fn hear(
        &self,
        slice: &Slice,
        group: &Group,
        call: &ModelCall<'_>,
        reads: Reads,
    ) -> Result<Box<[Held]>, Unmappable> {
        let context = call_context(call, reads)?;
        let mut held = Vec::new();
        for of_model in group.asked.chunk_by(|a, b| a.model == b.model) {
            let model = of_model.first().and_then(|asked| asked.model).unwrap_or(0);
            let place = usize::try_from(model).map_err(|_| Unmappable)?;
            let resource = slice.resources.get(place).ok_or(Unmappable)?;
            let (principal, resource) = (slice.principal.clone(), resource.clone());
            let request = self.names().request(principal, resource, context.clone())?;
            for asked in of_model {
                let condition = self.calls().asked(asked.condition).ok_or(Unmappable)?;
                let fails = match condition.ask(&request, &slice.entities) {
                    Said::No => continue,
                    Said::Yes => false,
                    Said::Fails => true,
                };
                held.extend(asked.policies.iter().map(|policy| Held { fails, ..*policy }));
            }
        }
        Ok(held.into())
    }
}

impl Slice {
    /// Everything that a decision depends on: equal keys, equal decisions. What obligations look at
    /// is always read: the kinds, the approval, and whether it is a dry run.
    pub(crate) fn key(&self, call: &ModelCall<'_>) -> Key {
        let reads = self.reads.with(Reads::KINDS).with(Reads::APPROVAL);
        Key::of_parts([self.number, u64::from(call.dry_run)]).with_facts(call, reads)
    }
}

/// What a name of an entity and an entity take, about.
const ENTITY_BYTES: usize = 1_024;

impl Weigh for Slice {
    fn bytes(&self) -> usize {
        let policies = |asked: &Asked| size_of::<Asked>() + size_of_val(&*asked.policies);
        let asked = self.groups.iter().flat_map(|group| &group.asked).map(policies);
        let entities = self.resources.len().saturating_add(1).saturating_mul(ENTITY_BYTES);
        asked.fold(entities.saturating_add(size_of_val(&*self.settled)), usize::saturating_add)
    }
}

#[cfg(test)]
#[path = "slice_tests.rs"]
mod tests;
