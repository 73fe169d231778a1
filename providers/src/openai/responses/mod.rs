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

use serde_json::{Map, Value};

pub use answer::encode_answer;
pub use request::decode_request;
pub use stream::ResponseEncoder;

/// What of a request only its answer needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Echo {
    /// Parameters that the answer repeats, as they came.
    pub fields: Map<String, Value>,
}
