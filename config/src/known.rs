//! Providers whose usual key variable is enough to use them.

use types::ProviderKind;

use crate::SecretRef;

/// A provider that works once its key is in the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownProvider {
    /// The variable that its own SDK reads.
    pub variable: &'static str,
    /// The name that we register it under.
    pub name: &'static str,
    /// The wire format that it speaks.
    pub kind: ProviderKind,
    /// Where it answers, as in its public documentation. Paths such as `/chat/completions` (or
    /// `/v1/messages` for Anthropic) are added to it.
    pub base_url: &'static str,
}

impl KnownProvider {
    /// Where its key is.
    pub fn secret(&self) -> SecretRef {
        SecretRef::Env(self.variable.to_owned())
    }
}

const fn open(variable: &'static str, name: &'static str, base_url: &'static str) -> KnownProvider {
    KnownProvider { variable, name, kind: ProviderKind::OpenAi, base_url }
}

/// Every provider that is detected, in the order in which they are offered.
pub const KNOWN_PROVIDERS: &[KnownProvider] = &[
    open("OPENAI_API_KEY", "openai", "https://api.openai.com/v1"),
    KnownProvider {
        variable: "ANTHROPIC_API_KEY",
        name: "anthropic",
        kind: ProviderKind::Anthropic,
        base_url: "https://api.anthropic.com",
    },
    open("GEMINI_API_KEY", "gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    open("MISTRAL_API_KEY", "mistral", "https://api.mistral.ai/v1"),
    open("GROQ_API_KEY", "groq", "https://api.groq.com/openai/v1"),
    open("OPENROUTER_API_KEY", "openrouter", "https://openrouter.ai/api/v1"),
    open("DEEPSEEK_API_KEY", "deepseek", "https://api.deepseek.com/v1"),
    open("XAI_API_KEY", "xai", "https://api.x.ai/v1"),
    open("TOGETHER_API_KEY", "together", "https://api.together.xyz/v1"),
];

/// The known providers whose key variable is set and not empty.
pub fn provider_keys(env: impl IntoIterator<Item = (String, String)>) -> Vec<KnownProvider> {
    let set: Vec<String> = env
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, _)| name)
        .collect();
    KNOWN_PROVIDERS
        .iter()
        .filter(|provider| set.iter().any(|name| name == provider.variable))
        .copied()
        .collect()
}

/// The names that discovery gives to model servers on this machine.
pub const LOCAL_PROVIDERS: &[&str] = &["ollama", "ollama-cloud", "vllm", "llamacpp", "lmstudio"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_found_by_their_key_and_an_empty_key_is_no_key() {
        let env = [("XAI_API_KEY", "x"), ("OPENAI_API_KEY", "y"), ("GROQ_API_KEY", " ")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let names: Vec<_> = provider_keys(env).iter().map(|p| p.name).collect();
        assert_eq!(names, ["openai", "xai"]);
    }

    #[test]
    fn every_known_provider_is_reached_over_tls_by_a_name_of_its_own() {
        let mut names: Vec<_> = KNOWN_PROVIDERS.iter().map(|p| p.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KNOWN_PROVIDERS.len());
        for provider in KNOWN_PROVIDERS {
            assert!(provider.base_url.starts_with("https://"), "{}", provider.name);
            assert!(!provider.base_url.ends_with('/'), "{}", provider.name);
        }
    }
}
