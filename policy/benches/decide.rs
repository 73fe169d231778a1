//! How long a decision takes with 20, 200, 1,000 and 2,000 policies: the 50th and the 99th
//! percentile in microseconds, and as a ratio to Cedar asked about all policies at once, in the
//! same run.
//!
//! `cargo bench --package orchestack-policy`
//!
//! Half of the policies are the organisation's and speak about groups, providers, labels and hours;
//! half name one of the agents. Four kinds of calls are timed: one that was decided before, one that
//! no decision is remembered of because its time is new, one of which every number and many a word
//! is new, and the first of a caller, for which the policies are cut to size. In one tree many
//! policies have a condition in common; in the other each has one of its own.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and fails as tests do"
)]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request};
use policy::{
    AgentKind, AgentSource, BudgetFacts, Bundle, Caller, Engine, ModelCall, ModelFacts,
    RequestFacts, SessionFacts, Source,
};
use serde_json::json;
use types::{AgentId, Integrity, Label, Locality, Nanos, RequestId, TenantId, Timestamp};

const KINDS: &[&str] = &["email", "card", "us_ssn"];
const AGENTS: usize = 50;

/// How the conditions of a tree are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tree {
    InCommon,
    Own,
}

/// The organisation's layer of so many policies.
fn organisation(count: usize, tree: Tree) -> String {
    let mut text = String::from(
        "@id(\"all\") permit (principal in Orchestack::Tenant::\"default\", \
         action == Orchestack::Action::\"callModel\", resource);\n",
    );
    for n in 1..count {
        let agent = || format!("principal == Orchestack::Agent::\"agent{}\"", n % AGENTS);
        let team = || format!("principal in Orchestack::Group::\"team{}\"", n % 40);
        let anybody = || "principal".to_owned();
        let (scope, condition) = match n % 8 {
            0 => (team(), "context.request.tools"),
            1 => (agent(), "context.label_rank >= 2"),
            2 => (anybody(), "resource.name == \"modelN\" && context.label_rank >= 1"),
            3 => (anybody(), "resource.locality != \"local\" && context.label_rank >= 3"),
            4 => (agent(), "context.budget.used_percent >= 80 && resource.size != \"small\""),
            5 => (team(), "context.now.toTime() < duration(\"6h\")"),
            6 => (team(), "context.kinds.contains(\"card\")"),
            _ => (agent(), "context.integrity != \"trusted\""),
        };
        let own = match n % 8 {
            0 => "context.request.input_tokens_bound > 100N",
            1 => "context.label_rank >= 2 && context.session.calls > N",
            3 => {
                "context.label_rank >= 3 && resource.locality != \"local\" && resource.name != \"N\""
            }
            4 => {
                "context.budget.used_percent >= 80 && resource.size != \"small\" && context.session.calls > N"
            }
            5 => "context.now.toTime() < duration(\"Nms\")",
            6 => {
                "context.kinds.containsAll([\"card\", \"email\"]) && context.request.input_tokens_bound > N"
            }
            7 => "context.integrity != \"trusted\" && context.session.calls > N",
            _ => condition,
        };
        let condition = if tree == Tree::Own { own } else { condition };
        let condition = condition.replace('N', &n.to_string());
        writeln!(
            text,
            "@id(\"o{n}\") forbid ({scope}, action == Orchestack::Action::\"callModel\", resource) when {{ {condition} }};"
        )
        .unwrap();
    }
    text
}

fn engine(policies: usize, tree: Tree) -> Engine {
    let own = |name: String| {
        let text = "permit (principal, action == Orchestack::Action::\"callModel\", resource);";
        let policies =
            vec![Source { file: format!("agents/{name}/a.cedar"), text: text.to_owned() }];
        (name, AgentSource { policies, ..AgentSource::default() })
    };
    let bundle = Bundle {
        commit: "bench".to_owned(),
        organisation: vec![Source {
            file: "policies/o.cedar".to_owned(),
            text: organisation(policies, tree),
        }],
        agents: (0..AGENTS).map(|n| own(format!("agent{n}"))).collect::<BTreeMap<_, _>>(),
        kinds: KINDS,
        ..Bundle::default()
    };
    Engine::load(&bundle).expect("the bench's policies are right")
}

fn caller(n: usize) -> Caller {
    Caller {
        tenant: TenantId::from_parts(1, 1),
        tenant_name: "default".to_owned(),
        agent: AgentId::from_parts(1, 2),
        agent_name: format!("agent{}", n % AGENTS),
        agent_kind: AgentKind::User,
        groups: vec![format!("team{}", n % 40)],
        key: None,
        grant: None,
    }
}

const MODELS: [ModelFacts<'static>; 3] = [
    ModelFacts {
        id: "gpt",
        provider: "openai",
        locality: Locality::Cloud,
        size: "large",
        privacy: "",
        retention_days: Some(30),
        simulator: false,
    },
    ModelFacts {
        id: "claude",
        provider: "anthropic",
        locality: Locality::Cloud,
        size: "large",
        privacy: "",
        retention_days: None,
        simulator: false,
    },
    ModelFacts {
        id: "qwen",
        provider: "ollama",
        locality: Locality::Local,
        size: "small",
        privacy: "",
        retention_days: Some(0),
        simulator: false,
    },
];

