//! An agent as requests need it: who it is in policies, and which budgets it draws on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use budget::{AccountKey, CapSpec, Period, Scope, Zone};
use config::{
    Settings, Tree,
    tree::{AgentFile, Caps, OrgSettings},
};
use policy::Caller;
use store::agents;
use types::{AgentId, Label, Nanos, TenantId, Timestamp};

use crate::{
    assemble::Rows,
    limits::{self, Limit},
    policies::agent_kind,
    scorer::Scorer,
    spenders::Everybodys,
};

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
    /// Which answers are given to it again.
    pub reuse: config::tree::Reuse,
    /// After how long without an answer the next model is asked as well; never where absent.
    pub hedge_after: Option<Duration>,
    /// Who is asked for an opinion before models are put in order.
    pub scorer: Option<Arc<Scorer>>,
    /// How much the difficulty of a request counts where `auto` chooses, in percent; 0 is not at all.
    pub difficulty: u8,
    /// What it works with when it works by itself.
    pub work: Arc<config::tree::Work>,
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

/// The tree's agents with the ids of their rows. An agent without a row has no keys yet.
pub(crate) fn agents_of(
    tree: &Tree,
    rows: &Rows,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> HashMap<AgentId, Agent> {
    let all = tree.settings.scorer.as_ref();
    let all = all.map(|file| Scorer::of("`[routing.scorer]`", file, settings, notes));
    let live = rows.agents.iter().filter(|a| a.disabled_at.is_none() && a.tenant == rows.tenant);
    live.filter_map(|row| {
        let file = tree.agents.get(&row.name)?;
        let agent = Agent {
            id: row.id,
            name: row.name.clone(),
            owner: file.owner.clone(),
            caller: Caller {
                tenant: row.tenant,
                tenant_name: rows.tenant_name.clone(),
                agent: row.id,
                agent_name: row.name.clone(),
                agent_kind: agent_kind(file.kind),
                groups: file.groups.clone(),
                key: None,
                grant: None,
            },
            label: file.label,
            model: file.model.clone(),
            fallbacks: file.fallbacks.clone(),
            weights: file.weights.map(weights_of),
            reuse: file.reuse.clone(),
            hedge_after: file.hedge_after,
            scorer: Scorer::of_agent(&row.name, &file.scorer, all.as_ref(), settings, notes),
            difficulty: file.difficulty,
            work: Arc::new(file.work.clone()),
            caps: caps_of(tree, file, row, settings),
            limits: limits_of(tree, file, row),
        };
        Some((row.id, agent))
    })
    .collect()
}

fn limits_of(tree: &Tree, file: &AgentFile, row: &agents::Agent) -> Vec<Limit> {
    let org = &tree.settings.limits;
    let agent = limits::each(Scope::Agent, &row.id.to_string(), file.limits.or(org.agents));
    let user = limits::each(Scope::User, &file.owner, org.users);
    let tenant = limits::each(Scope::Tenant, &row.tenant.to_string(), org.tenant);
    agent.chain(user).chain(tenant).collect()
}

fn caps_of(tree: &Tree, file: &AgentFile, row: &agents::Agent, settings: &Settings) -> Vec<Cap> {
    let (defaults, org) = (&settings.budget, &tree.settings);
    let agent = row.id.to_string();
    let tenant = row.tenant.to_string();
    let cap = |scope, scope_id: &str, period, target: Option<Nanos>| {
        let all = if scope == Scope::Agent { &org.agents } else { &org.tenant };
        let own = rollover(&file.budget, period).filter(|_| scope == Scope::Agent);
        let rollover = own.or(rollover(all, period)).unwrap_or_default();
        Cap { scope, scope_id: scope_id.to_owned(), period, target, rollover }
    };
    let pick =
        |of: fn(&Caps) -> Option<Nanos>, default| of(&file.budget).or(of(&org.agents)).or(default);
    let caps = [
        cap(Scope::Agent, &agent, Period::Request, pick(|c| c.request, None)),
        cap(Scope::Agent, &agent, Period::Day, pick(|c| c.day, Some(defaults.agent_day))),
        cap(Scope::Agent, &agent, Period::Week, pick(|c| c.week, None)),
        cap(Scope::Agent, &agent, Period::Month, pick(|c| c.month, defaults.agent_month)),
        cap(Scope::Agent, &agent, Period::Total, pick(|c| c.total, None)),
        cap(Scope::Tenant, &tenant, Period::Request, org.tenant.request),
        cap(Scope::Tenant, &tenant, Period::Day, org.tenant.day.or(defaults.tenant_day)),
        cap(Scope::Tenant, &tenant, Period::Week, org.tenant.week),
        cap(Scope::Tenant, &tenant, Period::Month, org.tenant.month.or(defaults.tenant_month)),
        cap(Scope::Tenant, &tenant, Period::Total, org.tenant.total),
    ];
    // Day and month are always metered, so that a cap set later finds what was spent.
    let metered = |cap: &Cap| matches!(cap.period, Period::Day | Period::Month);
    caps.into_iter().filter(|cap| cap.target.is_some() || metered(cap)).collect()
}

/// The most that rolls over from one window to the next.
fn rollover(caps: &Caps, period: Period) -> Option<Nanos> {
    match period {
        Period::Day => caps.rollover.day,
        Period::Week => caps.rollover.week,
        Period::Month => caps.rollover.month,
        Period::Request | Period::Total => None,
    }
}

/// What the tree lets every person, session and task spend.
pub(crate) fn everybodys_caps(org: &OrgSettings) -> Vec<Everybodys> {
    let scopes =
        [(Scope::User, org.users), (Scope::Session, org.sessions), (Scope::Task, org.tasks)];
    let each = |(scope, caps): (Scope, Caps)| {
        let periods = [
            (Period::Request, caps.request),
            (Period::Day, caps.day),
            (Period::Week, caps.week),
            (Period::Month, caps.month),
            (Period::Total, caps.total),
        ];
        periods.into_iter().filter_map(move |(period, target)| {
            let rollover = rollover(&caps, period).unwrap_or_default();
            Some(Everybodys { scope, period, target: target?, rollover })
        })
    };
    scopes.into_iter().flat_map(each).collect()
}

pub(crate) fn weights_of(weights: config::settings::Weights) -> router::Weights {
    router::Weights { cost: weights.cost, latency: weights.latency, quality: weights.quality }
}
