//! What each API of callers calls things.

use serde_json::{Value, json};
use support::Answer;

/// An API of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Chat,
    Responses,
    Messages,
    Completions,
}

pub(super) const APIS: [Api; 4] = [Api::Chat, Api::Responses, Api::Messages, Api::Completions];

/// What a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Plain,
    Stream,
    Tools,
    Image,
}

/// A call of a tool.
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

/// An image as it arrives everywhere, and a tool's result.
pub(super) const IMAGE: &str = "iVBORw0KGgo=";
pub(super) const RESULT: &str = "21 degrees";
const QUESTION: &str = "What is the weather?";

impl Api {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Messages => "/v1/messages",
            Self::Completions => "/v1/completions",
        }
    }

    /// The request of a cell.
    pub(super) fn body(self, model: &str, cell: Cell) -> Value {
        let image = cell == Cell::Image;
        let data = format!("data:image/png;base64,{IMAGE}");
        let mut body = match self {
            Self::Chat => {
                let parts = json!([{ "type": "text", "text": QUESTION }, { "type": "image_url", "image_url": { "url": data } }]);
                let content = if image { parts } else { json!(QUESTION) };
                json!({ "messages": [{ "role": "user", "content": content }], "max_tokens": 64 })
            }
            Self::Responses => {
                let parts = json!([{ "type": "input_text", "text": QUESTION }, { "type": "input_image", "image_url": data }]);
                let content = if image { parts } else { json!(QUESTION) };
                json!({ "input": [{ "role": "user", "content": content }], "max_output_tokens": 64 })
            }
            Self::Messages => {
                let source = json!({ "type": "base64", "media_type": "image/png", "data": IMAGE });
                let parts = json!([{ "type": "text", "text": QUESTION }, { "type": "image", "source": source }]);
                let content = if image { parts } else { json!(QUESTION) };
                json!({ "messages": [{ "role": "user", "content": content }], "max_tokens": 64 })
            }
            Self::Completions if image => {
                json!({ "prompt": [{ "type": "image_url" }], "max_tokens": 64 })
            }
            Self::Completions => json!({ "prompt": QUESTION, "max_tokens": 64 }),
        };
        body["model"] = json!(model);
        if cell == Cell::Stream {
            body["stream"] = json!(true);
        }
        if cell == Cell::Tools {
            body["tools"] = json!([self.tool()]);
            if self != Self::Completions {
                let must = if self == Self::Messages {
                    json!({ "type": "any" })
                } else {
                    json!("required")
                };
                body["tool_choice"] = must;
            }
        }
        body
    }

    fn tool(self) -> Value {
        let schema = json!({ "type": "object", "required": ["city"], "properties": { "city": { "type": "string" } } });
        match self {
            Self::Chat | Self::Completions => {
                json!({ "type": "function", "function": { "name": "get_weather", "parameters": schema } })
            }
            Self::Responses => {
                json!({ "type": "function", "name": "get_weather", "parameters": schema, "strict": false })
            }
            Self::Messages => json!({ "name": "get_weather", "input_schema": schema }),
        }
    }

    /// The request that goes on after a call, as a client makes it from the answer that it got.
    pub(super) fn round(self, model: &str, answer: &Value, call: &Call) -> Value {
        let mut body = self.body(model, Cell::Tools);
        if let Some(fields) = body.as_object_mut() {
            fields.remove("tool_choice");
        }
        let (list, more) = match self {
            Self::Chat | Self::Completions => (
                "messages",
                vec![
                    answer["choices"][0]["message"].clone(),
                    json!({ "role": "tool", "tool_call_id": call.id, "content": RESULT }),
                ],
            ),
            Self::Responses => {
                let mut items = answer["output"].as_array().cloned().unwrap_or_default();
                items.push(
                    json!({ "type": "function_call_output", "call_id": call.id, "output": RESULT }),
                );
                ("input", items)
            }
            Self::Messages => {
                let result =
                    json!({ "type": "tool_result", "tool_use_id": call.id, "content": RESULT });
                let said = json!({ "role": "assistant", "content": answer["content"] });
                ("messages", vec![said, json!({ "role": "user", "content": [result] })])
            }
        };
        if let Some(items) = body[list].as_array_mut() {
            items.extend(more);
        }
        body
    }

    /// The text of a whole answer.
    pub(super) fn said(self, answer: &Value) -> Option<String> {
        let text = match self {
            Self::Chat => answer.pointer("/choices/0/message/content"),
            Self::Completions => answer.pointer("/choices/0/text"),
            Self::Messages => first(&answer["content"], "text")?.get("text"),
            Self::Responses => first(&answer["output"], "message")?.pointer("/content/0/text"),
        };
        Some(text?.as_str()?.to_owned())
    }

    /// The first call of a whole answer.
    pub(super) fn call(self, answer: &Value) -> Option<Call> {
        let (id, name, arguments) = match self {
            Self::Chat | Self::Completions => {
                let call = answer.pointer("/choices/0/message/tool_calls/0")?;
                (&call["id"], &call["function"]["name"], &call["function"]["arguments"])
            }
            Self::Responses => {
                let call = first(&answer["output"], "function_call")?;
                (&call["call_id"], &call["name"], &call["arguments"])
            }
            Self::Messages => {
                let call = first(&answer["content"], "tool_use")?;
                (&call["id"], &call["name"], &call["input"])
            }
        };
        let arguments = match arguments.as_str() {
            Some(text) => serde_json::from_str(text).ok()?,
            None => arguments.clone(),
        };
        Some(Call { id: id.as_str()?.to_owned(), name: name.as_str()?.to_owned(), arguments })
    }

    /// The piece of text that an event of a stream has.
    pub(super) fn piece(self, event: &Value) -> Option<String> {
        let of = |kind: &str| event["type"] == kind;
        let text = match self {
            Self::Chat => event.pointer("/choices/0/delta/content"),
            Self::Completions => event.pointer("/choices/0/text"),
            Self::Messages => event.pointer("/delta/text").filter(|_| of("content_block_delta")),
            Self::Responses => event.get("delta").filter(|_| of("response.output_text.delta")),
        };
        Some(text?.as_str()?.to_owned())
    }

    /// Whether a stream came to its end.
    pub(super) fn is_whole(self, answer: &Answer) -> bool {
        let last = answer.events().pop().unwrap_or_default();
        match self {
            Self::Chat | Self::Completions => answer.is_done(),
            Self::Messages => last["type"] == "message_stop" && are_named(answer),
            Self::Responses => last["type"] == "response.completed" && are_named(answer),
        }
    }
}

/// Whether each event's name is its type: clients go by either.
fn are_named(answer: &Answer) -> bool {
    let names: Vec<_> =
        answer.text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let events = answer.events();
    let types = events.iter().map(|event| event["type"].as_str().unwrap_or_default());
    !names.is_empty() && types.eq(names.iter().copied())
}

/// The first item of a list that has this type.
fn first<'v>(list: &'v Value, kind: &str) -> Option<&'v Value> {
    list.as_array()?.iter().find(|item| item["type"] == kind)
}
