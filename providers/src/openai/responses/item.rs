//! Reading input items. What an assistant thought, said and called in a row is one message of ours.

use serde_json::value::RawValue;
use types::{
    Wire,
    chat::{File, FileSource, Image, Message, Opaque, OpaqueKind, Part, Reasoning, Role, ToolCall},
};

use super::super::message::{data_url, image_source};
use crate::{
    params,
    params::{Fields, Path, Read},
};

/// The most items of one request.
const ITEMS_MAX: usize = 16_384;

/// The longest id of an item.
const ID_CHARS_MAX: usize = 256;

pub(super) fn input(path: &Path<'_>, raw: &RawValue, into: &mut Vec<Message>) -> Read<()> {
    if raw.get().starts_with('"') {
        let text = params::string(path, raw)?;
        into.push(Message::new(Role::User, vec![Part::Text(text)]));
        return Ok(());
    }
    if !raw.get().starts_with('[') {
        return Err(path.refuse("must be a text or an array of items"));
    }
    let items = params::objects(path, raw)?;
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(path.refuse(&format!("must have 1 to {ITEMS_MAX} items")));
    }
    for (i, fields) in items.into_iter().enumerate() {
        item(&path.item(i), fields, into)?;
    }
    Ok(())
}

fn item(path: &Path<'_>, mut fields: Fields<'_>, into: &mut Vec<Message>) -> Read<()> {
    let kind = fields.read(path, "type", params::string)?;
    let id = fields.read(path, "id", |path, raw| params::short(path, raw, ID_CHARS_MAX))?;
    // What became of it is told in answers; sent back it says nothing.
    fields.read(path, "status", |path, raw| {
        params::one_of(path, raw, &["in_progress", "completed", "incomplete"])
    })?;
    match kind.as_deref().unwrap_or("message") {
        "message" => message(path, &mut fields, into)?,
        "reasoning" => {
            let item = reasoning(path, &mut fields, id)?;
            let is_open =
                |last: &&mut Message| last.content.is_empty() && last.tool_calls.is_empty();
            match assistant(into).filter(is_open) {
                Some(last) => last.reasoning.push(item),
                None => {
                    let mut message = Message::new(Role::Assistant, Vec::new());
                    message.reasoning.push(item);
                    into.push(message);
                }
            }
        }
        "function_call" => {
            let call = ToolCall {
                id: fields.need(path, "call_id", params::call_id)?,
                name: fields.need(path, "name", |path, raw| params::name(path, raw, 128))?,
                arguments: fields.need(path, "arguments", params::string)?,
            };
            match assistant(into) {
                Some(last) => last.tool_calls.push(call),
                None => {
                    let mut message = Message::new(Role::Assistant, Vec::new());
                    message.tool_calls.push(call);
                    into.push(message);
                }
            }
        }
        "function_call_output" => {
            let mut message = Message::new(Role::Tool, Vec::new());
            message.tool_call_id = Some(fields.need(path, "call_id", params::call_id)?);
            fields.need(path, "output", |path, raw| content(path, raw, &mut message))?;
            into.push(message);
        }
        _ => return Err(path.field("type").refuse("is not a kind of item that is supported")),
    }
    fields.end(Some(path))
}

/// The message that the assistant's next item belongs to.
fn assistant(messages: &mut [Message]) -> Option<&mut Message> {
    messages.last_mut().filter(|last| last.role == Role::Assistant)
}

fn message(path: &Path<'_>, fields: &mut Fields<'_>, into: &mut Vec<Message>) -> Read<()> {
    let roles = ["user", "assistant", "system", "developer"];
    let role = fields.need(path, "role", |path, raw| params::one_of(path, raw, &roles))?;
    let role = match role.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => Role::Developer,
    };
    // In which part of an answer it stood.
    fields.read(path, "phase", params::string)?;
    let mut said = Message::new(role, Vec::new());
    fields.need(path, "content", |path, raw| content(path, raw, &mut said))?;
    match assistant(into) {
        Some(last)
            if role == Role::Assistant && last.tool_calls.is_empty() && last.content.is_empty() =>
        {
            last.content = said.content;
            last.refusal = said.refusal;
        }
        _ => into.push(said),
    }
    Ok(())
}

