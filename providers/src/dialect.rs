//! The closed set of wire formats that upstreams speak.

use types::{Secret, answer, chat};

use crate::{BadAnswer, BadStream, Target, Unsupported, UpstreamError, anthropic, openai};

/// A wire format of upstreams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's chat completions and every server compatible with it.
    OpenAi,
    /// Anthropic's Messages API.
    Anthropic,
}

/// Reads a streamed answer of either format.
#[derive(Debug)]
pub enum StreamDecoder {
    /// OpenAI's chunks.
    OpenAi(openai::StreamDecoder),
    /// Anthropic's events.
    Anthropic(anthropic::StreamDecoder),
}

impl Dialect {
    /// The path of the chat operation, to be joined to a provider's base URL. By custom the base
    /// of OpenAI's format includes the version (`https://api.openai.com/v1`) and Anthropic's does
    /// not (`https://api.anthropic.com`).
    pub const fn path(self) -> &'static str {
        match self {
            Self::OpenAi => openai::PATH,
            Self::Anthropic => anthropic::PATH,
        }
    }

    /// Headers beside `content-type`: the credential, if there is one, and the version.
    pub fn headers(self, key: Option<&Secret>) -> Vec<(&'static str, String)> {
        match self {
            Self::OpenAi => openai::headers(key),
            Self::Anthropic => anthropic::headers(key),
        }
    }

    /// The headers that a request needs for what is in it, beside those of [`Self::headers`].
    pub fn headers_of(self, request: &chat::ChatRequest) -> Option<(&'static str, String)> {
        match self {
            Self::OpenAi => None,
            Self::Anthropic => anthropic::beta(request),
        }
    }

    /// The request's body.
    ///
    /// # Errors
    /// The first field that the format cannot express.
    pub fn encode_request(
        self,
        request: &chat::ChatRequest,
        target: &Target<'_>,
    ) -> Result<Vec<u8>, Unsupported> {
        match self {
            Self::OpenAi => openai::encode_request(request, target),
            Self::Anthropic => anthropic::encode_request(request, target),
        }
    }

    /// Whether the format can express a request, at the least cost that it takes to tell.
    ///
    /// # Errors
    /// The first field that it cannot.
    pub fn check(
        self,
        request: &chat::ChatRequest,
        target: &Target<'_>,
    ) -> Result<(), Unsupported> {
        match self {
            Self::OpenAi => openai::check(request),
            Self::Anthropic => anthropic::encode_request(request, target).map(drop),
        }
    }

    /// A whole answer.
    ///
    /// # Errors
    /// [`BadAnswer`].
    pub fn decode_answer(self, body: &[u8]) -> Result<answer::ChatAnswer, BadAnswer> {
        match self {
            Self::OpenAi => openai::decode_answer(body),
            Self::Anthropic => anthropic::decode_answer(body),
        }
    }

    /// A decoder for one streamed answer.
    pub fn stream_decoder(self) -> StreamDecoder {
        match self {
            Self::OpenAi => StreamDecoder::OpenAi(openai::StreamDecoder::new()),
            Self::Anthropic => StreamDecoder::Anthropic(anthropic::StreamDecoder::new()),
        }
    }

    /// What an answer with an error status says. Any body will do.
    pub fn decode_error(self, status: u16, body: &[u8]) -> UpstreamError {
        match self {
            Self::OpenAi => openai::decode_error(status, body),
            Self::Anthropic => anthropic::decode_error(status, body),
        }
    }
}

impl StreamDecoder {
    /// Takes the next bytes, cut anywhere, and appends the events that they complete.
    ///
    /// # Errors
    /// [`BadStream`]; events before the fault are in `out`, and nothing more can be read.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<answer::Event>) -> Result<(), BadStream> {
        match self {
            Self::OpenAi(decoder) => decoder.push(bytes, out),
            Self::Anthropic(decoder) => decoder.push(bytes, out),
        }
    }

    /// Whether the answer is complete: ask when the upstream closes. True once the terminator came,
    /// or, for servers that forget it, once every choice that began has its finish reason. Usage
    /// may still follow, so keep reading until [`Self::ended`] or the close.
    pub fn finished(&self) -> bool {
        match self {
            Self::OpenAi(decoder) => decoder.finished(),
            Self::Anthropic(decoder) => decoder.finished(),
        }
    }

    /// Whether the terminator came (`[DONE]`, `message_stop`): nothing more will.
    pub fn ended(&self) -> bool {
        match self {
            Self::OpenAi(decoder) => decoder.ended(),
            Self::Anthropic(decoder) => decoder.ended(),
        }
    }
}
