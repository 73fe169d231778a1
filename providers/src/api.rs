//! The closed set of APIs that callers speak to us: bytes to our shape, and our shape to bytes.

use serde_json::{Map, Value};
use types::{
    Code, Nanos, RequestId,
    answer::{ChatAnswer, Event},
    chat::ChatRequest,
};

use crate::{
    Rejection,
    anthropic::caller as messages,
    openai::{self, ModelEntry, completions, responses, responses::Echo},
};

/// An API of callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// OpenAI's chat completions.
    Chat,
    /// OpenAI's completions of a prompt.
    Completions,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Messages,
}

/// A request as it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The request in our shape.
    pub chat: ChatRequest,
    /// What of it only the answer's form needs.
    pub echo: Echo,
}

/// Writes a streamed answer of any of them.
#[derive(Debug)]
pub enum StreamEncoder {
    /// OpenAI's chunks.
    Chat(openai::StreamEncoder),
    /// OpenAI's chunks of text.
    Completions(completions::CompletionEncoder),
    /// The events of OpenAI's responses.
    Responses(Box<responses::ResponseEncoder>),
    /// Anthropic's events.
    Messages(messages::StreamEncoder),
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Completions, Self::Responses, Self::Messages];

    /// The path that it is served at.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Completions => "/v1/completions",
            Self::Responses => "/v1/responses",
            Self::Messages => "/v1/messages",
        }
    }

    /// The header of an answer in which the SDKs of the API look for the request's id.
    pub const fn request_id_header(self) -> &'static str {
        match self {
            Self::Chat | Self::Completions | Self::Responses => "x-request-id",
            Self::Messages => "request-id",
        }
    }

    /// The API that is served at this path.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.path() == path)
    }

    /// Reads and validates a request's body.
    ///
    /// # Errors
    /// [`Rejection`] for anything malformed, out of range, unknown or unsupported.
    pub fn decode_request(self, body: &[u8]) -> Result<Asked, Rejection> {
        let chat = match self {
            Self::Chat => openai::decode_request(body)?,
            Self::Completions => completions::decode_request(body)?,
            Self::Responses => {
                let (chat, echo) = responses::decode_request(body)?;
                return Ok(Asked { chat, echo });
            }
            Self::Messages => messages::decode_request(body)?,
        };
        Ok(Asked { chat, echo: Echo::default() })
    }

    /// The id of an answer: the provider's, where the API is one that shows it and it has one; else
    /// one of our own, in the form that the API's ids have.
    pub fn answer_id(self, given: &str, request: RequestId) -> String {
        match self {
            Self::Chat if given.is_empty() => format!("chatcmpl-{request}"),
            Self::Chat => given.to_owned(),
            Self::Completions => format!("cmpl-{request}"),
            Self::Responses => format!("resp_{request}"),
            Self::Messages => format!("msg_{request}"),
        }
    }

    /// The body of a whole answer.
    pub fn encode_answer(self, answer: &ChatAnswer, echo: &Echo) -> Vec<u8> {
        match self {
            Self::Chat => openai::encode_answer(answer),
            Self::Completions => completions::encode_answer(answer),
            Self::Responses => responses::encode_answer(answer, echo),
            Self::Messages => messages::encode_answer(answer),
        }
    }

    /// An encoder of a streamed answer, with its id, its time in seconds since the epoch, and the
    /// model as the caller knows it; with whether the caller asked for usage, and what else it said
    /// that the answer's form needs.
    pub fn stream_encoder(
        self,
        (id, created): (String, i64),
        model: String,
        (include_usage, echo): (bool, &Echo),
    ) -> StreamEncoder {
        match self {
            Self::Chat => {
                let encoder = openai::StreamEncoder::new(id, created, model, include_usage);
                StreamEncoder::Chat(encoder)
            }
            Self::Completions => {
                let encoder =
                    completions::CompletionEncoder::new(id, created, model, include_usage);
                StreamEncoder::Completions(encoder)
            }
            Self::Responses => {
                let encoder = responses::ResponseEncoder::new(id, created, model, echo.frame());
                StreamEncoder::Responses(Box::new(encoder))
            }
            Self::Messages => StreamEncoder::Messages(messages::StreamEncoder::new(id, model)),
        }
    }

    /// One model in the form of `GET /v1/models/{model}`.
    pub fn encode_model(self, model: &ModelEntry<'_>) -> Vec<u8> {
        match self {
            Self::Chat | Self::Completions | Self::Responses => openai::encode_model(model),
            Self::Messages => messages::encode_model(model),
        }
    }

    /// The body of `GET /v1/models`.
    pub fn encode_models(self, models: &[ModelEntry<'_>]) -> Vec<u8> {
        match self {
            Self::Chat | Self::Completions | Self::Responses => openai::encode_models(models),
            Self::Messages => messages::encode_models(models),
        }
    }

    /// The body of an error. `extra` adds fields beside `code`, such as policy ids.
    pub fn encode_error(
        self,
        code: Code,
        message: &str,
        param: Option<&str>,
        extra: Map<String, Value>,
    ) -> Vec<u8> {
        match self {
            Self::Chat | Self::Completions | Self::Responses => {
                openai::encode_error(code, message, param, extra)
            }
            Self::Messages => messages::encode_error(code, message, param, extra),
        }
    }
}

