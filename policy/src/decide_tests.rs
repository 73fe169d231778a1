//! Decisions over small bundles: each rule of the two layers with a negative control.

use proptest::prelude::*;
use types::{Label, Nanos};

use super::*;
use crate::{
    ask::Approved,
    grant::Limits,
    obligation::Withheld,
    testing::{ALLOW, CLOUD, FAMILIES, LOCAL, approved, call, caller, engine, grant, told},
};

/// A policy about model calls with the given annotations and condition.
fn policy(annotations: &str, effect: &str, condition: &str) -> String {
    format!(
        "{annotations} {effect} (principal, action == Orchestack::Action::\"callModel\", resource) \
         when {{ {condition} }};\n"
    )
}

#[track_caller]
fn check(organisation: &str, agent: &str, expected: &str) {
    let caller = caller();
    let call = ModelCall { kinds: &["email", "card"], ..call(&caller) };
    let decision = engine(organisation, agent).decide(&call, &[CLOUD]);
    assert_eq!(told(&decision), expected);
    assert_eq!(decision.permit.is_some(), decision.denied.is_empty());
}

#[test]
fn both_layers_must_permit() {
    let own = policy("@id(\"own\")", "permit", "true");
    check(ALLOW, &own, "gpt permitted by allow, own");
    check("", &own, "gpt denied: no policy of the organisation layer permits it");
    check(ALLOW, "", "gpt denied: no policy of the agent layer permits it");
    check("", "", "gpt denied: no policy of the organisation layer permits it");
}

#[test]
fn a_forbid_in_either_layer_wins() {
    let own = policy("@id(\"own\")", "permit", "true");
    let never = policy("@id(\"never\")", "forbid", "true");
    let never_own = policy("@id(\"never-own\")", "forbid", "true");
    let by_org = "gpt denied: a policy of the organisation layer forbids it by never";
    check(&format!("{ALLOW}{never}"), &own, by_org);
    check(&never, "", by_org);
    let by_agent = "gpt denied: a policy of the agent layer forbids it by never-own";
    check(ALLOW, &format!("{own}{never_own}"), by_agent);
    let both = "gpt denied: a policy of the organisation layer forbids it by never, never-own";
    check(&format!("{ALLOW}{never}"), &never_own, both);
}

#[test]
fn a_policy_without_an_id_is_named_by_file_and_number() {
    let own = policy("", "permit", "resource.simulator") + &policy("", "permit", "true");
    check(ALLOW, &own, "gpt permitted by allow, agents/default/a.cedar#2");
}

#[test]
fn a_call_is_rerouted_only_if_every_forbid_agrees() {
    let own = policy("@id(\"own\")", "permit", "true");
    let away = policy("@id(\"away\") @reroute(\"local\")", "forbid", "true");
    let away_own = policy("@id(\"away-own\") @reroute(\"local\")", "forbid", "true");
    let never = policy("@id(\"never\")", "forbid", "true");
    let by_org = "gpt denied: a policy of the organisation layer forbids it by";
    check(&format!("{ALLOW}{away}"), &own, &format!("{by_org} away, reroute"));
    check(&format!("{ALLOW}{away}{never}"), &own, &format!("{by_org} away, never"));
    check(&format!("{ALLOW}{away}"), &never, &format!("{by_org} away, never"));
    check(&format!("{ALLOW}{away}"), &away_own, &format!("{by_org} away, away-own, reroute"));
    check("", &away_own, "gpt denied: a policy of the agent layer forbids it by away-own, reroute");
}

#[test]
fn a_permit_that_blocks_a_found_kind_denies() {
    let blocks = policy("@id(\"own\") @block(\"card,us_ssn\")", "permit", "true");
    check(ALLOW, &blocks, "gpt denied: policy blocks content with card by own");
    let other = policy("@id(\"own\") @block(\"us_ssn\")", "permit", "true");
    check(ALLOW, &other, "gpt permitted by allow, own");
    let elsewhere = policy("@id(\"x\") @block(\"card\")", "permit", "resource.simulator");
    check(&format!("{ALLOW}{elsewhere}"), &other, "gpt permitted by allow, own");
}

