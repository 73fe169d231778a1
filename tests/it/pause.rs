//! Budgets that run out: people are asked once, and whoever waits goes on when they give more.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Answer, Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider,
};
use tokio::task::JoinHandle;
use types::Timestamp;

const WAIT_MAX: Duration = Duration::from_secs(30);
/// Of the agent, for ever: some calls' worth.
const CAP: &str = "0.0004";

const APPROVE: &str = r#"@id("admins-approve")
permit (principal in Orchestack::Group::"infra-admin", action == Orchestack::Action::"approve", resource);
"#;

struct Stage {
    server: Server,
    simulator: Simulator,
    caller: Caller,
}

impl Stage {
    /// A server whose agent has spent what it may.
    async fn exhausted(database: Database) -> Self {
        let stage = Self::at(database, 1).await;
        stage.exhaust().await;
        stage
    }

    /// A server whose agent has spent nothing yet, with a model of so many dollars for a million tokens.
    async fn at(database: Database, dollars: u64) -> Self {
        let simulator = provider(&[("sim", Price::dollars_per_million(dollars, dollars))]).await;
        let price = dollars.to_string();
        let mut setup = Setup::new(database).await;
        // However loaded the machine, a call is answered by the books and not by their time-out.
        setup.set("ledger.reaper_period", "1s").set("ledger.admission_timeout", "20s");
        setup
            .tree()
            .agent("default", CAP)
            .openai_provider("sim", &simulator, "local")
            .model(ModelSpec { id: "sim", provider: "sim", price: Some((&price, &price)) })
            .write("policies/approve.cedar", APPROVE);
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { server, simulator, caller }
    }

    /// Calls until there is no money left; the last refusal.
    async fn exhaust(&self) -> Answer {
        for _ in 0..100 {
            let answer = self.caller.ask_books(&body()).await;
            if answer.status != 200 {
                answer.assert_refused(402, "budget_exhausted");
                return answer;
            }
        }
        panic!("the budget never ends");
    }

    /// A call that waits for people.
    fn waiting(&self) -> JoinHandle<Answer> {
        let caller = self.caller.clone();
        tokio::spawn(async move {
            caller.ask_books_with(&[("x-orchestack-wait", "300")], &body()).await
        })
    }

    fn questions(&self, status: &str) -> Vec<Value> {
        let words = ["approval", "list", "--kind", "budget", "--status", status];
        self.server.json(&words)["approvals"].as_array().unwrap().clone()
    }

    fn approve(&self, id: &str, amount: &str, until: &str) -> Value {
        self.server.json(&["approval", "approve", id, "--amount", amount, "--until", until])
    }

    /// The cap in force of the agent's total.
    fn cap(&self) -> String {
        let shown = self.server.json(&["budget", "show"]);
        let accounts = shown["accounts"].as_array().unwrap();
        let total = accounts.iter().find(|a| a["scope"] == "agent" && a["period"] == "total");
        total.unwrap()["cap"]["usd"].as_str().unwrap().to_owned()
    }
}

fn body() -> Value {
    let mut body = chat("sim", "Hello.");
    body["max_completion_tokens"] = json!(20);
    body
}

/// The question that a refusal names.
#[track_caller]
fn question(refused: &Answer) -> String {
    refused.assert_refused(402, "budget_exhausted");
    assert_eq!(refused.header("x-should-retry"), "false");
    let id = &refused.json()["error"]["approval"]["id"];
    id.as_str().expect("the refusal names the question").to_owned()
}

fn in_seconds(seconds: i64) -> String {
    Timestamp::now().plus_seconds(seconds).to_string()
}

