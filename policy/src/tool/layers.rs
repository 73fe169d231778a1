//! The policies of both layers about tools.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{ActionConstraint, EntityUid, Policy};

use super::{
    facts::ToolFacts,
    terms::Asked,
    vocabulary::{OwnAction, Vocabulary, is_own},
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
    general: Layers,
}

/// The policies about one tool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AboutTool<'p> {
    own: Option<&'p (OwnAction, Layers)>,
    general: &'p Layers,
}

/// The policies of the organisation and of each agent about one action. Layers about a tool's own action
/// have only what names it: what does not is the same as for every tool.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    organisation: Option<PolicyLayer>,
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
        Self { own: own.collect(), general: layers(general) }
    }

    /// The policies about a tool.
    pub(crate) fn about(&self, tool: &ToolFacts<'_>) -> AboutTool<'_> {
        let own = if self.own.is_empty() { None } else { self.own.get(&tool.id()) };
        AboutTool { own, general: &self.general }
    }
}

impl<'p> AboutTool<'p> {
    /// The tool's own action, if it has one.
    pub(crate) fn action(&self) -> Option<&'p OwnAction> {
        self.own.map(|(action, _)| action)
    }

    /// What both layers permit by.
    pub(crate) fn judge(&self, agent: &str, asked: &Asked) -> Result<Vec<&'p Rule>, Refused> {
        let own = self.own.map(|(_, layers)| layers);
        let organisation = own.and_then(|own| own.organisation.as_ref());
        let agents = own.and_then(|own| own.agents.get(agent));
        decided(
            organisation.or(self.general.organisation.as_ref()),
            agents.or_else(|| self.general.agents.get(agent)),
            asked,
        )
    }
}

impl Layers {
    pub(crate) fn new(
        action: &EntityUid,
        organisation: &[Parsed],
        agents: &BTreeMap<String, AgentSource<Vec<Parsed>>>,
    ) -> Self {
        let layer = |policies: &[Parsed]| {
            let differs = !is_own(action) || policies.iter().any(|one| names(&one.policy, action));
            differs.then(|| PolicyLayer::of(about(policies, action)))
        };
        let agents =
            agents.iter().filter_map(|(name, own)| Some((name.clone(), layer(&own.policies)?)));
        Self { agents: agents.collect(), organisation: layer(organisation) }
    }

    /// What both layers permit by.
    pub(crate) fn judge(&self, agent: &str, asked: &Asked) -> Result<Vec<&Rule>, Refused> {
        decided(self.organisation.as_ref(), self.agents.get(agent), asked)
    }
}

/// What both layers permit by; a layer that is not there permits nothing.
fn decided<'p>(
    organisation: Option<&'p PolicyLayer>,
    agent: Option<&'p PolicyLayer>,
    (request, entities): &Asked,
) -> Result<Vec<&'p Rule>, Refused> {
    let says = |layer: Option<&'p PolicyLayer>| {
        layer.map_or(Verdict::NOTHING, |layer| layer.judge(request, entities))
    };
    join(&says(organisation), Some(&says(agent)))
}

/// Whether a policy's scope names an action itself.
fn names(policy: &Policy, action: &EntityUid) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => false,
        ActionConstraint::In(actions) => actions.contains(action),
        ActionConstraint::Eq(only) => only == *action,
    }
}
