//! What is remembered of a group is right for every call that has its key, and for no other reason
//! than that the key has every fact that the group reads.

use std::collections::HashMap;

use types::{Integrity, Label, Nanos, Timestamp};

use super::*;
use crate::{
    ask::{Approved, BudgetFacts, RequestFacts, SessionFacts},
    testing::{ALLOW, CLOUD, LOCAL, approved, call, caller, engine, grant, told},
};

impl Engine {
    /// What holds, from nothing that is remembered, with every fact in the context.
    pub(crate) fn held_afresh(&self, call: &ModelCall<'_>, models: &[ModelFacts<'_>]) -> Vec<Held> {
        let slice = self.cut(call.caller, models).unwrap();
        let hear = |group| self.hear(&slice, group, call, Reads::ALL).unwrap();
        let mut held = slice.settled.clone();
        slice.groups.iter().for_each(|group| held.extend_from_slice(&hear(group)));
        held.sort_unstable();
        held
    }
}

/// Every fact with a condition that reads only it.
const CONDITIONS: &[(Reads, &str)] = &[
    (Reads::LABEL, "context.label == \"public\""),
    (Reads::LABEL_RANK, "context.label_rank >= 2"),
    (Reads::INTEGRITY, "context.integrity == \"trusted\""),
    (Reads::KINDS, "context.kinds.contains(\"email\")"),
    (Reads::ENDPOINT, "context.request.endpoint like \"*chat*\""),
    (Reads::STREAM, "context.request.stream"),
    (Reads::TOOLS, "context.request.tools"),
    (Reads::IMAGES, "context.request.images"),
    (Reads::INPUT_BOUND, "context.request.input_tokens_bound > 1000"),
    (
        Reads::MAX_OUTPUT,
        "context.request has max_output_tokens && context.request.max_output_tokens < 100",
    ),
    (Reads::REMAINING, "context.budget has remaining && context.budget.remaining < 5"),
    (Reads::USED_PERCENT, "context.budget.used_percent >= 80"),
    (Reads::CALLS, "context.session.calls > 3"),
    (Reads::NOW, "context.now >= datetime(\"2023-11-14T22:13:21Z\")"),
    (Reads::APPROVAL, "context has approval && context.approval.approvers >= 2"),
    (Reads::GRANT, "context has grant && context.grant has task"),
];

