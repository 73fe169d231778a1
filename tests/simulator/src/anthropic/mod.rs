//! Anthropic's dialect: messages.
//!
//! Source of the shapes: Anthropic's public description of the Messages API, version 2023-06-01.

mod answer;
mod request;

pub(crate) use answer::{error_body, plain, stream};
pub(crate) use request::read;
