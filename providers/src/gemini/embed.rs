//! `batchEmbedContents`: one request for each input, all in one call.
//!
//! Source: the API reference at ai.google.dev (`BatchEmbedContentsRequest`, `EmbedContentRequest`,
//! `BatchEmbedContentsResponse`). Most models tell no usage; it is read where it comes.

use serde::{Deserialize, Serialize};
use types::{
    answer::Usage,
    embed::{EmbedRequest, Embeddings},
};

use super::{named, usage::UsageIn};
use crate::{BadAnswer, Target, Unsupported, embed, wire, wire::unsupported};

/// The most requests of one batch.
const BATCH_MAX: usize = 100;

/// The path of the operation under the API's host.
pub fn path(target: &Target<'_>) -> String {
    named(target, "batchEmbedContents")
}

/// Whether the API can say all of a request.
///
/// # Errors
/// The first field that it cannot.
pub fn check(request: &EmbedRequest) -> Result<(), Unsupported> {
    embed::nobody(request)?;
    if embed::texts(request)?.len() > BATCH_MAX {
        return Err(unsupported("input", "it takes at most 100 inputs at once"));
    }
    Ok(())
}

#[derive(Serialize)]
struct BatchOut<'a> {
    requests: Vec<RequestOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOut<'a> {
    model: &'a str,
    content: ContentOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimensionality: Option<u32>,
}

#[derive(Serialize)]
struct ContentOut<'a> {
    parts: [PartOut<'a>; 1],
}

#[derive(Serialize)]
struct PartOut<'a> {
    text: &'a str,
}

/// The request's body. Each of its requests names the model once more.
///
/// # Errors
/// As [`check`].
pub fn encode_request(request: &EmbedRequest, target: &Target<'_>) -> Result<Vec<u8>, Unsupported> {
    check(request)?;
    let upstream = target.upstream_model;
    let in_collection = upstream.starts_with("models/") || upstream.starts_with("tunedModels/");
    let model = if in_collection { upstream.to_owned() } else { format!("models/{upstream}") };
    let requests = embed::texts(request)?.iter().map(|text| RequestOut {
        model: &model,
        content: ContentOut { parts: [PartOut { text }] },
        output_dimensionality: request.dimensions,
    });
    let mut out = Vec::with_capacity(256);
    wire::write_json(&mut out, &BatchOut { requests: requests.collect() });
    Ok(out)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerIn {
    embeddings: Vec<EmbeddingIn>,
    usage_metadata: Option<UsageIn>,
}

#[derive(Deserialize)]
struct EmbeddingIn {
    values: Vec<f32>,
}

impl EmbeddingIn {
    fn vector(self, shortened: bool) -> Vec<f32> {
        let length = self.values.iter().map(|value| value * value).sum::<f32>().sqrt();
        let divisor = if shortened && length.is_normal() { length } else { 1.0 };
        self.values.into_iter().map(|value| value / divisor).collect()
    }
}

/// A whole answer. Vectors that were asked to be `shortened` do not come with a length of 1 ("Embeddings",
/// on normalising smaller dimensions), as callers of OpenAI's API are used to: here they get it.
///
/// # Errors
/// [`BadAnswer`].
pub fn decode_answer(body: &[u8], shortened: bool) -> Result<Embeddings, BadAnswer> {
    let answer: AnswerIn = serde_json::from_slice(body)?;
    let usage = answer.usage_metadata.and_then(|usage| usage.total());
    let usage = usage.filter(|usage| usage.input > 0);
    Ok(Embeddings {
        vectors: answer.embeddings.into_iter().map(|read| read.vector(shortened)).collect(),
        usage: usage.map(|usage| Usage { output: 0, ..usage }),
    })
}