/// A call, and for each fact the same call with another value of this fact alone. A label has two
/// facts, and so has two changes.
fn with_calls(mut look: impl FnMut(&[(Reads, ModelCall<'_>)])) {
    let (plain, approved) = (caller(), approved());
    let granted = Caller { grant: Some(Arc::new(grant())), ..caller() };
    let base = call(&plain);
    let request = |request: RequestFacts<'static>| ModelCall { request, ..base };
    let budget = |budget: BudgetFacts| ModelCall { budget, ..base };
    let calls = [
        (Reads::default(), base),
        (Reads::LABEL, ModelCall { label: Label::Public, ..base }),
        (Reads::LABEL_RANK, ModelCall { label: Label::Restricted, ..base }),
        (Reads::INTEGRITY, ModelCall { integrity: Integrity::Untrusted, ..base }),
        (Reads::KINDS, ModelCall { kinds: &["email"], ..base }),
        (Reads::ENDPOINT, request(RequestFacts { endpoint: "/v1/responses", ..facts() })),
        (Reads::STREAM, request(RequestFacts { stream: true, ..facts() })),
        (Reads::TOOLS, request(RequestFacts { tools: true, ..facts() })),
        (Reads::IMAGES, request(RequestFacts { images: true, ..facts() })),
        (Reads::INPUT_BOUND, request(RequestFacts { input_tokens_bound: 1_001, ..facts() })),
        (Reads::MAX_OUTPUT, request(RequestFacts { max_output_tokens: None, ..facts() })),
        (Reads::REMAINING, budget(BudgetFacts { remaining: Some(Nanos(4)), ..base.budget })),
        (Reads::USED_PERCENT, budget(BudgetFacts { used_percent: 80, ..base.budget })),
        (Reads::CALLS, ModelCall { session: SessionFacts { calls: 4, ..base.session }, ..base }),
        (Reads::NOW, ModelCall { now: Timestamp(base.now.0 + 1_000_000), ..base }),
        (Reads::APPROVAL, ModelCall { approval: Some(&approved), ..base }),
        (Reads::GRANT, ModelCall { caller: &granted, ..base }),
    ];
    look(&calls);
}

fn facts() -> RequestFacts<'static> {
    RequestFacts {
        endpoint: "/v1/chat/completions",
        input_tokens_bound: 100,
        max_output_tokens: Some(50),
        ..RequestFacts::default()
    }
}

/// One forbid for each fact, so that every fact has a group of its own.
fn forbids() -> String {
    let forbid = |(number, (_, condition)): (usize, &(Reads, &str))| {
        format!(
            "@id(\"f{number:02}\") forbid (principal, action == Orchestack::Action::\"callModel\", \
             resource) when {{ {condition} }};\n"
        )
    };
    CONDITIONS.iter().enumerate().map(forbid).collect()
}

/// The facts of which, if they were left out of the keys, one call would be given what holds for
/// another.
fn mistaken(engine: &Engine, left_out: Reads) -> Reads {
    let mut found = Reads::default();
    with_calls(|calls| {
        let slice = engine.cut(calls[0].1.caller, &[LOCAL, CLOUD]).unwrap();
        for group in &slice.groups {
            let mut known = HashMap::new();
            for (changed, call) in calls {
                let key = Key::default().with_facts(call, group.reads.without(left_out));
                let held = engine.hear(&slice, group, call, Reads::ALL).unwrap();
                let first = known.entry(key.as_bytes().to_vec()).or_insert_with(|| held.clone());
                if *first != held {
                    found = found.with(*changed);
                }
            }
        }
    });
    found
}

#[test]
fn calls_of_one_key_have_one_answer() {
    let engine = engine(&format!("{ALLOW}{}", forbids()), ALLOW.replace("allow", "own").as_str());
    assert_eq!(mistaken(&engine, Reads::default()), Reads::default());
}

/// The negative control: the test above finds every fact that a key could lack.
#[test]
fn a_key_that_lacks_a_fact_is_found_out() {
    let engine = engine(&format!("{ALLOW}{}", forbids()), ALLOW.replace("allow", "own").as_str());
    for (fact, condition) in CONDITIONS {
        let found = mistaken(&engine, *fact);
        assert!(found.has(*fact), "without {condition} {found:?} are mistaken");
    }
}

/// The same from outside: each call of two that differ in one fact is decided, twice in turns.
#[test]
fn a_decision_changes_with_every_fact_that_is_read() {
    for (fact, condition) in CONDITIONS {
        let permit = |condition: &str| {
            format!(
                "@id(\"o\") permit (principal, action == Orchestack::Action::\"callModel\", \
                 resource) when {{ {condition} }};"
            )
        };
        let engine = engine(&permit(condition), ALLOW);
        with_calls(|calls| {
            let ask = |call: &ModelCall<'_>| told(&engine.decide(call, &[LOCAL, CLOUD]));
            let (before, changed) =
                (calls[0].1, calls.iter().find(|(of, _)| of == fact).unwrap().1);
            let [first, second] = [ask(&before), ask(&changed)];
            assert_ne!(first, second, "{condition}");
            assert_eq!([first, second], [ask(&before), ask(&changed)], "{condition}");
        });
    }
}

/// Who asks and about what is part of what is remembered, too.
#[test]
fn callers_and_models_share_nothing() {
    let organisation = format!(
        "{ALLOW} @id(\"low\") forbid (principal in Orchestack::Group::\"low\", action, resource) \
         when {{ context.label_rank >= 1 }};\
         @id(\"big\") forbid (principal, action == Orchestack::Action::\"callModel\", resource) \
         when {{ context.label_rank >= 1 && resource.size == \"large\" }};\
         @id(\"self\") forbid (principal, action == Orchestack::Action::\"callModel\", resource) \
         when {{ principal.name == context.label }};"
    )
    .replace("action, resource", "action == Orchestack::Action::\"callModel\", resource");
    let own = ALLOW.replace("allow", "own");
    let engine = engine(&organisation, &own);
    let ask =
        |caller: &Caller, models: &[ModelFacts<'_>]| told(&engine.decide(&call(caller), models));
    let (plain, low) = (caller(), Caller { groups: vec!["low".to_owned()], ..caller() });
    let small = ModelFacts { size: "small", ..CLOUD };
    let by_layer = "denied: a policy of the organisation layer forbids it by";
    for _ in 0..2 {
        assert_eq!(
            ask(&plain, &[LOCAL, CLOUD]),
            format!("llama permitted by allow, own\ngpt {by_layer} big")
        );
        assert_eq!(
            ask(&low, &[LOCAL, CLOUD]),
            format!("llama {by_layer} low\ngpt {by_layer} big, low")
        );
        assert_eq!(
            ask(&plain, &[CLOUD, LOCAL]),
            format!("llama permitted by allow, own\ngpt {by_layer} big")
        );
        assert_eq!(ask(&plain, &[small]), "gpt permitted by allow, own");
    }
}

/// A policy that reads the time makes nothing else run again.
#[test]
fn a_group_is_asked_once_for_its_facts() {
    let engine = engine(&format!("{ALLOW}{}", forbids()), ALLOW.replace("allow", "own").as_str());
    let (caller, models) = (caller(), [LOCAL, CLOUD]);
    let first = call(&caller);
    let later = ModelCall { now: Timestamp(first.now.0 + 5_000_000), ..first };
    let known = |call: &ModelCall<'_>| {
        let slice = engine.slice(&caller, &models);
        let slice = slice.as_ref().as_ref().unwrap();
        engine.held(slice, call).unwrap();
        engine.memo().held.entries()
    };
    let all = known(&first);
    assert_eq!(all, CONDITIONS.len());
    assert_eq!(known(&first), all);
    assert_eq!(known(&later), all + 1);
}

/// A condition that no model changes is asked once for all of them.
#[test]
fn what_no_model_changes_is_asked_once_for_all() {
    let organisation = format!(
        "{ALLOW} @id(\"a\") forbid (principal, action == Orchestack::Action::\"callModel\", resource) \
         when {{ context.label_rank >= 3 && resource.locality == \"cloud\" }};\
         @id(\"b\") forbid (principal, action == Orchestack::Action::\"callModel\", \
         resource in Orchestack::Provider::\"ollama\") when {{ context.label_rank >= 3 }};"
    );
    let engine = engine(&organisation, ALLOW.replace("allow", "own").as_str());
    let slice = engine.cut(&caller(), &[LOCAL, CLOUD]).unwrap();
    let [group] = &slice.groups[..] else { panic!("{:?}", slice.groups) };
    let [asked] = &group.asked[..] else { panic!("{:?}", group.asked) };
    assert_eq!((asked.model, asked.policies.len()), (None, 2));
    assert_eq!(slice.settled.len(), 4);
}

/// What fails is not left out, wherever it stands.
#[test]
fn a_condition_that_fails_fails_as_in_cedar() {
    let forbid = |condition: &str| {
        let text = format!(
            "@id(\"f\") forbid (principal, action == Orchestack::Action::\"callModel\", resource) \
             when {{ {condition} }};"
        );
        let engine = engine(&format!("{ALLOW}{text}"), ALLOW.replace("allow", "own").as_str());
        let approved: Approved = approved();
        let caller = caller();
        let call = ModelCall { approval: Some(&approved), ..call(&caller) };
        told(&engine.decide(&call, &[CLOUD]))
    };
    let yes = "gpt permitted by allow, own";
    let fails = "gpt denied: a policy could not be evaluated by f";
    let never = "resource.simulator";
    let overflow = "context.label_rank + 9223372036854775807 > 0";
    let days = "resource has retention_days && resource.retention_days + 9223372036854775807 > 0";
    assert_eq!(forbid(&format!("{never} && {overflow}")), yes);
    assert_eq!(forbid(&format!("{overflow} && {never}")), fails);
    // The fixed condition fails: whether it is reached depends on the context.
    assert_eq!(forbid(days), fails);
    assert_eq!(forbid(&format!("context.label_rank >= 1 && {days}")), fails);
    assert_eq!(forbid(&format!("context.label_rank >= 2 && {days}")), yes);
}
