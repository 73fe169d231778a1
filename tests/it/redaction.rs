//! Values that no model may see: what goes out, what comes back, to whom, and what must not be in an
//! answer.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use simulator::{Behaviour, Price, Simulator};
use support::{
    Answer, Caller, Database, ModelSpec, Rows, Server, Setup, chat, eventually, provider, streamed,
};

use crate::sdk::Sdk;

const VALUE: &str = "jane.roe.canary@example.org";
const SSN: &str = "536-22-8174";
const ADDRESS: &str = "198.51.100.23";
const SESSION: &str = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV";
const OTHER: &str = "ses_01ARZ3NDEKTSV4RRFFQ69G5FAW";

/// The agent's own layer; `NAME` is what it obliges to.
const OWN: &str = r#"@id("own") NAME
permit (principal, action == Orchestack::Action::"callModel", resource);
"#;

/// A cloud provider that echoes what it is sent.
struct House {
    cloud: Simulator,
    server: Server,
    caller: Caller,
}

impl House {
    async fn new(database: Database, obligations: &str) -> Self {
        Self::with(database, obligations, |_| {}).await
    }

    async fn with(database: Database, obligations: &str, prepare: impl FnOnce(&mut Setup)) -> Self {
        let prices = [("sim-cloud", Price::dollars_per_million(3, 15))];
        let cloud = provider(&prices).await;
        cloud.script(Behaviour { echo: true, ..Behaviour::default() }, Vec::new());
        let mut setup = Setup::new(database).await;
        prepare(&mut setup);
        setup
            .tree()
            .write("agents/default/policy.cedar", &OWN.replace("NAME", obligations))
            .openai_provider("cloud", &cloud, "cloud")
            .model(ModelSpec {
                id: "sim-cloud",
                provider: "cloud",
                price: Some(("3.00", "15.00")),
            });
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { cloud, server, caller }
    }

    async fn ask_in(&self, session: &str, text: &str) -> Answer {
        let body = streamed("sim-cloud", text);
        self.caller.ask_with(("x-orchestack-session", session), &body).await
    }

    /// What the provider was sent last, as the text of its last message.
    #[track_caller]
    fn sent(&self) -> String {
        let body = self.cloud.log().pop().and_then(|seen| seen.body).unwrap_or_default();
        let body: Value = serde_json::from_str(&body).unwrap();
        body.pointer("/messages/0/content").and_then(Value::as_str).unwrap().to_owned()
    }

    fn says(&self, text: &str) {
        let text = Some(text.to_owned());
        self.cloud.script(Behaviour { text, ..Behaviour::default() }, Vec::new());
    }

    /// The last record of this kind.
    fn record(&self, kind: &str) -> Value {
        let list = self.server.json(&["audit", "tail", "--kind", kind, "--limit", "1"]);
        list.pointer("/records/0").cloned().unwrap_or(list)
    }
}

