//! Models and providers that are not from the tree: registered at run time, found on the network,
//! or the built-in simulator. One form for all, which the store keeps as JSON.

use config::SecretRef;
use router::{Capabilities, Model, Origin, Provider};
use serde::{Deserialize, Serialize};
use types::{Locality, MoneyError, Nanos, NanosPerMillion, Particulars, ProviderKind, SizeClass};

use crate::written::called_as;

/// A provider as registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSpec {
    /// Its name in policies, metrics and models.
    pub name: String,
    /// The wire format that it speaks.
    pub kind: ProviderKind,
    /// Its address, as [`router::Provider`] has it.
    pub base_url: String,
    /// Where it runs.
    pub locality: Locality,
    /// Where its key is: `env:NAME` or `file:/path`; never the key itself.
    #[serde(default)]
    pub secret: Option<String>,
    /// Its privacy class, a word for policies.
    #[serde(default)]
    pub privacy: String,
    /// For how many days it keeps what it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Whether it knows `max_tokens` and not `max_completion_tokens`.
    #[serde(default)]
    pub legacy_max_tokens: bool,
    /// What its address and format do not tell.
    #[serde(default)]
    pub particulars: Particulars,
    /// Whether it is a simulator.
    #[serde(default)]
    pub simulator: bool,
}

/// A model as registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// The id that callers and policies use.
    pub id: String,
    /// The name of its provider.
    pub provider: String,
    /// Its name at the provider.
    pub upstream: String,
    /// Its size class.
    pub size: SizeClass,
    /// Input and output tokens together.
    pub context_tokens: u64,
    /// Output tokens of one answer.
    pub max_output_tokens: u64,
    /// What it can do: any of `tools`, `json_schema`, `images`, `streaming`, `reasoning`; or `embeddings`
    /// alone.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// How good it is, 0 to 100.
    #[serde(default = "middling")]
    pub quality: u8,
    /// Other ids for it.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Models to fall back to.
    #[serde(default)]
    pub fallbacks: Vec<String>,
    /// Its price; the catalogue's where absent.
    #[serde(default)]
    pub price: Option<PriceSpec>,
}

/// A price in US dollars per million tokens, as text: `0.25`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSpec {
    /// Input tokens; `0` for a model of one's own.
    pub input: String,
    /// Output tokens.
    pub output: String,
}

/// A registration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// An unknown capability.
    #[error(
        "`{0}` is not a capability; use any of tools, json_schema, images, streaming, reasoning, or embeddings alone"
    )]
    Capability(String),
    /// A price that is no amount.
    #[error(transparent)]
    Price(#[from] MoneyError),
    /// The secret is not a reference.
    #[error("the secret must be a reference, `env:NAME` or `file:/path`, never the key itself")]
    Secret,
    /// A number beyond its bounds.
    #[error("{0}")]
    Bounds(&'static str),
}

const fn middling() -> u8 {
    50
}

impl ProviderSpec {
    /// The provider for the registry.
    ///
    /// # Errors
    /// [`SpecError::Secret`].
    pub fn provider(&self, origin: Origin) -> Result<Provider, SpecError> {
        let aws = self.particulars.aws.iter();
        let aws = aws.flat_map(|aws| {
            [&aws.access_key_id, &aws.secret_access_key].into_iter().chain(&aws.session_token)
        });
        for secret in self.secret.iter().chain(aws) {
            secret.parse::<SecretRef>().map_err(|_| SpecError::Secret)?;
        }
        Ok(Provider {
            name: self.name.clone(),
            kind: self.kind,
            base_url: self.base_url.trim_end_matches('/').to_owned(),
            locality: self.locality,
            simulator: self.simulator,
            secret_ref: self.secret.clone(),
            privacy: self.privacy.clone(),
            retention_days: self.retention_days,
            legacy_max_tokens: self.legacy_max_tokens,
            particulars: self.particulars.clone(),
            timeouts: router::Timeouts::default(),
            max_concurrent: None,
            origin,
        })
    }
}

impl ModelSpec {
    /// The model for the registry.
    ///
    /// # Errors
    /// [`SpecError`] for an unknown capability or a number beyond its bounds.
    pub fn model(&self, origin: Origin) -> Result<Model, SpecError> {
        let mut capabilities = Capabilities::default();
        for name in &self.capabilities {
            match name.as_str() {
                "tools" => capabilities.tools = true,
                "json_schema" => capabilities.json_schema = true,
                "images" => capabilities.images = true,
                "streaming" => capabilities.streaming = true,
                "reasoning" => capabilities.reasoning = true,
                "embeddings" => capabilities.embeddings = true,
                other => return Err(SpecError::Capability(other.to_owned())),
            }
        }
        if self.quality > 100 {
            return Err(SpecError::Bounds("`quality` goes from 0 to 100"));
        }
        let writes = !capabilities.embeddings;
        if self.context_tokens == 0 || (writes && self.max_output_tokens == 0) {
            return Err(SpecError::Bounds(
                "`context_tokens` and `max_output_tokens` are at least 1",
            ));
        }
        Ok(Model {
            id: self.id.clone(),
            provider: self.provider.clone(),
            upstream: self.upstream.clone(),
            locality: Locality::Local,
            size: self.size,
            context_tokens: self.context_tokens,
            max_output_tokens: self.max_output_tokens,
            capabilities,
            tokenizer: None,
            quality: self.quality,
            aliases: self.aliases.clone(),
            fallbacks: self.fallbacks.clone(),
            hedge_after: None,
            privacy: String::new(),
            origin,
            enabled: true,
        })
    }

    /// Its own price, if it has one.
    ///
    /// # Errors
    /// [`SpecError::Price`].
    pub fn own_price(&self) -> Result<Option<budget::Price>, SpecError> {
        let Some(price) = &self.price else { return Ok(None) };
        // Dollars per million tokens are nano-dollars per million: the same number.
        let per_million =
            |text: &str| Ok::<_, MoneyError>(NanosPerMillion(text.parse::<Nanos>()?.0));
        let (input, output) = (per_million(&price.input)?, per_million(&price.output)?);
        let named = called_as(&self.id, &self.upstream);
        let id = format!("{}@registered:{}/{}{named}", self.id, input.0, output.0);
        Ok(Some(budget::Price::flat(id, input, output)))
    }
}
