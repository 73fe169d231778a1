//! Writing answers, their events, and errors.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::frame::{event, frame};
use crate::UsageReport;
use crate::answer::{Answer, Finish};
use crate::ask::{Ask, Refusal};
use crate::behaviour::Malformed;
use crate::openai::Counter;
use crate::reply::{Frame, Told, put};
use crate::tokens;

/// The body of a plain answer.
pub(crate) fn plain(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Value {
    let mut content = Vec::new();
    for choice in &answer.choices {
        if !choice.reasoning.is_empty() {
            content.push(json!({"reasoningContent": {"reasoningText": {
                "text": choice.reasoning, "signature": "c2ltdWxhdG9y"}}}));
        }
        if !choice.text.is_empty() {
            content.push(json!({"text": choice.text}));
        }
        for call in &choice.calls {
            let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            content.push(json!({"toolUse": {"toolUseId": format!("tooluse_{}", call.id),
                "name": call.name, "input": input}}));
        }
    }
    let mut body = json!({"metrics": {"latencyMs": 1}, "stopReason": stop_reason(answer),
        "output": {"message": {"role": "assistant", "content": content}}});
    if let Some(usage) = usage(ask, answer, told.usage) {
        put(&mut body, "usage", usage);
    }
    body
}

/// The events of a streamed answer, each with the output tokens that it brings.
pub(crate) fn stream(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Vec<Frame> {
    let mut out = Events::default();
    out.event("messageStart", &json!({"role": "assistant"}), 0);
    for choice in &answer.choices {
        out.frames.extend((0..choice.hidden).map(|_| Frame::thought()));
        if !choice.reasoning.is_empty() {
            for piece in tokens::split(&choice.reasoning) {
                out.delta(&json!({"reasoningContent": {"text": piece}}), 1);
            }
            out.delta(&json!({"reasoningContent": {"signature": "c2ltdWxhdG9y"}}), 0);
            out.close();
        }
        if !choice.text.is_empty() {
            let mut counter = Counter::default();
            for piece in choice.pieces() {
                let brought = counter.add(piece);
                out.delta(&json!({"text": piece}), brought);
            }
            out.close();
        }
        for call in &choice.calls {
            let mut counter = Counter::default();
            let brought = counter.add(&call.name);
            let begun = json!({"toolUseId": format!("tooluse_{}", call.id), "name": call.name});
            let start = json!({"contentBlockIndex": out.block, "start": {"toolUse": begun}});
            out.event("contentBlockStart", &start, brought);
            for piece in tokens::split(&call.arguments) {
                let brought = counter.add(piece);
                out.delta(&json!({"toolUse": {"input": piece}}), brought);
            }
            out.close();
        }
    }
    out.event("messageStop", &json!({"stopReason": stop_reason(answer)}), 0);
    let mut closing = json!({"metrics": {"latencyMs": 1}});
    if let Some(usage) = usage(ask, answer, told.usage) {
        put(&mut closing, "usage", usage);
    }
    out.event("metadata", &closing, 0);
    if let Some(last) = out.frames.last_mut() {
        last.terminal = true;
    }
    out.frames
}

/// Keeps a stream alive: an event of a type that nobody knows.
pub(crate) fn ping() -> Bytes {
    event("simulatorPing", b"{}").into()
}

/// A broken event in place of a good one.
pub(crate) fn damaged(malformed: Malformed) -> Bytes {
    match malformed {
        Malformed::Json => event("contentBlockDelta", br#"{"contentBlockIndex":0,"delta":{"te"#),
        Malformed::Shape => event("contentBlockDelta", br#"{"delta":7}"#),
        Malformed::Field => event("simulatorUnknown", br#"{"simulator":true}"#),
        Malformed::Utf8 => event("contentBlockDelta", b"{\"delta\":{\"text\":\"\xff\xfe\"}}"),
        Malformed::Error => {
            let headers = [
                (":exception-type", "modelStreamErrorException"),
                (":content-type", "application/json"),
                (":message-type", "exception"),
            ];
            frame(&headers, br#"{"message":"[simulator] scripted error"}"#)
        }
    }
    .into()
}

#[derive(Default)]
struct Events {
    frames: Vec<Frame>,
    /// Index of the block that is open, or of the next one.
    block: u64,
}

impl Events {
    fn event(&mut self, kind: &str, payload: &Value, tokens: u64) {
        let bytes = event(kind, payload.to_string().as_bytes());
        self.frames.push(Frame { bytes: bytes.into(), tokens, terminal: false });
    }

    fn delta(&mut self, delta: &Value, tokens: u64) {
        let payload = json!({"contentBlockIndex": self.block, "delta": delta});
        self.event("contentBlockDelta", &payload, tokens);
    }

    fn close(&mut self) {
        let payload = json!({"contentBlockIndex": self.block});
        self.event("contentBlockStop", &payload, 0);
        self.block += 1;
    }
}

fn usage(ask: &Ask, answer: &Answer, report: UsageReport) -> Option<Value> {
    let (input, output) = match report {
        UsageReport::Exact | UsageReport::Twice => (ask.input.tokens(), answer.tokens()),
        UsageReport::Wrong { input, output } => (input, output),
        UsageReport::Missing => return None,
    };
    Some(json!({"inputTokens": input, "outputTokens": output,
        "totalTokens": input.saturating_add(output),
        "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0}))
}

fn stop_reason(answer: &Answer) -> &'static str {
    match answer.choices.first().map(|choice| &choice.finish) {
        Some(Finish::Length) => "max_tokens",
        Some(Finish::ToolCalls) => "tool_use",
        Some(Finish::Stopped(_)) => "stop_sequence",
        Some(Finish::Done) | None => "end_turn",
    }
}

/// The body of an error; its name is in a header.
pub(crate) fn error_body(refusal: &Refusal) -> Value {
    json!({"message": format!("[simulator] {}", refusal.message)})
}

/// The name of an error, for the header `x-amzn-errortype`.
pub(crate) const fn error_name(status: u16) -> &'static str {
    match status {
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 => "ModelTimeoutException",
        424 => "ModelErrorException",
        429 => "ThrottlingException",
        503 => "ServiceUnavailableException",
        500.. => "InternalServerException",
        _ => "ValidationException",
    }
}
