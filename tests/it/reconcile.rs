//! A provider's export beside the ledger: calls that end as guesses are brought to what the provider's
//! own bill says, once, and nobody is credited more.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use simulator::{Behaviour, End, Model, Price, Simulator, SimulatorOptions, UsageReport};
use support::{Caller, Database, LedgerRow, Rows, Server, Setup, chat, eventually, streamed};

const SETTLED_MAX: Duration = Duration::from_secs(20);
const PRICE: Price = Price::dollars_per_million(3, 15);
/// Our models by their names at the provider; the one thinks unseen.
const MODELS: [&str; 2] = ["plain", "thinker"];

/// A gateway before a provider that keeps its bill in a file.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    bill: PathBuf,
    pub(crate) server: Server,
    pub(crate) caller: Caller,
    pub(crate) rows: Rows,
    began: u64,
}

/// What the provider billed for one model: calls, tokens in, tokens out, nano-dollars.
pub(crate) type Billed = BTreeMap<String, [u64; 4]>;

impl Stage {
    pub(crate) async fn new(database: Database, folder: &std::path::Path, anthropic: bool) -> Self {
        let bill = folder.join("bill.jsonl");
        let options = SimulatorOptions {
            bill: Some(bill.clone()),
            models: MODELS.iter().map(|id| Model::new(id, PRICE)).collect(),
            ..SimulatorOptions::default()
        };
        let simulator = Simulator::start(options).await.unwrap();
        let mut setup = Setup::new(database).await;
        // The simulator shares this process's cores with the tests beside it.
        setup
            .set("upstream.idle_timeout", "10s")
            .set("ledger.admission_timeout", "20s")
            .set("budget.agent_day", "1000.00");
        let tree = setup.tree();
        match anthropic {
            true => tree.anthropic_provider("theirs", &simulator, "cloud"),
            false => tree.openai_provider("theirs", &simulator, "cloud"),
        };
        for (id, capabilities) in MODELS.into_iter().zip(["", ", \"reasoning\""]) {
            tree.write(&format!("models/{id}.toml"), &model(id, capabilities));
        }
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        let rows = Rows::of(&server).await;
        // The bucket begins with a full second after the ledger does.
        let began = now().as_secs() + 1;
        until(began).await;
        Self { simulator, bill, server, caller, rows, began }
    }

    /// Calls that end in every way: told, counted after all, cut, and without any news.
    async fn calls(&self) {
        let told = Behaviour { output_tokens: Some(60), ..Behaviour::default() };
        let untold = Behaviour { usage: UsageReport::Missing, ..told.clone() };
        let cut = Behaviour { end: Some(End::Cut), after_chunks: 5, ..told.clone() };
        let thinks = Behaviour { hidden_tokens: 200, ..untold.clone() };
        let cases = [
            (chat("our-plain", "Hello."), &told),
            (streamed("our-plain", "Hello."), &told),
            (streamed("our-plain", "Hello."), &untold),
            (streamed("our-plain", "Hello."), &cut),
            (chat("our-thinker", "Hello."), &thinks),
            (streamed("our-thinker", "Hello."), &thinks),
            (streamed("our-thinker", "Hello."), &told),
        ];
        for (body, behaviour) in cases {
            self.simulator.script(behaviour.clone(), Vec::new());
            let answer = self.caller.ask(&body).await;
            assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        }
        eventually("every call is settled", SETTLED_MAX, async || {
            let quiet = self.simulator.bill_total().open == 0 && self.rows.open_holds().await == 0;
            (quiet && self.rows.ledger().await.len() >= 7).then_some(())
        })
        .await;
        self.rows.catch_up().await;
    }

    /// The provider's bill, from its own file.
    pub(crate) fn billed(&self) -> Billed {
        let text = std::fs::read_to_string(&self.bill).unwrap();
        let mut billed = Billed::new();
        for line in text.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            if entry["event"] != "final" {
                continue;
            }
            let sums = billed.entry(entry["model"].as_str().unwrap().to_owned()).or_default();
            let figure = |name: &str| entry[name].as_u64().unwrap();
            let more = [1, figure("input_tokens"), figure("output_tokens"), figure("nanos")];
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        assert_eq!(nanos(&billed), i64::try_from(self.simulator.bill_total().nanos).unwrap());
        billed
    }

