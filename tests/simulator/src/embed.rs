//! Embeddings in the forms of OpenAI, Azure, Mistral, Gemini and Bedrock: vectors that follow from the
//! text alone. The words of a text are hashed onto the vector's numbers, so that texts that share words
//! have vectors that are near each other.
//!
//! Source of the shapes: OpenAI's API description 2.3.0, and the public references of Mistral, Google's
//! Gemini API (`batchEmbedContents`) and Amazon Bedrock (Titan and Cohere in `InvokeModel`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::UsageReport;
use crate::ask::{Ask, Input, Refusal, field, list, number, string};
use crate::dialect::{Dialect, Operation};
use crate::reply::put;

/// How many numbers a vector has where nobody asks for another count.
const DIMENSIONS: u64 = 64;
const DIMENSIONS_MAX: u64 = 4_096;
const INPUTS_MAX: usize = 2_048;

/// What is wanted of a call for embeddings.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The words of each input.
    inputs: Vec<Vec<String>>,
    dimensions: u64,
    base64: bool,
}

impl Wanted {
    fn text(&mut self, text: &str, input: &mut Input) {
        input.add(text);
        self.inputs.push(text.split_whitespace().map(str::to_lowercase).collect());
    }

    fn tokens(&mut self, tokens: &[Value], input: &mut Input) {
        input.add_tokens(tokens.len());
        self.inputs.push(tokens.iter().map(ToString::to_string).collect());
    }
}

/// Reads a call for embeddings.
pub(crate) fn read(dialect: Dialect, body: &Value, at: &Operation) -> Result<Ask, Refusal> {
    let mut ask = Ask { limit: Some(0), ..Ask::default() };
    let mut wanted = Wanted::default();
    let known: &[&str] = match dialect {
        Dialect::OpenAi | Dialect::Azure => {
            read_openai(body, &mut wanted, &mut ask.input)?;
            wanted.dimensions = dimensions(body, "dimensions")?;
            wanted.base64 = match field(body, "encoding_format").map(Value::as_str) {
                None | Some(Some("float")) => false,
                Some(Some("base64")) => true,
                Some(_) => return Err(Refusal::field("encoding_format", "float or base64")),
            };
            &["model", "input", "dimensions", "encoding_format", "user"]
        }
        Dialect::Mistral => {
            for text in list(body, "input")? {
                wanted.text(text_of(text, "input")?, &mut ask.input);
            }
            wanted.dimensions = dimensions(body, "output_dimension")?;
            &["model", "input", "output_dimension", "output_dtype", "encoding_format"]
        }
        Dialect::Gemini => {
            read_gemini(body, at, &mut wanted, &mut ask.input)?;
            &["requests"]
        }
        Dialect::Bedrock => read_bedrock(body, at, &mut wanted, &mut ask.input)?,
        Dialect::Anthropic => return Err(Refusal::new(404, "there are no embeddings here")),
    };
    let fields = body.as_object().into_iter().flat_map(|fields| fields.keys());
    if let Some(name) = fields.into_iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Refusal::field(name, format!("unknown field `{name}`")));
    }
    if wanted.inputs.is_empty() || wanted.inputs.len() > INPUTS_MAX {
        return Err(Refusal::field("input", "`input` must have 1 to 2048 items"));
    }
    ask.model = match &at.model {
        Some(model) => model.clone(),
        None => string(body, "model")?,
    };
    ask.embed = Some(wanted);
    Ok(ask)
}

