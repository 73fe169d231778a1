//! Reading the messages of a request.

use serde_json::value::RawValue;
use types::chat::{File, FileSource, Image, ImageSource, Message, Part, Reasoning, Role, ToolCall};

use crate::{
    params,
    params::{Fields, Path, Read},
};

/// The most messages of one request.
const MESSAGES_MAX: usize = 16_384;

/// The most tool calls of one message.
const CALLS_MAX: usize = 1_024;

pub(super) fn messages(path: &Path<'_>, raw: &RawValue) -> Read<Vec<Message>> {
    let items = params::objects(path, raw)?;
    if items.is_empty() {
        return Err(path.refuse("must have at least one message"));
    }
    if items.len() > MESSAGES_MAX {
        return Err(path.refuse(&format!("must have at most {MESSAGES_MAX} messages")));
    }
    items.into_iter().enumerate().map(|(i, fields)| message(&path.item(i), fields)).collect()
}

fn message(path: &Path<'_>, mut fields: Fields<'_>) -> Read<Message> {
    let role = fields.need(path, "role", role)?;
    let mut said = Said::default();
    if let Some(raw) = fields.take("content") {
        content(&path.field("content"), raw, role, &mut said)?;
    }
    let mut message = Message {
        name: fields.read(path, "name", |path, raw| params::short(path, raw, 64))?,
        refusal: said.refusal,
        ..Message::new(role, said.parts)
    };
    match role {
        Role::Assistant => assistant(path, &mut fields, &mut message)?,
        Role::Tool => {
            message.tool_call_id = Some(fields.need(path, "tool_call_id", params::call_id)?);
        }
        Role::System | Role::Developer | Role::User => {}
    }
    let may_be_empty = !message.tool_calls.is_empty() || message.refusal.is_some();
    if message.content.is_empty() && !may_be_empty {
        return Err(path.field("content").refuse("is missing"));
    }
    fields.end(Some(path))?;
    Ok(message)
}

fn role(path: &Path<'_>, raw: &RawValue) -> Read<Role> {
    match params::string(path, raw)?.as_str() {
        "system" => Ok(Role::System),
        "developer" => Ok(Role::Developer),
        "user" => Ok(Role::User),
        "assistant" => Ok(Role::Assistant),
        "tool" => Ok(Role::Tool),
        "function" => Err(path.refuse("`function` is deprecated and not supported; use `tool`")),
        _ => Err(path.refuse("must be one of system, developer, user, assistant, tool")),
    }
}

/// The fields that only an assistant's message has.
fn assistant(path: &Path<'_>, fields: &mut Fields<'_>, message: &mut Message) -> Read<()> {
    let calls = fields.read(path, "tool_calls", params::objects)?.unwrap_or_default();
    if calls.len() > CALLS_MAX {
        let problem = format!("must have at most {CALLS_MAX} calls");
        return Err(path.field("tool_calls").refuse(&problem));
    }
    let calls_path = path.field("tool_calls");
    for (i, call) in calls.into_iter().enumerate() {
        message.tool_calls.push(tool_call(&calls_path.item(i), call)?);
    }
    if let Some(refusal) = fields.read(path, "refusal", params::string)? {
        message.refusal = Some(refusal);
    }
    for name in ["audio", "function_call"] {
        if fields.take(name).is_some() {
            return Err(path.field(name).refuse("is not supported"));
        }
    }
    // Callers send an answer's message back as it came. This field of it says nothing to a model, and
    // providers ignore or refuse it, so it ends here.
    fields.take("annotations");
    let thoughts = [fields.take("reasoning_content"), fields.take("reasoning")];
    // Models go on from what they thought before a call; else no server wants it back.
    if !message.tool_calls.is_empty() {
        let text = thoughts.into_iter().flatten().find_map(thought);
        message.reasoning.extend(text.map(|text| Reasoning { text: Some(text), opaque: None }));
    }
    Ok(())
}

/// What was thought, if it is text: servers put other things there too.
fn thought(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok().filter(|text: &String| !text.is_empty())
}

fn tool_call(path: &Path<'_>, mut fields: Fields<'_>) -> Read<ToolCall> {
    if let Some(kind) = fields.read(path, "type", params::string)?
        && kind != "function"
    {
        return Err(path
            .field("type")
            .refuse("must be `function`: custom tools are not supported"));
    }
    // SDKs that gather a stream leave the call's number in.
    fields.take("index");
    let id = fields.need(path, "id", params::call_id)?;
    let inner = path.field("function");
    let mut function = fields.need(path, "function", params::object)?;
    let name = function.need(&inner, "name", params::identifier)?;
    let arguments = function.need(&inner, "arguments", params::string)?;
    function.end(Some(&inner))?;
    fields.end(Some(path))?;
    Ok(ToolCall { id, name, arguments })
}

