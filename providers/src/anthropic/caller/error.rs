//! Errors in Anthropic's form: `{"type": "error", "error": {"type", "message"}, "request_id"}`.

use serde_json::{Map, Value, json};
use types::Code;

use crate::wire;

/// What the API says where a conversation does not fit.
const TOO_LONG: &str = "prompt is too long";

/// The body of an error answer. `code`, `param` and what `extra` adds, such as policy ids, stand
/// beside the documented two fields, which it cannot replace; a `request_id` among it goes where
/// the API has it. The SDKs choose their exception by the HTTP status.
pub fn encode_error(
    code: Code,
    message: &str,
    param: Option<&str>,
    mut extra: Map<String, Value>,
) -> Vec<u8> {
    let request = extra.remove("request_id");
    extra.insert("type".to_owned(), Value::from(kind(code)));
    // Clients know it by these words, and make the conversation shorter.
    let unsaid = code == Code::ContextLengthExceeded && !message.contains(TOO_LONG);
    let message =
        if unsaid { Value::from(format!("{TOO_LONG}: {message}")) } else { Value::from(message) };
    extra.insert("message".to_owned(), message);
    extra.insert("code".to_owned(), Value::from(code.as_str()));
    if let Some(param) = param {
        extra.insert("param".to_owned(), Value::from(param));
    }
    let mut body = json!({ "type": "error", "error": extra });
    if let (Some(request), Some(body)) = (request, body.as_object_mut()) {
        body.insert("request_id".to_owned(), request);
    }
    let mut out = Vec::with_capacity(256);
    wire::write_json(&mut out, &body);
    out
}

const fn kind(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated => "authentication_error",
        Code::PolicyDenied | Code::DlpBlocked | Code::ApprovalRequired => "permission_error",
        Code::BudgetExhausted => "billing_error",
        Code::BudgetHeld | Code::RateLimited => "rate_limit_error",
        Code::ModelNotFound | Code::SessionNotFound => "not_found_error",
        Code::NoRoute | Code::InvalidRequest | Code::ContextLengthExceeded => {
            "invalid_request_error"
        }
        Code::BodyTooLarge => "request_too_large",
        Code::UpstreamFailed | Code::DependencyUnavailable => "api_error",
        Code::UpstreamTimeout => "timeout_error",
        Code::Overloaded => "overloaded_error",
    }
}
