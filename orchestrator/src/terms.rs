//! What a run may use: written with policy's permit, read by the worker.

use policy::TaskPermit;
use serde::{Deserialize, Serialize};
use snapshot::Agent;
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
}
