//! Writing messages, their events, and errors.

use serde_json::{Value, json};

use crate::UsageReport;
use crate::answer::{Answer, Choice, Finish};
use crate::ask::{Ask, Refusal};
use crate::openai::Counter;
use crate::reply::{Frame, Told};
use crate::tokens;

/// The body of a plain answer.
pub(crate) fn plain(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Value {
    let mut content = Vec::new();
    for choice in &answer.choices {
        if !choice.reasoning.is_empty() {
            content.push(json!({"type": "thinking", "thinking": choice.reasoning,
                "signature": "c2ltdWxhdG9y"}));
        }
        if !choice.text.is_empty() {
            content.push(json!({"type": "text", "text": choice.text}));
        }
        for call in &choice.calls {
            // A call that the limit cut has no whole arguments; this dialect has no place for half.
            let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            content.push(json!({"type": "tool_use", "id": format!("toolu_{}", call.id),
                "name": call.name, "input": input}));
        }
    }
    let (reason, sequence) = stop_reason(answer);
    let mut body = message(ask, told, content.into());
    if let Some(fields) = body.as_object_mut() {
        fields.insert("stop_reason".into(), reason.into());
        fields.insert("stop_sequence".into(), sequence.into());
        if let Some((input, output)) = usage(ask, answer.tokens(), told.usage) {
            fields.insert("usage".into(), usage_body(input, output));
        }
    }
    body
}

/// The events of a streamed answer, each with the output tokens that it brings.
pub(crate) fn stream(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Vec<Frame> {
    let mut out = Events::default();
    let mut opening = message(ask, told, json!([]));
    if let (Some((input, output)), Some(fields)) =
        (usage(ask, 1.min(answer.tokens()), told.usage), opening.as_object_mut())
    {
        fields.insert("usage".into(), usage_body(input, output));
    }
    out.event("message_start", json!({"message": opening}), 0);
    out.event("ping", json!({}), 0);
    for choice in &answer.choices {
        blocks(&mut out, choice);
    }
    let (reason, sequence) = stop_reason(answer);
    let mut closing = json!({"delta": {"stop_reason": reason, "stop_sequence": sequence}});
    if let (Some((_, output)), Some(fields)) =
        (usage(ask, answer.tokens(), told.usage), closing.as_object_mut())
    {
        fields.insert("usage".into(), json!({"output_tokens": output}));
    }
    let copies = if told.usage == UsageReport::Twice { 2 } else { 1 };
    for _ in 0..copies {
        out.event("message_delta", closing.clone(), 0);
    }
    out.frames.push(Frame::terminal(&sse("message_stop", json!({}))));
    out.frames
}

fn blocks(out: &mut Events, choice: &Choice) {
    out.frames.extend((0..choice.hidden).map(|_| Frame::thought()));
    if !choice.reasoning.is_empty() {
        out.open(json!({"type": "thinking", "thinking": "", "signature": ""}), 0);
        for piece in tokens::split(&choice.reasoning) {
            out.delta(json!({"type": "thinking_delta", "thinking": piece}), 1);
        }
        out.delta(json!({"type": "signature_delta", "signature": "c2ltdWxhdG9y"}), 0);
        out.close();
    }
    if !choice.text.is_empty() {
        out.open(json!({"type": "text", "text": ""}), 0);
        let mut counter = Counter::default();
        for piece in choice.pieces() {
            let brought = counter.add(piece);
            out.delta(json!({"type": "text_delta", "text": piece}), brought);
        }
        out.close();
    }
    for call in &choice.calls {
        let mut counter = Counter::default();
        let brought = counter.add(&call.name);
        let id = format!("toolu_{}", call.id);
        out.open(json!({"type": "tool_use", "id": id, "name": call.name, "input": {}}), brought);
        for piece in tokens::split(&call.arguments) {
            let brought = counter.add(piece);
            out.delta(json!({"type": "input_json_delta", "partial_json": piece}), brought);
        }
        out.close();
    }
}

#[derive(Default)]
struct Events {
    frames: Vec<Frame>,
    /// Index of the block that is open, or of the next one.
    block: u64,
}

impl Events {
    fn event(&mut self, name: &str, fields: Value, tokens: u64) {
        self.frames.push(Frame::new(sse(name, fields), tokens));
    }

    fn open(&mut self, block: Value, tokens: u64) {
        let fields = json!({"index": self.block, "content_block": block});
        self.event("content_block_start", fields, tokens);
    }

    fn delta(&mut self, delta: Value, tokens: u64) {
        let fields = json!({"index": self.block, "delta": delta});
        self.event("content_block_delta", fields, tokens);
    }

    fn close(&mut self) {
        let fields = json!({"index": self.block});
        self.event("content_block_stop", fields, 0);
        self.block += 1;
    }
}

/// One event: its name is in the `event` line and in the data.
fn sse(name: &str, mut fields: Value) -> String {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("type".into(), name.into());
    }
    format!("event: {name}\ndata: {fields}\n\n")
}

fn message(ask: &Ask, told: &Told<'_>, content: Value) -> Value {
    json!({"id": format!("msg_{}", told.id), "type": "message", "role": "assistant",
        "model": ask.model, "content": content, "stop_reason": null, "stop_sequence": null})
}

fn usage(ask: &Ask, output: u64, report: UsageReport) -> Option<(u64, u64)> {
    match report {
        UsageReport::Exact | UsageReport::Twice => Some((ask.input.tokens(), output)),
        UsageReport::Wrong { input, output } => Some((input, output)),
        UsageReport::Missing => None,
    }
}

fn usage_body(input: u64, output: u64) -> Value {
    json!({"input_tokens": input, "output_tokens": output, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "service_tier": "standard"})
}

fn stop_reason(answer: &Answer) -> (&'static str, Option<&str>) {
    match answer.choices.first().map(|choice| &choice.finish) {
        Some(Finish::Length) => ("max_tokens", None),
        Some(Finish::ToolCalls) => ("tool_use", None),
        Some(Finish::Stopped(sequence)) => ("stop_sequence", Some(sequence)),
        Some(Finish::Done) | None => ("end_turn", None),
    }
}

/// The body of an error.
pub(crate) fn error_body(refusal: &Refusal) -> Value {
    let kind = match refusal.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    json!({"type": "error", "request_id": "req_simulator",
        "error": {"type": kind, "message": format!("[simulator] {}", refusal.message)}})
}