/// A text, or parts.
fn content(path: &Path<'_>, raw: &RawValue, message: &mut Message) -> Read<()> {
    if raw.get().starts_with('"') {
        message.content.push(Part::Text(params::string(path, raw)?));
        return Ok(());
    }
    for (i, mut fields) in params::objects(path, raw)?.into_iter().enumerate() {
        let path = path.item(i);
        let kind = fields.need(&path, "type", params::string)?;
        match (kind.as_str(), message.role) {
            ("input_text", Role::User | Role::System | Role::Developer | Role::Tool)
            | ("output_text", Role::Assistant) => {
                // These of an answer's text say nothing to a model.
                for name in ["annotations", "logprobs"] {
                    fields.take(name);
                }
                message.content.push(Part::Text(fields.need(&path, "text", params::string)?));
            }
            ("refusal", Role::Assistant) => {
                let refusal = fields.need(&path, "refusal", params::string)?;
                if message.refusal.replace(refusal).is_some() {
                    return Err(path.refuse("is a second refusal; one is allowed"));
                }
            }
            ("input_image", Role::User | Role::Tool) => {
                message.content.push(image(&path, &mut fields)?);
            }
            ("input_file", Role::User | Role::Tool) => {
                message.content.push(file(&path, &mut fields)?);
            }
            _ => {
                let problem = "is not a kind of part that this item may have";
                return Err(path.field("type").refuse(problem));
            }
        }
        fields.end(Some(&path))?;
    }
    Ok(())
}

fn image(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Part> {
    kept(path, fields)?;
    let source = fields.need(path, "image_url", |path, raw| {
        image_source(&params::string(path, raw)?).ok_or_else(|| {
            path.refuse("must be an http(s) address or `data:image/TYPE;base64,DATA`")
        })
    })?;
    let detail = fields
        .read(path, "detail", |path, raw| params::one_of(path, raw, &["auto", "low", "high"]))?;
    Ok(Part::Image(Image { source, detail: detail.filter(|detail| detail != "auto") }))
}

fn file(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Part> {
    kept(path, fields)?;
    fields.read(path, "detail", |path, raw| {
        params::one_of(path, raw, &["auto"]).map_err(|_| path.refuse("must be `auto`"))
    })?;
    let name = fields.read(path, "filename", |path, raw| params::short(path, raw, 500))?;
    let data = fields.read(path, "file_data", |path, raw| {
        let (media_type, base64) = data_url(&params::string(path, raw)?)
            .ok_or_else(|| path.refuse("must be `data:TYPE;base64,DATA`"))?;
        Ok(FileSource::Data { media_type, base64 })
    })?;
    let url = fields.read(path, "file_url", |path, raw| {
        let url = params::string(path, raw)?;
        let is_http = url.starts_with("https://") || url.starts_with("http://");
        if is_http {
            Ok(FileSource::Url(url))
        } else {
            Err(path.refuse("must be an http(s) address"))
        }
    })?;
    match (data, url) {
        (Some(source), None) | (None, Some(source)) => Ok(Part::File(File { name, source })),
        _ => Err(path.refuse("must have one of `file_data` and `file_url`")),
    }
}

fn kept(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<()> {
    match fields.take("file_id") {
        Some(_) => Err(path.field("file_id").refuse("is not supported: no files are kept here")),
        None => Ok(()),
    }
}

/// What was thought: summaries, or the text where it is shown, and what seals it.
fn reasoning(path: &Path<'_>, fields: &mut Fields<'_>, id: Option<String>) -> Read<Reasoning> {
    let mut text = None;
    for (name, kind) in [("summary", "summary_text"), ("content", "reasoning_text")] {
        let Some(parts) = fields.read(path, name, params::objects)? else { continue };
        let path = path.field(name);
        for (i, mut part) in parts.into_iter().enumerate() {
            let path = path.item(i);
            part.need(&path, "type", |path, raw| params::one_of(path, raw, &[kind]))?;
            let more = part.need(&path, "text", params::string)?;
            part.end(Some(&path))?;
            text.get_or_insert_with(String::new).push_str(&more);
        }
    }
    let sealed = fields.read(path, "encrypted_content", params::sealed)?;
    Ok(Reasoning { text, opaque: sealed.map(|data| opened(data, id)) })
}

/// The sealed value as it was before [`super::output::envelope`] put it into this API's words.
fn opened(data: String, id: Option<String>) -> Opaque {
    let mut parts = data.splitn(3, ':');
    let named = (parts.next().and_then(|name| name.parse().ok()), parts.next(), parts.next());
    let (kind, format, inner) = match named {
        (Some(format), Some("signature"), Some(inner)) => (OpaqueKind::Signature, format, inner),
        (Some(format), Some("encrypted"), Some(inner)) => (OpaqueKind::Encrypted, format, inner),
        _ => return Opaque { format: Wire::Responses, kind: OpaqueKind::Encrypted, data, id },
    };
    Opaque { format, kind, data: inner.to_owned(), id: None }
}