/// A call that differs from every other one in its time.
fn call(caller: &Caller, second: i64) -> ModelCall<'_> {
    ModelCall {
        id: RequestId::from_parts(1, 4),
        caller,
        label: Label::Internal,
        integrity: Integrity::Trusted,
        request: RequestFacts {
            endpoint: "/v1/chat/completions",
            input_tokens_bound: 4096,
            max_output_tokens: Some(500),
            ..RequestFacts::default()
        },
        kinds: &[],
        budget: BudgetFacts { remaining: Some(Nanos(1_000_000_000)), used_percent: 10 },
        session: SessionFacts::default(),
        approval: None,
        dry_run: false,
        now: Timestamp(second * 1_000_000),
    }
}

/// A call of which every number, the label and the kinds are new or differ from the call before.
fn new_call(caller: &Caller, n: usize) -> ModelCall<'_> {
    let number = n as u64;
    let mut call = call(caller, 1_000_000 + n as i64);
    call.label = Label::ALL[n % Label::ALL.len()];
    call.integrity = Integrity::ALL[n / 3 % Integrity::ALL.len()];
    call.kinds = &KINDS[..n % (KINDS.len() + 1)];
    call.request.tools = n.is_multiple_of(3);
    call.request.input_tokens_bound = number;
    call.request.max_output_tokens = Some(number);
    call.budget = BudgetFacts {
        remaining: Some(Nanos(1_000_000_000 - n as i64)),
        used_percent: u8::try_from(n % 101).unwrap(),
    };
    call.session.calls = number;
    call
}

/// Sorted times of so many runs.
fn times(runs: usize, mut run: impl FnMut(usize)) -> Vec<Duration> {
    let mut all: Vec<Duration> = (0..runs)
        .map(|n| {
            let start = Instant::now();
            run(n);
            start.elapsed()
        })
        .collect();
    all.sort();
    all
}

fn percentiles(all: &[Duration]) -> [f64; 2] {
    [all[all.len() / 2], all[all.len() * 99 / 100]].map(|at| at.as_nanos() as f64 / 1000.0)
}

/// Cedar asked about all policies at once, for one model.
fn reference(policies: usize, tree: Tree) -> [f64; 2] {
    let set: PolicySet = organisation(policies, tree).parse().unwrap();
    let uid = |text: &str| -> EntityUid { text.parse().unwrap() };
    let agent = json!({ "type": "Orchestack::Agent", "id": "agent7" });
    let entities = json!([
        { "uid": agent, "attrs": { "name": "agent7" },
          "parents": [{ "type": "Orchestack::Tenant", "id": "default" }, { "type": "Orchestack::Group", "id": "team7" }] },
        { "uid": { "type": "Orchestack::Model", "id": "gpt" }, "attrs": { "name": "gpt", "locality": "cloud",
          "size": "large", "privacy": "", "simulator": false }, "parents": [] },
    ]);
    let entities = Entities::from_json_value(entities, None).unwrap();
    let context = json!({
        "label": "internal", "label_rank": 1, "integrity": "trusted", "kinds": [],
        "request": { "endpoint": "", "stream": false, "tools": false, "images": false, "input_tokens_bound": 1 },
        "budget": { "used_percent": 10 }, "session": { "calls": 0 },
        "now": { "__extn": { "fn": "datetime", "arg": "2026-01-01T12:00:00Z" } },
    });
    let context = Context::from_json_value(context, None).unwrap();
    let request = Request::new(
        uid("Orchestack::Agent::\"agent7\""),
        uid("Orchestack::Action::\"callModel\""),
        uid("Orchestack::Model::\"gpt\""),
        context,
        None,
    )
    .unwrap();
    let authorizer = Authorizer::new();
    percentiles(&times(2_000, |_| {
        black_box(authorizer.is_authorized(&request, &set, &entities));
    }))
}

fn main() {
    println!("microseconds a decision, p50 and p99; three models are decided at once");
    for (tree, conditions) in [(Tree::InCommon, "in common"), (Tree::Own, "each its own")] {
        println!("\nconditions {conditions}");
        println!(
            "{:>8} {:>15} {:>15} {:>15} {:>16} {:>17} {:>7}",
            "policies",
            "decided before",
            "not remembered",
            "all facts new",
            "a caller's first",
            "Cedar, one model",
            "ratio"
        );
        for policies in [20, 200, 1_000, 2_000] {
            row(policies, tree);
        }
    }
}

fn row(policies: usize, tree: Tree) {
    let engine = engine(policies, tree);
    let callers: Vec<Caller> = (0..AGENTS).map(caller).collect();
    let first = times(AGENTS, |n| {
        black_box(engine.decide(&call(&callers[n], 0), &MODELS));
    });
    let fresh = times(10_000, |n| {
        black_box(engine.decide(&call(&callers[n % AGENTS], 1 + n as i64), &MODELS));
    });
    let known = times(10_000, |n| {
        black_box(engine.decide(&call(&callers[n % AGENTS], 0), &MODELS));
    });
    let new = times(10_000, |n| {
        black_box(engine.decide(&new_call(&callers[n % AGENTS], n), &MODELS));
    });
    let cedar = reference(policies, tree);
    let show = |all: &[Duration]| {
        let [half, most] = percentiles(all);
        format!("{half:.1} / {most:.1}")
    };
    let [half, _] = percentiles(&fresh);
    println!(
        "{policies:>8} {:>15} {:>15} {:>15} {:>16} {:>17} {:>7.2}",
        show(&known),
        show(&fresh),
        show(&new),
        show(&first),
        format!("{:.1} / {:.1}", cedar[0], cedar[1]),
        half / (3.0 * cedar[0]),
    );
}
