//! Providers whose key is in the environment, with the models that the built-in catalogue knows.

use budget::{Catalogue, Entry, Kind, Limits};
use config::FoundProvider;
use router::Origin;
use snapshot::{Extra, ModelSpec, ProviderSpec};
use types::{Locality, Particulars, SizeClass, Timestamp};

use super::{MODELS_MAX, id};

/// The provider with its priced models for chat and for embeddings, of which the catalogue may have none: then they are
/// registered by hand, and the provider need not be.
///
/// A model without a price is left out: under a hard cap it could not be called.
pub fn known(found: &FoundProvider, catalogue: &Catalogue, now: Timestamp) -> Extra {
    let provider = found.known;
    let entries = catalogue
        .models(provider.name, now)
        .filter(|entry| entry.limits.chat || entry.limits.embeddings);
    let models: Vec<ModelSpec> = entries.take(MODELS_MAX).filter_map(model).collect();
    Extra {
        origin: Origin::Discovered,
        provider: ProviderSpec {
            name: provider.name.to_owned(),
            kind: provider.kind,
            base_url: found.base_url.clone(),
            locality: Locality::Cloud,
            secret: Some(provider.secret().to_string()),
            privacy: "standard".to_owned(),
            retention_days: None,
            legacy_max_tokens: !matches!(provider.name, "openai" | "azure"),
            particulars: Particulars::default(),
            simulator: false,
        },
        models,
    }
}

fn model(entry: &Entry) -> Option<ModelSpec> {
    let size = size(entry);
    Some(ModelSpec {
        id: id(&entry.provider, &entry.model)?,
        provider: entry.provider.clone(),
        upstream: entry.model.clone(),
        size,
        context_tokens: entry.limits.context_tokens,
        max_output_tokens: entry.limits.max_output_tokens.min(entry.limits.context_tokens),
        capabilities: capabilities(&entry.limits),
        quality: match size {
            SizeClass::Small => 50,
            SizeClass::Medium => 65,
            SizeClass::Large => 80,
        },
        aliases: Vec::new(),
        fallbacks: Vec::new(),
        price: None,
    })
}

fn capabilities(limits: &Limits) -> Vec<String> {
    [
        ("tools", limits.tools),
        ("json_schema", limits.json_schema),
        ("images", limits.images),
        ("streaming", limits.chat),
        ("reasoning", limits.reasoning),
        ("embeddings", limits.embeddings),
    ]
    .into_iter()
    .filter(|(_, can)| *can)
    .map(|(name, _)| name.to_owned())
    .collect()
}

/// No provider tells the size of its models. What a million output tokens cost is the best sign.
fn size(entry: &Entry) -> SizeClass {
    const USD: i64 = 1_000_000_000;
    let output = entry.price.standard.rates.get(Kind::Output).map_or(0, |rate| rate.0);
    if output <= 5 * USD {
        SizeClass::Small
    } else if output <= 15 * USD {
        SizeClass::Medium
    } else {
        SizeClass::Large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_provider_that_the_catalogue_prices_has_models_that_can_be_registered() {
        let now = Timestamp::now();
        let catalogue = Catalogue::builtin();
        let env = config::KNOWN_PROVIDERS.iter().map(|known| (known.variable, "key"));
        let env = env.chain([("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com")]);
        let keys = config::provider_keys(env.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(keys.len(), config::KNOWN_PROVIDERS.len());
        let found: Vec<_> = keys.iter().map(|found| known(found, &catalogue, now)).collect();
        let priced = |name: &str| {
            let found = found.iter().find(|found| found.provider.name == name);
            found.is_some_and(|found| !found.models.is_empty())
        };
        assert!(priced("openai") && priced("gemini") && priced("mistral") && !priced("azure"));
        // Those of Bedrock that the catalogue knows make vectors.
        let of = |name: &str| found.iter().find(|found| found.provider.name == name).unwrap();
        let embeds = |model: &ModelSpec| model.capabilities == ["embeddings"];
        assert!(priced("bedrock") && of("bedrock").models.iter().all(embeds));
        for name in ["openai", "gemini", "mistral"] {
            let vectors = of(name).models.iter().filter(|model| embeds(model)).count();
            assert!(vectors > 0 && vectors < of(name).models.len(), "{name}");
        }
        let providers = found.iter().map(|f| f.provider.provider(Origin::Discovered).unwrap());
        let models = found.iter().flat_map(|f| &f.models);
        let models = models.map(|spec| spec.model(Origin::Discovered).unwrap()).collect();
        let registry = router::Registry::build(providers.collect(), models).unwrap();
        assert_eq!(registry.notes(), []);
    }
}
