//! Whole answers in the form of the Messages API.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use types::{
    Wire,
    answer::{ChatAnswer, Choice, Finish, Usage},
    chat::{Opaque, OpaqueKind, Reasoning, ToolCall},
};

use crate::{json, wire};

#[derive(Serialize)]
struct AnswerOut<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<BlockOut<'a>>,
    stop_reason: Option<&'static str>,
    stop_sequence: Option<&'a str>,
    usage: UsageOut,
}

/// A content block of an answer.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum BlockOut<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: Cow<'a, str> },
    RedactedThinking { data: Cow<'a, str> },
    ToolUse { id: &'a str, name: &'a str, input: Cow<'a, RawValue> },
}

/// The body of a whole answer.
pub fn encode_answer(answer: &ChatAnswer) -> Vec<u8> {
    let none = Choice::default();
    // The API has one answer to a request: more are not asked for.
    let choice = answer.choices.first().unwrap_or(&none);
    let mut content: Vec<_> = choice.reasoning.iter().map(thought).collect();
    let said = [&choice.text, &choice.refusal].into_iter().flatten();
    content.extend(said.filter(|text| !text.is_empty()).map(|text| BlockOut::Text { text }));
    content.extend(choice.tool_calls.iter().map(tool_use));
    let answer = AnswerOut {
        id: &answer.id,
        kind: "message",
        role: "assistant",
        model: &answer.model,
        content,
        stop_reason: Some(stop_reason(
            choice.finish,
            (choice.stop_sequence.is_some(), !choice.tool_calls.is_empty()),
        )),
        stop_sequence: choice.stop_sequence.as_deref(),
        usage: UsageOut::new(answer.usage.as_ref(), answer.service_tier.as_deref()),
    };
    let mut out = Vec::with_capacity(1024);
    wire::write_json(&mut out, &answer);
    out
}

/// The body of a count of input tokens.
pub fn encode_count(input_tokens: u64) -> Vec<u8> {
    let mut out = Vec::new();
    wire::write_json(&mut out, &serde_json::json!({ "input_tokens": input_tokens }));
    out
}

fn thought(item: &Reasoning) -> BlockOut<'_> {
    let sealed = item.opaque.as_ref().map(envelope).unwrap_or_default();
    match (&item.text, item.opaque.as_ref().map(|opaque| opaque.kind)) {
        (None, Some(OpaqueKind::Encrypted)) => BlockOut::RedactedThinking { data: sealed },
        (text, _) => {
            BlockOut::Thinking { thinking: text.as_deref().unwrap_or_default(), signature: sealed }
        }
    }
}

/// A sealed value in this API's words. That of another format carries the format's name, so that
/// it is known again when the caller sends it back: Base64 has no colon.
pub(super) fn envelope(opaque: &Opaque) -> Cow<'_, str> {
    match opaque.format {
        Wire::Anthropic => Cow::Borrowed(&opaque.data),
        format => Cow::Owned(format!("{format}:{}", opaque.data)),
    }
}

fn tool_use(call: &ToolCall) -> BlockOut<'_> {
    BlockOut::ToolUse { id: &call.id, name: &call.name, input: input(&call.arguments) }
}

/// A call's arguments as an object. Models do write broken JSON; it is wrapped as Anthropic's
/// documentation has it ("Fine-grained tool streaming").
fn input(arguments: &str) -> Cow<'_, RawValue> {
    let arguments = arguments.trim();
    let arguments = if arguments.is_empty() { "{}" } else { arguments };
    let is_object =
        arguments.starts_with('{') && json::check(arguments.as_bytes(), json::DEPTH_MAX).is_ok();
    match serde_json::from_str::<&RawValue>(arguments) {
        Ok(object) if is_object => Cow::Borrowed(object),
        _ => {
            let wrapped = serde_json::json!({ "INVALID_JSON": arguments });
            let wrapped = serde_json::value::to_raw_value(&wrapped);
            Cow::Owned(wrapped.unwrap_or_else(|_| RawValue::NULL.to_owned()))
        }
    }
}

/// Why an answer ended, by whether that was at a stop sequence and whether it calls tools. Many servers
/// say no more than that it ended where they call one, and callers of this API go by the reason.
pub(super) const fn stop_reason(
    finish: Finish,
    (at_sequence, calls): (bool, bool),
) -> &'static str {
    match finish {
        Finish::Stop | Finish::Unknown if at_sequence => "stop_sequence",
        Finish::Stop | Finish::Unknown if calls => "tool_use",
        Finish::Stop | Finish::Unknown => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
        Finish::ContentFilter | Finish::Refusal => "refusal",
        Finish::Pause => "pause_turn",
    }
}

/// Token counts, where input that went through the cache is counted apart.
#[derive(Serialize)]
pub(super) struct UsageOut {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: CacheCreation,
    output_tokens: u64,
    service_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

impl UsageOut {
    pub(super) fn new(usage: Option<&Usage>, tier: Option<&str>) -> Self {
        let usage = usage.copied().unwrap_or_default();
        let through_cache = usage.cached.saturating_add(usage.cache_write);
        Self {
            input_tokens: usage.input.saturating_sub(through_cache),
            cache_creation_input_tokens: usage.cache_write,
            cache_read_input_tokens: usage.cached,
            cache_creation: CacheCreation {
                ephemeral_5m_input_tokens: usage.cache_write.saturating_sub(usage.cache_write_1h),
                ephemeral_1h_input_tokens: usage.cache_write_1h,
            },
            output_tokens: usage.output,
            service_tier: match tier {
                Some("default" | "standard") => Some("standard"),
                Some("priority") => Some("priority"),
                Some(_) | None => None,
            },
        }
    }
}
