//! OpenAI's embeddings: the form that callers speak to us, and most upstreams too.
//!
//! Source: OpenAI's OpenAPI description, version 2.3.0 (`POST /v1/embeddings`). That base64 is of
//! little-endian 32-bit floats is told by OpenAI's own clients, which ask for it where nobody says
//! otherwise. Servers that know no `encoding_format` answer with numbers, so that both are read.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use types::{
    answer::Usage,
    embed::{EmbedRequest, Embeddings, Encoding, Inputs},
};

use crate::{
    BadAnswer, Rejection, Target, embed,
    params::{self, Path, Read, need, read},
    wire,
};

/// The path of the operation under a base URL that ends with the version.
pub const PATH: &str = "/embeddings";

/// The most inputs of one request, and the most tokens of a list that is the only input.
pub const INPUTS_MAX: usize = 2_048;

/// More numbers than the vector of any model has.
const DIMENSIONS_MAX: i64 = 65_536;

/// Reads and validates a request's body, strictly.
///
/// # Errors
/// [`Rejection`] for anything malformed, out of range or unknown.
pub fn decode_request(body: &[u8]) -> Result<EmbedRequest, Rejection> {
    let mut fields = params::body(body)?;
    let request = EmbedRequest {
        model: need(&mut fields, "model", params::model)?,
        inputs: need(&mut fields, "input", inputs)?,
        dimensions: read(&mut fields, "dimensions", dimensions)?,
        user: read(&mut fields, "user", params::string)?,
        encoding: read(&mut fields, "encoding_format", encoding)?.unwrap_or_default(),
    };
    fields.end(None)?;
    Ok(request)
}

/// A text, a list of texts, a list of tokens, or a list of such lists.
fn inputs(path: &Path<'_>, raw: &RawValue) -> Read<Inputs> {
    if raw.get().starts_with('"') {
        return Ok(Inputs::Texts(vec![text(path, raw)?]));
    }
    let items = params::array_within(path, raw, INPUTS_MAX)
        .map_err(|_| path.refuse("must be a string, or a list of strings or of tokens"))?
        .ok_or_else(|| path.refuse(&format!("must have at most {INPUTS_MAX} items")))?;
    let Some(first) = items.first() else { return Err(path.refuse("must not be empty")) };
    let all = items.iter().enumerate();
    Ok(match first.get().as_bytes().first() {
        Some(b'"') => {
            Inputs::Texts(all.map(|(i, item)| text(&path.item(i), item)).collect::<Read<_>>()?)
        }
        Some(b'[') => {
            Inputs::Tokens(all.map(|(i, item)| tokens(&path.item(i), item)).collect::<Read<_>>()?)
        }
        _ => Inputs::Tokens(vec![tokens(path, raw)?]),
    })
}

fn text(path: &Path<'_>, raw: &RawValue) -> Read<String> {
    let text = params::string(path, raw)?;
    if text.is_empty() { Err(path.refuse("must not be empty")) } else { Ok(text) }
}

fn tokens(path: &Path<'_>, raw: &RawValue) -> Read<Vec<u32>> {
    let tokens: Vec<u32> = serde_json::from_str(raw.get())
        .map_err(|_| path.refuse("must be a list of tokens, which are whole numbers"))?;
    if tokens.is_empty() { Err(path.refuse("must not be empty")) } else { Ok(tokens) }
}

fn dimensions(path: &Path<'_>, raw: &RawValue) -> Read<u32> {
    let count = params::integer_in(path, raw, 1, DIMENSIONS_MAX)?;
    u32::try_from(count).map_err(|_| path.refuse("is out of range"))
}

fn encoding(path: &Path<'_>, raw: &RawValue) -> Read<Encoding> {
    let name = params::one_of(path, raw, &["float", "base64"])?;
    Ok(if name == "base64" { Encoding::Base64 } else { Encoding::Float })
}

