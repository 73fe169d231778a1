//! Mistral's chat completions and embeddings: OpenAI's dialect with other names for some things.
//!
//! Source: Mistral's API reference (`POST /v1/chat/completions`, `POST /v1/embeddings`). It refuses fields that it does not
//! know, so that what it has no name for is refused here, by the caller's name. Usage comes at the end
//! of every stream unasked.

use serde::Serialize;
use types::{
    Wire,
    chat::{ChatRequest, File, FileSource, Part, Role},
    embed::EmbedRequest,
};

use crate::{
    MaxTokensField, Target, Unsupported, embed,
    openai::{self, Words},
    wire,
};

/// What Mistral calls what OpenAI calls otherwise.
const WORDS: Words =
    Words { seed: "random_seed", any_tool: "any", short_call_ids: true, has_user: false };

/// Parameters of OpenAI's that it has too.
const SHARED: [&str; 4] = ["frequency_penalty", "presence_penalty", "prediction", "metadata"];

/// The request's body.
///
/// # Errors
/// The first field that the API cannot express: see [`check`].
pub fn encode_request(request: &ChatRequest, target: &Target<'_>) -> Result<Vec<u8>, Unsupported> {
    check(request)?;
    let target = Target {
        max_tokens_field: MaxTokensField::Legacy,
        no_stream_usage: true,
        wants_thoughts: false,
        ..*target
    };
    Ok(openai::encode_as(request, &target, &WORDS))
}

/// Whether the API can say all of a request, without writing it.
///
/// # Errors
/// The first field that it cannot.
pub fn check(request: &ChatRequest) -> Result<(), Unsupported> {
    let no = |field: &str, reason| Err(Unsupported { field: field.to_owned(), reason });
    openai::check_as(request, Wire::Mistral)?;
    for (name, value) in &request.extra {
        let says_nothing = matches!(
            (name.as_str(), value),
            ("store" | "logprobs", serde_json::Value::Bool(false)) | ("user", _)
        );
        if !says_nothing && !SHARED.contains(&name.as_str()) {
            return no(name, "it has no such parameter");
        }
    }
    for (m, message) in request.messages.iter().enumerate() {
        if message.name.is_some() && message.role != Role::Tool {
            return no(&format!("messages[{m}].name"), "it has no names of participants");
        }
        if message.refusal.is_some() {
            return no(&format!("messages[{m}].refusal"), "it has no refusals");
        }
        let data = |part: &Part| match part {
            Part::File(File { source, .. }) => !matches!(source, FileSource::Text(_)),
            Part::Text(_) | Part::Image(_) => false,
        };
        if let Some(p) = message.content.iter().position(data) {
            return no(&format!("messages[{m}].content[{p}]"), "it has no data of documents");
        }
    }
    Ok(())
}

/// Whether the API can say all of a request for embeddings.
///
/// # Errors
/// The first field that it cannot.
pub fn check_embed(request: &EmbedRequest) -> Result<(), Unsupported> {
    embed::nobody(request)?;
    embed::texts(request).map(drop)
}

#[derive(Serialize)]
struct EmbedOut<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u32>,
}

/// The body of a request for embeddings. Its answer is OpenAI's.
///
/// # Errors
/// As [`check_embed`].
pub fn encode_embed(request: &EmbedRequest, target: &Target<'_>) -> Result<Vec<u8>, Unsupported> {
    check_embed(request)?;
    let mut out = Vec::with_capacity(256);
    let input = embed::texts(request)?;
    let body =
        EmbedOut { model: target.upstream_model, input, output_dimension: request.dimensions };
    wire::write_json(&mut out, &body);
    Ok(out)
}
