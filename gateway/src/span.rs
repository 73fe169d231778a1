//! One span a request and one below it for each attempt, in the terms of OpenTelemetry's GenAI
//! conventions; attributes are put as they become known. Prompts and answers never are.

use opentelemetry::{
    Key, Value,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, Status, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use providers::Endpoint;
use router::Choice;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use types::{Code, Nanos, RequestId, Trace, answer::Usage};

use crate::trail::Trail;

/// The span of one request, as a child of the caller's where it sent a `traceparent`. The request's
/// id is its only field, so that log lines name it; the rest goes to the exporter alone.
pub(crate) fn of_request(id: RequestId, endpoint: Endpoint, traceparent: Option<&str>) -> Span {
    let span = match endpoint {
        Endpoint::Chat(_) => info_span!("chat", otel.kind = "server", request = %id),
        Endpoint::Embeddings => info_span!("embeddings", otel.kind = "server", request = %id),
    };
    follow(&span, traceparent);
    span
}

/// The span of one message of an MCP client.
pub(crate) fn of_mcp(id: RequestId, traceparent: Option<&str>) -> Span {
    let span = info_span!("mcp", otel.kind = "server", request = %id);
    follow(&span, traceparent);
    span
}

/// Fills in how the message was answered, where somebody collects it.
pub(crate) fn mcp_ended(span: &Span, outcome: &'static str) {
    if context(span).is_some() {
        put(span, "orchestack.outcome", outcome);
    }
}

/// Puts a span below the caller's.
fn follow(span: &Span, traceparent: Option<&str>) {
    if let Some(parent) = traceparent {
        let context = TraceContextPropagator::new().extract(&TraceParent(parent));
        // Refused where no exporter is configured, and then nobody needs it.
        let _ = span.set_parent(context);
    }
}

/// The span of one call of a tool.
pub(crate) fn of_tool(id: RequestId, tool: &str) -> Span {
    let span = info_span!("tool", otel.kind = "client", request = %id);
    if context(&span).is_some() {
        put(&span, "gen_ai.operation.name", "execute_tool");
        put(&span, "gen_ai.tool.name", tool.to_owned());
    }
    span
}

/// Fills in how a call of a tool ended, where somebody collects it.
pub(crate) fn tool_ended(span: &Span, outcome: &'static str) {
    if context(span).is_some() {
        put(span, "orchestack.outcome", outcome);
    }
}

/// The span of one attempt, below that of its request; none where nobody collects it, since it tells
/// log lines nothing.
pub(crate) fn of_attempt(choice: &Choice, endpoint: Endpoint) -> Span {
    if context(&Span::current()).is_none() {
        return Span::none();
    }
    let span = info_span!("attempt", otel.kind = "client");
    put(&span, "gen_ai.operation.name", operation(endpoint));
    put(&span, "gen_ai.request.model", choice.model.clone());
    put(&span, "gen_ai.provider.name", choice.provider.clone());
    span
}

/// The operation by its name in the conventions.
const fn operation(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Chat(_) => "chat",
        Endpoint::Embeddings => "embeddings",
    }
}

/// Fills in what an attempt cost, when its bill is closed.
pub(crate) fn charged(
    model: &str,
    cost: Nanos,
    basis: &'static str,
    usage: Option<Usage>,
    outcome: &str,
) {
    let span = Span::current();
    if context(&span).is_some() {
        put(&span, "gen_ai.response.model", model.to_owned());
        put(&span, "orchestack.cost_nanos", cost.0);
        put(&span, "orchestack.basis", basis);
        put(&span, "orchestack.outcome", outcome.to_owned());
        used(&span, usage);
    }
}

/// Fills in that an attempt gave no answer.
pub(crate) fn lost(span: &Span, code: Code) {
    if context(span).is_some() {
        put(span, "error.type", code.as_str());
        span.set_status(Status::error(code.as_str()));
    }
}

/// Fills in how the request ended, where somebody collects it.
pub(crate) fn finish(span: &Span, trail: &Trail, outcome: &'static str) {
    if context(span).is_none() {
        return;
    }
    put(span, "gen_ai.operation.name", operation(trail.endpoint));
    put(span, "gen_ai.request.model", trail.asked.clone());
    put(span, "orchestack.outcome", outcome);
    put(span, "orchestack.commit", trail.commit.clone());
    if let Some(who) = &trail.caller {
        put(span, "orchestack.agent", who.agent.clone());
    }
    if let Some(label) = trail.label {
        put(span, "orchestack.label", label.as_str());
    }
    if let Some(served) = &trail.served {
        put(span, "gen_ai.response.model", served.model.clone());
        put(span, "gen_ai.provider.name", served.provider.clone());
        if let Some(cost) = served.cost {
            put(span, "orchestack.cost_nanos", cost.0);
        }
        used(span, served.usage);
    }
}

/// The header that names the current span to a provider, after W3C Trace Context; `None` where no
/// exporter is configured.
pub(crate) fn traceparent() -> Option<String> {
    let context = context(&Span::current())?;
    let flags = context.trace_flags().to_u8();
    Some(format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id()))
}

/// The current span, as audit records and events name it.
pub(crate) fn trace() -> Option<Trace> {
    let context = context(&Span::current())?;
    let (trace_id, span_id) = (context.trace_id().to_string(), context.span_id().to_string());
    Some(Trace { trace_id, span_id })
}

/// A span as the exporter knows it; `None` where there is none.
fn context(span: &Span) -> Option<SpanContext> {
    let context = span.context().span().span_context().clone();
    context.is_valid().then_some(context)
}

fn put(span: &Span, key: &'static str, value: impl Into<Value>) {
    span.set_attribute(Key::from_static_str(key), value);
}

fn used(span: &Span, usage: Option<Usage>) {
    let Some(usage) = usage else { return };
    let number = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
    put(span, "gen_ai.usage.input_tokens", number(usage.input));
    put(span, "gen_ai.usage.output_tokens", number(usage.output));
}

struct TraceParent<'a>(&'a str);

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}
