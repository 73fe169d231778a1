//! Each kind of claim, proved, and refuted once a policy is broken.

use cedar_policy::PolicySet;
use proofs::{Claim, Envs, Prover, What};

use crate::world::{
    SCHEMA, allowed_by, always, claim, disjoint, implies, never, never_errors, patient, permits,
    prove, proved, refuted, schema, set, unknown,
};

const PERMIT_ALL: &str = "permit (principal, action, resource);";
const CLOSED_STAY: &str = r#"
permit (principal, action, resource);
forbid (principal, action, resource) unless { resource.open };
"#;
const CLOSED: &str = "permit (principal, action, resource) when { !resource.open };";
const OPEN_VIEW: &str =
    r#"permit (principal, action == Action::"view", resource) when { resource.open };"#;

#[tokio::test]
async fn nothing_permits_what_a_forbid_covers() {
    proved(&prove(never(CLOSED_STAY, CLOSED)).await);
}

#[tokio::test]
async fn without_the_forbid_an_example_is_found() {
    let outcome = prove(never(PERMIT_ALL, CLOSED)).await;
    let example = refuted(&outcome);
    assert!(permits(&set(PERMIT_ALL), example) && permits(&set(CLOSED), example));
    allowed_by(&schema(SCHEMA), example);
}

#[tokio::test]
async fn a_promise_is_kept_until_a_forbid_breaks_it() {
    proved(&prove(always(CLOSED_STAY, OPEN_VIEW)).await);
    let broken = format!("{CLOSED_STAY} forbid (principal is Robot, action, resource);");
    let outcome = prove(always(&broken, OPEN_VIEW)).await;
    let example = refuted(&outcome);
    assert_eq!(example.principal_type.to_string(), "Robot");
    assert!(permits(&set(OPEN_VIEW), example) && !permits(&set(&broken), example));
}

#[tokio::test]
async fn a_narrower_set_implies_a_wider_one_and_not_the_other_way_round() {
    proved(&prove(implies(OPEN_VIEW, CLOSED_STAY)).await);
    let outcome = prove(implies(CLOSED_STAY, OPEN_VIEW)).await;
    let example = refuted(&outcome);
    assert!(permits(&set(CLOSED_STAY), example) && !permits(&set(OPEN_VIEW), example));
}

#[tokio::test]
async fn disjoint_sets_stay_disjoint_until_they_meet() {
    proved(&prove(disjoint(CLOSED, OPEN_VIEW)).await);
    let outcome = prove(disjoint(CLOSED_STAY, OPEN_VIEW)).await;
    let example = refuted(&outcome);
    assert!(permits(&set(CLOSED_STAY), example) && permits(&set(OPEN_VIEW), example));
}

#[tokio::test]
async fn an_overflow_in_a_forbid_is_found() {
    proved(
        &prove(never_errors("forbid (principal, action, resource) when { context.rank > 0 };"))
            .await,
    );
    let text = "forbid (principal, action, resource)
        when { context.rank + 9223372036854775807 > 0 };";
    let outcome = prove(never_errors(text)).await;
    let example = refuted(&outcome);
    let (request, entities) = &example.concrete;
    let response = cedar_policy::Authorizer::new().is_authorized(request, &set(text), entities);
    assert_eq!(response.diagnostics().errors().count(), 1);
    assert!(example.request["context"]["rank"].as_i64().expect("a number") > 0);
}

