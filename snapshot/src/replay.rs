//! What other policies would have decided: recorded decisions, asked again.

use policy::{
    AgentKind, BudgetFacts, Caller, DenyReason, Engine, ModelCall, ModelFacts, RecordedCall,
    RequestFacts, SessionFacts, ToolDenied,
};
use serde::{Deserialize, Serialize};
use types::{
    AgentId, Integrity, Label, Locality, Nanos, RequestId, TenantId, Timestamp, audit::Detail,
};

/// Calls of which a replay gives the details.
const TOLD_MAX: usize = 20;

/// What a replay found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Replay {
    /// Decisions that were asked again.
    pub replayed: u64,
    /// Decisions whose records do not say enough to ask again.
    pub skipped: u64,
    /// Calls of models and tools that are newly permitted.
    pub permits: u64,
    /// Calls that are newly denied.
    pub denies: u64,
    /// Calls that are permitted under other obligations.
    pub obliges: u64,
    /// The first of them.
    pub told: Vec<Told>,
}

/// One recorded call that would be decided differently.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// The request.
    pub request: String,
    /// The agent that called.
    pub agent: String,
    /// The model or tool that was decided about.
    pub model: String,
    /// What the one set of policies says.
    pub before: String,
    /// What the other says.
    pub after: String,
}

/// One recorded decision.
#[derive(Debug, Clone)]
pub struct Recorded<'a> {
    /// The request.
    pub request: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The detail of its audit record.
    pub detail: &'a Detail,
}

/// The facts of a decision, as the gateway writes them.
#[derive(Deserialize)]
struct Facts {
    agent: String,
    tenant: String,
    #[serde(default)]
    groups: Vec<String>,
    kind: String,
    label: Label,
    integrity: Integrity,
    kinds: Vec<String>,
    endpoint: String,
    stream: bool,
    tools: bool,
    images: bool,
    input_tokens_bound: u64,
    max_output_tokens: Option<u64>,
    remaining: Option<Nanos>,
    used_percent: u8,
    calls: u64,
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    provider: String,
    locality: Locality,
    size: String,
    privacy: String,
    retention_days: Option<u32>,
    simulator: bool,
}

impl Replay {
    /// Asks two sets of policies about one more recorded decision. Approvals that were given count
    /// for neither.
    pub fn add(&mut self, recorded: &Recorded<'_>, before: &Engine, after: &Engine) {
        if let Some(call) = recorded.detail.field::<RecordedCall>("call") {
            return self.add_tool(recorded, &call, before, after);
        }
        let Some(facts) = recorded.detail.field::<Facts>("facts") else {
            self.skipped = self.skipped.saturating_add(1);
            return;
        };
        self.replayed = self.replayed.saturating_add(1);
        let caller = caller(&facts);
        let kinds: Vec<&str> = facts.kinds.iter().map(String::as_str).collect();
        let call = call(&facts, &caller, &kinds, recorded.at);
        for model in &facts.models {
            let model = model.facts();
            let explained = |engine: &Engine| engine.decide(&call, &[model]);
            let (old, new) = (explained(before), explained(after));
            let (old_permit, new_permit) = (old.permit.as_ref(), new.permit.as_ref());
            let obliges = |permit: &policy::Permit| {
                permit.models().next().map(|allowed| allowed.obligations().clone())
            };
            let terms = [old_permit.map(obliges), new_permit.map(obliges)];
            self.compare(&terms, || Told {
                request: recorded.request.clone(),
                agent: facts.agent.clone(),
                model: model.id.to_owned(),
                before: before.explain(&call, &model).outcome.told,
                after: after.explain(&call, &model).outcome.told,
            });
        }
    }

