//! Whole answers of the Messages API.

use serde::Deserialize;
use serde_json::value::RawValue;
use types::{
    Wire,
    answer::{ChatAnswer, Choice, Finish, Usage},
    chat::{Opaque, OpaqueKind, Reasoning, ToolCall},
};

use crate::BadAnswer;

#[derive(Deserialize)]
struct AnswerIn<'a> {
    id: Option<String>,
    model: Option<String>,
    #[serde(borrow)]
    content: Option<Vec<BlockIn<'a>>>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    usage: Option<UsageIn>,
}

/// A content block, of any kind: an unknown kind has none of the fields that are read.
#[derive(Deserialize)]
pub(super) struct BlockIn<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) text: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) data: Option<String>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
}

/// Token counts. In a stream they are cumulative and come in pieces.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct UsageIn {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
    service_tier: Option<Tier>,
}

/// Cache writes by how long they are kept; together they are `cache_creation_input_tokens`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tier {
    Standard,
    Priority,
    #[serde(other)]
    Other,
}

/// Reads an upstream's whole answer.
///
/// # Errors
/// [`BadAnswer`].
pub fn decode_answer(body: &[u8]) -> Result<ChatAnswer, BadAnswer> {
    let answer: AnswerIn<'_> = serde_json::from_slice(body)?;
    let blocks = answer.content.ok_or(BadAnswer::Missing("content"))?;
    let mut choice = Choice {
        finish: finish(answer.stop_reason.as_deref()),
        stop_sequence: answer.stop_sequence,
        ..Choice::default()
    };
    for block in blocks {
        match block.kind.as_str() {
            "text" => append(&mut choice.text, block.text),
            "thinking" => choice.reasoning.push(Reasoning {
                text: Some(block.thinking.unwrap_or_default()),
                opaque: block.signature.and_then(|data| sealed(OpaqueKind::Signature, data)),
            }),
            "redacted_thinking" => choice.reasoning.push(Reasoning {
                text: None,
                opaque: block.data.and_then(|data| sealed(OpaqueKind::Encrypted, data)),
            }),
            "tool_use" => choice.tool_calls.push(ToolCall {
                id: block.id.ok_or(BadAnswer::Missing("tool call id"))?,
                name: block.name.ok_or(BadAnswer::Missing("tool name"))?,
                arguments: arguments(block.input).to_owned(),
            }),
            // The blocks of server tools, which we never ask for.
            _ => {}
        }
    }
    Ok(ChatAnswer {
        id: answer.id.unwrap_or_default(),
        created: 0,
        model: answer.model.unwrap_or_default(),
        choices: vec![choice],
        usage: answer.usage.and_then(|usage| usage.total()),
        system_fingerprint: None,
        service_tier: answer.usage.and_then(|usage| usage.tier()).map(str::to_owned),
    })
}

/// What the API wants back as it is; servers that only resemble it sign with nothing.
pub(super) fn sealed(kind: OpaqueKind, data: String) -> Option<Opaque> {
    let opaque = Opaque { format: Wire::Anthropic, kind, data, id: None };
    (!opaque.data.is_empty()).then_some(opaque)
}

fn append(text: &mut Option<String>, more: Option<String>) {
    match (text, more) {
        (Some(text), Some(more)) => text.push_str(&more),
        (text @ None, more) => *text = more,
        (Some(_), None) => {}
    }
}

/// A call's arguments as the text that they came as.
pub(super) fn arguments(input: Option<&RawValue>) -> &str {
    input.map_or("{}", RawValue::get)
}

/// Every documented `stop_reason`. What new ones mean we do not know.
pub(super) fn finish(stop_reason: Option<&str>) -> Finish {
    match stop_reason {
        Some("max_tokens" | "model_context_window_exceeded") => Finish::Length,
        Some("tool_use") => Finish::ToolCalls,
        Some("refusal") => Finish::Refusal,
        Some("pause_turn") => Finish::Pause,
        Some("end_turn" | "stop_sequence") => Finish::Stop,
        _ => Finish::Unknown,
    }
}

impl UsageIn {
    /// Takes over later counts. They are cumulative, so none may shrink.
    pub(super) fn update(&mut self, later: Self) {
        self.input_tokens = self.input_tokens.max(later.input_tokens);
        self.cache_creation_input_tokens =
            self.cache_creation_input_tokens.max(later.cache_creation_input_tokens);
        let (known, more) = (self.writes(), later.writes());
        self.cache_creation = Some(CacheCreation {
            ephemeral_5m_input_tokens: known.0.max(more.0),
            ephemeral_1h_input_tokens: known.1.max(more.1),
        });
        self.cache_read_input_tokens =
            self.cache_read_input_tokens.max(later.cache_read_input_tokens);
        self.output_tokens = self.output_tokens.max(later.output_tokens);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
    }

    /// The counts in our form, where `input` is all input: this API counts cached tokens apart.
    pub(super) fn total(&self) -> Option<Usage> {
        let (input, output) = (self.input_tokens?, self.output_tokens?);
        let cached = self.cache_read_input_tokens.unwrap_or(0);
        let (minutes, hour) = self.writes();
        let cache_write_1h = hour.unwrap_or(0);
        // The parts are the whole, unless one of the two is left out.
        let parts = minutes.unwrap_or(0).saturating_add(cache_write_1h);
        let cache_write = self.cache_creation_input_tokens.unwrap_or(0).max(parts);
        let details = self.output_tokens_details.unwrap_or_default();
        Some(Usage {
            input: input.saturating_add(cached).saturating_add(cache_write),
            cached,
            cache_write,
            cache_write_1h,
            output,
            reasoning: details.thinking_tokens.unwrap_or(0),
            ..Usage::default()
        })
    }

    /// Cache writes that are kept for five minutes, and for an hour.
    fn writes(&self) -> (Option<u64>, Option<u64>) {
        let told = self.cache_creation.unwrap_or_default();
        (told.ephemeral_5m_input_tokens, told.ephemeral_1h_input_tokens)
    }

    /// The tier in OpenAI's words.
    pub(super) fn tier(&self) -> Option<&'static str> {
        match self.service_tier? {
            Tier::Standard => Some("default"),
            Tier::Priority => Some("priority"),
            Tier::Other => None,
        }
    }
}