    /// Writes an export of all that was billed up to now, and waits until its bucket is over.
    pub(crate) async fn export(&self, name: &str, form: impl Fn(u64, u64) -> String) -> String {
        let ends = now().as_secs() + 1;
        let file = self.bill.with_file_name(name);
        std::fs::write(&file, form(self.began, ends)).unwrap();
        until(ends).await;
        file.display().to_string()
    }

    pub(crate) fn reconcile(&self, file: &str, more: &[&str]) -> Value {
        // Its buckets are of seconds: within the usual margin nothing would be credited.
        let words = ["budget", "reconcile", file, "--complete-after", "0s", "--edge", "0s"];
        self.server.json(&[&words[..], more].concat())
    }

    /// Everything that was charged; the accounts must say the same.
    pub(crate) async fn charged(&self) -> i64 {
        let rows = self.rows.ledger().await;
        let sum = rows.iter().map(|row| row.amount + row.overrun).sum();
        for account in self.rows.accounts().await {
            assert_eq!(account.settled + account.overrun, sum, "{account:?}");
            assert!(account.settled + account.held <= account.cap, "{account:?}");
        }
        sum
    }
}

/// The file of a model.
fn model(id: &str, capabilities: &str) -> String {
    format!(
        "[[model]]\nid = \"our-{id}\"\nprovider = \"theirs\"\nupstream = \"{id}\"\n\
         context_tokens = 128000\nmax_output_tokens = 4096\n\
         capabilities = [\"streaming\"{capabilities}]\n\
         price.input = \"3.00\"\nprice.output = \"15.00\"\n"
    )
}

fn now() -> Duration {
    std::time::UNIX_EPOCH.elapsed().unwrap()
}

async fn until(second: u64) {
    tokio::time::sleep(Duration::from_secs(second).saturating_sub(now())).await;
}

pub(crate) fn nanos(billed: &Billed) -> i64 {
    billed.values().map(|[.., nanos]| i64::try_from(*nanos).unwrap()).sum()
}

pub(crate) fn openai_page(billed: &Billed, from: u64, to: u64) -> String {
    let result = |(model, [calls, input, output, _]): (&String, &[u64; 4])| {
        json!({
            "object": "organization.usage.completions.result", "model": format!("{model}-2026-05-01"),
            "input_tokens": input, "output_tokens": output, "input_cached_tokens": 0,
            "num_model_requests": calls, "batch": false, "service_tier": "default",
        })
    };
    let results: Vec<Value> = billed.iter().map(result).collect();
    let bucket =
        json!({ "object": "bucket", "start_time": from, "end_time": to, "results": results });
    // A day that is not over yet, and one of before the gateway was there.
    let later =
        json!({ "object": "bucket", "start_time": to, "end_time": to + 86_400, "results": [] });
    let before = json!({ "object": "bucket", "start_time": 1, "end_time": 86_401, "results": [] });
    json!({ "object": "page", "data": [before, bucket, later], "has_more": false }).to_string()
}

fn openai_table(billed: &Billed, from: u64, to: u64) -> String {
    let head = "start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,\
                model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens\n";
    let row = |(model, [calls, input, output, _]): (&String, &[u64; 4])| {
        format!(
            "{from},{to},,,proj_a,{calls},{model}-2026-05-01,FALSE,default,{input},{output},0\n"
        )
    };
    head.to_owned() + &billed.iter().map(row).collect::<String>()
}

