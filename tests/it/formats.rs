//! Calls in OpenAI's dialect, answered by providers of every other format: Gemini, Bedrock (by an API
//! key and by signatures), Azure (both of its APIs) and Mistral. What Anthropic answers has a file of
//! its own.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{AwsKey, Behaviour, Malformed, Simulator, SimulatorOptions, UsageReport};
use support::{
    Answer, Caller, Database, LedgerRow, ModelSpec, Rows, Server, Setup, chat, eventually, streamed,
};

/// Longer than any settlement takes.
const SETTLED_MAX: Duration = Duration::from_secs(20);
/// The key of AWS, and the token of its session.
const AWS_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const AWS_TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTw==";

/// A provider of a format: its kind, what its file says, and where its calls arrive.
struct Format {
    /// Its name, and that of its model.
    name: &'static str,
    kind: &'static str,
    /// What its address has behind the simulator's.
    base: &'static str,
    /// The model's name at the provider.
    upstream: &'static str,
    /// More lines of its file.
    more: &'static str,
    /// Where a plain call arrives, and a streamed one.
    paths: [&'static str; 2],
}

/// More models of each format: one that has failed is not asked again soon, and must not be in the way of
/// the next failure.
const SPARE: usize = 9;

const KEY: &str = "secret = \"env:SIMULATOR_KEY\"\n";

const FORMATS: [Format; 6] = [
    Format {
        name: "gemini",
        kind: "gemini",
        base: "",
        upstream: "gemini-3-pro",
        more: KEY,
        paths: [
            "/v1beta/models/gemini-3-pro:generateContent",
            "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
        ],
    },
    Format {
        name: "bedrock",
        kind: "bedrock",
        base: "",
        upstream: "anthropic.claude-v1:0",
        more: KEY,
        paths: [
            "/model/anthropic.claude-v1%3A0/converse",
            "/model/anthropic.claude-v1%3A0/converse-stream",
        ],
    },
    Format {
        name: "signed",
        kind: "bedrock",
        base: "",
        upstream: "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova",
        more: "aws.region = \"us-east-1\"\naws.access_key_id = \"env:AWS_ID\"\n\
               aws.secret_access_key = \"env:AWS_SECRET\"\naws.session_token = \"env:AWS_TOKEN\"\n",
        paths: [
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova/converse",
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova/converse-stream",
        ],
    },
    Format {
        name: "azure",
        kind: "azure",
        base: "",
        upstream: "my-gpt",
        more: KEY,
        paths: ["/openai/v1/chat/completions", "/openai/v1/chat/completions"],
    },
    Format {
        name: "azure-old",
        kind: "azure",
        base: "",
        upstream: "my-gpt",
        more: "secret = \"env:SIMULATOR_KEY\"\napi_version = \"2024-10-21\"\nauth = \"bearer\"\n",
        paths: [
            "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
            "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
        ],
    },
    Format {
        name: "mistral",
        kind: "mistral",
        base: "/mistral/v1",
        upstream: "mistral-large",
        more: KEY,
        paths: ["/mistral/v1/chat/completions", "/mistral/v1/chat/completions"],
    },
];

struct Stage {
    simulator: Simulator,
    good: Simulator,
    server: Server,
    caller: Caller,
    rows: Rows,
}

impl Stage {
    async fn new() -> Self {
        Self::with(&["good"], |_| {}).await
    }

