//! Reading an upstream's error, whatever shape its server gave it.

use serde_json::Value;

use crate::{UpstreamError, wire};

/// What an error body says.
pub(crate) struct Said {
    pub(crate) kind: Option<String>,
    /// Trimmed and bounded; empty where there is none.
    pub(crate) message: String,
    /// OpenAI's `code`.
    pub(crate) code: Option<String>,
}

/// Reads an error body of any of the shapes that compatible servers send: OpenAI's and
/// Anthropic's object, a string (Ollama), flat fields (vLLM), `detail` (FastAPI), a list of one
/// (Gemini), or plain text. A page of HTML says nothing.
pub(crate) fn said(body: &[u8]) -> Said {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        // Enough for any message that is kept, and a bound on the work.
        let head = String::from_utf8_lossy(body.get(..4096).unwrap_or(body));
        let message =
            if head.trim_start().starts_with('<') { String::new() } else { wire::shown(&head) };
        return Said { kind: None, message, code: None };
    };
    let value = value.get(0).unwrap_or(&value);
    let inner = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    let text = |name: &str| match inner.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let message = inner.as_str().map(str::to_owned);
    let message = message.or_else(|| text("message")).or_else(|| text("detail"));
    let code = text("code");
    let kind = text("type").filter(|kind| kind != "error").or_else(|| code.clone());
    Said { kind, message: wire::shown(&message.unwrap_or_default()), code }
}

/// What an upstream's answer with an error status says. Any body will do.
pub(crate) fn read(status: u16, body: &[u8]) -> UpstreamError {
    let said = said(body);
    let too_long = is_context_length(status, &said);
    // A provider's message about our credential may quote it.
    let message =
        if status == 401 { "the provider refused the credential".to_owned() } else { said.message };
    UpstreamError {
        status,
        kind: said.kind.unwrap_or_else(|| format!("http_{status}")),
        message,
        retry_after: None,
        retryable: matches!(status, 408 | 409 | 425 | 429 | 500..=599) && !too_long,
        context_length_exceeded: too_long,
    }
}

/// OpenAI and llama.cpp have a code for it; others only say it.
fn is_context_length(status: u16, said: &Said) -> bool {
    const PHRASES: [&str; 8] = [
        "context length",
        "context window",
        "context size",
        "prompt is too long",
        "input is too long",
        "exceed context limit",
        // Gemini, and Anthropic's models at Bedrock.
        "exceeds the maximum number of tokens",
        "too many input tokens",
    ];
    let has_code = |text: &Option<String>| {
        matches!(text.as_deref(), Some("context_length_exceeded" | "exceed_context_size_error"))
    };
    let message = said.message.to_ascii_lowercase();
    let says_so = PHRASES.iter().any(|phrase| message.contains(phrase));
    has_code(&said.code)
        || has_code(&said.kind)
        || matches!(status, 400 | 413 | 422 | 500) && says_so
}
