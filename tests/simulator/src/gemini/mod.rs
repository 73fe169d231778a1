//! Gemini's dialect: `generateContent` and `streamGenerateContent`.
//!
//! Source of the shapes: Google's public reference of the Gemini API, version v1beta.

mod answer;
mod request;

pub(crate) use answer::{broken, error_body, http_status, plain, stream};
pub(crate) use request::read;
