//! `/v1/embeddings`, from caller to provider: every format, what it costs, and where its content goes.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Behaviour, End, Malformed, Price, Simulator, UsageReport};
use support::{
    Answer, Caller, Database, LedgerRow, ModelSpec, Rows, Server, Setup, chat, eventually, provider,
};

/// Longer than any settlement takes.
const SETTLED_MAX: Duration = Duration::from_secs(20);
const PATH: &str = "/v1/embeddings";
const SSN: &str = "My social security number is 536-22-8174, please file my taxes.";
/// What an input token costs at the simulators, in nano-dollars.
const TOKEN_NANOS: i64 = 3_000;

/// A provider of a format, and its one model for embeddings.
struct Format {
    /// Its name, and that of its model.
    name: &'static str,
    kind: &'static str,
    /// What its address has behind the simulator's.
    base: &'static str,
    upstream: &'static str,
    /// More lines of its file.
    more: &'static str,
    /// Where a call arrives.
    path: &'static str,
    /// Whether its format tells what was used.
    tells: bool,
}

const FORMATS: [Format; 7] = [
    Format {
        name: "openai",
        kind: "openai",
        base: "/v1",
        upstream: "text-embedding-3-small",
        more: "",
        path: "/v1/embeddings",
        tells: true,
    },
    Format {
        name: "azure",
        kind: "azure",
        base: "",
        upstream: "my-embed",
        more: "",
        path: "/openai/v1/embeddings",
        tells: true,
    },
    Format {
        name: "azure-old",
        kind: "azure",
        base: "",
        upstream: "old-embed",
        more: "api_version = \"2024-10-21\"\n",
        path: "/openai/deployments/old-embed/embeddings?api-version=2024-10-21",
        tells: true,
    },
    Format {
        name: "mistral",
        kind: "mistral",
        base: "/mistral/v1",
        upstream: "mistral-embed",
        more: "",
        path: "/mistral/v1/embeddings",
        tells: true,
    },
    Format {
        name: "gemini",
        kind: "gemini",
        base: "",
        upstream: "gemini-embedding-001",
        more: "",
        path: "/v1beta/models/gemini-embedding-001:batchEmbedContents",
        tells: false,
    },
    Format {
        name: "titan",
        kind: "bedrock",
        base: "",
        upstream: "amazon.titan-embed-text-v2:0",
        more: "",
        path: "/model/amazon.titan-embed-text-v2%3A0/invoke",
        tells: true,
    },
    Format {
        name: "cohere",
        kind: "bedrock",
        base: "",
        upstream: "cohere.embed-v4:0",
        more: "",
        path: "/model/cohere.embed-v4%3A0/invoke",
        tells: false,
    },
];

fn embed(model: &str, input: impl Into<Value>) -> Value {
    json!({ "model": model, "input": input.into() })
}

/// The numbers of each vector of an answer.
#[track_caller]
fn vectors(answer: &Answer) -> Vec<Vec<f64>> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["object"], "list", "{body}");
    let data = body["data"].as_array().unwrap().iter().enumerate();
    let vector = |(index, item): (usize, &Value)| {
        assert_eq!((&item["object"], &item["index"]), (&json!("embedding"), &json!(index)));
        item["embedding"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
    };
    data.map(vector).collect()
}

struct Stage {
    cloud: Simulator,
    local: Simulator,
    server: Server,
    caller: Caller,
    rows: Rows,
}

impl Stage {
    /// A provider of each format at one simulator, and a local one at another.
    async fn new(prepare: impl FnOnce(&Setup, &Simulator)) -> Self {
        let cloud = provider(&[]).await;
        let local = provider(&[("nomic", Price::FREE)]).await;
        let setup = Setup::new(Database::Sqlite).await;
        let tree = setup.tree();
        for Format { name, kind, base, upstream, more, .. } in &FORMATS {
            let url = cloud.base_url();
            let text = format!(
                "[[provider]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"{url}{base}\"\n\
                 locality = \"cloud\"\nsecret = \"env:SIMULATOR_KEY\"\n{more}"
            );
            tree.write(&format!("providers/{name}.toml"), &text);
            tree.embed_model(name, name, upstream, Some("3.00"));
        }
        tree.openai_provider("local", &local, "local")
            .embed_model("nomic", "local", "nomic", None)
            .model(ModelSpec { id: "words", provider: "openai", price: Some(("3.00", "15.00")) })
            .model(ModelSpec { id: "here", provider: "local", price: None })
            .agent("poor", "0.000001");
        prepare(&setup, &local);
        let server = setup.start().await;
        let caller = Caller::new(&server, "default").at(PATH);
        let rows = Rows::of(&server).await;
        Self { cloud, local, server, caller, rows }
    }

