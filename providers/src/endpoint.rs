//! The closed set of paths at which callers ask models: bytes to our shape of either kind.

use types::Request;

use crate::{
    Rejection,
    api::{Api, Asked},
    openai::{embeddings, responses::Echo},
};

/// A path at which models are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// For an answer in words, in one of the APIs for it.
    Chat(Api),
    /// For vectors, in the form of OpenAI's embeddings.
    Embeddings,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Chat(Api::Chat),
        Self::Chat(Api::Completions),
        Self::Chat(Api::Responses),
        Self::Chat(Api::Messages),
        Self::Embeddings,
    ];

    /// The path that it is served at.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat(api) => api.path(),
            Self::Embeddings => "/v1/embeddings",
        }
    }

    /// The endpoint that is served at this path.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }

    /// The API whose words errors are told in. OpenAI's are the same for all that it serves.
    pub const fn api(self) -> Api {
        match self {
            Self::Chat(api) => api,
            Self::Embeddings => Api::Chat,
        }
    }

    /// Reads and validates a request's body, with what of it only the answer's form needs.
    ///
    /// # Errors
    /// [`Rejection`] for anything malformed, out of range, unknown or unsupported.
    pub fn decode_request(self, body: &[u8]) -> Result<(Request, Echo), Rejection> {
        match self {
            Self::Chat(api) => {
                let Asked { chat, echo } = api.decode_request(body)?;
                Ok((Request::Chat(chat), echo))
            }
            Self::Embeddings => {
                Ok((Request::Embed(embeddings::decode_request(body)?), Echo::default()))
            }
        }
    }
}
