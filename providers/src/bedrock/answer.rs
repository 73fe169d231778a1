//! Whole answers of Converse.

use serde::Deserialize;
use serde_json::value::RawValue;
use types::{
    Wire,
    answer::{ChatAnswer, Choice, Finish},
    chat::{Opaque, OpaqueKind, Reasoning, ToolCall},
};

use super::usage::UsageIn;
use crate::BadAnswer;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerIn<'a> {
    #[serde(borrow)]
    output: Option<Output<'a>>,
    stop_reason: Option<String>,
    usage: Option<UsageIn>,
    service_tier: Option<Tier>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Option<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<Vec<BlockIn<'a>>>,
}

/// A content block: one of these, or of a kind that we never ask for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockIn<'a> {
    text: Option<String>,
    #[serde(borrow)]
    tool_use: Option<Call<'a>>,
    reasoning_content: Option<Thought>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call<'a> {
    tool_use_id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thought {
    reasoning_text: Option<ThoughtText>,
    redacted_content: Option<String>,
}

#[derive(Deserialize)]
struct ThoughtText {
    text: Option<String>,
    signature: Option<String>,
}

/// The tier that served a request.
#[derive(Deserialize)]
struct Tier {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Reads an upstream's whole answer. It has neither an id nor the model's name.
///
/// # Errors
/// [`BadAnswer`].
pub fn decode_answer(body: &[u8]) -> Result<ChatAnswer, BadAnswer> {
    let answer: AnswerIn<'_> = serde_json::from_slice(body)?;
    let message = answer.output.and_then(|output| output.message);
    let blocks = message.and_then(|message| message.content);
    let mut choice = Choice::default();
    for block in blocks.ok_or(BadAnswer::Missing("content"))? {
        if let Some(text) = block.text {
            choice.text.get_or_insert_default().push_str(&text);
        }
        if let Some(call) = block.tool_use {
            choice.tool_calls.push(ToolCall {
                id: call.tool_use_id.ok_or(BadAnswer::Missing("tool call id"))?,
                name: call.name.ok_or(BadAnswer::Missing("tool name"))?,
                arguments: call.input.map_or("{}", RawValue::get).to_owned(),
            });
        }
        choice.reasoning.extend(block.reasoning_content.and_then(reasoning));
    }
    choice.finish =
        finish(answer.stop_reason.as_deref().unwrap_or_default()).map_err(BadAnswer::Failed)?;
    Ok(ChatAnswer {
        choices: vec![choice],
        usage: answer.usage.and_then(|usage| usage.total()),
        service_tier: answer.service_tier.and_then(|tier| tier.kind),
        ..ChatAnswer::default()
    })
}

fn reasoning(thought: Thought) -> Option<Reasoning> {
    match (thought.reasoning_text, thought.redacted_content) {
        (Some(text), _) => Some(Reasoning {
            text: Some(text.text.unwrap_or_default()),
            opaque: text.signature.and_then(|data| sealed(OpaqueKind::Signature, data)),
        }),
        (None, Some(data)) => {
            Some(Reasoning { text: None, opaque: sealed(OpaqueKind::Encrypted, data) })
        }
        (None, None) => None,
    }
}

/// What the API wants back as it is.
pub(super) fn sealed(kind: OpaqueKind, data: String) -> Option<Opaque> {
    let opaque = Opaque { format: Wire::Bedrock, kind, data, id: None };
    (!opaque.data.is_empty()).then_some(opaque)
}

/// Every documented `stopReason`. What new ones mean we do not know.
///
/// # Errors
/// The name of a reason by which the model's output is of no use.
pub(super) fn finish(stop_reason: &str) -> Result<Finish, &'static str> {
    Ok(match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolCalls,
        "guardrail_intervened" | "content_filtered" => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        "malformed_model_output" => return Err("malformed_model_output"),
        "malformed_tool_use" => return Err("malformed_tool_use"),
        "end_turn" | "stop_sequence" => Finish::Stop,
        _ => Finish::Unknown,
    })
}
