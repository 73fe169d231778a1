//! Google's Gemini API, version v1beta (`generateContent`, `streamGenerateContent`, `batchEmbedContents`), as an upstream.
//!
//! Source: the API reference at ai.google.dev (`GenerateContentRequest`, `GenerateContentResponse`),
//! its pages on function calling, thinking and thought signatures, and `google.rpc.Status` of its
//! errors. What the API cannot say is [`crate::Unsupported`] by the name of the caller's parameter.

mod answer;
mod config;
mod content;
pub mod embed;
mod error;
mod request;
mod stream;
mod usage;

pub use answer::decode_answer;
pub use error::decode_error;
pub use request::encode_request;
pub use stream::StreamDecoder;

use crate::{
    Header, Outgoing, Target, Unsigned,
    outgoing::{self, segment},
};

/// The path and query of the operation under the API's host: another one where the answer is
/// streamed.
pub fn path(target: &Target<'_>) -> String {
    named(target, if target.stream { "streamGenerateContent?alt=sse" } else { "generateContent" })
}

/// The path of a method of the target's model. Names of tuned models carry their collection, all
/// others are in `models`.
fn named(target: &Target<'_>, method: &str) -> String {
    let named = target.upstream_model.split_once('/');
    let (collection, model) = match named {
        Some((collection @ ("models" | "tunedModels"), model)) => (collection, model),
        _ => ("models", target.upstream_model),
    };
    format!("/v1beta/{collection}/{}:{method}", segment(model))
}

/// The key as `x-goog-api-key`; a token of OAuth as `Authorization: Bearer`.
///
/// # Errors
/// [`Unsigned::Keys`].
pub fn headers(outgoing: &Outgoing<'_>) -> Result<Vec<Header>, Unsigned> {
    outgoing::named(outgoing.credential, |key| ("x-goog-api-key", key.expose().to_owned()))
}
