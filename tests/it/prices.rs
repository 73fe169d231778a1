//! Prices beyond tokens and dates: classes of service, time, discounts, and what has no price.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Behaviour, Simulator};
use support::{
    Answer, Caller, Database, LedgerRow, Rows, Server, Setup, chat, eventually, provider, streamed,
};

const SETTLED_MAX: Duration = Duration::from_secs(20);

/// One model for each way to be priced; `gpt-4o` has the catalogue's price, for its provider is
/// called `openai`, and 12.5 % are off.
struct Stage {
    simulator: Simulator,
    server: Server,
    caller: Caller,
    rows: Rows,
}

impl Stage {
    async fn new(database: Database) -> Self {
        let simulator = provider(&[]).await;
        let mut setup = Setup::new(database).await;
        setup.set("upstream.connect_timeout", "5s").set("upstream.total_timeout", "90s");
        let model = |id: &str, more: &str| {
            format!(
                "[[model]]\nid = \"{id}\"\nprovider = \"openai\"\ncontext_tokens = 128000\n\
                 max_output_tokens = 4096\ncapabilities = [\"streaming\"]\n{more}"
            )
        };
        let classes = "[model.price]\ninput = \"2\"\noutput = \"8\"\n\
                       flex = { input = \"1\", output = \"4\" }\n\
                       priority = { input = \"5\", output = \"20\" }\n";
        setup
            .tree()
            .openai_provider("openai", &simulator, "cloud")
            .write("models/gpt-4o.toml", &model("gpt-4o", ""))
            .write("models/classes.toml", &model("classes", classes))
            .write("models/house.toml", &model("house", "price.second = \"0.002\"\n"))
            .write("orchestack.toml", "[[discount]]\nprovider = \"openai\"\noff = \"12.5%\"\n");
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        let rows = Rows::of(&server).await;
        Self { simulator, server, caller, rows }
    }

