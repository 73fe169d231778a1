//! Calls that people must approve first, and capability grants: the whole way of both.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Answer, Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider, streamed,
};

const WAIT_MAX: Duration = Duration::from_secs(20);

const ASKS: &str = r#"@id("large-needs-approval")
@approval("infra-admin")
@expires("1h")
permit (principal, action == Orchestack::Action::"callModel", resource == Orchestack::Model::"large");

@id("small-is-free")
permit (principal, action == Orchestack::Action::"callModel", resource == Orchestack::Model::"small");
"#;

const APPROVE: &str = r#"@id("admins-approve")
permit (principal in Orchestack::Group::"infra-admin", action == Orchestack::Action::"approve", resource);
"#;

/// A model that needs an approval and one that does not.
async fn stage(database: Database) -> (Server, Simulator) {
    let price = Price::dollars_per_million(1, 1);
    let simulator = provider(&[("large", price), ("small", price)]).await;
    let setup = Setup::new(database).await;
    let tree = setup.tree();
    tree.openai_provider("sim", &simulator, "local");
    for id in ["large", "small"] {
        tree.model(ModelSpec { id, provider: "sim", price: Some(("1.00", "1.00")) });
    }
    tree.write("agents/default/models.cedar", ASKS).write("policies/approve.cedar", APPROVE);
    (setup.start().await, simulator)
}

/// The id of the question that a refusal names.
#[track_caller]
fn question(refused: &Answer) -> String {
    refused.assert_refused(403, "approval_required");
    let approval = &refused.json()["error"]["approval"];
    assert_eq!(approval["roles"], json!(["infra-admin"]), "{}", refused.text);
    approval["id"].as_str().expect("the refusal names the question").to_owned()
}

fn decide(server: &Server, verb: &str, id: &str) -> Value {
    server.json(&["approval", verb, id, "--reason", "looked at it"])
}

fn ask(text: &str) -> Value {
    chat("large", text)
}

