//! Random policies and random calls of tools: the decision, and the same question asked in Cedar's JSON
//! under the schema, must get the same answer. The twin shares the joining of layers and nothing of how
//! a call is put into Cedar's terms.

use serde_json::{Value, json};
use types::{Effect, Integrity, Label, Nanos};

use super::{DestinationFacts, ProvenanceFacts, ToolCall, ToolFacts, ToolSession};
use crate::{
    Bundle, Engine, Question, ToolSource,
    ask::{AgentKind, Approved, Caller},
    differential_tests::Dice,
    testing::{TOOL, approved, bundle, caller, grant, tool_call},
};

const CONDITIONS: &[&str] = &[
    "true",
    "context.label_rank >= 2",
    "context.integrity == \"trusted\"",
    "context.kinds.contains(\"personal\")",
    "context.budget has remaining && context.budget.remaining < 500000000",
    "context.budget.used_percent >= 80",
    "context.session.calls > 3",
    "context.session.sources.contains(\"web\")",
    "context.provenance.untrusted.isEmpty()",
    "context.provenance.trusted.contains(\"to\") || context.provenance.unmatched.contains(\"to\")",
    "context.destination.given && !context.destination.private",
    "context.destination.named_by_user",
    "context.destination.hosts.contains(\"example.com\")",
    "context has approval && context.approval.approvers >= 2",
    "context has grant && context.grant has task",
    "context.now > datetime(\"2023-11-14T22:13:20Z\")",
    "resource.effect == \"egress\" && resource.server == \"mail\"",
    "resource.pinned && !resource.trusted",
    "resource.function || resource.replay == \"once\"",
    "resource has price && resource.price > 1000",
    "resource.name like \"s*\"",
    "principal in Orchestack::Group::\"writers\"",
    "context.label_rank + context.session.calls + 9223372036854775000 > 0",
];

const ABOUT_SEND: &[&str] = &[
    "context.tool.input.to like \"*@example.com\"",
    "context.tool.input has copies && context.tool.input.copies >= 2",
    "context.tool.input has cc && context.tool.input.cc.contains(\"eve\")",
];

const ACTIONS: &[&str] = &[
    "action == Orchestack::Action::\"callTool\"",
    "action in [Orchestack::Action::\"callTool\", Orchestack::Action::\"listTool\"]",
    "action == Orchestack::Action::\"callTool:mail.send\"",
];

const RESOURCES: &[&str] = &[
    "resource",
    "resource",
    "resource == Orchestack::Tool::\"mail.send\"",
    "resource in Orchestack::ToolServer::\"mail\"",
    "resource in Orchestack::ToolServer::\"web\"",
];

fn policies(dice: &mut Dice, prefix: &str) -> String {
    let one = |number: usize, dice: &mut Dice| {
        let permits = !dice.once_in(3);
        let action = dice.pick(ACTIONS);
        let mut text = format!("@id(\"{prefix}{number}\") ");
        // What both sides carry out: kinds that block, and approvals.
        if permits && dice.once_in(3) && !action.contains("listTool") {
            text += dice.pick(&[
                "@block(\"card\")",
                "@approval(\"legal\") @quorum(\"2\")",
                "@log(\"full\")",
            ]);
        }
        let effect = if permits { "permit" } else { "forbid" };
        text += &format!(" {effect} (principal, {action}, {})", dice.pick(RESOURCES));
        if !action.contains("listTool") {
            let own = action.contains("callTool:") && dice.once_in(2);
            let condition = if own { dice.pick(ABOUT_SEND) } else { dice.pick(CONDITIONS) };
            text += &format!(" when {{ {condition} }}");
        }
        text + ";\n"
    };
    (0..=dice.roll(5)).map(|number| one(number, dice)).collect()
}

fn tools() -> Vec<ToolSource> {
    let input_schema = json!({ "type": "object", "required": ["to"], "properties": {
        "to": { "type": "string" }, "copies": { "type": "integer" },
        "cc": { "type": "array", "items": { "type": "string" } },
    } });
    vec![ToolSource { server: "mail".to_owned(), name: "send".to_owned(), input_schema }]
}

fn any_call<'c>(
    dice: &mut Dice,
    caller: &'c Caller,
    input: &'c Value,
    given: &'c Approved,
) -> ToolCall<'c> {
    const NAMES: &[&[&str]] = &[&[], &["to"], &["to", "body"]];
    const HOSTS: &[&[&str]] = &[&[], &["example.com"], &["evil.com", "example.com"]];
    const KINDS: &[&[&str]] = &[&[], &["email"], &["card"]];
    const SOURCES: &[&[&str]] = &[&[], &["web"]];
    let mut call = tool_call(caller, input);
    call.label = dice.pick(Label::ALL);
    call.integrity = dice.pick(Integrity::ALL);
    call.kinds = dice.pick(KINDS);
    call.budget.remaining = dice.pick(&[None, Some(Nanos(5)), Some(Nanos(1_000_000_000))]);
    call.budget.used_percent = dice.pick(&[0, 80, 100]);
    call.session =
        ToolSession { id: None, calls: dice.pick(&[0, 4, u64::MAX]), sources: dice.pick(SOURCES) };
    call.tool = ToolFacts {
        server: dice.pick(&["mail", "mail", "web"]),
        name: dice.pick(&["send", "send", "get"]),
        effect: dice.pick(Effect::ALL),
        pinned: dice.once_in(2),
        trusted: dice.once_in(2),
        function: dice.once_in(3),
        price: dice.pick(&[None, Some(Nanos(1_000)), Some(Nanos(1_001))]),
        ..TOOL
    };
    call.provenance = ProvenanceFacts {
        trusted: dice.pick(NAMES),
        untrusted: dice.pick(NAMES),
        unmatched: dice.pick(NAMES),
    };
    call.destination = DestinationFacts {
        given: dice.once_in(2),
        hosts: dice.pick(HOSTS),
        private: dice.once_in(3),
        named_by_user: dice.once_in(2),
    };
    call.approval = dice.pick(&[None, Some(given)]);
    call
}

