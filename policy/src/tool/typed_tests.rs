//! Policies about one tool by an action of its own, where its input is typed.

use cedar_policy::EntityUid;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use types::Integrity;

use crate::{
    Bundle, Engine, Source, ToolSource, What,
    testing::{TOOL, bundle, caller, told_of_tool, tool_call},
};

/// Permits every tool.
const ALL: &str =
    "@id(\"all\") permit (principal, action == Orchestack::Action::\"callTool\", resource);";

fn tools() -> Vec<ToolSource> {
    let send = json!({
        "type": "object",
        "required": ["to"],
        "properties": {
            "to": { "type": "string" },
            "cc": { "type": "array", "items": { "type": "string" } },
            "copies": { "type": "integer" },
            "fee": { "type": "number" },
            "urgent": { "type": "boolean" },
            "either": { "type": ["string", "null"] },
            "at": { "type": "object", "properties": { "day": { "type": "integer" } } },
        },
    });
    let tool = |name: &str, input_schema| {
        let (server, name) = ("mail".to_owned(), name.to_owned());
        ToolSource { server, name, input_schema }
    };
    vec![tool("send", send), tool("list", json!({ "type": "object" }))]
}

fn with_tools(organisation: &str, agent: &str) -> Bundle<'static> {
    Bundle { tools: tools(), ..bundle(organisation, agent) }
}

#[track_caller]
fn engine(organisation: &str) -> Engine {
    Engine::load(&with_tools(organisation, &ALL.replace("\"all\"", "\"own\""))).expect("no faults")
}

/// A forbid about `mail.send` alone.
fn forbid(condition: &str) -> String {
    format!(
        "{ALL}\n@id(\"no\") forbid (principal, action == Orchestack::Action::\"callTool:mail.send\", \
         resource) when {{ {condition} }};"
    )
}

fn told(engine: &Engine, input: &Value) -> String {
    told_of_tool(&engine.decide_tool(&tool_call(&caller(), input)))
}

const YES: &str = "permitted by all, own";
const NO: &str = "denied: a policy of the organisation layer forbids it by no";
const ERROR: &str = "denied: a policy could not be evaluated";

#[track_caller]
fn check(condition: &str, input: Value, expected: &str) {
    assert_eq!(told(&engine(&forbid(condition)), &input), expected, "{condition} {input}");
}

#[test]
fn a_policy_reads_the_input_of_its_tool() {
    let input = "context.tool.input";
    check(&format!("!({input}.to like \"*@example.com\")"), json!({ "to": "a@example.com" }), YES);
    check(&format!("!({input}.to like \"*@example.com\")"), json!({ "to": "a@evil.com" }), NO);
    let copies = format!("{input} has copies && {input}.copies > 3");
    check(&copies, json!({ "to": "a", "copies": 4 }), NO);
    check(&copies, json!({ "to": "a", "copies": 3 }), YES);
    check(&copies, json!({ "to": "a" }), YES);
    let fee = format!("{input} has fee && {input}.fee.greaterThan(decimal(\"2.5\"))");
    check(&fee, json!({ "to": "a", "fee": 2.5001 }), NO);
    check(&fee, json!({ "to": "a", "fee": 2 }), YES);
    let cc = format!("{input} has cc && {input}.cc.contains(\"eve\")");
    check(&cc, json!({ "to": "a", "cc": ["ann", "eve"] }), NO);
    let day = format!("{input} has at && {input}.at has day && {input}.at.day == 7");
    check(&day, json!({ "to": "a", "at": { "day": 7, "more": [] } }), NO);
}

#[test]
fn what_does_not_fit_its_type_is_denied() {
    let never = "context.tool.input.to == \"nobody\"";
    for input in [
        json!({}),
        json!([]),
        json!({ "to": 3 }),
        json!({ "to": "a", "copies": "many" }),
        json!({ "to": "a", "fee": 0.00001 }),
        json!({ "to": "a", "cc": ["b", 1] }),
    ] {
        check(never, input, ERROR);
    }
    // What policies cannot see may be anything.
    check(never, json!({ "to": "a", "either": null, "more": { "x": 1 } }), YES);
}

