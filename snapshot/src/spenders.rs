//! Who spends in a call, and the budgets that it draws on.

use budget::{AccountKey, CapSpec, Period, Scope, Window, Zone};
use policy::Caller;
use store::caps;
use types::{Nanos, SessionId, Timestamp};

use crate::{
    agent::{Agent, Cap},
    assemble::Snapshot,
};

/// What the tree lets every spender of a scope spend in a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Everybodys {
    pub(crate) scope: Scope,
    pub(crate) period: Period,
    pub(crate) target: Nanos,
    pub(crate) rollover: Nanos,
}

/// Everybody who spends in one call: of each scope there is one at most.
struct Spenders<'a> {
    snapshot: &'a Snapshot,
    agent: &'a Agent,
    caller: &'a Caller,
    session: Option<SessionId>,
    upstream: Option<(&'a str, &'a str)>,
}

impl Spenders<'_> {
    /// The spender of a scope; `None` where the call has none.
    fn id(&self, scope: Scope) -> Option<String> {
        let grant = self.caller.grant.as_deref();
        match scope {
            Scope::Tenant => Some(self.snapshot.tenant.to_string()),
            Scope::Agent => Some(self.agent.id.to_string()),
            Scope::User => Some(self.agent.owner.clone()).filter(|owner| !owner.is_empty()),
            Scope::Key => self.caller.key.map(|key| key.to_string()),
            Scope::Session => {
                let bound = grant.and_then(|grant| grant.session);
                self.session.or(bound).map(|session| session.to_string())
            }
            Scope::Task => grant.and_then(|grant| grant.task).map(|task| task.to_string()),
            Scope::Provider => self.upstream.map(|(provider, _)| provider.to_owned()),
            Scope::Model => self.upstream.map(|(_, model)| model.to_owned()),
            // A grant's one cap is what it says itself, and a tool has none.
            Scope::Grant | Scope::Tool => None,
        }
    }

    /// The account of one of them.
    fn spec(&self, scope: Scope, window: Window, target: Option<Nanos>) -> Option<CapSpec> {
        let scope_id = self.id(scope)?;
        Some(CapSpec::new(self.snapshot.tenant, scope, scope_id, window, target, true))
    }
}

impl Snapshot {
    /// The budgets that a call is held in: those of the agent and its tenant, those that the tree
    /// gives every person, session and task, what a capability grant leaves, and every cap that was
    /// set at run time on one of the spenders. The person is who answers for the agent; `session` is
    /// the one that the caller names. `upstream` is the provider and the model, once they are known.
    /// What is not capped and not the agent's or tenant's is not counted.
    pub fn path(
        &self,
        agent: &Agent,
        caller: &Caller,
        session: Option<SessionId>,
        upstream: Option<(&str, &str)>,
        now: Timestamp,
    ) -> Vec<CapSpec> {
        let spenders = Spenders { snapshot: self, agent, caller, session, upstream };
        let mut path = agent.caps_at(self.tenant, &self.zone, now);
        for every in self.everybodys.iter().filter(|every| every.period != Period::Request) {
            let window = every.period.window(now, &self.zone);
            let spec = spenders.spec(every.scope, window, Some(every.target));
            path.extend(spec.map(|spec| CapSpec { rollover: every.rollover, ..spec }));
        }
        path.extend(caller.grant.as_deref().and_then(granted));
        for cap in self.set_on(&spenders).filter(|cap| cap.period != Period::Request) {
            let (tenant, scope, scope_id) = (self.tenant, cap.scope, cap.scope_id.clone());
            let window = cap.period.window(now, &self.zone);
            let spec = CapSpec::new(tenant, scope, scope_id, window, cap.target, cap.hard);
            let spec = CapSpec { rollover: cap.rollover, ..spec };
            match path.iter_mut().find(|known| known.key == spec.key) {
                Some(known) => *known = spec,
                None => path.push(spec),
            }
        }
        path
    }

    /// The most that one call may cost: the lowest hard cap per request of its spenders. Of one
    /// spender the cap that was set at run time stands above the tree's.
    pub fn request_ceiling(
        &self,
        agent: &Agent,
        caller: &Caller,
        session: Option<SessionId>,
        upstream: Option<(&str, &str)>,
    ) -> Option<Nanos> {
        let spenders = Spenders { snapshot: self, agent, caller, session, upstream };
        let of_request = |period: Period| period == Period::Request;
        let written = agent.caps.iter().filter(|cap| of_request(cap.period));
        let mut caps: Vec<_> = written.map(|cap| (cap.scope, cap.target)).collect();
        let everybodys = self.everybodys.iter().filter(|every| of_request(every.period));
        let present = everybodys.filter(|every| spenders.id(every.scope).is_some());
        caps.extend(present.map(|every| (every.scope, Some(every.target))));
        for cap in self.set_on(&spenders).filter(|cap| of_request(cap.period)) {
            caps.retain(|(scope, _)| *scope != cap.scope);
            caps.push((cap.scope, cap.target.filter(|_| cap.hard)));
        }
        caps.into_iter().filter_map(|(_, target)| target).min()
    }

    /// The caps that were set at run time on these spenders, of however many others there are.
    fn set_on(&self, spenders: &Spenders<'_>) -> impl Iterator<Item = &caps::Cap> {
        let scopes = Scope::ALL.iter().filter(|_| !self.caps.is_empty());
        scopes.filter_map(|scope| Some((*scope, spenders.id(*scope)?))).flat_map(|(scope, id)| {
            let place = |cap: &caps::Cap| (cap.scope, cap.scope_id.as_str()).cmp(&(scope, &id));
            let start = self.caps.partition_point(|cap| place(cap).is_lt());
            let end = self.caps.partition_point(|cap| place(cap).is_le());
            self.caps.get(start..end).unwrap_or_default()
        })
    }

    /// The cap that the tree or the settings give a spender, whatever was set at run time.
    pub fn written_cap(&self, scope: Scope, scope_id: &str, period: Period) -> Option<Nanos> {
        let every = self.everybodys(scope, period);
        let own = self.own_cap(scope, scope_id, period);
        own.map_or_else(|| every.map(|every| every.target), |cap| cap.target)
    }

    /// The most that the tree rolls over from one window of a spender to the next, whatever was set at run
    /// time.
    pub fn written_rollover(&self, scope: Scope, scope_id: &str, period: Period) -> Nanos {
        let every = self.everybodys(scope, period);
        let own = self.own_cap(scope, scope_id, period);
        own.map_or_else(|| every.map_or(Nanos::ZERO, |every| every.rollover), |cap| cap.rollover)
    }

    fn own_cap(&self, scope: Scope, scope_id: &str, period: Period) -> Option<&Cap> {
        let caps = self.agents().flat_map(|agent| &agent.caps);
        let mut own = caps.filter(|cap| (cap.scope, cap.period) == (scope, period));
        own.find(|cap| cap.scope_id == scope_id)
    }

    fn everybodys(&self, scope: Scope, period: Period) -> Option<&Everybodys> {
        self.everybodys.iter().find(|cap| (cap.scope, cap.period) == (scope, period))
    }
}

/// The account of a grant that limits what all its calls cost.
fn granted(grant: &policy::Grant) -> Option<CapSpec> {
    let target = grant.limits.max_cost?;
    let window = Period::Total.window(grant.issued_at, &Zone::UTC);
    let (tenant, scope, scope_id) = (grant.tenant, Scope::Grant, grant.id.to_string());
    let key = AccountKey { tenant, scope, scope_id, window };
    Some(CapSpec { key, target: Some(target), hard: true, rollover: Nanos::ZERO })
}
