//! Calls whose provider tells no usage, at models whose vocabulary is known: what is on the row, and what is
//! not taken for known.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Behaviour, End, Price, Simulator, UsageReport};
use support::{Caller, Database, LedgerRow, Rows, Server, Setup, eventually, provider};

const SETTLED_MAX: Duration = Duration::from_secs(20);
const PRICE: Price = Price::dollars_per_million(3, 15);
/// OpenAI's API reference has these three texts, with 19 tokens of input and 10 of output.
const ANSWER: &str = "Hello! How can I assist you today?";

/// One model that makes vectors and others that say [`ANSWER`], all without a word of their usage.
struct Stage {
    simulator: Simulator,
    _server: Server,
    caller: Caller,
    rows: Rows,
}

fn model(id: &str, capabilities: &str, more: &str) -> String {
    format!(
        "[[model]]\nid = \"{id}\"\nprovider = \"sim\"\nupstream = \"said\"\n\
         context_tokens = 128000\nmax_output_tokens = 4096\ncapabilities = [{capabilities}]\n\
         price.input = \"3.00\"\nprice.output = \"15.00\"\n{more}\n"
    )
}

fn silent() -> Behaviour {
    let text = Some(ANSWER.to_owned());
    Behaviour { text, usage: UsageReport::Missing, ..Behaviour::default() }
}

fn hello(model: &str, stream: bool) -> Value {
    json!({
        "model": model,
        "stream": stream,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Hello!"},
        ],
    })
}

impl Stage {
    async fn new() -> Self {
        let simulator = provider(&[("said", PRICE), ("text-embedding-3-small", PRICE)]).await;
        simulator.script(silent(), Vec::new());
        let mut setup = Setup::new(Database::Sqlite).await;
        let (o200k, cl100k) = ("tokenizer = \"o200k_base\"", "tokenizer = \"cl100k_base\"");
        setup
            .set("upstream.idle_timeout", "1s")
            .tree()
            .openai_provider("sim", &simulator, "cloud")
            .write("models/known.toml", &model("known", "\"tools\", \"streaming\"", o200k))
            .write("models/older.toml", &model("older", "\"streaming\"", cl100k))
            .write("models/thinks.toml", &model("thinks", "\"streaming\", \"reasoning\"", o200k))
            .write("models/unknown.toml", &model("unknown", "\"tools\", \"streaming\"", ""))
            .write(
                "models/vectors.toml",
                &model("vectors", "\"embeddings\"", cl100k)
                    .replace("\"said\"", "\"text-embedding-3-small\"")
                    .replace("max_output_tokens = 4096\n", ""),
            );
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        let rows = Rows::of(&server).await;
        Self { simulator, _server: server, caller, rows }
    }

    /// The newest row of the ledger, once every hold is resolved, and the vocabulary that it names.
    async fn last(&self) -> (LedgerRow, Option<String>) {
        eventually("every hold is resolved", SETTLED_MAX, async || {
            (self.rows.open_holds().await == 0).then_some(())
        })
        .await;
        let query = "select coalesce(usage, '{}') from ledger order by seq desc limit 1";
        let usage: Value = serde_json::from_str(&self.rows.texts(query).await[0]).unwrap();
        let row = self.rows.ledger().await.pop().unwrap();
        (row, usage["tokenizer"].as_str().map(str::to_owned))
    }

    async fn assert_covered(&self) {
        let billed = i64::try_from(self.simulator.bill_total().nanos).unwrap();
        let ledger = self.rows.ledger().await;
        let settled: i64 = ledger.iter().map(|row| row.amount + row.overrun).sum();
        assert!(settled >= billed, "settled {settled}, billed {billed}: {ledger:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_is_not_told_is_counted_to_the_token_where_the_vocabulary_is_known() {
    let stage = Stage::new().await;
    for model in ["known", "older"] {
        for stream in [false, true] {
            let answer = stage.caller.ask(&hello(model, stream)).await;
            answer.assert_answered(model);
            let (row, tokenizer) = stage.last().await;
            assert_eq!((row.input, row.output, row.basis.as_str()), (19, 10, "counted"), "{row:?}");
            assert_eq!(row.amount, 19 * 3_000 + 10 * 15_000, "{row:?}");
            let named = if model == "known" { "o200k_base" } else { "cl100k_base" };
            assert_eq!(tokenizer.as_deref(), Some(named), "{model}, streamed: {stream}");
            if !stream {
                assert_eq!(answer.usage(), Some((19, 10)), "the caller gets what is charged");
            }
        }
    }
    let input = "The food was delicious and the waiter...";
    let answer =
        stage.caller.at("/v1/embeddings").ask(&json!({"model": "vectors", "input": input})).await;
    answer.assert_answered("vectors");
    let (row, tokenizer) = stage.last().await;
    assert_eq!((row.input, row.output, row.basis.as_str()), (8, 0, "counted"), "{row:?}");
    assert_eq!(tokenizer.as_deref(), Some("cl100k_base"));
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_vocabulary_a_byte_is_a_token() {
    let stage = Stage::new().await;
    stage.caller.ask(&hello("unknown", false)).await.assert_answered("unknown");
    let (row, tokenizer) = stage.last().await;
    let bytes = i64::try_from(ANSWER.len()).unwrap();
    assert_eq!((row.output, row.basis.as_str()), (bytes, "counted"), "{row:?}");
    assert!(row.input > 100 && tokenizer.is_none(), "{row:?}");
    // And what a provider says is taken as ever where it says it.
    stage.simulator.script(Behaviour { usage: UsageReport::Exact, ..silent() }, Vec::new());
    stage.caller.ask(&hello("known", false)).await.assert_answered("known");
    let (row, tokenizer) = stage.last().await;
    assert_eq!((row.basis.as_str(), tokenizer), ("provider", None), "{row:?}");
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_count_is_charged_by_its_bound_as_without_a_vocabulary() {
    let stage = Stage::new().await;
    // How tools are told to a model is not published.
    for model in ["known", "unknown"] {
        let mut body = hello(model, false);
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        body["tools"] =
            json!([{"type": "function", "function": {"name": "f", "parameters": parameters}}]);
        stage.caller.ask(&body).await.assert_answered(model);
    }
    let (bytes, _) = stage.last().await;
    let ledger = stage.rows.ledger().await;
    let tokens = &ledger[0];
    assert!(tokens.input > 1_000 && tokens.input < bytes.input, "{ledger:?}");
    let named = "select count(*) from ledger where usage like '%tokenizer%'";
    assert_eq!(stage.rows.number(named).await, 0);
    // A model that thinks unseen may have used all that was held.
    stage.caller.ask(&hello("thinks", false)).await.assert_answered("thinks");
    let (row, tokenizer) = stage.last().await;
    assert_eq!((row.basis.as_str(), tokenizer), ("worst_case", None), "{row:?}");
    // Of a stream that was cut more may have been made than came.
    let cut = Behaviour { end: Some(End::Cut), after_chunks: 5, ..silent() };
    stage.simulator.script(cut, Vec::new());
    let answer = stage.caller.ask(&hello("known", true)).await;
    assert!(!answer.is_done(), "{}", answer.text);
    let (row, tokenizer) = stage.last().await;
    assert!(row.output > 64 && row.basis == "counted" && tokenizer.is_none(), "{row:?}");
    stage.assert_covered().await;
}
