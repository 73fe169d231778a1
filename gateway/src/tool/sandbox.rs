//! The sandbox of a call: whose it is, and what policy lets it reach as the session is now.

use config::tree::SandboxProfile;
use policy::{SandboxPermit, SandboxUse};
use serde_json::{Map, Value, json};
use snapshot::{Agent, Tool, keys::sha256_hex};
use types::{Code, Label, SANDBOX_META, SandboxOrder, Timestamp};

use super::{Context, session::Session};
use crate::refusal::Refusal;

/// A sandbox that policy lets a call work in.
pub(super) struct Place {
    permit: SandboxPermit,
    order: SandboxOrder,
    sealed: bool,
}

impl Place {
    /// The sandbox that a call of a tool works in; none where the tool works elsewhere.
    pub(super) fn of(
        context: &Context<'_>,
        tool: &Tool,
        session: &Session,
        label: Label,
    ) -> Result<Option<Self>, Refusal> {
        let server = context.snapshot.tools.server(&tool.server);
        if !server.is_some_and(snapshot::ToolServer::is_sandbox) {
            return Ok(None);
        }
        let profile = profile(context)?;
        let hosts: Vec<(String, u16)> = profile.egress.iter().map(written).collect();
        let wish = SandboxUse {
            agent: &context.known.caller,
            profile: &profile.name,
            hosts: &hosts,
            label,
            integrity: session.integrity,
            calls: session.calls,
            now: Timestamp::now(),
        };
        let permit = context.snapshot.policy.decide_sandbox(&wish).map_err(|denial| {
            let message = format!(
                "this agent may not work in its sandbox `{}` now: {}",
                profile.name, denial.reason
            );
            Refusal::new(Code::PolicyDenied, message).with_policies(denial.policies)
        })?;
        let order = order(name(context, profile), profile, &permit);
        Ok(Some(Self { permit, order, sealed: is_sealed(profile) }))
    }

    /// What the service of sandboxes is told of it.
    pub(super) fn meta(&self) -> Map<String, Value> {
        let order = serde_json::to_value(&self.order).unwrap_or_default();
        Map::from_iter([(SANDBOX_META.to_owned(), order)])
    }

    /// What the record of the call has of it.
    pub(super) fn told(&self) -> Value {
        let hosts = self.permit.hosts().iter().map(|(host, port)| format!("{host}:{port}"));
        json!({
            "profile": self.permit.profile(), "name": self.order.name,
            "hosts": hosts.collect::<Vec<_>>(), "policies": self.permit.policies(),
        })
    }
}

/// Whether an agent has a sandbox, so that it is offered tools that work in one.
pub(crate) fn has_one(agent: &Agent) -> bool {
    agent.work.sandbox.is_some()
}

/// Whether what a tool says is its session's own or the organisation's word. What a sandbox says is no more than
/// what was put into it, as long as it is sealed.
pub(super) fn vouched(tool: &Tool, place: Option<&Place>) -> bool {
    tool.trusted && place.is_none_or(|place| place.sealed)
}

/// Whether nothing can come out of a sandbox that its session has not put in: it never reaches anybody, and nobody
/// else's session works in it. That it may reach nobody now is not enough: what a call fetched before, of which the
/// session heard nothing, is in its files.
const fn is_sealed(profile: &SandboxProfile) -> bool {
    profile.egress.is_empty() && !profile.persistent
}

fn profile<'s>(context: &Context<'s>) -> Result<&'s SandboxProfile, Refusal> {
    let agent = context.known.agent;
    let named = agent.work.sandbox.as_ref();
    let found = named.and_then(|name| context.snapshot.sandboxes.get(name));
    found.ok_or_else(|| {
        let message = format!(
            "the agent `{0}` has no sandbox; name a profile in `agents/{0}/agent.toml`: `sandbox = \"code\"`",
            agent.name
        );
        Refusal::new(Code::PolicyDenied, message)
    })
}

/// A sandbox is its session's own, or its agent's where it outlives sessions. Nobody else can name it. One that is
/// sealed is none that was not: a profile that is changed does not make trusted what was there before.
fn name(context: &Context<'_>, profile: &SandboxProfile) -> String {
    let caller = &context.known.caller;
    let whose = match context.session.filter(|_| !profile.persistent) {
        Some(session) => session.to_string(),
        None if profile.persistent => "agent".to_owned(),
        None => context.request.to_string(),
    };
    let sealed = is_sealed(profile);
    let text = format!("{}\n{}\n{}\n{sealed}\n{whose}", caller.tenant, caller.agent, profile.name);
    let mut name = sha256_hex(text.as_bytes());
    name.truncate(NAME_CHARS);
    name
}

/// Enough of a hash that no two are the same, and short enough for every driver.
const NAME_CHARS: usize = 40;

fn order(name: String, profile: &SandboxProfile, permit: &SandboxPermit) -> SandboxOrder {
    let milli = profile.cpu_percent.saturating_mul(10);
    SandboxOrder {
        name,
        persistent: profile.persistent,
        idle_s: profile.idle.as_secs(),
        memory_bytes: profile.memory as u64,
        disk_bytes: profile.disk as u64,
        disk_bytes_a_second: profile.disk_rate as u64,
        cpu_milli: u32::try_from(milli).unwrap_or(u32::MAX),
        processes: u32::try_from(profile.processes).unwrap_or(u32::MAX),
        command_s: profile.command_time.as_secs().max(1),
        output_bytes: profile.output as u64,
        hosts: permit.hosts().to_vec(),
    }
}

/// A host as policies and the service have it.
fn written(host: &config::tree::EgressHost) -> (String, u16) {
    let name = if host.below { format!("*.{}", host.host) } else { host.host.clone() };
    (name, host.port)
}
