//! What an OpenTelemetry collector gets of a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value as Told,
};
use prost::Message as _;
use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Caller, Database, ModelSpec, Rows, Server, Setup, chat, collector, eventually, provider,
    streamed,
};

/// Spans are sent every five seconds.
const SENT_MAX: Duration = Duration::from_secs(30);
/// The trace that the caller of a test is in.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A span as it came.
#[derive(Clone, Debug)]
struct Span {
    name: String,
    trace: String,
    id: String,
    parent: String,
    attributes: HashMap<String, Value>,
}

impl Span {
    #[track_caller]
    fn assert_has(&self, attributes: &Value) {
        for (key, value) in attributes.as_object().unwrap() {
            assert_eq!(self.attributes.get(key), Some(value), "{key} of {self:#?}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All spans of a trace that have come so far.
fn spans(got: &Arc<Mutex<Vec<Vec<u8>>>>, trace: &str) -> Vec<Span> {
    let bodies = got.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let requests =
        bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
    let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|r| r.scope_spans);
    let spans = scopes.flat_map(|scope| scope.spans).map(|span| Span {
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        attributes: span
            .attributes
            .into_iter()
            .filter_map(|pair| {
                let value = match pair.value?.value? {
                    Told::StringValue(text) => json!(text),
                    Told::IntValue(number) => json!(number),
                    _ => return None,
                };
                Some((pair.key, value))
            })
            .collect(),
    });
    spans.filter(|span| span.trace == trace).collect()
}

struct Stage {
    simulator: Simulator,
    server: Server,
    caller: Caller,
    got: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Stage {
    async fn new() -> Self {
        let simulator = provider(&[("sim", Price::dollars_per_million(3, 15))]).await;
        let (url, got) = collector().await;
        let mut setup = Setup::new(Database::Sqlite).await;
        let price = Some(("3.00", "15.00"));
        // A bus that is away, so that events wait where they can be looked at.
        setup.set("bus.url", "nats://127.0.0.1:9").set("telemetry.otlp_endpoint", &url);
        let faulty = ModelSpec { id: "sim-fault-503", provider: "sim", price };
        setup
            .tree()
            .openai_provider("sim", &simulator, "cloud")
            .model(ModelSpec { id: "sim", provider: "sim", price })
            .model_with(faulty, "fallbacks = [\"sim\"]")
            .embed_model("vec", "sim", "vec", Some("3.00"));
        let server = setup.start().await;
        let caller = Caller::new(&server, "default");
        Self { simulator, server, caller, got }
    }

    /// The spans of a call in that trace: the request's, then its attempts'.
    async fn call(&self, body: &Value, trace: &str, attempts: usize) -> Vec<Span> {
        let parent = format!("00-{trace}-{PARENT}-01");
        let vectors = body.get("input").is_some();
        let path = if vectors { "/v1/embeddings" } else { "/v1/chat/completions" };
        let answer = self.caller.at(path).ask_with(("traceparent", &parent), body).await;
        answer.assert_answered(if vectors { "vec" } else { "sim" });
        let mut all = eventually("its spans are sent", SENT_MAX, async || {
            let all = spans(&self.got, trace);
            (all.len() > attempts).then_some(all)
        })
        .await;
        all.retain(|span| ["chat", "embeddings", "attempt"].contains(&span.name.as_str()));
        all.sort_by_key(|span| span.name == "attempt");
        assert_eq!(all.len(), 1 + attempts, "{all:#?}");
        assert_eq!(all[0].parent, PARENT, "{all:#?}");
        assert!(all[1..].iter().all(|span| span.parent == all[0].id), "{all:#?}");
        all
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_and_its_attempts_are_spans_of_the_callers_trace() {
    let stage = Stage::new().await;
    let traces = ["0", "1", "2", "3"].map(|digit| TRACE.replace('0', digit));
    let bodies = [
        chat("sim", "Hello."),
        streamed("sim", "Hello."),
        chat("sim-fault-503", "Hello."),
        json!({ "model": "vec", "input": "Hello." }),
    ];
    for (body, trace) in bodies.iter().zip(&traces) {
        let before = stage.simulator.bill_total();
        let fails = body["model"] == "sim-fault-503";
        let (operation, served) =
            if body["model"] == "vec" { ("embeddings", "vec") } else { ("chat", "sim") };
        let all = stage.call(body, trace, if fails { 2 } else { 1 }).await;
        let bill = stage.simulator.bill_total();
        let used = json!({
            "gen_ai.operation.name": operation,
            "gen_ai.response.model": served,
            "gen_ai.provider.name": "sim",
            "gen_ai.usage.input_tokens": bill.input_tokens - before.input_tokens,
            "gen_ai.usage.output_tokens": bill.output_tokens - before.output_tokens,
            "orchestack.cost_nanos": bill.nanos - before.nanos,
            "orchestack.outcome": "ok",
        });
        assert_eq!(all[0].name, operation);
        all[0].assert_has(&used);
        all[0].assert_has(&json!({
            "gen_ai.request.model": body["model"], "orchestack.label": "internal",
        }));
        let (answered, lost): (Vec<_>, Vec<_>) =
            all[1..].iter().partition(|span| !span.attributes.contains_key("error.type"));
        answered[0].assert_has(&used);
        answered[0].assert_has(&json!({ "orchestack.basis": "provider" }));
        assert_eq!((answered.len(), lost.len()), (1, usize::from(fails)), "{all:#?}");
        if let Some(lost) = lost.first() {
            lost.assert_has(&json!({
                "error.type": "upstream_failed",
                "gen_ai.request.model": "sim-fault-503",
                "orchestack.cost_nanos": 0,
            }));
        }
        // The provider is told of the attempt that it serves.
        let seen = stage.simulator.log().pop().unwrap();
        let told = format!("00-{trace}-{}-01", answered[0].id);
        assert_eq!(seen.traceparent.as_deref(), Some(told.as_str()));
        assert_events(&stage.server, trace).await;
    }
    let bodies = stage.got.lock().unwrap().concat();
    let text = String::from_utf8_lossy(&bodies).into_owned();
    assert!(!text.contains("Hello.") && !text.contains("[simulator]"), "content is in a span");
    assert!(!text.contains(stage.caller.secret()), "a secret is in a span");
}

/// The events of decision and completion name the trace as well.
async fn assert_events(server: &Server, trace: &str) {
    let rows = Rows::of(server).await;
    let query = format!("select subject from outbox where body like '%{trace}%' order by subject");
    eventually("both events name the trace", SENT_MAX, async || {
        let subjects = rows.texts(&query).await;
        (subjects.iter().filter(|s| *s == "audit.completion").count() >= 1
            && subjects.iter().any(|s| s == "audit.decision"))
        .then_some(())
    })
    .await;
    let body = format!("select body from outbox where body like '%{trace}%'");
    for body in rows.texts(&body).await {
        let envelope: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(envelope.pointer("/trace/trace_id"), Some(&json!(trace)), "{envelope}");
    }
}
