//! How many input tokens a request has at most.

use serde_json::Value;
use types::{
    chat::{
        ChatRequest, File, FileSource, Format, Image, ImageSource, Message, Part, TOOL_FAILED, Tool,
    },
    embed::{EmbedRequest, Inputs},
};

use crate::measure::{Measure, bytes};

/// The most input tokens that one image costs at any provider that we speak to: gpt-4o-mini takes
/// 2,833 tokens plus 5,667 per tile, and its scaling leaves at most 8 tiles (OpenAI, "Images and
/// vision", cost of tile-based models). Others are far below; the catalogue knows some of them.
pub const IMAGE_TOKENS_MAX: u64 = 2_833 + 8 * 5_667;

/// The most input tokens that a document is held for where its text is not ours to count. A page can
/// hold any amount, so this is beyond the context of any model in the catalogue, which is what bounds
/// it: see [`crate::Extent::within`].
pub const FILE_TOKENS_MAX: u64 = 2_000_000;

/// What the parts whose text we do not see cost in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartTokens {
    /// An image.
    pub image: u64,
    /// A document.
    pub file: u64,
}

impl PartTokens {
    /// The most at any provider.
    pub const MAX: Self = Self { image: IMAGE_TOKENS_MAX, file: FILE_TOKENS_MAX };
}

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
/// What a model of embeddings adds to each input: begin and end markers, and the prefix that some open
/// models are served with.
const EMBED_TOKENS: u64 = 32;
/// The instructions that a provider adds for structured output, beyond the schema.
const FORMAT_TOKENS: u64 = 512;

/// An upper bound on a request's input tokens, whatever the model: every byte of text a token, plus
/// what templates add, plus [`PartTokens::MAX`] for each image and document.
pub fn input_bound(request: &ChatRequest) -> u64 {
    input_bound_with(request, PartTokens::MAX)
}

/// As [`input_bound`], for a model whose largest cost of an image or document is known.
///
/// A byte-level tokenizer never makes more tokens than bytes, and one with byte fallback neither.
pub fn input_bound_with(request: &ChatRequest, parts: PartTokens) -> u64 {
    bound_by(request, parts, Measure::Bytes)
}

/// As [`input_bound_with`], with text measured in another way.
pub(crate) fn bound_by(request: &ChatRequest, parts: PartTokens, measure: Measure) -> u64 {
    let (text, json) = (|text: &str| measure.text(text), |value: &Value| measure.json(value));
    let mut tokens = REQUEST_TOKENS;
    let mut add = |more: u64| tokens = tokens.saturating_add(more);
    for message in &request.messages {
        add(message_bound(message, parts, measure));
    }
    if !request.tools.is_empty() {
        add(TOOLS_TOKENS);
        request.tools.iter().for_each(|tool| add(tool_bound(tool, measure)));
    }
    match &request.format {
        None | Some(Format::Text) => {}
        Some(Format::JsonObject) => add(FORMAT_TOKENS),
        Some(Format::JsonSchema { name, description, schema, .. }) => {
            add(FORMAT_TOKENS);
            add(text(name));
            add(description.as_deref().map_or(0, text));
            add(schema.as_ref().map_or(0, json));
        }
    }
    for (name, value) in request.extra.iter().chain(&request.native.fields) {
        add(text(name));
        add(json(value));
    }
    tokens
}

/// An upper bound on the tokens of a request for embeddings: every byte of text a token, tokens as they
/// are, and a frame around each input.
pub fn embed_bound(request: &EmbedRequest) -> u64 {
    let framed = embed_lengths(request).map(|length| length.saturating_add(EMBED_TOKENS));
    framed.fold(0, u64::saturating_add)
}

/// How long each input of a request for embeddings is: in bytes where it is text, else in tokens.
pub fn embed_lengths(request: &EmbedRequest) -> impl Iterator<Item = u64> {
    let (texts, lists) = match &request.inputs {
        Inputs::Texts(texts) => (texts.as_slice(), [].as_slice()),
        Inputs::Tokens(lists) => ([].as_slice(), lists.as_slice()),
    };
    let counted = lists.iter().map(|list| u64::try_from(list.len()).unwrap_or(u64::MAX));
    texts.iter().map(|text| bytes(text)).chain(counted)
}

fn message_bound(message: &Message, parts: PartTokens, measure: Measure) -> u64 {
    let measured = |text: &str| measure.text(text);
    let mut tokens = MESSAGE_TOKENS;
    let mut add = |more: u64| tokens = tokens.saturating_add(more);
    add(measured(message.role.as_str()));
    add(message.name.as_deref().map_or(0, measured));
    for item in &message.reasoning {
        add(item.text.as_deref().map_or(0, measured));
        // It stands for what nobody here can read, and count.
        add(item.opaque.as_ref().map_or(0, |opaque| bytes(&opaque.data)));
    }
    if message.tool_failed {
        add(measured(TOOL_FAILED));
    }
    for part in &message.content {
        match part {
            Part::Text(text) => add(measured(text)),
            Part::Image(Image {
                source: ImageSource::Url(_) | ImageSource::Data { .. }, ..
            }) => {
                add(parts.image);
            }
            Part::File(File { name, source }) => {
                add(MESSAGE_TOKENS);
                add(name.as_deref().map_or(0, measured));
                add(match source {
                    FileSource::Text(text) => measured(text),
                    FileSource::Url(_) | FileSource::Data { .. } => parts.file,
                });
            }
        }
    }
    for call in &message.tool_calls {
        add(CALL_TOKENS);
        [&call.id, &call.name, &call.arguments].into_iter().for_each(|text| add(measured(text)));
    }
    if let Some(id) = &message.tool_call_id {
        add(CALL_TOKENS);
        add(measured(id));
    }
    add(message.refusal.as_deref().map_or(0, measured));
    tokens
}

fn tool_bound(tool: &Tool, measure: Measure) -> u64 {
    let (text, json) = (|text: &str| measure.text(text), |value: &Value| measure.json(value));
    TOOL_TOKENS
        .saturating_add(text(&tool.name))
        .saturating_add(tool.description.as_deref().map_or(0, text))
        .saturating_add(tool.parameters.as_ref().map_or(0, json))
}
