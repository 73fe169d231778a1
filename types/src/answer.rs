//! A model's answer in our own shape, whole or as a stream of events, and what it used.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ServiceClass, Tokenizer,
    chat::{Opaque, Reasoning, ToolCall},
};

mod replay;

pub use replay::Gatherer;

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatAnswer {
    /// The provider's id of the answer.
    pub id: String,
    /// Seconds since the epoch, as the provider gave it; 0 where it gives none.
    pub created: i64,
    /// The model that answered, as the provider names it.
    pub model: String,
    /// One per requested choice.
    pub choices: Vec<Choice>,
    /// What the provider says was used; `None` where it says nothing.
    pub usage: Option<Usage>,
    /// OpenAI's `system_fingerprint`.
    pub system_fingerprint: Option<String>,
    /// The tier that served the request.
    pub service_tier: Option<String>,
}

/// One of the answers to a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// Its number, from 0.
    pub index: u32,
    /// The text, if any.
    pub text: Option<String>,
    /// The refusal, if the model refused.
    pub refusal: Option<String>,
    /// What was thought, where the provider shows it or wants it back.
    pub reasoning: Vec<Reasoning>,
    /// Calls that the model wants made.
    pub tool_calls: Vec<ToolCall>,
    /// Why it ended.
    pub finish: Finish,
    /// The stop sequence that ended it, where the provider tells.
    pub stop_sequence: Option<String>,
    /// Log probabilities in OpenAI's form, passed through.
    pub logprobs: Option<Value>,
    /// Annotations in OpenAI's form, passed through.
    pub annotations: Option<Value>,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// A natural end or a stop sequence.
    #[default]
    Stop,
    /// The limit on output tokens.
    Length,
    /// It waits for the results of tool calls.
    ToolCalls,
    /// The provider's filter.
    ContentFilter,
    /// The model will not answer.
    Refusal,
    /// A long turn that the provider interrupted: sent back as it is, it goes on.
    Pause,
    /// The provider gave no reason, or one that we do not know. Callers are told that it ended.
    Unknown,
}

/// One event of a streamed answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer begins. Comes once, first.
    Start {
        /// The provider's id of the answer.
        id: String,
        /// Seconds since the epoch; 0 where the provider gives none.
        created: i64,
        /// The model that answers.
        model: String,
        /// OpenAI's `system_fingerprint`.
        system_fingerprint: Option<String>,
        /// The tier that serves the request.
        service_tier: Option<String>,
    },
    /// A piece of a choice.
    Delta {
        /// Which choice.
        choice: u32,
        /// What was added.
        piece: Piece,
        /// Log probabilities of the piece in OpenAI's form.
        logprobs: Option<Value>,
    },
    /// A choice ended.
    Finish {
        /// Which choice.
        choice: u32,
        /// Why.
        reason: Finish,
        /// The stop sequence that ended it, where the provider tells.
        stop_sequence: Option<String>,
    },
    /// What was used, cumulative: a later one replaces an earlier one.
    Usage(Usage),
    /// The provider reports a failure in the middle of the stream.
    Failed {
        /// The provider's own kind of error, such as `overloaded_error`.
        kind: String,
        /// Its message, which may be shown to the caller.
        message: String,
    },
}

/// What a stream event adds to a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The assistant's role alone: OpenAI's first chunk of a choice.
    Role,
    /// Text.
    Text(String),
    /// Text of a refusal.
    Refusal(String),
    /// Reasoning text.
    Reasoning(String),
    /// The end of an item of reasoning: what signs the text since the item before it, or is an
    /// item of its own where there is none.
    Opaque(Opaque),
    /// A part of a tool call; id and name come with its first part only.
    ToolCall {
        /// Position of the call within the choice.
        index: u32,
        /// The call's id.
        id: Option<String>,
        /// The function's name.
        name: Option<String>,
        /// A piece of the arguments' JSON text, possibly empty.
        arguments: String,
    },
}

impl Choice {
    /// All text of its reasoning; `None` where none is shown.
    pub fn reasoning_text(&self) -> Option<String> {
        let texts = self.reasoning.iter().filter_map(|item| item.text.as_deref());
        texts.map(str::to_owned).reduce(|all, text| all + &text)
    }
}

/// What one call used: tokens, and whatever else its price asks for.
///
/// What most calls have none of is left out of the stored form, and reads as none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All input tokens, cached ones and cache writes included.
    pub input: u64,
    /// Input tokens read from the provider's cache.
    pub cached: u64,
    /// Input tokens written to the provider's cache.
    pub cache_write: u64,
    /// Those of them that are kept there for an hour, which cost more: counted in `cache_write`. 0
    /// where a provider does not tell them apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_1h: u64,
    /// Input tokens of audio.
    pub audio_input: u64,
    /// Input tokens of audio read from the provider's cache: counted in `cached` and in
    /// `audio_input`. 0 where a provider does not tell them apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_audio: u64,
    /// Input tokens of images, where a provider tells them apart.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub image_input: u64,
    /// All output tokens, reasoning included.
    pub output: u64,
    /// Output tokens spent on reasoning.
    pub reasoning: u64,
    /// Output tokens of audio.
    pub audio_output: u64,
    /// Output tokens of images.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub image_output: u64,
    /// Images given.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub images: u64,
    /// Searches made.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub searches: u64,
    /// Seconds that it took, rounded up, where the price asks for them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seconds: u64,
    /// The class of service that is charged.
    #[serde(default, skip_serializing_if = "is_standard")]
    pub class: ServiceClass,
    /// True where we counted because the provider sent no usage.
    #[serde(default)]
    pub counted: bool,
    /// The vocabulary that all of it was counted with, to the token; `None` where a provider's word
    /// was taken, or where any part of the count is a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<Tokenizer>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_standard(class: &ServiceClass) -> bool {
    *class == ServiceClass::Standard
}