/// INVARIANT: `action == callTool` is about every tool, also one that has an action of its own.
#[test]
fn what_is_said_of_every_tool_holds_for_each() {
    let all = format!(
        "{ALL}\n@id(\"no\") forbid (principal, action == Orchestack::Action::\"callTool\", resource) \
         when {{ context.integrity != \"trusted\" }};"
    );
    let named = format!(
        "{all}\n@id(\"one\") permit (principal, action == Orchestack::Action::\"callTool:mail.send\", \
         resource);"
    );
    let call_tool = "Orchestack::Action::\"callTool\"";
    let in_conditions = [
        format!("action == {call_tool}"),
        format!("{call_tool} == action"),
        format!("!(action != {call_tool})"),
        format!("[{call_tool}, Orchestack::Action::\"listTool\"].contains(action)"),
    ];
    let in_conditions = in_conditions.map(|condition| {
        format!(
            "{ALL}\n@id(\"no\") forbid (principal, action in [{call_tool}, \
             Orchestack::Action::\"listTool\"], resource) when {{ {condition} && \
             context.integrity != \"trusted\" }};\n@id(\"one\") permit (principal, \
             action == Orchestack::Action::\"callTool:mail.send\", resource);"
        )
    });
    for policies in [&all, &named].into_iter().chain(&in_conditions) {
        let engine = engine(policies);
        let (caller, input) = (caller(), json!({ "to": "a" }));
        let mut call = tool_call(&caller, &input);
        assert!(engine.decide_tool(&call).is_ok());
        call.integrity = Integrity::Untrusted;
        assert_eq!(told_of_tool(&engine.decide_tool(&call)), NO);
    }
}

#[test]
fn a_policy_about_one_tool_is_about_no_other() {
    let one = "@id(\"one\") permit (principal, action == Orchestack::Action::\"callTool:mail.send\", \
        resource) when { action == Orchestack::Action::\"callTool:mail.send\" };";
    let engine = engine(one);
    let (caller, input) = (caller(), json!({ "to": "a" }));
    let mut call = tool_call(&caller, &input);
    assert_eq!(told_of_tool(&engine.decide_tool(&call)), "permitted by one, own");
    for name in ["list", "send2"] {
        call.tool.name = name;
        assert_eq!(
            told_of_tool(&engine.decide_tool(&call)),
            "denied: no policy of the organisation layer permits it"
        );
    }
}

#[test]
fn obligations_hold_on_a_tool_s_own_action() {
    let asks = "@id(\"asks\") @approval(\"legal\") permit (principal, \
        action == Orchestack::Action::\"callTool:mail.send\", resource) \
        when { context.tool.input.to like \"*@rival.com\" };";
    let engine = engine(&format!("{ALL}\n{asks}"));
    assert_eq!(
        told(&engine, &json!({ "to": "x@rival.com" })),
        "denied: it needs the approval of legal by asks"
    );
    assert_eq!(told(&engine, &json!({ "to": "x@example.com" })), YES);
}