#[test]
fn a_permit_that_needs_an_approval_denies_until_enough_people_gave_it() {
    let asks = policy(
        "@id(\"own\") @approval(\"infra-admin, legal\") @quorum(\"2\") @expires(\"4h\")",
        "permit",
        "true",
    );
    let expected = "gpt denied: it needs the approval of infra-admin, legal (2 people) by own";
    check(ALLOW, &asks, expected);
    let (asking, caller) = (engine(ALLOW, &asks), caller());
    let with = |given: &Approved| {
        let call = ModelCall { approval: Some(given), ..call(&caller) };
        asking.decide(&call, &[CLOUD])
    };
    let enough = approved();
    let decision = with(&enough);
    assert_eq!(told(&decision), "gpt permitted by allow, own");
    assert_eq!(decision.permit.unwrap().approval(), Some(enough.id));
    let alone = Approved { approvers: 1, ..approved() };
    assert_eq!(told(&with(&alone)), expected);
    let others = Approved { roles: ["infra-admin".to_owned()].into(), ..approved() };
    assert_eq!(told(&with(&others)), expected);
    // Where nobody need approve, an approval is not used up.
    let call = ModelCall { approval: Some(&enough), ..call(&caller) };
    let free = engine(ALLOW, &policy("@id(\"own\")", "permit", "true")).decide(&call, &[CLOUD]);
    assert_eq!(free.permit.unwrap().approval(), None);
}

#[test]
fn permits_hold_only_for_the_models_that_they_oblige_to() {
    let caller = caller();
    let cloud = |annotations: &str, models: &[ModelFacts<'_>]| {
        let own = policy(&format!("@id(\"own\") {annotations}"), "permit", "true");
        told(&engine(ALLOW, &own).decide(&call(&caller), models))
    };
    let yes = "gpt permitted by allow, own";
    assert_eq!(
        cloud("@locality(\"local\")", &[LOCAL, CLOUD]),
        "llama permitted by allow, own\n\
         gpt denied: policy permits it on local models only by own"
    );
    assert_eq!(cloud("@retention(\"30d\")", &[CLOUD]), yes);
    let kept = "gpt denied: policy permits it only where the provider keeps";
    assert_eq!(
        cloud("@retention(\"29d\")", &[CLOUD]),
        format!("{kept} it for 29 days at most by own")
    );
    assert_eq!(cloud("@retention(\"none\")", &[CLOUD]), format!("{kept} nothing by own"));
    let silent = ModelFacts { retention_days: None, ..CLOUD };
    assert_eq!(
        cloud("@retention(\"365d\")", &[silent]),
        format!("{kept} it for 365 days at most by own")
    );
}

#[test]
fn a_dry_run_is_permitted_where_a_call_is_not() {
    let caller = caller();
    let only = "gpt denied: policy permits it as a dry run only by own";
    for (annotation, refused) in [
        ("@dry_run(\"only\")", only),
        ("@approval(\"legal\")", "gpt denied: it needs the approval of legal by own"),
    ] {
        let own = policy(&format!("@id(\"own\") {annotation}"), "permit", "true");
        let engine = engine(ALLOW, &own);
        assert_eq!(told(&engine.decide(&call(&caller), &[CLOUD])), refused);
        let dry = ModelCall { dry_run: true, ..call(&caller) };
        assert_eq!(told(&engine.decide(&dry, &[CLOUD])), "gpt permitted by allow, own");
        assert_eq!(told(&engine.decide(&call(&caller), &[CLOUD])), refused);
    }
}

#[test]
fn a_grant_takes_away_and_never_adds() {
    let own = policy("@id(\"own\")", "permit", "resource.locality == \"cloud\"");
    let engine = engine(ALLOW, &own);
    let with = |limits: Limits, label: Label| {
        let grant = Some(Arc::new(Grant { limits, ..grant() }));
        let caller = Caller { grant, ..caller() };
        told(&engine.decide(&ModelCall { label, ..call(&caller) }, &[LOCAL, CLOUD]))
    };
    let models = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect());
    let not_own = "llama denied: no policy of the agent layer permits it";
    let outside = "gpt denied: the grant does not cover it";
    let yes = format!("gpt permitted by allow, own\n{not_own}");
    assert_eq!(with(Limits::default(), Label::Restricted), yes);
    let both = Limits { models: models(&["llama", "gpt"]), ..Limits::default() };
    assert_eq!(with(both, Label::Public), yes);
    let one = Limits { models: models(&["llama"]), ..Limits::default() };
    assert_eq!(with(one, Label::Public), format!("{not_own}\n{outside}"));
    let low = Limits { label: Some(Label::Internal), ..Limits::default() };
    assert_eq!(with(low.clone(), Label::Internal), yes);
    let none = with(low, Label::Sensitive);
    assert_eq!(none, format!("llama denied: the grant does not cover it\n{outside}"));
}

