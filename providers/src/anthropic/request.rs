//! Writing a request for the Messages API.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Number, Value};
use types::{
    Wire,
    chat::{ChatRequest, Format, Thinking, Tool, ToolChoice},
};

use super::{
    block::{Block, CacheControl},
    blocks::{Turn, conversation},
};
use crate::{Target, Unsupported, schema, wire, wire::unsupported};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ChoiceOut<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<ThinkingOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(flatten)]
    passed: Passed<'a>,
    #[serde(flatten)]
    native: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct ToolOut<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Cow<'a, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct ThinkingOut {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'static str>,
}

#[derive(Serialize)]
struct ChoiceOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_parallel_tool_use: bool,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<FormatOut<'a>>,
}

#[derive(Serialize)]
struct FormatOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: Cow<'a, Value>,
}

/// OpenAI's own parameters that this API has under another name.
#[derive(Serialize, Default)]
struct Passed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Serialize, PartialEq)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// The request's body.
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
    let native = request.native_of(Wire::Anthropic);
    let native = native.map_err(|field| unsupported(field, "it has no such parameter"))?;
    let conversation = conversation(request)?;
    let body = Body {
        model: target.upstream_model,
        max_tokens: target.max_output_tokens,
        system: conversation.system,
        messages: conversation.turns,
        tools: request.tools.iter().map(tool).collect(),
        tool_choice: tool_choice(request),
        stop_sequences: &request.stop,
        temperature: temperature(request)?,
        top_p: request.sampling.top_p.as_ref(),
        top_k: request.sampling.top_k,
        thinking: thinking(request, target)?,
        output_config: output_config(request)?,
        passed: passed(&request.extra)?,
        native,
        stream: target.stream,
    };
    let mut out = Vec::with_capacity(1024);
    wire::write_json(&mut out, &body);
    Ok(out)
}

/// The API's range ends at 1 where OpenAI's ends at 2. Clamping would change the answer unasked.
fn temperature(request: &ChatRequest) -> Result<Option<&Number>, Unsupported> {
    let Some(temperature) = &request.sampling.temperature else { return Ok(None) };
    if temperature.as_f64().is_some_and(|value| (0.0..=1.0).contains(&value)) {
        return Ok(Some(temperature));
    }
    Err(unsupported("temperature", "it takes 0 to 1"))
}

fn tool(tool: &Tool) -> ToolOut<'_> {
    ToolOut {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: schema::of_arguments(tool.parameters.as_ref()),
        strict: tool.strict.filter(|&strict| strict),
        cache_control: tool.cache.map(CacheControl::from),
    }
}

/// How to think, and whether what was thought is shown, which the API has within that.
fn thinking(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<Option<ThinkingOut>, Unsupported> {
    let (kind, budget_tokens) = match request.thinking {
        None => return Ok(None),
        Some(Thinking::Off) => {
            let off = ThinkingOut { kind: "disabled", budget_tokens: None, display: None };
            return Ok(Some(off));
        }
        Some(Thinking::Adaptive) => ("adaptive", None),
        Some(Thinking::Budget(tokens)) => {
            ("enabled", Some(budget_within(tokens, target.max_output_tokens)?))
        }
    };
    let display = request.show_reasoning.map(|show| if show { "summarized" } else { "omitted" });
    Ok(Some(ThinkingOut { kind, budget_tokens, display }))
}

/// The least budget of thinking that the API takes ("Extended thinking" in its documentation).
const THINKING_TOKENS_MIN: u64 = 1_024;

/// A budget of thinking within the output limit that is sent, which may be lower than the caller's: the
/// API wants it below that limit, and it is a most.
///
/// # Errors
/// Where the limit leaves no room for the least budget.
pub(crate) fn budget_within(tokens: u64, limit: u64) -> Result<u64, Unsupported> {
    let budget = tokens.min(limit.saturating_sub(1));
    if budget < tokens && budget < THINKING_TOKENS_MIN {
        let reason = "the output limit that applies leaves no room for it";
        return Err(unsupported("thinking.budget_tokens", reason));
    }
    Ok(budget)
}

fn tool_choice(request: &ChatRequest) -> Option<ChoiceOut<'_>> {
    let one_call = request.parallel_tool_calls == Some(false);
    let (kind, name) = match &request.tool_choice {
        None if one_call && !request.tools.is_empty() => ("auto", None),
        None => return None,
        Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Function(name)) => ("tool", Some(name.as_str())),
    };
    let disable_parallel_tool_use = one_call && kind != "none";
    Some(ChoiceOut { kind, name, disable_parallel_tool_use })
}

/// Effort and schema are both generally available, without a beta header, in `output_config`
/// (Anthropic's documentation, pages "Effort" and "Structured outputs"). A model that lacks one
/// answers 400, which the caller sees.
fn output_config(request: &ChatRequest) -> Result<Option<OutputConfig<'_>>, Unsupported> {
    let effort = match request.reasoning_effort.as_deref() {
        None => None,
        Some(effort @ ("low" | "medium" | "high" | "xhigh" | "max")) => Some(effort),
        Some(_) => {
            return Err(unsupported("reasoning_effort", "it takes low, medium, high, xhigh, max"));
        }
    };
    let format = match &request.format {
        None | Some(Format::Text) => None,
        Some(Format::JsonObject) => {
            return Err(unsupported(
                "response_format",
                "it takes `json_schema`, not `json_object`",
            ));
        }
        Some(Format::JsonSchema { description, schema, .. }) => {
            let schema = schema::of_answer(schema.as_ref(), description.as_deref())?;
            Some(FormatOut { kind: "json_schema", schema })
        }
    };
    let is_set = effort.is_some() || format.is_some();
    Ok(is_set.then_some(OutputConfig { effort, format }))
}

/// What stands in `extra` must map, or mean what the API does anyway.
fn passed(extra: &Map<String, Value>) -> Result<Passed<'_>, Unsupported> {
    let mut passed = Passed::default();
    for (name, value) in extra {
        match (name.as_str(), value) {
            ("user" | "safety_identifier", Value::String(user_id)) => {
                let metadata = Metadata { user_id };
                if passed.metadata.as_ref().is_some_and(|known| *known != metadata) {
                    return Err(unsupported("user", "it differs from `safety_identifier`"));
                }
                passed.metadata = Some(metadata);
            }
            ("service_tier", Value::String(tier)) if tier == "auto" => {
                passed.service_tier = Some("auto");
            }
            ("service_tier", Value::String(tier)) if tier == "default" => {
                passed.service_tier = Some("standard_only");
            }
            ("store" | "logprobs", Value::Bool(false)) => {}
            ("frequency_penalty" | "presence_penalty", Value::Number(penalty))
                if penalty.as_f64() == Some(0.0) => {}
            _ => return Err(unsupported(name, "it has no such parameter")),
        }
    }
    Ok(passed)
}