async fn a_call_goes_through_once_it_is_approved_and_once_only(database: Database) {
    let (server, simulator) = stage(database).await;
    let caller = Caller::new(&server, "default");
    let first = caller.ask(&ask("Move the mountain.")).await;
    let id = question(&first);
    // Asking again is the same question, and the text of the call is nowhere in it.
    assert_eq!(question(&caller.ask(&ask("Move the mountain.")).await), id);
    let shown = server.json(&["approval", "show", &id]);
    assert_eq!(shown["status"], "pending");
    assert!(!shown.to_string().contains("mountain"), "{shown}");
    assert!(simulator.log().is_empty());

    decide(&server, "approve", &id);
    // It was given for that call and no other.
    let other = question(&caller.ask(&ask("Move the sea.")).await);
    assert_ne!(other, id);
    assert!(simulator.log().is_empty());
    caller.ask(&ask("Move the mountain.")).await.assert_answered("large");
    assert_eq!(simulator.log().len(), 1);
    assert_eq!(server.json(&["approval", "show", &id])["status"], "used");
    // Once.
    let again = question(&caller.ask(&ask("Move the mountain.")).await);
    assert_ne!(again, id);
    assert_eq!(simulator.log().len(), 1);
    caller.ask(&chat("small", "Move the mountain.")).await.assert_answered("small");
    assert!(server.json(&["audit", "verify"])["ok"].as_bool().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_through_once_it_is_approved_and_once_only_on_sqlite() {
    a_call_goes_through_once_it_is_approved_and_once_only(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_through_once_it_is_approved_and_once_only_on_postgres() {
    a_call_goes_through_once_it_is_approved_and_once_only(Database::Postgres).await;
}

/// Many callers with one approval: it is used by one of them.
#[tokio::test(flavor = "multi_thread")]
async fn one_approval_serves_one_of_many_calls_at_once() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    let id = question(&caller.ask(&ask("Once.")).await);
    decide(&server, "approve", &id);
    let calls = (0..16).map(|_| {
        let caller = caller.clone();
        tokio::spawn(async move { caller.ask(&ask("Once.")).await.status })
    });
    let mut answered = 0;
    for call in calls.collect::<Vec<_>>() {
        answered += usize::from(call.await.unwrap() == 200);
    }
    assert_eq!((answered, simulator.log().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_waits_goes_on_when_people_answer() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    let waiting = |body: Value| {
        let caller = caller.clone();
        tokio::spawn(async move { caller.ask_with(("x-orchestack-wait", "300"), &body).await })
    };
    let yes = waiting(streamed("large", "Yes."));
    let no = waiting(ask("No."));
    let ids = eventually("both questions are asked", WAIT_MAX, async || {
        let list = server.json(&["approval", "list", "--status", "pending"]);
        let all = list["approvals"].as_array().unwrap().clone();
        (all.len() == 2).then_some(all)
    })
    .await;
    assert!(simulator.log().is_empty());
    // Newest first; which of the two came first is told by nothing but the hash, so both are
    // answered by what a bare repetition of the call names.
    let no_id = question(&caller.ask(&ask("No.")).await);
    let yes_id = question(&caller.ask(&streamed("large", "Yes.")).await);
    assert_eq!(ids.len(), 2);
    decide(&server, "deny", &no_id);
    decide(&server, "approve", &yes_id);
    let yes = yes.await.unwrap();
    assert!(yes.is_done(), "{}", yes.text);
    no.await.unwrap().assert_refused(403, "policy_denied");
    assert_eq!(simulator.log().len(), 1);
    // A denial stands: repeating the call asks nobody again.
    caller.ask(&ask("No.")).await.assert_refused(403, "policy_denied");
    let list = server.json(&["approval", "list", "--status", "pending"]);
    assert_eq!(list["approvals"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_under_other_policies_is_none() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    let id = question(&caller.ask(&ask("Now.")).await);
    decide(&server, "approve", &id);
    let commit = server.tree().write("policies/more.cedar", "// Another text.\n").commit("more");
    eventually("the new commit decides", WAIT_MAX, async || {
        let answer = caller.ask(&chat("small", "Hello.")).await;
        (answer.header("x-orchestack-commit") == commit).then_some(())
    })
    .await;
    assert_ne!(question(&caller.ask(&ask("Now.")).await), id);
    assert!(simulator.log().iter().all(|call| call.model != "large"));
}

/// What was approved is given back where nothing was sent: here the budget does not pay for it.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_bought_nothing_is_given_back() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    let id = question(&caller.ask(&ask("Later.")).await);
    decide(&server, "approve", &id);
    server.json(&["budget", "set", "default", "0", "--period", "total"]);
    caller.ask(&ask("Later.")).await.assert_refused(402, "budget_exhausted");
    assert_eq!(server.json(&["approval", "show", &id])["status"], "approved");
    server.json(&["budget", "set", "default", "5.00", "--period", "total"]);
    caller.ask(&ask("Later.")).await.assert_answered("large");
    assert_eq!(simulator.log().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_while_it_waits_sends_nothing_later() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    let request = caller.request(&ask("Gone.")).header("x-orchestack-wait", "300");
    let left = tokio::time::timeout(Duration::from_secs(2), request.send()).await;
    assert!(left.is_err(), "the call should wait");
    let id = question(&caller.ask(&ask("Gone.")).await);
    decide(&server, "approve", &id);
    // The approval is still there for whoever asks, so nobody has used it.
    caller.ask(&ask("Gone.")).await.assert_answered("large");
    assert_eq!(simulator.log().len(), 1);
}

/// A grant for the agent `default`, made with these further words.
fn grant(server: &Server, words: &[&str]) -> (String, Caller) {
    let made = server.json(&[&["grant", "create", "--agent", "default"], words].concat());
    let text = made["grant"].as_str().expect("the grant is shown once");
    (made["id"].as_str().unwrap().to_owned(), Caller::with_key(server, text))
}

async fn a_grant_is_a_narrower_credential(database: Database) {
    let (server, simulator) = stage(database).await;
    let (id, small) = grant(&server, &["--models", "small"]);
    small.ask(&chat("small", "Hello.")).await.assert_answered("small");
    small.ask(&ask("Hello.")).await.assert_refused(403, "policy_denied");
    // It takes away and never adds: what the agent may do only after an approval stays so.
    let (_, both) = grant(&server, &["--models", "small,large"]);
    question(&both.ask(&ask("Hello.")).await);
    assert_eq!(simulator.log().len(), 1);
    let decided = server.json(&["audit", "tail", "--kind", "decision", "--limit", "1"]);
    assert!(decided.to_string().contains("grant:grt_"), "{decided}");
    // Revoked, it is refused by the next request.
    server.json(&["grant", "revoke", &id]);
    small.ask(&chat("small", "Hello.")).await.assert_refused(401, "unauthenticated");
    both.ask(&chat("small", "Hello.")).await.assert_answered("small");
    let log = server.log();
    assert!(!log.contains(both.key()) && !log.contains(small.key()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_a_narrower_credential_on_sqlite() {
    a_grant_is_a_narrower_credential(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_a_narrower_credential_on_postgres() {
    a_grant_is_a_narrower_credential(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_spends_what_it_was_given_and_ends_in_time() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let (_, poor) = grant(&server, &["--max-cost", "0.001"]);
    let mut body = chat("small", "Hello.");
    body["max_completion_tokens"] = json!(20);
    let mut answered = 0;
    while poor.ask(&body).await.status == 200 {
        answered += 1;
        assert!(answered < 200, "a grant of a tenth of a cent never ends");
    }
    assert!(answered > 0, "a grant of a tenth of a cent buys something");
    poor.ask(&body).await.assert_refused(402, "budget_exhausted");
    let rows = Rows::of(&server).await;
    assert_eq!(rows.open_holds().await, 0);
    // The agent's own budget has room.
    Caller::new(&server, "default").ask(&body).await.assert_answered("small");

    let (_, short) = grant(&server, &["--expires", "2s"]);
    eventually("the grant ends", WAIT_MAX, async || {
        let answer = short.ask(&body).await;
        (answer.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_serves_its_session_and_a_forged_one_nobody() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let session = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let (_, bound) = grant(&server, &["--session", session]);
    let hello = chat("small", "Hello.");
    // It is bound to a session, and needs not name it.
    bound.ask(&hello).await.assert_answered("small");
    bound.ask_with(("x-orchestack-session", session), &hello).await.assert_answered("small");
    let other = ("x-orchestack-session", "ses_01ARZ3NDEKTSV4RRFFQ69G5FAW");
    bound.ask_with(other, &hello).await.assert_refused(403, "policy_denied");
    let (payload, signature) = bound.key().split_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{payload}.{first}{}", &signature[1..]);
    for text in [forged.as_str(), payload, "orkg_", "orkg_a.b"] {
        Caller::with_key(&server, text).ask(&hello).await.assert_refused(401, "unauthenticated");
    }
    assert_eq!(simulator.log().len(), 2);
}
