//! What is decided about tools: by the starter, and by obligations and grants.

use std::sync::Arc;

use serde_json::json;
use types::{Effect, Integrity, Label, Nanos};

use super::{DestinationFacts, ToolCall, ToolFacts};
use crate::{
    Caller, DenyReason, Engine,
    grant::Limits,
    starter,
    testing::{FAMILIES, KINDS, TOOL, approved, caller, engine, grant, told_of_tool, tool_call},
};

const BOTH: &str = "agents-call-tools, default-calls-tools";

fn starter_engine() -> Engine {
    Engine::load(&starter::bundle("c0ffee", KINDS, FAMILIES)).expect("the starter has no fault")
}

/// The decision about one changed call.
fn decided(engine: &Engine, caller: &Caller, change: impl Fn(&mut ToolCall<'_>)) -> String {
    let input = json!({ "to": "ann@example.com" });
    let mut call = tool_call(caller, &input);
    change(&mut call);
    told_of_tool(&engine.decide_tool(&call))
}

/// What the starter says about a tool of an effect, with the word `permitted` alone where both of its
/// plain permits decide, and the one policy that holds it back elsewhere.
#[track_caller]
fn check(effect: Effect, change: impl Fn(&mut ToolCall<'_>), expected: &str) {
    let told = decided(&starter_engine(), &caller(), |call| {
        call.tool.effect = effect;
        change(call);
    });
    let expected = match expected {
        "permitted" => format!("permitted by {BOTH}"),
        id if id.contains("approved") => {
            format!("denied: it needs the approval of infra-admin by {id}")
        }
        id => format!("denied: a policy of the organisation layer forbids it by {id}"),
    };
    assert_eq!(told, expected, "{effect}");
}

const fn untrusted(call: &mut ToolCall<'_>) {
    call.integrity = Integrity::Untrusted;
}

const ACTS: &str = "untrusted-content-acts-when-approved";
const MOVES: &str = "untrusted-content-moves-nothing-unapproved";
const NAMED: DestinationFacts<'static> =
    DestinationFacts { given: true, hosts: &["example.com"], private: false, named_by_user: true };

#[test]
fn a_trusted_session_uses_every_tool() {
    Effect::ALL.iter().for_each(|effect| check(*effect, |_| {}, "permitted"));
}

#[test]
fn after_untrusted_content_only_reading_needs_nobody() {
    check(Effect::Read, untrusted, "permitted");
    check(Effect::Write, untrusted, ACTS);
    check(Effect::Egress, untrusted, ACTS);
    check(Effect::Unknown, untrusted, MOVES);
    check(Effect::Money, untrusted, MOVES);
    check(Effect::Infra, untrusted, MOVES);
}

#[test]
fn what_the_user_named_may_be_written_to_and_not_be_paid() {
    let named = |call: &mut ToolCall<'_>| {
        untrusted(call);
        call.destination = NAMED;
    };
    check(Effect::Write, named, "permitted");
    check(Effect::Egress, named, "permitted");
    check(Effect::Money, named, MOVES);
    check(Effect::Infra, named, MOVES);
    check(Effect::Unknown, named, MOVES);
}

#[test]
fn an_address_that_nobody_named_carries_nothing_sensitive() {
    let reads = |label: Label, named_by_user: bool| {
        move |call: &mut ToolCall<'_>| {
            untrusted(call);
            call.label = label;
            call.destination = DestinationFacts { named_by_user, ..NAMED };
        }
    };
    check(Effect::Read, reads(Label::Internal, false), "permitted");
    check(Effect::Read, reads(Label::Sensitive, true), "permitted");
    check(Effect::Read, reads(Label::Sensitive, false), ACTS);
}

#[test]
fn restricted_content_leaves_by_no_tool() {
    let restricted = |call: &mut ToolCall<'_>| call.label = Label::Restricted;
    check(Effect::Egress, restricted, "restricted-leaves-by-no-tool");
    check(Effect::Unknown, restricted, "restricted-leaves-by-no-tool");
    check(Effect::Read, restricted, "permitted");
    check(Effect::Write, restricted, "permitted");
}

