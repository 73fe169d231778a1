//! Writing a request for Converse.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Number, Value};
use types::{
    Wire,
    chat::{ChatRequest, Format, Tool, ToolChoice},
};

use super::{
    block::{Block, CachePoint},
    fields::fields,
    turns::{Turn, conversation},
};
use crate::{Target, Unsupported, schema, wire, wire::unsupported};

/// The member of a request that holds what only some models have.
const ADDITIONAL: &str = "additionalModelRequestFields";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    inference_config: Inference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(flatten)]
    passed: Passed<'a>,
    /// `guardrailConfig`, `performanceConfig`, …: words that only this API has.
    #[serde(flatten)]
    native: Cow<'a, Map<String, Value>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inference<'a> {
    max_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Number>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    tools: Vec<ToolOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ChoiceOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum ToolOut<'a> {
    ToolSpec {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        input_schema: InputSchema<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
    CachePoint(CachePoint),
}

#[derive(Serialize)]
struct InputSchema<'a> {
    json: Cow<'a, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum ChoiceOut<'a> {
    Auto {},
    Any {},
    Tool { name: &'a str },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'a> {
    text_format: TextFormat<'a>,
}

#[derive(Serialize)]
struct TextFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    structure: Structure<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Structure<'a> {
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    /// As text.
    schema: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

/// OpenAI's own parameters that this API has under another name.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Passed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_metadata: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<Tier<'a>>,
}

#[derive(Serialize)]
struct Tier<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
}

/// The request's body. The output limit is always sent. The model is in the path, and so is whether
/// the answer is streamed.
///
/// # Errors
/// The first field that the API cannot express.
pub fn encode_request(request: &ChatRequest, target: &Target<'_>) -> Result<Vec<u8>, Unsupported> {
    if request.choices > 1 {
        return Err(unsupported("n", "it gives one choice only"));
    }
    if request.sampling.seed.is_some() {
        return Err(unsupported("seed", "it has no seed"));
    }
    if request.parallel_tool_calls == Some(false) {
        return Err(unsupported("parallel_tool_calls", "it may always call several tools"));
    }
    let native = request.native_of(Wire::Bedrock);
    let native = native.map_err(|field| unsupported(field, "it has no such parameter"))?;
    let conversation = conversation(request)?;
    let body = Body {
        messages: conversation.turns,
        system: conversation.system,
        inference_config: Inference {
            max_tokens: target.max_output_tokens,
            temperature: request.sampling.temperature.as_ref(),
            top_p: request.sampling.top_p.as_ref(),
            stop_sequences: &request.stop,
        },
        tool_config: tool_config(request)?,
        output_config: output_config(request)?,
        passed: passed(&request.extra)?,
        native: joined(native, fields(request, target)?),
    };
    let mut out = Vec::with_capacity(1024);
    wire::write_json(&mut out, &body);
    Ok(out)
}

/// The parameters of this API's own, with those of the model among them. What a caller wrote under
/// the model's own name stands.
fn joined(native: &Map<String, Value>, fields: Map<String, Value>) -> Cow<'_, Map<String, Value>> {
    if fields.is_empty() {
        return Cow::Borrowed(native);
    }
    let mut native = native.clone();
    let all = native.entry(ADDITIONAL).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(all) = all {
        for (name, value) in fields {
            all.entry(name).or_insert(value);
        }
    }
    Cow::Owned(native)
}

/// The API has no word for "no call": a request that forbids its tools is refused, since leaving
/// them out would make earlier calls in the conversation unreadable.
fn tool_config(request: &ChatRequest) -> Result<Option<ToolConfig<'_>>, Unsupported> {
    if request.tools.is_empty() {
        let tools = called_before(request);
        return Ok((!tools.is_empty()).then_some(ToolConfig { tools, tool_choice: None }));
    }
    let tool_choice = match &request.tool_choice {
        None => None,
        Some(ToolChoice::Auto) => Some(ChoiceOut::Auto {}),
        Some(ToolChoice::Required) => Some(ChoiceOut::Any {}),
        Some(ToolChoice::Function(name)) => Some(ChoiceOut::Tool { name }),
        Some(ToolChoice::None) => {
            return Err(unsupported("tool_choice", "it cannot forbid tools that it is given"));
        }
    };
    Ok(Some(ToolConfig { tools: request.tools.iter().flat_map(tool).collect(), tool_choice }))
}

/// Specifications of the tools that were called in a conversation, each once: the API refuses calls and
/// results without any, also where the caller offers no tools any more.
fn called_before(request: &ChatRequest) -> Vec<ToolOut<'_>> {
    let mut names = Vec::new();
    for call in request.messages.iter().flat_map(|message| &message.tool_calls) {
        if !names.contains(&call.name.as_str()) {
            names.push(call.name.as_str());
        }
    }
    let spec = |name| {
        let input_schema = InputSchema { json: schema::of_arguments(None) };
        ToolOut::ToolSpec { name, description: None, input_schema, strict: None }
    };
    names.into_iter().map(spec).collect()
}

fn tool(tool: &Tool) -> impl Iterator<Item = ToolOut<'_>> {
    let spec = ToolOut::ToolSpec {
        name: &tool.name,
        description: tool.description.as_deref().filter(|text| !text.is_empty()),
        input_schema: InputSchema { json: schema::of_arguments(tool.parameters.as_ref()) },
        strict: tool.strict.filter(|&strict| strict),
    };
    std::iter::once(spec).chain(tool.cache.map(|ttl| ToolOut::CachePoint(ttl.into())))
}

fn output_config(request: &ChatRequest) -> Result<Option<OutputConfig<'_>>, Unsupported> {
    match &request.format {
        None | Some(Format::Text) => Ok(None),
        Some(Format::JsonObject) => {
            Err(unsupported("response_format", "it takes `json_schema`, not `json_object`"))
        }
        Some(Format::JsonSchema { name, description, schema, .. }) => {
            let schema = schema::of_answer(schema.as_ref(), None)?.to_string();
            let json_schema = JsonSchema { schema, name, description: description.as_deref() };
            let structure = Structure { json_schema };
            let text_format = TextFormat { kind: "json_schema", structure };
            Ok(Some(OutputConfig { text_format }))
        }
    }
}

/// What stands in `extra` must map, or mean what the API does anyway.
fn passed(extra: &Map<String, Value>) -> Result<Passed<'_>, Unsupported> {
    let mut passed = Passed::default();
    for (name, value) in extra {
        match (name.as_str(), value) {
            ("metadata", Value::Object(metadata)) => passed.request_metadata = Some(metadata),
            ("service_tier", Value::String(tier)) if tier == "auto" => {}
            ("service_tier", Value::String(kind))
                if matches!(kind.as_str(), "default" | "flex" | "priority") =>
            {
                passed.service_tier = Some(Tier { kind });
            }
            // It is a hint, which changes no answer.
            ("user", _) | ("store" | "logprobs", Value::Bool(false)) => {}
            ("frequency_penalty" | "presence_penalty", Value::Number(penalty))
                if penalty.as_f64() == Some(0.0) => {}
            _ => return Err(unsupported(name, "it has no such parameter")),
        }
    }
    Ok(passed)
}
