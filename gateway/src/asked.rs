//! The kinds of requests: what each of them means at the steps that all of them take. Nothing else of the
//! way from the caller to the books asks which kind a request is of.

use budget::{Extent, PartTokens};
use policy::RequestFacts;
use providers::{BadAnswer, Dialect, openai::embeddings};
use router::{Needs, Purpose};
use types::{
    Content as _, Request,
    answer::{ChatAnswer, Usage},
    chat::Format,
    embed::{EmbedRequest, Embeddings, Encoding, Inputs},
};

use crate::{attempt::Order, limits, meter::Meter, trail::Trail};

/// A whole answer, of the kind that was asked for.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Chat(ChatAnswer),
    /// With how the caller wants to read the vectors.
    Embed(Embeddings, Encoding),
}

/// What a model must be for.
pub(crate) const fn purpose(request: &Request) -> Purpose {
    match request {
        Request::Chat(_) => Purpose::Chat,
        Request::Embed(_) => Purpose::Embeddings,
    }
}

/// The most tokens that the input has, whatever the model.
pub(crate) fn input_bound(request: &Request) -> u64 {
    match request {
        Request::Chat(chat) => budget::input_bound(chat),
        Request::Embed(embed) => budget::embed_bound(embed),
    }
}

/// How long the text of the input is in bytes, and a little more.
pub(crate) fn text_bytes(request: &Request) -> u64 {
    match request {
        Request::Chat(chat) => budget::input_bound_with(chat, PartTokens { image: 0, file: 0 }),
        Request::Embed(embed) => budget::embed_bound(embed),
    }
}

/// Three times what an image and a document of one page come to.
const PARTS_TOKENS: PartTokens = PartTokens { image: 3 * 1_500, file: 3 * 3_000 };

/// About how many tokens the input has.
pub(crate) fn input_tokens(request: &Request) -> u64 {
    match request {
        Request::Chat(chat) => budget::input_bound_with(chat, PARTS_TOKENS) / 3,
        Request::Embed(embed) => lengths(embed).fold(0, u64::saturating_add),
    }
}

/// About how many tokens each input has.
fn lengths(embed: &EmbedRequest) -> impl Iterator<Item = u64> {
    let bytes_per_token = if matches!(embed.inputs, Inputs::Texts(_)) { 3 } else { 1 };
    budget::embed_lengths(embed).map(move |length| length.div_ceil(bytes_per_token))
}

/// What is taken of limits of tokens in advance.
pub(crate) fn estimate(request: &Request) -> u64 {
    match request {
        Request::Chat(chat) => limits::estimate(chat),
        Request::Embed(_) => input_tokens(request),
    }
}

/// The most that the request may use, before its output limit is known.
///
/// # Errors
/// The name of a field whose cost nobody can bound.
pub(crate) fn extent(request: &Request, input: u64) -> Result<Extent, String> {
    match request {
        Request::Chat(chat) => Extent::of(chat, input),
        Request::Embed(_) => Ok(Extent::text(input, 0, 1)),
    }
}

/// The shape of the request as policies see it.
pub(crate) fn shape(
    request: &Request,
    endpoint: &'static str,
    bound: u64,
) -> RequestFacts<'static> {
    let shape = RequestFacts {
        endpoint,
        images: request.has_unseen(),
        input_tokens_bound: bound,
        ..RequestFacts::default()
    };
    match request {
        Request::Chat(chat) => {
            let output = |tokens: u64| tokens.saturating_mul(u64::from(chat.choices.max(1)));
            RequestFacts {
                stream: chat.stream,
                tools: !chat.tools.is_empty(),
                max_output_tokens: chat.max_output_tokens.map(output),
                ..shape
            }
        }
        Request::Embed(_) => RequestFacts { max_output_tokens: Some(0), ..shape },
    }
}

/// What the request needs of a model.
pub(crate) fn needs(request: &Request, input_tokens: u64) -> Needs {
    let needs = Needs { purpose: purpose(request), input_tokens, ..Needs::default() };
    match request {
        Request::Chat(chat) => Needs {
            max_output_tokens: chat.max_output_tokens,
            tools: !chat.tools.is_empty(),
            json_schema: matches!(chat.format, Some(Format::JsonSchema { .. })),
            images: chat.has_images(),
            streaming: chat.stream,
            ..needs
        },
        Request::Embed(embed) => {
            Needs { longest_tokens: lengths(embed).max(), max_output_tokens: Some(0), ..needs }
        }
    }
}

/// Reads a provider's whole answer to the request.
///
/// # Errors
/// [`BadAnswer`].
pub(crate) fn decode(
    dialect: Dialect,
    request: &Request,
    body: &[u8],
) -> Result<Answer, BadAnswer> {
    match request {
        Request::Chat(_) => dialect.decode_answer(body).map(Answer::Chat),
        Request::Embed(embed) => {
            let read = dialect.decode_embeddings(embed, body)?;
            Ok(Answer::Embed(read, embed.encoding))
        }
    }
}

impl Answer {
    /// Meters what it used.
    pub(crate) fn meter(&self, meter: &mut Meter) {
        match self {
            Self::Chat(answer) => meter.observe_answer(answer),
            Self::Embed(embeddings, _) => meter.observe_usage(embeddings.usage),
        }
    }

    /// The answer with the usage that is charged in place of what the provider said.
    pub(crate) fn with_usage(self, usage: Usage) -> Self {
        let usage = Some(usage);
        match self {
            Self::Chat(answer) => Self::Chat(ChatAnswer { usage, ..answer }),
            Self::Embed(embeddings, encoding) => {
                Self::Embed(Embeddings { usage, ..embeddings }, encoding)
            }
        }
    }

    /// The body for the caller, with the model as it knows it and the usage that is charged.
    pub(crate) fn tell(
        self,
        order: &Order<'_>,
        trail: &Trail,
        model: &str,
        usage: Usage,
    ) -> Vec<u8> {
        match self {
            Self::Chat(mut answer) => {
                answer.id = trail.api().answer_id(&answer.id, trail.request);
                if answer.created == 0 {
                    answer.created = order.now.seconds();
                }
                model.clone_into(&mut answer.model);
                answer.usage = Some(usage);
                trail.api().encode_answer(&answer, order.echo)
            }
            Self::Embed(Embeddings { vectors, .. }, encoding) => {
                embeddings::encode_answer(&vectors, encoding, model, &usage)
            }
        }
    }
}
