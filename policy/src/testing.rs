//! Shared by the tests of this crate: a caller, models and one call that a row changes.

use types::{
    AgentId, ApprovalId, Effect, GrantId, Integrity, KeyId, Label, Locality, Nanos, Replay,
    RequestId, TaskId, TenantId, Timestamp,
};

use crate::{
    ask::{
        AgentKind, Approved, BudgetFacts, Caller, ModelCall, ModelFacts, RequestFacts, SessionFacts,
    },
    bundle::{AgentSource, Bundle, Source},
    decide::Decision,
    grant::{Grant, Limits},
    load::Engine,
    tool::{
        DestinationFacts, ProvenanceFacts, ToolCall, ToolDenied, ToolFacts, ToolPermit, ToolSession,
    },
};

pub(crate) const KINDS: &[&str] =
    &["email", "phone", "card", "us_ssn", "aws_key", "personal", "payment", "secret"];

pub(crate) const FAMILIES: &[(&str, &str)] = &[
    ("email", "personal"),
    ("phone", "personal"),
    ("card", "payment"),
    ("us_ssn", "personal"),
    ("aws_key", "secret"),
];

/// Allows the model call to everybody: the layer that a test is not about.
pub(crate) const ALLOW: &str =
    r#"@id("allow") permit (principal, action == Orchestack::Action::"callModel", resource);"#;

pub(crate) const LOCAL: ModelFacts<'static> = ModelFacts {
    id: "llama",
    provider: "ollama",
    locality: Locality::Local,
    size: "small",
    privacy: "",
    retention_days: Some(0),
    simulator: false,
};

pub(crate) const CLOUD: ModelFacts<'static> = ModelFacts {
    id: "gpt",
    provider: "openai",
    locality: Locality::Cloud,
    size: "large",
    privacy: "no_training",
    retention_days: Some(30),
    simulator: false,
};

pub(crate) fn caller() -> Caller {
    Caller {
        tenant: TenantId::from_parts(1, 1),
        tenant_name: "default".to_owned(),
        agent: AgentId::from_parts(1, 2),
        agent_name: "default".to_owned(),
        agent_kind: AgentKind::User,
        groups: vec!["writers".to_owned()],
        key: Some(KeyId::from_parts(1, 3)),
        grant: None,
    }
}

/// An approval by two people in two roles.
pub(crate) fn approved() -> Approved {
    let roles = ["infra-admin", "legal"].map(str::to_owned).into();
    Approved { id: ApprovalId::from_parts(1, 5), roles, approvers: 2 }
}

/// A grant of the caller that leaves everything.
pub(crate) fn grant() -> Grant {
    let caller = caller();
    Grant {
        id: GrantId::from_parts(1, 6),
        tenant: caller.tenant,
        agent: caller.agent,
        task: Some(TaskId::from_parts(1, 7)),
        run: None,
        epoch: None,
        session: None,
        limits: Limits::default(),
        issued_at: Timestamp(0),
        expires_at: Timestamp(i64::MAX),
    }
}

pub(crate) fn call(caller: &Caller) -> ModelCall<'_> {
    ModelCall {
        id: RequestId::from_parts(1, 4),
        caller,
        label: Label::Internal,
        integrity: Integrity::Trusted,
        request: RequestFacts {
            endpoint: "/v1/chat/completions",
            input_tokens_bound: 100,
            max_output_tokens: Some(50),
            ..RequestFacts::default()
        },
        kinds: &[],
        budget: BudgetFacts { remaining: Some(Nanos(1_000_000_000)), used_percent: 10 },
        session: SessionFacts::default(),
        approval: None,
        dry_run: false,
        now: Timestamp(1_700_000_000_123_456),
    }
}

/// A bundle of one file `policies/o.cedar` and one `agents/default/a.cedar`.
pub(crate) fn bundle(organisation: &str, agent: &str) -> Bundle<'static> {
    let source =
        |file: &str, text: &str| vec![Source { file: file.to_owned(), text: text.to_owned() }];
    let own =
        AgentSource { policies: source("agents/default/a.cedar", agent), ..AgentSource::default() };
    Bundle {
        commit: "c0ffee".to_owned(),
        organisation: source("policies/o.cedar", organisation),
        agents: [("default".to_owned(), own)].into(),
        kinds: KINDS,
        families: FAMILIES,
        ..Bundle::default()
    }
}

pub(crate) fn engine(organisation: &str, agent: &str) -> Engine {
    Engine::load(&bundle(organisation, agent)).unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// A decision in one line per model: what the rows of the tests compare.
pub(crate) fn told(decision: &Decision) -> String {
    let allowed = decision.permit.iter().flat_map(crate::Permit::models).map(|allowed| {
        format!("{} permitted by {}", allowed.model(), allowed.policies().join(", "))
    });
    let denied = decision.denied.iter().map(|denied| {
        let by = if denied.policies.is_empty() { "" } else { " by " };
        let reroute = if denied.reroute_local { ", reroute" } else { "" };
        let policies = denied.policies.join(", ");
        format!("{} denied: {}{by}{policies}{reroute}", denied.model, denied.reason)
    });
    allowed.chain(denied).collect::<Vec<_>>().join("\n")
}

/// A tool that reads, of a server that nobody vouches for.
pub(crate) const TOOL: ToolFacts<'static> = ToolFacts {
    server: "mail",
    name: "send",
    effect: Effect::Read,
    replay: Replay::Once,
    pinned: true,
    trusted: false,
    function: false,
    price: None,
};

pub(crate) fn tool_call<'a>(caller: &'a Caller, input: &'a serde_json::Value) -> ToolCall<'a> {
    ToolCall {
        id: RequestId::from_parts(1, 4),
        caller,
        label: Label::Internal,
        integrity: Integrity::Trusted,
        kinds: &[],
        budget: BudgetFacts { remaining: Some(Nanos(1_000_000_000)), used_percent: 10 },
        session: ToolSession::default(),
        tool: TOOL,
        input,
        provenance: ProvenanceFacts::default(),
        destination: DestinationFacts::default(),
        approval: None,
        dry_run: false,
        now: Timestamp(1_700_000_000_123_456),
    }
}

/// A decision about a tool in one line.
pub(crate) fn told_of_tool(decided: &Result<ToolPermit, ToolDenied>) -> String {
    match decided {
        Ok(permit) => format!("permitted by {}", permit.policies().join(", ")),
        Err(denied) if denied.policies.is_empty() => format!("denied: {}", denied.reason),
        Err(denied) => format!("denied: {} by {}", denied.reason, denied.policies.join(", ")),
    }
}
