//! The search of sessions as a whole: what no request of a session shows by itself, and what it does to the
//! requests that come after.

use std::time::Duration;

use dlp::Fingerprints;
use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Answer, Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider, until,
};

const SESSION: &str = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV";
const OTHER: &str = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAW";
const SEARCHED: &str = "orchestack_dlp_deep_total{outcome=\"searched\"}";
const SOON: Duration = Duration::from_secs(30);

const DOCUMENT: &str = "The board has resolved to sell the northern foundry to its tenants before the end of \
    the third quarter, for a price that must not be known outside of this room until the notary has sealed \
    both copies. Whoever is asked about the furnaces says that they are being relined. The works council \
    hears of it on the morning of the sale and not an hour sooner, and the canary hears nothing at all.";

const DETECTOR: &str = r#"kind = "board_paper"

[[documents]]
name = "the sale of the foundry"
fingerprints = "foundry.fp"
"#;

/// A cloud and a local provider with a model each, and a registered document.
struct House {
    cloud: Simulator,
    _local: Simulator,
    server: Server,
    caller: Caller,
}

impl House {
    async fn new(database: Database, deep: bool) -> Self {
        let cloud = provider(&[("sim-cloud", Price::dollars_per_million(3, 15))]).await;
        let local = provider(&[("sim-local", Price::FREE)]).await;
        let mut setup = Setup::new(database).await;
        setup.set("dlp.deep", &deep.to_string());
        setup
            .tree()
            // What a provider answers has words that can be names, and raises the session too.
            .write("orchestack.toml", "[dlp]\noff = [\"name\"]\n")
            .write("detectors/foundry.toml", DETECTOR)
            .write("detectors/foundry.fp", &Fingerprints::of(DOCUMENT).to_string())
            .openai_provider("cloud", &cloud, "cloud")
            .openai_provider("local", &local, "local")
            .model(ModelSpec { id: "sim-cloud", provider: "cloud", price: Some(("3.00", "15.00")) })
            .model(ModelSpec { id: "sim-local", provider: "local", price: None });
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { cloud, _local: local, server, caller }
    }

    async fn ask(&self, session: &str, text: &str) -> Answer {
        self.caller.ask_with(("x-orchestack-session", session), &chat("sim-cloud", text)).await
    }

    /// Asks with the document in pieces, none of which says anything by itself.
    async fn send_the_document(&self, session: &str) -> Vec<Answer> {
        let words: Vec<&str> = DOCUMENT.split_whitespace().collect();
        let mut answers = Vec::new();
        for piece in words.chunks(10) {
            answers.push(self.ask(session, &piece.join(" ")).await);
        }
        answers
    }

    fn label(&self, session: &str) -> Value {
        self.server.json(&["session", "show", session])["label"].clone()
    }

    fn records(&self) -> Vec<Value> {
        let list = self.server.json(&["audit", "tail", "--kind", "system", "--limit", "100"]);
        let all = list["records"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|record| record["action"] == "dlp.deep").collect()
    }

    async fn until_restricted(&self, session: &str) {
        let restricted = async || (self.label(session) == "restricted").then_some(());
        eventually("the label rises", SOON, restricted).await;
    }

    /// The one record of the search.
    async fn record(&self) -> Value {
        eventually("a record", SOON, async || self.records().pop()).await
    }
}

async fn a_document_in_pieces(database: Database) {
    let mut house = House::new(database, true).await;
    house.ask(OTHER, "What is the capital of France?").await.assert_answered("sim-cloud");
    let answers = house.send_the_document(SESSION).await;
    for answer in &answers[..2] {
        // By themselves they are as any other text; no request waits for the search.
        answer.assert_answered("sim-cloud");
        assert_eq!(answer.header("x-orchestack-label"), "internal");
    }
    house.until_restricted(SESSION).await;
    let sent = house.cloud.log().len();
    let answer = house.ask(SESSION, "What is the capital of France?").await;
    answer.assert_answered("sim-local");
    assert_eq!(answer.header("x-orchestack-label"), "restricted");
    assert_eq!(house.cloud.log().len(), sent, "nothing more leaves");
    // Another session is what it was.
    assert_eq!(house.label(OTHER), "internal");
    house.ask(OTHER, "And of Spain?").await.assert_answered("sim-cloud");

    let record = house.record().await;
    assert_eq!((&record["resource"], &record["outcome"]), (&json!(SESSION), &json!("raised")));
    let detail = &record["detail"];
    assert_eq!(detail["findings"], json!({ "board_paper": 1 }), "{record}");
    assert_eq!(detail["rules"], json!([]));
    assert_eq!(
        (&detail["label_before"], &detail["label_after"]),
        (&json!("internal"), &json!("restricted"))
    );
    let request = record["request"].as_str().unwrap();
    let known = answers.iter().any(|answer| answer.header("x-orchestack-request-id") == request);
    assert!(known && detail["input_sha256"].as_str().is_some_and(|hash| hash.len() == 64));
    let rows = Rows::of(&house.server).await;
    let written = rows.texts("select body from audit").await;
    assert!(written.iter().all(|body| !body.contains("foundry") && !body.contains("canary")));
    assert!(!house.server.log().contains("canary"));
    assert_eq!(house.server.json(&["audit", "verify"])["ok"], json!(true));
    // What it remembered is gone with the process; what it raised stays.
    house.server.kill9();
    house.server.restart().await;
    house.caller.moved(&house.server);
    house.ask(SESSION, "Hello").await.assert_answered("sim-local");
    assert_eq!(house.records().len(), 1, "it is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_in_pieces_raises_its_session_on_sqlite() {
    a_document_in_pieces(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_in_pieces_raises_its_session_on_postgres() {
    a_document_in_pieces(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_grows_over_requests_raises_its_session() {
    let house = House::new(Database::Sqlite, true).await;
    for number in 0..10 {
        let answer = house.ask(SESSION, &format!("Write to p{number}@example.org.")).await;
        answer.assert_answered("sim-cloud");
    }
    house.until_restricted(SESSION).await;
    house.ask(SESSION, "Hello").await.assert_answered("sim-local");
    let detail = house.record().await["detail"].clone();
    assert_eq!((&detail["rules"], &detail["findings"]), (&json!(["bulk_list"]), &json!({})));
    assert_eq!(detail["label_before"], "sensitive");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_search_nothing_rises_and_without_a_session_nothing_is_searched() {
    let mut off = House::new(Database::Sqlite, false).await;
    for answer in off.send_the_document(SESSION).await {
        answer.assert_answered("sim-cloud");
    }
    // Whatever runs beside requests has ended with the process.
    off.server.sigterm().await;
    off.server.restart().await;
    off.caller.moved(&off.server);
    assert_eq!(off.label(SESSION), "internal");
    off.ask(SESSION, "Hello").await.assert_answered("sim-cloud");
    assert_eq!((off.server.metric(SEARCHED).await, off.records()), (0, Vec::new()));

    let on = House::new(Database::Sqlite, true).await;
    on.caller.ask(&chat("sim-cloud", "Hello")).await.assert_answered("sim-cloud");
    on.ask(SESSION, "Hello").await.assert_answered("sim-cloud");
    let searched = async || (on.server.metric(SEARCHED).await > 0).then_some(());
    until(SOON, searched).await.unwrap();
    assert_eq!(on.server.metric(SEARCHED).await, 1, "the one with a session");
    assert_eq!((on.label(SESSION), on.records()), (json!("internal"), Vec::new()));
}
