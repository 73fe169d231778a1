//! Writing answers, streams, models and errors.

use serde_json::{Value, json};

use crate::UsageReport;
use crate::answer::{Answer, Choice, Finish};
use crate::ask::{Ask, Refusal};
use crate::reply::{Frame, Told};
use crate::{Model, tokens};

/// The body of a plain answer.
pub(crate) fn plain(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Value {
    let choices = answer.choices.iter().enumerate().map(|(index, choice)| {
        let calls = choice.calls.iter().map(|call| {
            json!({"id": format!("call_{}", call.id), "type": "function",
                "function": {"name": call.name, "arguments": call.arguments}})
        });
        let calls: Vec<Value> = calls.collect();
        let mut message = json!({"role": "assistant", "content": choice.text, "refusal": null, "annotations": []});
        if let (false, Some(fields)) = (calls.is_empty(), message.as_object_mut()) {
            fields.insert("content".into(), Value::Null);
            fields.insert("tool_calls".into(), calls.into());
        }
        json!({"index": index, "message": message, "logprobs": null,
            "finish_reason": finish_reason(choice)})
    });
    let choices: Vec<Value> = choices.collect();
    let mut body = json!({
        "id": format!("chatcmpl-{}", told.id),
        "object": "chat.completion",
        "created": told.created,
        "model": ask.model,
        "choices": choices,
        "system_fingerprint": "fp_simulator",
        "service_tier": tier(ask),
    });
    if let (Some(usage), Some(fields)) = (usage(ask, answer, told.usage), body.as_object_mut()) {
        fields.insert("usage".into(), usage);
    }
    body
}

/// The events of a streamed answer, each with the output tokens that it brings.
pub(crate) fn stream(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Vec<Frame> {
    let mut out = Chunks { ask, told, frames: Vec::new() };
    for (index, choice) in answer.choices.iter().enumerate() {
        out.delta(index, json!({"role": "assistant", "content": "", "refusal": null}), None, 0);
        // OpenAI bills reasoning and does not show it: the role's chunk brings its tokens.
        out.bring(tokens::count(&choice.reasoning));
        out.frames.extend((0..choice.hidden).map(|_| Frame::thought()));
        let mut text = Counter::default();
        for piece in choice.pieces() {
            let brought = text.add(piece);
            out.delta(index, json!({"content": piece}), None, brought);
        }
        calls(&mut out, index, choice);
        out.delta(index, json!({}), Some(finish_reason(choice)), 0);
    }
    let copies = if told.usage == UsageReport::Twice { 2 } else { 1 };
    if let (true, Some(usage)) = (ask.include_usage, usage(ask, answer, told.usage)) {
        for _ in 0..copies {
            out.chunk(&[], Some(&usage), 0);
        }
    }
    out.frames.push(Frame::terminal("data: [DONE]\n\n"));
    out.frames
}

/// As Azure streams it: what its filter found in the prompt comes first, without choices.
pub(crate) fn stream_filtered(ask: &Ask, answer: &Answer, told: &Told<'_>) -> Vec<Frame> {
    let safe = json!({"hate": {"filtered": false, "severity": "safe"}});
    let found = json!({"id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": safe}]});
    let mut frames = vec![Frame::new(format!("data: {found}\n\n"), 0)];
    frames.extend(stream(ask, answer, told));
    frames
}

fn calls(out: &mut Chunks<'_>, index: usize, choice: &Choice) {
    for (position, call) in choice.calls.iter().enumerate() {
        let mut counter = Counter::default();
        let brought = counter.add(&call.name);
        let opening = json!({"tool_calls": [{"index": position, "type": "function",
            "id": format!("call_{}", call.id),
            "function": {"name": call.name, "arguments": ""}}]});
        out.delta(index, opening, None, brought);
        for piece in tokens::split(&call.arguments) {
            let brought = counter.add(piece);
            let part = json!({"tool_calls": [{"index": position,
                "function": {"arguments": piece}}]});
            out.delta(index, part, None, brought);
        }
    }
}

/// Counts the tokens of a text that comes in pieces: the sum is that of the whole text.
#[derive(Default)]
pub(crate) struct Counter {
    chars: u64,
}

impl Counter {
    /// The tokens that this piece adds.
    pub(crate) fn add(&mut self, piece: &str) -> u64 {
        let before = tokens::of_chars(self.chars);
        self.chars += tokens::chars(piece);
        tokens::of_chars(self.chars) - before
    }
}

struct Chunks<'a> {
    ask: &'a Ask,
    told: &'a Told<'a>,
    frames: Vec<Frame>,
}

impl Chunks<'_> {
    fn delta(&mut self, index: usize, delta: Value, finish: Option<&str>, tokens: u64) {
        let choice =
            json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
        self.chunk(&[choice], None, tokens);
    }

    fn chunk(&mut self, choices: &[Value], usage: Option<&Value>, tokens: u64) {
        let mut body = json!({
            "id": format!("chatcmpl-{}", self.told.id),
            "object": "chat.completion.chunk",
            "created": self.told.created,
            "model": self.ask.model,
            "system_fingerprint": "fp_simulator",
            "service_tier": tier(self.ask),
            "choices": choices,
        });
        if let (true, Some(fields)) = (self.ask.include_usage, body.as_object_mut()) {
            fields.insert("usage".into(), usage.cloned().unwrap_or(Value::Null));
        }
        self.frames.push(Frame::new(format!("data: {body}\n\n"), tokens));
    }

    /// Adds tokens to the last frame.
    fn bring(&mut self, tokens: u64) {
        if let Some(frame) = self.frames.last_mut() {
            frame.tokens += tokens;
        }
    }
}

fn tier(ask: &Ask) -> &'static str {
    ask.tier.unwrap_or("default")
}

fn usage(ask: &Ask, answer: &Answer, report: UsageReport) -> Option<Value> {
    let (input, output) = match report {
        UsageReport::Exact | UsageReport::Twice => (ask.input.tokens(), answer.tokens()),
        UsageReport::Wrong { input, output } => (input, output),
        UsageReport::Missing => return None,
    };
    Some(json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input.saturating_add(output),
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning_tokens(),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }))
}

const fn finish_reason(choice: &Choice) -> &'static str {
    match choice.finish {
        Finish::Done | Finish::Stopped(_) => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
    }
}

/// The body of `GET /v1/models`.
pub(crate) fn models(models: &[Model]) -> Value {
    let data: Vec<Value> = models.iter().map(model).collect();
    json!({"object": "list", "data": data})
}

/// The body of `GET /v1/models/ID`.
pub(crate) fn model(model: &Model) -> Value {
    json!({"id": model.id, "object": "model", "created": 1_767_225_600,
        "owned_by": "orchestack-simulator"})
}

/// The body of an error.
pub(crate) fn error_body(refusal: &Refusal) -> Value {
    let (kind, code) = match refusal.status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        402 => ("insufficient_quota", Some("insufficient_quota")),
        403 => ("invalid_request_error", Some("unsupported_country_region_territory")),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    };
    json!({"error": {"message": format!("[simulator] {}", refusal.message), "type": kind,
        "param": refusal.param, "code": code}})
}
