//! `additionalModelRequestFields`: parameters that Converse has no word for and some makers' models
//! have, under the makers' names.

use serde_json::{Map, Value, json};
use types::chat::{ChatRequest, Thinking};

use crate::{Target, Unsupported, anthropic::budget_within, wire::unsupported};

/// Who made a model, by its id: `anthropic.claude-…`, also behind a region (`eu.`) and within an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    Amazon,
    Anthropic,
    OpenAi,
    Other,
}

impl Maker {
    fn of(model: &str) -> Self {
        let is = |name: &str| model.starts_with(name) || model.contains(&format!(".{name}"));
        let is = |name: &str| is(name) || model.contains(&format!("/{name}"));
        match () {
            () if is("amazon.") => Self::Amazon,
            () if is("anthropic.") => Self::Anthropic,
            () if is("openai.") => Self::OpenAi,
            () => Self::Other,
        }
    }
}

/// The fields of a request for this model.
///
/// # Errors
/// The first parameter that the model's maker has no name for.
pub(super) fn fields(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<Map<String, Value>, Unsupported> {
    let maker = Maker::of(target.upstream_model);
    if request.prefill && maker != Maker::Anthropic {
        return Err(unsupported("messages", "this model does not go on with its own last message"));
    }
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if let Some(top_k) = request.sampling.top_k {
        match maker {
            Maker::Amazon => put("inferenceConfig", json!({ "topK": top_k })),
            Maker::Anthropic | Maker::Other => put("top_k", json!(top_k)),
            Maker::OpenAi => return Err(unsupported("top_k", "this model has no such parameter")),
        };
    }
    match (request.thinking, maker) {
        (None, _) => {}
        (Some(Thinking::Off), Maker::Anthropic) => {
            put("thinking", json!({ "type": "disabled" }));
        }
        (Some(Thinking::Adaptive), Maker::Anthropic) => {
            put("thinking", json!({ "type": "adaptive" }));
        }
        (Some(Thinking::Budget(tokens)), Maker::Anthropic) => {
            let tokens = budget_within(tokens, target.max_output_tokens)?;
            put("thinking", json!({ "type": "enabled", "budget_tokens": tokens }));
        }
        // A model may think as it finds right where nothing else is said.
        (Some(Thinking::Adaptive), _) => {}
        (Some(_), _) => {
            return Err(unsupported("thinking", "only Anthropic's models have it here"));
        }
    }
    match (request.reasoning_effort.as_deref(), maker) {
        (None, _) => {}
        (Some(effort @ ("low" | "medium" | "high")), Maker::OpenAi) => {
            put("reasoning_effort", json!(effort));
        }
        (Some(effort @ ("low" | "medium" | "high")), Maker::Amazon) => {
            let config = json!({ "type": "enabled", "maxReasoningEffort": effort });
            put("reasoningConfig", config);
        }
        (Some(_), _) => {
            let reason = "only models of OpenAI and Amazon have it here: low, medium or high";
            return Err(unsupported("reasoning_effort", reason));
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maker_is_in_every_form_of_an_id() {
        for (model, maker) in [
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", Maker::Anthropic),
            ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", Maker::Anthropic),
            ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", Maker::Amazon),
            (
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0",
                Maker::Amazon,
            ),
            ("openai.gpt-oss-120b-1:0", Maker::OpenAi),
            ("mistral.mistral-large-2407-v1:0", Maker::Other),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/x", Maker::Other),
        ] {
            assert_eq!(Maker::of(model), maker, "{model}");
        }
    }
}
