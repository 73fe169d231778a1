//! Capability grants: what a task may do at most, in place of a key. A grant never permits: it only
//! takes away from what the agent's policies permit.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use types::{AgentId, GrantId, Label, Nanos, RunId, SessionId, TaskId, TenantId, Timestamp};

/// What a grant says. It is signed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its id, by which it is revoked.
    pub id: GrantId,
    /// The tenant.
    pub tenant: TenantId,
    /// The agent that it speaks for.
    pub agent: AgentId,
    /// What it is bound to.
    pub task: Option<TaskId>,
    /// The run of that task.
    pub run: Option<RunId>,
    /// The lease under which its holder has that run. What is not pure is called under the run's latest one alone. A
    /// grant that a person makes has none, and no worker after another takes it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// The session that the calls belong to.
    pub session: Option<SessionId>,
    /// The limits.
    pub limits: Limits,
    /// When it was signed, in microseconds since the epoch.
    pub issued_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// What a grant leaves of the agent's rights. `None` leaves all of a kind, an empty set nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Ids of models.
    pub models: Option<BTreeSet<String>>,
    /// Ids of tools.
    pub tools: Option<BTreeSet<String>>,
    /// Memory layers, `L0` to `L4`.
    pub memory: Option<BTreeSet<String>>,
    /// The sandbox profile.
    pub sandbox: Option<String>,
    /// The highest label of content that it may be used with.
    pub label: Option<Label>,
    /// What all calls together may cost.
    pub max_cost: Option<Nanos>,
    /// The most output tokens of one call.
    pub max_tokens: Option<u64>,
}

impl Grant {
    /// The id of the one grant that a run gets from its worker, whoever works on it.
    pub const fn id_of(run: RunId) -> GrantId {
        let (ms, random) = run.parts();
        GrantId::from_parts(ms, random)
    }

    /// Whether it is a run's own, made by its worker. One that a person makes for a run has an id by chance.
    pub fn is_of_its_run(&self) -> bool {
        self.run.is_some_and(|run| self.id == Self::id_of(run))
    }
}

impl Limits {
    /// These limits and those of `wider`: what both leave. A child's grant is made so, and is never
    /// wider than its parent's.
    #[must_use]
    pub fn within(&self, wider: &Self) -> Self {
        Self {
            models: both(self.models.as_ref(), wider.models.as_ref()),
            tools: both(self.tools.as_ref(), wider.tools.as_ref()),
            memory: both(self.memory.as_ref(), wider.memory.as_ref()),
            // Another profile than the parent's is none.
            sandbox: match (&self.sandbox, &wider.sandbox) {
                (Some(own), Some(other)) if own != other => Some(String::new()),
                (Some(profile), _) | (None, Some(profile)) => Some(profile.clone()),
                (None, None) => None,
            },
            label: least(self.label, wider.label),
            max_cost: least(self.max_cost, wider.max_cost),
            max_tokens: least(self.max_tokens, wider.max_tokens),
        }
    }

    /// Whether a model may be called with content of that label.
    pub fn covers_model(&self, model: &str, label: Label) -> bool {
        self.models.as_ref().is_none_or(|models| models.contains(model))
            && self.label.is_none_or(|highest| label <= highest)
    }

    /// Whether a tool may be called with content of that label.
    pub fn covers_tool(&self, tool: &str, label: Label) -> bool {
        self.has_tool(tool) && self.label.is_none_or(|highest| label <= highest)
    }

    /// Whether a sandbox of that profile may be worked in.
    pub fn covers_sandbox(&self, profile: &str) -> bool {
        self.sandbox.as_ref().is_none_or(|own| own == profile)
    }

    /// Whether a tool, such as `mail.send`, is among those that are left.
    pub fn has_tool(&self, tool: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.contains(tool))
    }
}

fn both(
    one: Option<&BTreeSet<String>>,
    other: Option<&BTreeSet<String>>,
) -> Option<BTreeSet<String>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.intersection(other).cloned().collect()),
        (set, None) | (None, set) => set.cloned(),
    }
}

fn least<T: Ord + Copy>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (limit, None) | (None, limit) => limit,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, option, prelude::*};

    use super::*;

    fn any_limits() -> impl Strategy<Value = Limits> {
        let names = || option::of(btree_set("[a-c]", 0..3));
        let label = option::of(prop::sample::select(Label::ALL));
        let sandbox = option::of("[a-b]");
        (names(), names(), names(), sandbox, label, option::of(0..5i64), option::of(0..5u64))
            .prop_map(|(models, tools, memory, sandbox, label, cost, max_tokens)| {
                let max_cost = cost.map(Nanos);
                Limits { models, tools, memory, sandbox, label, max_cost, max_tokens }
            })
    }

    #[test]
    fn a_runs_own_grant_is_told_by_its_id() {
        let run = RunId::from_parts(7, 8);
        let own = Grant { id: Grant::id_of(run), run: Some(run), ..crate::testing::grant() };
        assert!(own.is_of_its_run());
        let other = Grant { run: Some(RunId::from_parts(7, 9)), ..own.clone() };
        assert!(!other.is_of_its_run() && !Grant { run: None, ..own }.is_of_its_run());
    }

    proptest! {
        #[test]
        fn a_narrowed_grant_is_never_wider_than_either(a in any_limits(), b in any_limits()) {
            let both = a.within(&b);
            let all = ["a", "b", "c"].into_iter().flat_map(|m| Label::ALL.iter().map(move |l| (m, l)));
            for (model, label) in all {
                let covers = |limits: &Limits| limits.covers_model(model, *label);
                prop_assert_eq!(covers(&both), covers(&a) && covers(&b));
                let covers = |limits: &Limits| limits.covers_tool(model, *label);
                prop_assert_eq!(covers(&both), covers(&a) && covers(&b));
            }
            for limits in [&a, &b] {
                prop_assert!(limits.max_cost.is_none_or(|cap| both.max_cost.unwrap() <= cap));
                prop_assert!(limits.max_tokens.is_none_or(|cap| both.max_tokens.unwrap() <= cap));
            }
            prop_assert_eq!(both.within(&both), both.clone());
        }
    }
}
