//! Reading `POST /v1/messages`: every documented parameter is mapped to our shape, or refused by name.

use serde_json::{Map, Value, value::RawValue};
use types::{
    Wire,
    chat::{CachePoint, ChatRequest, Format, Message, Native, Part, Role, Sampling, Thinking},
};

use super::{block, message, tool};
use crate::{
    Rejection, params,
    params::{Fields, Path, Read, need, read},
};

/// The least budget of thinking, in tokens, as the API has it.
const BUDGET_TOKENS_MIN: i64 = 1_024;

/// The most stop sequences of one request.
const STOPS_MAX: usize = 256;

/// Documented parameters that we refuse, and why.
const REFUSED: [(&str, &str); 4] = [
    ("container", "is not supported: code execution is not available here"),
    ("mcp_servers", "is not supported; give the servers' tools as `tools`"),
    ("inference_geo", "is not supported: where a model runs is the policy's to say"),
    ("speed", "is not supported"),
];

/// Reads and validates a request's body, strictly.
///
/// # Errors
/// [`Rejection`] for anything malformed, out of range, unknown or unsupported.
pub fn decode_request(body: &[u8]) -> Result<ChatRequest, Rejection> {
    let mut fields = params::body(body)?;
    let limit = need(&mut fields, "max_tokens", params::output_limit)?;
    let stream = read(&mut fields, "stream", params::boolean)?.unwrap_or(false);
    let sampling = Sampling {
        temperature: read(&mut fields, "temperature", unit)?,
        top_p: read(&mut fields, "top_p", unit)?,
        top_k: read(&mut fields, "top_k", |path, raw| {
            let count = params::integer_in(path, raw, 1, i64::from(i32::MAX))?;
            u64::try_from(count).map_err(|_| path.refuse("is out of range"))
        })?,
        seed: None,
    };
    let stop = read(&mut fields, "stop_sequences", stops)?.unwrap_or_default();
    let request = prompt(&mut fields)?;
    fields.end(None)?;
    if let Some(Thinking::Budget(budget)) = request.thinking
        && budget >= limit
    {
        return Err(Path::Root("thinking.budget_tokens").refuse("must be less than `max_tokens`"));
    }
    // The API tells usage in every stream.
    let include_usage = stream;
    let max_output_tokens = Some(limit);
    let prefill = request.messages.last().is_some_and(|last| last.role == Role::Assistant);
    Ok(ChatRequest { prefill, max_output_tokens, sampling, stop, stream, include_usage, ..request })
}

/// Reads and validates the body of a count: what of a request is input.
///
/// # Errors
/// [`Rejection`], as for a request.
pub fn decode_count(body: &[u8]) -> Result<ChatRequest, Rejection> {
    let mut fields = params::body(body)?;
    let request = prompt(&mut fields)?;
    fields.end(None)?;
    Ok(request)
}

/// What both operations have.
fn prompt(fields: &mut Fields<'_>) -> Read<ChatRequest> {
    params::refuse(fields, &REFUSED)?;
    let mut messages = Vec::new();
    if let Some(system) = read(fields, "system", system)? {
        messages.push(system);
    }
    need(fields, "messages", |path, raw| message::messages(path, raw, &mut messages))?;
    if let Some(ttl) = read(fields, "cache_control", block::cache_ttl)?
        && let Some(last) = messages.last_mut()
    {
        // The documented meaning: a point behind the last block that can have one.
        let pieces = last.content.len() + last.tool_calls.len();
        let after = if last.role == Role::Tool { pieces } else { pieces.saturating_sub(1) };
        last.cache.retain(|point| point.after != after);
        last.cache.push(CachePoint { after, ttl });
    }
    let tools = read(fields, "tools", tool::tools)?.unwrap_or_default();
    let choice = read(fields, "tool_choice", tool::choice)?;
    tool::check_choice(&tools, choice.as_ref())?;
    let (thinking, show_reasoning) = read(fields, "thinking", thinking)?.unzip();
    let (reasoning_effort, format) =
        read(fields, "output_config", output_config)?.unwrap_or_default();
    let (tool_choice, parallel_tool_calls) = choice.unzip();
    Ok(ChatRequest {
        model: need(fields, "model", params::model)?,
        messages,
        tools,
        tool_choice,
        parallel_tool_calls: parallel_tool_calls.flatten(),
        format,
        choices: 1,
        reasoning_effort,
        thinking,
        show_reasoning: show_reasoning.flatten(),
        extra: extra(fields)?,
        native: native(fields)?,
        ..ChatRequest::default()
    })
}

