//! The price catalogue: a versioned TOML file, one row a model.

mod file;

use std::{collections::BTreeMap, sync::Arc};

use types::{Discount, Timestamp};

use crate::price::Price;

/// Prices and limits of known models, with the day each row takes effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    version: String,
    /// By provider, then by model or alias; each list oldest first.
    entries: BTreeMap<String, BTreeMap<String, Vec<Entry>>>,
}

/// One model from one day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The provider's name.
    pub provider: String,
    /// The model's name at the provider.
    pub model: String,
    /// Other names of the same model at the same price, such as dated ones.
    pub aliases: Vec<String>,
    /// The first instant it applies to: midnight UTC.
    pub effective_from: Timestamp,
    /// Where the figures come from.
    pub source: String,
    /// What it costs.
    pub price: Arc<Price>,
    /// What it can do.
    pub limits: Limits,
}

/// What a model can take, give and do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest input, in tokens; where a provider gives one figure for input and output
    /// together, that figure.
    pub context_tokens: u64,
    /// The longest answer, in tokens; 0 for a model that writes none.
    pub max_output_tokens: u64,
    /// The most input tokens that one image costs.
    pub image_tokens: u64,
    /// Whether chat completions serve it; some models answer only the responses interface.
    pub chat: bool,
    /// Whether it makes embeddings, and nothing else.
    pub embeddings: bool,
    /// Whether it can call tools.
    pub tools: bool,
    /// Whether its answer can be held to a JSON schema.
    pub json_schema: bool,
    /// Whether it sees images.
    pub images: bool,
    /// Whether it reasons before it answers.
    pub reasoning: bool,
}

/// One thing that is wrong with a catalogue file, or with an export of a provider's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}; {fix}")]
pub struct Fault {
    /// Where: `provider.openai.models[3].input`, or a line, with the column of a table.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

const BUILTIN: &str = include_str!("../catalogue.toml");

impl Catalogue {
    /// The catalogue that ships with this version.
    ///
    /// A test proves that it parses. Were it broken it would be empty, and every model without a
    /// price: refused under a hard cap, never free.
    pub fn builtin() -> Self {
        Self::parse(BUILTIN).unwrap_or_default()
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// Every fault at once; a fault of syntax alone.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        file::read(text)
    }

    /// The catalogue's version: the date of its facts.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The price in force at an instant; `None` where there is none, which is never zero.
    pub fn price(&self, provider: &str, model: &str, at: Timestamp) -> Option<&Arc<Price>> {
        self.entry(provider, model, at).map(|entry| &entry.price)
    }

    /// The row in force at an instant, by the model's name or one of its aliases.
    pub fn entry(&self, provider: &str, model: &str, at: Timestamp) -> Option<&Entry> {
        let rows = self.entries.get(provider)?.get(model)?;
        rows.iter().rev().find(|entry| entry.effective_from <= at)
    }

    /// The models of a provider at an instant, by name, aliases left out.
    pub fn models(&self, provider: &str, at: Timestamp) -> impl Iterator<Item = &Entry> {
        let names = self.entries.get(provider).into_iter().flatten();
        names.filter_map(move |(name, _)| {
            self.entry(provider, name, at).filter(|entry| entry.model == *name)
        })
    }

    /// The providers that have rows.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// This catalogue at a tenant's discounts, by provider.
    #[must_use]
    pub fn less(mut self, discounts: &BTreeMap<String, Discount>) -> Self {
        for (provider, discount) in discounts {
            let models = self.entries.get_mut(provider);
            for entry in models.into_iter().flat_map(BTreeMap::values_mut).flatten() {
                entry.price = Arc::new(Price::clone(&entry.price).less(*discount));
            }
        }
        self
    }

