//! Token usage in OpenAI's form.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use types::{Nanos, answer::Usage};

#[derive(Deserialize)]
struct UsageIn {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
    /// DeepSeek's name for cached tokens.
    prompt_cache_hit_tokens: Option<u64>,
    /// Mistral's.
    num_cached_tokens: Option<u64>,
    /// Together's.
    cached_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Details {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
    audio_tokens: Option<u64>,
    image_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

/// Reads usage. What is malformed, or has no output in it, counts as none sent: the call is then
/// settled by counting, not by a guess at what the provider meant.
pub(super) fn decode(raw: &RawValue) -> Option<Usage> {
    let usage: UsageIn = serde_json::from_str(raw.get()).ok()?;
    let input_details = usage.prompt_tokens_details.unwrap_or_default();
    let output_details = usage.completion_tokens_details.unwrap_or_default();
    // Some providers (xAI) leave reasoning out of `completion_tokens` but not out of the total.
    // The larger figure is what is paid for.
    let rest = usage.total_tokens.unwrap_or(0).saturating_sub(usage.prompt_tokens);
    let cached = input_details.cached_tokens.or(usage.prompt_cache_hit_tokens);
    let cached = cached.or(usage.num_cached_tokens).or(usage.cached_tokens);
    Some(Usage {
        input: usage.prompt_tokens,
        cached: cached.unwrap_or(0),
        cache_write: input_details.cache_write_tokens.unwrap_or(0),
        audio_input: input_details.audio_tokens.unwrap_or(0),
        image_input: input_details.image_tokens.unwrap_or(0),
        output: usage.completion_tokens.max(rest),
        reasoning: output_details.reasoning_tokens.unwrap_or(0),
        audio_output: output_details.audio_tokens.unwrap_or(0),
        ..Usage::default()
    })
}

#[derive(Serialize)]
pub(super) struct UsageOut {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: InputDetails,
    completion_tokens_details: OutputDetails,
    /// In US dollars, for whoever is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<String>,
}

#[derive(Serialize)]
struct InputDetails {
    cached_tokens: u64,
    audio_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
}

#[derive(Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl From<&Usage> for UsageOut {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.input.saturating_add(usage.output),
            prompt_tokens_details: InputDetails {
                cached_tokens: usage.cached,
                audio_tokens: usage.audio_input,
                cache_write_tokens: (usage.cache_write > 0).then_some(usage.cache_write),
            },
            completion_tokens_details: OutputDetails {
                reasoning_tokens: usage.reasoning,
                audio_tokens: usage.audio_output,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
            cost: None,
        }
    }
}

impl UsageOut {
    pub(super) fn with_cost(self, cost: Option<Nanos>) -> Self {
        Self { cost: cost.map(Nanos::to_usd), ..self }
    }
}