fn unit(path: &Path<'_>, raw: &RawValue) -> Read<serde_json::Number> {
    params::number_in(path, raw, 0.0, 1.0)
}

fn stops(path: &Path<'_>, raw: &RawValue) -> Read<Vec<String>> {
    let items = params::array(path, raw)?;
    if items.len() > STOPS_MAX {
        return Err(path.refuse(&format!("must have at most {STOPS_MAX} strings")));
    }
    items.into_iter().enumerate().map(|(i, item)| params::string(&path.item(i), item)).collect()
}

/// A string, or blocks of text.
fn system(path: &Path<'_>, raw: &RawValue) -> Read<Message> {
    if raw.get().starts_with('"') {
        let text = params::string(path, raw)?;
        return Ok(Message::new(Role::System, vec![Part::Text(text)]));
    }
    let mut system = Message::new(Role::System, Vec::new());
    for (i, mut fields) in params::objects(path, raw)?.into_iter().enumerate() {
        let path = path.item(i);
        fields.need(&path, "type", |path, raw| params::one_of(path, raw, &["text"]))?;
        system.content.push(block::text(&path, &mut fields)?);
        let point = block::cache_point(&path, &mut fields, i)?;
        system.cache.extend(point);
        fields.end(Some(&path))?;
    }
    Ok(system)
}

/// How to think, and whether the caller wants to see it.
fn thinking(path: &Path<'_>, raw: &RawValue) -> Read<(Thinking, Option<bool>)> {
    let mut fields = params::object(path, raw)?;
    let kinds = ["enabled", "disabled", "adaptive"];
    let kind = fields.need(path, "type", |path, raw| params::one_of(path, raw, &kinds))?;
    let display = fields
        .read(path, "display", |path, raw| params::one_of(path, raw, &["summarized", "omitted"]))?;
    let thinking = match kind.as_str() {
        "disabled" => Thinking::Off,
        "adaptive" => Thinking::Adaptive,
        _ => Thinking::Budget(fields.need(path, "budget_tokens", |path, raw| {
            let tokens = params::integer_in(path, raw, BUDGET_TOKENS_MIN, i64::from(i32::MAX))?;
            u64::try_from(tokens).map_err(|_| path.refuse("is out of range"))
        })?),
    };
    fields.end(Some(path))?;
    Ok((thinking, display.map(|display| display == "summarized")))
}

/// The effort, and the form of the answer.
fn output_config(path: &Path<'_>, raw: &RawValue) -> Read<(Option<String>, Option<Format>)> {
    let mut fields = params::object(path, raw)?;
    let efforts = ["low", "medium", "high", "xhigh", "max"];
    let effort = fields.read(path, "effort", |path, raw| params::one_of(path, raw, &efforts))?;
    let format = fields.read(path, "format", tool::format)?;
    fields.end(Some(path))?;
    Ok((effort, format))
}

/// What OpenAI's chat completions have under another name.
fn extra(fields: &mut Fields<'_>) -> Read<Map<String, Value>> {
    let mut extra = Map::new();
    let user = read(fields, "metadata", |path, raw| {
        let mut fields = params::object(path, raw)?;
        let user = fields.read(path, "user_id", |path, raw| params::short(path, raw, 512))?;
        fields.end(Some(path))?;
        Ok(user)
    })?;
    extra.extend(user.flatten().map(|user| ("user".to_owned(), Value::String(user))));
    let tier = read(fields, "service_tier", |path, raw| {
        params::one_of(path, raw, &["auto", "standard_only"])
    })?;
    let tier = tier.map(|tier| if tier == "auto" { "auto" } else { "default" });
    extra.extend(tier.map(|tier| ("service_tier".to_owned(), Value::from(tier))));
    Ok(extra)
}

/// What only this API has.
fn native(fields: &mut Fields<'_>) -> Read<Native> {
    let managed = read(fields, super::super::CONTEXT_MANAGEMENT, params::json_object)?;
    let named = managed.map(|edits| (super::super::CONTEXT_MANAGEMENT.to_owned(), edits));
    Ok(Native { format: Wire::Anthropic, fields: named.into_iter().collect() })
}
