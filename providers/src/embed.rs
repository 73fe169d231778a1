//! Embeddings at the wire formats of upstreams: the path, the body and the answer of each.

use std::borrow::Cow;

use types::embed::{EmbedRequest, Embeddings, Inputs};

use crate::{
    BadAnswer, Dialect, Target, Unsupported, azure, bedrock, gemini, mistral, openai,
    wire::unsupported,
};

impl Dialect {
    /// The path and query of the embeddings operation, to be joined to a provider's base URL as
    /// [`Dialect::path`] is.
    ///
    /// # Errors
    /// As [`Dialect::check_embed`].
    pub fn embed_path(self, target: &Target<'_>) -> Result<Cow<'static, str>, Unsupported> {
        Ok(match self {
            Self::OpenAi | Self::Mistral => openai::embeddings::PATH.into(),
            Self::Azure => azure::embed_path(target),
            Self::Gemini => gemini::embed::path(target).into(),
            Self::Bedrock => bedrock::embed::path(target).into(),
            Self::Anthropic => return Err(no_embeddings()),
        })
    }

    /// Whether the format can express a request, without writing it.
    ///
    /// # Errors
    /// The first field that it cannot.
    pub fn check_embed(
        self,
        request: &EmbedRequest,
        target: &Target<'_>,
    ) -> Result<(), Unsupported> {
        match self {
            Self::OpenAi | Self::Azure => Ok(()),
            Self::Mistral => mistral::check_embed(request),
            Self::Gemini => gemini::embed::check(request),
            Self::Bedrock => bedrock::embed::check(request, target),
            Self::Anthropic => Err(no_embeddings()),
        }
    }

    /// The request's body.
    ///
    /// # Errors
    /// The first field that the format cannot express.
    pub fn encode_embed(
        self,
        request: &EmbedRequest,
        target: &Target<'_>,
    ) -> Result<Vec<u8>, Unsupported> {
        self.check_embed(request, target)?;
        match self {
            Self::OpenAi | Self::Azure => Ok(openai::embeddings::encode_request(request, target)),
            Self::Mistral => mistral::encode_embed(request, target),
            Self::Gemini => gemini::embed::encode_request(request, target),
            Self::Bedrock => bedrock::embed::encode_request(request, target),
            Self::Anthropic => Err(no_embeddings()),
        }
    }

    /// A whole answer to `request`.
    ///
    /// # Errors
    /// [`BadAnswer`], also where it has not one vector for each input, all of the length that was
    /// asked for: whoever keeps them could not tell later.
    pub fn decode_embeddings(
        self,
        request: &EmbedRequest,
        body: &[u8],
    ) -> Result<Embeddings, BadAnswer> {
        let read = match self {
            Self::OpenAi | Self::Azure | Self::Mistral => openai::embeddings::decode_answer(body)?,
            Self::Gemini => gemini::embed::decode_answer(body, request.dimensions.is_some())?,
            Self::Bedrock => bedrock::embed::decode_answer(body)?,
            Self::Anthropic => return Err(BadAnswer::Missing(VECTORS)),
        };
        checked(request, read)
    }
}

const VECTORS: &str = "vector for each input";

fn no_embeddings() -> Unsupported {
    unsupported("input", "it has no embeddings")
}

/// The texts of a request, for formats that take nothing else.
///
/// # Errors
/// `input`, where it has tokens.
pub(crate) fn texts(request: &EmbedRequest) -> Result<&[String], Unsupported> {
    match &request.inputs {
        Inputs::Texts(texts) => Ok(texts),
        Inputs::Tokens(_) => Err(unsupported("input", "it takes text and no tokens")),
    }
}

/// That a request names no user, for formats that have no place for one.
///
/// # Errors
/// `user`.
pub(crate) fn nobody(request: &EmbedRequest) -> Result<(), Unsupported> {
    match request.user {
        Some(_) => Err(unsupported("user", "it has no such parameter")),
        None => Ok(()),
    }
}

/// Vectors in the order of the inputs, from pairs of place and vector.
///
/// # Errors
/// [`BadAnswer::Missing`] where a place is empty or has two.
pub(crate) fn placed(
    pairs: impl ExactSizeIterator<Item = (usize, Vec<f32>)>,
) -> Result<Vec<Vec<f32>>, BadAnswer> {
    let mut vectors = vec![Vec::new(); pairs.len()];
    for (place, vector) in pairs {
        match vectors.get_mut(place) {
            Some(slot) if slot.is_empty() => *slot = vector,
            _ => return Err(BadAnswer::Missing(VECTORS)),
        }
    }
    Ok(vectors)
}

fn checked(request: &EmbedRequest, read: Embeddings) -> Result<Embeddings, BadAnswer> {
    let length = read.vectors.first().map_or(0, Vec::len);
    if length == 0 || read.vectors.len() != request.inputs.count() {
        return Err(BadAnswer::Missing(VECTORS));
    }
    if read.vectors.iter().any(|vector| vector.len() != length) {
        return Err(BadAnswer::Failed("its vectors differ in length"));
    }
    let asked = request.dimensions.and_then(|count| usize::try_from(count).ok());
    if asked.is_some_and(|asked| asked != length) {
        return Err(BadAnswer::Failed("its vectors have not the `dimensions` that were asked for"));
    }
    if read.vectors.iter().flatten().any(|number| !number.is_finite()) {
        return Err(BadAnswer::Failed("a number is beyond a 32-bit float"));
    }
    Ok(read)
}
