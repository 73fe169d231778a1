//! How many input tokens a request has at most.

use std::fmt::{self, Write as _};

use serde_json::Value;
use types::chat::{ChatRequest, Format, Image, ImageSource, Message, Part, Tool};

/// The most input tokens that one image costs at any provider that we speak to: gpt-4o-mini takes
/// 2,833 tokens plus 5,667 per tile, and its scaling leaves at most 8 tiles (OpenAI, "Images and
/// vision", cost of tile-based models). Others are far below; the catalogue knows some of them.
pub const IMAGE_TOKENS_MAX: u64 = 2_833 + 8 * 5_667;

/// Role markers and separators of one message. OpenAI's cookbook counts 3 or 4; templates of open
/// models take up to a dozen.
const MESSAGE_TOKENS: u64 = 16;
/// The frame of one tool call or tool result within a message.
const CALL_TOKENS: u64 = 32;
/// The frame of one tool's definition, beyond its JSON text.
const TOOL_TOKENS: u64 = 64;
/// The instructions that a provider adds once a request has tools. Anthropic documents up to 530 for
/// tool use; OpenAI's are far shorter.
const TOOLS_TOKENS: u64 = 1_024;
/// What a provider adds to any request: begin and end markers, the primer of the answer, a default
/// system message with dates and settings where an open model's template brings one.
const REQUEST_TOKENS: u64 = 128;
/// The instructions that a provider adds for structured output, beyond the schema.
const FORMAT_TOKENS: u64 = 512;

/// An upper bound on a request's input tokens, whatever the model: every byte of text a token, plus
/// what templates add, plus [`IMAGE_TOKENS_MAX`] for each image.
pub fn input_bound(request: &ChatRequest) -> u64 {
    input_bound_with(request, IMAGE_TOKENS_MAX)
}

/// As [`input_bound`], for a model whose largest cost of an image is known.
///
/// A byte-level tokenizer never makes more tokens than bytes, and one with byte fallback neither.
pub fn input_bound_with(request: &ChatRequest, image_tokens: u64) -> u64 {
    let mut tokens = REQUEST_TOKENS;
    let mut add = |more: u64| tokens = tokens.saturating_add(more);
    for message in &request.messages {
        add(message_bound(message, image_tokens));
    }
    if !request.tools.is_empty() {
        add(TOOLS_TOKENS);
        request.tools.iter().for_each(|tool| add(tool_bound(tool)));
    }
    match &request.format {
        None | Some(Format::Text) => {}
        Some(Format::JsonObject) => add(FORMAT_TOKENS),
        Some(Format::JsonSchema { name, description, schema, .. }) => {
            add(FORMAT_TOKENS);
            add(bytes(name));
            add(description.as_deref().map_or(0, bytes));
            add(schema.as_ref().map_or(0, json_bytes));
        }
    }
    for (name, value) in &request.extra {
        add(bytes(name));
        add(json_bytes(value));
    }
    tokens
}

fn message_bound(message: &Message, image_tokens: u64) -> u64 {
    let mut tokens = MESSAGE_TOKENS;
    let mut add = |more: u64| tokens = tokens.saturating_add(more);
    add(bytes(message.role.as_str()));
    add(message.name.as_deref().map_or(0, bytes));
    for part in &message.content {
        match part {
            Part::Text(text) => add(bytes(text)),
            Part::Image(Image {
                source: ImageSource::Url(_) | ImageSource::Data { .. }, ..
            }) => {
                add(image_tokens);
            }
        }
    }
    for call in &message.tool_calls {
        add(CALL_TOKENS);
        [&call.id, &call.name, &call.arguments].into_iter().for_each(|text| add(bytes(text)));
    }
    if let Some(id) = &message.tool_call_id {
        add(CALL_TOKENS);
        add(bytes(id));
    }
    add(message.refusal.as_deref().map_or(0, bytes));
    tokens
}

fn tool_bound(tool: &Tool) -> u64 {
    TOOL_TOKENS
        .saturating_add(bytes(&tool.name))
        .saturating_add(tool.description.as_deref().map_or(0, bytes))
        .saturating_add(tool.parameters.as_ref().map_or(0, json_bytes))
}

fn bytes(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// The length of a JSON value's text, without making it.
fn json_bytes(value: &Value) -> u64 {
    struct Counter(u64);
    impl fmt::Write for Counter {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.saturating_add(bytes(text));
            Ok(())
        }
    }
    let mut counter = Counter(0);
    match write!(counter, "{value}") {
        Ok(()) => counter.0,
        Err(fmt::Error) => u64::MAX,
    }
}
