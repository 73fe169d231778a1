//! The facts of a decision as its audit record keeps them, so that other policies can be asked about the same call.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::{AgentId, Effect, Integrity, Label, Nanos, Replay, RequestId, TenantId, Timestamp};

use super::{DestinationFacts, ProvenanceFacts, ToolCall, ToolFacts, ToolSession};
use crate::ask::{AgentKind, BudgetFacts, Caller};

/// The most names of one kind that are kept, and characters of each.
const NAMES_MAX: usize = 32;
const NAME_CHARS_MAX: usize = 256;

/// What policy was asked about, without the arguments but for the hosts that they name: policies that read more of them
/// cannot be asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCall {
    agent: String,
    calls: u64,
    destination: RecordedDestination,
    groups: Vec<String>,
    integrity: Integrity,
    kinds: Vec<String>,
    label: Label,
    /// Whether there was more than is kept: then it cannot be asked again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    provenance: RecordedProvenance,
    remaining: Option<Nanos>,
    sources: Vec<String>,
    /// Whether the agent is a system agent.
    system: bool,
    tenant: String,
    tool: RecordedTool,
    used_percent: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedTool {
    effect: Effect,
    function: bool,
    name: String,
    pinned: bool,
    price: Option<Nanos>,
    replay: Replay,
    server: String,
    trusted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedProvenance {
    trusted: Vec<String>,
    unmatched: Vec<String>,
    untrusted: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedDestination {
    given: bool,
    hosts: Vec<String>,
    named_by_user: bool,
    private: bool,
}

impl RecordedCall {
    /// Of a call. `is_known` tells which names of arguments are the schema's: any other may be the caller's text, and
    /// its number stands in its place. The hosts that it goes to are kept where `hosts` says so: without them it cannot be
    /// asked again.
    pub fn of(call: &ToolCall<'_>, is_known: impl Fn(&str) -> bool, hosts: bool) -> Self {
        let (caller, tool, to) = (call.caller, &call.tool, &call.destination);
        let from = &call.provenance;
        let mut more = !hosts && !to.hosts.is_empty();
        let told: &[&str] = if hosts { to.hosts } else { &[] };
        let mut kept = |names: &[&str]| {
            more |= names.len() > NAMES_MAX;
            names.iter().take(NAMES_MAX).map(|name| cut(name)).collect::<Vec<_>>()
        };
        let (sources, hosts) = (kept(call.session.sources), kept(told));
        let mut arguments = |names: &[&str]| {
            let named = |(at, name): (usize, &&str)| {
                if is_known(name) { (*name).to_owned() } else { format!("[{at}]") }
            };
            let names: Vec<String> = names.iter().enumerate().map(named).collect();
            kept(&names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let provenance = RecordedProvenance {
            trusted: arguments(from.trusted),
            unmatched: arguments(from.unmatched),
            untrusted: arguments(from.untrusted),
        };
        Self {
            agent: caller.agent_name.clone(),
            calls: call.session.calls,
            destination: RecordedDestination {
                given: to.given,
                hosts,
                named_by_user: to.named_by_user,
                private: to.private,
            },
            groups: caller.groups.clone(),
            integrity: call.integrity,
            kinds: call.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            label: call.label,
            more,
            provenance,
            remaining: call.budget.remaining,
            sources,
            system: caller.agent_kind == AgentKind::System,
            tenant: caller.tenant_name.clone(),
            tool: RecordedTool {
                effect: tool.effect,
                function: tool.function,
                name: tool.name.to_owned(),
                pinned: tool.pinned,
                price: tool.price,
                replay: tool.replay,
                server: tool.server.to_owned(),
                trusted: tool.trusted,
            },
            used_percent: call.budget.used_percent,
        }
    }

    /// The agent that called.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The tool, such as `mail.send`.
    pub fn tool(&self) -> String {
        format!("{}.{}", self.tool.server, self.tool.name)
    }

    /// Asks about the call again, without its arguments, its grant and what people approved; `None` where the record
    /// does not say enough to.
    pub fn ask<T>(&self, now: Timestamp, ask: impl FnOnce(&ToolCall<'_>) -> T) -> Option<T> {
        if self.more {
            return None;
        }
        let caller = Caller {
            tenant: TenantId::from_parts(0, 0),
            tenant_name: self.tenant.clone(),
            agent: AgentId::from_parts(0, 0),
            agent_name: self.agent.clone(),
            agent_kind: if self.system { AgentKind::System } else { AgentKind::User },
            groups: self.groups.clone(),
            key: None,
            grant: None,
        };
        let Self { destination: to, provenance: from, tool, .. } = self;
        let [kinds, sources, hosts] = [&self.kinds, &self.sources, &to.hosts].map(|all| texts(all));
        let [trusted, untrusted, unmatched] =
            [&from.trusted, &from.untrusted, &from.unmatched].map(|all| texts(all));
        Some(ask(&ToolCall {
            id: RequestId::from_parts(0, 0),
            caller: &caller,
            label: self.label,
            integrity: self.integrity,
            kinds: &kinds,
            budget: BudgetFacts { remaining: self.remaining, used_percent: self.used_percent },
            session: ToolSession { id: None, calls: self.calls, sources: &sources },
            tool: ToolFacts {
                server: &tool.server,
                name: &tool.name,
                effect: tool.effect,
                replay: tool.replay,
                pinned: tool.pinned,
                trusted: tool.trusted,
                function: tool.function,
                price: tool.price,
            },
            input: &Value::Object(serde_json::Map::new()),
            provenance: ProvenanceFacts {
                trusted: &trusted,
                untrusted: &untrusted,
                unmatched: &unmatched,
            },
            destination: DestinationFacts {
                given: to.given,
                hosts: &hosts,
                private: to.private,
                named_by_user: to.named_by_user,
            },
            approval: None,
            dry_run: false,
            now,
        }))
    }
}

fn cut(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
