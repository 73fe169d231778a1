//! One span a request, in the terms of OpenTelemetry's GenAI conventions; fields are filled as they
//! become known. Prompts and answers never are.

use opentelemetry::{
    Key, Value,
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use types::RequestId;

use crate::trail::Trail;

/// The span of one request, as a child of the caller's where it sent a `traceparent`. The request's
/// id is its only field, so that log lines name it; the rest goes to the exporter alone.
pub(crate) fn of_request(id: RequestId, traceparent: Option<&str>) -> Span {
    let span = info_span!("chat", otel.kind = "server", request = %id);
    if let Some(parent) = traceparent {
        let context = TraceContextPropagator::new().extract(&TraceParent(parent));
        // Refused where no exporter is configured, and then nobody needs it.
        let _ = span.set_parent(context);
    }
    span
}

/// Fills in how the request ended, where somebody collects it.
pub(crate) fn finish(span: &Span, trail: &Trail, outcome: &'static str) {
    if !span.context().span().span_context().is_valid() {
        return;
    }
    let put =
        |key: &'static str, value: Value| span.set_attribute(Key::from_static_str(key), value);
    put("gen_ai.operation.name", "chat".into());
    put("gen_ai.request.model", trail.asked.clone().into());
    put("orchestack.outcome", outcome.into());
    put("orchestack.commit", trail.commit.clone().into());
    if let Some(who) = &trail.caller {
        put("orchestack.agent", who.agent.clone().into());
    }
    if let Some(label) = trail.label {
        put("orchestack.label", label.as_str().into());
    }
    if let Some(served) = &trail.served {
        put("gen_ai.response.model", served.model.clone().into());
        put("gen_ai.provider.name", served.provider.clone().into());
        if let Some(cost) = served.cost {
            put("orchestack.cost_nanos", cost.0.into());
        }
    }
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
