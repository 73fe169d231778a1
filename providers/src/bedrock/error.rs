//! Errors of the Bedrock runtime.

use serde_json::Value;

use crate::{UpstreamError, failure, wire};

/// What an upstream's answer with an error status says: `{"message"}`, with the error's name in a
/// header that repeats what the status says. Any body will do.
pub fn decode_error(status: u16, body: &[u8]) -> UpstreamError {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = value.get("__type").and_then(Value::as_str);
    // The name may be qualified: `com.amazon.coral.service#ThrottlingException`.
    let named = named.and_then(|name| name.rsplit('#').next()).map(wire::shown);
    let read = failure::read(status, body);
    let message = match (status, value.get("Message").and_then(Value::as_str)) {
        // What AWS says of a signature repeats what was signed, a session's token with it.
        (401 | 403, _) => {
            "the provider refused the credential, or its use of this model".to_owned()
        }
        (_, Some(message)) if read.message.is_empty() => wire::shown(message),
        _ => read.message,
    };
    UpstreamError {
        kind: named.or_else(|| name(status)).unwrap_or(read.kind),
        message,
        // The model failed, not the request.
        retryable: read.retryable || status == 424,
        ..read
    }
}

/// The error that has this status, in the reference of Converse.
fn name(status: u16) -> Option<String> {
    let name = match status {
        400 => "ValidationException",
        403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 => "ModelTimeoutException",
        424 => "ModelErrorException",
        429 => "ThrottlingException",
        500 => "InternalServerException",
        503 => "ServiceUnavailableException",
        _ => return None,
    };
    Some(name.to_owned())
}
