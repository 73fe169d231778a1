//! Errors in the form of `google.rpc.Status`.

use serde_json::Value;

use crate::{UpstreamError, failure, wire};

/// What an upstream's answer with an error status says: `{"error": {"code", "message", "status",
/// "details"}}`. Any body will do.
///
/// A key that is not valid is told as status 400 like a malformed request, which it is not: the
/// caller can do nothing about it, so that it is read as 401.
pub fn decode_error(status: u16, body: &[u8]) -> UpstreamError {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    // A streamed request is refused with a list of one.
    let error = value.get(0).unwrap_or(&value).get("error").unwrap_or(&Value::Null);
    let details: &[Value] =
        error.get("details").and_then(Value::as_array).map_or(&[], Vec::as_slice);
    let of = |kind: &str| {
        details.iter().find(|detail| {
            detail.get("@type").and_then(Value::as_str).is_some_and(|name| name.ends_with(kind))
        })
    };
    let reason = of("google.rpc.ErrorInfo").and_then(|info| info.get("reason")?.as_str());
    let bad_key = matches!(reason, Some("API_KEY_INVALID" | "API_KEY_EXPIRED"));
    let read = failure::read(if bad_key { 401 } else { status }, body);
    let kind = error.get("status").and_then(Value::as_str).map(wire::shown);
    let delay = of("google.rpc.RetryInfo").and_then(|info| info.get("retryDelay")?.as_str());
    UpstreamError { kind: kind.unwrap_or(read.kind), retry_after: delay.and_then(seconds), ..read }
}

/// A duration of protocol buffers in JSON, such as `34.074824224s`, in whole seconds, rounded up.
fn seconds(delay: &str) -> Option<u64> {
    let (whole, fraction) = match delay.strip_suffix('s')?.split_once('.') {
        Some((whole, fraction)) => (whole, fraction.bytes().any(|digit| digit != b'0')),
        None => (delay.strip_suffix('s')?, false),
    };
    whole.parse::<u64>().ok().map(|whole| whole.saturating_add(u64::from(fraction)))
}
