//! The closed set of wire formats that upstreams speak.

use std::borrow::Cow;

use types::{ProviderKind, answer, chat};

use crate::{
    BadAnswer, BadStream, Header, Outgoing, Target, Unsigned, Unsupported, UpstreamError,
    anthropic, azure, bedrock, gemini, mistral, openai,
};

/// A wire format of upstreams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI's chat completions and every server compatible with it.
    OpenAi,
    /// Anthropic's Messages API.
    Anthropic,
    /// OpenAI's chat completions at Azure.
    Azure,
    /// Mistral's chat completions.
    Mistral,
    /// Google's Gemini.
    Gemini,
    /// Converse of AWS Bedrock.
    Bedrock,
}

/// Reads a streamed answer of any format.
#[derive(Debug)]
pub enum StreamDecoder {
    /// OpenAI's chunks.
    OpenAi(openai::StreamDecoder),
    /// Anthropic's events.
    Anthropic(anthropic::StreamDecoder),
    /// Gemini's answers in pieces.
    Gemini(gemini::StreamDecoder),
    /// Bedrock's binary events.
    Bedrock(bedrock::StreamDecoder),
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::OpenAi, Self::Anthropic, Self::Azure, Self::Mistral, Self::Gemini, Self::Bedrock];

    /// The path and query of the chat operation, to be joined to a provider's base URL. By custom
    /// the base of OpenAI's format includes the version (`https://api.openai.com/v1`), and so does
    /// Mistral's; all others are the host (`https://api.anthropic.com`).
    pub fn path(self, target: &Target<'_>) -> Cow<'static, str> {
        match self {
            Self::OpenAi | Self::Mistral => openai::PATH.into(),
            Self::Anthropic => anthropic::PATH.into(),
            Self::Azure => azure::path(target),
            Self::Gemini => gemini::path(target).into(),
            Self::Bedrock => bedrock::path(target).into(),
        }
    }

    /// The path of the list of models under a provider's base URL, which costs nothing to ask for;
    /// `None` where the same host has none (Bedrock).
    pub const fn models_path(self) -> Option<&'static str> {
        match self {
            Self::OpenAi | Self::Mistral => Some("/models"),
            Self::Anthropic => Some("/v1/models"),
            Self::Azure => Some("/openai/v1/models"),
            Self::Gemini => Some("/v1beta/models"),
            Self::Bedrock => None,
        }
    }

    /// The format of a kind of providers.
    pub const fn of(kind: ProviderKind) -> Self {
        match kind {
            ProviderKind::OpenAi => Self::OpenAi,
            ProviderKind::Anthropic => Self::Anthropic,
            ProviderKind::Azure => Self::Azure,
            ProviderKind::Mistral => Self::Mistral,
            ProviderKind::Gemini => Self::Gemini,
            ProviderKind::Bedrock => Self::Bedrock,
        }
    }

    /// Headers beside `content-type`: the credential, if there is one, and the version.
    ///
    /// # Errors
    /// [`Unsigned`] where the credential does not fit the format.
    pub fn headers(self, outgoing: &Outgoing<'_>) -> Result<Vec<Header>, Unsigned> {
        match self {
            Self::OpenAi | Self::Mistral => openai::headers(outgoing),
            Self::Anthropic => anthropic::headers(outgoing),
            Self::Azure => azure::headers(outgoing),
            Self::Gemini => gemini::headers(outgoing),
            Self::Bedrock => bedrock::headers(outgoing),
        }
    }

    /// The headers that a request needs for what is in it, beside those of [`Self::headers`].
    pub fn headers_of(self, request: &chat::ChatRequest) -> Option<Header> {
        match self {
            Self::Anthropic => anthropic::beta(request),
            Self::OpenAi | Self::Azure | Self::Mistral | Self::Gemini | Self::Bedrock => None,
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
            Self::OpenAi | Self::Azure => openai::encode_request(request, target),
            Self::Anthropic => anthropic::encode_request(request, target),
            Self::Mistral => mistral::encode_request(request, target),
            Self::Gemini => gemini::encode_request(request, target),
            Self::Bedrock => bedrock::encode_request(request, target),
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
            Self::OpenAi | Self::Azure => openai::check(request),
            Self::Mistral => mistral::check(request),
            Self::Anthropic | Self::Gemini | Self::Bedrock => {
                self.encode_request(request, target).map(drop)
            }
        }
    }

    /// A whole answer.
    ///
    /// # Errors
    /// [`BadAnswer`].
    pub fn decode_answer(self, body: &[u8]) -> Result<answer::ChatAnswer, BadAnswer> {
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral => openai::decode_answer(body),
            Self::Anthropic => anthropic::decode_answer(body),
            Self::Gemini => gemini::decode_answer(body),
            Self::Bedrock => bedrock::decode_answer(body),
        }
    }

    /// A decoder for one streamed answer.
    pub fn stream_decoder(self) -> StreamDecoder {
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral => {
                StreamDecoder::OpenAi(openai::StreamDecoder::new())
            }
            Self::Anthropic => StreamDecoder::Anthropic(anthropic::StreamDecoder::new()),
            Self::Gemini => StreamDecoder::Gemini(gemini::StreamDecoder::new()),
            Self::Bedrock => StreamDecoder::Bedrock(bedrock::StreamDecoder::new()),
        }
    }

    /// What an answer with an error status says. Any body will do.
    pub fn decode_error(self, status: u16, body: &[u8]) -> UpstreamError {
        match self {
            Self::OpenAi | Self::Azure | Self::Mistral => openai::decode_error(status, body),
            Self::Anthropic => anthropic::decode_error(status, body),
            Self::Gemini => gemini::decode_error(status, body),
            Self::Bedrock => bedrock::decode_error(status, body),
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
            Self::Gemini(decoder) => decoder.push(bytes, out),
            Self::Bedrock(decoder) => decoder.push(bytes, out),
        }
    }

    /// Whether the answer is complete: ask when the upstream closes. True once the terminator came,
    /// or, for servers that forget it and formats that have none, once every choice that began has
    /// its finish reason. Usage may still follow, so keep reading until [`Self::ended`] or the
    /// close.
    pub fn finished(&self) -> bool {
        match self {
            Self::OpenAi(decoder) => decoder.finished(),
            Self::Anthropic(decoder) => decoder.finished(),
            Self::Gemini(decoder) => decoder.finished(),
            Self::Bedrock(decoder) => decoder.finished(),
        }
    }

    /// Whether the terminator came (`[DONE]`, `message_stop`, Bedrock's `metadata`): nothing more
    /// will. Gemini has none: its end is the end of the response.
    pub fn ended(&self) -> bool {
        match self {
            Self::OpenAi(decoder) => decoder.ended(),
            Self::Anthropic(decoder) => decoder.ended(),
            Self::Gemini(decoder) => decoder.ended(),
            Self::Bedrock(decoder) => decoder.ended(),
        }
    }
}
