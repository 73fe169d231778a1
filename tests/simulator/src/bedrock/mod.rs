//! Bedrock's dialect: Converse and ConverseStream.
//!
//! Source of the shapes: AWS's public reference of the Bedrock runtime, and its description of the
//! event stream encoding.

mod answer;
mod frame;
mod request;

pub(crate) use answer::{damaged, error_body, error_name, ping, plain, stream};
pub(crate) use request::read;