#[test]
fn a_decision_is_explained_by_what_would_change_it() {
    let own = policy("@id(\"own\")", "permit", "true");
    let forbid = "context.label_rank >= 2 && resource.locality == \"cloud\" && context.kinds.contains(\"card\")";
    let engine = engine(&format!("{ALLOW}{}", policy("@id(\"stay\")", "forbid", forbid)), &own);
    let caller = caller();
    let call = ModelCall { label: Label::Sensitive, kinds: &["card", "email"], ..call(&caller) };
    let explained = engine.explain(&call, &CLOUD);
    let places: Vec<_> =
        explained.policies.iter().map(|p| format!("{}:{} {}", p.file, p.line, p.id)).collect();
    assert_eq!(places, ["policies/o.cedar:1 stay"]);
    assert_eq!(explained.outcome.reason.as_deref(), Some("forbidden"));
    let changes: Vec<_> = explained.changes.iter().map(|c| c.change.as_str()).collect();
    let expected =
        ["with the label public", "with the label internal", "without card", "on a local model"];
    assert_eq!(changes, expected);
    assert!(explained.changes.iter().all(|change| change.outcome.permitted));
}

/// Strict validation leaves little that can go wrong at a decision; overflow is what is left.
#[test]
fn a_policy_that_cannot_be_evaluated_denies() {
    let own = policy("@id(\"own\")", "permit", "true");
    let overflow = "context.label_rank + 9223372036854775807 > 0";
    let denied = "gpt denied: a policy could not be evaluated by broken";
    let forbid = policy("@id(\"broken\") @reroute(\"local\")", "forbid", overflow);
    check(&format!("{ALLOW}{forbid}"), &own, denied);
    let permit = policy("@id(\"broken\")", "permit", overflow);
    check(ALLOW, &format!("{own}{permit}"), denied);
    let harmless = policy("@id(\"fine\")", "permit", "context.label_rank + 1 > 0");
    check(ALLOW, &harmless, "gpt permitted by allow, fine");
}

#[test]
fn obligations_of_both_layers_join_to_the_strictest() {
    let organisation =
        policy("@redact(\"email\") @max_cost(\"2\") @max_tokens(\"4096\")", "permit", "true")
            + &policy("@redact(\"us_ssn\") @max_cost(\"0.50\")", "permit", "true")
            + &policy("@max_cost(\"0.01\")", "permit", "resource.simulator");
    let own = policy(
        "@redact(\"phone\") @max_tokens(\"100\") @log(\"full\") @audit(\"required\")",
        "permit",
        "true",
    );
    let caller = caller();
    let decision = engine(&organisation, &own).decide(&call(&caller), &[LOCAL, CLOUD]);
    let permit = decision.permit.unwrap();
    let expected = Obligations {
        redact: ["email", "phone", "us_ssn"].map(str::to_owned).into(),
        withhold: ["email", "phone", "us_ssn"].map(withheld).into(),
        max_cost: Some(Nanos(500_000_000)),
        max_tokens: Some(100),
        log_full: true,
        audit_required: true,
        ..Obligations::default()
    };
    assert_eq!(permit.models().len(), 2);
    assert!(permit.models().all(|allowed| *allowed.obligations() == expected));
    assert!(permit.allowed("claude").is_none());
    assert_eq!((permit.commit(), permit.label()), ("c0ffee", Label::Internal));
}

fn withheld(kind: &str) -> Withheld {
    Withheld { redact: [kind.to_owned()].into(), restore: std::collections::BTreeSet::new() }
}

/// What is put back, of email, phone, card, us_ssn and aws_key.
#[track_caller]
fn restored(organisation: &str, own: &str, expected: &[&str]) {
    let permits = |annotations: &str| policy(annotations, "permit", "true");
    let caller = caller();
    let engine = engine(&permits(organisation), &permits(own));
    let permit = engine.decide(&call(&caller), &[CLOUD]).permit.unwrap();
    let obligations = permit.allowed(CLOUD.id).unwrap().obligations();
    let kinds = FAMILIES.iter().filter(|(kind, family)| obligations.restores(kind, family));
    assert_eq!(kinds.map(|(kind, _)| *kind).collect::<Vec<_>>(), expected);
}