#[test]
fn tools_reach_no_private_place() {
    let private = |call: &mut ToolCall<'_>| {
        call.destination = DestinationFacts { private: true, ..NAMED };
    };
    check(Effect::Egress, private, "tools-reach-no-private-place");
    check(Effect::Read, private, "tools-reach-no-private-place");
    check(Effect::Write, private, "permitted");
}

#[test]
fn an_unpinned_tool_is_neither_called_nor_shown() {
    let unpinned = |call: &mut ToolCall<'_>| call.tool.pinned = false;
    check(Effect::Read, unpinned, "unpinned-tools-are-not-called");
    let engine = starter_engine();
    let shown = |tool: &ToolFacts<'_>| {
        engine.lists_tool(&caller(), tool, Integrity::Untrusted, types::Timestamp(0))
    };
    assert!(shown(&TOOL));
    assert!(!shown(&ToolFacts { pinned: false, ..TOOL }));
}

/// Plain function calling works on after the first result, which nobody vouches for.
#[test]
fn a_function_that_nobody_described_is_the_callers_own() {
    let function = |call: &mut ToolCall<'_>| {
        untrusted(call);
        call.label = Label::Restricted;
        (call.tool.pinned, call.tool.function) = (false, true);
    };
    check(Effect::Unknown, function, "permitted");
    check(
        Effect::Money,
        |call| {
            function(call);
            call.label = Label::Public;
        },
        MOVES,
    );
}

#[test]
fn an_approval_is_used_where_one_is_needed() {
    let (engine, caller, input) = (starter_engine(), caller(), json!({}));
    let given = approved();
    let mut call = tool_call(&caller, &input);
    call.approval = Some(&given);
    call.tool.effect = Effect::Money;
    assert_eq!(engine.decide_tool(&call).unwrap().approval(), None);
    call.integrity = Integrity::Untrusted;
    let permit = engine.decide_tool(&call).unwrap();
    assert_eq!(permit.approval(), Some(given.id));
    assert_eq!((permit.server(), permit.tool()), ("mail", "send"));
    call.approval = None;
    call.dry_run = true;
    assert!(engine.decide_tool(&call).is_ok(), "a dry run asks nobody");
}

