//! The wire formats, and what of a call each of them decides.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::behaviour::Malformed;
use crate::reply::{Frame, Told};
use crate::{anthropic, bedrock, embed, gemini, mistral, openai};

/// The wire formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Anthropic,
    /// OpenAI's body under Azure's paths.
    Azure,
    Mistral,
    Gemini,
    Bedrock,
}

/// What the path of a call says: the operation, and for some dialects more.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) dialect: Dialect,
    /// The path and query as they came, percent-encoded.
    pub(crate) path: String,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
    /// Whether the path asks for a stream.
    pub(crate) stream: bool,
    /// Whether it asks for embeddings.
    pub(crate) embed: bool,
}

impl Dialect {
    pub(crate) const fn id_header(self) -> HeaderName {
        match self {
            Self::OpenAi | Self::Mistral => HeaderName::from_static("x-request-id"),
            Self::Azure => HeaderName::from_static("apim-request-id"),
            Self::Anthropic => HeaderName::from_static("request-id"),
            Self::Gemini => HeaderName::from_static("x-simulator-request-id"),
            Self::Bedrock => HeaderName::from_static("x-amzn-requestid"),
        }
    }

    pub(crate) const fn stream_type(self) -> &'static str {
        match self {
            Self::Bedrock => "application/vnd.amazon.eventstream",
            Self::OpenAi | Self::Anthropic | Self::Azure | Self::Mistral => {
                "text/event-stream; charset=utf-8"
            }
            Self::Gemini => "text/event-stream",
        }
    }

    /// What keeps a stream alive and says nothing.
    pub(crate) fn ping(self) -> Bytes {
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral | Self::Gemini => {
                Bytes::from_static(b": simulator ping\n\n")
            }
            Self::Anthropic => Bytes::from_static(b"event: ping\ndata: {\"type\":\"ping\"}\n\n"),
            Self::Bedrock => bedrock::ping(),
        }
    }

    /// The key of a call: the whole value of the header that this dialect has for it.
    pub(crate) fn key(self, headers: &HeaderMap) -> Option<&str> {
        let get = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = || get("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let key = match self {
            Self::OpenAi | Self::Mistral | Self::Bedrock => bearer(),
            Self::Anthropic => get("x-api-key"),
            Self::Azure => get("api-key").or_else(bearer),
            Self::Gemini => get("x-goog-api-key").or_else(bearer),
        };
        key.filter(|key| !key.is_empty())
    }

    pub(crate) fn read(self, body: &Value, at: &Operation) -> Result<Ask, Refusal> {
        if at.embed {
            return embed::read(self, body, at);
        }
        match self {
            Self::OpenAi => openai::read(body),
            Self::Mistral => mistral::read(body),
            Self::Anthropic => anthropic::read(body),
            Self::Azure => {
                let mut ask = openai::read(body)?;
                ask.model = at.model.clone().unwrap_or(ask.model);
                Ok(ask)
            }
            Self::Gemini => gemini::read(body, at),
            Self::Bedrock => bedrock::read(body, at),
        }
    }

    pub(crate) fn plain(self, ask: &Ask, answer: &Answer, told: &Told<'_>) -> Value {
        if let Some(wanted) = &ask.embed {
            return embed::plain(self, ask, wanted, told.usage);
        }
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral => openai::plain(ask, answer, told),
            Self::Anthropic => anthropic::plain(ask, answer, told),
            Self::Gemini => gemini::plain(ask, answer, told),
            Self::Bedrock => bedrock::plain(ask, answer, told),
        }
    }

    pub(crate) fn stream(self, ask: &Ask, answer: &Answer, told: &Told<'_>) -> Vec<Frame> {
        match self {
            Self::OpenAi | Self::Mistral => openai::stream(ask, answer, told),
            Self::Azure => openai::stream_filtered(ask, answer, told),
            Self::Anthropic => anthropic::stream(ask, answer, told),
            Self::Gemini => gemini::stream(ask, answer, told),
            Self::Bedrock => bedrock::stream(ask, answer, told),
        }
    }

    /// A broken event where the dialect's events are no text; `None` where they are.
    pub(crate) fn damaged(self, malformed: Malformed) -> Option<Bytes> {
        match (self, malformed) {
            (Self::Bedrock, _) => Some(bedrock::damaged(malformed)),
            (Self::Gemini, Malformed::Error) => Some(gemini::broken()),
            (Self::Gemini, Malformed::Shape) => {
                Some(Bytes::from_static(b"data: {\"candidates\":\"simulator\"}\r\n\r\n"))
            }
            _ => None,
        }
    }

    pub(crate) fn error_body(self, refusal: &Refusal) -> Value {
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral => openai::error_body(refusal),
            Self::Anthropic => anthropic::error_body(refusal),
            Self::Gemini => gemini::error_body(refusal),
            Self::Bedrock => bedrock::error_body(refusal),
        }
    }
}