#[test]
fn a_value_is_put_back_where_everybody_who_redacts_it_says_so() {
    restored("@redact(\"email,phone\")", "", &[]);
    restored("@redact(\"email,phone\") @restore(\"email\")", "", &["email"]);
    restored("@redact(\"email\") @restore(\"email\")", "@redact(\"email\")", &[]);
    restored(
        "@redact(\"personal\") @restore(\"personal\")",
        "@redact(\"us_ssn\")",
        &["email", "phone"],
    );
    restored("@redact(\"personal\")", "@restore(\"email\")", &[]);
    restored("@redact(\"secret\")", "@restore(\"email\")", &["email"]);
}

#[test]
fn an_explanation_tells_what_comes_back() {
    let told = |organisation: &str, own: &str| {
        let permits = |annotations: &str| policy(annotations, "permit", "true");
        let caller = caller();
        let engine = engine(&permits(organisation), &permits(own));
        engine.explain(&call(&caller), &CLOUD).outcome.told
    };
    assert_eq!(
        told("@redact(\"personal\") @restore(\"email\")", "@answer_block(\"secret\")"),
        "permitted, if personal is redacted, email is put back in the answer, the answer has no secret"
    );
    assert_eq!(
        told("@redact(\"us_ssn\")", "@restore(\"personal\") @answer_redact(\"card\")"),
        "permitted, if us_ssn is redacted, email, phone is put back in the answer, card is redacted in the answer"
    );
    assert_eq!(
        told("@redact(\"personal\")", "@restore(\"email\")"),
        "permitted, if personal is redacted"
    );
}

#[test]
fn a_family_stands_for_its_kinds() {
    let caller = caller();
    let call = ModelCall { kinds: &["us_ssn"], ..call(&caller) };
    let told_by =
        |organisation: &str, own: &str| told(&engine(organisation, own).decide(&call, &[CLOUD]));
    let blocks = policy("@id(\"b\") @block(\"personal\")", "permit", "true");
    assert_eq!(told_by(ALLOW, &blocks), "gpt denied: policy blocks content with personal by b");
    let forbids = policy("@id(\"f\")", "forbid", "context.kinds.contains(\"personal\")");
    let told = told_by(&format!("{ALLOW}{forbids}"), &blocks.replace("personal", "secret"));
    assert_eq!(told, "gpt denied: a policy of the organisation layer forbids it by f");
}

/// Every value that a policy can read reaches it.
#[test]
fn policies_see_what_the_call_says() {
    let seen = [
        "principal.name == \"default\" && principal is Orchestack::Agent",
        "principal in Orchestack::Tenant::\"default\" && principal in Orchestack::Group::\"writers\"",
        "resource == Orchestack::Model::\"gpt\" && resource in Orchestack::Provider::\"openai\"",
        "resource.name like \"g*\" && resource.locality == \"cloud\" && !resource.simulator",
        "resource.size == \"large\" && resource.privacy == \"no_training\"",
        "context.label == \"internal\" && context.label_rank == 1",
        "context.integrity == \"trusted\" && context.kinds == [\"card\", \"email\", \"payment\", \"personal\"]",
        "context.request.endpoint == \"/v1/chat/completions\" && !context.request.stream",
        "!context.request.tools && !context.request.images",
        "context.request.input_tokens_bound == 100",
        "context.request has max_output_tokens && context.request.max_output_tokens == 50",
        "context.budget has remaining && context.budget.remaining == 1000000000",
        "context.budget.used_percent == 10 && context.session.calls == 0",
        "context.now == datetime(\"2023-11-14T22:13:20Z\") && !(context has approval)",
    ];
    for condition in seen {
        let own = policy("@id(\"own\")", "permit", condition);
        check(ALLOW, &own, "gpt permitted by allow, own");
        let not = policy("@id(\"own\")", "permit", &format!("!({condition})"));
        check(ALLOW, &not, "gpt denied: no policy of the agent layer permits it");
    }
}

#[test]
fn a_policy_that_names_an_agent_concerns_only_that_agent() {
    let forbid = |kind: &str, name: &str| {
        format!(
            "@id(\"named\") forbid (principal == Orchestack::{kind}::\"{name}\", \
             action == Orchestack::Action::\"callModel\", resource);"
        )
    };
    let denied = "gpt denied: a policy of the organisation layer forbids it by named";
    let own = policy("@id(\"own\")", "permit", "true");
    check(&format!("{ALLOW}{}", forbid("Agent", "default")), &own, denied);
    let permitted = "gpt permitted by allow, own";
    check(&format!("{ALLOW}{}", forbid("Agent", "other")), &own, permitted);
    check(&format!("{ALLOW}{}", forbid("SystemAgent", "default")), &own, permitted);
}

