//! The contents of a request, made of its messages.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use types::{
    Wire,
    chat::{
        ChatRequest, File, FileSource, Image, ImageSource, Message, Part, Reasoning, Role, ToolCall,
    },
};

use super::answer::CALL_END;
use crate::{Unsupported, schema, wire::unsupported};

/// What stands for the signature of a call that Gemini did not make, or whose signature the caller's
/// API had no place for. Gemini 3 refuses a turn whose first call has none; this value, from Google's
/// page on thought signatures, tells it not to look, and older models ignore it.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// A conversation as the API takes it.
#[derive(Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<PartOut<'a>>,
    pub(super) contents: Vec<Content<'a>>,
}

#[derive(Serialize)]
pub(super) struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    pub(super) parts: Vec<PartOut<'a>>,
}

/// One part: one of these, and beside it what only Gemini can read.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inline_data: Option<Inline<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<Address<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_response: Option<Answered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inline<'a> {
    mime_type: &'a str,
    /// Base64 text.
    data: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Address<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'static str>,
    file_uri: &'a str,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    name: &'a str,
    args: &'a RawValue,
}

#[derive(Serialize)]
struct Answered<'a> {
    id: &'a str,
    name: &'a str,
    response: Response,
}

/// The result of a call. The API wants an object and has these two keys for text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Response {
    Output(String),
    Error(String),
}

impl<'a> PartOut<'a> {
    fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    fn inline(mime_type: &'a str, data: &'a str) -> Self {
        Self { inline_data: Some(Inline { mime_type, data }), ..Self::default() }
    }

    fn address(file_uri: &'a str) -> Self {
        let address = Address { mime_type: media_type(file_uri), file_uri };
        Self { file_data: Some(address), ..Self::default() }
    }
}

/// Sorts messages into the instructions, which stand apart in this API, and contents; turns of one
/// role in a row become one.
pub(super) fn conversation(request: &ChatRequest) -> Result<Conversation<'_>, Unsupported> {
    if let Some(field) = request.foreign_reasoning(Wire::Gemini) {
        return Err(unsupported(field, "another provider's format made it"));
    }
    let mut all = Conversation::default();
    for (at, message) in request.messages.iter().enumerate() {
        // Of a tool's message it is the function's, which the call has.
        if message.name.is_some() && message.role != Role::Tool {
            let reason = "it has no names of participants";
            return Err(unsupported(format!("messages[{at}].name"), reason));
        }
        match message.role {
            Role::System | Role::Developer => {
                all.system.append(&mut instructions(message, at)?);
            }
            Role::User => all.add("user", said(message, at)?),
            Role::Tool => all.add("user", vec![result(&request.messages, message, at)?]),
            Role::Assistant => all.add("model", assistant(message, at)?),
        }
    }
    if all.contents.is_empty() {
        return Err(unsupported("messages", "it needs a message that is not empty or a system's"));
    }
    Ok(all)
}

impl<'a> Conversation<'a> {
    fn add(&mut self, role: &'static str, mut parts: Vec<PartOut<'a>>) {
        match self.contents.last_mut() {
            _ if parts.is_empty() => {}
            Some(content) if content.role == Some(role) => content.parts.append(&mut parts),
            _ => self.contents.push(Content { role: Some(role), parts }),
        }
    }
}

fn instructions(message: &Message, at: usize) -> Result<Vec<PartOut<'_>>, Unsupported> {
    if let Some(p) = message.content.iter().position(|part| !matches!(part, Part::Text(_))) {
        let field = format!("messages[{at}].content[{p}]");
        return Err(unsupported(field, "it takes text only in a system's message"));
    }
    said(message, at)
}

/// The content of a message. Empty text says nothing.
fn said(message: &Message, at: usize) -> Result<Vec<PartOut<'_>>, Unsupported> {
    let mut parts = Vec::with_capacity(message.content.len());
    for (p, part) in message.content.iter().enumerate() {
        match part {
            Part::Text(text) if text.is_empty() => {}
            Part::Text(text) => parts.push(PartOut::text(text)),
            Part::Image(image) => parts.push(image_part(image).map_err(|reason| {
                unsupported(format!("messages[{at}].content[{p}].image_url.detail"), reason)
            })?),
            Part::File(file) => parts.push(file_part(file)),
        }
    }
    Ok(parts)
}

