//! Providers whose key is in the environment, with the models that the built-in catalogue knows.

use budget::{Catalogue, Entry, Kind, Limits};
use config::KnownProvider;
use router::Origin;
use snapshot::{Extra, ModelSpec, ProviderSpec};
use types::{Locality, Particulars, SizeClass, Timestamp};

use super::{MODELS_MAX, id};

/// The provider with its priced chat models; `None` where the catalogue has none of it.
///
/// A model without a price is left out: under a hard cap it could not be called.
pub fn known(provider: &KnownProvider, catalogue: &Catalogue, now: Timestamp) -> Option<Extra> {
    let entries = catalogue.models(provider.name, now).filter(|entry| entry.limits.chat);
    let models: Vec<ModelSpec> = entries.take(MODELS_MAX).filter_map(model).collect();
    if models.is_empty() {
        return None;
    }
    Some(Extra {
        origin: Origin::Discovered,
        provider: ProviderSpec {
            name: provider.name.to_owned(),
            kind: provider.kind,
            base_url: provider.base_url.to_owned(),
            locality: Locality::Cloud,
            secret: Some(provider.secret().to_string()),
            privacy: "standard".to_owned(),
            retention_days: None,
            legacy_max_tokens: provider.name != "openai",
            particulars: Particulars::default(),
            simulator: false,
        },
        models,
    })
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
        ("streaming", true),
        ("reasoning", limits.reasoning),
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
        let found: Vec<_> =
            config::KNOWN_PROVIDERS.iter().filter_map(|p| known(p, &catalogue, now)).collect();
        assert!(found.iter().any(|found| found.provider.name == "openai"));
        let providers = found.iter().map(|f| f.provider.provider(Origin::Discovered).unwrap());
        let models = found.iter().flat_map(|f| &f.models);
        let models = models.map(|spec| spec.model(Origin::Discovered).unwrap()).collect();
        let registry = router::Registry::build(providers.collect(), models).unwrap();
        assert_eq!(registry.notes(), []);
    }
}
