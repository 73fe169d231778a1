//! Reading `POST /v1/chat/completions`: every documented parameter is mapped to our shape, passed
//! through `extra`, or refused by name.

use serde_json::{Map, Value, value::RawValue};
use types::chat::{ChatRequest, Sampling};

use super::{message, tool};
use crate::{
    Rejection, params,
    params::{Fields, Path, Read, need, read},
};

/// The most choices of one request, as OpenAI has it.
const CHOICES_MAX: i64 = 128;

/// Documented parameters that we refuse, and what to do instead.
const REFUSED: [(&str, &str); 5] = [
    ("audio", "is not supported: audio output is not available here"),
    ("functions", "is deprecated and not supported; use `tools`"),
    ("function_call", "is deprecated and not supported; use `tool_choice`"),
    ("web_search_options", "is not supported yet"),
    ("moderation", "is not supported"),
];

const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

type Reader = fn(&Path<'_>, &RawValue) -> Read<Value>;

/// Documented parameters without a form of ours, checked and passed through as they came.
const PASSED: [(&str, Reader); 15] = [
    ("frequency_penalty", |path, raw| params::number_in(path, raw, -2.0, 2.0).map(Value::Number)),
    ("presence_penalty", |path, raw| params::number_in(path, raw, -2.0, 2.0).map(Value::Number)),
    ("logit_bias", logit_bias),
    ("logprobs", |path, raw| params::boolean(path, raw).map(Value::Bool)),
    ("top_logprobs", |path, raw| params::integer_in(path, raw, 0, 20).map(Value::from)),
    ("user", |path, raw| params::string(path, raw).map(Value::String)),
    ("safety_identifier", |path, raw| params::short(path, raw, 64).map(Value::String)),
    ("prompt_cache_key", |path, raw| params::string(path, raw).map(Value::String)),
    ("prompt_cache_retention", |path, raw| {
        params::one_of(path, raw, &["in_memory", "24h"]).map(Value::String)
    }),
    ("prompt_cache_options", prompt_cache_options),
    ("metadata", metadata),
    ("store", |path, raw| params::boolean(path, raw).map(Value::Bool)),
    ("service_tier", |path, raw| {
        let tiers = ["auto", "default", "flex", "scale", "priority", "fast"];
        params::one_of(path, raw, &tiers).map(Value::String)
    }),
    ("verbosity", |path, raw| {
        params::one_of(path, raw, &["low", "medium", "high"]).map(Value::String)
    }),
    ("prediction", prediction),
];

/// Reads and validates a request's body, strictly.
///
/// # Errors
/// [`Rejection`] for anything malformed, out of range, unknown or unsupported.
pub fn decode_request(body: &[u8]) -> Result<ChatRequest, Rejection> {
    let mut fields = params::body(body)?;
    params::refuse(&mut fields, &REFUSED)?;
    read(&mut fields, "modalities", modalities)?;

    let tools = read(&mut fields, "tools", tool::tools)?.unwrap_or_default();
    let tool_choice = read(&mut fields, "tool_choice", tool::choice)?;
    let parallel_tool_calls = read(&mut fields, "parallel_tool_calls", params::boolean)?;
    tool::check_choice(&tools, tool_choice.as_ref(), parallel_tool_calls)?;
    let stream = read(&mut fields, "stream", params::boolean)?.unwrap_or(false);
    let request = ChatRequest {
        model: need(&mut fields, "model", params::model)?,
        messages: need(&mut fields, "messages", message::messages)?,
        tools,
        tool_choice,
        parallel_tool_calls,
        format: read(&mut fields, "response_format", tool::format)?,
        max_output_tokens: output_limit(&mut fields)?,
        choices: read(&mut fields, "n", choices)?.unwrap_or(1),
        sampling: Sampling {
            temperature: read(&mut fields, "temperature", |path, raw| {
                params::number_in(path, raw, 0.0, 2.0)
            })?,
            top_p: read(&mut fields, "top_p", |path, raw| params::number_in(path, raw, 0.0, 1.0))?,
            top_k: None,
            seed: read(&mut fields, "seed", params::integer)?,
        },
        reasoning_effort: read(&mut fields, "reasoning_effort", |path, raw| {
            params::one_of(path, raw, &EFFORTS)
        })?,
        stop: read(&mut fields, "stop", stop)?.unwrap_or_default(),
        stream,
        include_usage: stream_options(&mut fields, stream)?,
        extra: extra(&mut fields)?,
        ..ChatRequest::default()
    };
    fields.end(None)?;
    Ok(request)
}

pub(super) fn choices(path: &Path<'_>, raw: &RawValue) -> Read<u32> {
    let count = params::integer_in(path, raw, 1, CHOICES_MAX)?;
    u32::try_from(count).map_err(|_| path.refuse("is out of range"))
}

/// `max_completion_tokens`, or its older name. Two different limits are a contradiction.
fn output_limit(fields: &mut Fields<'_>) -> Read<Option<u64>> {
    let older = read(fields, "max_tokens", params::output_limit)?;
    let newer = read(fields, "max_completion_tokens", params::output_limit)?;
    match (older, newer) {
        (Some(older), Some(newer)) if older != newer => Err(Path::Root("max_tokens")
            .refuse("and `max_completion_tokens` differ; set only `max_completion_tokens`")),
        _ => Ok(newer.or(older)),
    }
}

pub(super) fn stop(path: &Path<'_>, raw: &RawValue) -> Read<Vec<String>> {
    if raw.get().starts_with('"') {
        return params::string(path, raw).map(|stop| vec![stop]);
    }
    let items = params::array(path, raw)?;
    if items.is_empty() || items.len() > 4 {
        return Err(path.refuse("must be a string or 1 to 4 strings"));
    }
    items.into_iter().enumerate().map(|(i, item)| params::string(&path.item(i), item)).collect()
}

/// Whether the caller wants a usage chunk.
pub(super) fn stream_options(fields: &mut Fields<'_>, stream: bool) -> Read<bool> {
    let path = Path::Root("stream_options");
    let Some(raw) = fields.take("stream_options") else { return Ok(false) };
    if !stream {
        return Err(path.refuse("is only allowed when `stream` is true"));
    }
    let mut options = params::object(&path, raw)?;
    let include_usage = options.read(&path, "include_usage", params::boolean)?.unwrap_or(false);
    // Our stream never carries obfuscation, so only asking for none can be honoured.
    if options.read(&path, "include_obfuscation", params::boolean)? == Some(true) {
        return Err(path.field("include_obfuscation").refuse("must be false: it is not supported"));
    }
    options.end(Some(&path))?;
    Ok(include_usage)
}

fn modalities(path: &Path<'_>, raw: &RawValue) -> Read<()> {
    for (i, item) in params::array(path, raw)?.into_iter().enumerate() {
        if params::string(&path.item(i), item)? != "text" {
            return Err(path.refuse("must be `[\"text\"]`: other output is not supported"));
        }
    }
    Ok(())
}

/// Those of [`PASSED`] that have one of these names.
pub(super) fn passed(fields: &mut Fields<'_>, names: &[&str]) -> Read<Map<String, Value>> {
    let mut passed = Map::new();
    for (name, reader) in PASSED.into_iter().filter(|(name, _)| names.contains(name)) {
        if let Some(value) = read(fields, name, reader)? {
            passed.insert(name.to_owned(), value);
        }
    }
    Ok(passed)
}

fn extra(fields: &mut Fields<'_>) -> Read<Map<String, Value>> {
    let extra = passed(fields, &PASSED.map(|(name, _)| name))?;
    if extra.contains_key("top_logprobs") && extra.get("logprobs") != Some(&Value::Bool(true)) {
        return Err(Path::Root("top_logprobs").refuse("is only allowed when `logprobs` is true"));
    }
    Ok(extra)
}

pub(super) fn logit_bias(path: &Path<'_>, raw: &RawValue) -> Read<Value> {
    let mut biases = Map::new();
    for (token, bias) in params::object(path, raw)?.into_pairs() {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(path.refuse("must have token ids as keys"));
        }
        let bias = params::number_in(path, bias, -100.0, 100.0)?;
        biases.insert(token.into_owned(), Value::Number(bias));
    }
    Ok(Value::Object(biases))
}

