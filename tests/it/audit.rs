//! What is on record: everything once, nothing that must not be, and no change goes unseen.

use std::time::Duration;

use async_nats::jetstream::{self, consumer::pull};
use futures::StreamExt as _;
use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Answer, Caller, Client, Database, ModelSpec, Rows, Server, Setup, chat, eventually, nats_url,
    provider, streamed,
};

const SETTLED_MAX: Duration = Duration::from_secs(20);
/// Words that must not be found anywhere but at the caller and the provider.
const PROMPT: &str = "canary-prompt-zebra-7741";
const MATCHED: &str = "canary.match.4482@example.org";
const SSN: &str = "536-22-8174";
const ANSWER: &str = "canary-answer-okapi-9313";
const TOOL: &str = "canary_tool_argument_5520";
const KEY: &str = "canary-schema-key-lynx-8826";
const PROVIDER_KEY: &str = "sk-simulator-canary-6604";

async fn stage(setup: Setup) -> (Server, Simulator, Caller) {
    let price = Price::dollars_per_million(3, 15);
    let simulator = provider(&[("sim", price), ("sim-fault-500", price)]).await;
    let tree = setup.tree();
    tree.openai_provider("sim", &simulator, "cloud").agent("poor", "0.000001");
    for id in ["sim", "sim-fault-500", "sim-fault-cut-5"] {
        tree.model(ModelSpec { id, provider: "sim", price: Some(("3.00", "15.00")) });
    }
    tree.model_with(
        ModelSpec { id: "sim-fault-503", provider: "sim", price: Some(("3.00", "15.00")) },
        "fallbacks = [\"sim\"]",
    );
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    (server, simulator, caller)
}

/// The records of a request of one kind.
fn of(records: &[Value], request: &str, kind: &str) -> Vec<Value> {
    let fits =
        |record: &&Value| record["request"] == json!(request) && record["kind"] == json!(kind);
    records.iter().filter(fits).cloned().collect()
}

fn request_of(answer: &Answer) -> String {
    let request = answer.header("x-orchestack-request-id").to_owned();
    assert!(request.starts_with("req_"), "{:?}", answer.headers);
    request
}