    /// This catalogue with another's rows put over it: a tenant's own prices. For a model that both
    /// have, every row of `over` replaces every row of this one.
    #[must_use]
    pub fn overlaid(mut self, over: Self) -> Self {
        for (provider, models) in over.entries {
            self.entries.entry(provider).or_default().extend(models);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use types::{Nanos, NanosPerMillion};

    use super::*;
    use crate::rates::Kind;

    const NOW: Timestamp = Timestamp(1_795_300_000_000_000);

    fn builtin() -> Catalogue {
        Catalogue::parse(BUILTIN).unwrap()
    }

    #[track_caller]
    fn check(provider: &str, model: &str, input_usd: &str, output_usd: &str) {
        let catalogue = builtin();
        let rates = catalogue.price(provider, model, NOW).unwrap().standard.rates;
        let usd = |kind| Nanos(rates.get(kind).unwrap().0).to_usd();
        assert_eq!(
            (usd(Kind::Input).as_str(), usd(Kind::Output).as_str()),
            (input_usd, output_usd)
        );
    }

    #[test]
    fn the_builtin_catalogue_parses() {
        let catalogue = builtin();
        assert_eq!(catalogue, Catalogue::builtin());
        let providers: Vec<_> = catalogue.providers().collect();
        let known =
            ["anthropic", "bedrock", "deepseek", "gemini", "groq", "mistral", "openai", "xai"];
        assert_eq!(providers, known);
        for provider in known {
            assert!(catalogue.models(provider, NOW).count() >= 4, "{provider}");
        }
    }

    #[test]
    fn prices_are_dollars_per_million_tokens() {
        check("openai", "gpt-4o-mini", "0.15", "0.60");
        check("openai", "gpt-5-nano-2025-08-07", "0.05", "0.40");
        check("anthropic", "claude-haiku-4-5", "1.00", "5.00");
        check("groq", "openai/gpt-oss-20b", "0.075", "0.30");
    }

    #[test]
    fn cache_writes_and_long_inputs_are_dearer() {
        let catalogue = builtin();
        let opus = catalogue.price("anthropic", "claude-opus-4-5", NOW).unwrap();
        assert_eq!(opus.standard.rates.get(Kind::CacheWrite), Some(NanosPerMillion(6_250_000_000)));
        let hour = opus.standard.rates.get(Kind::CacheWrite1h);
        assert_eq!(hour, Some(NanosPerMillion(10_000_000_000)));
        let gpt = catalogue.price("openai", "gpt-5.4", NOW).unwrap();
        let input = |tokens| gpt.standard.at(tokens).get(Kind::Input);
        assert_eq!(input(272_000), Some(NanosPerMillion(2_500_000_000)));
        assert_eq!(input(272_001), Some(NanosPerMillion(5_000_000_000)));
        assert_eq!(gpt.id, "openai/gpt-5.4@2026-01-01");
    }

    #[test]
    fn what_is_not_listed_has_no_price() {
        let catalogue = builtin();
        assert_eq!(catalogue.price("openai", "gpt-99", NOW), None);
        assert_eq!(catalogue.price("nobody", "gpt-4o", NOW), None);
        assert_eq!(catalogue.price("openai", "gpt-4o", Timestamp(0)), None);
    }

    const TWO_DATES: &str = r#"
        version = "1"
        [provider.p]
        source = "s"
        models = [
          { model = "m", from = 2026-02-01, input = 20, output = 20, context = 9, max_output = 9 },
          { model = "m", from = 2026-01-01, input = 10, output = 10, context = 9, max_output = 9, aliases = ["n"] },
        ]"#;

    fn input_of(price: &Arc<Price>) -> i64 {
        price.standard.rates.get(Kind::Input).unwrap().0
    }

    #[test]
    fn the_latest_row_in_force_rules() {
        let catalogue = Catalogue::parse(TWO_DATES).unwrap();
        let february = Timestamp(1_769_904_000_000_000);
        let input = |model, at| catalogue.price("p", model, at).map(input_of);
        assert_eq!(input("m", february), Some(20));
        assert_eq!(input("m", Timestamp(february.0 - 1)), Some(10));
        assert_eq!(input("n", february), Some(10));
        assert_eq!(catalogue.models("p", february).count(), 1);
    }

    #[test]
    fn an_overlay_replaces_a_models_rows_and_leaves_the_others() {
        let ours = TWO_DATES
            .replace("input = 20", "input = 5")
            .replace("\"m\", from = 2026-01", "\"o\", from = 2026-01");
        let merged =
            Catalogue::parse(TWO_DATES).unwrap().overlaid(Catalogue::parse(&ours).unwrap());
        assert_eq!(merged.price("p", "m", NOW).map(input_of), Some(5));
        assert_eq!(merged.price("p", "o", NOW).map(input_of), Some(10));
    }

    #[test]
    fn a_discount_is_on_every_row_of_its_provider_and_on_no_other() {
        let discounts = BTreeMap::from([
            ("openai".to_owned(), "12.5%".parse().unwrap()),
            ("nobody".to_owned(), "1%".parse().unwrap()),
        ]);
        let ours = builtin().less(&discounts);
        let id = |provider, model| ours.price(provider, model, NOW).unwrap().id.as_str();
        assert_eq!(id("openai", "gpt-4o"), "openai/gpt-4o@2026-01-01;discount=12.50%");
        // An alias is the same row.
        assert_eq!(id("openai", "gpt-4o-2024-08-06"), id("openai", "gpt-4o"));
        assert_eq!(id("anthropic", "claude-haiku-4-5"), "anthropic/claude-haiku-4-5@2026-01-01");
    }

    #[test]
    fn a_class_is_priced_as_far_as_its_facts_reach() {
        use types::ServiceClass::{Batch, Flex, Priority};
        let catalogue = builtin();
        let rate = |model, class, length, kind| {
            let price = catalogue.price("openai", model, NOW).unwrap();
            price.schedule(class).and_then(|known| known.at(length).get(kind)).map(|rate| rate.0)
        };
        assert_eq!(rate("gpt-4o", Priority, 9, Kind::Output), Some(17_000_000_000));
        assert_eq!(rate("gpt-4o", Flex, 9, Kind::Output), None);
        assert_eq!(rate("gpt-5.4", Flex, 272_001, Kind::Input), Some(2_500_000_000));
        assert_eq!(rate("gpt-5.4", Priority, 272_000, Kind::Input), Some(5_000_000_000));
        assert_eq!(rate("gpt-5.4", Priority, 272_001, Kind::Input), None);
        assert_eq!(rate("gpt-5.6", Batch, 9, Kind::CacheWrite), Some(2_500_000_000));
        assert_eq!(rate("gpt-audio", Priority, 9, Kind::Input), None);
        let embeddings = catalogue.entry("openai", "text-embedding-3-small", NOW).unwrap();
        assert!(!embeddings.limits.chat && embeddings.limits.embeddings);
        assert_eq!(embeddings.price.standard.rates.get(Kind::Output), None);
    }

    #[test]
    fn what_a_class_or_tier_leaves_out_of_the_rows_own_is_not_known() {
        let row = "model = \"m\", from = 2026-02-01, input = 20";
        let with =
            |more: &str| Catalogue::parse(&TWO_DATES.replace(row, &format!("{row}, {more}")));
        let rates = |more: &str| {
            let catalogue = with(more).unwrap();
            let price = catalogue.price("p", "m", NOW).unwrap();
            let flex = price.classes.get(&types::ServiceClass::Flex).cloned();
            (price.standard.rates, flex.map(|flex| flex.rates))
        };
        let (own, flex) =
            rates("cache_write = 25, audio_in = 99, flex = { input = 10, output = 10 }");
        assert_eq!(own.get(Kind::CachedAudio), Some(NanosPerMillion(99)));
        let flex = flex.unwrap();
        assert_eq!((flex.get(Kind::CacheWrite), flex.get(Kind::AudioInput)), (None, None));
        assert_eq!(flex.get(Kind::CachedInput), Some(NanosPerMillion(10)));
        // What an hour in the cache costs is not known where writes cost more and it is not named.
        assert_eq!(own.get(Kind::CacheWrite1h), None);
        let (own, _) = rates("cache_write = 25, cache_write_1h = 40");
        assert_eq!(own.get(Kind::CacheWrite1h), Some(NanosPerMillion(40)));
        // A row without a surcharge for writes has none in any class.
        let (_, flex) = rates("flex = { input = 10, output = 10 }");
        assert_eq!(flex.unwrap().get(Kind::CacheWrite), Some(NanosPerMillion(10)));
        let fees = "second = 7, image = 8, search = { each = 9, max = 2, tokens = 100 }";
        let fees = with(fees).unwrap().price("p", "m", NOW).unwrap().fees;
        let search = fees.search.map(|fee| (fee.each, fee.searches_max, fee.tokens_max));
        assert_eq!(
            (fees.second, fees.image, search),
            (Nanos(7), Nanos(8), Some((Nanos(9), 2, 100)))
        );
    }

    #[track_caller]
    fn refused(from: &str, to: &str, faults: &[&str]) {
        assert!(TWO_DATES.contains(from), "`{from}` is not in the sample");
        let found = Catalogue::parse(&TWO_DATES.replace(from, to)).unwrap_err();
        let found: Vec<String> = found.iter().map(Fault::to_string).collect();
        assert_eq!(found.len(), faults.len(), "{found:?}");
        for (found, part) in found.iter().zip(faults) {
            assert!(found.contains(part), "{found:?} does not say `{part}`");
        }
    }

    #[test]
    fn every_fault_is_told_at_once() {
        refused(
            "input = 20, output = 20",
            "input = 0, output = 0",
            &["models[0]: every price is zero"],
        );
        refused("2026-02-01", "2026-01-01", &["provider.p.m: two rows take effect"]);
        refused("input = ", "input = -", &["models[0]: a price is", "models[1]: a price is"]);
        refused(
            "2026-02-01",
            "2026-02-01T00:00:00",
            &["models[0].from: `2026-02-01T00:00:00` is not"],
        );
        refused("output = 20, ", "", &["models[0]: `output` and `max_output` do not fit `api`"]);
        refused("output = 20", "output = 20, second = -1", &["models[0]: a price is negative"]);
        refused(
            "context = 9",
            "context = 0",
            &["models[0]: a name or limit", "models[1]: a name or"],
        );
    }

    #[test]
    fn a_float_or_an_unknown_key_is_refused_with_its_line() {
        refused("input = 20", "input = 2.5", &["line 6"]);
        refused("input = 20", "inptu = 20", &["line 6"]);
    }
}
