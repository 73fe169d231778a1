//! Errors in OpenAI's form: `{"error": {"message", "type", "param", "code"}}`.

use serde_json::{Map, Value};
use types::Code;

use crate::{UpstreamError, failure, wire};

/// What an upstream's answer with an error status says. Any body will do.
pub fn decode_error(status: u16, body: &[u8]) -> UpstreamError {
    failure::read(status, body)
}

/// The body of an error answer. `extra` adds fields beside `code`, such as policy ids; it cannot
/// replace the four. The SDKs choose their exception by the HTTP status; `type` is for people.
pub fn encode_error(
    code: Code,
    message: &str,
    param: Option<&str>,
    mut extra: Map<String, Value>,
) -> Vec<u8> {
    extra.insert("message".to_owned(), Value::from(message));
    extra.insert("type".to_owned(), Value::from(kind(code)));
    extra.insert("param".to_owned(), param.map_or(Value::Null, Value::from));
    extra.insert("code".to_owned(), Value::from(code.as_str()));
    let mut out = Vec::with_capacity(256);
    wire::write_json(&mut out, &serde_json::json!({ "error": extra }));
    out
}

const fn kind(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated => "authentication_error",
        Code::PolicyDenied | Code::DlpBlocked | Code::ApprovalRequired => "permission_error",
        Code::BudgetExhausted => "insufficient_quota",
        Code::BudgetHeld | Code::RateLimited => "rate_limit_error",
        Code::NoRoute
        | Code::ModelNotFound
        | Code::SessionNotFound
        | Code::InvalidRequest
        | Code::ContextLengthExceeded
        | Code::BodyTooLarge => "invalid_request_error",
        Code::UpstreamFailed
        | Code::UpstreamTimeout
        | Code::Overloaded
        | Code::DependencyUnavailable => "server_error",
    }
}
