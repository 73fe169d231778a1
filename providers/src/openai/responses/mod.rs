//! OpenAI's responses as callers speak them: requests in, answers and their events out. Upstreams are
//! asked in whatever format they speak.
//!
//! Source: OpenAI's OpenAPI description, version 2.3.0 (`POST /v1/responses`).

mod answer;
mod item;
mod output;
mod request;
mod stream;
mod tool;

use serde_json::{Map, Value, value::RawValue};
use types::chat::ChatRequest;

use crate::{Rejection, params::Path};

pub use answer::encode_answer;
pub use request::decode_request;
pub use stream::ResponseEncoder;

/// What of a request only its answer needs, and what is kept of both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Echo {
    /// Parameters that the answer repeats, as they came.
    pub fields: Map<String, Value>,
    /// The response that it goes on from.
    pub previous: Option<String>,
    /// Whether the caller may go on from the answer.
    pub store: bool,
    /// The items of the conversation up to the answer: those of the input, as they came.
    items: Vec<Value>,
}

impl Echo {
    /// Puts the conversation of these items, a JSON array that [`Self::with_output`] made, before
    /// a request. Instructions are the request's own and stay first.
    ///
    /// # Errors
    /// [`Rejection`] where both are too much together.
    pub fn go_on(&mut self, request: &mut ChatRequest, items: &str) -> Result<(), Rejection> {
        let path = Path::Root("previous_response_id");
        let broken = |_| path.refuse("is of a conversation that cannot be read");
        let raw: &RawValue = serde_json::from_str(items).map_err(broken)?;
        let mut before: Vec<Value> = serde_json::from_str(items).map_err(broken)?;
        let mut messages = Vec::new();
        item::input(&path, raw, &mut messages)?;
        let at = usize::from(self.fields.get("instructions").is_some_and(Value::is_string));
        let end = request.messages.split_off(at.min(request.messages.len()));
        request.messages.append(&mut messages);
        request.messages.extend(end);
        before.append(&mut self.items);
        self.items = before;
        Ok(())
    }

    /// The items of the conversation with those of an answer: a JSON array.
    pub fn with_output(&self, output: Option<&Value>) -> String {
        let output = output.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let all: Vec<_> = self.items.iter().chain(output).collect();
        serde_json::to_string(&all).unwrap_or_default()
    }

    /// What of it the answer's form needs: all but the conversation.
    pub(crate) fn frame(&self) -> Self {
        let Self { fields, previous, store, items: _ } = self;
        let (fields, previous) = (fields.clone(), previous.clone());
        Self { fields, previous, store: *store, items: Vec::new() }
    }

    /// How long its conversation is as JSON text, in bytes.
    pub fn bytes(&self) -> usize {
        self.with_output(None).len()
    }
}
