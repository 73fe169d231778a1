//! Writing answers, their pieces, and errors.

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::UsageReport;
use crate::answer::{Answer, Choice, Finish};
use crate::ask::{Ask, Refusal};
use crate::openai::Counter;
use crate::reply::{Frame, Told, put};
use crate::tokens;

/// What signs a part.
const SIGNATURE: &str = "c2ltdWxhdG9y";

/// The body of a plain answer.
pub(crate) fn plain(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Value {
    let candidates = answer.choices.iter().enumerate().map(|(index, choice)| {
        let mut parts = Vec::new();
        if !choice.reasoning.is_empty() {
            parts.push(json!({"text": choice.reasoning, "thought": true}));
        }
        if !choice.text.is_empty() {
            parts.push(json!({"text": choice.text}));
        }
        parts.extend(calls(ask, choice));
        json!({"content": {"parts": parts, "role": "model"}, "index": index,
            "finishReason": finish_reason(choice)})
    });
    let candidates: Vec<Value> = candidates.collect();
    let (output, thoughts) = (answer.tokens(), answer.reasoning_tokens());
    let mut body = stamped(ask, told, &candidates);
    put_usage(&mut body, ask, told.usage, (output, thoughts));
    body
}

/// The events of a streamed answer, each with the output tokens that it brings. Each tells the counts
/// so far; the last one is the end.
pub(crate) fn stream(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Vec<Frame> {
    let mut out = Pieces { ask, told, frames: Vec::new(), output: 0, thoughts: 0 };
    for (index, choice) in answer.choices.iter().enumerate() {
        out.frames.extend((0..choice.hidden).map(|_| Frame::thought()));
        out.output += choice.hidden;
        out.thoughts += choice.hidden;
        for piece in tokens::split(&choice.reasoning) {
            out.thoughts += 1;
            out.piece(index, &[json!({"text": piece, "thought": true})], None, 1);
        }
        let mut text = Counter::default();
        for piece in choice.pieces() {
            let brought = text.add(piece);
            out.piece(index, &[json!({"text": piece})], None, brought);
        }
        for (call, part) in choice.calls.iter().zip(calls(ask, choice)) {
            let mut counter = Counter::default();
            let brought = counter.add(&call.name) + counter.add(&call.arguments);
            out.piece(index, &[part], None, brought);
        }
        let end = [json!({"text": ""})];
        out.piece(index, &end, Some(finish_reason(choice)), 0);
    }
    if let Some(last) = out.frames.last_mut() {
        last.terminal = true;
    }
    out.frames
}

/// An error in the middle of a stream.
pub(crate) fn broken() -> Bytes {
    let error = error_body(&Refusal::new(503, "scripted error"));
    format!("data: {error}\r\n\r\n").into()
}

struct Pieces<'a> {
    ask: &'a Ask,
    told: &'a Told<'a>,
    frames: Vec<Frame>,
    /// Output tokens so far, and those of them that are thoughts.
    output: u64,
    thoughts: u64,
}

impl Pieces<'_> {
    fn piece(&mut self, index: usize, parts: &[Value], finish: Option<&str>, tokens: u64) {
        self.output += tokens;
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": index});
        if let Some(reason) = finish {
            put(&mut candidate, "finishReason", reason);
        }
        let mut body = stamped(self.ask, self.told, &[candidate]);
        put_usage(&mut body, self.ask, self.told.usage, (self.output, self.thoughts));
        self.frames.push(Frame::new(format!("data: {body}\r\n\r\n"), tokens));
    }
}

/// The parts of a choice's calls. The first carries a signature where the model thought.
fn calls<'a>(ask: &'a Ask, choice: &'a Choice) -> impl Iterator<Item = Value> + 'a {
    choice.calls.iter().enumerate().map(|(at, call)| {
        let args: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        let mut part = json!({"functionCall": {"id": call.id, "name": call.name, "args": args}});
        if at == 0 && (ask.thinks || ask.model.starts_with("gemini-3")) {
            put(&mut part, "thoughtSignature", SIGNATURE);
        }
        part
    })
}

fn stamped(ask: &Ask, told: &Told<'_>, candidates: &[Value]) -> Value {
    json!({"candidates": candidates, "modelVersion": ask.model, "responseId": told.id})
}

fn put_usage(body: &mut Value, ask: &Ask, report: UsageReport, (output, thoughts): (u64, u64)) {
    let (input, output, thoughts) = match report {
        UsageReport::Exact | UsageReport::Twice => (ask.input.tokens(), output, thoughts),
        UsageReport::Wrong { input, output } => (input, output, 0),
        UsageReport::Missing => return,
    };
    let mut usage = json!({
        "promptTokenCount": input,
        "candidatesTokenCount": output.saturating_sub(thoughts),
        "totalTokenCount": input.saturating_add(output),
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": input}],
    });
    if thoughts > 0 {
        put(&mut usage, "thoughtsTokenCount", thoughts);
    }
    put(body, "usageMetadata", usage);
}

const fn finish_reason(choice: &Choice) -> &'static str {
    match choice.finish {
        Finish::Done | Finish::Stopped(_) | Finish::ToolCalls => "STOP",
        Finish::Length => "MAX_TOKENS",
    }
}

/// The body of an error. A wrong key is told as the API does: as a malformed request.
pub(crate) fn error_body(refusal: &Refusal) -> Value {
    let (status, details) = match refusal.status {
        401 => (
            "INVALID_ARGUMENT",
            json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]),
        ),
        429 => (
            "RESOURCE_EXHAUSTED",
            json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"}]),
        ),
        403 => ("PERMISSION_DENIED", json!([])),
        404 => ("NOT_FOUND", json!([])),
        503 => ("UNAVAILABLE", json!([])),
        504 => ("DEADLINE_EXCEEDED", json!([])),
        500.. => ("INTERNAL", json!([])),
        _ => ("INVALID_ARGUMENT", json!([])),
    };
    let code = http_status(refusal.status);
    json!({"error": {"code": code, "message": format!("[simulator] {}", refusal.message),
        "status": status, "details": details}})
}

/// The status that the API answers with.
pub(crate) const fn http_status(status: u16) -> u16 {
    if status == 401 { 400 } else { status }
}
