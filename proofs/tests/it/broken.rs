//! Solvers that are none: whatever they do, nothing is proved.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use proofs::{Error, Options, Prover};

use crate::world::{
    SCHEMA, claim, impostor, never, patient, prove_with, proved, refuted, schema, unknown,
};

const ALL: &str = "permit (principal, action, resource);";
const HIGH: &str = "permit (principal, action, resource) when { context.rank > 3 };";
const LOW: &str = "permit (principal, action, resource) when { context.rank < 2 };";

fn options(solver: PathBuf) -> Options {
    let check_timeout = Duration::from_millis(300);
    Options { solver, check_timeout, total_timeout: Duration::from_secs(5), ..patient() }
}

/// A true claim and a false one, neither of which may be known.
async fn check(solver: PathBuf, why: &str) {
    for property in [LOW, HIGH] {
        let outcome = prove_with(options(solver.clone()), never(HIGH, property)).await;
        let told = unknown(&outcome);
        assert!(told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn a_missing_solver_says_how_to_get_it() {
    let missing = PathBuf::from("/nowhere/cvc5");
    let error = Prover::new(options(missing.clone())).version().await.expect_err("missing");
    assert!(matches!(error, Error::NoSolver { .. }));
    assert!(error.to_string().contains("apt-get install cvc5"), "{error}");
    check(missing, "apt-get install cvc5").await;
}

#[tokio::test]
async fn a_missing_solver_proves_not_even_what_is_trivial() {
    let nothing = prove_with(options("/nowhere/cvc5".into()), never("", ALL)).await;
    unknown(&nothing);
}

#[tokio::test]
async fn a_program_that_is_not_cvc5_is_refused() {
    let error = Prover::new(options("/bin/echo".into())).version().await.expect_err("echo");
    assert!(matches!(error, Error::NotCvc5 { .. }));
    check("/bin/echo".into(), "it calls itself `echo").await;
}

#[tokio::test]
async fn a_solver_that_hangs_at_once_is_left() {
    check(impostor("sleeps.sh"), "it does not tell its version").await;
}

#[tokio::test]
async fn a_solver_that_hangs_when_asked_is_left() {
    check(impostor("sleeps_when_asked.sh"), "did not answer within 300ms").await;
}

#[tokio::test]
async fn the_time_for_all_proofs_ends_them_all() {
    let solver = impostor("sleeps_when_asked.sh");
    let total_timeout = Duration::from_millis(300);
    let check_timeout = Duration::from_secs(3600);
    let options = Options { total_timeout, check_timeout, parallel: 1, ..options(solver) };
    let claims = vec![claim(never(HIGH, LOW)); 20];
    for outcome in Prover::new(options).prove(&schema(SCHEMA), SCHEMA, &claims).await {
        assert!(unknown(&outcome).contains("the time for all proofs was over"));
    }
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    check(impostor("prints_garbage.sh"), "unrecognized solver output").await;
}

#[tokio::test]
async fn a_solver_that_proves_everything_is_found_out() {
    check(impostor("calls_all_unsat.sh"), "does not tell true from false").await;
}

#[tokio::test]
async fn a_solver_that_gives_up_is_believed() {
    check(impostor("gives_up.sh"), "`unknown`").await;
}

#[tokio::test]
async fn an_invented_model_is_not_an_example() {
    let outcome = prove_with(options(impostor("invents_a_model.sh")), never(HIGH, LOW)).await;
    unknown(&outcome);
}

#[tokio::test]
async fn a_solver_that_dies_is_no_answer() {
    check(impostor("dies.sh"), "").await;
}

/// One bad question costs only itself: the next one gets another solver.
#[tokio::test]
async fn a_question_that_fails_does_not_spoil_the_next() {
    let misspelt = "permit (principal, action, resource) when { resource.opne };";
    let claims = [
        claim(never(HIGH, LOW)),
        claim(never(misspelt, LOW)),
        claim(never(HIGH, LOW)),
        claim(never(ALL, LOW)),
    ];
    let outcomes = Prover::new(Options { parallel: 1, ..patient() })
        .prove(&schema(SCHEMA), SCHEMA, &claims)
        .await;
    proved(&outcomes[0]);
    unknown(&outcomes[1]);
    proved(&outcomes[2]);
    refuted(&outcomes[3]);
}

/// A solver in a folder of its own that notes its process id.
fn noted(folder: &Path) -> (PathBuf, PathBuf) {
    let (solver, note) = (folder.join("solver.sh"), folder.join("solver.sh.pid"));
    fs::copy(impostor("notes_its_pid.sh"), &solver).expect("copied");
    (solver, note)
}

/// Waits until the noted process has ended; a killed one that nobody has waited for counts as ended.
async fn ends(note: &Path) {
    let pid = fs::read_to_string(note).expect("the solver has started");
    let alive = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    for _ in 0..500 {
        if !alive() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("process {pid} still runs");
}

#[tokio::test]
async fn a_late_solver_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (solver, note) = noted(folder.path());
    unknown(&prove_with(options(solver), never(HIGH, LOW)).await);
    ends(&note).await;
}

#[tokio::test]
async fn nobody_waiting_ends_the_solver() {
    let folder = tempfile::tempdir().expect("a folder");
    let (solver, note) = noted(folder.path());
    let hour = Duration::from_secs(3600);
    let options = Options { check_timeout: hour, total_timeout: hour, ..options(solver) };
    tokio::select! {
        _ = prove_with(options, never(HIGH, LOW)) => panic!("it cannot end"),
        () = exists(&note) => {}
    }
    ends(&note).await;
}

async fn exists(note: &Path) {
    while fs::read_to_string(note).unwrap_or_default().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