impl StreamEncoder {
    /// Appends what an event adds to the stream, which may be nothing. `Failed` ends it with an
    /// error event.
    pub fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        match self {
            Self::Chat(encoder) => encoder.push(event, out),
            Self::Completions(encoder) => encoder.push(event, out),
            Self::Responses(encoder) => encoder.push(event, out),
            Self::Messages(encoder) => encoder.push(event, out),
        }
    }

    /// Appends what says nothing but that the stream goes on: an event of the Messages API, in OpenAI's
    /// APIs a comment, which every client skips.
    pub fn ping(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self {
            Self::Chat(_) | Self::Completions(_) | Self::Responses(_) => b": ping\n\n".as_slice(),
            Self::Messages(_) => b"event: ping\ndata: {\"type\":\"ping\"}\n\n",
        });
    }

    /// Tells with the usage what the answer cost, where the API has a place for it.
    pub const fn charge(&mut self, cost: Nanos) {
        match self {
            Self::Chat(encoder) => encoder.charge(cost),
            Self::Completions(_) | Self::Responses(_) | Self::Messages(_) => {}
        }
    }

    /// Ends a whole stream with its usage, where the API tells it, and its terminator.
    pub fn done(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Chat(encoder) => encoder.done(out),
            Self::Completions(encoder) => encoder.done(out),
            Self::Responses(encoder) => encoder.done(out),
            Self::Messages(encoder) => encoder.done(out),
        }
    }

    /// The answer as a whole, for what keeps it; `None` where the API has nothing that is kept.
    pub fn kept(&self) -> Option<Vec<u8>> {
        match self {
            Self::Responses(encoder) => Some(encoder.response()),
            Self::Chat(_) | Self::Completions(_) | Self::Messages(_) => None,
        }
    }

    /// Whether it has told an error: what came cannot be said in this API, or the provider failed.
    pub const fn broken(&self) -> bool {
        match self {
            Self::Responses(encoder) => encoder.broken(),
            Self::Messages(encoder) => encoder.broken(),
            Self::Chat(_) | Self::Completions(_) => false,
        }
    }

    /// Ends a broken stream with an error event and no terminator, so that no client takes the
    /// answer for whole.
    pub fn error(&mut self, code: Code, message: &str, out: &mut Vec<u8>) {
        match self {
            Self::Chat(encoder) => encoder.error(code, message, out),
            Self::Completions(encoder) => encoder.error(code, message, out),
            Self::Responses(encoder) => encoder.error(code, message, out),
            Self::Messages(encoder) => encoder.error(code, message, out),
        }
    }
}
