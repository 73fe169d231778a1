//! `generationConfig`: how the answer is made.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Number, Value};
use types::chat::{ChatRequest, Format, Thinking};

use crate::{Target, Unsupported, schema, wire::unsupported};

/// The most stop sequences that the API takes.
const STOP_MAX: usize = 5;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config<'a> {
    max_output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_count: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<Cow<'a, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ThinkingConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    include_thoughts: Option<bool>,
    /// Tokens; 0 is no thinking, -1 as much as the model finds right.
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'a str>,
}

/// How the answer of a request is made.
///
/// # Errors
/// The first field that the API cannot express.
pub(super) fn config<'a>(
    request: &'a ChatRequest,
    target: &Target<'_>,
) -> Result<Config<'a>, Unsupported> {
    if request.stop.len() > STOP_MAX {
        return Err(unsupported("stop", "it takes 5 sequences at most"));
    }
    let seed = request.sampling.seed.map(i32::try_from).transpose();
    let seed = seed.map_err(|_| unsupported("seed", "it takes 32 bits"))?;
    let penalties = penalties(&request.extra)?;
    let (response_mime_type, response_json_schema) = match &request.format {
        None | Some(Format::Text) => (None, None),
        Some(Format::JsonObject) => (Some("application/json"), None),
        Some(Format::JsonSchema { description, schema, .. }) => {
            let schema = schema::of_answer(schema.as_ref(), description.as_deref())?;
            (Some("application/json"), Some(schema))
        }
    };
    Ok(Config {
        max_output_tokens: target.max_output_tokens,
        temperature: request.sampling.temperature.as_ref(),
        top_p: request.sampling.top_p.as_ref(),
        top_k: request.sampling.top_k,
        seed,
        candidate_count: (request.choices > 1).then_some(request.choices),
        stop_sequences: &request.stop,
        presence_penalty: penalties[0],
        frequency_penalty: penalties[1],
        response_mime_type,
        response_json_schema,
        thinking_config: thinking(request, target)?,
    })
}

/// What stands in `extra` must map, or mean what the API does anyway.
fn penalties(extra: &Map<String, Value>) -> Result<[Option<&Number>; 2], Unsupported> {
    let mut penalties = [None; 2];
    for (name, value) in extra {
        match (name.as_str(), value) {
            ("presence_penalty", Value::Number(penalty)) => penalties[0] = Some(penalty),
            ("frequency_penalty", Value::Number(penalty)) => penalties[1] = Some(penalty),
            // It is a hint, which changes no answer.
            ("user", _) | ("store" | "logprobs", Value::Bool(false)) => {}
            ("service_tier", Value::String(tier)) if tier == "auto" || tier == "default" => {}
            _ => return Err(unsupported(name, "it has no such parameter")),
        }
    }
    Ok(penalties)
}

/// A budget is a budget. An effort is a level since Gemini 3 and a budget before: which one is the
/// table of Google's page on its own OpenAI compatibility.
fn thinking<'a>(
    request: &'a ChatRequest,
    target: &Target<'_>,
) -> Result<Option<ThinkingConfig<'a>>, Unsupported> {
    let has_budgets =
        ["gemini-2", "models/gemini-2"].iter().any(|old| target.upstream_model.starts_with(old));
    let from_effort = |effort| match (effort, has_budgets) {
        ("none", true) => Ok((Some(0), None)),
        ("minimal" | "low", true) => Ok((Some(1_024), None)),
        ("medium", true) => Ok((Some(8_192), None)),
        ("high", true) => Ok((Some(24_576), None)),
        ("minimal" | "low" | "medium" | "high", false) => Ok((None, Some(effort))),
        _ => Err(unsupported("reasoning_effort", "it takes minimal, low, medium, high")),
    };
    let (thinking_budget, thinking_level) =
        match (request.thinking, request.reasoning_effort.as_deref()) {
            (None | Some(Thinking::Adaptive), Some(effort)) => from_effort(effort)?,
            (None, None) => (None, None),
            (Some(Thinking::Off), _) => (Some(0), None),
            (Some(Thinking::Adaptive), None) => (Some(-1), None),
            (Some(Thinking::Budget(tokens)), _) => {
                (Some(i64::try_from(tokens).unwrap_or(i64::MAX)), None)
            }
        };
    // Thoughts are shown to whoever asked to think, unless they are not wanted.
    let asked = thinking_budget.is_some_and(|tokens| tokens != 0) || thinking_level.is_some();
    let include_thoughts = request.show_reasoning.or(asked.then_some(true));
    let is_set = include_thoughts.is_some() || thinking_budget.is_some();
    Ok(is_set.then_some(ThinkingConfig { include_thoughts, thinking_budget, thinking_level }))
}
