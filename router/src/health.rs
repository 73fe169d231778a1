//! What we know of each endpoint: a breaker and its pace, as values with the clock as argument.

use std::{collections::BTreeMap, time::Duration};

mod breaker;
mod pace;

use breaker::Breaker;
pub use breaker::Limits;
pub use pace::Load;
use pace::Pace;

/// Time since some fixed start, from a clock that never jumps (`Instant::elapsed` of the process's
/// start): the wall clock may be set back, and a breaker must not stay open for it.
pub type Moment = Duration;

/// One endpoint: a model at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    breaker: Breaker,
    pace: Pace,
}

/// What happened at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A call goes out.
    Dispatched,
    /// It began to stream an answer, which does not say that it will come to an end.
    Began {
        /// From the end of the request to the first byte.
        first_byte: Duration,
        /// The prompt's length in tokens.
        input_tokens: u64,
    },
    /// It answered to the end.
    Answered(Took),
    /// It could not be reached, timed out, broke off or answered 5xx.
    Failed,
    /// It has too much to do (429, 503, 529), and may have said for how long.
    Busy {
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Another model answered first, and it was told to stop.
    Overtaken {
        /// For how long it had not answered.
        waited: Duration,
        /// The prompt's length in tokens.
        input_tokens: u64,
        /// Whether a stream was asked for.
        streaming: bool,
    },
    /// The call ended without telling anything of the endpoint: the caller left, or the request
    /// was bad.
    Nothing,
}

/// How long an answer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// A stream, whose beginning was told with [`Outcome::Began`].
    Streamed {
        /// From its first byte to its last.
        rest: Duration,
        /// What it was long, as it was paid for.
        output_tokens: u64,
    },
    /// A whole answer.
    Whole {
        /// From the end of the request to the last byte.
        all: Duration,
        /// The prompt's length in tokens.
        input_tokens: u64,
    },
}

impl Health {
    /// What is known after something happened. Pure.
    #[must_use]
    pub fn after(&self, outcome: Outcome, now: Moment, limits: &Limits) -> Self {
        Self {
            breaker: self.breaker.after(outcome, now, limits),
            pace: self.pace.after(outcome, now),
        }
    }

    /// Whether a call may go out now.
    pub fn admits(&self, now: Moment) -> bool {
        self.retry_after(now).is_none()
    }

    /// How long no call may go out; `None` where one may.
    pub fn retry_after(&self, now: Moment) -> Option<Duration> {
        let wait = self.breaker.open_until().saturating_sub(now);
        (!wait.is_zero()).then_some(wait)
    }

    /// How long a call is expected to take to its end, where calls have been answered lately.
    pub fn expected(&self, load: &Load, now: Moment) -> Option<Duration> {
        self.pace.expected(load, now)
    }

    /// For how long the endpoint has not been heard of though it was asked; `None` where nothing is
    /// asked of it.
    pub fn waiting(&self, now: Moment) -> Option<Duration> {
        self.pace.waiting(now)
    }

    /// `closed`, `open` or `probing`, for people.
    pub const fn state(&self) -> &'static str {
        self.breaker.state()
    }
}

/// The most endpoints that a table keeps.
const ENDPOINTS_MAX: usize = 10_000;

/// The health of every endpoint, by provider and model id.
#[derive(Debug, Clone, Default)]
pub struct HealthTable {
    limits: Limits,
    endpoints: BTreeMap<String, BTreeMap<String, Health>>,
}

impl HealthTable {
    /// An empty table.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, endpoints: BTreeMap::new() }
    }

    /// One endpoint; an unknown one is healthy.
    pub fn get(&self, provider: &str, model: &str) -> Health {
        self.endpoints.get(provider).and_then(|p| p.get(model)).copied().unwrap_or_default()
    }

    /// Takes note of what happened. Beyond 10,000 endpoints new ones are passed over.
    pub fn record(&mut self, provider: &str, model: &str, outcome: Outcome, now: Moment) {
        let next = self.get(provider, model).after(outcome, now, &self.limits);
        if let Some(known) = self.endpoints.get_mut(provider).and_then(|p| p.get_mut(model)) {
            *known = next;
        } else if self.len() < ENDPOINTS_MAX {
            self.endpoints.entry(provider.to_owned()).or_default().insert(model.to_owned(), next);
        }
    }

    /// Forgets endpoints that are no longer registered.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        for (provider, models) in &mut self.endpoints {
            models.retain(|model, _| keep(provider, model));
        }
        self.endpoints.retain(|_, models| !models.is_empty());
    }

    /// Every endpoint that something is known of: provider, model id, health.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &Health)> {
        self.endpoints.iter().flat_map(|(provider, models)| {
            models.iter().map(move |(model, health)| (provider.as_str(), model.as_str(), health))
        })
    }

    fn len(&self) -> usize {
        self.endpoints.values().map(BTreeMap::len).sum()
    }
}

#[cfg(test)]
mod tests;