#[test]
fn what_cedar_cannot_express_is_denied() {
    let caller = caller();
    let mut call = call(&caller);
    call.now = types::Timestamp(i64::MAX);
    let now = policy("", "permit", "context.now >= datetime(\"2023-11-14\")");
    let decision = engine(ALLOW, &now).decide(&call, &[LOCAL]);
    assert_eq!(told(&decision), "llama denied: a policy could not be evaluated");
}

const CONDITIONS: &[&str] = &[
    "true",
    "context.label_rank >= 2",
    "context.label_rank <= 2",
    "resource.locality == \"local\"",
    "resource.locality != \"local\"",
    "context.kinds.contains(\"email\")",
    "context.integrity == \"trusted\"",
    "context.budget.used_percent > 50",
    "context.label_rank + context.budget.used_percent + 9223372036854775800 > 0",
];

/// Any policies: whether each permits, and under which condition.
fn policies(prefix: &'static str) -> impl Strategy<Value = String> {
    let one = (any::<bool>(), prop::sample::select(CONDITIONS));
    prop::collection::vec(one, 0..5).prop_map(move |all| {
        let text = |(number, (permits, condition)): (usize, &(bool, &str))| {
            let effect = if *permits { "permit" } else { "forbid" };
            policy(&format!("@id(\"{prefix}{number}\")"), effect, condition)
        };
        all.iter().enumerate().map(text).collect()
    })
}

/// A spread of calls in an order in which each differs from the one before in several facts.
fn check_remembered(engine: &Engine) {
    let caller = caller();
    let spread = Label::ALL.iter().flat_map(|label| {
        [(0, "email"), (60, "card"), (60, "email"), (100, "card")].map(|rest| (*label, rest))
    });
    for (label, (used_percent, kind)) in spread.clone().chain(spread) {
        let kinds = [kind];
        let mut call = ModelCall { label, kinds: &kinds, ..call(&caller) };
        call.budget.used_percent = used_percent;
        let held = engine.held_afresh(&call, &[LOCAL, CLOUD]);
        let afresh = engine.evaluate(Some(&held), &[LOCAL, CLOUD], &call);
        let decision = engine.decide(&call, &[LOCAL, CLOUD]);
        let permitted = decision.permit.map(|permit| permit.models).unwrap_or_default();
        assert_eq!((permitted, decision.denied), (afresh.allowed, afresh.denied));
    }
}

/// What is permitted of a spread of calls: each label, budget and model.
fn permitted(organisation: &str, agent: &str) -> BTreeSet<(Label, u8, String)> {
    let engine = engine(organisation, agent);
    let caller = caller();
    let mut all = BTreeSet::new();
    for (&label, used_percent) in Label::ALL.iter().zip(&[0, 51, 50, 100]) {
        let mut call = ModelCall { label, kinds: &["email"], ..call(&caller) };
        call.budget.used_percent = *used_percent;
        let decision = engine.decide(&call, &[LOCAL, CLOUD]);
        let models = decision.permit.iter().flat_map(Permit::models);
        all.extend(models.map(|model| (label, *used_percent, model.model().to_owned())));
    }
    all
}

proptest! {
    // A case loads two engines, which is what takes the time.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn adding_a_forbid_never_permits_more(
        organisation in policies("o"),
        agent in policies("a"),
        condition in prop::sample::select(CONDITIONS),
        to_agent: bool,
    ) {
        let before = permitted(&organisation, &agent);
        let forbid = policy("@id(\"new\")", "forbid", condition);
        let after = if to_agent {
            permitted(&organisation, &(agent + &forbid))
        } else {
            permitted(&(organisation + &forbid), &agent)
        };
        prop_assert!(after.is_subset(&before), "{before:?} {after:?}");
    }

    /// What is remembered, and a context without what is not read, are not to be seen from outside.
    #[test]
    fn a_decision_does_not_depend_on_those_before_it(
        organisation in policies("o"),
        agent in policies("a"),
    ) {
        check_remembered(&engine(&organisation, &agent));
    }

    #[test]
    fn an_agent_never_widens_what_the_organisation_permits(
        organisation in policies("o"),
        agent in policies("a"),
    ) {
        let most = permitted(&organisation, &policy("@id(\"all\")", "permit", "true"));
        let own = permitted(&organisation, &agent);
        prop_assert!(own.is_subset(&most), "{most:?} {own:?}");
    }
}
