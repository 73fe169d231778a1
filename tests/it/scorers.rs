//! External scorers: what they are told, what their word does, and that nobody waits for one that fails.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Answer, Caller, Database, ModelSpec, Scorer, Server, Setup, chat, eventually, provider,
};

use crate::docs;

const SETTLED_MAX: Duration = Duration::from_secs(20);
/// Longer than a loaded machine takes for an answer, and as long as one may wait.
const PATIENT: &str = "250ms";

/// Three cloud models and a local one; `auto` takes the local one where nobody says otherwise.
struct Stage {
    simulator: Simulator,
    server: Server,
    caller: Caller,
}

impl Stage {
    /// `scorer` is the table of the organisation's scorer without its head.
    async fn new(scorer: &str) -> Self {
        let price = Price::dollars_per_million(3, 15);
        let ids = ["a", "b", "c", "near"];
        let simulator = provider(&ids.map(|id| (id, price))).await;
        let mut setup = Setup::new(Database::Sqlite).await;
        setup.variable("SCORER_TOKEN", "scorer-token");
        let tree = setup.tree();
        tree.openai_provider("sim", &simulator, "cloud")
            .openai_provider("house", &simulator, "local")
            .write("orchestack.toml", &format!("[routing.scorer]\n{scorer}"));
        let price = Some(("3.00", "15.00"));
        tree.model_with(
            ModelSpec { id: "a", provider: "sim", price },
            "fallbacks = [\"b\", \"c\"]\nquality = 40",
        )
        .model_with(ModelSpec { id: "b", provider: "sim", price }, "quality = 55")
        .model_with(ModelSpec { id: "c", provider: "sim", price }, "quality = 90")
        .model_with(ModelSpec { id: "near", provider: "house", price }, "quality = 10");
        tree.agent("plain", "100.00");
        let plain = "owner = \"tests\"\n[budget]\ntotal = \"100.00\"\n[scorer]\nenabled = false\n";
        tree.write("agents/plain/agent.toml", plain);
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { simulator, server, caller }
    }

    /// What a dry run tells.
    async fn plan(&self, model: &str) -> Value {
        let body = chat(model, "My mail is jane.roe@example.com.");
        let answer = self.caller.ask_with(("x-orchestack-dry-run", "true"), &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    async fn outcomes(&self, outcome: &str) -> u64 {
        self.server.metric(&format!("orchestack_scorer_total{{outcome=\"{outcome}\"}}")).await
    }
}

fn patient(scorer: &Scorer) -> String {
    format!("url = \"{}\"\ndeadline = \"{PATIENT}\"\nsecret = \"env:SCORER_TOKEN\"\n", scorer.url())
}

fn models(plan: &Value) -> Vec<&str> {
    plan["attempts"].as_array().unwrap().iter().map(|c| c["model"].as_str().unwrap()).collect()
}

/// A JSON block of the guide.
fn documented(file: &str) -> Value {
    let blocks = docs::page::blocks("docs/routing.md");
    let block = blocks.into_iter().find(|block| block.test == format!("file {file}"));
    serde_json::from_str(&block.expect("the guide shows it").body).expect("it is JSON")
}

/// The names of all fields, but those of findings, which are kinds.
fn shape(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let below = if name == "findings" { BTreeSet::new() } else { shape(value) };
                let below = below.into_iter().map(move |field| format!("{name}.{field}"));
                below.chain([name.clone()])
            })
            .collect(),
        Value::Array(items) => items.first().map(shape).unwrap_or_default(),
        _ => BTreeSet::new(),
    }
}