/// The same call in Cedar's JSON.
fn question(call: &ToolCall<'_>, engine: &Engine) -> Question {
    let caller = call.caller;
    let kind = if caller.agent_kind == AgentKind::System { "SystemAgent" } else { "Agent" };
    let uid = |kind: &str, id: &str| json!({ "type": format!("Orchestack::{kind}"), "id": id });
    let id = format!("{}.{}", call.tool.server, call.tool.name);
    let own = format!("callTool:{id}");
    let has_own = engine.schema().actions().any(|action| action.id().unescaped() == own);
    let mut tool = json!({
        "name": call.tool.name, "server": call.tool.server, "effect": call.tool.effect.as_str(),
        "replay": call.tool.replay.as_str(), "pinned": call.tool.pinned,
        "trusted": call.tool.trusted, "function": call.tool.function,
    });
    if let Some(price) = call.tool.price {
        tool["price"] = json!(price.0);
    }
    let (from, to) = (&call.provenance, &call.destination);
    let mut context = json!({
        "label": call.label.as_str(), "label_rank": call.label.rank(),
        "integrity": call.integrity.as_str(), "kinds": call.kinds,
        "budget": { "used_percent": call.budget.used_percent },
        "session": { "calls": i64::try_from(call.session.calls).unwrap_or(i64::MAX),
            "sources": call.session.sources },
        "provenance": { "trusted": from.trusted, "untrusted": from.untrusted, "unmatched": from.unmatched },
        "destination": { "given": to.given, "hosts": to.hosts, "private": to.private,
            "named_by_user": to.named_by_user },
        "now": { "__extn": { "fn": "datetime", "arg": "2023-11-14T22:13:20Z" } },
    });
    if let Some(left) = call.budget.remaining {
        context["budget"]["remaining"] = json!(left.0);
    }
    if let Some(given) = call.approval {
        context["approval"] = json!({ "roles": given.roles, "approvers": given.approvers });
    }
    if let Some(grant) = &caller.grant {
        context["grant"] = json!({ "task": grant.task.unwrap().to_string() });
    }
    if has_own {
        context["tool"] = json!({ "input": call.input });
    }
    let mut parents: Vec<Value> = caller.groups.iter().map(|group| uid("Group", group)).collect();
    parents.push(uid("Tenant", &caller.tenant_name));
    Question {
        principal: format!("Orchestack::{kind}::{:?}", caller.agent_name),
        action: if has_own { own } else { "callTool".to_owned() },
        resource: format!("Orchestack::Tool::{id:?}"),
        context,
        entities: json!([
            { "uid": uid(kind, &caller.agent_name), "attrs": { "name": caller.agent_name }, "parents": parents },
            { "uid": uid("Tool", &id), "attrs": tool, "parents": [uid("ToolServer", call.tool.server)] },
        ]),
    }
}

const CALLS: usize = 40;

#[test]
fn a_decision_is_the_answer_to_the_same_question() {
    let (mut permitted, mut denied, mut own) = (0, 0, 0);
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let (organisation, agent) = (policies(&mut dice, "o"), policies(&mut dice, "a"));
        let bundle = Bundle { tools: tools(), ..bundle(&organisation, &agent) };
        let engine =
            Engine::load(&bundle).unwrap_or_else(|faults| panic!("seed {seed}: {faults:?}"));
        let given = approved();
        for _ in 0..CALLS {
            let mut caller = caller();
            if dice.once_in(4) {
                caller.agent_kind = AgentKind::System;
            }
            if dice.once_in(4) {
                caller.grant = Some(std::sync::Arc::new(grant()));
            }
            let input = dice.pick(&[
                r#"{"to":"ann@example.com","copies":3}"#,
                r#"{"to":"eve@evil.com","cc":["eve"]}"#,
                r#"{"to":"x"}"#,
            ]);
            let input = serde_json::from_str(input).unwrap();
            let call = any_call(&mut dice, &caller, &input, &given);
            let asked = question(&call, &engine);
            let answer =
                engine.answer(&asked).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let decided = engine.decide_tool(&call);
            let told = match &decided {
                Ok(permit) => (Ok(permit.obligations().clone()), permit.policies().to_vec()),
                Err(denial) => (Err(denial.reason.clone()), denial.policies.clone()),
            };
            // A condition that is not met is told by the policies that set it, and by the question's
            // answer with all.
            let agree =
                told.0 == answer.decision && told.1.iter().all(|id| answer.policies.contains(id));
            assert!(agree, "seed {seed}:\n{organisation}{agent}\n{call:?}\n{told:?}\n{answer:?}");
            own += usize::from(asked.action.contains(':'));
            *(if decided.is_ok() { &mut permitted } else { &mut denied }) += 1;
        }
    }
    assert!(permitted * 20 > denied && denied * 20 > permitted, "{permitted} and {denied}");
    assert!(own * 10 > permitted + denied, "{own} calls had an action of their own");
}