/// Holds with the cvc5 1.0.3 of Debian, which is older than the library asks for.
#[tokio::test]
async fn every_kind_of_condition_is_understood() {
    #[track_caller]
    fn forbid(condition: &str) -> String {
        format!(
            "{PERMIT_ALL} forbid (principal, action in Action::\"reading\", resource) when {{ {condition} }};"
        )
    }
    let reading = |condition: &str| {
        format!(
            "permit (principal, action in Action::\"reading\", resource) when {{ {condition} }};"
        )
    };
    let rows = [
        (
            r#"context.now > datetime("2026-01-01")"#,
            r#"context.now > datetime("2026-06-01T12:00:00Z")"#,
        ),
        (
            r#"context.now.toTime() < duration("6h")"#,
            r#"context.now == datetime("2026-01-01T03:00:00Z")"#,
        ),
        (r#"resource.score.lessThan(decimal("0.5"))"#, r#"resource.score == decimal("0.1234")"#),
        (r#"context.kinds.contains("a")"#, r#"context.kinds.containsAll(["a", "b"])"#),
        (r#"context.kinds.containsAny(["a", "b"])"#, r#"context.kinds == ["b"]"#),
        ("context has note", r#"context has note && context.note == "x""#),
        (
            r#"resource.owner has nick && resource.owner.nick like "a*""#,
            r#"resource.owner has nick && resource.owner.nick == "ab""#,
        ),
        (
            r#"context has from && context.from.isInRange(ip("10.0.0.0/8"))"#,
            r#"context has from && context.from == ip("10.1.2.3")"#,
        ),
        (
            r#"principal is User && principal in Group::"g""#,
            r#"principal is User && principal in Group::"g" && principal.level == 3"#,
        ),
        ("context.rank * 3 >= 7", "context.rank == 3"),
    ];
    for (wide, narrow) in rows {
        let holds = prove(never(&forbid(wide), &reading(narrow))).await;
        assert!(holds.verdict.is_proved(), "{wide}: {:?}", holds.verdict);
        // Negative control: the narrow forbid does not cover the wide property.
        let outcome = prove(never(&forbid(narrow), &reading(wide))).await;
        assert!(outcome.verdict.example().is_some(), "{narrow}: {:?}", outcome.verdict);
        let example = refuted(&outcome);
        allowed_by(&schema(SCHEMA), example);
        assert!(permits(&set(&reading(wide)), example) && permits(&set(&forbid(narrow)), example));
    }
}

#[tokio::test]
async fn a_claim_speaks_about_its_environments_only() {
    let remove = r#"Action::"remove""#.parse().expect("an action");
    let views = format!("{CLOSED_STAY} permit (principal, action, resource) when {{ false }};");
    let broken_elsewhere = views.replace(
        "forbid (principal, action, resource)",
        r#"forbid (principal, action == Action::"remove", resource)"#,
    );
    let mut claims =
        [claim(never(&broken_elsewhere, CLOSED)), claim(never(&broken_elsewhere, CLOSED))];
    claims[1].envs = Envs::of(remove);
    let outcomes = Prover::new(patient()).prove(&schema(SCHEMA), SCHEMA, &claims).await;
    assert_ne!(refuted(&outcomes[0]).action.to_string(), r#"Action::"remove""#);
    proved(&outcomes[1]);
}

#[tokio::test]
async fn types_narrow_the_environments() {
    let robots = format!("{PERMIT_ALL} forbid (principal is Robot, action, resource);");
    let one = |principal: &str| Claim {
        envs: Envs::Action {
            action: r#"Action::"view""#.parse().expect("an action"),
            principal: Some(principal.parse().expect("a type")),
            resource: Some("Doc".parse().expect("a type")),
        },
        ..claim(never(&robots, PERMIT_ALL))
    };
    let claims = [one("Robot"), one("User"), one("Group")];
    let outcomes = Prover::new(patient()).prove(&schema(SCHEMA), SCHEMA, &claims).await;
    proved(&outcomes[0]);
    refuted(&outcomes[1]);
    assert!(unknown(&outcomes[2]).contains("find a request that is meant"));
}

#[tokio::test]
async fn a_claim_about_nothing_is_not_proved() {
    let nowhere = Claim {
        envs: Envs::of(r#"Action::"fly""#.parse().expect("an action")),
        ..claim(never(CLOSED_STAY, CLOSED))
    };
    let empty_property = claim(What::Never { set: set(CLOSED_STAY), when: PolicySet::new() });
    let claims = [nowhere, empty_property];
    for outcome in Prover::new(patient()).prove(&schema(SCHEMA), SCHEMA, &claims).await {
        assert!(unknown(&outcome).starts_with("failed to find a request"));
    }
}

#[tokio::test]
async fn scopes_alone_settle_what_cannot_apply() {
    let edits = r#"permit (principal, action == Action::"edit", resource);"#;
    let views = r#"permit (principal, action == Action::"view", resource);"#;
    let outcome = prove(never(edits, views)).await;
    proved(&outcome);
    assert!(!outcome.cached && outcome.took.is_zero());
    // A group of actions reaches its members: this must not be settled by the names alone.
    let grouped = r#"permit (principal, action in Action::"reading", resource);"#;
    refuted(&prove(never(grouped, views)).await);
    refuted(
        &prove(never(
            r#"permit (principal, action in [Action::"edit", Action::"reading"], resource);"#,
            views,
        ))
        .await,
    );
}

#[tokio::test]
async fn linked_templates_are_never_overlooked() {
    let mut linked = set(PERMIT_ALL);
    let template = "forbid (principal == ?principal, action, resource);";
    let template = cedar_policy::Template::parse(None, template).expect("a template");
    linked.add_template(template.new_id(cedar_policy::PolicyId::new("t"))).expect("added");
    let slot = cedar_policy::SlotId::principal();
    let values = [(slot, r#"User::"ann""#.parse().expect("a user"))].into();
    linked
        .link(cedar_policy::PolicyId::new("t"), cedar_policy::PolicyId::new("ann"), values)
        .expect("linked");
    // The library cannot compile them. Left out, the forbid would make this a wrong refutation.
    let ann = r#"permit (principal == User::"ann", action, resource);"#;
    let outcome = prove(What::Never { set: linked, when: set(ann) }).await;
    assert!(unknown(&outcome).contains("template-linked policies are not supported"));
}

#[tokio::test]
async fn policies_that_do_not_fit_the_schema_are_unknown() {
    let misspelt = "permit (principal, action, resource) when { resource.opne };";
    let outcome = prove(never(misspelt, CLOSED)).await;
    assert!(unknown(&outcome).contains("do not fit the schema"), "{:?}", outcome.verdict);
}

/// The library would compile this for days, and no clock stops it.
#[tokio::test]
async fn arithmetic_without_end_is_refused_at_once() {
    let sum = vec!["context.rank"; 40].join(" + ");
    let text = format!("permit (principal, action, resource) when {{ {sum} > 0 }};");
    let outcome = prove(never(&text, OPEN_VIEW)).await;
    assert!(unknown(&outcome).contains("nests more than 8 operations"), "{:?}", outcome.verdict);
    unknown(&prove(never_errors(&text)).await);
}

#[tokio::test]
async fn the_version_is_told() {
    let version = Prover::new(patient()).version().await.expect("cvc5 is installed");
    assert!(version.starts_with("1."), "{version}");
}
