//! `usageMetadata`.

use serde::Deserialize;
use types::answer::Usage;

/// Token counts of an answer, cumulative in a stream.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageIn {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    total_token_count: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Vec<Detail>,
    #[serde(default)]
    cache_tokens_details: Vec<Detail>,
    #[serde(default)]
    candidates_tokens_details: Vec<Detail>,
}

/// How many of the tokens are of one modality.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    modality: Option<String>,
    token_count: Option<u64>,
}

impl UsageIn {
    /// The counts in our form. `promptTokenCount` has the cached tokens in it, while the results of
    /// the API's own tools and thoughts are counted apart from prompt and candidates.
    ///
    /// `None` where the prompt is not counted: nothing can be settled by that.
    pub(super) fn total(&self) -> Option<Usage> {
        let prompt = self.prompt_token_count?;
        let input = prompt.saturating_add(self.tool_use_prompt_token_count.unwrap_or(0));
        let reasoning = self.thoughts_token_count.unwrap_or(0);
        let output = self.candidates_token_count.unwrap_or(0).saturating_add(reasoning);
        // Where a part is left out, the total has it, and the larger figure is what is paid for.
        let rest = self.total_token_count.unwrap_or(0).saturating_sub(input);
        Some(Usage {
            input,
            cached: self.cached_content_token_count.unwrap_or(0),
            audio_input: of(&self.prompt_tokens_details, "AUDIO"),
            cached_audio: of(&self.cache_tokens_details, "AUDIO"),
            image_input: of(&self.prompt_tokens_details, "IMAGE"),
            output: output.max(rest),
            reasoning,
            audio_output: of(&self.candidates_tokens_details, "AUDIO"),
            image_output: of(&self.candidates_tokens_details, "IMAGE"),
            ..Usage::default()
        })
    }
}

fn of(details: &[Detail], modality: &str) -> u64 {
    let of = details.iter().filter(|detail| detail.modality.as_deref() == Some(modality));
    of.filter_map(|detail| detail.token_count).fold(0, u64::saturating_add)
}
