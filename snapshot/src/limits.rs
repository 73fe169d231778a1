//! Who may ask for how much: the limits of the tree as a request meets them.

use std::{collections::HashMap, num::NonZeroU32};

use budget::Scope;
use config::{Tree, tree::Rates};
use policy::Caller;

use crate::agent::Agent;

/// One limit. Requests that have it in common count together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Whose it is.
    pub scope: Scope,
    /// The spender's id or name.
    pub scope_id: String,
    /// What it counts.
    pub kind: LimitKind,
    /// How many there may be: a minute, or at once.
    pub max: NonZeroU32,
}

types::names! {
    /// What a limit counts.
    LimitKind {
        /// Requests a minute.
        Requests = "requests",
        /// Tokens a minute, input and output together.
        Tokens = "tokens",
        /// Requests at once.
        Concurrent = "concurrent",
    }
}

/// The limits of a commit that are not an agent's own.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    keys: Rates,
    /// By provider and by model.
    upstream: HashMap<(Scope, String), Rates>,
}

impl Limits {
    pub(crate) fn of(tree: &Tree) -> Self {
        let providers = tree.providers.iter().map(|p| (Scope::Provider, &p.name, p.limits));
        let models = tree.models.iter().map(|m| (Scope::Model, &m.id, m.limits));
        let upstream = providers.chain(models).filter(|(.., rates)| *rates != Rates::default());
        let upstream = upstream.map(|(scope, name, rates)| ((scope, name.clone()), rates));
        Self { keys: tree.settings.limits.keys, upstream: upstream.collect() }
    }

    /// What a caller meets, the narrowest first: its key, its agent, the agent's owner, the tenant.
    pub(crate) fn of_caller(&self, agent: &Agent, caller: &Caller) -> Vec<Limit> {
        let mut met = Vec::new();
        if let Some(key) = caller.key.filter(|_| self.keys != Rates::default()) {
            met.extend(each(Scope::Key, &key.to_string(), self.keys));
        }
        met.extend(agent.limits.iter().cloned());
        met
    }

    /// What a call of a model meets, the model's own first.
    pub(crate) fn of_upstream(&self, provider: &str, model: &str) -> Vec<Limit> {
        let mut met = Vec::new();
        for (scope, name) in [(Scope::Model, model), (Scope::Provider, provider)] {
            if !self.upstream.is_empty()
                && let Some(rates) = self.upstream.get(&(scope, name.to_owned()))
            {
                met.extend(each(scope, name, *rates));
            }
        }
        met
    }
}

/// The limits of one spender.
pub(crate) fn each(
    scope: Scope,
    scope_id: &str,
    rates: Rates,
) -> impl Iterator<Item = Limit> + use<> {
    let scope_id = scope_id.to_owned();
    let kinds = [
        (LimitKind::Concurrent, rates.concurrent),
        (LimitKind::Requests, rates.requests),
        (LimitKind::Tokens, rates.tokens),
    ];
    kinds.into_iter().filter_map(move |(kind, max)| {
        Some(Limit { scope, scope_id: scope_id.clone(), kind, max: max? })
    })
}
