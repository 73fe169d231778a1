//! Output items and the response around them.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use types::{
    Wire,
    answer::{Finish, Usage},
    chat::{Opaque, OpaqueKind, Reasoning},
};

use super::Echo;

/// How a response stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Status<'a> {
    Running,
    Ended(Finish),
    Failed(&'a str),
}

/// What all forms of one response have in common.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) id: String,
    /// Seconds since the epoch.
    pub(super) created: i64,
    pub(super) model: String,
    pub(super) echo: Echo,
}

impl Frame {
    /// The response with these items.
    pub(super) fn response(
        &self,
        status: Status<'_>,
        output: &[Value],
        usage: Option<&Usage>,
    ) -> Value {
        let (status, incomplete, error) = match status {
            Status::Running => ("in_progress", Value::Null, Value::Null),
            Status::Ended(Finish::Length) => {
                ("incomplete", json!({ "reason": "max_output_tokens" }), Value::Null)
            }
            Status::Ended(Finish::ContentFilter) => {
                ("incomplete", json!({ "reason": "content_filter" }), Value::Null)
            }
            Status::Ended(_) => ("completed", Value::Null, Value::Null),
            Status::Failed(message) => {
                ("failed", Value::Null, json!({ "code": "server_error", "message": message }))
            }
        };
        let mut response = defaults();
        for (name, value) in &self.echo.fields {
            if !value.is_null() {
                response.insert(name.clone(), value.clone());
            }
        }
        for tool in response.get_mut("tools").and_then(Value::as_array_mut).into_iter().flatten() {
            // The schema wants both; a request may leave them out.
            for name in ["parameters", "strict"] {
                if let Some(tool) = tool.as_object_mut() {
                    tool.entry(name).or_insert(Value::Null);
                }
            }
        }
        let own = json!({
            "id": self.id, "object": "response", "created_at": self.created, "model": self.model,
            "status": status, "error": error, "incomplete_details": incomplete, "output": output,
            "background": false, "previous_response_id": self.echo.previous,
            "store": self.echo.store, "truncation": "disabled",
        });
        if let Value::Object(own) = own {
            response.extend(own);
        }
        // Its schema wants none rather than a null.
        response.extend(usage.map(|usage| ("usage".to_owned(), used(usage))));
        Value::Object(response)
    }

    /// The id of the item of this number: its kind's prefix and the response's own.
    pub(super) fn item_id(&self, prefix: &str, number: usize) -> String {
        let own = self.id.strip_prefix("resp_").unwrap_or(&self.id);
        format!("{prefix}_{own}_{number}")
    }
}

/// What a response says of parameters that were not given.
fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "instructions": null, "max_output_tokens": null, "metadata": {},
        "parallel_tool_calls": true, "reasoning": { "effort": null, "summary": null },
        "temperature": 1.0, "text": { "format": { "type": "text" } }, "tool_choice": "auto",
        "tools": [], "top_p": 1.0,
    });
    match defaults {
        Value::Object(defaults) => defaults,
        _ => Map::new(),
    }
}

fn used(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": { "reasoning_tokens": usage.reasoning },
        "total_tokens": usage.input.saturating_add(usage.output),
    })
}

pub(super) fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

pub(super) fn refusal_part(refusal: &str) -> Value {
    json!({ "type": "refusal", "refusal": refusal })
}

pub(super) fn message(id: &str, status: &str, content: &[Value]) -> Value {
    json!({
        "type": "message", "id": id, "status": status, "role": "assistant", "content": content,
    })
}

pub(super) fn call(
    id: &str,
    status: &str,
    (call_id, name, arguments): (&str, &str, &str),
) -> Value {
    json!({
        "type": "function_call", "id": id, "status": status, "call_id": call_id, "name": name,
        "arguments": arguments,
    })
}

/// An item of reasoning. What is shown of it is told as its summary.
pub(super) fn reasoning(id: &str, item: &Reasoning) -> Value {
    let summary: Vec<_> = item.text.iter().filter(|text| !text.is_empty()).collect();
    let summary: Vec<_> = summary.into_iter().map(|text| summary_part(text)).collect();
    let mut value = json!({ "type": "reasoning", "id": id, "summary": summary });
    if let (Some(opaque), Some(fields)) = (&item.opaque, value.as_object_mut()) {
        fields.insert("encrypted_content".to_owned(), json!(envelope(opaque)));
    }
    value
}

pub(super) fn summary_part(text: &str) -> Value {
    json!({ "type": "summary_text", "text": text })
}

/// A sealed value in this API's words. That of another format carries the format's name and what kind
/// of value it is, so that it is known again when the caller sends it back: Base64 has no colon.
fn envelope(opaque: &Opaque) -> Cow<'_, str> {
    let kind = match opaque.kind {
        OpaqueKind::Signature => "signature",
        OpaqueKind::Encrypted => "encrypted",
    };
    match opaque.format {
        Wire::Responses => Cow::Borrowed(&opaque.data),
        format => Cow::Owned(format!("{format}:{kind}:{}", opaque.data)),
    }
}