    /// Asks about a call of a tool again. Its arguments are on no record: where a policy of either side may read them,
    /// nothing can be told.
    fn add_tool(
        &mut self,
        recorded: &Recorded<'_>,
        call: &RecordedCall,
        before: &Engine,
        after: &Engine,
    ) {
        let (at, sides) = (recorded.at, [before, after]);
        let reads = |denied: &ToolDenied| denied.reason == DenyReason::Error;
        let decided = call.ask(at, |asked| sides.map(|engine| engine.decide_tool(asked)));
        let decided = decided.filter(|both| !both.iter().any(|one| one.as_ref().is_err_and(reads)));
        let blind = call.ask(at, |asked| sides.map(|engine| engine.reads_arguments(&asked.tool)));
        let decided = decided.filter(|_| blind == Some([false, false]));
        let Some(decided) = decided else {
            self.skipped = self.skipped.saturating_add(1);
            return;
        };
        self.replayed = self.replayed.saturating_add(1);
        let terms = decided.map(|one| one.ok().map(|permit| permit.obligations().clone()));
        self.compare(&terms, || {
            let told = |engine: &Engine| {
                call.ask(at, |asked| engine.explain_tool(asked).outcome.told).unwrap_or_default()
            };
            Told {
                request: recorded.request.clone(),
                agent: call.agent().to_owned(),
                model: call.tool(),
                before: told(before),
                after: told(after),
            }
        });
    }

    /// Counts a call that is decided differently: the terms on which it is permitted, on both sides.
    fn compare<T: PartialEq>(&mut self, [old, new]: &[Option<T>; 2], told: impl FnOnce() -> Told) {
        let count = match (old, new) {
            (None, Some(_)) => &mut self.permits,
            (Some(_), None) => &mut self.denies,
            (Some(old), Some(new)) if old != new => &mut self.obliges,
            (Some(_), Some(_)) | (None, None) => return,
        };
        *count = count.saturating_add(1);
        if self.told.len() < TOLD_MAX {
            self.told.push(told());
        }
    }
}

fn caller(facts: &Facts) -> Caller {
    Caller {
        tenant: TenantId::from_parts(0, 0),
        tenant_name: facts.tenant.clone(),
        agent: AgentId::from_parts(0, 0),
        agent_name: facts.agent.clone(),
        agent_kind: if facts.kind == "system" { AgentKind::System } else { AgentKind::User },
        groups: facts.groups.clone(),
        key: None,
        grant: None,
    }
}

fn call<'a>(
    facts: &'a Facts,
    caller: &'a Caller,
    kinds: &'a [&'a str],
    now: Timestamp,
) -> ModelCall<'a> {
    ModelCall {
        id: RequestId::from_parts(0, 0),
        caller,
        label: facts.label,
        integrity: facts.integrity,
        request: RequestFacts {
            endpoint: &facts.endpoint,
            stream: facts.stream,
            tools: facts.tools,
            images: facts.images,
            input_tokens_bound: facts.input_tokens_bound,
            max_output_tokens: facts.max_output_tokens,
        },
        kinds,
        budget: BudgetFacts { remaining: facts.remaining, used_percent: facts.used_percent },
        session: SessionFacts { id: None, calls: facts.calls },
        approval: None,
        dry_run: false,
        now,
    }
}