/// A request as this API and those like it write it.
#[derive(Serialize)]
struct RequestOut<'a> {
    model: &'a str,
    input: InputOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum InputOut<'a> {
    Texts(&'a [String]),
    Tokens(&'a [Vec<u32>]),
}

/// The request's body. All inputs go as one list, also where there is one.
pub fn encode_request(request: &EmbedRequest, target: &Target<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let body = RequestOut {
        model: target.upstream_model,
        input: match &request.inputs {
            Inputs::Texts(texts) => InputOut::Texts(texts),
            Inputs::Tokens(lists) => InputOut::Tokens(lists),
        },
        dimensions: request.dimensions,
        // A third of the length of numbers in text.
        encoding_format: (request.encoding == Encoding::Base64).then_some("base64"),
        user: request.user.as_deref(),
    };
    wire::write_json(&mut out, &body);
    out
}

#[derive(Deserialize)]
struct AnswerIn {
    data: Vec<ItemIn>,
    usage: Option<UsageIn>,
}

#[derive(Deserialize)]
struct ItemIn {
    index: Option<usize>,
    embedding: VectorIn,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UsageIn {
    prompt_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

impl UsageIn {
    /// No input is empty, so that a count of none is no count.
    fn usage(&self) -> Option<Usage> {
        let input = self.prompt_tokens.unwrap_or(0).max(self.total_tokens.unwrap_or(0));
        (input > 0).then(|| Usage { input, ..Usage::default() })
    }
}

/// A whole answer, its vectors in the order of the inputs.
///
/// # Errors
/// [`BadAnswer`].
pub fn decode_answer(body: &[u8]) -> Result<Embeddings, BadAnswer> {
    let answer: AnswerIn = serde_json::from_slice(body)?;
    let pairs = answer.data.into_iter().enumerate();
    let pairs = pairs.map(|(place, item)| (item.index.unwrap_or(place), item.embedding.0));
    let usage = answer.usage.as_ref().and_then(UsageIn::usage);
    Ok(Embeddings { vectors: embed::placed(pairs)?, usage })
}

/// A vector, in either of its encodings.
struct VectorIn(Vec<f32>);

impl<'de> Deserialize<'de> for VectorIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = VectorIn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers or base64 of 32-bit floats")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<VectorIn, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = list.next_element::<f32>()? {
                    numbers.push(number);
                }
                Ok(VectorIn(numbers))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<VectorIn, E> {
                let bytes = STANDARD.decode(text).map_err(|_| E::custom("no base64"))?;
                let (numbers, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(E::custom("not of 32-bit floats"));
                }
                Ok(VectorIn(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()))
            }
        }
        deserializer.deserialize_any(Either).map_err(D::Error::custom)
    }
}

#[derive(Serialize)]
struct AnswerOut<'a> {
    object: &'static str,
    data: Vec<ItemOut<'a>>,
    model: &'a str,
    usage: UsageOut,
}

#[derive(Serialize)]
struct ItemOut<'a> {
    object: &'static str,
    index: usize,
    embedding: VectorOut<'a>,
}

#[derive(Serialize)]
struct UsageOut {
    prompt_tokens: u64,
    total_tokens: u64,
}

struct VectorOut<'a>(&'a [f32], Encoding);

impl Serialize for VectorOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Encoding::Float => self.0.serialize(serializer),
            Encoding::Base64 => {
                let bytes: Vec<u8> =
                    self.0.iter().flat_map(|number| number.to_le_bytes()).collect();
                serializer.serialize_str(&STANDARD.encode(bytes))
            }
        }
    }
}

/// The body of an answer, with the model as the caller knows it and the usage that is charged.
pub fn encode_answer(
    vectors: &[Vec<f32>],
    encoding: Encoding,
    model: &str,
    usage: &Usage,
) -> Vec<u8> {
    let items = vectors.iter().enumerate().map(|(index, vector)| ItemOut {
        object: "embedding",
        index,
        embedding: VectorOut(vector, encoding),
    });
    let mut out = Vec::new();
    let answer = AnswerOut {
        object: "list",
        data: items.collect(),
        model,
        usage: UsageOut { prompt_tokens: usage.input, total_tokens: usage.input },
    };
    wire::write_json(&mut out, &answer);
    out
}
