//! The public conformance suite against our client.
//!
//! Each of its scenarios for clients is either run here or listed with the reason why it is about
//! something that a gateway does not do.

use std::process::Command;

use crate::installed::{example, node, packages};

/// Scenarios that our client passes.
const RUN: &[&str] = &[
    "initialize",
    "tools_call",
    "elicitation-sep1034-client-defaults",
    "sse-retry",
    "auth/client-credentials-basic",
    "auth/client-credentials-jwt",
];

/// Scenarios that do not apply.
const DO_NOT_APPLY: &[(&str, &[&str])] = &[
    (
        "they follow a person through a browser (authorization code): a gateway has no person, and asks for its \
         own token",
        &[
            "auth/metadata-default",
            "auth/metadata-var1",
            "auth/metadata-var2",
            "auth/metadata-var3",
            "auth/scope-from-www-authenticate",
            "auth/scope-from-scopes-supported",
            "auth/scope-omitted-when-undefined",
            "auth/scope-step-up",
            "auth/scope-retry-limit",
            "auth/token-endpoint-auth-basic",
            "auth/token-endpoint-auth-post",
            "auth/token-endpoint-auth-none",
            "auth/pre-registration",
            "auth/2025-03-26-oauth-metadata-backcompat",
            "auth/2025-03-26-oauth-endpoint-fallback",
            "auth/offline-access-scope",
            "auth/offline-access-not-supported",
        ],
    ),
    (
        "it watches whether a person is sent to authorize, so it passes whatever we do; `credentials` has the same \
         for our own token",
        &["auth/resource-mismatch"],
    ),
    (
        "it registers its client by a document of its own: our clients are registered by whoever runs the server",
        &["auth/basic-cimd"],
    ),
    (
        "it exchanges the token of a person: callers' tokens are never passed on",
        &["auth/cross-app-access-complete-flow"],
    ),
];

fn suite() -> Command {
    let mut command = Command::new(node());
    command.arg(packages().join("@modelcontextprotocol/conformance/dist/index.js"));
    command
}

#[track_caller]
fn check(scenario: &str) {
    let client = example("conformance");
    let mut command = suite();
    // It writes what it saw into folders where it stands.
    let folder = tempfile::tempdir().unwrap();
    command.current_dir(folder.path()).args(["client", "--scenario", scenario, "--command"]);
    let output = command.arg(client).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{scenario}: {printed}");
}

#[test]
fn each_scenario_for_clients_is_run_or_does_not_apply() {
    let output = suite().arg("list").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let (_, clients) = printed.split_once("Client scenarios").unwrap();
    let names = clients.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let mut all: Vec<&str> = names.filter_map(|line| line.split(' ').next()).collect();
    let apart = DO_NOT_APPLY.iter().flat_map(|(_, names)| names.iter().copied());
    let mut known: Vec<&str> = RUN.iter().copied().chain(apart).collect();
    all.sort_unstable();
    known.sort_unstable();
    assert_eq!(all, known);
}

#[test]
fn a_client_connects_lists_and_calls() {
    check("initialize");
    check("tools_call");
}

#[test]
fn a_question_gets_the_answers_that_it_proposes() {
    check("elicitation-sep1034-client-defaults");
}

#[test]
fn a_broken_stream_is_taken_up_again_when_the_server_says() {
    check("sse-retry");
}

#[test]
fn a_token_for_our_own_name_and_secret_is_had() {
    check("auth/client-credentials-basic");
}

#[test]
fn a_token_for_our_own_name_and_key_is_had() {
    check("auth/client-credentials-jwt");
}