fn anthropic_page(billed: &Billed, from: u64, to: u64) -> String {
    let at = |second: u64| {
        let second = i64::try_from(second).unwrap();
        types::Timestamp(0).plus_seconds(second).to_string()
    };
    let result = |(model, [_, input, output, _]): (&String, &[u64; 4])| {
        json!({
            "model": format!("{model}-20260501"), "uncached_input_tokens": input,
            "cache_creation": { "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0 },
            "cache_read_input_tokens": 0, "output_tokens": output, "service_tier": "standard",
            "server_tool_use": { "web_search_requests": 0 }, "context_window": "0-200k",
        })
    };
    let results: Vec<Value> = billed.iter().map(result).collect();
    let bucket = json!({ "starting_at": at(from), "ending_at": at(to), "results": results });
    json!({ "data": [bucket], "has_more": false, "next_page": null }).to_string()
}

/// Calls, compares, books, and books again.
async fn books_the_difference(
    database: Database,
    anthropic: bool,
    form: fn(&Billed, u64, u64) -> String,
) {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(database, folder.path(), anthropic).await;
    stage.calls().await;
    let (billed, before) = (stage.billed(), stage.rows.ledger().await);
    let bill = nanos(&billed);
    let known = |basis: &str| before.iter().filter(|row| row.basis == basis).count();
    let bases = ["provider", "counted", "worst_case"].map(known);
    assert!(bases.iter().all(|count| *count > 0), "{before:?}");
    let charged = stage.charged().await;
    assert!(charged > bill + bill / 20, "nothing to credit: {charged} for {bill}");
    let file = stage.export("usage", |from, to| form(&billed, from, to)).await;

    // Without --apply it only says so.
    let dry = stage.reconcile(&file, &[]);
    assert_eq!(dry["provider"], "theirs", "the only one of its kind");
    let total = &dry["total"];
    assert_eq!(
        (&total["theirs"]["nanos"], &total["ours"]["nanos"]),
        (&json!(bill), &json!(charged))
    );
    assert_eq!((&total["explained_percent"], &dry["booked"]), (&json!("100.00"), &Value::Null));
    let models: Vec<&Value> =
        dry["models"].as_array().unwrap().iter().map(|model| &model["model"]).collect();
    assert_eq!(models, ["plain", "thinker"], "dates are those of snapshots");
    assert_eq!(stage.rows.ledger().await, before);

    let applied = stage.reconcile(&file, &["--apply"]);
    let calls = applied["booked"]["calls"].as_i64().unwrap();
    assert!(calls >= 3 && applied["booked"]["passed_over"] == 0, "{applied}");
    let after = stage.charged().await;
    assert!((bill..=bill + bill / 20).contains(&after), "{after} charged, {bill} billed");
    let rows = stage.rows.ledger().await;
    assert_eq!(rows.get(..before.len()), Some(before.as_slice()), "past rows never change");
    let new: Vec<&LedgerRow> = rows.iter().skip(before.len()).collect();
    assert_eq!(i64::try_from(new.len()).unwrap(), calls);
    assert!(new.iter().all(|row| row.kind == "reconciled" && row.basis != "provider"), "{new:?}");
    let spent = stage.server.json(&["spend", "--by", "provider"]);
    assert_eq!(spent["total"]["nanos"], after);

    // The same again, and what tells the same in part.
    let again = stage.reconcile(&file, &["--apply"]);
    assert_eq!((&again["calls"], &again["booked"]["calls"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!(again["total"]["unexplained"]["nanos"], 0);
    assert_eq!((stage.rows.ledger().await, stage.charged().await), (rows, after));
    let acts = "select count(*) from audit where kind = 'admin' and body like '%budget.reconcile%'";
    assert_eq!(stage.rows.number(acts).await, 2, "both are on record");
    assert_eq!(stage.server.json(&["audit", "verify"])["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_openais_api_brings_guesses_to_the_bill() {
    books_the_difference(Database::Sqlite, false, openai_page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_openais_dashboard_brings_guesses_to_the_bill() {
    books_the_difference(Database::Postgres, false, openai_table).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_anthropics_api_brings_guesses_to_the_bill() {
    books_the_difference(Database::Sqlite, true, anthropic_page).await;
}

/// The buckets of an export in two: what was booked in one width is never booked in another.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_booked_in_one_width_is_not_booked_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(Database::Sqlite, folder.path(), false).await;
    stage.calls().await;
    let billed = stage.billed();
    // Its bucket has two seconds at least.
    until(stage.began + 1).await;
    let wide = stage.export("wide", |from, to| openai_page(&billed, from, to)).await;
    // Within the usual margin nothing of a few seconds is sure.
    let words = ["budget", "reconcile", &wide, "--complete-after", "0s", "--apply"];
    let careful = stage.server.json(&words);
    assert_eq!((&careful["calls"], &careful["booked"]["calls"]), (&json!(0), &json!(0)));
    let booked = stage.reconcile(&wide, &["--apply"])["booked"]["calls"].as_i64().unwrap();
    assert!(booked >= 3, "{booked}");
    let charged = stage.charged().await;

    let none = Billed::new();
    let narrow = |from: u64, to: u64| {
        let page = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let bucket = |billed, from, to| page(openai_page(billed, from, to))["data"][1].clone();
        let middle = from + 1;
        json!({ "data": [bucket(&none, from, middle), bucket(&billed, middle, to)] }).to_string()
    };
    let file = stage.export("narrow", narrow).await;
    let again = stage.reconcile(&file, &["--apply"]);
    assert_eq!(again["booked"]["calls"], 0, "{again}");
    let left = again["left_out"].as_array().unwrap();
    let told = |model: &str| {
        left.iter().any(|left| {
            let why = left["why"].as_str().unwrap();
            left["model"] == model && why.contains("was booked: export with the buckets")
        })
    };
    assert!(told("plain") && told("thinker"), "{again}");
    assert_eq!(stage.charged().await, charged);
    // The same width is as good as ever.
    let same = stage.reconcile(&wide, &["--apply"]);
    assert_eq!(
        (&same["left_out"][0]["model"], &same["total"]["buckets"]),
        (&Value::Null, &json!(2))
    );
}

/// What was called is not what the registry has by now: nobody is credited for it, nor charged.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_was_another_when_it_was_called_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(Database::Sqlite, folder.path(), false).await;
    stage.calls().await;
    let billed = stage.billed();
    // The one has another upstream by now, and the other another id.
    let (mut plain, mut thinker) = (model(MODELS[0], ""), model(MODELS[1], ""));
    plain = plain.replace("upstream = \"plain\"", "upstream = \"simple\"");
    thinker = thinker.replace("our-thinker", "new-thinker");
    // Theirs has the new names, and nothing else is said of these calls: all would be credited.
    let named: Billed = [("simple".to_owned(), [0; 4]), ("thinker".to_owned(), [0; 4])].into();
    let tree = stage.server.tree();
    tree.write("models/plain.toml", &plain).write("models/thinker.toml", &thinker).commit("others");
    stage.server.json(&["policy", "reload"]);
    let before = stage.charged().await;
    let file = stage.export("usage", |from, to| openai_page(&named, from, to)).await;
    let found = stage.reconcile(&file, &["--apply"]);
    assert_eq!(found["booked"]["calls"], 0, "{found}");
    let left = found["left_out"].as_array().unwrap();
    let why =
        left.iter().find(|left| left["model"] == "simple").expect("it is told")["why"].clone();
    assert!(why.as_str().unwrap().starts_with("`our-plain` was called at another price"), "{why}");
    assert_eq!(found["absent"][0]["model"], "our-thinker", "{found}");
    // Nor is it put on others that the provider billed what the registry does not know any more.
    let notes = found["notes"].to_string();
    assert!(notes.contains("nobody is charged more"), "{found}");
    assert_eq!(stage.charged().await, before);
    assert!(nanos(&billed) > 0);
}

/// What a call of another tenant or one that goes on may have cost is put on nobody.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_charged_for_another_tenant_nor_for_a_call_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(Database::Sqlite, folder.path(), false).await;
    let usage = UsageReport::Missing;
    let untold = Behaviour { output_tokens: Some(60), usage, ..Behaviour::default() };
    stage.simulator.script(untold, Vec::new());
    stage.caller.ask(&streamed("our-plain", "Hello.")).await;
    eventually("it is settled", SETTLED_MAX, async || {
        (stage.rows.ledger().await.len() == 1 && stage.rows.open_holds().await == 0).then_some(())
    })
    .await;
    stage.rows.catch_up().await;
    let mut billed = stage.billed();
    billed.get_mut("plain").unwrap().iter_mut().for_each(|figure| *figure *= 10);
    let file = stage.export("more", |from, to| openai_page(&billed, from, to)).await;
    let alone = stage.reconcile(&file, &[]);
    assert_eq!(alone["calls"], 1, "the one that was counted is debited: {alone}");

    let hold = |seconds_ago: u64, n: u128| {
        types::HoldId::from_parts((stage.began - seconds_ago) * 1_000, n).to_string()
    };
    let foreign = format!(
        "insert into ledger (tenant_id, hold_id, kind, agent_id, request_id, attempt_id, provider, \
         model, price_row, path, amount, overrun, basis, input_tokens, cached_tokens, output_tokens, \
         reasoning_tokens, at) select '{}', '{}', kind, agent_id, request_id, attempt_id, provider, \
         model, price_row, path, amount, overrun, basis, 0, 0, 0, 0, at from ledger",
        types::TenantId::from_parts(1, 9),
        hold(0, 1),
    );
    assert_eq!(stage.rows.execute(&foreign).await, 1);
    let others = stage.reconcile(&file, &["--apply"]);
    assert_eq!(others["booked"]["calls"], 0, "{others}");
    assert!(others["notes"].to_string().contains("another tenant"), "{others}");

    // It began before the bucket did, and may be billed in it.
    let open = format!(
        "insert into holds (id, tenant_id, agent_id, key_id, request_id, attempt_id, provider, \
         model, price_row, path, amount, state, dispatched_at, progress, if_lost, lease_until, owner, \
         fence) select '{}', tenant_id, agent_id, key_id, request_id, attempt_id || '0', provider, \
         model, price_row, path, amount, 'dispatched', dispatched_at, 0, amount, 9000000000000000, \
         owner, fence from holds",
        hold(10, 2),
    );
    assert_eq!(stage.rows.execute(&open).await, 1);
    let waits = stage.reconcile(&file, &[]);
    let left = waits["left_out"].as_array().unwrap();
    let told = |left: &Value| {
        left["model"] == "plain" && left["why"] == "a call of ours has no charge yet"
    };
    assert!(left.iter().any(told), "{waits}");
}

/// The check itself: where others use the same account, or a call is missing from the export, that is
/// told and not booked.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_call_explains_is_told_and_never_booked() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::new(Database::Sqlite, folder.path(), false).await;
    let told = Behaviour { output_tokens: Some(60), ..Behaviour::default() };
    stage.simulator.script(told, Vec::new());
    for model in ["our-plain", "our-thinker"] {
        stage.caller.ask(&chat(model, "Hello.")).await.assert_answered(model);
    }
    eventually("both are settled", SETTLED_MAX, async || {
        (stage.rows.ledger().await.len() == 2 && stage.rows.open_holds().await == 0).then_some(())
    })
    .await;
    let (before, charged) = (stage.rows.ledger().await, stage.charged().await);
    let mut billed = stage.billed();
    for figure in billed.get_mut("plain").unwrap() {
        *figure *= 3;
    }
    billed.remove("thinker");
    billed.insert("foreign".to_owned(), [2, 10, 20, 0]);
    let file = stage.export("more.json", |from, to| openai_page(&billed, from, to)).await;
    let found = stage.reconcile(&file, &["--provider", "theirs", "--apply"]);
    let own = i64::try_from(billed["plain"][3]).unwrap() / 3;
    // A nano is the rounding of their one line.
    assert_eq!(found["total"]["unexplained"]["nanos"], 1 - 2 * own, "{found}");
    assert_eq!(found["total"]["explained_percent"], "0.00");
    assert_eq!(found["unmatched"][0]["model"], "foreign-2026-05-01");
    assert_eq!(
        (&found["absent"][0]["model"], &found["absent"][0]["calls"]),
        (&json!("our-thinker"), &json!(1))
    );
    let why = |index: usize| found["left_out"][index]["why"].as_str().unwrap().to_owned();
    assert_eq!(why(0), "it begins before the ledger does");
    assert!(why(1).starts_with("it is not over"), "{found}");
    assert_eq!((stage.rows.ledger().await, stage.charged().await), (before, charged));

    // Bad input is refused whole, with its place.
    let bad =
        openai_page(&stage.billed(), 1, 2).replacen("\"output_tokens\"", "\"smell_tokens\"", 1);
    let path = folder.path().join("bad.json");
    std::fs::write(&path, bad).unwrap();
    let path = path.display().to_string();
    let refused = stage.server.run(&["budget", "reconcile", &path, "--provider", "theirs"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("bad.json, page 0, data[1].results[0], `smell_tokens`"), "{told}");
}
