//! Policies that can speak about one request, and their verdict on it.

use std::collections::HashMap;

use cedar_policy::{
    AuthorizationError, Authorizer, Decision, Entities, Policy, PolicyId, PolicySet, Request,
};

use crate::{rule::Rule, source::Parsed};

/// Policies of one layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct PolicyLayer {
    set: PolicySet,
    rules: HashMap<PolicyId, Rule>,
}

/// What a layer says, with the policies that made it say so in the order of their ids.
#[derive(Debug)]
pub(crate) struct Verdict<'a> {
    pub says: Says,
    pub rules: Vec<&'a Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// At least one permit holds and no forbid.
    Yes,
    /// A forbid holds.
    No,
    /// No policy holds.
    Nothing,
    /// A policy could not be evaluated. Cedar would skip it; a skipped forbid would permit, so the
    /// whole layer counts as broken for this request.
    Error,
}

impl Verdict<'_> {
    /// The verdict of a layer that does not exist.
    pub(crate) const NOTHING: Self = Self { says: Says::Nothing, rules: Vec::new() };

    pub(crate) fn ids(&self) -> impl Iterator<Item = String> {
        self.rules.iter().map(|rule| rule.id.clone())
    }
}

impl PolicyLayer {
    /// The layer of some policies.
    pub(crate) fn of(policies: Vec<&Parsed>) -> Self {
        let mut layer = Self::default();
        policies.into_iter().for_each(|parsed| layer.add(&parsed.policy, &parsed.rule));
        layer
    }

    /// Adds a policy. A second one of the same id, which loading has refused already, is dropped.
    fn add(&mut self, policy: &Policy, rule: &Rule) {
        if self.set.add(policy.clone()).is_ok() {
            self.rules.insert(policy.id().clone(), rule.clone());
        }
    }

    /// Evaluates every policy of the layer.
    pub(crate) fn judge(&self, request: &Request, entities: &Entities) -> Verdict<'_> {
        let response = Authorizer::new().is_authorized(request, &self.set, entities);
        let diagnostics = response.diagnostics();
        if diagnostics.errors().next().is_some() {
            let broken = diagnostics.errors().map(|error| match error {
                AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
            });
            return self.verdict(Says::Error, broken);
        }
        let says = match response.decision() {
            Decision::Allow => Says::Yes,
            Decision::Deny if diagnostics.reason().next().is_some() => Says::No,
            Decision::Deny => Says::Nothing,
        };
        self.verdict(says, diagnostics.reason())
    }

    fn verdict<'i>(&self, says: Says, ids: impl Iterator<Item = &'i PolicyId>) -> Verdict<'_> {
        let mut rules: Vec<&Rule> = ids.filter_map(|id| self.rules.get(id)).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Verdict { says, rules }
    }
}
