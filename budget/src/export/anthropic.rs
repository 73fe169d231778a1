//! Anthropic's messages usage.
//!
//! Source: Admin API, "Get Messages Usage Report", and the CSV export of the Console's usage page
//! (`usage_date_utc`, `model_version`, ...), where a date alone is a day, and a date with a time is an
//! hour or a minute, which the file does not say. Both count plain input, cache reads and cache writes
//! apart; writes that are kept for an hour cost more than those kept for five minutes. Thinking is in
//! the output and not told apart.

use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::{Map, Value};
use types::{ServiceClass, answer::Usage};

use super::{Length, Line, Reading, Record, Width, fault};
use crate::catalogue::Fault;

/// What the two forms call the same.
struct Names {
    model: &'static str,
    plain: &'static str,
    minutes: &'static str,
    hour: &'static str,
    read: &'static str,
    output: &'static str,
    searches: &'static str,
    tier: &'static str,
}

const API: Names = Names {
    model: "model",
    plain: "uncached_input_tokens",
    minutes: "cache_creation.ephemeral_5m_input_tokens",
    hour: "cache_creation.ephemeral_1h_input_tokens",
    read: "cache_read_input_tokens",
    output: "output_tokens",
    searches: "server_tool_use.web_search_requests",
    tier: "service_tier",
};

const TABLE: Names = Names {
    model: "model_version",
    plain: "usage_input_tokens_no_cache",
    minutes: "usage_input_tokens_cache_write_5m",
    hour: "usage_input_tokens_cache_write_1h",
    read: "usage_input_tokens_cache_read",
    output: "usage_output_tokens",
    searches: "web_search_count",
    tier: "usage_type",
};

const GROUPED: &str = "group the export by model: `group_by[]=model` in the API";
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// The first second of a bucket and the first after it.
pub(super) fn span(place: &str, bucket: &Map<String, Value>) -> Result<(i64, i64), Fault> {
    let second = |name: &str| {
        let text = bucket.get(name).and_then(Value::as_str).unwrap_or_default();
        text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).map_err(|_| {
            let fix = "export again: it is an RFC 3339 time such as `2026-11-22T00:00:00Z`";
            fault(&format!("{place}, `{name}`"), format!("`{text}` is no time"), fix)
        })
    };
    Ok((second("starting_at")?, second("ending_at")?))
}

/// A result of the API, with what no other of its bucket shares.
pub(super) fn of_api(record: &Record) -> Result<(String, Line), Fault> {
    // What is missing would count as nothing, and be credited.
    for name in [API.minutes, API.hour, API.read] {
        record.needed(name)?;
    }
    let line = line(record, &API)?;
    Ok((record.identity(&API.counts()), line))
}

/// A row of the Console's table. Two API keys may have one name, so that rows are the same only if
/// their counts are, too.
pub(super) fn row(
    record: &Record,
    width: Option<Width>,
    reading: &mut Reading,
) -> Result<(), Fault> {
    let (name, text) = ("usage_date_utc", record.text("usage_date_utc"));
    let Some((starts, timed)) = instant(text) else {
        let fix = "export again: it is a day, or a day and a time, in UTC";
        return Err(fault(&record.at(name), format!("`{text}` is no time"), fix));
    };
    let seconds = match (timed, width) {
        (false, _) => DAY_SECONDS,
        (true, Some(width)) => width.seconds(),
        (true, None) => {
            let message = format!("`{text}` may be an hour or a minute");
            return Err(fault(&record.at(name), message, "say `--bucket 1h` or `--bucket 1m`"));
        }
    };
    if starts.rem_euclid(seconds) != 0 {
        let message = format!("`{text}` is no full hour");
        return Err(fault(&record.at(name), message, "say `--bucket 1m`"));
    }
    let line = line(record, &TABLE)?;
    let span = (starts, starts.saturating_add(seconds));
    reading.line(span, &record.identity(&[]), line)
}

/// The columns that no table of the Console's is without: what is missing would count as nothing, and be
/// credited.
pub(super) const COLUMNS: [&str; 5] =
    [TABLE.plain, TABLE.minutes, TABLE.hour, TABLE.read, TABLE.output];

/// Whether a cell of `usage_date_utc` is between two full hours.
pub(super) fn is_minute(text: &str) -> bool {
    matches!(instant(text.trim()), Some((starts, true)) if starts.rem_euclid(60 * 60) != 0)
}

/// The Unix second of a day, or of a day and a time; and whether it has a time.
fn instant(text: &str) -> Option<(i64, bool)> {
    let timed = text.len() > 10;
    let text = text.trim_end_matches('Z').replacen(' ', "T", 1);
    let whole = match (timed, text.len()) {
        (false, _) => format!("{text}T00:00:00"),
        (true, 16) => format!("{text}:00"),
        (true, _) => text,
    };
    let at = whole.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some((at.timestamp().as_second(), timed))
}

impl Names {
    fn counts(&self) -> [&'static str; 6] {
        [self.plain, self.minutes, self.hour, self.read, self.output, self.searches]
    }
}

fn line(record: &Record, names: &Names) -> Result<Line, Fault> {
    record.only(&names.counts())?;
    let model = record.model(names.model, GROUPED)?;
    let [plain, minutes, hour, read] =
        [names.plain, names.minutes, names.hour, names.read].map(|name| record.count(name));
    record.needed(names.plain)?;
    let (plain, hour, cached) = (plain?, hour?, read?);
    let cache_write = minutes?.saturating_add(hour);
    let (class, tier) = class(record.text(names.tier));
    let usage = Usage {
        input: plain.saturating_add(cache_write).saturating_add(cached),
        cached,
        cache_write,
        cache_write_1h: hour,
        output: record.needed(names.output)?,
        searches: record.count(names.searches)?,
        class,
        ..Usage::default()
    };
    let length = match record.text("context_window") {
        "0-200k" | "≤ 200k" | "<= 200k" | "≤200k" => Length::UpTo(200_000),
        "200k-1M" | "> 200k" | ">200k" => Length::Above(200_000),
        _ => Length::Unknown,
    };
    Ok(Line {
        place: record.place.clone(),
        model,
        usage,
        requests: None,
        length,
        unpriced: tier.or_else(|| surcharge(record)),
    })
}

fn class(tier: &str) -> (ServiceClass, Option<String>) {
    match tier {
        "" => (ServiceClass::Standard, None),
        tier => match tier.parse() {
            Ok(class) => (class, None),
            Err(_) => {
                let why = format!("the service tier `{tier}` has no price of its own");
                (ServiceClass::Standard, Some(why))
            }
        },
    }
}

/// What makes all rates dearer, and is in no price of ours.
fn surcharge(record: &Record) -> Option<String> {
    let [speed, place] = ["speed", "inference_geo"].map(|name| record.text(name));
    if !matches!(speed, "" | "standard") {
        return Some(format!("the speed `{speed}` has no price of its own"));
    }
    let usual = matches!(place, "" | "global" | "not_available");
    (!usual).then(|| format!("inference in `{place}` has no price of its own"))
}
