//! What a call is charged, and what is recorded of it, where the provider does not say or says what
//! cannot be.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Behaviour, Price, Simulator, UsageReport};
use support::{
    Answer, Caller, Database, LedgerRow, ModelSpec, Rows, Server, Setup, chat, eventually,
    one_answer, provider, streamed,
};

const SETTLED_MAX: Duration = Duration::from_secs(20);
const PRICE: Price = Price::dollars_per_million(3, 15);

/// A simulator behind two models of the same name there: one is registered as a reasoning one.
struct Stage {
    simulator: Simulator,
    server: Server,
    caller: Caller,
    rows: Rows,
}

fn model(id: &str, provider: &str, capabilities: &str) -> String {
    format!(
        "[[model]]\nid = \"{id}\"\nprovider = \"{provider}\"\nupstream = \"thinker\"\n\
         context_tokens = 128000\nmax_output_tokens = 4096\ncapabilities = [{capabilities}]\n\
         price.input = \"3.00\"\nprice.output = \"15.00\"\n"
    )
}

impl Stage {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let simulator = provider(&[("thinker", PRICE)]).await;
        let mut setup = Setup::new(Database::Sqlite).await;
        settings.iter().for_each(|(key, value)| {
            setup.set(key, value);
        });
        setup
            .tree()
            .openai_provider("sim", &simulator, "cloud")
            .write("models/thinker.toml", &model("thinker", "sim", "\"streaming\", \"reasoning\""))
            .write("models/plain.toml", &model("plain", "sim", "\"streaming\""))
            .write(
                "models/long.toml",
                &model("long", "sim", "\"streaming\"").replace("= 4096", "= 60000"),
            );
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        let rows = Rows::of(&server).await;
        Self { simulator, server, caller, rows }
    }

    /// The only settlement so far that is not in `before`, and what the provider billed for it.
    async fn charge(&self, before: usize, billed: u64) -> (LedgerRow, i64) {
        let row = eventually("the call is settled", SETTLED_MAX, async || {
            let ledger = self.rows.ledger().await;
            (self.simulator.bill_total().open == 0).then(|| ledger.get(before).cloned())?
        });
        let row = row.await;
        (row, i64::try_from(self.simulator.bill_total().nanos - billed).unwrap())
    }

    async fn amount(&self, hold: &str) -> i64 {
        let holds = self.rows.holds().await;
        holds.iter().find(|known| known.id == hold).unwrap().amount
    }
}

