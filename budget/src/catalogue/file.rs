//! Reads a catalogue file: rows to entries, and every fault at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;
use types::{Nanos, NanosPerMillion, Timestamp};

use super::{Catalogue, Entry, Fault, Limits};
use crate::{
    bound::IMAGE_TOKENS_MAX,
    price::{Price, Rates, Tier},
};

/// Reads a file's text.
pub(super) fn read(text: &str) -> Result<Catalogue, Vec<Fault>> {
    let file: File = toml::from_str(text).map_err(|error| vec![syntax(text, &error)])?;
    let mut reading = Reading::default();
    for (provider, section) in file.provider {
        for (index, row) in section.models.into_iter().enumerate() {
            let place = format!("provider.{provider}.models[{index}]");
            reading.row(&place, &provider, &section.source, row);
        }
    }
    reading.finish(file.version)
}

/// The file. Its comment says what the keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    provider: BTreeMap<String, Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    source: String,
    models: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    model: String,
    from: toml::value::Datetime,
    source: Option<String>,
    input: i64,
    output: i64,
    cached: Option<i64>,
    cache_write: Option<i64>,
    audio_in: Option<i64>,
    reasoning: Option<i64>,
    audio_out: Option<i64>,
    #[serde(default)]
    request: i64,
    #[serde(default)]
    tiers: Vec<TierRow>,
    context: u64,
    max_output: u64,
    image_tokens: Option<u64>,
    #[serde(default)]
    can: BTreeSet<Capability>,
    #[serde(default)]
    api: Api,
    #[serde(default)]
    aliases: Vec<String>,
}

/// Rates above a length; what is left out is as dear as plain input or output of the tier.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierRow {
    above: u64,
    input: i64,
    output: i64,
    cached: Option<i64>,
    cache_write: Option<i64>,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
enum Capability {
    Tools,
    JsonSchema,
    Images,
    Reasoning,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Api {
    #[default]
    Chat,
    Responses,
}

/// Rows read so far, and what was wrong with them.
#[derive(Default)]
struct Reading {
    entries: BTreeMap<String, BTreeMap<String, Vec<Entry>>>,
    faults: Vec<Fault>,
}

impl Reading {
    fn fault(&mut self, place: &str, message: impl Into<String>, fix: &str) {
        let (place, fix) = (place.to_owned(), fix.to_owned());
        self.faults.push(Fault { place, message: message.into(), fix });
    }

    fn row(&mut self, place: &str, provider: &str, source: &str, row: Row) {
        let Some(effective_from) = midnight(row.from) else {
            let message = format!("`{}` is not a date", row.from);
            return self.fault(
                &format!("{place}.from"),
                message,
                "write a date such as 2026-01-31",
            );
        };
        let id = format!("{provider}/{}@{}", row.model, row.from);
        let price = row.price(id);
        self.check(place, &row, &price);
        let entry = Entry {
            provider: provider.to_owned(),
            effective_from,
            source: row.source.clone().unwrap_or_else(|| source.to_owned()),
            price,
            limits: row.limits(),
            model: row.model,
            aliases: row.aliases,
        };
        let models = self.entries.entry(provider.to_owned()).or_default();
        for name in std::iter::once(&entry.model).chain(&entry.aliases) {
            models.entry(name.clone()).or_default().push(entry.clone());
        }
    }

    fn check(&mut self, place: &str, row: &Row, price: &Price) {
        let sets = std::iter::once(&price.rates).chain(price.tiers.iter().map(|tier| &tier.rates));
        let rates: Vec<_> = sets.flat_map(Rates::all).collect();
        if rates.iter().any(|rate| rate.0 < 0) || price.request < Nanos::ZERO {
            self.fault(place, "a price is negative", "write what the provider charges");
        }
        if rates.iter().all(|rate| rate.0 == 0) {
            let fix = "leave the row out, and say in the model's registry entry that it is free";
            self.fault(place, "every price is zero", fix);
        }
        if !price.tiers.is_sorted_by(|a, b| a.above_tokens < b.above_tokens) {
            self.fault(&format!("{place}.tiers"), "the tiers are out of order", "sort by `above`");
        }
        if row.model.is_empty() || row.context == 0 || row.max_output == 0 {
            let fix = "give `model`, `context` and `max_output`";
            self.fault(place, "a name or limit is empty", fix);
        }
    }

    /// Sorts every model's rows by date; two of one day would make the price a matter of luck.
    fn finish(mut self, version: String) -> Result<Catalogue, Vec<Fault>> {
        let mut twice = Vec::new();
        for (provider, models) in &mut self.entries {
            for (model, rows) in models {
                rows.sort_by_key(|entry| entry.effective_from);
                let same =
                    |pair: &[Entry]| matches!(pair, [a, b] if a.effective_from == b.effective_from);
                if rows.windows(2).any(same) {
                    twice.push(format!("provider.{provider}.{model}"));
                }
            }
        }
        for place in twice {
            let fix = "keep one row or alias of a name for each date";
            self.fault(&place, "two rows take effect on the same day", fix);
        }
        if self.faults.is_empty() {
            return Ok(Catalogue { version, entries: self.entries });
        }
        Err(self.faults)
    }
}

impl Row {
    fn price(&self, id: String) -> Price {
        let per_million = NanosPerMillion;
        let or = |rate: Option<i64>, plain: i64| NanosPerMillion(rate.unwrap_or(plain));
        let rates = Rates {
            input: per_million(self.input),
            cached_input: or(self.cached, self.input),
            cache_write: or(self.cache_write, self.input),
            audio_input: or(self.audio_in, self.input),
            output: per_million(self.output),
            reasoning: or(self.reasoning, self.output),
            audio_output: or(self.audio_out, self.output),
        };
        let tier = |tier: &TierRow| {
            let plain = Rates::new(per_million(tier.input), per_million(tier.output));
            let rates = Rates {
                cached_input: or(tier.cached, tier.input),
                cache_write: or(tier.cache_write, tier.input),
                // A tier never makes audio or reasoning cheaper than the row's own rate.
                audio_input: plain.audio_input.max(rates.audio_input),
                reasoning: plain.reasoning.max(rates.reasoning),
                audio_output: plain.audio_output.max(rates.audio_output),
                ..plain
            };
            Tier { above_tokens: tier.above, rates }
        };
        let tiers = self.tiers.iter().map(tier).collect();
        Price { id, rates, tiers, request: Nanos(self.request) }
    }

    fn limits(&self) -> Limits {
        Limits {
            context_tokens: self.context,
            max_output_tokens: self.max_output,
            image_tokens: self.image_tokens.unwrap_or(IMAGE_TOKENS_MAX),
            chat: self.api == Api::Chat,
            tools: self.can.contains(&Capability::Tools),
            json_schema: self.can.contains(&Capability::JsonSchema),
            images: self.can.contains(&Capability::Images),
            reasoning: self.can.contains(&Capability::Reasoning),
        }
    }
}

/// The first instant of a date in UTC; `None` for what is not a plain date.
fn midnight(date: toml::value::Datetime) -> Option<Timestamp> {
    let (Some(date), None, None) = (date.date, date.time, date.offset) else { return None };
    let year = i16::try_from(date.year).ok()?;
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    let start = Date::new(year, month, day).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(start.timestamp().as_microsecond()))
}

fn syntax(text: &str, error: &toml::de::Error) -> Fault {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map_or_else(
        || "catalogue".to_owned(),
        |before| format!("line {}", before.matches('\n').count().saturating_add(1)),
    );
    let fix = "see the comment at the top of the built-in catalogue".to_owned();
    Fault { place, message: error.message().to_owned(), fix }
}
