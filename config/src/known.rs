//! Providers whose usual key variable is enough to use them.

use std::collections::BTreeMap;

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
    /// Where it answers.
    pub address: Address,
}

/// Where a known provider answers, as in its public documentation. Paths such as
/// `/chat/completions` (or `/v1/messages` for Anthropic) are added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// Here, for everybody.
    Fixed(&'static str),
    /// At the address that this variable has: everybody has a resource of their own.
    Of(&'static str),
    /// At the host of the region that AWS's own variables name, `us-east-1` where they name none.
    Bedrock,
}

/// A known provider whose key is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProvider {
    /// Which one.
    pub known: KnownProvider,
    /// Where it answers.
    pub base_url: String,
}

impl KnownProvider {
    /// Where its key is.
    pub fn secret(&self) -> SecretRef {
        SecretRef::Env(self.variable.to_owned())
    }
}

const fn known(
    variable: &'static str,
    name: &'static str,
    kind: ProviderKind,
    address: Address,
) -> KnownProvider {
    KnownProvider { variable, name, kind, address }
}

const fn open(variable: &'static str, name: &'static str, base_url: &'static str) -> KnownProvider {
    known(variable, name, ProviderKind::OpenAi, Address::Fixed(base_url))
}

const ANTHROPIC: Address = Address::Fixed("https://api.anthropic.com");
const GEMINI: Address = Address::Fixed("https://generativelanguage.googleapis.com");
const MISTRAL: Address = Address::Fixed("https://api.mistral.ai/v1");
const AZURE: Address = Address::Of("AZURE_OPENAI_ENDPOINT");

/// Every provider that is detected, in the order in which they are offered.
pub const KNOWN_PROVIDERS: &[KnownProvider] = &[
    open("OPENAI_API_KEY", "openai", "https://api.openai.com/v1"),
    known("ANTHROPIC_API_KEY", "anthropic", ProviderKind::Anthropic, ANTHROPIC),
    known("GEMINI_API_KEY", "gemini", ProviderKind::Gemini, GEMINI),
    known("MISTRAL_API_KEY", "mistral", ProviderKind::Mistral, MISTRAL),
    open("GROQ_API_KEY", "groq", "https://api.groq.com/openai/v1"),
    open("OPENROUTER_API_KEY", "openrouter", "https://openrouter.ai/api/v1"),
    open("DEEPSEEK_API_KEY", "deepseek", "https://api.deepseek.com/v1"),
    open("XAI_API_KEY", "xai", "https://api.x.ai/v1"),
    open("TOGETHER_API_KEY", "together", "https://api.together.xyz/v1"),
    open("OPENCODE_API_KEY", "opencode", "https://opencode.ai/zen/v1"),
    known("AZURE_OPENAI_API_KEY", "azure", ProviderKind::Azure, AZURE),
    known("AWS_BEARER_TOKEN_BEDROCK", "bedrock", ProviderKind::Bedrock, Address::Bedrock),
];

/// The known providers whose key variable is set and not empty, and whose address is known.
pub fn provider_keys(env: impl IntoIterator<Item = (String, String)>) -> Vec<FoundProvider> {
    let env: BTreeMap<String, String> =
        env.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    let value = |name: &str| env.get(name).map(|value| value.trim().trim_end_matches('/'));
    let found = |known: &KnownProvider| {
        value(known.variable)?;
        let base_url = match known.address {
            Address::Fixed(url) => url.to_owned(),
            Address::Of(variable) => {
                value(variable).filter(|url| url.starts_with("https://"))?.to_owned()
            }
            Address::Bedrock => {
                let region = value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION"));
                let region = region.unwrap_or("us-east-1");
                format!("https://bedrock-runtime.{region}.amazonaws.com")
            }
        };
        Some(FoundProvider { known: *known, base_url })
    };
    KNOWN_PROVIDERS.iter().filter_map(found).collect()
}

/// The names that discovery gives to model servers on this machine.
pub const LOCAL_PROVIDERS: &[&str] = &["ollama", "ollama-cloud", "vllm", "llamacpp", "lmstudio"];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(env: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        provider_keys(env).into_iter().map(|found| (found.known.name, found.base_url)).collect()
    }

    #[test]
    fn providers_are_found_by_their_key_and_an_empty_key_is_no_key() {
        let env = [("XAI_API_KEY", "x"), ("OPENAI_API_KEY", "y"), ("GROQ_API_KEY", " ")];
        let names: Vec<_> = found(&env).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["openai", "xai"]);
    }

    #[test]
    fn an_address_may_be_somebodys_own() {
        let key = ("AZURE_OPENAI_API_KEY", "x");
        assert!(found(&[key]).is_empty(), "without an address there is nothing to call");
        assert!(found(&[key, ("AZURE_OPENAI_ENDPOINT", "http://plain")]).is_empty());
        let azure = found(&[key, ("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/")]);
        assert_eq!(azure, [("azure", "https://r.openai.azure.com".to_owned())]);
        let key = ("AWS_BEARER_TOKEN_BEDROCK", "x");
        let host = |region: &str| format!("https://bedrock-runtime.{region}.amazonaws.com");
        assert_eq!(found(&[key]), [("bedrock", host("us-east-1"))]);
        let named = [key, ("AWS_DEFAULT_REGION", "eu-west-1")];
        assert_eq!(found(&named), [("bedrock", host("eu-west-1"))]);
        let both = [key, ("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_REGION", "eu-north-1")];
        assert_eq!(found(&both), [("bedrock", host("eu-north-1"))]);
    }

    #[test]
    fn every_known_provider_is_reached_over_tls_by_a_name_of_its_own() {
        let mut names: Vec<_> = KNOWN_PROVIDERS.iter().map(|p| p.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KNOWN_PROVIDERS.len());
        for provider in KNOWN_PROVIDERS {
            let Address::Fixed(url) = provider.address else { continue };
            assert!(url.starts_with("https://"), "{}", provider.name);
            assert!(!url.ends_with('/'), "{}", provider.name);
            let none = types::Particulars::default();
            assert!(crate::tree::misfits(provider.kind, url, true, &none).is_empty());
        }
    }
}
