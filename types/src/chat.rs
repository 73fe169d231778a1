//! A chat request in our own shape. Every dialect is translated to it on the way in and from it on
//! the way out, so that policy, DLP, routing and budget see one form.

use serde_json::{Map, Value};

use crate::Wire;

mod cache;
mod reasoning;
mod visit;

pub use cache::{CachePoint, CacheTtl};
pub use reasoning::{Opaque, OpaqueKind, Reasoning, Thinking};
pub use visit::{Piece, visit_json};

/// One request for a completion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// A registered model's name, an alias, or `auto` with an optional variant.
    pub model: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// Whether the last message, an assistant's, is the beginning of the answer, as in Anthropic's
    /// API; elsewhere the answer is a message of its own.
    pub prefill: bool,
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
    /// Whether and how much a model should think, where the dialect says it in tokens.
    pub thinking: Option<Thinking>,
    /// Whether the caller wants to see what was thought. A hint: what a provider shows is its own
    /// affair where its format has no word for this.
    pub show_reasoning: Option<bool>,
    /// Sequences at which generation stops.
    pub stop: Vec<String>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether the stream ends with a usage chunk (`stream_options.include_usage`).
    pub include_usage: bool,
    /// Documented parameters of OpenAI's chat completions that have no form of ours, under their
    /// names there, whatever dialect said them. They go to providers that have them too; any other
    /// provider is ruled out by name of the field.
    pub extra: Map<String, Value>,
    /// Documented parameters that chat completions have no word for.
    pub native: Native,
}

/// Parameters that only one wire format has. They go only to providers of that format; any other
/// provider is ruled out by the name of the first field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Native {
    /// The format.
    pub format: Wire,
    /// The parameters, under their own names.
    pub fields: Map<String, Value>,
}

/// Sampling settings. Numbers keep the caller's exact text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// 0 to 2.
    pub temperature: Option<serde_json::Number>,
    /// 0 to 1.
    pub top_p: Option<serde_json::Number>,
    /// How many of the likeliest tokens are drawn from, at least 1.
    pub top_k: Option<u64>,
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
    /// What the assistant thought before the rest of this message, in order.
    pub reasoning: Vec<Reasoning>,
    /// What is said, in order. Empty for an assistant message that only calls tools.
    pub content: Vec<Part>,
    /// Calls that the assistant made.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a `tool` message answers.
    pub tool_call_id: Option<String>,
    /// Whether a `tool` message tells of an error. A format without such a flag gets the text
    /// [`TOOL_FAILED`] before the result.
    pub tool_failed: bool,
    /// The assistant's refusal, if it refused.
    pub refusal: Option<String>,
    /// Up to where a provider should keep the request in its cache.
    pub cache: Vec<CachePoint>,
}

/// What stands before the result of a failed tool call, where the format has no flag for it.
pub const TOOL_FAILED: &str = "error: ";

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Instructions from the operator.
    System,
    /// The newer name of the operator's instructions.
    Developer,
    /// The person or program that asks.
    #[default]
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
    /// A document.
    File(File),
}

/// A document in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name or title.
    pub name: Option<String>,
    /// Where it is.
    pub source: FileSource,
}

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSource {
    /// An `http(s)` address that the provider fetches.
    Url(String),
    /// Inline data.
    Data {
        /// Such as `application/pdf`.
        media_type: String,
        /// Base64 text.
        base64: String,
    },
    /// Plain text.
    Text(String),
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tool {
    /// The function's name.
    pub name: String,
    /// What it does, for the model.
    pub description: Option<String>,
    /// JSON schema of its arguments; `None` means that it takes none.
    pub parameters: Option<Value>,
    /// Whether arguments must follow the schema exactly.
    pub strict: Option<bool>,
    /// Whether a provider should keep the request up to here in its cache, and for how long.
    pub cache: Option<CacheTtl>,
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

impl Message {
    /// A message that says `content`.
    pub fn new(role: Role, content: Vec<Part>) -> Self {
        Self {
            role,
            name: None,
            reasoning: Vec::new(),
            content,
            tool_calls: Vec::new(),
            tool_call_id: None,
            tool_failed: false,
            refusal: None,
            cache: Vec::new(),
        }
    }
}

impl ChatRequest {
    /// Whether any message carries an image.
    pub fn has_images(&self) -> bool {
        self.parts().any(|part| matches!(part, Part::Image(_)))
    }

    /// Whether any message carries a document.
    pub fn has_files(&self) -> bool {
        self.parts().any(|part| matches!(part, Part::File(_)))
    }

    /// Whether any part is not text that can be searched: an image, or a document's data.
    pub fn has_unseen(&self) -> bool {
        self.parts().any(|part| match part {
            Part::Text(_) | Part::File(File { source: FileSource::Text(_), .. }) => false,
            Part::Image(_) | Part::File(_) => true,
        })
    }

    /// Whether a provider is asked to keep something in its cache for an hour.
    pub fn caches_for_an_hour(&self) -> bool {
        let mut points = self.messages.iter().flat_map(|message| &message.cache);
        points.any(|point| point.ttl == CacheTtl::Hour)
            || self.tools.iter().any(|tool| tool.cache == Some(CacheTtl::Hour))
    }

    /// The parameters of this format's own.
    ///
    /// # Errors
    /// The name of a parameter that only another format has.
    pub fn native_of(&self, format: Wire) -> Result<&Map<String, Value>, &str> {
        match self.native.fields.keys().next() {
            Some(name) if self.native.format != format => Err(name),
            _ => Ok(&self.native.fields),
        }
    }

    /// The place of the first sealed reasoning that `format` cannot read, such as
    /// `messages[2].reasoning[0]`.
    pub fn foreign_reasoning(&self, format: Wire) -> Option<String> {
        let is_foreign =
            |item: &Reasoning| item.opaque.as_ref().is_some_and(|opaque| opaque.format != format);
        self.messages.iter().enumerate().find_map(|(m, message)| {
            let r = message.reasoning.iter().position(is_foreign)?;
            Some(format!("messages[{m}].reasoning[{r}]"))
        })
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.messages.iter().flat_map(|message| &message.content)
    }
}
