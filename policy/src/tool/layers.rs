//! The policies of both layers about tools.

use std::collections::HashMap;

use cedar_policy::EntityUid;

use super::terms::Asked;
use crate::{
    decide::{Refused, join},
    layer::{PolicyLayer, Verdict},
    load::about,
    rule::Rule,
    source::Parsed,
};

/// The policies of the organisation and of each agent about one action.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    organisation: PolicyLayer,
    agents: HashMap<String, PolicyLayer>,
}

impl Layers {
    pub(crate) fn new<'p>(
        action: &EntityUid,
        organisation: &[Parsed],
        agents: impl Iterator<Item = (&'p str, &'p [Parsed])>,
    ) -> Self {
        let layer = |policies| PolicyLayer::of(about(policies, action));
        Self {
            organisation: layer(organisation),
            agents: agents.map(|(name, own)| (name.to_owned(), layer(own))).collect(),
        }
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
