//! Reading content blocks.

use serde_json::value::RawValue;
use types::{
    Wire,
    chat::{
        CachePoint, CacheTtl, File, FileSource, Image, ImageSource, Message, Opaque, OpaqueKind,
        Part, Reasoning, Role, ToolCall,
    },
};

use crate::{
    params,
    params::{Fields, Path, Read},
};

/// What a block is to us.
pub(super) enum Piece {
    Thought(Reasoning),
    Part(Part, Option<CacheTtl>),
    Call(ToolCall, Option<CacheTtl>),
    /// The result of a tool, which is a message of its own.
    Result(Message),
}

pub(super) fn read(path: &Path<'_>, mut fields: Fields<'_>, role: Role) -> Read<Piece> {
    let kind = fields.need(path, "type", params::string)?;
    let piece = match (kind.as_str(), role) {
        ("text", _) => Piece::Part(text(path, &mut fields)?, hint(path, &mut fields)?),
        ("image", Role::User) => Piece::Part(image(path, &mut fields)?, hint(path, &mut fields)?),
        ("document", Role::User) => {
            Piece::Part(document(path, &mut fields)?, hint(path, &mut fields)?)
        }
        ("thinking", Role::Assistant) => Piece::Thought(thinking(path, &mut fields)?),
        ("redacted_thinking", Role::Assistant) => {
            let data = fields.need(path, "data", params::sealed)?;
            Piece::Thought(Reasoning {
                text: None,
                opaque: Some(opened(OpaqueKind::Encrypted, data)),
            })
        }
        ("tool_use", Role::Assistant) => {
            Piece::Call(tool_use(path, &mut fields)?, hint(path, &mut fields)?)
        }
        ("tool_result", Role::User) => Piece::Result(tool_result(path, &mut fields)?),
        _ => return Err(no_kind(path)),
    };
    fields.end(Some(path))?;
    Ok(piece)
}

fn no_kind(path: &Path<'_>) -> crate::Rejection {
    path.field("type").refuse("is not a kind of block that is supported in this place")
}

