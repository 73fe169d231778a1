//! What we know of each endpoint: a breaker and its latency, as values with the clock as argument.

use std::{collections::BTreeMap, time::Duration};

/// Time since some fixed start, from a clock that never jumps (`Instant::elapsed` of the process's
/// start): the wall clock may be set back, and a breaker must not stay open for it.
pub type Moment = Duration;

/// One endpoint: a model at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    state: State,
    /// Moving average of the time to the first byte.
    latency: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls flow. `openings` are those since the last whole answer: a provider that begins well and
    /// then fails stays away longer each time.
    Closed { failures: u32, openings: u32 },
    /// No calls until then; `openings` in a row lengthen the next one.
    Open { until: Moment, openings: u32 },
    /// One call is out to see. Should its end never be told, another may try from `until` on.
    Probing { until: Moment, openings: u32 },
}

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open the first time; each further opening in a row doubles it.
    pub cool_down: Duration,
    /// The longest it stays open, whatever a provider asks for in `Retry-After`.
    pub cool_down_max: Duration,
    /// How long a probe may take before another is let through.
    pub probe: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            failures: 5,
            cool_down: Duration::from_secs(5),
            cool_down_max: Duration::from_secs(300),
            probe: Duration::from_secs(60),
        }
    }
}

/// What happened at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A call goes out.
    Dispatched,
    /// It began to answer, which does not say that it will come to an end.
    Began {
        /// From the end of the request to the first byte.
        first_byte: Duration,
    },
    /// It answered to the end.
    Answered,
    /// It could not be reached, timed out, broke off or answered 5xx.
    Failed,
    /// It has too much to do (429, 503, 529), and may have said for how long.
    Busy {
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The call ended without telling anything of the endpoint: the caller left, or the request
    /// was bad.
    Nothing,
}

impl Health {
    /// What is known after something happened. Pure.
    #[must_use]
    pub fn after(&self, outcome: Outcome, now: Moment, limits: &Limits) -> Self {
        let mut next = *self;
        next.state = match (self.state, outcome) {
            (State::Open { until, openings }, Outcome::Dispatched) if now >= until => {
                State::Probing { until: now.saturating_add(limits.probe), openings }
            }
            (State::Probing { until, openings }, Outcome::Dispatched) if now >= until => {
                State::Probing { until: now.saturating_add(limits.probe), openings }
            }
            // A probe that told nothing: the next call may probe at once.
            (State::Probing { openings, .. }, Outcome::Nothing) => {
                State::Open { until: now, openings }
            }
            (state, Outcome::Dispatched | Outcome::Nothing) => state,
            (state, Outcome::Began { first_byte }) => {
                next.latency = Some(average(self.latency, first_byte));
                state.began(limits)
            }
            (_, Outcome::Answered) => State::default(),
            (state, Outcome::Busy { retry_after: Some(wait) }) => {
                let openings = state.openings();
                let until = now.saturating_add(wait.min(limits.cool_down_max));
                State::Open { until: until.max(state.open_until()), openings }
            }
            (state, Outcome::Failed | Outcome::Busy { retry_after: None }) => {
                state.failed(now, limits)
            }
        };
        next
    }

    /// Whether a call may go out now.
    pub fn admits(&self, now: Moment) -> bool {
        self.retry_after(now).is_none()
    }

    /// How long no call may go out; `None` where one may.
    pub fn retry_after(&self, now: Moment) -> Option<Duration> {
        let wait = self.state.open_until().saturating_sub(now);
        (!wait.is_zero()).then_some(wait)
    }

    /// Moving average of the time to the first byte, where calls have been answered at all.
    pub const fn latency(&self) -> Option<Duration> {
        self.latency
    }

    /// `closed`, `open` or `probing`, for people.
    pub const fn state(&self) -> &'static str {
        match self.state {
            State::Closed { .. } => "closed",
            State::Open { .. } => "open",
            State::Probing { .. } => "probing",
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { failures: 0, openings: 0 }
    }
}

impl State {
    const fn openings(self) -> u32 {
        match self {
            Self::Closed { openings, .. }
            | Self::Open { openings, .. }
            | Self::Probing { openings, .. } => openings,
        }
    }

    const fn open_until(self) -> Moment {
        match self {
            Self::Closed { .. } => Moment::ZERO,
            Self::Open { until, .. } | Self::Probing { until, .. } => until,
        }
    }

    /// A probe that begins to be answered lets calls through, since a stream may take minutes; one
    /// more failure takes them back.
    const fn began(self, limits: &Limits) -> Self {
        match self {
            Self::Probing { openings, .. } => {
                Self::Closed { failures: limits.failures.saturating_sub(1), openings }
            }
            Self::Closed { .. } | Self::Open { .. } => self,
        }
    }

    fn failed(self, now: Moment, limits: &Limits) -> Self {
        match self {
            Self::Closed { failures, openings } if failures.saturating_add(1) < limits.failures => {
                Self::Closed { failures: failures.saturating_add(1), openings }
            }
            // A call from before the opening that fails late tells nothing new.
            Self::Open { .. } => self,
            Self::Closed { .. } | Self::Probing { .. } => {
                let openings = self.openings();
                let factor = 2_u32.saturating_pow(openings.min(16));
                let wait = limits.cool_down.saturating_mul(factor).min(limits.cool_down_max);
                Self::Open { until: now.saturating_add(wait), openings: openings.saturating_add(1) }
            }
        }
    }
}

/// An eighth of the new, seven eighths of the old: about the last twenty calls count.
fn average(old: Option<Duration>, new: Duration) -> Duration {
    old.map_or(new, |old| old.saturating_mul(7).saturating_add(new) / 8)
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