fn read_openai(body: &Value, wanted: &mut Wanted, input: &mut Input) -> Result<(), Refusal> {
    let wrong = || Refusal::field("input", "`input` must be text or tokens, and not empty");
    match field(body, "input") {
        Some(Value::String(text)) if !text.is_empty() => wanted.text(text, input),
        Some(Value::Array(items)) if items.first().is_some_and(Value::is_u64) => {
            wanted.tokens(items, input);
        }
        Some(Value::Array(items)) => {
            for item in items {
                match item {
                    Value::String(text) if !text.is_empty() => wanted.text(text, input),
                    Value::Array(tokens) if tokens.iter().all(Value::is_u64) => {
                        wanted.tokens(tokens, input);
                    }
                    _ => return Err(wrong()),
                }
            }
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

/// Each request of the batch names the model of the path.
fn read_gemini(
    body: &Value,
    at: &Operation,
    wanted: &mut Wanted,
    input: &mut Input,
) -> Result<(), Refusal> {
    let model = format!("models/{}", at.model.as_deref().unwrap_or_default());
    let requests = list(body, "requests")?;
    if requests.len() > 100 {
        return Err(Refusal::field("requests", "at most 100 requests can be in one batch"));
    }
    for request in requests {
        if field(request, "model").and_then(Value::as_str) != Some(&model) {
            return Err(Refusal::field("requests.model", "the model must be that of the path"));
        }
        let text = request.pointer("/content/parts/0/text").unwrap_or(&Value::Null);
        wanted.text(text_of(text, "requests.content")?, input);
        wanted.dimensions = dimensions(request, "outputDimensionality")?;
    }
    Ok(())
}

fn read_bedrock(
    body: &Value,
    at: &Operation,
    wanted: &mut Wanted,
    input: &mut Input,
) -> Result<&'static [&'static str], Refusal> {
    if is_titan(at.model.as_deref().unwrap_or_default()) {
        wanted.text(&string(body, "inputText")?, input);
        wanted.dimensions = dimensions(body, "dimensions")?;
        return Ok(&["inputText", "dimensions", "normalize", "embeddingTypes"]);
    }
    string(body, "input_type")?;
    let texts = list(body, "texts")?;
    if texts.len() > 96 {
        return Err(Refusal::field("texts", "at most 96 texts"));
    }
    for text in texts {
        wanted.text(text_of(text, "texts")?, input);
    }
    wanted.dimensions = dimensions(body, "output_dimension")?;
    Ok(&["texts", "input_type", "embedding_types", "output_dimension", "truncate", "max_tokens"])
}

fn is_titan(model: &str) -> bool {
    model.contains("titan-embed")
}

fn text_of<'v>(value: &'v Value, name: &str) -> Result<&'v str, Refusal> {
    value.as_str().ok_or_else(|| Refusal::field(name, format!("`{name}` must be text")))
}

fn dimensions(body: &Value, name: &str) -> Result<u64, Refusal> {
    Ok(number(body, name, 1, DIMENSIONS_MAX)?.unwrap_or(DIMENSIONS))
}

/// The body of the answer.
pub(crate) fn plain(dialect: Dialect, ask: &Ask, wanted: &Wanted, usage: UsageReport) -> Value {
    let vectors = wanted.inputs.iter().map(|words| vector(words, wanted.dimensions));
    let tokens = match usage {
        UsageReport::Exact | UsageReport::Twice => Some(ask.input.tokens()),
        UsageReport::Wrong { input, .. } => Some(input),
        UsageReport::Missing => None,
    };
    match dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Mistral | Dialect::Anthropic => {
            let data = vectors.enumerate().map(|(index, vector)| {
                let embedding = if wanted.base64 { base64(&vector) } else { json!(vector) };
                json!({"object": "embedding", "embedding": embedding, "index": index})
            });
            let data: Vec<Value> = data.collect();
            let mut body = json!({"object": "list", "data": data, "model": ask.model});
            if let Some(tokens) = tokens {
                put(&mut body, "usage", json!({"prompt_tokens": tokens, "total_tokens": tokens}));
            }
            body
        }
        // Gemini tells no usage of embeddings.
        Dialect::Gemini => {
            let embeddings: Vec<_> = vectors.map(|vector| json!({"values": vector})).collect();
            json!({"embeddings": embeddings})
        }
        Dialect::Bedrock if is_titan(&ask.model) => {
            let vector = vectors.into_iter().next().unwrap_or_default();
            let mut body = json!({"embedding": vector, "embeddingsByType": {"float": vector}});
            if let Some(tokens) = tokens {
                put(&mut body, "inputTextTokenCount", tokens);
            }
            body
        }
        Dialect::Bedrock => {
            let vectors: Vec<Vec<f32>> = vectors.collect();
            json!({"embeddings": {"float": vectors}, "response_type": "embeddings_by_type"})
        }
    }
}

fn base64(vector: &[f32]) -> Value {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes).into()
}

/// A vector of length 1: each word adds to one of its numbers or takes away.
fn vector(words: &[String], dimensions: u64) -> Vec<f32> {
    let count = usize::try_from(dimensions).unwrap_or(1).max(1);
    let mut numbers = vec![0.0_f32; count];
    for word in words {
        let hash = digest(&SHA256, word.as_bytes());
        let at =
            hash.as_ref().iter().take(4).fold(0_usize, |at, byte| at * 256 + usize::from(*byte));
        let sign = if hash.as_ref().last().is_some_and(|byte| byte % 2 == 0) { 1.0 } else { -1.0 };
        if let Some(number) = numbers.get_mut(at % count) {
            *number += sign;
        }
    }
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length == 0.0 {
        if let Some(first) = numbers.first_mut() {
            *first = 1.0;
        }
        return numbers;
    }
    numbers.into_iter().map(|number| number / length).collect()
}