async fn one_decision_each(database: Database) {
    let (server, _simulator, caller) = stage(Setup::new(database).await).await;
    let poor = Caller::new(&server, "poor");
    let bad = json!({ "model": "sim", "messages": [], "temperature": 7 });
    let local = chat("sim", &format!("My social security number is {SSN}."));
    // The answer, its code in the record, and how many attempts were paid for.
    let cases = [
        (caller.ask(&chat("sim", "Hello.")).await, "permit", 1),
        (caller.ask(&streamed("sim", "Hello.")).await, "permit", 1),
        (caller.ask(&streamed("sim-fault-cut-5", "Hello.")).await, "permit", 1),
        (caller.ask(&chat("sim-fault-503", "Hello.")).await, "permit", 2),
        (caller.ask(&chat("sim-fault-500", "Hello.")).await, "permit", 1),
        (caller.ask(&local).await, "policy_denied", 0),
        (caller.ask(&chat("no-such-model", "Hello.")).await, "model_not_found", 0),
        (caller.ask(&bad).await, "invalid_request", 0),
        (poor.ask(&chat("sim", "Hello.")).await, "budget_exhausted", 0),
        (
            caller.ask_with(("x-orchestack-dry-run", "true"), &chat("sim", "Hello.")).await,
            "dry_run",
            0,
        ),
    ];
    let rows = Rows::of(&server).await;
    eventually("every attempt is settled", SETTLED_MAX, async || {
        (rows.open_holds().await == 0 && rows.ledger().await.len() == 6).then_some(())
    })
    .await;
    let tail = server.json(&["audit", "tail", "--limit", "1000"]);
    let records = tail["records"].as_array().cloned().unwrap_or_default();
    for (answer, outcome, attempts) in &cases {
        let request = request_of(answer);
        let decisions = of(&records, &request, "decision");
        assert_eq!(decisions.len(), 1, "{outcome}: {decisions:#?}");
        let decision = &decisions[0];
        assert_eq!(decision["outcome"], json!(outcome), "{decision:#}");
        assert_eq!(decision["commit"].as_str().map(str::len), Some(40), "{decision:#}");
        assert!(decision["detail"]["input_sha256"].is_string(), "{decision:#}");
        let completions = of(&records, &request, "completion");
        assert_eq!(completions.len(), *attempts, "{outcome}: {completions:#?}");
        let costs = completions.iter().filter(|c| c["detail"]["cost_nanos"].is_i64());
        assert_eq!(costs.count(), *attempts, "{completions:#?}");
    }
    // The denial names the policy, and why each candidate is out.
    let denied = of(&records, &request_of(&cases[5].0), "decision").remove(0);
    assert_eq!(denied["detail"]["label"], json!("restricted"));
    assert!(denied.to_string().contains("restricted-stays-local"), "{denied:#}");
    assert!(denied["detail"]["findings"]["us_ssn"]["count"] == json!(1), "{denied:#}");
    // The chain is whole, until somebody touches a row.
    let verdict = server.json(&["audit", "verify"]);
    assert_eq!(verdict["ok"], json!(true));
    assert!(verdict["checked"].as_u64() >= Some(15), "{verdict}");
    let seq = denied["seq"].as_i64().unwrap();
    let changed = rows
        .execute(&format!(
            "update audit set body = replace(body, 'policy_denied', 'permit') where seq = {seq}"
        ))
        .await;
    assert_eq!(changed, 1);
    let output = server.run(&["audit", "verify", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&verdict["ok"], &verdict["first_bad"]["seq"]), (&json!(false), &json!(seq)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_on_record_once_and_a_changed_record_is_found_on_sqlite() {
    one_decision_each(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_on_record_once_and_a_changed_record_is_found_on_postgres() {
    one_decision_each(Database::Postgres).await;
}

/// More policies speak about more models than a record has room for.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_with_more_detail_than_a_record_holds_is_on_record_without_it() {
    let price = Price::dollars_per_million(3, 15);
    let crowd: Vec<String> = (0..50).map(|number| format!("crowd-{number}")).collect();
    let models: Vec<_> = crowd.iter().map(|id| (id.as_str(), price)).collect();
    let simulator = provider(&models).await;
    let setup = Setup::new(Database::Sqlite).await;
    setup
        .tree()
        .openai_provider("sim", &simulator, "cloud")
        .openai_provider("crowd", &simulator, "cloud");
    for id in &crowd {
        let provider = if id == "crowd-0" { "sim" } else { "crowd" };
        setup.tree().model(ModelSpec { id, provider, price: Some(("3.00", "15.00")) });
    }
    let policies = (0..50).map(|number| {
        format!(
            "@id(\"permit-{number:0>120}\")\npermit (principal, action == \
             Orchestack::Action::\"callModel\", resource);\n\
             @id(\"forbid-{number:0>120}\")\nforbid (principal, action == \
             Orchestack::Action::\"callModel\", resource)\n\
             when {{ context.request.tools && resource in Orchestack::Provider::\"crowd\" }};\n"
        )
    });
    setup.tree().write("policies/crowd.cedar", &policies.collect::<String>());
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    let plain = chat("auto", "Hello.");
    let mut tools = plain.clone();
    tools["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
    let permitted = caller.ask(&plain).await;
    assert_eq!(permitted.status, 200, "{}", permitted.text);
    let dry = caller.ask_with(("x-orchestack-dry-run", "true"), &plain).await;
    let refused = caller.ask_with(("x-orchestack-max-cost", "0.000000001"), &tools).await;
    refused.assert_refused(402, "budget_exhausted");
    let tail = server.json(&["audit", "tail", "--limit", "1000"]);
    let records = tail["records"].as_array().cloned().unwrap_or_default();
    for (answer, outcome) in
        [(permitted, "permit"), (dry, "dry_run"), (refused, "budget_exhausted")]
    {
        let decisions = of(&records, &request_of(&answer), "decision");
        assert_eq!(decisions.len(), 1, "{outcome}: {decisions:#?}");
        assert_eq!(decisions[0]["outcome"], json!(outcome));
        let detail = &decisions[0]["detail"];
        assert_eq!((&detail["cut"], &detail["label"]), (&json!(true), &json!("internal")));
        assert!(detail["input_sha256"].is_string() && detail["permits"].is_null(), "{detail:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_taken_out_is_missed() {
    let (server, _simulator, caller) = stage(Setup::new(Database::Sqlite).await).await;
    caller.ask(&chat("sim", "Hello.")).await.assert_answered("sim");
    let rows = Rows::of(&server).await;
    eventually("the completion is on record", SETTLED_MAX, async || {
        (rows.number("select count(*) from audit where kind = 'completion'").await == 1)
            .then_some(())
    })
    .await;
    assert_eq!(server.json(&["audit", "verify"])["ok"], json!(true));
    rows.execute("delete from audit where kind = 'completion'").await;
    assert_eq!(server.run(&["audit", "verify"]).status.code(), Some(1));
}

/// Every event of a request reaches the stream, in its envelope.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_and_completions_reach_jetstream() {
    let mut setup = Setup::new(Database::Sqlite).await;
    setup.set("bus.url", &nats_url());
    let (server, _simulator, caller) = stage(setup).await;
    let nats = async_nats::connect(nats_url()).await;
    let nats = nats.unwrap_or_else(|error| panic!("NATS: {error}; run scripts/services.sh first"));
    let context = jetstream::new(nats);
    // The server makes the streams where they are missing.
    let stream = eventually("the stream AUDIT", SETTLED_MAX, async || {
        context.get_stream("AUDIT").await.ok()
    })
    .await;
    let config = pull::Config {
        filter_subject: "audit.>".to_owned(),
        deliver_policy: jetstream::consumer::DeliverPolicy::New,
        ..pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.unwrap();
    let mut messages = consumer.messages().await.unwrap();
    let request = request_of(&caller.ask(&chat("sim", "Hello.")).await);
    let mut subjects = Vec::new();
    let collect = async {
        // Other tests may use the same NATS: only this request counts.
        while subjects.len() < 2 {
            let Some(Ok(message)) = messages.next().await else { break };
            message.ack().await.unwrap();
            let event: Value = serde_json::from_slice(&message.payload).unwrap();
            if !event.to_string().contains(&request) {
                continue;
            }
            assert_eq!(event["event_type"], json!(message.subject.as_str()));
            for field in ["event_id", "occurred_at", "tenant_id", "actor", "payload_ref", "schema"]
            {
                assert!(!event[field].is_null(), "{field}: {event:#}");
            }
            subjects.push(message.subject.to_string());
        }
    };
    tokio::time::timeout(SETTLED_MAX, collect)
        .await
        .unwrap_or_else(|_| panic!("not all events came"));
    subjects.sort();
    assert_eq!(subjects, ["audit.completion", "audit.decision"]);
    nothing_waits(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_events_go_within_the_process_and_none_waits() {
    let (server, _simulator, caller) = stage(Setup::new(Database::Sqlite).await).await;
    caller.ask(&chat("sim", "Hello.")).await.assert_answered("sim");
    nothing_waits(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_on_while_the_bus_is_away() {
    let mut setup = Setup::new(Database::Sqlite).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    setup.set("bus.url", &format!("nats://{nobody}"));
    let (server, _simulator, caller) = stage(setup).await;
    caller.ask(&chat("sim", "Hello.")).await.assert_answered("sim");
    let rows = Rows::of(&server).await;
    let waiting = "select count(*) from outbox where published_at is null";
    assert!(rows.number(waiting).await > 0);
}

async fn nothing_waits(server: &Server) {
    let rows = Rows::of(server).await;
    eventually("every event is published", SETTLED_MAX, async || {
        let settled = rows.open_holds().await == 0 && !rows.ledger().await.is_empty();
        let waiting = "select count(*) from outbox where published_at is null";
        let published = "select count(*) from outbox where published_at is not null";
        let done = rows.number(waiting).await == 0 && rows.number(published).await > 0;
        (settled && done).then_some(())
    })
    .await;
}

#[expect(
    clippy::too_many_lines,
    reason = "one story: every place is searched for all that was sent"
)]
async fn no_content_anywhere(database: Database) {
    let mut setup = Setup::new(database).await;
    setup.variable("SIMULATOR_KEY", PROVIDER_KEY).set("telemetry.log_filter", "trace");
    let (server, simulator, caller) = stage(setup).await;
    let said = simulator::Behaviour { text: Some(ANSWER.to_owned()), ..Default::default() };
    simulator.script(said, Vec::new());
    let prompt = format!("{PROMPT} and {MATCHED}");
    let answer = caller.ask(&chat("sim", &prompt)).await;
    assert!(answer.content().contains(ANSWER), "the canary sings: {}", answer.text);
    assert!(simulator.log()[0].body.clone().unwrap_or_default().contains(PROMPT));
    caller.ask(&streamed("sim", &prompt)).await;
    caller.ask(&streamed("sim-fault-cut-5", &prompt)).await;
    caller.ask(&chat("sim-fault-500", &prompt)).await;
    caller.ask(&chat("sim", &format!("{PROMPT} my social security number is {SSN}"))).await;
    let mut tool = chat("sim", PROMPT);
    tool["tools"] = json!([{ "type": "function", "function": { "name": TOOL } }]);
    caller.ask(&tool).await;
    // Keys are content too, and one of them would fill a record by itself.
    let under_a_long_key = |described: &str| {
        let key = format!("{KEY}{}", "x".repeat(300 << 10));
        let schema =
            json!({ "type": "object", "properties": { key: { "description": described } } });
        let mut body = chat("sim", "Hello.");
        body["tools"] =
            json!([{ "type": "function", "function": { "name": "f", "parameters": schema } }]);
        body
    };
    let keyed = caller.ask(&under_a_long_key(MATCHED)).await;
    keyed.assert_answered("sim");
    let denied = caller.ask(&under_a_long_key(SSN)).await;
    denied.assert_refused(403, "policy_denied");
    // A body that is refused before anybody understands it.
    let broken = format!("{{\"model\":\"sim\",\"{PROMPT}\":\"{MATCHED}\",\"{PROMPT}\":1");
    Answer::read(caller.request(&json!({})).body(broken))
        .await
        .assert_refused(400, "invalid_request");
    let rows = Rows::of(&server).await;
    eventually("everything is settled", SETTLED_MAX, async || {
        (rows.open_holds().await == 0 && rows.ledger().await.len() >= 6).then_some(())
    })
    .await;
    let secret = caller.secret();
    let metrics = Client::new().0.get(format!("{}/metrics", server.admin()));
    let metrics = Answer::read(metrics).await.text;
    assert!(metrics.contains("orchestack_requests_total"), "{metrics}");
    let export = server.run(&["audit", "export"]);
    let mut places = vec![
        ("the log".to_owned(), server.log().into_bytes()),
        ("the metrics".to_owned(), metrics.into_bytes()),
        ("the audit export".to_owned(), export.stdout),
    ];
    if server.store_url().is_some() {
        let tables = "select cast(tablename as text) from pg_tables where schemaname = 'public'";
        for table in rows.texts(tables).await {
            let lines = rows.texts(&format!("select cast(t as text) from {table} t")).await;
            places.push((format!("table {table}"), lines.join("\n").into_bytes()));
        }
    }
    for entry in std::fs::read_dir(server.state()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    // The search finds what is there, so finding nothing says something.
    for answer in [&answer, &keyed, &denied] {
        let request = request_of(answer);
        let on_record = |(place, bytes): &(String, Vec<u8>)| {
            place == "the audit export" && contains(bytes, &request)
        };
        assert!(places.iter().any(on_record), "{request} is not on record");
    }
    for canary in [PROMPT, MATCHED, "536-22", ANSWER, TOOL, KEY, PROVIDER_KEY, secret] {
        for (place, bytes) in &places {
            assert!(!contains(bytes, canary), "`{canary}` is in {place}");
        }
    }
}

fn contains(bytes: &[u8], wanted: &str) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_prompt_key_or_matched_value_is_kept_anywhere_on_sqlite() {
    no_content_anywhere(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_prompt_key_or_matched_value_is_kept_anywhere_on_postgres() {
    no_content_anywhere(Database::Postgres).await;
}