/// What a message's content says.
#[derive(Default)]
struct Said {
    parts: Vec<Part>,
    refusal: Option<String>,
}

fn content(path: &Path<'_>, raw: &RawValue, role: Role, said: &mut Said) -> Read<()> {
    if raw.get().starts_with('"') {
        said.parts.push(Part::Text(params::string(path, raw)?));
        return Ok(());
    }
    if !raw.get().starts_with('[') {
        return Err(path.refuse("must be a string or an array of parts"));
    }
    let parts = params::objects(path, raw)?;
    if parts.is_empty() {
        return Err(path.refuse("must have at least one part"));
    }
    for (i, fields) in parts.into_iter().enumerate() {
        part(&path.item(i), fields, role, said)?;
    }
    Ok(())
}

fn part(path: &Path<'_>, mut fields: Fields<'_>, role: Role, said: &mut Said) -> Read<()> {
    let kind = fields.need(path, "type", params::string)?;
    if fields.take("prompt_cache_breakpoint").is_some() {
        return Err(path.field("prompt_cache_breakpoint").refuse("is not supported"));
    }
    match (kind.as_str(), role) {
        ("text", _) => {
            said.parts.push(Part::Text(fields.need(path, "text", params::string)?));
        }
        ("refusal", Role::Assistant) => {
            let refusal = fields.need(path, "refusal", params::string)?;
            if said.refusal.replace(refusal).is_some() {
                return Err(path.refuse("is a second refusal; one is allowed"));
            }
        }
        ("image_url", Role::User) => {
            said.parts.push(Part::Image(fields.need(path, "image_url", image)?));
        }
        ("file", Role::User) => {
            said.parts.push(Part::File(fields.need(path, "file", file)?));
        }
        ("input_audio", Role::User) => {
            let problem = "must be `text`, `image_url` or `file`: audio is not supported";
            return Err(path.field("type").refuse(problem));
        }
        _ => {
            return Err(path.field("type").refuse("is not a kind of part that this role may have"));
        }
    }
    fields.end(Some(path))
}

fn image(path: &Path<'_>, raw: &RawValue) -> Read<Image> {
    let mut fields = params::object(path, raw)?;
    let source = fields.need(path, "url", |path, raw| {
        image_source(&params::string(path, raw)?).ok_or_else(|| {
            path.refuse("must be an http(s) address or `data:image/TYPE;base64,DATA`")
        })
    })?;
    let detail = fields
        .read(path, "detail", |path, raw| params::one_of(path, raw, &["auto", "low", "high"]))?;
    fields.end(Some(path))?;
    Ok(Image { source, detail })
}

fn file(path: &Path<'_>, raw: &RawValue) -> Read<File> {
    let mut fields = params::object(path, raw)?;
    if fields.take("file_id").is_some() {
        return Err(path.field("file_id").refuse("is not supported: no files are kept here"));
    }
    let name = fields.read(path, "filename", |path, raw| params::short(path, raw, 500))?;
    let source = fields.need(path, "file_data", |path, raw| {
        let (media_type, base64) = data_url(&params::string(path, raw)?)
            .ok_or_else(|| path.refuse("must be `data:TYPE;base64,DATA`"))?;
        Ok(FileSource::Data { media_type, base64 })
    })?;
    fields.end(Some(path))?;
    Ok(File { name, source })
}

pub(super) fn image_source(url: &str) -> Option<ImageSource> {
    if url.starts_with("data:") {
        let (media_type, base64) = data_url(url)?;
        let is_image = media_type.starts_with("image/");
        return is_image.then_some(ImageSource::Data { media_type, base64 });
    }
    let scheme = url.split_once("://").map(|(scheme, _)| scheme)?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_http.then(|| ImageSource::Url(url.to_owned()))
}

/// The media type and the Base64 text of `data:TYPE;base64,DATA`.
pub(super) fn data_url(url: &str) -> Option<(String, String)> {
    let (media_type, base64) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let (kind, subtype) = media_type.split_once('/')?;
    let is_word = |word: &str| {
        let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        !word.is_empty() && word.bytes().all(is_letter)
    };
    let valid = is_word(kind) && is_word(subtype) && params::is_base64(base64);
    valid.then(|| (media_type.to_owned(), base64.to_owned()))
}
