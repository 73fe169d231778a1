//! The policies of both layers about tools.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::EntityUid;

use super::{
    facts::ToolFacts,
    terms::Asked,
    vocabulary::{OwnAction, Vocabulary},
};
use crate::{
    bundle::AgentSource,
    decide::{Refused, join},
    layer::{PolicyLayer, Verdict},
    load::about,
    rule::Rule,
    source::Parsed,
};

/// The policies about calls of tools: of tools that have an action of their own, and of all others.
#[derive(Debug, Default)]
pub(crate) struct ToolPolicies {
    own: HashMap<String, (OwnAction, Layers)>,
    others: Layers,
}

/// The policies of the organisation and of each agent about one action.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    organisation: PolicyLayer,
    agents: HashMap<String, PolicyLayer>,
}

impl ToolPolicies {
    pub(crate) fn new(
        general: &EntityUid,
        words: &Vocabulary,
        layers: impl Fn(&EntityUid) -> Layers,
    ) -> Self {
        let own =
            words.own.iter().map(|(id, own)| (id.clone(), (own.clone(), layers(&own.action))));
        Self { own: own.collect(), others: layers(general) }
    }

    /// The policies about a tool, and the action of its own if it has one.
    pub(crate) fn about(&self, tool: &ToolFacts<'_>) -> (Option<&OwnAction>, &Layers) {
        let own = if self.own.is_empty() { None } else { self.own.get(&tool.id()) };
        own.map_or((None, &self.others), |(own, layers)| (Some(own), layers))
    }
}

impl Layers {
    pub(crate) fn new(
        action: &EntityUid,
        organisation: &[Parsed],
        agents: &BTreeMap<String, AgentSource<Vec<Parsed>>>,
    ) -> Self {
        let layer = |policies| PolicyLayer::of(about(policies, action));
        let agents = agents.iter().map(|(name, own)| (name.clone(), layer(&own.policies)));
        Self { agents: agents.collect(), organisation: layer(organisation) }
    }

    /// What both layers permit by; an agent without a layer of its own is permitted nothing.
    pub(crate) fn judge(
        &self,
        agent: &str,
        (request, entities): &Asked,
    ) -> Result<Vec<&Rule>, Refused> {
        let own = self.agents.get(agent).map(|own| own.judge(request, entities));
        let own = own.unwrap_or(Verdict::NOTHING);
        join(&self.organisation.judge(request, entities), Some(&own))
    }
}