/// A stream that is left before the first text, while the provider thinks.
async fn leave_while_it_thinks(stage: &Stage, body: &Value) {
    let billed = stage.simulator.bill_total();
    let mut response = stage.caller.request(body).send().await.unwrap();
    let mut seen = String::new();
    while !seen.contains("assistant") {
        let chunk = response.chunk().await.unwrap().expect("the stream goes on");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    // Far beyond what could be taken for under way.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    drop(response);
    eventually("the provider stops", SETTLED_MAX, async || {
        (stage.simulator.bill_total().open == 0).then_some(())
    })
    .await;
    let thought = stage.simulator.bill_total().output_tokens - billed.output_tokens;
    assert!((100..3_000).contains(&thought), "{thought} tokens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_thinks_unseen_is_charged_its_hold_where_nobody_knows() {
    let stage = Stage::new(&[("upstream.idle_timeout", "1s")]).await;
    let thinks = Behaviour { hidden_tokens: 3_000, chunk_delay_ms: 5, ..Behaviour::default() };
    let untold =
        Behaviour { hidden_tokens: 500, usage: UsageReport::Missing, ..Behaviour::default() };
    let asked = |effort: &str| {
        let mut body = streamed("plain", "Hello.");
        body["reasoning_effort"] = json!(effort);
        body
    };
    let mut bodies = vec![
        // Left by the caller, and given up after a second without an event.
        ("left", streamed("thinker", "Hello."), &thinks),
        ("idle", streamed("thinker", "Hello."), &thinks),
        ("left", asked("low"), &thinks),
        // Whole, and without a word of what was used.
        ("whole", chat("thinker", "Hello."), &untold),
        ("whole", streamed("thinker", "Hello."), &untold),
    ];
    // The check itself: of a model that is registered as one that does not think, the oracle tells
    // that it was charged too little.
    bodies.push(("control", streamed("plain", "Hello."), &thinks));
    bodies.push(("control", chat("plain", "Hello."), &untold));
    for (before, (case, body, behaviour)) in bodies.into_iter().enumerate() {
        stage.simulator.script(behaviour.clone(), Vec::new());
        let billed = stage.simulator.bill_total().nanos;
        match case {
            "left" => leave_while_it_thinks(&stage, &body).await,
            _ => {
                let answer = stage.caller.ask(&body).await;
                assert_eq!(answer.status, 200, "{case}: {}", answer.text);
                assert_eq!(answer.cut, body["stream"] == true && behaviour == &thinks, "{case}");
            }
        }
        let (row, bill) = stage.charge(before, billed).await;
        let case = format!("{case} {body}");
        if case.starts_with("control") {
            assert!(row.amount < bill, "{case}: {row:?}, billed {bill}");
        } else {
            assert!(row.amount >= bill, "{case}: {row:?}, billed {bill}");
            assert_eq!(row.amount, stage.amount(&row.hold).await, "{case}: {row:?}");
            assert_eq!(row.basis, "worst_case", "{case}: {row:?}");
        }
    }
    // Where it says what it used, that is charged, thoughts included.
    let told = Behaviour { hidden_tokens: 500, ..Behaviour::default() };
    for (before, body) in
        [chat("thinker", "Hello."), streamed("thinker", "Hello.")].iter().enumerate()
    {
        stage.simulator.script(told.clone(), Vec::new());
        let billed = stage.simulator.bill_total().nanos;
        stage.caller.ask(body).await.assert_answered("thinker");
        let (row, bill) = stage.charge(7 + before, billed).await;
        assert_eq!((row.amount, row.basis.as_str()), (bill, "provider"), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_less_than_what_came_is_not_believed() {
    let stage = Stage::new(&[]).await;
    let little = UsageReport::Wrong { input: 2, output: 0 };
    let lies = Behaviour { usage: little, output_tokens: Some(40), ..Behaviour::default() };
    stage.simulator.script(lies, Vec::new());
    let answer = stage.caller.ask(&streamed("plain", "Hello.")).await;
    answer.assert_answered("plain");
    // The caller hears what is charged.
    assert_eq!(answer.usage(), Some((2, 40)));
    let (row, bill) = stage.charge(0, 0).await;
    assert_eq!((row.output, row.basis.as_str()), (40, "counted"), "{row:?}");
    assert_eq!(row.amount, bill, "{row:?}");
    // Of an answer in one piece no more than its length is known.
    let answer = stage.caller.ask(&chat("plain", "Hello.")).await;
    answer.assert_answered("plain");
    assert_eq!(answer.usage(), Some((2, 1)));
}

/// A gateway before a provider that always answers the same.
async fn before(content_type: &str, body: &str, free: bool) -> (Server, Caller) {
    let url = one_answer(content_type, body).await;
    let setup = Setup::new(Database::Sqlite).await;
    let price = if free { None } else { Some(("3.00", "15.00")) };
    let provider = format!(
        "[[provider]]\nname = \"raw\"\nkind = \"openai\"\nbase_url = \"{url}\"\nlocality = \"cloud\"\n"
    );
    setup.tree().write("providers/raw.toml", &provider).model(ModelSpec {
        id: "raw",
        provider: "raw",
        price,
    });
    let server = setup.start().await;
    let caller = Caller::new(&server, "default");
    (server, caller)
}

/// Events of a stream as text, each with its data.
fn events(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

async fn settled(server: &Server) -> LedgerRow {
    let rows = Rows::of(server).await;
    eventually("the call is settled", SETTLED_MAX, async || rows.ledger().await.pop()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_broken_event_is_delivered_and_charged() {
    let delta = r#"{"id":"a","created":1,"choices":[{"index":0,"delta":{"content":"word "}}]}"#;
    for broken in ["{\"choices\":", r#"{"error":{"message":"no more","type":"overloaded"}}"#] {
        let stream = events(&[delta, delta, delta, broken, delta]);
        let (server, caller) = before("text/event-stream", &stream, false).await;
        let answer = caller.ask(&streamed("raw", "Hello.")).await;
        assert_eq!((answer.status, answer.content().as_str()), (200, "word word word "));
        let last = answer.events().pop().unwrap_or_default();
        assert_eq!(last.pointer("/error/code"), Some(&json!("upstream_failed")), "{}", answer.text);
        assert!(!answer.is_done() && answer.cut, "{answer:?}");
        let row = settled(&server).await;
        // A byte counts as a token, and some may have been under way.
        assert_eq!((row.output, row.basis.as_str()), (3 * 5 + 64, "counted"), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_id_and_time_gets_both() {
    let bare = r#"{"choices":[{"index":0,"message":{"content":"Hi."},"finish_reason":"stop"}]}"#;
    let (_server, caller) = before("application/json", bare, true).await;
    let answer = caller.ask(&chat("raw", "Hello.")).await;
    answer.assert_answered("raw");
    assert_stamped(&answer.json());
    let stream = events(&[
        r#"{"choices":[{"index":0,"delta":{"content":"Hi."},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ]);
    let (_server, caller) = before("text/event-stream", &stream, true).await;
    let answer = caller.ask(&streamed("raw", "Hello.")).await;
    answer.assert_answered("raw");
    answer.events().iter().for_each(assert_stamped);
}

#[track_caller]
fn assert_stamped(object: &Value) {
    let created = object["created"].as_i64().unwrap_or_default();
    assert!(created > 1_700_000_000, "{object}");
    assert!(object["id"].as_str().unwrap_or_default().len() > 20, "{object}");
}

/// The record of the last completion.
async fn completion(server: &Server, count: usize) -> Value {
    let rows = Rows::of(server).await;
    let query = "select body from audit where kind = 'completion' order by seq";
    let body = eventually("the completion is recorded", SETTLED_MAX, async || {
        rows.texts(query).await.get(count - 1).cloned()
    });
    serde_json::from_str(&body.await).unwrap()
}

fn sha256(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_names_the_hash_of_what_the_caller_got() {
    let stage = Stage::new(&[]).await;
    let cut = Behaviour { end: Some(simulator::End::Cut), after_chunks: 4, ..Behaviour::default() };
    let cases = [
        (chat("plain", "Hello."), Behaviour::default()),
        (streamed("plain", "Hello."), Behaviour::default()),
        (streamed("plain", "Hello."), cut),
    ];
    for (index, (body, behaviour)) in cases.into_iter().enumerate() {
        stage.simulator.script(behaviour, Vec::new());
        let answer: Answer = stage.caller.ask(&body).await;
        assert_eq!((answer.status, answer.cut), (200, index == 2), "{answer:?}");
        let record = completion(&stage.server, index + 1).await;
        let told = record.pointer("/detail/output_sha256").and_then(Value::as_str);
        assert_eq!(told, Some(sha256(&answer.text).as_str()), "{record}");
    }
}

const LOG_IN_FULL: &str = r#"@id("log-in-full")
@log("full")
permit (principal, action == Orchestack::Action::"callModel", resource);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_long_for_its_record_is_settled_without_it() {
    let stage = Stage::new(&[]).await;
    let commit = stage.server.tree().write("policies/log.cedar", LOG_IN_FULL).commit("log in full");
    eventually("the new commit is in force", SETTLED_MAX, async || {
        let answer = stage.caller.ask(&chat("no-such-model", "Hello.")).await;
        (answer.header("x-orchestack-commit") == commit).then_some(())
    })
    .await;
    // Each of these characters is six bytes of JSON, so the record would be far beyond its bound.
    for (index, text) in ["short".to_owned(), "\u{1}".repeat(90_000)].into_iter().enumerate() {
        stage.simulator.script(Behaviour { text: Some(text), ..Behaviour::default() }, Vec::new());
        let mut body = streamed("long", "Hello.");
        body["max_tokens"] = json!(60_000);
        stage.caller.ask(&body).await.assert_answered("long");
        let record = completion(&stage.server, index + 1).await;
        assert_eq!(record.pointer("/detail/answer").is_some(), index == 0, "{record}");
        let rows = stage.rows.ledger().await;
        assert_eq!(rows.len(), index + 1, "{rows:?}");
        assert_eq!(stage.rows.open_holds().await, 0);
    }
}