fn reason<'p>(dropped: &'p Value, model: &str) -> Option<&'p str> {
    let dropped = dropped.as_array()?.iter().find(|dropped| dropped["model"] == model)?;
    dropped["reason"].as_str()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scorer_is_told_figures_and_never_text_and_its_word_is_on_record() {
    let scorer = Scorer::start().await;
    let stage = Stage::new(&patient(&scorer)).await;
    assert_eq!(models(&stage.plan("auto").await), ["near", "c", "b"]);
    let (head, body) = scorer.got().pop().unwrap();
    assert!(head.starts_with("POST /score HTTP/1.1"), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer scorer-token"), "{head}");
    assert!(!body.contains("jane") && !body.contains("example.com"), "{body}");
    let question = scorer.question();
    assert_eq!(question["version"], 1);
    let request = &question["request"];
    let expected = json!({
        "tenant": "default", "agent": "default", "endpoint": "/v1/chat/completions",
        "model": "auto", "variant": "balanced", "label": "sensitive", "findings": { "email": 1 },
        "needs": {
            "purpose": "chat", "input_tokens": request["needs"]["input_tokens"],
            "longest_tokens": null, "max_output_tokens": null,
            "tools": false, "json_schema": false, "images": false, "streaming": false,
        },
        "choices": 1, "messages": 1, "tools": 0, "id": request["id"],
    });
    assert_eq!(request, &expected);
    assert_eq!(
        shape(&question),
        shape(&documented("question.json")),
        "docs/routing.md shows another"
    );
    let candidate = &question["candidates"][0];
    assert_eq!((&candidate["model"], &candidate["locality"]), (&json!("near"), &json!("local")));
    assert!(
        candidate["cost_nanos"].is_u64() && candidate["context_tokens"] == 128_000,
        "{candidate}"
    );
    // Its penalties are the order; a veto is a reason. What it does not know is passed over.
    scorer.says(
        r#"{"penalties": {"near": 700, "c": 300, "b": 10, "gpt-9": 0}, "vetoes": ["a", "gpt-9"]}"#,
    );
    let plan = stage.plan("auto").await;
    assert_eq!(models(&plan), ["b", "c", "near"]);
    assert_eq!(reason(&plan["dropped"], "a"), Some("vetoed"));
    assert_eq!(plan["attempts"][2]["score"]["scorer"], 700);
    assert_eq!(
        (&plan["scorer"]["outcome"], &plan["scorer"]["unknown"]),
        (&json!("used"), &json!(2))
    );
    // The named model and the order of its fallbacks are a person's word.
    scorer.says(r#"{"penalties": {"a": 1000, "b": 900, "c": 0}}"#);
    assert_eq!(models(&stage.plan("a").await), ["a", "b", "c"]);
    // It decides what really serves, and the record of that tells so.
    scorer.says(r#"{"penalties": {"near": 1000, "a": 0, "b": 500, "c": 500}, "vetoes": ["c"]}"#);
    let answer = stage.caller.ask(&chat("auto", "Hello.")).await;
    answer.assert_answered("a");
    let request = answer.header("x-orchestack-request-id");
    let told = eventually("the decision is on record", SETTLED_MAX, async || {
        let output = stage.server.run(&["explain", request]);
        let told = String::from_utf8(output.stdout).unwrap();
        told.contains("scorer     ").then_some(told)
    })
    .await;
    assert!(told.contains("scorer     heard after "), "{told}");
    assert!(told.contains("4 penalties, 1 vetoes") && told.contains("out: vetoed"), "{told}");
    assert!(told.contains("quality 600, scorer 0)"), "{told}");
    let records = stage.server.json(&["explain", request]);
    let record = &records["records"][0]["detail"]["scorer"];
    assert_eq!(record["opinion"]["penalties"]["near"], 1000, "{record}");
    assert!(record["took_us"].is_u64() && !record.to_string().contains("scorer-token"), "{record}");
    // An agent can do without.
    let asked = scorer.got().len();
    Caller::new(&stage.server, "plain").ask(&chat("auto", "Hello.")).await.assert_answered("near");
    assert_eq!(scorer.got().len(), asked);
    assert!(!stage.server.log().contains("scorer-token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn vetoes_of_all_are_no_route_and_nothing_is_added_or_asked() {
    let scorer = Scorer::start().await;
    let stage = Stage::new(&patient(&scorer)).await;
    scorer.says(r#"{"vetoes": ["a", "b", "c", "near"]}"#);
    let answer = stage.caller.ask(&chat("auto", "Hello.")).await;
    answer.assert_refused(422, "no_route");
    assert!(answer.text.contains("near: vetoed"), "{}", answer.text);
    assert!(stage.simulator.log().is_empty());
    // Restricted content stays where it may be, whatever a scorer likes.
    scorer.says(r#"{"penalties": {"near": 1000, "a": 0, "b": 0, "c": 0}}"#);
    let restricted = chat("auto", "My number is 536-22-8174.");
    stage.caller.ask(&restricted).await.assert_answered("near");
    let question = scorer.question();
    let told: Vec<_> = question["candidates"].as_array().unwrap().iter().collect();
    assert!(told.len() == 1 && told[0]["model"] == "near", "{question}");
    scorer.says(r#"{"vetoes": ["near"]}"#);
    stage.caller.ask(&restricted).await.assert_refused(422, "no_route");
    assert!(stage.simulator.log().iter().all(|seen| seen.model == "near"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scorer_that_fails_is_not_heard_and_after_a_while_not_asked() {
    let scorer = Scorer::start().await;
    let stage = Stage::new(&patient(&scorer)).await;
    let veto = r#"{"vetoes": ["near"]}"#;
    for (status, body, delay, outcome) in [
        (500, veto, Duration::ZERO, "status"),
        (200, "{\"vetoes\": [\"near\"]", Duration::ZERO, "nonsense"),
        (200, r#"{"penalties": {"near": 1001}}"#, Duration::ZERO, "nonsense"),
        (200, r#"{"veto": ["near"]}"#, Duration::ZERO, "nonsense"),
        (200, veto, Duration::from_secs(5), "deadline"),
    ] {
        scorer.answers(status, body, delay);
        let before = stage.outcomes(outcome).await;
        let plan = stage.plan("auto").await;
        assert_eq!(models(&plan)[0], "near", "{outcome}: {plan}");
        assert_eq!(plan["scorer"]["outcome"], outcome, "{plan}");
        assert_eq!(stage.outcomes(outcome).await, before + 1);
    }
    // Five in a row are enough: nobody waits for it now.
    let asked = scorer.got().len();
    let started = Instant::now();
    for _ in 0..10 {
        let plan = stage.plan("auto").await;
        assert_eq!(plan["scorer"]["outcome"], "resting", "{plan}");
    }
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!((scorer.got().len(), stage.outcomes("resting").await), (asked, 10));
    // It is asked again by one request, and heard from then on.
    scorer.says(veto);
    let heard = eventually("the scorer is heard again", SETTLED_MAX, async || {
        let plan = stage.plan("auto").await;
        (plan["scorer"]["outcome"] == "used").then_some(plan)
    });
    assert_eq!(reason(&heard.await["dropped"], "near"), Some("vetoed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scorer_that_is_not_there_costs_nobody_an_answer() {
    let stage = Stage::new("url = \"http://127.0.0.1:1\"\nsecret = \"env:NOT_SET\"\n").await;
    let plan = stage.plan("auto").await;
    assert_eq!(plan["scorer"]["outcome"], "unreachable", "{plan}");
    stage.caller.ask(&chat("auto", "Hello.")).await.assert_answered("near");
    let status = stage.server.json(&["policy", "status"]).to_string();
    assert!(status.contains("NOT_SET"), "{status}");
}

/// The example of this repository, ended with the test.
struct Example(Child, String);

impl Example {
    fn start(token: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/scorer/scorer.py");
        let mut command = Command::new("python3");
        command.args(["-B", script, "--listen", "127.0.0.1:0"]).env("SCORER_TOKEN", token);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("python3 is installed");
        let mut line = String::new();
        let told = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line);
        assert!(told.is_ok(), "the example starts");
        let url = line.trim().strip_prefix("listening on ").expect("its address").to_owned();
        Self(child, url)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_scorer_works_as_it_is() {
    let example = Example::start("scorer-token");
    let scorer = format!(
        "url = \"{}\"\nsecret = \"env:SCORER_TOKEN\"\ndeadline = \"{PATIENT}\"\n",
        example.1
    );
    let stage = Stage::new(&scorer).await;
    // An easy request wants 40, one with tools 55.
    let easy = stage.caller.ask(&chat("auto", "Hello.")).await;
    easy.assert_answered("a");
    let mut hard = chat("auto", "Hello.");
    hard["tools"] = json!([{ "type": "function", "function": { "name": "look" } }]);
    stage.caller.ask(&hard).await.assert_answered("b");
    assert_eq!(stage.outcomes("used").await, 2);
    // Over one connection, and only with the token.
    let refused = Answer::read(support::Client::new().0.post(&example.1).json(&json!({}))).await;
    assert_eq!(refused.status, 401, "{}", refused.text);
    let client = support::Client::new().0;
    let asked = client.post(&example.1).bearer_auth("scorer-token").json(&json!({}));
    assert_eq!(Answer::read(asked).await.status, 400);
}
