//! What both dialects ask for, in one form.

use serde_json::Value;

use crate::embed::Wanted;
use crate::tokens;

/// One call, read from either dialect.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// OpenAI only: whether the stream ends with a usage chunk.
    pub(crate) include_usage: bool,
    pub(crate) input: Input,
    /// The caller's limit on output tokens of one choice.
    pub(crate) limit: Option<u64>,
    pub(crate) choices: u32,
    pub(crate) stop: Vec<String>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: ToolChoice,
    pub(crate) format: Format,
    /// Whether the answer opens with some reasoning.
    pub(crate) thinks: bool,
    /// OpenAI only: the `service_tier` that it is served in, the one asked for.
    pub(crate) tier: Option<&'static str>,
    /// Set where vectors are wanted, and no answer in words.
    pub(crate) embed: Option<Wanted>,
}

/// The characters of everything that is billed as input.
#[derive(Debug, Default)]
pub(crate) struct Input {
    chars: u64,
    /// OpenAI only: whether there is an image.
    pub(crate) has_image: bool,
    /// The text of the last message, if the user wrote it.
    pub(crate) last_user_text: Option<String>,
}

impl Input {
    pub(crate) fn add(&mut self, text: &str) {
        self.chars = self.chars.saturating_add(tokens::chars(text));
    }

    /// Counts tokens that came as such.
    pub(crate) fn add_tokens(&mut self, count: usize) {
        let chars = count.saturating_mul(tokens::CHARS_PER_TOKEN);
        self.chars = self.chars.saturating_add(u64::try_from(chars).unwrap_or(u64::MAX));
    }

    /// Counts a JSON value by its compact text.
    pub(crate) fn add_json(&mut self, value: &Value) {
        self.add(&value.to_string());
    }

    /// Input tokens, at least one.
    pub(crate) fn tokens(&self) -> u64 {
        tokens::of_chars(self.chars).max(1)
    }
}

/// A function that may be called.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) schema: Value,
}

/// Which tools to call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    /// The ones that the user's last message names.
    #[default]
    Auto,
    /// None.
    Never,
    /// The first one, or the ones that are named.
    Required,
    /// This one.
    Named(String),
}

/// The form of the text.
#[derive(Debug, Default)]
pub(crate) enum Format {
    #[default]
    Text,
    JsonObject,
    JsonSchema(Value),
}

/// A request that is refused, before a dialect gives it a body.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The field that is wrong, where one is.
    pub(crate) param: Option<String>,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, param: None, message: message.into() }
    }

    /// A 400 about one field.
    pub(crate) fn field(param: &str, message: impl Into<String>) -> Self {
        Self { status: 400, param: Some(param.to_owned()), message: message.into() }
    }
}

/// Reads an optional field of the body. `null` counts as absent.
pub(crate) fn field<'v>(body: &'v Value, name: &str) -> Option<&'v Value> {
    body.get(name).filter(|value| !value.is_null())
}

/// Reads an optional whole number within bounds.
pub(crate) fn number(body: &Value, name: &str, min: u64, max: u64) -> Result<Option<u64>, Refusal> {
    let Some(value) = field(body, name) else { return Ok(None) };
    match value.as_u64().filter(|number| (min..=max).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(Refusal::field(name, format!("`{name}` must be an integer in {min}..={max}"))),
    }
}

/// Reads an optional number within bounds.
pub(crate) fn in_range(body: &Value, name: &str, min: f64, max: f64) -> Result<(), Refusal> {
    let Some(value) = field(body, name) else { return Ok(()) };
    match value.as_f64().filter(|number| (min..=max).contains(number)) {
        Some(_) => Ok(()),
        None => Err(Refusal::field(name, format!("`{name}` must be a number in {min}..={max}"))),
    }
}

/// Reads an optional boolean.
pub(crate) fn flag(body: &Value, name: &str) -> Result<bool, Refusal> {
    let Some(value) = field(body, name) else { return Ok(false) };
    value.as_bool().ok_or_else(|| Refusal::field(name, format!("`{name}` must be a boolean")))
}

/// Reads a required string.
pub(crate) fn string(body: &Value, name: &str) -> Result<String, Refusal> {
    match field(body, name).and_then(Value::as_str).filter(|text| !text.is_empty()) {
        Some(text) => Ok(text.to_owned()),
        None => Err(Refusal::field(name, format!("`{name}` is required and must be a string"))),
    }
}

/// Reads an optional array.
pub(crate) fn list<'v>(body: &'v Value, name: &str) -> Result<&'v [Value], Refusal> {
    let Some(value) = field(body, name) else { return Ok(&[]) };
    match value.as_array() {
        Some(items) => Ok(items),
        None => Err(Refusal::field(name, format!("`{name}` must be an array"))),
    }
}
