//! Anthropic's Messages API, version 2023-06-01: as an upstream, and in `caller` as callers speak it.
//!
//! Source: the API reference and the types of Anthropic's own SDKs. What the API cannot say is
//! [`crate::Unsupported`], by the name of the caller's parameter; nothing is clamped or dropped.

mod answer;
mod block;
mod blocks;
pub mod caller;
mod request;
mod stream;

use types::chat::ChatRequest;

pub use answer::decode_answer;
pub(crate) use request::budget_within;
pub use request::encode_request;
pub use stream::StreamDecoder;

use crate::{Header, Outgoing, Unsigned, UpstreamError, failure, outgoing::named};

/// The path of the operation under a base URL without version.
pub const PATH: &str = "/v1/messages";

/// The version header's value.
pub const VERSION: &str = "2023-06-01";

/// The parameter by which a caller has old parts of its conversation cleared, and the beta that has
/// it. No other format has such a thing.
const CONTEXT_MANAGEMENT: &str = "context_management";
const CONTEXT_MANAGEMENT_BETA: &str = "context-management-2025-06-27";

/// The header that a request needs for what is in it.
pub fn beta(request: &ChatRequest) -> Option<(&'static str, String)> {
    let managed = request.native.fields.contains_key(CONTEXT_MANAGEMENT);
    managed.then(|| ("anthropic-beta", CONTEXT_MANAGEMENT_BETA.to_owned()))
}

/// The headers of a request: version, and the key if there is one.
///
/// # Errors
/// [`Unsigned::Keys`].
pub fn headers(outgoing: &Outgoing<'_>) -> Result<Vec<Header>, Unsigned> {
    let mut headers = named(outgoing.credential, |key| ("x-api-key", key.expose().to_owned()))?;
    headers.push(("anthropic-version", VERSION.to_owned()));
    Ok(headers)
}

/// What an upstream's answer with an error status says: `{"type": "error", "error": {"type",
/// "message"}}`, such as `overloaded_error` with status 529. Any body will do.
pub fn decode_error(status: u16, body: &[u8]) -> UpstreamError {
    failure::read(status, body)
}
