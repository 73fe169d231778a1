//! An agent as requests need it: who it is in policies, and which budgets it draws on.

use budget::{AccountKey, CapSpec, Period, Scope, Zone};
use types::{AgentId, Label, Nanos, TenantId, Timestamp};

use crate::limits::Limit;

/// One agent of the tree, with its row's id.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// Its name: the folder in the tree.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// The caller that policies see; a request adds its key.
    pub caller: policy::Caller,
    /// The lowest label of its requests.
    pub label: Option<Label>,
    /// What `auto` means for it.
    pub model: Option<String>,
    /// Models to fall back to, behind the model's own.
    pub fallbacks: Vec<String>,
    /// What counts in ranking.
    pub weights: Option<router::Weights>,
    /// The budgets that each of its requests is held in.
    pub caps: Vec<Cap>,
    /// How much it, its owner and its tenant may ask for.
    pub limits: Vec<Limit>,
}

/// One budget of an agent or its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Whose it is.
    pub scope: Scope,
    /// The spender's id.
    pub scope_id: String,
    /// How long its window is.
    pub period: Period,
    /// The limit; `None` meters only.
    pub target: Option<Nanos>,
    /// The most that a window gets of what the one before did not use.
    pub rollover: Nanos,
}

impl Agent {
    /// The agent's and its tenant's budgets at an instant, in the windows of a time zone.
    pub fn caps_at(&self, tenant: TenantId, zone: &Zone, now: Timestamp) -> Vec<CapSpec> {
        let spec = |cap: &Cap| {
            let window = cap.period.window(now, zone);
            let key =
                AccountKey { tenant, scope: cap.scope, scope_id: cap.scope_id.clone(), window };
            CapSpec { key, target: cap.target, hard: true, rollover: cap.rollover }
        };
        let counted = self.caps.iter().filter(|cap| cap.period != Period::Request);
        counted.map(spec).collect()
    }
}
