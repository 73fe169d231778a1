//! OpenAI's chat completions: the dialect that callers speak to us, and most upstreams too.
//!
//! Source: OpenAI's OpenAPI description, version 2.3.0 (`POST /v1/chat/completions`). Reading an
//! upstream's answer is lenient where local servers (llama.cpp, Ollama, vLLM) are known to differ;
//! reading a caller's request is strict.

mod answer;
pub mod completions;
pub mod embeddings;
mod encode;
mod error;
mod expressible;
mod message;
mod request;
pub mod responses;
mod said;
mod stream;
mod stream_out;
mod template;
mod thoughts;
mod tool;
mod usage;
mod words;

pub use answer::{decode_answer, encode_answer};
pub(crate) use encode::encode_as;
pub use encode::encode_request;
pub use error::{decode_error, encode_error};
pub use expressible::check;
pub(crate) use expressible::check_as;
pub use request::decode_request;
pub use stream::StreamDecoder;
pub use stream_out::StreamEncoder;
pub use thoughts::wants_thoughts;
pub(crate) use words::Words;

use crate::{Header, Outgoing, Unsigned, outgoing};

/// The path of the chat operation under a base URL that ends with the version.
pub const PATH: &str = "/chat/completions";

/// One entry of the list of models.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ModelEntry<'a> {
    /// The name to ask for.
    pub id: &'a str,
    /// Seconds since the epoch.
    pub created: i64,
    /// Who serves it.
    pub owned_by: &'a str,
}

/// The headers of a request: the bearer token, if there is a key.
///
/// # Errors
/// [`Unsigned::Keys`].
pub fn headers(outgoing: &Outgoing<'_>) -> Result<Vec<Header>, Unsigned> {
    outgoing::bearer(outgoing.credential)
}

/// One entry in the form of `GET /v1/models/{model}`.
pub fn encode_model(model: &ModelEntry<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    crate::wire::write_json(&mut out, &Tagged { object: "model", model });
    out
}

/// The body of `GET /v1/models`.
pub fn encode_models(models: &[ModelEntry<'_>]) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct List<'a> {
        object: &'static str,
        data: Vec<Tagged<'a>>,
    }
    let data = models.iter().map(|model| Tagged { object: "model", model }).collect();
    let mut out = Vec::new();
    crate::wire::write_json(&mut out, &List { object: "list", data });
    out
}

/// An entry with its `object` field, which is the same for all.
#[derive(serde::Serialize)]
struct Tagged<'a> {
    object: &'static str,
    #[serde(flatten)]
    model: &'a ModelEntry<'a>,
}
