//! `InvokeModel` for embeddings: each maker of models has a form of its own. Amazon's Titan and
//! Cohere's Embed are known, by the model's name.
//!
//! Source: the user guide of Amazon Bedrock ("Amazon Titan Embeddings Text", "Cohere Embed v3",
//! "Cohere Embed v4"). Cohere's answer has no usage in its body.

use serde::{Deserialize, Serialize};
use types::{
    answer::Usage,
    embed::{EmbedRequest, Embeddings},
};

use crate::{BadAnswer, Target, Unsupported, embed, outgoing::segment, wire, wire::unsupported};

/// The most texts of one call of Cohere's.
const TEXTS_MAX: usize = 96;

/// Whose form a model speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    Titan { dimensions: bool },
    Cohere { dimensions: bool },
}

impl Maker {
    fn of(target: &Target<'_>) -> Result<Self, Unsupported> {
        let has = |word: &str| target.upstream_model.contains(word);
        if has("titan-embed-text") {
            Ok(Self::Titan { dimensions: has("titan-embed-text-v2") })
        } else if has("cohere.embed") {
            Ok(Self::Cohere { dimensions: has("cohere.embed-v4") })
        } else {
            Err(unsupported("model", "its embeddings have a form that is not known here"))
        }
    }
}

/// The path of the operation at the region's host.
pub fn path(target: &Target<'_>) -> String {
    format!("/model/{}/invoke", segment(target.upstream_model))
}

/// Whether the model's form can say all of a request.
///
/// # Errors
/// The first field that it cannot.
pub fn check(request: &EmbedRequest, target: &Target<'_>) -> Result<(), Unsupported> {
    embed::nobody(request)?;
    let texts = embed::texts(request)?;
    let (most, why, dimensions) = match Maker::of(target)? {
        Maker::Titan { dimensions } => (1, "Titan takes one input at a time", dimensions),
        Maker::Cohere { dimensions } => {
            (TEXTS_MAX, "Cohere takes at most 96 inputs at once", dimensions)
        }
    };
    if texts.len() > most {
        return Err(unsupported("input", why));
    }
    if request.dimensions.is_some() && !dimensions {
        return Err(unsupported("dimensions", "its vectors have one length"));
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TitanOut<'a> {
    input_text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

#[derive(Serialize)]
struct CohereOut<'a> {
    texts: &'a [String],
    /// It must be said, and OpenAI's API has no word for it.
    input_type: &'static str,
    embedding_types: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u32>,
}

/// The request's body.
///
/// # Errors
/// As [`check`].
pub fn encode_request(request: &EmbedRequest, target: &Target<'_>) -> Result<Vec<u8>, Unsupported> {
    check(request, target)?;
    let texts = embed::texts(request)?;
    let mut out = Vec::with_capacity(256);
    match Maker::of(target)? {
        Maker::Titan { .. } => {
            let input_text = texts.first().map_or("", String::as_str);
            let body = TitanOut { input_text, dimensions: request.dimensions };
            wire::write_json(&mut out, &body);
        }
        Maker::Cohere { .. } => {
            let body = CohereOut {
                texts,
                input_type: "search_document",
                embedding_types: ["float"],
                output_dimension: request.dimensions,
            };
            wire::write_json(&mut out, &body);
        }
    }
    Ok(out)
}

/// What either of them answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerIn {
    embedding: Option<Vec<f32>>,
    embeddings: Option<ManyIn>,
    input_text_token_count: Option<u64>,
}

/// Cohere's vectors: by type where types were named.
#[derive(Deserialize)]
#[serde(untagged)]
enum ManyIn {
    ByType { float: Vec<Vec<f32>> },
    Plain(Vec<Vec<f32>>),
}

/// A whole answer.
///
/// # Errors
/// [`BadAnswer`].
pub fn decode_answer(body: &[u8]) -> Result<Embeddings, BadAnswer> {
    let answer: AnswerIn = serde_json::from_slice(body)?;
    let vectors = match (answer.embeddings, answer.embedding) {
        (Some(ManyIn::ByType { float } | ManyIn::Plain(float)), _) => float,
        (None, Some(vector)) => vec![vector],
        (None, None) => return Err(BadAnswer::Missing("embedding")),
    };
    let usage = answer.input_text_token_count.filter(|tokens| *tokens > 0);
    Ok(Embeddings { vectors, usage: usage.map(|input| Usage { input, ..Usage::default() }) })
}