    async fn plain() -> Self {
        Self::new(|_, _| {}).await
    }

    async fn ask(&self, model: &str, input: impl Into<Value>) -> Answer {
        self.caller.ask(&embed(model, input)).await
    }

    /// What the cloud was sent last, and where.
    fn last(&self) -> (String, String) {
        let seen = self.cloud.log().pop().unwrap_or_default();
        (seen.path, seen.body.unwrap_or_default())
    }

    /// The settlements of a model, once every hold is resolved.
    async fn charges(&self, model: &str) -> Vec<LedgerRow> {
        eventually("every hold is resolved", SETTLED_MAX, async || {
            (self.rows.open_holds().await == 0).then_some(())
        })
        .await;
        self.rows.ledger().await.into_iter().filter(|row| row.model == model).collect()
    }

    #[track_caller]
    fn assert_nothing_in_the_cloud(&self) {
        assert_eq!(self.cloud.bytes_received(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_gives_vectors_and_what_is_settled_is_what_is_billed() {
    let stage = Stage::plain().await;
    let mut all = Vec::new();
    for Format { name, path, tells, .. } in &FORMATS {
        let before = stage.cloud.bill_total();
        let answer = stage.ask(name, "The food was delicious").await;
        all.push(vectors(&answer));
        assert_eq!(answer.json()["model"], *name, "{}", answer.text);
        assert_eq!(answer.header("x-orchestack-model"), *name);
        assert_eq!(answer.header("x-orchestack-label"), "internal");
        assert_eq!(stage.last().0, *path, "{name}");
        let billed = stage.cloud.bill_total();
        let tokens = i64::try_from(billed.input_tokens - before.input_tokens).unwrap();
        let nanos = i64::try_from(billed.nanos - before.nanos).unwrap();
        assert_eq!(nanos, tokens * TOKEN_NANOS, "an embedding has no output");
        let charge = stage.charges(name).await.pop().unwrap();
        let told = answer.json()["usage"]["prompt_tokens"].as_i64().unwrap();
        assert_eq!(answer.json()["usage"]["total_tokens"], told);
        assert_eq!((charge.input, charge.output), (told, 0), "{name}: {charge:?}");
        assert_eq!(charge.amount, told * TOKEN_NANOS, "{name}: {charge:?}");
        if *tells {
            assert_eq!((charge.basis.as_str(), told), ("provider", tokens), "{name}");
        } else {
            assert_eq!(charge.basis, "counted", "{name}");
            assert!(told >= tokens, "{name}: {told} of {tokens}");
        }
        assert_eq!(
            answer.header("x-orchestack-cost").parse::<f64>().unwrap() * 1e9,
            charge.amount as f64
        );
    }
    assert!(all.iter().all(|vectors| *vectors == all[0]), "the same text has the same vector");
    assert_eq!(stage.local.bytes_received(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_inputs_come_back_in_their_order_in_either_encoding() {
    use base64::Engine as _;
    let stage = Stage::plain().await;
    let words = ["alpha", "beta", "gamma"];
    for name in ["openai", "azure", "mistral", "gemini", "cohere"] {
        let together = vectors(&stage.ask(name, json!(words)).await);
        let mut alone = Vec::new();
        for word in words {
            alone.extend(vectors(&stage.ask(name, word).await));
        }
        assert_eq!(together, alone, "{name}");
        let mut body = embed(name, json!(words));
        body["encoding_format"] = json!("base64");
        body["dimensions"] = json!(16);
        let packed = stage.caller.ask(&body).await;
        let data = packed.json()["data"].clone();
        body["encoding_format"] = json!("float");
        let plain = vectors(&stage.caller.ask(&body).await);
        for (item, plain) in data.as_array().unwrap().iter().zip(&plain) {
            let text = item["embedding"].as_str().unwrap();
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
            let floats = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
            assert_eq!(floats.len(), 16);
            let plain: Vec<f32> =
                plain.iter().map(|number| number.to_string().parse().unwrap()).collect();
            assert_eq!(floats.collect::<Vec<_>>(), plain, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_format_cannot_say_is_named_and_nothing_is_sent() {
    let claude = |setup: &Setup, local: &Simulator| {
        setup.tree().anthropic_provider("anthropic", local, "local");
        setup.tree().embed_model("claude", "anthropic", "claude", None);
    };
    let stage = Stage::new(claude).await;
    for (model, field, more) in [
        ("claude", "input", json!({})),
        ("titan", "input", json!({"input": ["a", "b"]})),
        ("mistral", "user", json!({"user": "ann"})),
        ("gemini", "user", json!({"user": "ann"})),
    ] {
        let mut body = embed(model, "x");
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = stage.caller.ask(&body).await;
        answer.assert_refused(422, "no_route");
        assert!(answer.text.contains(&format!("cannot_express ({field})")), "{}", answer.text);
    }
    let answer = stage.ask("openai", json!(["a", ""])).await;
    answer.assert_refused(400, "invalid_request");
    assert_eq!(answer.json()["error"]["param"], "input[1]");
    stage.assert_nothing_in_the_cloud();
    assert_eq!(stage.local.bytes_received(), 0);
    assert!(stage.rows.ledger().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_for_words_or_for_vectors_and_auto_never_mixes_them() {
    let stage = Stage::plain().await;
    let answer = stage.ask("words", "x").await;
    answer.assert_refused(422, "no_route");
    assert!(answer.text.contains("missing_capability (embeddings)"), "{}", answer.text);
    let words = Caller::new(&stage.server, "default");
    let answer = words.ask(&chat("openai", "x")).await;
    answer.assert_refused(422, "no_route");
    assert!(answer.text.contains("missing_capability (chat)"), "{}", answer.text);
    stage.assert_nothing_in_the_cloud();
    vectors(&stage.ask("auto", "x").await);
    let seen = stage.local.log().pop().unwrap();
    assert_eq!((seen.path.as_str(), seen.model.as_str()), ("/v1/embeddings", "nomic"));
    words.ask(&chat("auto", "x")).await.assert_answered("here");
    let dry = ("x-orchestack-dry-run", "true");
    let plan = stage.caller.ask_with(dry, &embed("auto", "x")).await.json();
    let tried: Vec<_> = plan["attempts"].as_array().unwrap().iter().map(|a| &a["model"]).collect();
    assert_eq!(tried, ["nomic"], "{plan}");
    let others = plan["dropped"].as_array().unwrap();
    assert_eq!(others.len(), FORMATS.len(), "{plan}");
    assert!(others.iter().all(|other| other["reason"] == "other_vectors"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_own_model_for_words_is_no_model_for_vectors() {
    let stage = Stage::new(|setup, _| {
        let file = "owner = \"tests\"\nmodel = \"words\"\nfallbacks = [\"nomic\", \"here\"]\n";
        setup.tree().agent("writer", "1.00").write("agents/writer/agent.toml", file);
    })
    .await;
    let caller = Caller::new(&stage.server, "writer").at(PATH);
    vectors(&caller.ask(&embed("auto", "x")).await);
    assert_eq!(stage.local.log().len(), 1);
    stage.cloud.script(Behaviour { status: Some(500), ..Behaviour::default() }, Vec::new());
    // The agent's fallback has other vectors.
    caller.ask(&embed("openai", "x")).await.assert_refused(502, "upstream_failed");
    assert_eq!(stage.local.log().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_same_model_stands_in_for_one_that_fails() {
    let twin = |setup: &Setup, local: &Simulator| {
        setup.tree().openai_provider("other", local, "cloud");
        setup.tree().embed_model("twin", "other", "text-embedding-3-small", Some("3.00"));
        let file = setup.tree().folder().join("models/openai.toml");
        let text =
            std::fs::read_to_string(&file).unwrap() + "fallbacks = [\"mistral\", \"nomic\"]\n";
        setup.tree().write("models/openai.toml", &text);
    };
    let stage = Stage::new(twin).await;
    stage.cloud.script(Behaviour { status: Some(503), ..Behaviour::default() }, Vec::new());
    let answer = stage.ask("openai", "x").await;
    vectors(&answer);
    assert_eq!(answer.json()["model"], "twin");
    assert!(stage.charges("openai").await.iter().all(|row| row.amount == 0));
    stage.local.script(Behaviour { status: Some(503), ..Behaviour::default() }, Vec::new());
    stage.ask("openai", "y").await.assert_refused(502, "upstream_failed");
    let tried = stage.cloud.log().iter().any(|seen| seen.path.contains("mistral"));
    assert!(!tried && stage.local.log().iter().all(|seen| seen.model != "nomic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn restricted_text_makes_no_vector_in_the_cloud() {
    let stage = Stage::plain().await;
    let answer = stage.ask("openai", json!(["Hello.", SSN])).await;
    answer.assert_refused(403, "policy_denied");
    assert!(answer.text.contains("restricted-stays-local"), "{}", answer.text);
    assert!(!answer.text.contains("536-22"), "{}", answer.text);
    let answer = stage.ask("auto", SSN).await;
    vectors(&answer);
    assert_eq!(answer.header("x-orchestack-label"), "restricted");
    assert_eq!(answer.json()["model"], "nomic");
    stage.assert_nothing_in_the_cloud();
    // The same model on this machine is let stand in.
    let here = |setup: &Setup, _: &Simulator| {
        setup.tree().embed_model("own", "local", "text-embedding-3-small", None);
    };
    let stage = Stage::new(here).await;
    let answer = stage.ask("openai", SSN).await;
    vectors(&answer);
    assert_eq!(answer.json()["model"], "own");
    stage.assert_nothing_in_the_cloud();
    // What is not confidential goes there, so the zero above says something.
    vectors(&stage.ask("openai", "Hello.").await);
    assert!(stage.cloud.bytes_received() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_policy_redacts_is_gone_from_the_inputs() {
    let stage = Stage::new(|setup, _| {
        setup.tree().write(
            "agents/default/models.cedar",
            "@id(\"default-calls-models\")\n@redact(\"email\")\npermit (principal, action == \
             Orchestack::Action::\"callModel\", resource);\n",
        );
    })
    .await;
    let mail = "Write to jane.roe.canary@example.org about the invoice.";
    for model in ["openai", "gemini", "titan"] {
        vectors(&stage.ask(model, mail).await);
        let (_, sent) = stage.last();
        assert!(!sent.contains("canary") && sent.contains("[[EMAIL:"), "{model}: {sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_nobody_here_can_read_stay_on_this_machine() {
    let stage = Stage::plain().await;
    for input in [json!([1212, 318, 257]), json!([[1212, 318], [257]])] {
        stage.ask("openai", input.clone()).await.assert_refused(403, "policy_denied");
        let answer = stage.ask("nomic", input).await;
        assert!(!vectors(&answer).is_empty());
        assert_eq!(answer.header("x-orchestack-label"), "restricted");
        assert_eq!(answer.json()["usage"]["prompt_tokens"], 3);
    }
    stage.assert_nothing_in_the_cloud();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hard_cap_and_a_callers_own_limit_refuse_before_anything_is_sent() {
    let stage = Stage::plain().await;
    let poor = Caller::new(&stage.server, "poor").at(PATH);
    let answer = poor.ask(&embed("openai", "Hello.")).await;
    answer.assert_refused(402, "budget_exhausted");
    let limit = ("x-orchestack-max-cost", "0.000001");
    stage
        .caller
        .ask_with(limit, &embed("openai", "Hello."))
        .await
        .assert_refused(402, "budget_exhausted");
    stage.assert_nothing_in_the_cloud();
    assert!(stage.rows.ledger().await.is_empty());
    // What is free is not refused.
    vectors(&poor.ask(&embed("nomic", "Hello.")).await);
    // A hold is the most that the input may come to, at the price of input.
    vectors(&stage.ask("openai", "Hello.").await);
    let charge = stage.charges("openai").await.pop().unwrap();
    let holds = stage.rows.holds().await;
    let held = holds.iter().find(|hold| hold.id == charge.hold).unwrap().amount;
    assert!(charge.amount < held && held <= 40 * TOKEN_NANOS, "{held}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_at_once_do_not_pass_the_cap() {
    let stage = Stage::new(|setup, _| {
        // Room for one hold at a time, and for what fourteen calls cost.
        setup.tree().agent("capped", "0.003");
    })
    .await;
    let caller = Caller::new(&stage.server, "capped").at(PATH);
    let body = embed("openai", json!(vec!["word"; 20]));
    let answers = futures::future::join_all((0..40).map(|_| caller.ask(&body))).await;
    let answered = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(answered > 0 && answered < 40, "{answered}");
    assert!(answers.iter().all(|answer| [200, 402, 429, 503].contains(&answer.status)));
    let settled: i64 =
        stage.charges("openai").await.iter().map(|row| row.amount + row.overrun).sum();
    assert_eq!(settled, i64::try_from(stage.cloud.bill_total().nanos).unwrap());
    assert!(settled <= 3_000_000, "{settled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_a_failure_and_never_below_its_bill() {
    let stage = Stage::plain().await;
    let untold = Behaviour { usage: UsageReport::Missing, ..Behaviour::default() };
    stage.cloud.script(untold, Vec::new());
    vectors(&stage.ask("openai", "Hello.").await);
    let charge = stage.charges("openai").await.pop().unwrap();
    assert_eq!(charge.basis, "counted");
    let broken = |malformed| Behaviour { malformed: Some(malformed), ..Behaviour::default() };
    let cut = Behaviour { end: Some(End::Cut), ..Behaviour::default() };
    for (name, behaviour) in
        [("azure", broken(Malformed::Json)), ("mistral", broken(Malformed::Shape)), ("gemini", cut)]
    {
        stage.cloud.script(behaviour, Vec::new());
        stage.ask(name, "Hello.").await.assert_refused(502, "upstream_failed");
        let charge = stage.charges(name).await.pop().unwrap();
        assert_eq!(charge.basis, "worst_case", "{name}");
    }
    stage.cloud.script(Behaviour { status: Some(400), ..Behaviour::default() }, Vec::new());
    stage.ask("cohere", "Hello.").await.assert_refused(400, "invalid_request");
    assert_eq!(stage.charges("cohere").await.pop().unwrap().amount, 0);
    let settled: i64 = stage.rows.ledger().await.iter().map(|row| row.amount + row.overrun).sum();
    assert!(settled >= i64::try_from(stage.cloud.bill_total().nanos).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_tell_vectors_from_words_and_the_record_does_too() {
    let stage = Stage::new(|setup, _| {
        setup.tree().write(
            "policies/vectors.cedar",
            "@id(\"no-vectors-in-the-cloud\")\nforbid (principal, action == \
             Orchestack::Action::\"callModel\", resource)\nwhen { context.request.endpoint == \
             \"/v1/embeddings\" && resource.locality != \"local\" };\n",
        );
    })
    .await;
    let answer = stage.ask("openai", "Hello.").await;
    answer.assert_refused(403, "policy_denied");
    assert_eq!(answer.json()["error"]["policies"], json!(["no-vectors-in-the-cloud"]));
    Caller::new(&stage.server, "default")
        .ask(&chat("words", "Hello."))
        .await
        .assert_answered("words");
    let answer = stage.ask("nomic", "Hello.").await;
    vectors(&answer);
    stage.charges("nomic").await;
    let request = answer.header("x-orchestack-request-id");
    let of = |kind: &str| {
        format!("select body from audit where kind = '{kind}' and request_id = '{request}'")
    };
    let decision: Value =
        serde_json::from_str(&stage.rows.texts(&of("decision")).await[0]).unwrap();
    assert_eq!(decision["detail"]["endpoint"], PATH);
    assert_eq!(decision["detail"]["facts"]["endpoint"], PATH);
    assert_eq!(stage.rows.texts(&of("completion")).await.len(), 1);
    let name = "orchestack_requests_total{code=\"ok\",endpoint=\"/v1/embeddings\",model=\"nomic\",provider=\"local\"}";
    assert_eq!(stage.server.metric(name).await, 1);
}
