//! Usage exports of providers: what they say was used, read from their own files.
//!
//! A file is read whole or refused whole, with the place of its first fault. What it counts that this
//! version does not know is refused, for it would be money left out; whatever else it says is passed
//! over.

mod anthropic;
mod cost;
mod csv;
mod json;
mod openai;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use types::{Timestamp, answer::Usage};

use crate::catalogue::Fault;
use record::Record;

/// The longest file, in bytes.
pub const EXPORT_BYTES_MAX: usize = 8 << 20;
/// The most results of one file, over all of its buckets.
pub const EXPORT_LINES_MAX: usize = 200_000;
/// The most values of one file of JSON, counted before they are read: one of two bytes takes a hundred in
/// memory, an object six hundred.
pub const EXPORT_VALUES_MAX: usize = 1_000_000;
/// The most objects among them.
pub const EXPORT_OBJECTS_MAX: usize = 250_000;
/// The most buckets of one file: a month of minutes.
pub const EXPORT_BUCKETS_MAX: usize = 31 * 24 * 60;

/// What a provider says was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Whose file it is.
    pub source: Source,
    /// The stretches of time that it tells of, in order; none reaches into another.
    pub buckets: Vec<Bucket>,
    /// The provider has more of it: the last page says so.
    pub more: bool,
}

types::names! {
    /// Whose export a file is.
    Source {
        /// OpenAI's completions usage: the pages of `GET /v1/organization/usage/completions`, or the
        /// usage dashboard's CSV export.
        OpenAi = "openai",
        /// Anthropic's messages usage: the pages of `GET /v1/organizations/usage_report/messages`, or
        /// the Console's CSV export of usage.
        Anthropic = "anthropic",
    }
}

/// What was used in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its first instant.
    pub starts: Timestamp,
    /// The first instant after it.
    pub ends: Timestamp,
    /// What was used, in the order of the file.
    pub lines: Vec<Line>,
}

/// What was used of one model, by all calls of one kind together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where it stands in the file.
    pub place: String,
    /// The model, as the provider names it: mostly a dated snapshot.
    pub model: String,
    /// All tokens and searches, and the class of service.
    pub usage: Usage,
    /// How many calls it was, where that is told.
    pub requests: Option<u64>,
    /// How long the input of each call was.
    pub length: Length,
    /// Why no price of ours can be right for it, where that is so.
    pub unpriced: Option<String>,
}

/// How long the input of each of many calls was, as far as an export says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Length {
    /// Nobody knows.
    #[default]
    Unknown,
    /// At most so many tokens.
    UpTo(u64),
    /// More than so many tokens.
    Above(u64),
}

/// How long the buckets of a file are that does not say so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// An hour.
    Hour,
    /// A minute.
    Minute,
}

/// A model's name without the date of its snapshot: `gpt-4o-2024-08-06` is a `gpt-4o`, and
/// `claude-sonnet-4-20250514` a `claude-sonnet-4`.
pub fn undated(model: &str) -> &str {
    let digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let cut = |count: usize| {
        let (name, date) = model.split_at_checked(model.len().checked_sub(count)?)?;
        Some((name.strip_suffix('-')?, date)).filter(|(name, _)| !name.is_empty())
    };
    if let Some((name, _)) = cut(8).filter(|(_, date)| digits(date, 8)) {
        return name;
    }
    let parts = |date: &str| {
        let mut parts = date.split('-');
        let mut next = |count| parts.next().is_some_and(|part| digits(part, count));
        next(4) && next(2) && next(2)
    };
    cut(10).filter(|(_, date)| parts(date)).map_or(model, |(name, _)| name)
}

impl Width {
    pub(crate) const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 60 * 60,
            Self::Minute => 60,
        }
    }
}

impl Export {
    /// Reads a file: JSON where it begins with a bracket, else CSV. `width` is for a CSV export of
    /// Anthropic's Console by hours or minutes, which says when its buckets begin only.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn read(text: &str, width: Option<Width>) -> Result<Self, Fault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > EXPORT_BYTES_MAX {
            let message = format!("it is longer than {EXPORT_BYTES_MAX} bytes");
            return Err(fault("the file", message, "export fewer days at a time"));
        }
        let mut reading = Reading::default();
        let (source, more) = match text.trim_start().chars().next() {
            Some('{' | '[') => json::read(text, &mut reading)?,
            _ => (csv::read(text, width, &mut reading)?, false),
        };
        Ok(Self { source, buckets: reading.finish()?, more })
    }
}

/// Buckets read so far, by their first instant and the first after them.
#[derive(Default)]
struct Reading {
    buckets: BTreeMap<(Timestamp, Timestamp), Vec<Line>>,
    lines: usize,
    /// What every line is of, so that none counts twice.
    seen: BTreeSet<String>,
}

impl Reading {
    /// A stretch of time in Unix seconds that the file tells of, whether or not anything was used.
    fn bucket(&mut self, place: &str, (starts, ends): (i64, i64)) -> Result<&mut Vec<Line>, Fault> {
        // The years 1970 to 9999, so that nothing overflows.
        let known = 0..253_402_300_800;
        if starts >= ends || !known.contains(&starts) || !known.contains(&ends) {
            let message = format!("it goes from second {starts} to {ends}");
            return Err(fault(place, message, "export again; a bucket ends after it starts"));
        }
        let span = (Timestamp(0).plus_seconds(starts), Timestamp(0).plus_seconds(ends));
        if self.buckets.len() >= EXPORT_BUCKETS_MAX && !self.buckets.contains_key(&span) {
            let message = format!("the file has more than {EXPORT_BUCKETS_MAX} buckets");
            return Err(fault(place, message, "export fewer days, or hours, at a time"));
        }
        Ok(self.buckets.entry(span).or_default())
    }

    /// A result within a bucket. `identity` is what no two results of a bucket share.
    fn line(&mut self, span: (i64, i64), identity: &str, line: Line) -> Result<(), Fault> {
        self.lines = self.lines.saturating_add(1);
        if self.lines > EXPORT_LINES_MAX {
            let message = format!("the file has more than {EXPORT_LINES_MAX} results");
            return Err(fault(&line.place, message, "export fewer days, or hours, at a time"));
        }
        if !self.seen.insert(format!("{span:?} {identity}")) {
            let message = "the file has this result twice: it would count double";
            return Err(fault(&line.place, message, "leave out the page that comes a second time"));
        }
        let place = line.place.clone();
        self.bucket(&place, span)?.push(line);
        Ok(())
    }

    fn finish(self) -> Result<Vec<Bucket>, Fault> {
        let bucket = |((starts, ends), lines)| Bucket { starts, ends, lines };
        let buckets: Vec<Bucket> = self.buckets.into_iter().map(bucket).collect();
        for pair in buckets.windows(2) {
            if let [first, second] = pair
                && first.ends > second.starts
            {
                let message = format!("it begins before the one of {} ends", first.starts);
                let place = format!("the bucket of {}", second.starts);
                return Err(fault(&place, message, "export with one width of buckets at a time"));
            }
        }
        Ok(buckets)
    }
}

fn fault(place: &str, message: impl Into<String>, fix: &str) -> Fault {
    Fault { place: place.to_owned(), message: message.into(), fix: fix.to_owned() }
}