#[test]
fn a_permit_is_for_these_arguments() {
    let (engine, caller) = (starter_engine(), caller());
    let hash = |text: &str| {
        let input = serde_json::from_str(text).unwrap();
        let permit = engine.decide_tool(&tool_call(&caller, &input)).unwrap();
        permit.input_hash().to_owned()
    };
    let one = hash(r#"{"a": {"x": 1, "y": [1, "b\"c"]}, "b": null}"#);
    assert_eq!(one, hash(r#"{"b":null,"a":{"y":[1,"b\"c"],"x":1}}"#));
    // SHA-256 of the canonical text {"a":{"x":1,"y":[1,"b\"c"]},"b":null}
    let canonical =
        ring::digest::digest(&ring::digest::SHA256, br#"{"a":{"x":1,"y":[1,"b\"c"]},"b":null}"#);
    let hex: String = canonical.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(one, hex);
    for other in [r#"{"a":{"x":1,"y":["b\"c",1]},"b":null}"#, "{}", r#"{"a":{}}"#, "[]"] {
        assert_ne!(one, hash(other));
    }
}

#[test]
fn both_layers_must_permit() {
    let permit = |id: &str| {
        format!(
            "@id({id:?}) permit (principal, action == Orchestack::Action::\"callTool\", resource);"
        )
    };
    let caller = caller();
    let told =
        |organisation: &str, agent: &str| decided(&engine(organisation, agent), &caller, |_| {});
    assert_eq!(told(&permit("o"), &permit("a")), "permitted by o, a");
    assert_eq!(told(&permit("o"), ""), "denied: no policy of the agent layer permits it");
    assert_eq!(told("", &permit("a")), "denied: no policy of the organisation layer permits it");
    let stranger = Caller { agent_name: "other".to_owned(), ..caller.clone() };
    assert_eq!(
        decided(&engine(&permit("o"), &permit("a")), &stranger, |_| {}),
        "denied: no policy of the agent layer permits it"
    );
    // A policy that fails denies, whatever it would have said.
    let fails = format!(
        "{} @id(\"f\") forbid (principal, action == Orchestack::Action::\"callTool\", resource) \
         when {{ context.label_rank + 9223372036854775807 < 0 }};",
        permit("o")
    );
    assert_eq!(told(&fails, &permit("a")), "denied: a policy could not be evaluated by f");
}

#[test]
fn obligations_of_both_layers_hold() {
    let permit = |annotations: &str| {
        format!(
            "{annotations} permit (principal, action == Orchestack::Action::\"callTool\", resource);"
        )
    };
    let engine = engine(
        &permit("@id(\"o\") @max_cost(\"0.50\") @block(\"card\")"),
        &permit("@id(\"a\") @max_cost(\"0.10\") @redact(\"email\") @log(\"full\")"),
    );
    let caller = caller();
    let input = json!({});
    let permit = engine.decide_tool(&tool_call(&caller, &input)).unwrap();
    let obligations = permit.obligations();
    assert!(obligations.log_full && obligations.redact.contains("email"));
    let told = |change: &dyn Fn(&mut ToolCall<'_>)| decided(&engine, &caller, change);
    assert_eq!(told(&|call| call.tool.price = Some(Nanos(100_000_000))), "permitted by o, a");
    assert_eq!(
        told(&|call| call.tool.price = Some(Nanos(100_000_001))),
        "denied: policy permits it only where it costs 0.10 US dollars at most by a"
    );
    assert_eq!(
        told(&|call| call.kinds = &["card"]),
        "denied: policy blocks content with card by o"
    );
}

#[test]
fn a_grant_leaves_the_tools_that_it_names() {
    let engine = starter_engine();
    let with = |tools: &[&str], label: Option<Label>| {
        let mut held = grant();
        let tools = tools.iter().map(|id| (*id).to_owned()).collect();
        held.limits = Limits { tools: Some(tools), label, ..Limits::default() };
        Caller { grant: Some(Arc::new(held)), ..caller() }
    };
    let told = |caller: &Caller| decided(&engine, caller, |_| {});
    let shown =
        |caller: &Caller| engine.lists_tool(caller, &TOOL, Integrity::Trusted, types::Timestamp(0));
    let named = with(&["mail.send"], None);
    assert_eq!((told(&named), shown(&named)), (format!("permitted by {BOTH}"), true));
    let outside = "denied: the grant does not cover it".to_owned();
    for caller in [with(&["mail.read"], None), with(&[], None), with(&["send"], None)] {
        assert_eq!((told(&caller), shown(&caller)), (outside.clone(), false));
    }
    assert_eq!(told(&with(&["mail.send"], Some(Label::Public))), outside);
}

#[test]
fn what_cannot_be_put_into_terms_is_denied() {
    let told = decided(&starter_engine(), &caller(), |call| {
        call.now = types::Timestamp(i64::MAX);
    });
    assert_eq!(told, format!("denied: {}", DenyReason::Error));
}

#[test]
fn an_explanation_says_what_would_change_the_answer() {
    let (caller, input) = (caller(), json!({}));
    let mut call = tool_call(&caller, &input);
    call.integrity = Integrity::Untrusted;
    call.tool.effect = Effect::Egress;
    let explained = starter_engine().explain_tool(&call);
    assert_eq!(explained.model, "mail.send");
    assert_eq!(explained.outcome.told, "denied: it needs the approval of infra-admin");
    assert_eq!(explained.policies[0].file, "policies/tools.cedar");
    let changes: Vec<&str> = explained.changes.iter().map(|one| one.change.as_str()).collect();
    assert_eq!(
        changes,
        [
            "in a session of trusted content",
            "to a destination that the user named",
            "with the approval of infra-admin",
            "as a dry run",
        ]
    );
}
