//! Reads a catalogue file: rows to entries, and every fault at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;
use types::{Discount, Nanos, NanosPerMillion, ServiceClass, Timestamp};

use super::{Catalogue, Entry, Fault, Limits};
use crate::{
    input::IMAGE_TOKENS_MAX,
    price::{Fees, Price, Schedule, SearchFee, Tier},
    rates::{Kind, Rates},
};

/// Reads a file's text.
pub(super) fn read(text: &str) -> Result<Catalogue, Vec<Fault>> {
    let file: File = toml::from_str(text).map_err(|error| vec![syntax(text, &error)])?;
    let mut reading = Reading::default();
    for (provider, section) in file.provider {
        for (index, row) in section.models.into_iter().enumerate() {
            let place = format!("provider.{provider}.models[{index}]");
            reading.row(&place, &provider, (&section.source, &section.auto), row);
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
    #[serde(default)]
    auto: Vec<ServiceClass>,
    models: Vec<Row>,
}

/// Makes a table that has rates by kind of token beside keys of its own. (Serde cannot flatten one
/// struct into another and still refuse unknown keys with their line.)
macro_rules! rated {
    ($(#[$doc:meta])* struct $name:ident { $($key:tt)* }) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            input: i64,
            output: Option<i64>,
            cached: Option<i64>,
            cache_write: Option<i64>,
            cache_write_1h: Option<i64>,
            image_in: Option<i64>,
            audio_in: Option<i64>,
            cached_audio: Option<i64>,
            reasoning: Option<i64>,
            image_out: Option<i64>,
            audio_out: Option<i64>,
            $($key)*
        }

        impl $name {
            fn written(&self) -> Written {
                let Self { input, output, cached, cache_write, cache_write_1h, .. } = *self;
                let Self { image_in, audio_in, cached_audio, reasoning, image_out, audio_out, .. } = *self;
                Written {
                    input, output, cached, cache_write, cache_write_1h, image_in,
                    audio_in, cached_audio, reasoning, image_out, audio_out,
                }
            }
        }
    };
}

rated! {
    /// One model from one day on.
    struct Row {
        model: String,
        from: toml::value::Datetime,
        source: Option<String>,
        #[serde(default)]
        tiers: Vec<TierRow>,
        flex: Option<ClassRow>,
        priority: Option<ClassRow>,
        batch: Option<ClassRow>,
        #[serde(default)]
        request: i64,
        #[serde(default)]
        image: i64,
        #[serde(default)]
        second: i64,
        search: Option<SearchRow>,
        context: u64,
        max_output: Option<u64>,
        image_tokens: Option<u64>,
        #[serde(default)]
        can: BTreeSet<Capability>,
        #[serde(default)]
        api: Api,
        #[serde(default)]
        aliases: Vec<String>,
    }
}

rated! {
    /// Rates above a length.
    struct TierRow {
        above: u64,
    }
}

rated! {
    /// Rates of a class of service other than the standard one.
    struct ClassRow {
        #[serde(default)]
        tiers: Vec<TierRow>,
    }
}

#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
struct SearchRow {
    each: i64,
    max: u64,
    tokens: u64,
}

/// Rates as they are written.
#[derive(Clone, Copy)]
struct Written {
    input: i64,
    output: Option<i64>,
    cached: Option<i64>,
    cache_write: Option<i64>,
    cache_write_1h: Option<i64>,
    image_in: Option<i64>,
    audio_in: Option<i64>,
    cached_audio: Option<i64>,
    reasoning: Option<i64>,
    image_out: Option<i64>,
    audio_out: Option<i64>,
}

impl Written {
    /// All rates. What is left out is as dear as plain input or output, where that is no less than
    /// the truth; else it has no rate. `base` are the rates that these stand in for: what a tier or
    /// class leaves out of them is not known.
    fn rates(self, base: Option<Self>) -> Rates {
        let surcharged = base.is_some_and(|base| base.cache_write.is_some());
        let write = self.cache_write.or((!surcharged).then_some(self.input));
        // Where any write costs more than plain input, one that is kept for an hour may cost more yet.
        let write_1h = self.cache_write_1h.or_else(|| write.filter(|_| self.cache_write.is_none()));
        let thought = self.reasoning.or_else(|| {
            let dearer = base.and_then(|base| base.reasoning);
            self.output.map(|output| dearer.map_or(output, |dearer| dearer.max(output)))
        });
        let mut rates = Rates::NONE;
        for (kind, rate) in [
            (Kind::Input, Some(self.input)),
            (Kind::CachedInput, self.cached.or(Some(self.input))),
            (Kind::CacheWrite, write),
            (Kind::CacheWrite1h, write_1h),
            (Kind::ImageInput, self.image_in.or(Some(self.input))),
            (Kind::AudioInput, self.audio_in),
            (Kind::CachedAudio, self.cached_audio.or(self.audio_in)),
            (Kind::Output, self.output),
            (Kind::Reasoning, thought),
            (Kind::ImageOutput, self.image_out),
            (Kind::AudioOutput, self.audio_out),
        ] {
            rates.set(kind, rate.map(NanosPerMillion));
        }
        rates
    }
}

/// A schedule of a class. Where the standard class has a tier that this one has not, nobody knows
/// what so long an input costs in it.
fn schedule(
    base: Written,
    tiers: &[TierRow],
    standard: &[TierRow],
    over: Option<Written>,
) -> Schedule {
    let known = |above: u64| tiers.iter().any(|tier| tier.above == above);
    let unknown = standard.iter().map(|tier| tier.above).filter(|above| !known(*above));
    let mut all: Vec<Tier> = tiers
        .iter()
        .map(|tier| Tier { above_tokens: tier.above, rates: tier.written().rates(Some(base)) })
        .chain(unknown.map(|above_tokens| Tier { above_tokens, rates: Rates::NONE }))
        .collect();
    if over.is_some() {
        all.sort_by_key(|tier| tier.above_tokens);
    }
    Schedule { rates: base.rates(over), tiers: all }
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
    Embeddings,
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

    fn row(
        &mut self,
        place: &str,
        provider: &str,
        (source, auto): (&str, &[ServiceClass]),
        row: Row,
    ) {
        let Some(effective_from) = midnight(row.from) else {
            let message = format!("`{}` is not a date", row.from);
            return self.fault(
                &format!("{place}.from"),
                message,
                "write a date such as 2026-01-31",
            );
        };
        let id = format!("{provider}/{}@{}", row.model, row.from);
        let price = Arc::new(row.price(id, auto));
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
        let schedules = || std::iter::once(&price.standard).chain(price.classes.values());
        let sets = schedules().flat_map(|schedule| {
            std::iter::once(&schedule.rates).chain(schedule.tiers.iter().map(|tier| &tier.rates))
        });
        let rates = sets.flat_map(Rates::iter).map(|(_, rate)| rate.0);
        let Fees { request, image, second, search } = price.fees;
        let fees = [request, image, second, search.map_or(Nanos::ZERO, |fee| fee.each)];
        let all: Vec<i64> = rates.chain(fees.map(|fee| fee.0)).collect();
        if all.iter().any(|rate| *rate < 0) {
            self.fault(place, "a price is negative", "write what the provider charges");
        }
        if all.iter().all(|rate| *rate == 0) {
            let fix = "leave the row out, and say in the model's registry entry that it is free";
            self.fault(place, "every price is zero", fix);
        }
        let sorted = |schedule: &Schedule| {
            schedule.tiers.is_sorted_by(|a, b| a.above_tokens < b.above_tokens)
        };
        if !schedules().all(sorted) {
            self.fault(&format!("{place}.tiers"), "the tiers are out of order", "sort by `above`");
        }
        if row.model.is_empty() || row.context == 0 || row.max_output == Some(0) {
            let fix = "give `model`, `context` and `max_output`";
            self.fault(place, "a name or limit is empty", fix);
        }
        let writes = row.api != Api::Embeddings;
        if writes != row.output.is_some() || writes != row.max_output.is_some() {
            let fix = "give both, or neither and `api = \"embeddings\"`";
            self.fault(place, "`output` and `max_output` do not fit `api`", fix);
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
    fn price(&self, id: String, auto: &[ServiceClass]) -> Price {
        let own = self.written();
        let class = |(class, row): (ServiceClass, &Option<ClassRow>)| {
            let row = row.as_ref()?;
            Some((class, schedule(row.written(), &row.tiers, &self.tiers, Some(own))))
        };
        let classes = [
            (ServiceClass::Flex, &self.flex),
            (ServiceClass::Priority, &self.priority),
            (ServiceClass::Batch, &self.batch),
        ];
        let search = self.search.map(|SearchRow { each, max, tokens }| SearchFee {
            each: Nanos(each),
            searches_max: max,
            tokens_max: tokens,
        });
        let [request, image, second] = [self.request, self.image, self.second].map(Nanos);
        Price {
            id,
            standard: schedule(own, &self.tiers, &[], None),
            classes: classes.into_iter().filter_map(class).collect(),
            auto: auto.to_vec(),
            fees: Fees { request, image, second, search },
            discount: Discount::NONE,
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            context_tokens: self.context,
            max_output_tokens: self.max_output.unwrap_or(0),
            image_tokens: self.image_tokens.unwrap_or(IMAGE_TOKENS_MAX),
            chat: self.api == Api::Chat,
            embeddings: self.api == Api::Embeddings,
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
