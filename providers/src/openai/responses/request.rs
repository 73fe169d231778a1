//! Reading `POST /v1/responses`: every documented parameter is mapped to our shape, passed through
//! `extra`, or refused by name.

use serde_json::{Map, Value, json, value::RawValue};
use types::chat::{ChatRequest, Message, Part, Role, Sampling};

use super::{super::request::passed, Echo, item, tool};
use crate::{
    Rejection, params,
    params::{Fields, Path, Read, need, read},
};

/// Documented parameters that we refuse, and what to do instead.
const REFUSED: [(&str, &str); 6] = [
    ("conversation", "is not supported; send the conversation as `input`"),
    ("prompt", "is not supported: prompts are not kept here"),
    ("max_tool_calls", "is not supported: no tools are run here"),
    ("moderation", "is not supported"),
    ("context_management", "is not supported"),
    ("stream_id", "is not supported"),
];

/// Parameters that the answer repeats as they came.
const REPEATED: [&str; 15] = [
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "user",
];

/// Chat completions have these under the same name.
const PASSED: [&str; 5] =
    ["user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier"];

/// The longest id of a response, in characters.
const ID_CHARS_MAX: usize = 128;

const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// Reads and validates a request's body, strictly.
///
/// # Errors
/// [`Rejection`] for anything malformed, out of range, unknown or unsupported.
pub fn decode_request(body: &[u8]) -> Result<(ChatRequest, Echo), Rejection> {
    let mut fields = params::body(body)?;
    let echo = echo(&fields);
    params::refuse(&mut fields, &REFUSED)?;
    only(&mut fields, "background", "false", "must be false: answers are not made later")?;
    only(&mut fields, "truncation", "\"disabled\"", "must be `disabled`: no input is left out")?;
    only(&mut fields, "top_logprobs", "0", "is not supported; use chat completions")?;
    let previous = read(&mut fields, "previous_response_id", |path, raw| {
        params::short(path, raw, ID_CHARS_MAX)
    })?;
    let store = read(&mut fields, "store", params::boolean)?.unwrap_or(true);
    let echo =
        Echo { previous, store, items: if store { items(&fields)? } else { Vec::new() }, ..echo };
    read(&mut fields, "include", include)?;
    read(&mut fields, "metadata", super::super::request::metadata)?;

    let tools = read(&mut fields, "tools", tool::tools)?.unwrap_or_default();
    let tool_choice = read(&mut fields, "tool_choice", tool::choice)?;
    tool::check_choice(&tools, tool_choice.as_ref())?;
    let parallel_tool_calls = read(&mut fields, "parallel_tool_calls", params::boolean)?;
    let mut messages = Vec::new();
    if let Some(text) = read(&mut fields, "instructions", params::string)? {
        messages.push(Message::new(Role::Developer, vec![Part::Text(text)]));
    }
    need(&mut fields, "input", |path, raw| item::input(path, raw, &mut messages))?;
    let (format, verbosity) = read(&mut fields, "text", tool::text)?.unwrap_or_default();
    let (reasoning_effort, show_reasoning) =
        read(&mut fields, "reasoning", reasoning)?.unwrap_or_default();
    let mut extra = passed(&mut fields, &PASSED)?;
    extra.extend(verbosity.map(|verbosity| ("verbosity".to_owned(), Value::String(verbosity))));
    let stream = read(&mut fields, "stream", params::boolean)?.unwrap_or(false);
    read(&mut fields, "stream_options", stream_options)?;
    let request = ChatRequest {
        model: need(&mut fields, "model", params::model)?,
        messages,
        // Without tools there is nothing that could be called, and providers refuse to be told how.
        parallel_tool_calls: parallel_tool_calls.filter(|_| !tools.is_empty()),
        tool_choice: tool_choice.filter(|_| !tools.is_empty()),
        tools,
        format,
        max_output_tokens: read(&mut fields, "max_output_tokens", params::output_limit)?,
        choices: 1,
        sampling: Sampling {
            temperature: read(&mut fields, "temperature", |path, raw| {
                params::number_in(path, raw, 0.0, 2.0)
            })?,
            top_p: read(&mut fields, "top_p", |path, raw| params::number_in(path, raw, 0.0, 1.0))?,
            ..Sampling::default()
        },
        reasoning_effort,
        show_reasoning,
        stream,
        // The API tells usage in every stream.
        include_usage: stream,
        extra,
        ..ChatRequest::default()
    };
    fields.end(None)?;
    Ok((request, echo))
}

fn echo(fields: &Fields<'_>) -> Echo {
    let value = |name: &&str| {
        let value = serde_json::from_str(fields.peek(name)?.get()).ok()?;
        Some(((*name).to_owned(), value))
    };
    let fields = REPEATED.iter().filter_map(value).collect::<Map<_, _>>();
    Echo { fields, ..Echo::default() }
}

/// The input as items, a text being one of a user's.
fn items(fields: &Fields<'_>) -> Read<Vec<Value>> {
    let Some(raw) = fields.peek("input") else { return Ok(Vec::new()) };
    let out_of_range = |_| Path::Root("input").refuse("has a number that is out of range");
    Ok(match serde_json::from_str(raw.get()).map_err(out_of_range)? {
        Value::String(text) => vec![json!({ "role": "user", "content": text })],
        Value::Array(items) => items,
        // It is refused where it is read.
        _ => Vec::new(),
    })
}

/// A parameter of which only the default is supported.
fn only(fields: &mut Fields<'_>, name: &str, value: &str, problem: &str) -> Read<()> {
    match fields.take(name) {
        Some(raw) if raw.get() != value => Err(Path::Root(name).refuse(problem)),
        _ => Ok(()),
    }
}

/// More that an answer should have. Sealed reasoning is always in it.
fn include(path: &Path<'_>, raw: &RawValue) -> Read<()> {
    for (i, item) in params::array(path, raw)?.into_iter().enumerate() {
        params::one_of(&path.item(i), item, &["reasoning.encrypted_content"])?;
    }
    Ok(())
}

/// The effort, and whether a summary is asked for.
fn reasoning(path: &Path<'_>, raw: &RawValue) -> Read<(Option<String>, Option<bool>)> {
    let mut fields = params::object(path, raw)?;
    let effort = fields.read(path, "effort", |path, raw| params::one_of(path, raw, &EFFORTS))?;
    let summaries = ["auto", "concise", "detailed"];
    let mut shown = None;
    for name in ["summary", "generate_summary"] {
        let summary = fields.read(path, name, |path, raw| params::one_of(path, raw, &summaries))?;
        shown = shown.or(summary.map(|_| true));
    }
    fields.end(Some(path))?;
    Ok((effort, shown))
}

fn stream_options(path: &Path<'_>, raw: &RawValue) -> Read<()> {
    let mut fields = params::object(path, raw)?;
    if fields.read(path, "include_obfuscation", params::boolean)? == Some(true) {
        return Err(path.field("include_obfuscation").refuse("must be false: it is not supported"));
    }
    fields.end(Some(path))
}
