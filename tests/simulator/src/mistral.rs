//! Mistral's dialect: OpenAI's with other names, and nothing that it does not know.
//!
//! Source of the names: Mistral's public API reference.

use serde_json::Value;

use crate::ask::{Ask, Refusal, field};
use crate::openai;
use crate::reply::put;

/// Everything that a request may have.
const FIELDS: [&str; 19] = [
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "stream",
    "stop",
    "random_seed",
    "metadata",
    "response_format",
    "tools",
    "tool_choice",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "prediction",
    "parallel_tool_calls",
    "prompt_mode",
    "safe_prompt",
];

/// Reads the body of `POST /v1/chat/completions` as Mistral does: unknown fields are refused, and so
/// are ids of calls that are not nine letters and digits.
pub(crate) fn read(body: &Value) -> Result<Ask, Refusal> {
    let unknown = body
        .as_object()
        .and_then(|fields| fields.keys().find(|name| !FIELDS.contains(&name.as_str())).cloned());
    if let Some(name) = unknown {
        let message = format!("body.{name}: Extra inputs are not permitted");
        return Err(Refusal { status: 422, ..Refusal::field(&name, message) });
    }
    for message in field(body, "messages").and_then(Value::as_array).into_iter().flatten() {
        let calls = field(message, "tool_calls").and_then(Value::as_array);
        let ids = calls.into_iter().flatten().filter_map(|call| call.get("id")?.as_str());
        for id in ids.chain(message.get("tool_call_id").and_then(Value::as_str)) {
            if id.len() != 9 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                let message = "Tool call id must be a-z, A-Z, 0-9, with a length of 9.";
                return Err(Refusal::new(400, message));
            }
        }
    }
    let mut body = body.clone();
    if body.get("tool_choice").is_some_and(|choice| choice == "any") {
        put(&mut body, "tool_choice", "required");
    }
    let mut ask = openai::read(&body)?;
    // Usage comes with the end of every stream, unasked.
    ask.include_usage = true;
    Ok(ask)
}