fn image_part(image: &Image) -> Result<PartOut<'_>, &'static str> {
    if image.detail.as_deref().is_some_and(|detail| detail != "auto") {
        return Err("it has no detail of one image");
    }
    Ok(match &image.source {
        ImageSource::Url(url) => PartOut::address(url),
        ImageSource::Data { media_type, base64 } => PartOut::inline(media_type, base64),
    })
}

/// A document. One that is text is text to a model, with its name above it; the name of any other
/// has no place.
fn file_part(file: &File) -> PartOut<'_> {
    match (&file.source, &file.name) {
        (FileSource::Url(url), _) => PartOut::address(url),
        (FileSource::Data { media_type, base64 }, _) => PartOut::inline(media_type, base64),
        (FileSource::Text(text), Some(name)) => PartOut::text(format!("{name}\n\n{text}")),
        (FileSource::Text(text), None) => PartOut::text(text),
    }
}

/// The media type that an address shows by its ending. Where it shows none the API finds out.
fn media_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        _ => return None,
    })
}

/// The result of a call. The API knows a call by its name, which only the call itself has.
fn result<'a>(
    messages: &'a [Message],
    message: &'a Message,
    at: usize,
) -> Result<PartOut<'a>, Unsupported> {
    let id = message.tool_call_id.as_deref().unwrap_or_default();
    let earlier = messages.get(..at).unwrap_or_default().iter().rev();
    let call = earlier.flat_map(|message| &message.tool_calls).find(|call| call.id == id);
    let call = call.ok_or_else(|| {
        unsupported(format!("messages[{at}].tool_call_id"), "no call before it has this id")
    })?;
    let mut text = String::new();
    for (p, part) in message.content.iter().enumerate() {
        let (Part::Text(more) | Part::File(File { source: FileSource::Text(more), .. })) = part
        else {
            let reason = "it takes text only as the result of a tool";
            return Err(unsupported(format!("messages[{at}].content[{p}]"), reason));
        };
        if p > 0 {
            text.push('\n');
        }
        text.push_str(more);
    }
    let response = if message.tool_failed { Response::Error(text) } else { Response::Output(text) };
    let answered = Answered { id, name: &call.name, response };
    Ok(PartOut { function_response: Some(answered), ..PartOut::default() })
}

/// What the assistant said and called. Its plain thoughts are not wanted back; a signature goes to
/// the part that it came with: that of a call under the call's id, else what was said last.
fn assistant(message: &Message, at: usize) -> Result<Vec<PartOut<'_>>, Unsupported> {
    let mut parts = said(message, at)?;
    let refused = message.refusal.as_deref().filter(|said| !said.is_empty());
    parts.extend(refused.map(PartOut::text));
    if let Some(signature) = signature(&message.reasoning, None) {
        if parts.is_empty() {
            parts.push(PartOut::text(""));
        }
        if let Some(last) = parts.last_mut() {
            last.thought_signature = Some(signature);
        }
    }
    for (c, call) in message.tool_calls.iter().enumerate() {
        let ToolCall { id, name, arguments } = call;
        let args = schema::object(arguments).ok_or_else(|| {
            let field = format!("messages[{at}].tool_calls[{c}].function.arguments");
            unsupported(field, "it must be a json object")
        })?;
        // Only the first call of a turn must have one.
        let thought_signature =
            signature(&message.reasoning, Some(id)).or((c == 0).then_some(UNSIGNED));
        let function_call = Some(Call { id, name, args });
        parts.push(PartOut { function_call, thought_signature, ..PartOut::default() });
    }
    Ok(parts)
}

/// The signature of this call, or the last one that is no call's.
fn signature<'a>(reasoning: &'a [Reasoning], call: Option<&str>) -> Option<&'a str> {
    let sealed = reasoning.iter().rev().filter_map(|item| item.opaque.as_ref());
    let mut parted = sealed.map(|opaque| match opaque.data.rsplit_once(CALL_END) {
        Some((id, signature)) => (Some(id), signature),
        None => (None, opaque.data.as_str()),
    });
    parted.find(|(id, _)| *id == call).map(|(_, signature)| signature)
}
