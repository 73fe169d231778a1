//! What a run may use: written with policy's permit, read by the worker.

use policy::TaskPermit;
use serde::{Deserialize, Serialize};
use snapshot::Agent;
use store::work::Parent;
use types::Nanos;

/// What a run may use at most, beside the bounds of its agent's definition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Terms {
    /// What all its calls may cost, in nano-dollars; no bound of its own where absent.
    pub(crate) cost: Option<Nanos>,
}

impl Terms {
    /// The terms of a permitted task: the lower of what policy and the agent's definition say.
    pub(crate) fn of(permit: &TaskPermit, agent: &Agent) -> Self {
        let both = [permit.max_cost(), agent.work.run.cost];
        Self { cost: both.into_iter().flatten().min() }
    }

    /// These terms, and no wider than those of whoever gave the work.
    pub(crate) fn within(self, parent: Option<&Parent>) -> Self {
        let of = |parent: &Parent| serde_json::from_value::<Self>(parent.limits.clone()).ok();
        let wider = parent.and_then(of).unwrap_or_default();
        Self { cost: [self.cost, wider.cost].into_iter().flatten().min() }
    }
}