async fn fifty_refusals_make_one_question(database: Database) {
    let stage = Stage::exhausted(database).await;
    let before = stage.simulator.log().len();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let caller = stage.caller.clone();
            tokio::spawn(async move { question(&caller.ask_books(&body()).await) })
        })
        .collect();
    let mut ids = Vec::new();
    for call in calls {
        ids.push(call.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let pending = stage.questions("pending");
    assert_eq!(pending.len(), 1, "{pending:?}");
    let asked = &pending[0];
    assert_eq!(asked["id"], json!(ids[0]));
    assert_eq!((&asked["requester"], &asked["outdated"]), (&json!("default"), &json!(false)));
    assert_eq!((&asked["owner"], &asked["detail"]["cap_usd"]), (&json!("tests"), &json!(CAP)));
    assert_eq!(asked["detail"]["budget"], "agent default total");
    assert_eq!(stage.simulator.log().len(), before);

    // A yes says how much and until when.
    let bare = stage.server.run(&["approval", "approve", &ids[0]]);
    assert_eq!(bare.status.code(), Some(2), "{bare:?}");
    let voted = stage.approve(&ids[0], "0.001", &in_seconds(3600));
    assert_eq!(voted["status"], "used");
    assert_eq!(stage.cap(), "0.0014");
    stage.caller.ask_books(&body()).await.assert_answered("sim");
    // Spent as well: it is another question.
    let again = question(&stage.exhaust().await);
    assert_ne!(again, ids[0]);
    let rows = Rows::of(&stage.server).await;
    assert_eq!(rows.number("select count(*) from raises").await, 1);
    assert!(stage.server.json(&["audit", "verify"])["ok"].as_bool().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proposed_pays_for_the_call_that_asked() {
    let stage = Stage::at(Database::Sqlite, 1_000).await;
    let refused = stage.caller.ask_books(&body()).await;
    assert!(
        refused.text.contains("$0.00 of $0.0004 is spent, and it may cost $0."),
        "{}",
        refused.text
    );
    let id = question(&refused);
    let proposed = stage.questions("pending")[0]["detail"]["suggested_usd"].clone();
    stage.approve(&id, proposed.as_str().unwrap(), &in_seconds(3600));
    stage.caller.ask_books(&body()).await.assert_answered("sim");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_refusals_make_one_question_on_sqlite() {
    fifty_refusals_make_one_question(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_refusals_make_one_question_on_postgres() {
    fifty_refusals_make_one_question(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_waits_goes_on_after_the_raise() {
    let stage = Stage::exhausted(Database::Sqlite).await;
    let before = stage.simulator.log().len();
    let waiting = [stage.waiting(), stage.waiting()];
    let id = question(&stage.caller.ask_books(&body()).await);
    assert_eq!(stage.simulator.log().len(), before);
    stage.approve(&id, "1.00", &in_seconds(3600));
    for call in waiting {
        call.await.unwrap().assert_answered("sim");
    }
    assert_eq!(stage.simulator.log().len(), before + 2);
    // Each has one decision on record, and one hold.
    let decisions = stage.server.json(&["audit", "tail", "--kind", "decision", "--limit", "2"]);
    let outcomes: Vec<_> =
        decisions["records"].as_array().unwrap().iter().map(|record| &record["outcome"]).collect();
    assert_eq!(outcomes, ["permit", "permit"], "{decisions}");
    assert_eq!(Rows::of(&stage.server).await.open_holds().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raise_that_nobody_was_asked_for_lets_a_waiting_caller_go_on_as_well() {
    let stage = Stage::exhausted(Database::Sqlite).await;
    let waiting = stage.waiting();
    eventually("the question is asked", WAIT_MAX, async || {
        (stage.questions("pending").len() == 1).then_some(())
    })
    .await;
    let until = in_seconds(3600);
    let words = ["budget", "raise", "default", "1.00", "--period", "total", "--until", &until];
    let raised = stage.server.json(&words);
    assert_eq!(raised["cap"]["usd"], "1.0004");
    waiting.await.unwrap().assert_answered("sim");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_caller_never_goes_on() {
    let stage = Stage::exhausted(Database::Sqlite).await;
    let before = stage.simulator.log().len();
    let waiting = stage.waiting();
    let id = question(&stage.caller.ask_books(&body()).await);
    stage.server.json(&["approval", "deny", &id, "--reason", "enough"]);
    let refused = waiting.await.unwrap();
    assert_eq!(question(&refused), id);
    assert_eq!(refused.json()["error"]["approval"]["status"], "denied");
    // A no stands: who asks again is not kept, and nobody is asked again.
    let again = stage.caller.ask_books_with(&[("x-orchestack-wait", "300")], &body()).await;
    assert_eq!(question(&again), id);
    assert_eq!(stage.simulator.log().len(), before);
    assert_eq!(stage.questions("all").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raise_ends_and_the_cap_is_what_it_was() {
    let stage = Stage::exhausted(Database::Sqlite).await;
    let id = question(&stage.caller.ask_books(&body()).await);
    stage.approve(&id, "1.00", &in_seconds(4));
    assert_eq!(stage.cap(), "1.0004");
    stage.caller.ask_books(&body()).await.assert_answered("sim");
    eventually("the raise ends", WAIT_MAX, async || (stage.cap() == CAP).then_some(())).await;
    let again = question(&stage.caller.ask_books(&body()).await);
    assert_ne!(again, id);
    let shown = stage.server.json(&["budget", "show"]);
    assert_eq!(shown["raises"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whose_time_is_over_is_told_the_question() {
    let stage = Stage::exhausted(Database::Sqlite).await;
    let id = question(&stage.caller.ask_books(&body()).await);
    let refused = stage.caller.ask_books_with(&[("x-orchestack-wait", "1")], &body()).await;
    assert_eq!(question(&refused), id);
    assert_eq!(refused.json()["error"]["approval"]["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_while_it_waits_goes_nowhere() {
    let stage = Stage::exhausted(Database::Sqlite).await;
    let before = stage.simulator.log().len();
    let id = question(&stage.caller.ask_books(&body()).await);
    let waiting = stage.waiting();
    // It is held up by nothing but people: once it is there, its key goes, then the money comes.
    eventually("the call waits", WAIT_MAX, async || {
        let metrics = format!("{}/metrics", stage.server.admin());
        let text = support::Client::new().0.get(metrics).send().await.ok()?.text().await.ok()?;
        text.contains("orchestack_requests_running 1").then_some(())
    })
    .await;
    let keys = stage.server.json(&["key", "list"]);
    for key in keys["keys"].as_array().unwrap() {
        stage.server.json(&["key", "revoke", key["id"].as_str().unwrap()]);
    }
    stage.approve(&id, "1.00", &in_seconds(3600));
    waiting.await.unwrap().assert_refused(401, "unauthenticated");
    assert_eq!(stage.simulator.log().len(), before);
}
