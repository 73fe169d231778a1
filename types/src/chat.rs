//! A chat request in our own shape. Every dialect is translated to it on the way in and from it on
//! the way out, so that policy, DLP, routing and budget see one form.

use serde_json::{Map, Value};

mod visit;

pub use visit::Piece;

/// One request for a completion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// A registered model's name, an alias, or `auto` with an optional variant.
    pub model: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// Functions that the model may call.
    pub tools: Vec<Tool>,
    /// Whether and which tool must be called; `None` leaves it to the provider's default.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several calls may come in one answer.
    pub parallel_tool_calls: Option<bool>,
    /// The form that the answer must take.
    pub format: Option<Format>,
    /// The caller's limit on output tokens per choice.
    pub max_output_tokens: Option<u64>,
    /// How many choices to generate (`n`), at least 1.
    pub choices: u32,
    /// Sampling settings, passed on as given.
    pub sampling: Sampling,
    /// How hard a reasoning model should think, as the caller wrote it (`low`, `medium`, ...).
    pub reasoning_effort: Option<String>,
    /// Sequences at which generation stops.
    pub stop: Vec<String>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether the stream ends with a usage chunk (`stream_options.include_usage`).
    pub include_usage: bool,
    /// Documented parameters of the OpenAI dialect that have no form of ours. They go only to
    /// providers of that dialect; any other provider is ruled out by name of the field.
    pub extra: Map<String, Value>,
}

/// Sampling settings. Numbers keep the caller's exact text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// 0 to 2.
    pub temperature: Option<serde_json::Number>,
    /// 0 to 1.
    pub top_p: Option<serde_json::Number>,
    /// Best-effort determinism.
    pub seed: Option<i64>,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// A participant's name, where the dialect has one.
    pub name: Option<String>,
    /// What is said, in order. Empty for an assistant message that only calls tools.
    pub content: Vec<Part>,
    /// Calls that the assistant made.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a `tool` message answers.
    pub tool_call_id: Option<String>,
    /// The assistant's refusal, if it refused.
    pub refusal: Option<String>,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions from the operator.
    System,
    /// The newer name of the operator's instructions.
    Developer,
    /// The person or program that asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Plain text.
    Text(String),
    /// An image by address or as data.
    Image(Image),
}

/// An image in a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Where it is.
    pub source: ImageSource,
    /// `low`, `high`, `auto` as the caller wrote it.
    pub detail: Option<String>,
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ImageSource {
    /// An `http(s)` address that the provider fetches.
    Url(String),
    /// Inline data.
    Data {
        /// Such as `image/png`.
        media_type: String,
        /// Base64 text.
        base64: String,
    },
}

/// A function that the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// The function's name.
    pub name: String,
    /// What it does, for the model.
    pub description: Option<String>,
    /// JSON schema of its arguments; `None` means that it takes none.
    pub parameters: Option<Value>,
    /// Whether arguments must follow the schema exactly.
    pub strict: Option<bool>,
}

/// Whether and which tool must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// No call.
    None,
    /// At least one call.
    Required,
    /// This function.
    Function(String),
}

/// One call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: String,
    /// The function.
    pub name: String,
    /// Its arguments as JSON text, exactly as generated.
    pub arguments: String,
}

/// The form that an answer must take.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// Any text.
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON of this schema.
    JsonSchema {
        /// The schema's name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// The schema.
        schema: Option<Value>,
        /// Whether it must be followed exactly.
        strict: Option<bool>,
    },
}

impl Role {
    /// The name that OpenAI's dialect and our records use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

impl ChatRequest {
    /// Whether any message carries an image.
    pub fn has_images(&self) -> bool {
        let is_image = |part: &Part| matches!(part, Part::Image(_));
        self.messages.iter().any(|message| message.content.iter().any(is_image))
    }
}
