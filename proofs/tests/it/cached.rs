//! Answers are remembered, under everything that they depend on.

use std::{fs, path::Path};

use proofs::{Claim, Envs, Options, Outcome, Prover, What};
use tempfile::TempDir;

use crate::world::{
    SCHEMA, always, claim, disjoint, impostor, never, patient, prove_with, proved, refuted, schema,
    unknown,
};

const OPEN: &str = "permit (principal, action, resource) when { resource.open };";
const CLOSED: &str = "permit (principal, action, resource) when { !resource.open };";

fn remembering(folder: &TempDir) -> Options {
    Options { cache: Some(folder.path().join("sub/proofs.json")), ..patient() }
}

/// The same, but with a solver that answers nothing: what is known then was remembered.
fn remembering_only(folder: &TempDir) -> Options {
    Options {
        solver: impostor("sleeps_when_asked.sh"),
        check_timeout: std::time::Duration::from_millis(200),
        ..remembering(folder)
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn the_second_time_no_solver_is_asked() {
    let folder = folder();
    let first = prove_with(remembering(&folder), never(OPEN, CLOSED)).await;
    proved(&first);
    assert!(!first.cached);
    let second = prove_with(remembering_only(&folder), never(OPEN, CLOSED)).await;
    proved(&second);
    assert!(second.cached);
}

#[tokio::test]
async fn an_example_is_remembered_too() {
    let folder = folder();
    let first = prove_with(remembering(&folder), never(OPEN, OPEN)).await;
    let second = prove_with(remembering_only(&folder), never(OPEN, OPEN)).await;
    assert!(!first.cached && second.cached);
    assert_eq!(refuted(&first).request, refuted(&second).request);
}

async fn asked(folder: &TempDir, schema_text: &str, claim: Claim) -> Outcome {
    let prover = Prover::new(remembering(folder));
    let mut outcomes = prover.prove(&schema(schema_text), schema_text, &[claim]).await;
    outcomes.pop().expect("one outcome")
}

#[tokio::test]
async fn any_changed_byte_is_another_question() {
    let folder = folder();
    assert!(!asked(&folder, SCHEMA, claim(never(OPEN, CLOSED))).await.cached);
    assert!(asked(&folder, SCHEMA, claim(never(OPEN, CLOSED))).await.cached);
    let noted = format!("{SCHEMA}// Changed.\n");
    let spaced = OPEN.replace("resource.open", "resource.open ");
    let changed = [
        (noted.as_str(), claim(never(OPEN, CLOSED))),
        (SCHEMA, claim(never(&spaced, CLOSED))),
        (SCHEMA, claim(never(OPEN, &CLOSED.replace('!', "! ")))),
        (SCHEMA, claim(always(OPEN, CLOSED))),
        (SCHEMA, claim(never(&format!("{OPEN} {OPEN}"), CLOSED))),
    ];
    for (schema_text, claim) in changed {
        let first = asked(&folder, schema_text, claim.clone()).await;
        assert!(!first.cached, "{claim:?}");
        assert!(asked(&folder, schema_text, claim).await.cached);
    }
}

/// Two names of one question share their answer, and so do a claim and its part.
#[tokio::test]
async fn what_is_the_same_question_is_remembered_once() {
    let folder = folder();
    assert!(!asked(&folder, SCHEMA, claim(never(OPEN, CLOSED))).await.cached);
    assert!(asked(&folder, SCHEMA, claim(disjoint(OPEN, CLOSED))).await.cached);
    let view = Envs::of(r#"Action::"view""#.parse().expect("an action"));
    let part = Claim { envs: view, ..claim(never(OPEN, CLOSED)) };
    assert!(asked(&folder, SCHEMA, part).await.cached);
}

fn file(folder: &TempDir) -> std::path::PathBuf {
    remembering(folder).cache.expect("a file")
}

#[tokio::test]
async fn a_damaged_file_is_harmless() {
    let folder = folder();
    let whole = || prove_with(remembering(&folder), never(OPEN, CLOSED));
    proved(&whole().await);
    let text = fs::read_to_string(file(&folder)).expect("written");
    let half = text.get(..text.len() / 2).expect("half").to_owned();
    let others = ["", "{}", "null", "\u{0}\u{1}", r#"{"run":1,"answers":{},"more":1}"#];
    for damaged in others.map(str::to_owned).into_iter().chain([half]) {
        fs::write(file(&folder), &damaged).expect("damaged");
        let outcome = whole().await;
        proved(&outcome);
        assert!(!outcome.cached, "{damaged}");
        assert!(whole().await.cached);
    }
    fs::write(file(&folder), [0xff, 0xfe]).expect("damaged");
    assert!(!whole().await.cached);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_harmless() {
    let cache = Some(Path::new("/dev/null/proofs.json").to_owned());
    proved(&prove_with(Options { cache, ..patient() }, never(OPEN, CLOSED)).await);
}

#[tokio::test]
async fn a_remembered_example_is_evaluated_again() {
    let folder = folder();
    refuted(&prove_with(remembering(&folder), never(OPEN, OPEN)).await);
    let text = fs::read_to_string(file(&folder)).expect("written");
    let forged = text.replace(r#""open":true"#, r#""open":false"#);
    assert_ne!(text, forged);
    fs::write(file(&folder), forged).expect("forged");
    unknown(&prove_with(remembering_only(&folder), never(OPEN, OPEN)).await);
    let outcome = prove_with(remembering(&folder), never(OPEN, OPEN)).await;
    refuted(&outcome);
    assert!(!outcome.cached);
}

#[tokio::test]
async fn what_is_unknown_is_not_remembered() {
    let folder = folder();
    unknown(&prove_with(remembering_only(&folder), never(OPEN, CLOSED)).await);
    assert!(!file(&folder).exists());
    let outcome = prove_with(remembering(&folder), never(OPEN, CLOSED)).await;
    proved(&outcome);
    assert!(!outcome.cached);
}

#[tokio::test]
async fn only_the_owner_may_read_the_file_and_nothing_else_is_left() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let policy = OPEN.parse().expect("a policy");
    proved(&prove_with(remembering(&folder), What::NeverErrors { policy }).await);
    let mode = fs::metadata(file(&folder)).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left = fs::read_dir(folder.path().join("sub")).expect("a folder").count();
    assert_eq!(left, 1);
}
