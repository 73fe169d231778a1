//! The Messages API as callers speak it to us: requests in, answers and errors out.
//!
//! Source: Anthropic's API reference (`POST /v1/messages`, `POST /v1/messages/count_tokens`, "Errors")
//! and the types of its own SDKs.

mod answer;
mod block;
mod error;
mod message;
mod models;
mod request;
mod stream;
mod tool;

pub use answer::{encode_answer, encode_count};
pub use error::encode_error;
pub use models::{encode_model, encode_models};
pub use request::{decode_count, decode_request};
pub use stream::StreamEncoder;
