//! Decisions about sandboxes: whether an agent may work in one, and what it reaches from there. The only maker of
//! a [`SandboxPermit`].

use std::collections::HashMap;

use cedar_policy::{Entities, Entity, Request, RestrictedExpression as Value};
use types::{Integrity, Label, Timestamp};

use crate::{
    administer::Denial,
    ask::Caller,
    load::Engine,
    mapper::{self, Names, Unmappable, instant, text, uid, whole_second},
    reason::DenyReason,
};

/// One use of a sandbox that wants a decision.
#[derive(Debug, Clone, Copy)]
pub struct SandboxUse<'a> {
    /// The agent that works in it.
    pub agent: &'a Caller,
    /// Its profile: `Orchestack::Sandbox::"<profile>"`.
    pub profile: &'a str,
    /// Where the profile lets it connect to.
    pub hosts: &'a [(String, u16)],
    /// How confidential the session is.
    pub label: Label,
    /// Whether what the session has seen may be trusted.
    pub integrity: Integrity,
    /// Calls of tools of the session before this one.
    pub calls: u64,
    /// When the decision is taken.
    pub now: Timestamp,
}

/// Proof that policy lets an agent work in a sandbox. Only [`Engine::decide_sandbox`] makes one.
#[derive(Debug, Clone)]
pub struct SandboxPermit {
    profile: String,
    hosts: Vec<(String, u16)>,
    commit: String,
    policies: Vec<String>,
}

impl Engine {
    /// Decides whether an agent works in a sandbox, and to which of its profile's hosts it may connect as its
    /// session is now. A host that policy refuses is not reached; the rest goes on without it. Pure: what cannot be
    /// evaluated is denied.
    ///
    /// # Errors
    /// The denial with its reason.
    pub fn decide_sandbox(&self, wish: &SandboxUse<'_>) -> Result<SandboxPermit, Denial> {
        if wish.agent.grant.as_ref().is_some_and(|grant| !grant.limits.covers_sandbox(wish.profile))
        {
            return Err(self.no(DenyReason::OutsideGrant, Vec::new()));
        }
        let asked = self.names().sandbox(wish);
        let asked = asked.map_err(|_| self.no(DenyReason::Error, Vec::new()))?;
        let judged = self.sandboxes().judge(&wish.agent.agent_name, &asked);
        let rules = judged.map_err(|refused| self.no(refused.reason, refused.policies))?;
        let reached = |(host, port): &&(String, u16)| {
            let asked = self.names().way_out(wish, host, *port);
            asked.is_ok_and(|asked| self.ways_out().judge(&wish.agent.agent_name, &asked).is_ok())
        };
        Ok(SandboxPermit {
            profile: wish.profile.to_owned(),
            hosts: wish.hosts.iter().filter(reached).cloned().collect(),
            commit: self.commit().to_owned(),
            policies: rules.iter().map(|rule| rule.id.clone()).collect(),
        })
    }

    fn no(&self, reason: DenyReason, policies: Vec<String>) -> Denial {
        Denial { reason, policies, commit: self.commit().to_owned() }
    }
}

impl SandboxPermit {
    /// The profile that was decided.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Where the sandbox may connect to: of the profile's hosts those that policy lets it reach now.
    pub fn hosts(&self) -> &[(String, u16)] {
        &self.hosts
    }

    /// The commit whose policies decided.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The ids of the policies of both layers that permit the sandbox.
    pub fn policies(&self) -> &[String] {
        &self.policies
    }
}

impl Names {
    fn sandbox(&self, wish: &SandboxUse<'_>) -> Result<(Request, Entities), Unmappable> {
        let session = mapper::record([("calls", mapper::count(wish.calls))])?;
        self.about_sandbox(wish, &self.start_sandbox, [("session", session)])
    }

    fn way_out(
        &self,
        wish: &SandboxUse<'_>,
        host: &str,
        port: u16,
    ) -> Result<(Request, Entities), Unmappable> {
        let place = [("host", text(host)), ("port", Value::new_long(i64::from(port)))];
        self.about_sandbox(wish, &self.egress, place)
    }

    fn about_sandbox<const N: usize>(
        &self,
        wish: &SandboxUse<'_>,
        action: &cedar_policy::EntityUid,
        own: [(&'static str, Value); N],
    ) -> Result<(Request, Entities), Unmappable> {
        let agent = self.caller_entity(wish.agent)?;
        let resource = uid(&self.sandbox, wish.profile);
        let attributes = HashMap::from([("profile".to_owned(), text(wish.profile))]);
        let parents = [self.tenant(&wish.agent.tenant_name)].into();
        let entity = Entity::new(resource.clone(), attributes, parents).map_err(|_| Unmappable)?;
        let always = [
            ("label", text(wish.label.as_str())),
            ("label_rank", Value::new_long(i64::from(wish.label.rank()))),
            ("integrity", text(wish.integrity.as_str())),
            ("now", instant(whole_second(wish.now))),
        ];
        let context = mapper::context(always, own.map(|(name, value)| (name, Some(value))))?;
        let entities = Entities::from_entities([agent.clone(), entity], None);
        let entities = entities.map_err(|_| Unmappable)?;
        let request = Request::new(agent.uid(), action.clone(), resource, context, None);
        Ok((request.map_err(|_| Unmappable)?, entities))
    }
}

#[cfg(test)]
#[path = "sandbox_tests.rs"]
mod tests;
