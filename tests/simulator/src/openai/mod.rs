//! OpenAI's dialect: chat completions and models.
//!
//! Source of the shapes: OpenAI's public API description 2.3.0; `tests/data` has the part that the
//! tests validate against.

mod answer;
mod request;

pub(crate) use answer::{Counter, error_body, model, models, plain, stream, stream_filtered};
pub(crate) use request::read;
