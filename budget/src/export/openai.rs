//! OpenAI's completions usage.
//!
//! Source: API reference, "Usage", `organization.usage.completions.result`, and the CSV export of the
//! usage dashboard, whose columns have the same names. `input_tokens` is all input, cached and written
//! to the cache included. `input_audio_tokens` is all audio in older exports, and audio that did not
//! come from the cache in those that have `input_cached_audio_tokens` beside it. Reasoning is in
//! `output_tokens` and not told apart.

use serde_json::{Map, Value};
use types::{ServiceClass, answer::Usage};

use super::{Length, Line, Reading, Record, fault};
use crate::catalogue::Fault;

/// Counts that are read, or are parts of those.
const COUNTS: &[&str] = &[
    "input_tokens",
    "output_tokens",
    "input_cached_tokens",
    "input_cache_write_tokens",
    "input_uncached_tokens",
    "input_text_tokens",
    "output_text_tokens",
    "input_cached_text_tokens",
    "input_audio_tokens",
    "input_cached_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "input_cached_image_tokens",
    "output_image_tokens",
    "num_model_requests",
];

const GROUPED: &str = "group the export by model: `group_by=model` in the API";

/// The first second of a bucket and the first after it.
pub(super) fn span(place: &str, bucket: &Map<String, Value>) -> Result<(i64, i64), Fault> {
    let second = |name: &str| {
        bucket.get(name).and_then(Value::as_i64).ok_or_else(|| {
            let fix = "export again: it is a time in Unix seconds";
            fault(&format!("{place}, `{name}`"), "it is missing or no time", fix)
        })
    };
    Ok((second("start_time")?, second("end_time")?))
}

/// A row of the dashboard's table. A bucket without usage has a row with nothing but times.
pub(super) fn row(record: &Record, reading: &mut Reading) -> Result<(), Fault> {
    let second = |name: &str| {
        let count = record.needed(name)?;
        i64::try_from(count).map_err(|_| fault(&record.at(name), "it is no time", "export again"))
    };
    let span = (second("start_time")?, second("end_time")?);
    reading.bucket(&record.place, span)?;
    let used = COUNTS.iter().map(|name| record.count(name));
    let used = used.collect::<Result<Vec<_>, _>>()?.iter().any(|count| *count > 0);
    if !used && record.text("model").is_empty() {
        return Ok(());
    }
    let (identity, line) = line(record)?;
    reading.line(span, &identity, line)
}

/// A result, with what no other of its bucket shares.
pub(super) fn line(record: &Record) -> Result<(String, Line), Fault> {
    let object = record.text("object");
    if !object.is_empty() && object != "organization.usage.completions.result" {
        let message = format!("`{object}` is no usage of completions");
        return Err(fault(&record.at("object"), message, "export the usage of completions alone"));
    }
    let known = [COUNTS, &["start_time", "end_time"]].concat();
    record.only(&known)?;
    let model = record.model("model", GROUPED)?;
    let count = |name: &str| record.count(name);
    let input = record.needed("input_tokens")?;
    let cached_audio = count("input_cached_audio_tokens")?;
    let usage = Usage {
        input,
        cached: count("input_cached_tokens")?,
        cache_write: count("input_cache_write_tokens")?,
        audio_input: count("input_audio_tokens")?.saturating_add(cached_audio),
        cached_audio,
        image_input: count("input_image_tokens")?,
        output: record.needed("output_tokens")?,
        audio_output: count("output_audio_tokens")?,
        image_output: count("output_image_tokens")?,
        ..Usage::default()
    };
    if usage.cached.saturating_add(usage.cache_write) > input {
        let message = "more came from the cache or went there than there was input";
        return Err(fault(&record.at("input_cached_tokens"), message, "export again"));
    }
    let (class, unpriced) = class(record);
    let line = Line {
        place: record.place.clone(),
        model,
        usage: Usage { class, ..usage },
        requests: record.maybe_count("num_model_requests")?,
        length: Length::Unknown,
        unpriced,
    };
    Ok((record.identity(COUNTS), line))
}

/// The class of service. An export that is not grouped by it says nothing: that is the standard one.
fn class(record: &Record) -> (ServiceClass, Option<String>) {
    if record.is("batch") {
        return (ServiceClass::Batch, None);
    }
    match record.text("service_tier") {
        "" => (ServiceClass::Standard, None),
        tier => match ServiceClass::of_tier(tier) {
            Some(class) => (class, None),
            None => {
                let why = format!("the service tier `{tier}` has no price of its own");
                (ServiceClass::Standard, Some(why))
            }
        },
    }
}
