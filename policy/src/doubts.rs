//! What is legal in policies and looks wrong: a role that nobody can answer in, an agent that the
//! tree does not have. Both may come later, so they stop no commit.

use std::collections::BTreeSet;

use cedar_policy::{Effect, EntityUid};
use serde_json::Value;
use types::{TenantId, Timestamp};

use crate::{
    ask::{AgentKind, ApprovalVote, Person, Requester},
    check::TENANT,
    load::{Engine, concerns},
    source::Parsed,
    words::APPROVAL_KINDS,
};

/// Every doubt about an engine's policies, a line each, by file and line.
pub(crate) fn of(engine: &Engine) -> Vec<String> {
    let mut answered = BTreeSet::new();
    let mut found = Vec::new();
    let own = engine.agents().values().flat_map(|agent| &agent.policies);
    for parsed in engine.organisation().iter().chain(own) {
        let at = format!("{}:{}: `{}`", parsed.file, parsed.line, parsed.rule.id);
        let need = parsed.rule.obligations.approval.iter();
        for role in need.flat_map(|need| &need.roles) {
            if !answered.contains(role) && !engine.hears(role) {
                found.push(format!(
                    "{at} waits for the role `{role}`, in which no policy lets anybody approve"
                ));
            } else {
                answered.insert(role);
            }
        }
        found.extend(
            strangers(engine, parsed)
                .into_iter()
                .map(|name| format!("{at} names {name}, and the tree has no such agent")),
        );
    }
    found
}

impl Engine {
    /// The actions of tools that no policy permits: `callTool` and `listTool`, each for the organisation and for
    /// at least one agent, since a tool needs both. Policies that were written before there were tools say
    /// nothing of them, and so deny all.
    pub fn without_tools(&self) -> Vec<&'static str> {
        let names = self.names();
        let permits = |policies: &[Parsed], actions: &[EntityUid]| {
            policies.iter().any(|parsed| {
                parsed.policy.effect() == Effect::Permit
                    && actions.iter().any(|action| concerns(&parsed.policy, action))
            })
        };
        let spoken = |action: &EntityUid| {
            let actions = self.with_members(action);
            permits(self.organisation(), &actions)
                && self.agents().values().any(|agent| permits(&agent.policies, &actions))
        };
        let both = [("callTool", &names.call_tool), ("listTool", &names.list_tool)];
        both.into_iter().filter(|(_, action)| !spoken(action)).map(|(name, _)| name).collect()
    }

    /// Whether anybody could vote in a role: about anything, for any agent, owner of it or not.
    fn hears(&self, role: &str) -> bool {
        let voter = Person { name: "somebody".to_owned(), groups: vec![role.to_owned()] };
        let agents = self.agents().iter().flat_map(|(name, agent)| {
            let of = |owner| Requester::Agent { kind: agent.kind, name, owner };
            [of("somebody"), of("another")]
        });
        let mut requesters = std::iter::once(Requester::User("another")).chain(agents);
        requesters.any(|requester| {
            let vote = |kind| ApprovalVote {
                actor: &voter,
                role,
                kind,
                requester,
                target: "",
                tenant: TenantId::from_parts(0, 0),
                tenant_name: TENANT,
                now: Timestamp(0),
            };
            APPROVAL_KINDS.iter().any(|kind| self.vote(&vote(kind)).is_ok())
        })
    }
}

/// The agents that a policy names, as Cedar writes them, and the tree does not have.
fn strangers(engine: &Engine, parsed: &Parsed) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    if let Ok(json) = parsed.policy.to_json() {
        agents(&json, &mut named);
    }
    named.retain(|(kind, name)| engine.agents().get(name).is_none_or(|agent| agent.kind != *kind));
    let told = |(kind, name): (AgentKind, String)| format!("{}::{name:?}", entity_type(kind));
    named.into_iter().map(told).collect()
}

const fn entity_type(kind: AgentKind) -> &'static str {
    match kind {
        AgentKind::User => "Orchestack::Agent",
        AgentKind::System => "Orchestack::SystemAgent",
    }
}

/// Collects the agents among the entities of a policy in Cedar's JSON form.
fn agents(node: &Value, named: &mut BTreeSet<(AgentKind, String)>) {
    match node {
        Value::Array(parts) => parts.iter().for_each(|part| agents(part, named)),
        Value::Object(parts) => {
            let text = |key: &str| parts.get(key).and_then(Value::as_str);
            if let (Some(of), Some(name)) = (text("type"), text("id")) {
                let kinds = [AgentKind::User, AgentKind::System];
                let kind = kinds.into_iter().find(|kind| entity_type(*kind) == of);
                named.extend(kind.map(|kind| (kind, name.to_owned())));
            }
            parts.values().for_each(|part| agents(part, named));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