/// At most 16 pairs; keys of at most 64 characters, string values of at most 512.
pub(super) fn metadata(path: &Path<'_>, raw: &RawValue) -> Read<Value> {
    let pairs = params::object(path, raw)?.into_pairs();
    if pairs.len() > 16 {
        return Err(path.refuse("must have at most 16 pairs"));
    }
    let mut metadata = Map::new();
    for (key, value) in pairs {
        if key.chars().count() > 64 {
            return Err(path.refuse("must have keys of at most 64 characters"));
        }
        let value = params::short(path, value, 512)
            .map_err(|_| path.refuse("must have strings of at most 512 characters as values"))?;
        metadata.insert(key.into_owned(), Value::String(value));
    }
    Ok(Value::Object(metadata))
}

fn prompt_cache_options(path: &Path<'_>, raw: &RawValue) -> Read<Value> {
    let mut fields = params::object(path, raw)?;
    fields.read(path, "ttl", |path, raw| params::one_of(path, raw, &["30m"]))?;
    fields.read(path, "mode", |path, raw| params::one_of(path, raw, &["implicit", "explicit"]))?;
    fields.end(Some(path))?;
    params::json_object(path, raw)
}

/// `{"type": "content", "content": string or text parts}`.
fn prediction(path: &Path<'_>, raw: &RawValue) -> Read<Value> {
    let mut fields = params::object(path, raw)?;
    fields.need(path, "type", |path, raw| params::one_of(path, raw, &["content"]))?;
    fields.need(path, "content", |path, raw| {
        if raw.get().starts_with('"') {
            return params::string(path, raw).map(drop);
        }
        for (i, mut part) in params::objects(path, raw)?.into_iter().enumerate() {
            let path = path.item(i);
            part.need(&path, "type", |path, raw| params::one_of(path, raw, &["text"]))?;
            part.need(&path, "text", params::string)?;
            part.end(Some(&path))?;
        }
        Ok(())
    })?;
    fields.end(Some(path))?;
    params::json_object(path, raw)
}