impl Model {
    fn facts(&self) -> ModelFacts<'_> {
        ModelFacts {
            id: &self.id,
            provider: &self.provider,
            locality: self.locality,
            size: &self.size,
            privacy: &self.privacy,
            retention_days: self.retention_days,
            simulator: self.simulator,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn engine(forbid: &str) -> Engine {
        let (kinds, families) = (crate::kinds(), crate::families());
        let mut bundle = policy::starter::bundle("c0ffee", &kinds, &families);
        let input_schema =
            json!({ "type": "object", "properties": { "cc": { "type": "string" } } });
        let (server, name) = ("mail".to_owned(), "send".to_owned());
        bundle.tools.push(policy::ToolSource { server, name, input_schema });
        let text = forbid.to_owned();
        bundle.organisation.push(policy::Source { file: "policies/more.cedar".to_owned(), text });
        Engine::untested(&bundle).unwrap()
    }

    fn detail() -> Detail {
        json!({ "facts": {
            "agent": "default", "tenant": "default", "groups": [], "kind": "user",
            "label": "public", "integrity": "trusted", "kinds": [],
            "endpoint": "/v1/chat/completions", "stream": false, "tools": false, "images": false,
            "input_tokens_bound": 10, "max_output_tokens": null, "remaining": 1_000_000,
            "used_percent": 3, "calls": 0,
            "models": [{
                "id": "m", "provider": "p", "locality": "cloud", "size": "small", "privacy": "",
                "retention_days": null, "simulator": false,
            }],
        }})
        .into()
    }

    #[test]
    fn a_recorded_call_is_decided_anew_by_both() {
        let open = engine("");
        let closed = engine(
            "@id(\"closed\") forbid (principal, action == Orchestack::Action::\"callModel\", \
             resource == Orchestack::Model::\"m\");",
        );
        let capped = engine(
            "@id(\"capped\") @max_cost(\"1.00\") permit (principal, \
             action == Orchestack::Action::\"callModel\", resource);",
        );
        let detail = detail();
        let recorded = Recorded { request: "req_1".to_owned(), at: Timestamp(0), detail: &detail };
        let replayed = |before: &Engine, after: &Engine| {
            let mut replay = Replay::default();
            replay.add(&recorded, before, after);
            (replay.permits, replay.denies, replay.obliges)
        };
        assert_eq!(replayed(&open, &closed), (0, 1, 0));
        assert_eq!(replayed(&closed, &open), (1, 0, 0));
        assert_eq!(replayed(&open, &capped), (0, 0, 1));
        assert_eq!(replayed(&open, &open), (0, 0, 0));
        let mut replay = Replay::default();
        replay.add(&recorded, &open, &open);
        assert_eq!((replay.replayed, replay.skipped), (1, 0));
        let mut replay = Replay::default();
        let (request, at) = ("req_2".to_owned(), Timestamp(0));
        let detail = json!({}).into();
        replay.add(&Recorded { request, at, detail: &detail }, &open, &closed);
        assert_eq!((replay.replayed, replay.skipped), (0, 1));
    }

    /// What the gateway writes of a call of `mail.send` with a recipient that a stranger's page named.
    fn tool(change: impl Fn(&mut Value)) -> Detail {
        let mut call = json!({ "call": {
            "agent": "default", "calls": 1, "groups": [], "integrity": "trusted", "kinds": [],
            "destination": { "given": true, "hosts": ["example.org"], "named_by_user": false, "private": false },
            "label": "internal", "remaining": 1_000_000, "sources": ["desk"], "system": false,
            "provenance": { "trusted": [], "unmatched": ["body"], "untrusted": ["to"] },
            "tenant": "default", "used_percent": 0,
            "tool": { "effect": "read", "function": false, "name": "send", "pinned": true, "price": null,
                "replay": "once", "server": "mail", "trusted": false },
        }});
        change(&mut call["call"]);
        call.into()
    }

    #[test]
    fn a_recorded_call_of_a_tool_is_decided_anew_by_both() {
        let open = engine(
            "@id(\"all\") permit (principal, action in Orchestack::Action::\"callTool\", resource);",
        );
        let closed = engine(
            "@id(\"all\") permit (principal, action in Orchestack::Action::\"callTool\", resource);\n\
             @id(\"no-strangers\") forbid (principal, action in Orchestack::Action::\"callTool\", resource)\n\
             when { context.provenance.untrusted.contains(\"to\") && \
                    context.destination.hosts.contains(\"example.org\") };",
        );
        let replayed = |detail: &Detail, before: &Engine, after: &Engine| {
            let mut replay = Replay::default();
            let recorded = Recorded { request: "req_1".to_owned(), at: Timestamp(0), detail };
            replay.add(&recorded, before, after);
            replay
        };
        let whole = tool(|_| {});
        let found = replayed(&whole, &open, &closed);
        assert_eq!((found.replayed, found.permits, found.denies), (1, 0, 1), "{found:?}");
        assert_eq!(
            (found.told[0].model.as_str(), found.told[0].agent.as_str()),
            ("mail.send", "default")
        );
        assert!(found.told[0].after.contains("forbids it"), "{found:?}");
        assert_eq!(replayed(&whole, &closed, &open).permits, 1);
        assert_eq!(replayed(&whole, &open, &open).told.len(), 0);
        let other = tool(|call| call["destination"]["hosts"] = json!(["example.com"]));
        assert_eq!(replayed(&other, &open, &closed).denies, 0);
        // A policy that names the tool may read its arguments, which are on no record.
        let reads = engine(
            "@id(\"all\") permit (principal, action in Orchestack::Action::\"callTool\", resource);\n\
             @id(\"no-copies\") forbid (principal, action == Orchestack::Action::\"callTool:mail.send\", resource)\n\
             when { context.tool.input has cc };",
        );
        let found = replayed(&whole, &open, &reads);
        assert_eq!((found.replayed, found.skipped), (0, 1), "{found:?}");
        // Of one that had more than a record keeps nothing is told.
        let more = tool(|call| call["more"] = json!(true));
        assert_eq!(replayed(&more, &open, &closed).skipped, 1);
    }
}