    /// Asks, and waits for the row of the call.
    async fn charge(&self, body: &Value) -> (Answer, Charge) {
        let before = self.rows.ledger().await.len();
        let answer = self.caller.ask(body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        let row = eventually("the call is settled", SETTLED_MAX, async || {
            self.rows.ledger().await.get(before).cloned()
        })
        .await;
        let nth = |column: &str| {
            format!("select {column} from ledger order by seq limit 1 offset {before}")
        };
        let text = async |column| self.rows.texts(&nth(column)).await.remove(0);
        let usage = serde_json::from_str(&text("usage").await).unwrap();
        let price_row = text("price_row").await;
        let holds = self.rows.holds().await;
        let held = holds.iter().find(|hold| hold.id == row.hold).unwrap().amount;
        assert!(row.amount <= held && row.overrun == 0, "{row:?} of {held}");
        (answer, Charge { row, usage, price_row, held })
    }
}

struct Charge {
    row: LedgerRow,
    usage: Value,
    price_row: String,
    held: i64,
}

impl Charge {
    /// What its tokens cost at so many dollars a million of each, before a discount.
    fn at(&self, input: i64, output: i64) -> i64 {
        (self.row.input * input + self.row.output * output) * 1_000
    }
}

fn tiered(mut body: Value, tier: &str) -> Value {
    body["service_tier"] = json!(tier);
    body
}

async fn classes(database: Database) {
    let stage = Stage::new(database).await;
    for body in [chat("classes", "Hello."), streamed("classes", "Hello.")] {
        let (_, standard) = stage.charge(&body).await;
        assert_eq!(standard.row.amount, standard.at(2, 8));
        assert_eq!(standard.usage.get("class"), None, "{}", standard.usage);
        let (_, named) = stage.charge(&tiered(body.clone(), "default")).await;
        assert_eq!(named.row.amount, named.at(2, 8));
        // The project's own setting may make any class of a call that names none.
        let (_, priority) = stage.charge(&tiered(body.clone(), "priority")).await;
        assert_eq!(priority.row.amount, priority.at(5, 20));
        assert_eq!(priority.usage["class"], "priority");
        assert!(priority.held > named.held * 2 && standard.held > named.held * 2);
        let (_, flex) = stage.charge(&tiered(body.clone(), "flex")).await;
        assert_eq!(flex.row.amount, flex.at(1, 4));
        assert_eq!(flex.usage["class"], "flex");
        // It may be served as standard.
        assert!(flex.held < priority.held && flex.held > named.held / 10 * 9);
    }
    let row = stage.charge(&chat("classes", "Hello.")).await.1.price_row;
    assert_eq!(
        row,
        "classes@tree:2000000000/8000000000/2000000000,flex:1000000000/4000000000/1000000000,\
         priority:5000000000/20000000000/5000000000"
    );
    // What has no price is not sent.
    for body in
        [tiered(chat("house", "Hello."), "priority"), tiered(chat("classes", "Hello."), "scale")]
    {
        let sent = stage.simulator.bill_total().calls;
        stage.caller.ask(&body).await.assert_refused(422, "no_route");
        assert_eq!(stage.simulator.bill_total().calls, sent, "{body}");
    }
}

async fn discount(database: Database) {
    let stage = Stage::new(database).await;
    let (_, charge) = stage.charge(&tiered(chat("gpt-4o", "Hello."), "default")).await;
    // 2.50 and 10.00 dollars a million, 7/8 of it.
    let eighths = (charge.row.input * 2_500 + charge.row.output * 10_000) * 7;
    assert_eq!(charge.row.amount, (eighths + 7) / 8);
    assert_eq!(charge.price_row, "openai/gpt-4o@2026-01-01;discount=12.50%");
    // A price that the organisation wrote is what it pays already.
    let (_, own) = stage.charge(&chat("classes", "Hello.")).await;
    assert_eq!(own.row.amount, own.at(2, 8));
    let list = stage.server.json(&["prices", "list"]);
    let models = list["models"].as_array().unwrap();
    let of = |id: &str| models.iter().find(|model| model["model"] == id).unwrap();
    assert_eq!(of("gpt-4o")["discount"], "12.50%", "{list}");
    assert_eq!(of("gpt-4o")["rates"]["input"]["usd"], "2.50", "{list}");
    assert_eq!(of("gpt-4o")["rates"]["audio_input"], Value::Null, "{list}");
    assert_eq!(of("classes")["classes"][1]["rates"]["output"]["usd"], "20.00", "{list}");
    assert_eq!(of("house")["second"]["usd"], "0.002", "{list}");

    // Without it, the next call is charged the whole, and the past stays as it was.
    let before = stage.rows.ledger().await;
    stage.server.tree().write("orchestack.toml", "").commit("list prices");
    eventually("the discount is gone", SETTLED_MAX, async || {
        stage.server.run(&["policy", "reload"]);
        let list = stage.server.json(&["prices", "list"]);
        let models = list["models"].as_array().unwrap();
        models.iter().all(|model| model["discount"] == Value::Null).then_some(())
    })
    .await;
    let (_, whole) = stage.charge(&tiered(chat("gpt-4o", "Hello."), "default")).await;
    assert_eq!(whole.row.amount, whole.row.input * 2_500 + whole.row.output * 10_000);
    assert_eq!(whole.price_row, "openai/gpt-4o@2026-01-01");
    assert_eq!(stage.rows.ledger().await[..before.len()], before);
}

async fn seconds(database: Database) {
    const SECOND: i64 = 2_000_000;
    let stage = Stage::new(database).await;
    let slow = Behaviour { delay_ms: 1_200, ..Behaviour::default() };
    for body in [chat("house", "Hello."), streamed("house", "Hello.")] {
        stage.simulator.script(slow.clone(), Vec::new());
        let (answer, charge) = stage.charge(&body).await;
        let seconds = charge.usage["seconds"].as_i64().unwrap();
        assert!((2..60).contains(&seconds), "{seconds}");
        assert_eq!(charge.row.amount, seconds * SECOND);
        // The time limit of an attempt, its connection and a write.
        assert!(charge.held >= 90 * SECOND && charge.held < 180 * SECOND, "{}", charge.held);
        assert_eq!(charge.price_row, "house@tree:0/0/0,second:2000000");
        if body["stream"] != true {
            let told = answer.header("x-orchestack-cost").trim_end_matches('0').to_owned();
            assert_eq!(told, format!("0.{:03}", seconds * 2).trim_end_matches('0'));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_is_charged_in_its_class() {
    for database in Database::ALL {
        classes(database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_is_off_what_is_charged_and_changes_no_past_cost() {
    for database in Database::ALL {
        discount(database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_ones_own_is_charged_by_the_second() {
    for database in Database::ALL {
        seconds(database).await;
    }
}