    /// A provider of each format, all at one simulator, whose models fall back to `fallbacks`; and
    /// one more of OpenAI's that works. `change` may set what the server finds in its environment.
    async fn with(fallbacks: &[&str], change: impl FnOnce(&mut Setup)) -> Self {
        let key = AwsKey {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: AWS_SECRET.into(),
            session_token: Some(AWS_TOKEN.into()),
            region: "us-east-1".into(),
        };
        let options = SimulatorOptions {
            api_keys: vec!["sk-simulator".into()],
            aws_keys: vec![key],
            keep_bodies: true,
            ..SimulatorOptions::default()
        };
        let simulator = Simulator::start(options).await.unwrap();
        let good = support::provider(&[]).await;
        let mut setup = Setup::new(Database::Sqlite).await;
        setup
            .set("upstream.first_byte_timeout", "2s")
            .set("upstream.idle_timeout", "1s")
            .variable("AWS_ID", "AKIDEXAMPLE")
            .variable("AWS_SECRET", AWS_SECRET)
            .variable("AWS_TOKEN", AWS_TOKEN);
        change(&mut setup);
        let price = Some(("3.00", "15.00"));
        let tree = setup.tree();
        tree.openai_provider("good", &good, "cloud");
        tree.model(ModelSpec { id: "good", provider: "good", price });
        for Format { name, kind, base, upstream, more, .. } in &FORMATS {
            let url = simulator.base_url();
            let text = format!(
                "[[provider]]\nname = \"{name}\"\nkind = \"{kind}\"\nbase_url = \"{url}{base}\"\n\
                 locality = \"cloud\"\n{more}"
            );
            tree.write(&format!("providers/{name}.toml"), &text);
            let model = |id: &str, upstream: &str| {
                let more = format!("upstream = \"{upstream}\"\nfallbacks = {fallbacks:?}");
                tree.model_with(ModelSpec { id, provider: name, price }, &more);
            };
            model(name, upstream);
            for at in 0..SPARE {
                // A name of its own: models of one name stand in for each other.
                model(&format!("{name}-{at}"), &format!("{upstream}-{at}"));
            }
        }
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        let rows = Rows::of(&server).await;
        Self { simulator, good, server, caller, rows }
    }

    /// What the simulator was sent last, and where.
    fn last(&self) -> (String, Value) {
        let seen = self.simulator.log().pop().unwrap_or_default();
        (seen.path, serde_json::from_str(&seen.body.unwrap_or_default()).unwrap_or_default())
    }

    /// The settlements of a model, once every hold is resolved.
    async fn charges(&self, model: &str) -> Vec<LedgerRow> {
        eventually("every hold is resolved", SETTLED_MAX, async || {
            (self.rows.open_holds().await == 0).then_some(())
        })
        .await;
        self.rows.ledger().await.into_iter().filter(|row| row.model == model).collect()
    }