/// The one token of a text.
#[track_caller]
fn token(text: &str) -> String {
    let found: BTreeSet<&str> = text.match_indices("[[").map(|(at, _)| &text[at..]).collect();
    let first = found.first().unwrap_or_else(|| panic!("no token in {text}"));
    first[..first.find("]]").unwrap() + 2].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_package_reads_values_that_the_provider_never_saw() {
    let house = House::new(Database::Sqlite, r#"@redact("personal") @restore("email")"#).await;
    let (url, key) = (format!("{}/v1", house.server.gateway()), house.server.key("default"));
    let ran = tokio::task::spawn_blocking(move || {
        let mut command = Sdk::Python.command("redaction");
        command.env("ORCHESTACK_BASE_URL", url).env("ORCHESTACK_KEY", key);
        command.env("ORCHESTACK_VALUE", VALUE).output().unwrap()
    });
    let output = ran.await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        printed.lines().filter(|line| line.ends_with(" ok")).count(),
        12,
        "{printed}{errors}"
    );
    let log = house.cloud.log();
    assert_eq!(log.len(), 12);
    for seen in log {
        let body = seen.body.unwrap();
        assert!(body.contains("[[EMAIL:") && !body.contains("canary"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_restores_stays_a_token() {
    let house = House::new(Database::Sqlite, r#"@redact("email,ip") @restore("email")"#).await;
    let text = format!("Write to {VALUE} from {ADDRESS}.");
    for body in [chat("sim-cloud", &text), streamed("sim-cloud", &text)] {
        let answer = house.caller.ask(&body).await;
        let told = answer.text.replace("\"}}]", " ");
        assert!(!told.contains(ADDRESS) && !house.sent().contains(ADDRESS), "{told}");
        let said = match answer.json().pointer("/choices/0/message/content") {
            Some(content) => content.as_str().unwrap().to_owned(),
            None => answer.content(),
        };
        assert!(said.starts_with(&format!("Write to {VALUE} from [[IP:")), "{said}");
    }
    let forged =
        house.caller.ask(&streamed("sim-cloud", "say [[EMAIL:aaaaaa]] and [[EMAIL:7f3k2q")).await;
    assert_eq!(forged.content(), "say [[EMAIL:aaaaaa]] and [[EMAIL:7f3k2q");
}

/// A session's tokens are its own, and outlive the process that made them.
async fn outlives(database: Database) {
    let mut house = House::new(database, r#"@redact("email") @restore("email")"#).await;
    let text = format!("Write to {VALUE}.");
    let first = house.ask_in(SESSION, &text).await;
    assert_eq!(first.content(), text);
    let sent = house.sent();
    let token = token(&sent);
    house.ask_in(SESSION, &text).await;
    assert_eq!(house.sent(), sent, "the same value has the same token");
    house.server.kill9();
    house.server.restart().await;
    house.caller.moved(&house.server);
    let asked = format!("Who is {token}?");
    assert_eq!(house.ask_in(SESSION, &asked).await.content(), format!("Who is {VALUE}?"));
    house.ask_in(SESSION, &text).await;
    assert_eq!(house.sent(), sent, "also after a restart");
    assert_eq!(house.ask_in(OTHER, &asked).await.content(), asked, "another session");
    assert_eq!(
        house.caller.ask(&streamed("sim-cloud", &asked)).await.content(),
        asked,
        "no session"
    );
    // What is on record has the token and not the value.
    let rows = Rows::of(&house.server).await;
    for query in [
        "select sealed from dlp_tokens",
        "select value_hash from dlp_tokens",
        "select body from audit",
    ] {
        assert!(rows.texts(query).await.iter().all(|text| !text.contains("canary")), "{query}");
    }
    assert!(!house.server.log().contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sessions_tokens_outlive_the_process_on_sqlite() {
    outlives(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sessions_tokens_outlive_the_process_on_postgres() {
    outlives(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_share_a_session_by_a_shared_key() {
    let house = House::with(Database::Postgres, r#"@redact("email") @restore("email")"#, |setup| {
        setup.variable("TOKENS", &"k".repeat(40)).set("dlp.tokens_key", "env:TOKENS");
    })
    .await;
    let text = format!("Write to {VALUE}.");
    house.ask_in(SESSION, &text).await;
    let first = house.sent();
    let other = house.server.another().await;
    let caller = Caller::with_key(&other, house.caller.key());
    let session = ("x-orchestack-session", SESSION);
    let answer = caller.ask_with(session, &streamed("sim-cloud", &text)).await;
    assert_eq!(answer.content(), text);
    assert_eq!(house.sent(), first);
    // A value of its own, whose token the first gateway has not seen.
    caller.ask_with(session, &streamed("sim-cloud", "Write to bob.canary@example.net.")).await;
    let asked = format!("Who is {}?", token(&house.sent()));
    let told = house.ask_in(SESSION, &asked).await;
    assert_eq!(told.content(), "Who is bob.canary@example.net?");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_vault_nothing_that_must_be_redacted_leaves() {
    let house = House::new(Database::Sqlite, r#"@redact("email") @restore("email")"#).await;
    Rows::of(&house.server).await.execute("drop table dlp_tokens").await;
    let text = format!("Write to {VALUE}.");
    house.ask_in(SESSION, &text).await.assert_refused(503, "dependency_unavailable");
    assert!(house.cloud.log().is_empty());
    // What has a map of its own, or nothing to redact, goes on.
    assert_eq!(house.caller.ask(&streamed("sim-cloud", &text)).await.content(), text);
    assert_eq!(house.ask_in(SESSION, "Hello").await.content(), "Hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_an_answer_stops_it_and_nothing_of_it_leaves() {
    let house =
        House::new(Database::Sqlite, r#"@answer_block("secret,us_ssn") @log("full")"#).await;
    let secret = ["AK", "IAIOSFODNN7", "CANARYX"].concat();
    for padding in 0..4 {
        house.says(&format!("{} The key is {secret} for you.", "x".repeat(padding)));
        let answer = house.caller.ask(&streamed("sim-cloud", "Say it")).await;
        assert!(answer.text.contains("dlp_blocked"), "{}", answer.text);
        assert!(!answer.is_done(), "{}", answer.text);
        let told = answer.content();
        for end in 2..secret.len() {
            assert!(!told.ends_with(&secret[..end]), "{told}");
        }
        assert!(!answer.text.contains("IAIOS"), "{}", answer.text);
        let whole = house.caller.ask(&chat("sim-cloud", "Say it")).await;
        whole.assert_refused(403, "dlp_blocked");
        assert!(!whole.text.contains("IAIOS"), "{}", whole.text);
    }
    let record = house.record("completion");
    assert_eq!(record["outcome"], "dlp_blocked", "{record}");
    assert_eq!(record["detail"]["findings"]["aws_key"]["count"], 1, "{record}");
    assert!(
        record["detail"]["cost_nanos"].as_i64().unwrap() > 0,
        "the provider bills it all the same"
    );
    assert!(!record.to_string().contains("IAIOS"));
    // The control: what is not blocked goes through whole.
    house.says(&format!("Write to {VALUE}. SSN?"));
    let answer = house.caller.ask(&streamed("sim-cloud", "Say it")).await;
    assert_eq!(answer.content(), format!("Write to {VALUE}. SSN?"));
    assert!(answer.is_done());
}

/// A provider that is faster than the search of its answer has sent more than anybody looked at: all of it is on its
/// bill.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_had_sent_of_a_stopped_answer_is_charged() {
    let house = House::new(Database::Sqlite, r#"@answer_block("secret")"#).await;
    let secret = ["AK", "IAIOSFODNN7", "CANARYX"].concat();
    house.says(&format!("The key is {secret} for you. {}", "And on and on. ".repeat(2_000)));
    let answer = house.caller.ask(&streamed("sim-cloud", "Say it")).await;
    assert!(answer.text.contains("dlp_blocked"), "{}", answer.text);
    let rows = Rows::of(&house.server).await;
    let row = eventually("it is settled", Duration::from_secs(20), async || {
        let row = rows.ledger().await.pop();
        (house.cloud.bill_total().open == 0).then_some(row)?
    })
    .await;
    let bill = i64::try_from(house.cloud.bill_total().nanos).unwrap();
    assert!(row.amount >= bill, "{bill} nanos were billed: {row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_policy_redacts_in_answers_is_a_token_for_good() {
    let obligations = r#"@answer_redact("email") @restore("email") @log("full")"#;
    let house = House::new(Database::Sqlite, obligations).await;
    house.says(&format!("Write to {VALUE}, or to {VALUE}."));
    let answer = house.ask_in(SESSION, "Say it").await;
    let token = token(&answer.content());
    assert_eq!(answer.content(), format!("Write to {token}, or to {token}."));
    let record = house.record("completion");
    assert!(!record.to_string().contains("canary"), "{record}");
    assert_eq!(
        record["detail"]["findings"]["email"]["places"],
        json!(["choices[0].text", "choices[0].text"])
    );
    house.cloud.script(Behaviour { echo: true, ..Behaviour::default() }, Vec::new());
    assert_eq!(house.ask_in(SESSION, &token).await.content(), token, "nothing puts it back");
}

/// The label of a session rises with what is seen, in requests and in answers, stays, and falls by a
/// person's word alone.
async fn labels(database: Database) {
    // The starter keeps restricted content on local models, of which there is none.
    let mut house = House::new(database, "").await;
    let label = |answer: &Answer| answer.header("x-orchestack-label").to_owned();
    assert_eq!(label(&house.ask_in(SESSION, "Hello").await), "internal");
    house.ask_in(SESSION, &format!("SSN {SSN}")).await.assert_refused(403, "policy_denied");
    let refused = house.ask_in(SESSION, "Hello").await;
    refused.assert_refused(403, "policy_denied");
    assert_eq!(label(&refused), "restricted");
    assert_eq!(house.record("decision")["detail"]["session_label"], "restricted");
    assert_eq!(label(&house.ask_in(OTHER, "Hello").await), "internal");
    house.server.kill9();
    house.server.restart().await;
    house.caller.moved(&house.server);
    house.ask_in(SESSION, "Hello").await.assert_refused(403, "policy_denied");
    assert_eq!(house.server.json(&["session", "show", SESSION])["label"], "restricted");

    let reason = ["--reason", "it was a made-up number"];
    let lower = ["session", "label", SESSION, "--lower-to", "internal"];
    let lowered = house.server.json(&[&lower[..], &reason[..]].concat());
    assert_eq!((&lowered["label"], &lowered["set_by"]), (&json!("internal"), &json!("local")));
    assert!(!house.server.run(&[&lower[..], &reason[..]].concat()).status.success());
    assert_eq!(label(&house.ask_in(SESSION, "Hello").await), "internal");

    // What a model says counts as well, for what comes next.
    house.says(&format!("Your SSN is {SSN}."));
    assert_eq!(label(&house.ask_in(SESSION, "Say it").await), "internal");
    house.ask_in(SESSION, "Hello").await.assert_refused(403, "policy_denied");
    assert_eq!(house.server.json(&["session", "show", SESSION])["label"], "restricted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sessions_label_rises_stays_and_is_lowered_on_sqlite() {
    labels(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sessions_label_rises_stays_and_is_lowered_on_postgres() {
    labels(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_label_cannot_be_read_counts_as_restricted() {
    let house = House::new(Database::Sqlite, "").await;
    assert_eq!(house.ask_in(SESSION, "Hello").await.content(), "Hello");
    Rows::of(&house.server).await.execute("alter table session_labels rename to gone").await;
    house.ask_in(SESSION, "Hello").await.assert_refused(403, "policy_denied");
    assert_eq!(house.caller.ask(&streamed("sim-cloud", "Hello")).await.content(), "Hello");
}

/// People who approve see what was found and where, and never the value.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_to_people_shows_kinds_and_places_and_no_value() {
    let obligations = r#"@approval("infra-admin") @redact("email") @restore("email")"#;
    let house = House::new(Database::Sqlite, obligations).await;
    let refused = house.ask_in(SESSION, &format!("Write to {VALUE}.")).await;
    refused.assert_refused(403, "approval_required");
    let id =
        refused.json().pointer("/error/approval/id").and_then(Value::as_str).map(str::to_owned);
    let shown = house.server.json(&["approval", "show", &id.unwrap()]);
    let found = shown.pointer("/detail/findings/email").cloned().unwrap_or_default();
    assert_eq!(found, json!({"count": 1, "places": ["messages[0].content[0]"]}), "{shown}");
    assert_eq!(shown["detail"]["kinds"], json!(["email"]));
    let rows = Rows::of(&house.server).await;
    for text in
        [shown.to_string(), refused.text, rows.texts("select detail from approvals").await.concat()]
    {
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(house.cloud.log().is_empty());
}

/// The same in the words of every API: values come back, and a value that is not to be in an answer stops
/// it with an error that the API knows.
#[tokio::test(flavor = "multi_thread")]
async fn every_api_has_values_back_and_is_stopped() {
    let obligations = r#"@redact("email") @restore("email") @answer_block("secret")"#;
    let house = House::new(Database::Sqlite, obligations).await;
    let text = format!("Write to {VALUE} now.");
    let message = json!([{ "role": "user", "content": text }]);
    let apis = [
        ("/v1/chat/completions", json!({ "messages": message })),
        ("/v1/messages", json!({ "messages": message, "max_tokens": 500 })),
        ("/v1/responses", json!({ "input": text })),
    ];
    let secret = ["AK", "IAIOSFODNN7", "CANARYX"].concat();
    for (path, body) in &apis {
        let caller = house.caller.at(path);
        for stream in [true, false] {
            let mut body = body.clone();
            body["model"] = json!("sim-cloud");
            body["stream"] = json!(stream);
            house.cloud.script(Behaviour { echo: true, ..Behaviour::default() }, Vec::new());
            let answer = caller.ask(&body).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            assert!(answer.text.contains(VALUE), "{path}: {}", answer.text);
            assert!(!answer.text.contains("[[EMAIL"), "{path}: {}", answer.text);
            let sent = house.cloud.log().pop().and_then(|seen| seen.body).unwrap();
            assert!(sent.contains("[[EMAIL:") && !sent.contains("canary"), "{path}: {sent}");

            house.says(&format!("The key is {secret}."));
            let answer = caller.ask(&body).await;
            assert_eq!(answer.status, if stream { 200 } else { 403 }, "{path}: {}", answer.text);
            assert!(!answer.text.contains("IAIOS"), "{path}: {}", answer.text);
            assert!(answer.text.contains("policy blocks this kind of data in answers"), "{path}");
        }
    }
    // No response with a value that came back is kept.
    let rows = Rows::of(&house.server).await;
    assert_eq!(rows.number("select count(*) from responses").await, 0);
}
