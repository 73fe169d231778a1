//! Token counts of Converse.

use serde::Deserialize;
use types::answer::Usage;

/// `TokenUsage`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageIn {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
    #[serde(default)]
    cache_details: Vec<CacheDetail>,
}

/// Cache writes by how long they are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CacheDetail {
    input_tokens: Option<u64>,
    ttl: Option<String>,
}

impl UsageIn {
    /// The counts in our form, where `input` is all input: this API counts cached tokens apart.
    pub(super) fn total(&self) -> Option<Usage> {
        let (input, output) = (self.input_tokens?, self.output_tokens?);
        let cached = self.cache_read_input_tokens.unwrap_or(0);
        let hour = self.cache_details.iter().filter(|one| one.ttl.as_deref() == Some("1h"));
        let cache_write_1h = hour.filter_map(|one| one.input_tokens).fold(0, u64::saturating_add);
        let cache_write = self.cache_write_input_tokens.unwrap_or(0).max(cache_write_1h);
        Some(Usage {
            input: input.saturating_add(cached).saturating_add(cache_write),
            cached,
            cache_write,
            cache_write_1h,
            output,
            ..Usage::default()
        })
    }
}