#[track_caller]
fn faults(organisation: &str) -> String {
    let faults = Engine::load(&with_tools(organisation, &ALL.replace("\"all\"", "\"own\"")))
        .expect_err("it has faults");
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn mistakes_about_tools_are_told() {
    let about = |action: &str, condition: &str| {
        faults(&format!(
            "@id(\"x\") permit (principal, action == Orchestack::Action::\"{action}\", resource)\n\
             when {{ {condition} }};"
        ))
    };
    assert_snapshot!(about("callTool:mail.sned", "true"), @r#"policies/o.cedar:1: unrecognized action `Orchestack::Action::"callTool:mail.sned"`; did you mean `callTool:mail.send`?"#);
    assert_snapshot!(about("callTool:files.read", "true"), @r#"policies/o.cedar:1: unrecognized action `Orchestack::Action::"callTool:files.read"`; pin the tool's definition first: `orchestack tool pin SERVER`"#);
    assert_snapshot!(about("callTool", "context.tool.input.to == \"a\""), @r#"policies/o.cedar:2: attribute `tool` in context for Orchestack::Action::"callTool" not found; name the tool whose input it is: `action == Orchestack::Action::"callTool:SERVER.TOOL"`"#);
    assert_snapshot!(about("callTool:mail.send", "context.tool.input.too == \"a\""), @r#"policies/o.cedar:2: attribute `tool.input.too` in context for Orchestack::Action::"callTool:mail.send" not found; did you mean `to`?"#);
    assert_snapshot!(about("callTool:mail.send", "context.tool.input.copies > 1"), @r#"policies/o.cedar:2: unable to guarantee safety of access to optional attribute `tool.input.copies` in context for Orchestack::Action::"callTool:mail.send"; try testing for the attribute's presence with `context.tool.input has copies && ..`"#);
    assert_snapshot!(about("callTool:mail.send", "context.tool.input.either == \"a\""), @r#"policies/o.cedar:2: attribute `tool.input.either` in context for Orchestack::Action::"callTool:mail.send" not found; did you mean `at`?"#);
    assert_snapshot!(faults("@id(\"x\") @max_tokens(\"5\") permit (principal, action == Orchestack::Action::\"callTool:mail.send\", resource);"), @"policies/o.cedar:1: `@max_tokens` is not carried out on `callTool`, which this policy is about; name actions in its scope; those with `@max_tokens` are callModel");
}

#[test]
fn a_tool_that_nothing_names_has_no_action_of_its_own() {
    let actions = |engine: &Engine| -> Vec<String> {
        let all = engine.schema().actions().map(|uid: &EntityUid| uid.id().unescaped().to_owned());
        all.filter(|name| name.contains(':')).collect()
    };
    assert!(actions(&engine(ALL)).is_empty());
    let named = engine(&forbid("context.tool.input.to == \"a\""));
    assert_eq!(actions(&named), ["callTool:mail.send"]);
    let text = named.whole_schema_text();
    let shown: cedar_policy::Schema = text.parse().expect("the text is a schema");
    assert_eq!(shown.actions().count(), named.schema().actions().count());
    let own = text.split_once("tool: {").expect("it has the tool").1;
    let words: Vec<&str> = own.split_whitespace().collect();
    assert!(
        words.join(" ").starts_with(
            "input: { at?: { day?: Long }, cc?: Set<String>, copies?: Long, fee?: decimal, \
             to: String, urgent?: Bool } }"
        ),
        "{own}"
    );
    assert_ne!(named.digest("default"), engine(ALL).digest("default"));
}

/// What is claimed of `callTool` is claimed of each tool that has an action of its own.
#[test]
fn an_invariant_about_calls_of_tools_is_about_each() {
    let mut bundle = with_tools(&forbid("context.tool.input.to == \"a\""), "");
    bundle.agents.clear();
    bundle.invariants = vec![Source {
        file: "invariants/i.toml".to_owned(),
        text: "[x]\nsays = \"never\"\nactions = [\"callTool\"]\nwhen = 'context.label_rank == 3'\n\
               [y]\nsays = \"never\"\nactions = [\"callTool:mail.send\"]\n\
               when = 'context.tool.input.to == \"a\"'\n"
            .to_owned(),
    }];
    let engine = Engine::load(&bundle).expect("no faults");
    let claims = engine.claims("default");
    let about = |id: &str| -> Vec<String> {
        let claim = claims.iter().find(|claim| claim.id == id).unwrap();
        let What::Never { when, .. } = &claim.what else { panic!("{id} claims something else") };
        assert_eq!(when.policies().count(), 1);
        claim.actions.iter().map(|action| action.id().unescaped().to_owned()).collect()
    };
    assert_eq!(about("x"), ["callTool", "callTool:mail.send"]);
    assert_eq!(about("y"), ["callTool:mail.send"]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "ok|[a-z\\PC]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name = "to|cc|copies|fee|urgent|either|at|day|__entity|[a-z]{1,3}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Whether a value is of a type, said without Cedar.
fn is(value: Option<&Value>, fits: impl Fn(&Value) -> bool) -> bool {
    value.is_none_or(fits)
}

proptest! {
    /// Whatever the input is, nothing panics, and what is permitted was understood.
    #[test]
    fn no_input_is_permitted_by_failing(mut input in any_json(), to in any_json(), right in any::<bool>()) {
        if let Some(fields) = input.as_object_mut() {
            fields.insert("to".to_owned(), if right { json!("ok") } else { to });
        }
        let engine = &*ENGINE;
        if told(engine, &input) == YES {
            prop_assert_eq!(input.get("to"), Some(&json!("ok")));
            prop_assert!(is(input.get("copies"), Value::is_number));
            prop_assert!(is(input.get("urgent"), Value::is_boolean));
            prop_assert!(is(input.get("at"), Value::is_object));
            let texts = |list: &Value| list.as_array().is_some_and(|all| all.iter().all(Value::is_string));
            prop_assert!(is(input.get("cc"), texts));
        }
    }
}

static ENGINE: std::sync::LazyLock<Engine> =
    std::sync::LazyLock::new(|| engine(&forbid("context.tool.input.to != \"ok\"")));

/// The property above finds what it is there to find: a permit that reads nothing.
#[test]
fn an_input_that_nobody_reads_is_permitted() {
    assert_eq!(told(&engine(ALL), &json!(["anything"])), YES);
    assert_eq!(TOOL.id(), "mail.send");
}
