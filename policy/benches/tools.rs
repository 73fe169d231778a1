//! How long a decision about a call of a tool takes under the starter's policies: the 50th and the 99th
//! percentile in microseconds, of a tool that policies speak of by its effect, and of one that they
//! name, whose input they read.
//!
//! `cargo bench --package orchestack-policy --bench tools`
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and fails as tests do"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use policy::{
    AgentKind, BudgetFacts, Bundle, Caller, DestinationFacts, Engine, ProvenanceFacts, Source,
    ToolCall, ToolFacts, ToolSession, ToolSource, starter,
};
use serde_json::{Value, json};
use types::{AgentId, Effect, Integrity, Label, Nanos, Replay, RequestId, TenantId, Timestamp};

const RUNS: usize = 20_000;

/// A policy that reads the input of one tool.
const NAMED: &str = "@id(\"house\") forbid (principal, \
    action == Orchestack::Action::\"callTool:mail.send\", resource) \
    unless { context.tool.input.to like \"*@example.com\" };";

fn engine(named: bool) -> Engine {
    let mut bundle: Bundle<'_> = starter::bundle("bench", &["secret", "email"], &[]);
    // They are about kinds that this bench has not.
    bundle.cases.clear();
    bundle.tools.push(ToolSource {
        server: "mail".to_owned(),
        name: "send".to_owned(),
        input_schema: json!({ "type": "object", "required": ["to"], "properties": {
            "to": { "type": "string" }, "subject": { "type": "string" }, "body": { "type": "string" },
            "cc": { "type": "array", "items": { "type": "string" } },
        } }),
    });
    let text = if named { NAMED } else { "" }.to_owned();
    bundle.organisation.push(Source { file: "policies/house.cedar".to_owned(), text });
    Engine::load(&bundle).expect("the bench's policies are right")
}

fn caller() -> Caller {
    Caller {
        tenant: TenantId::from_parts(1, 1),
        tenant_name: "default".to_owned(),
        agent: AgentId::from_parts(1, 2),
        agent_name: starter::DEFAULT_AGENT.to_owned(),
        agent_kind: AgentKind::User,
        groups: vec!["writers".to_owned()],
        key: None,
        grant: None,
    }
}

fn call<'a>(caller: &'a Caller, input: &'a Value, n: usize) -> ToolCall<'a> {
    ToolCall {
        id: RequestId::from_parts(1, 4),
        caller,
        label: Label::Internal,
        integrity: Integrity::Untrusted,
        kinds: &["email"],
        budget: BudgetFacts { remaining: Some(Nanos(1_000_000_000)), used_percent: 10 },
        session: ToolSession { id: None, calls: n as u64, sources: &["web"] },
        tool: ToolFacts {
            server: "mail",
            name: "send",
            effect: Effect::Egress,
            replay: Replay::Once,
            pinned: true,
            trusted: false,
            function: false,
            price: None,
        },
        input,
        provenance: ProvenanceFacts { trusted: &["to"], untrusted: &["body"], unmatched: &[] },
        destination: DestinationFacts {
            given: true,
            hosts: &["example.com"],
            private: false,
            named_by_user: true,
        },
        approval: None,
        dry_run: false,
        now: Timestamp(1_700_000_000_000_000),
    }
}

fn main() {
    println!("microseconds a decision, p50 and p99");
    let (caller, body) = (caller(), "word ".repeat(200));
    let input = json!({ "to": "ann@example.com", "subject": "hello", "body": body, "cc": [] });
    for (named, about) in [(false, "by its effect"), (true, "by its input")] {
        let engine = engine(named);
        let mut all: Vec<Duration> = (0..RUNS)
            .map(|n| {
                let call = call(&caller, &input, n);
                let start = Instant::now();
                black_box(engine.decide_tool(&call)).expect("the user named the recipient");
                start.elapsed()
            })
            .collect();
        all.sort();
        let at = |part: usize| all[RUNS * part / 100].as_nanos() as f64 / 1000.0;
        println!("{about}: {:.1} / {:.1}", at(50), at(99));
    }
}
