//! What a change of policies changes.

use std::time::Duration;

use proofs::{Change, Difference, Envs, Error, Options, Prover};

use crate::world::{SCHEMA, allowed_by, impostor, patient, permits, schema, set};

const OPEN: &str = "permit (principal, action, resource) when { resource.open };";

async fn diff(before: &str, after: &str, envs: &Envs) -> Result<Vec<Difference>, Error> {
    let prover = Prover::new(patient());
    prover.diff(&schema(SCHEMA), SCHEMA, &set(before), &set(after), envs).await
}

async fn whole_diff(before: &str, after: &str) -> Vec<Difference> {
    let found = diff(before, after, &Envs::All).await.expect("comparable");
    for difference in &found {
        let (permitted, example) = match &difference.change {
            Change::Permits(example) => (true, example),
            Change::Denies(example) => (false, example),
            Change::Unknown(why) => panic!("{why}"),
        };
        assert_eq!(permits(&set(before), example), !permitted);
        assert_eq!(permits(&set(after), example), permitted);
        assert_eq!(example.action, difference.action);
        assert_eq!(example.principal_type, difference.principal_type);
        assert_eq!(example.resource_type, difference.resource_type);
        allowed_by(&schema(SCHEMA), example);
    }
    found
}

fn told(found: &[Difference]) -> Vec<String> {
    let told = |difference: &Difference| {
        let word = match difference.change {
            Change::Permits(_) => "permits",
            Change::Denies(_) => "denies",
            Change::Unknown(_) => "unknown",
        };
        format!("{word} {} {}", difference.principal_type, difference.action.id().escaped())
    };
    found.iter().map(told).collect()
}

#[tokio::test]
async fn equal_sets_differ_nowhere() {
    assert!(whole_diff(OPEN, OPEN).await.is_empty());
}

#[tokio::test]
async fn other_words_for_the_same_differ_nowhere() {
    let other = "permit (principal, action, resource);
        forbid (principal, action, resource) when { !resource.open };";
    assert!(whole_diff(OPEN, other).await.is_empty());
}

#[tokio::test]
async fn a_change_shows_in_both_directions() {
    let after = r#"permit (principal, action, resource) when { resource.kind == "memo" };"#;
    let after = after.replace("action", r#"action == Action::"view""#);
    let before = OPEN.replace("action", r#"action in [Action::"view", Action::"remove"]"#);
    let expected = [
        "denies User remove",
        "permits Robot view",
        "denies Robot view",
        "permits User view",
        "denies User view",
    ];
    assert_eq!(told(&whole_diff(&before, &after).await), expected);
    let view = Envs::of(r#"Action::"view""#.parse().expect("an action"));
    assert_eq!(told(&diff(&before, &after, &view).await.expect("comparable")), expected[1..]);
}

#[tokio::test]
async fn what_cannot_be_compared_is_told() {
    let misspelt =
        r#"permit (principal, action == Action::"view", resource) when { resource.opne };"#;
    let found = diff("", misspelt, &Envs::All).await.expect("comparable");
    assert_eq!(told(&found), ["unknown Robot view", "unknown User view"]);
    let solver = impostor("sleeps_when_asked.sh");
    let options = Options { solver, check_timeout: Duration::from_millis(200), ..patient() };
    let found = Prover::new(options)
        .diff(&schema(SCHEMA), SCHEMA, &set(""), &set(OPEN), &Envs::All)
        .await
        .expect("comparable");
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|difference| matches!(difference.change, Change::Unknown(_))));
}

#[tokio::test]
async fn nothing_to_compare_is_an_error() {
    let fly = Envs::of(r#"Action::"fly""#.parse().expect("an action"));
    assert!(matches!(diff(OPEN, OPEN, &fly).await, Err(Error::NoEnvironment)));
    let missing = Prover::new(Options { solver: "/nowhere/cvc5".into(), ..patient() });
    let found = missing.diff(&schema(SCHEMA), SCHEMA, &set(""), &set(OPEN), &Envs::All).await;
    assert!(matches!(found, Err(Error::NoSolver { .. })));
}