/// A block of text. What it cites was for the reader of the answer that it comes from.
pub(super) fn text(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Part> {
    if let Some(cited) = fields.take("citations")
        && cited.get().chars().any(|c| !matches!(c, '[' | ']' | ' ' | '\n' | '\r' | '\t'))
    {
        return Err(path.field("citations").refuse("is not supported"));
    }
    Ok(Part::Text(fields.need(path, "text", params::string)?))
}

/// The hint that a block carries.
pub(super) fn hint(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Option<CacheTtl>> {
    fields.read(path, "cache_control", cache_ttl)
}

/// The same, as a point behind the piece of this number.
pub(super) fn cache_point(
    path: &Path<'_>,
    fields: &mut Fields<'_>,
    after: usize,
) -> Read<Option<CachePoint>> {
    Ok(hint(path, fields)?.map(|ttl| CachePoint { after, ttl }))
}

/// `{"type": "ephemeral", "ttl": "5m" | "1h"}`.
pub(super) fn cache_ttl(path: &Path<'_>, raw: &RawValue) -> Read<CacheTtl> {
    let mut fields = params::object(path, raw)?;
    fields.need(path, "type", |path, raw| params::one_of(path, raw, &["ephemeral"]))?;
    let ttl = fields.read(path, "ttl", |path, raw| params::one_of(path, raw, &["5m", "1h"]))?;
    fields.end(Some(path))?;
    Ok(if ttl.as_deref() == Some("1h") { CacheTtl::Hour } else { CacheTtl::Minutes })
}

fn image(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Part> {
    let source = fields.need(path, "source", |path, raw| {
        let mut fields = params::object(path, raw)?;
        let kind = fields.need(path, "type", |path, raw| {
            params::one_of(path, raw, &["base64", "url"]).map_err(|_| files(path))
        })?;
        let source = if kind == "url" {
            ImageSource::Url(fields.need(path, "url", address)?)
        } else {
            let types = ["image/jpeg", "image/png", "image/gif", "image/webp"];
            let media_type =
                fields.need(path, "media_type", |path, raw| params::one_of(path, raw, &types))?;
            ImageSource::Data { media_type, base64: fields.need(path, "data", base64)? }
        };
        fields.end(Some(path))?;
        Ok(source)
    })?;
    Ok(Part::Image(Image { source, detail: None }))
}

fn files(path: &Path<'_>) -> crate::Rejection {
    path.refuse("must be the content itself or a url: files kept at a provider are not supported")
}

fn address(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    let url = params::string(path, raw)?;
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") => Ok(url),
        _ => Err(path.refuse("must be an http(s) address")),
    }
}

fn base64(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    let data = params::string(path, raw)?;
    if params::is_base64(&data) { Ok(data) } else { Err(path.refuse("must be base64")) }
}

fn document(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Part> {
    let source = fields.need(path, "source", |path, raw| {
        let mut fields = params::object(path, raw)?;
        let kinds = ["base64", "text", "url"];
        let kind = fields.need(path, "type", |path, raw| {
            params::one_of(path, raw, &kinds).map_err(|_| files(path))
        })?;
        let source = match kind.as_str() {
            "url" => FileSource::Url(fields.need(path, "url", address)?),
            "text" => {
                fields.need(path, "media_type", |path, raw| {
                    params::one_of(path, raw, &["text/plain"])
                })?;
                FileSource::Text(fields.need(path, "data", params::string)?)
            }
            _ => FileSource::Data {
                media_type: fields.need(path, "media_type", |path, raw| {
                    params::one_of(path, raw, &["application/pdf"])
                })?,
                base64: fields.need(path, "data", base64)?,
            },
        };
        fields.end(Some(path))?;
        Ok(source)
    })?;
    let name = fields.read(path, "title", |path, raw| params::short(path, raw, 500))?;
    if fields.take("context").is_some() {
        return Err(path.field("context").refuse("is not supported; say it as text"));
    }
    if let Some(mut cited) = fields.read(path, "citations", params::object)?
        && let Some(raw) = cited.take("enabled")
        && raw.get() != "false"
    {
        return Err(path.field("citations").refuse("is not supported"));
    }
    Ok(Part::File(File { name, source }))
}

fn thinking(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Reasoning> {
    let text = Some(fields.need(path, "thinking", params::string)?);
    // A signature of nothing is what a provider without one had to give.
    let signature = fields.take("signature").filter(|raw| raw.get() != "\"\"");
    let signature =
        signature.map(|raw| params::sealed(&path.field("signature"), raw)).transpose()?;
    let opaque = signature.map(|data| opened(OpaqueKind::Signature, data));
    Ok(Reasoning { text, opaque })
}

/// The sealed value as it was before [`super::answer::envelope`] put it into this API's words.
fn opened(kind: OpaqueKind, data: String) -> Opaque {
    let format = Wire::Anthropic;
    let Some((name, inner)) = data.split_once(':') else {
        return Opaque { format, kind, data, id: None };
    };
    match name.parse() {
        Ok(format) => Opaque { format, kind, data: inner.to_owned(), id: None },
        Err(_) => Opaque { format, kind, data, id: None },
    }
}

fn tool_use(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<ToolCall> {
    caller(path, fields)?;
    Ok(ToolCall {
        id: fields.need(path, "id", params::call_id)?,
        name: fields.need(path, "name", |path, raw| params::name(path, raw, 128))?,
        arguments: fields.need(path, "input", |path, raw| {
            params::object(path, raw).map(|_| raw.get().to_owned())
        })?,
    })
}

/// Who called a tool: `{"type": "direct"}`, which is the model.
fn caller(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<()> {
    let Some(mut caller) = fields.read(path, "caller", params::object)? else { return Ok(()) };
    let path = path.field("caller");
    caller.need(&path, "type", |path, raw| params::one_of(path, raw, &["direct"]))?;
    caller.end(Some(&path))
}

fn tool_result(path: &Path<'_>, fields: &mut Fields<'_>) -> Read<Message> {
    let mut message = Message::new(Role::Tool, Vec::new());
    message.tool_call_id = Some(fields.need(path, "tool_use_id", params::call_id)?);
    message.tool_failed = fields.read(path, "is_error", params::boolean)?.unwrap_or(false);
    if let Some(raw) = fields.take("content") {
        let path = path.field("content");
        if raw.get().starts_with('"') {
            message.content.push(Part::Text(params::string(&path, raw)?));
        } else {
            for (i, inner) in params::objects(&path, raw)?.into_iter().enumerate() {
                let path = path.item(i);
                let Piece::Part(part, ttl) = read(&path, inner, Role::User)? else {
                    return Err(no_kind(&path));
                };
                message.content.push(part);
                message.cache.extend(ttl.map(|ttl| CachePoint { after: i, ttl }));
            }
        }
    }
    let point = cache_point(path, fields, message.content.len())?;
    message.cache.extend(point);
    Ok(message)
}