    /// The books are not below the bills.
    async fn assert_covered(&self) {
        self.charges("").await;
        let bill = self.simulator.bill_total().nanos + self.good.bill_total().nanos;
        let settled: i64 =
            self.rows.ledger().await.iter().map(|row| row.amount + row.overrun).sum();
        assert!(settled >= i64::try_from(bill).unwrap(), "settled {settled}, billed {bill}");
    }
}

#[track_caller]
fn assert_error_event(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    assert!(!answer.is_done(), "{what} has a terminator: {}", answer.text);
    let last = answer.events().pop().unwrap_or_default();
    let code = last.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    assert!(["upstream_failed", "upstream_timeout"].contains(&code), "{what}: {}", answer.text);
}

fn weather() -> Value {
    json!([{"type": "function", "function": {"name": "get_weather", "description": "Now",
        "parameters": {"type": "object", "required": ["city"],
            "properties": {"city": {"type": "string"}}}}}])
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_and_streamed_answers_have_openais_shape_and_the_bills_usage() {
    let stage = Stage::new().await;
    for Format { name, paths, .. } in &FORMATS {
        let before = stage.simulator.bill_total();
        let answer = stage.caller.ask(&chat(name, "Say something.")).await;
        answer.assert_answered(name);
        let object = answer.json();
        assert_eq!(object["object"], "chat.completion", "{name}: {object}");
        assert_eq!(object["choices"][0]["finish_reason"], "stop", "{name}: {object}");
        assert!(object["created"].as_i64().is_some_and(|at| at > 1_700_000_000), "{name}");
        assert!(object["id"].as_str().is_some_and(|id| !id.is_empty()), "{name}: {object}");
        assert!(answer.content().starts_with("[simulator]"), "{name}: {}", answer.text);
        let plain = stage.simulator.bill_total();
        let used =
            (plain.input_tokens - before.input_tokens, plain.output_tokens - before.output_tokens);
        assert_eq!(answer.usage(), Some(used), "{name}");
        assert_eq!(stage.last().0, paths[0], "{name}");

        let stream = stage.caller.ask(&streamed(name, "Say something.")).await;
        stream.assert_answered(name);
        assert!(stream.is_done(), "{name}: {}", stream.text);
        assert!(stream.content().starts_with("[simulator]"), "{name}: {}", stream.text);
        let both = stage.simulator.bill_total();
        let used =
            (both.input_tokens - plain.input_tokens, both.output_tokens - plain.output_tokens);
        assert_eq!(stream.usage(), Some(used), "{name}");
        assert_eq!(stage.last().0, paths[1], "{name}");
        let charges = stage.charges(name).await;
        assert!(charges.iter().all(|row| row.basis == "provider"), "{name}: {charges:?}");
        let settled: i64 = charges.iter().map(|row| row.amount).sum();
        assert_eq!(settled, i64::try_from(both.nanos - before.nanos).unwrap(), "{name}");
    }
    assert_eq!(stage.good.bytes_received(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_go_there_and_back_again() {
    let stage = Stage::new().await;
    for Format { name, .. } in &FORMATS {
        let asked = json!({"role": "user", "content": "What is the weather?"});
        let mut body = json!({"model": name, "messages": [asked], "tools": weather(), "tool_choice": "required"});
        let answer = stage.caller.ask(&body).await;
        answer.assert_answered(name);
        let object = answer.json();
        assert_eq!(object["choices"][0]["finish_reason"], "tool_calls", "{name}: {object}");
        let message = object["choices"][0]["message"].clone();
        let call = &message["tool_calls"][0];
        assert_eq!(call["function"]["name"], "get_weather", "{name}");
        let arguments = call["function"]["arguments"].as_str().unwrap();
        assert!(serde_json::from_str::<Value>(arguments).unwrap().get("city").is_some(), "{name}");

        // A client of OpenAI's sends back what it got, and nothing that OpenAI has no word for.
        let result = json!({"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"});
        let round =
            json!({"model": name, "messages": [asked, message, result], "tools": weather()});
        let answer = stage.caller.ask(&round).await;
        answer.assert_answered(name);
        assert_eq!(answer.json()["choices"][0]["finish_reason"], "stop", "{name}");
        assert!(stage.last().1.to_string().contains("21 degrees"), "{name}");

        body["stream"] = json!(true);
        let stream = stage.caller.ask(&body).await;
        assert!(stream.is_done(), "{name}: {}", stream.text);
        let piece = |event: &Value| {
            let call = event.pointer("/choices/0/delta/tool_calls/0/function/arguments")?;
            Some(call.as_str()?.to_owned())
        };
        let arguments: String = stream.events().iter().filter_map(piece).collect();
        let arguments: Value = serde_json::from_str(&arguments).unwrap_or_default();
        assert!(arguments.get("city").is_some(), "{name}: {}", stream.text);
    }
    assert_eq!(stage.good.bytes_received(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_arrive_and_what_cannot_be_said_is_named() {
    let stage = Stage::with(&[], |_| {}).await;
    let image = |url: &str| {
        json!([{"role": "user", "content": [{"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": url}}]}])
    };
    for Format { name, .. } in &FORMATS {
        let messages = image("data:image/png;base64,iVBORw0KGgo=");
        let body = json!({"model": name, "messages": messages});
        stage.caller.ask(&body).await.assert_answered(name);
        assert!(stage.last().1.to_string().contains("iVBORw0KGgo="), "{name}");
    }
    let sent = stage.simulator.log().len();
    for (model, field, body) in [
        ("bedrock", "image_url", json!({"messages": image("https://example.org/i.png")})),
        ("bedrock", "seed", json!({"seed": 1})),
        ("signed", "tool_choice", json!({"tools": weather(), "tool_choice": "none"})),
        ("gemini", "logit_bias", json!({"logit_bias": {"1": 1}})),
        ("mistral", "logit_bias", json!({"logit_bias": {"1": 1}})),
    ] {
        let mut all = chat(model, "Hello.");
        for (name, value) in body.as_object().unwrap() {
            all[name] = value.clone();
        }
        let answer = stage.caller.ask(&all).await;
        assert!((400..500).contains(&answer.status), "{model} {field}: {}", answer.text);
        assert!(answer.text.contains(field), "{model} {field}: {}", answer.text);
    }
    assert_eq!(stage.simulator.log().len(), sent, "nothing of it was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_is_replaced_and_is_paid_nothing() {
    let stage = Stage::new().await;
    for status in [429, 500, 503] {
        let refuse = Behaviour { status: Some(status), ..Behaviour::default() };
        stage.simulator.script(refuse, Vec::new());
        for Format { name, .. } in &FORMATS {
            for body in [chat(name, "Hello."), streamed(name, "Hello.")] {
                let answer = stage.caller.ask(&body).await;
                answer.assert_answered("good");
            }
            let charges = stage.charges(name).await;
            assert!(charges.iter().all(|row| row.amount == 0), "{name} {status}: {charges:?}");
        }
    }
    assert_eq!(stage.simulator.bill_total().calls, 0);
    drop(stage.server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_that_a_provider_names_is_passed_on() {
    let stage = Stage::with(&[], |_| {}).await;
    // Gemini names it in the body, rounded up; all others in the header.
    for (name, retry_after_s, expected) in
        [("gemini", None, "3"), ("bedrock", Some(7), "7"), ("azure", Some(7), "7")]
    {
        let refuse = Behaviour { status: Some(429), retry_after_s, ..Behaviour::default() };
        stage.simulator.script(refuse, Vec::new());
        let answer = stage.caller.ask(&chat(name, "Hello.")).await;
        answer.assert_refused(502, "upstream_failed");
        assert_eq!(answer.header("retry-after"), expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_refused_is_no_fault_of_the_caller_and_is_not_shown() {
    let wrong = |setup: &mut Setup| {
        setup.variable("SIMULATOR_KEY", "sk-wrong").variable("AWS_SECRET", "wrong-secret");
    };
    let stage = Stage::with(&[], wrong).await;
    for Format { name, .. } in &FORMATS {
        let answer = stage.caller.ask(&chat(name, "Hello.")).await;
        answer.assert_refused(502, "upstream_failed");
        for secret in ["sk-wrong", "wrong-secret", AWS_TOKEN] {
            assert!(!answer.text.contains(secret), "{name}: {}", answer.text);
        }
        let seen = stage.simulator.log().pop().unwrap_or_default();
        assert!([401, 403].contains(&seen.status), "{name}: {}", seen.status);
        assert!(stage.charges(name).await.iter().all(|row| row.amount == 0), "{name}");
    }
    let log = stage.server.log();
    for secret in ["sk-wrong", "wrong-secret", AWS_TOKEN] {
        assert!(!log.contains(secret));
    }
    assert_eq!(stage.simulator.bill_total().calls, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_that_is_not_told_is_counted_and_marked() {
    let stage = Stage::new().await;
    let silent = Behaviour { usage: UsageReport::Missing, ..Behaviour::default() };
    stage.simulator.script(silent, Vec::new());
    for Format { name, .. } in &FORMATS {
        for body in [chat(name, "Hello."), streamed(name, "Hello.")] {
            stage.caller.ask(&body).await.assert_answered(name);
        }
        let charges = stage.charges(name).await;
        assert_eq!(charges.len(), 2, "{name}: {charges:?}");
        assert!(charges.iter().all(|row| row.basis == "counted" && row.amount > 0), "{charges:?}");
    }
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_is_an_error_event_and_settles_above_its_bill() {
    let stage = Stage::new().await;
    let cut = |end| Behaviour { end: Some(end), after_chunks: 5, ..Behaviour::default() };
    let malformed = |malformed| Behaviour { malformed: Some(malformed), ..Behaviour::default() };
    let faults = [
        ("cut", cut(simulator::End::Cut)),
        ("reset", cut(simulator::End::Reset)),
        ("hang", cut(simulator::End::Hang)),
        ("ended early", cut(simulator::End::NoTerminal)),
        ("json", malformed(Malformed::Json)),
        ("shape", malformed(Malformed::Shape)),
        ("utf-8", malformed(Malformed::Utf8)),
        ("error", malformed(Malformed::Error)),
    ];
    for (at, (what, behaviour)) in faults.into_iter().enumerate() {
        stage.simulator.script(behaviour, Vec::new());
        for Format { name, .. } in &FORMATS {
            let model = format!("{name}-{at}");
            let answer = stage.caller.ask(&streamed(&model, "Hello.")).await;
            assert_error_event(&answer, &format!("{name}: {what}"));
            let charges = stage.charges(&model).await;
            let last = charges.last().unwrap();
            // One that goes on after an error may say what it used.
            let told = what == "error" && last.basis == "provider";
            assert!(
                last.amount > 0 && (last.basis == "counted" || told),
                "{name} {what}: {last:?}"
            );
        }
    }
    assert_eq!(stage.good.bytes_received(), 0, "nobody else is asked after the first byte");
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_and_whole_streams_arrive_whole() {
    let stage = Stage::new().await;
    let bytes = Behaviour { split_bytes: Some(1), ..Behaviour::default() };
    let sevens = Behaviour { split_bytes: Some(7), ..Behaviour::default() };
    let pings = Behaviour { pings: 5, ..Behaviour::default() };
    let large = Behaviour { giant_event_bytes: Some(500_000), ..Behaviour::default() };
    for (what, behaviour) in
        [("bytes", bytes), ("sevens", sevens), ("pings", pings), ("large", large)]
    {
        stage.simulator.script(behaviour, Vec::new());
        for Format { name, .. } in &FORMATS {
            if what == "large" && *name != "gemini" && *name != "bedrock" {
                continue;
            }
            // A provider that sent more than was asked for is not asked again.
            let model = if what == "large" { format!("{name}-0") } else { (*name).to_owned() };
            let answer = stage.caller.ask(&streamed(&model, "Hello.")).await;
            answer.assert_answered(&model);
            assert!(answer.content().starts_with("[simulator]"), "{name} {what}");
            // A piece of that size is more than was paid for, and the stream is ended there.
            assert!(answer.is_done() || what == "large", "{name} {what}: {}", answer.text.len());
        }
    }
    // The last event alone: Bedrock's usage is in it, Gemini's reason to finish.
    let unended = Behaviour {
        end: Some(simulator::End::NoTerminal),
        after_chunks: u64::MAX,
        ..Behaviour::default()
    };
    stage.simulator.script(unended, Vec::new());
    let answer = stage.caller.ask(&streamed("bedrock", "Hello.")).await;
    assert!(answer.is_done(), "{}", answer.text);
    let last = stage.charges("bedrock").await.pop().unwrap();
    assert_eq!(last.basis, "counted");
    let answer = stage.caller.ask(&streamed("gemini", "Hello.")).await;
    assert_error_event(&answer, "gemini without its last piece");
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_before_the_first_event_keep_nobody_waiting_for_ever() {
    let stage = Stage::new().await;
    let pings = Behaviour {
        pings: 1_000_000,
        only_pings: true,
        chunk_delay_ms: 20,
        ..Behaviour::default()
    };
    stage.simulator.script(pings, Vec::new());
    for Format { name, .. } in &FORMATS {
        let answer = stage.caller.ask(&streamed(name, "Hello.")).await;
        answer.assert_answered("good");
        assert!(answer.is_done(), "{name}: {}", answer.text);
    }
    stage.assert_covered().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_pings_is_waited_for_beyond_the_idle_time() {
    let stage = Stage::new().await;
    // The first event comes after 1.5 s; without pings a second is all that it has.
    let text = Some("Hi.".to_owned());
    let pings = Behaviour { pings: 4, chunk_delay_ms: 300, text, ..Behaviour::default() };
    stage.simulator.script(pings, Vec::new());
    for Format { name, .. } in &FORMATS {
        let answer = stage.caller.ask(&streamed(name, "Hello.")).await;
        answer.assert_answered(name);
        assert!(answer.is_done(), "{name}: {}", answer.text);
    }
    stage.assert_covered().await;
}
