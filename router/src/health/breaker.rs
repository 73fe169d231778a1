//! The breaker of an endpoint: whether calls may go out, by what became of those before.

use std::time::Duration;

use super::{Moment, Outcome};

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Failures in a row that open it.
    pub failures: u32,
    /// The share of failures lately, in thousandths, that opens it though some calls succeed.
    pub failing: u16,
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
            failing: 350,
            cool_down: Duration::from_secs(5),
            cool_down_max: Duration::from_secs(300),
            probe: Duration::from_secs(60),
        }
    }
}

/// A breaker as a value: [`Breaker::after`] makes the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Breaker {
    state: State,
    failing: Failing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls flow. `openings` are those since the endpoint was last trusted: one that begins well
    /// and then fails stays away longer each time.
    Closed { failures: u32, openings: u32 },
    /// No calls until then; `openings` in a row lengthen the next one.
    Open { until: Moment, openings: u32 },
    /// One call is out to see. Should its end never be told, another may try from `until` on.
    Probing { until: Moment, openings: u32 },
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { failures: 0, openings: 0 }
    }
}

impl Breaker {
    #[must_use]
    pub(super) fn after(&self, outcome: Outcome, now: Moment, limits: &Limits) -> Self {
        let Self { state, failing } = *self;
        let failing = failing.after(outcome);
        let state = match (state, outcome) {
            (State::Open { until, openings } | State::Probing { until, openings }, o)
                if o == Outcome::Dispatched && now >= until =>
            {
                State::Probing { until: now.saturating_add(limits.probe), openings }
            }
            // A probe that told nothing: the next call may probe at once.
            (State::Probing { openings, .. }, Outcome::Nothing | Outcome::Overtaken { .. }) => {
                State::Open { until: now, openings }
            }
            (state, Outcome::Dispatched | Outcome::Nothing | Outcome::Overtaken { .. }) => state,
            (state, Outcome::Began { .. }) => state.began(limits),
            (state, Outcome::Answered { .. }) => state.answered(failing, limits),
            (state, Outcome::Busy { retry_after: Some(wait) }) => {
                let openings = state.openings();
                let until = now.saturating_add(wait.min(limits.cool_down_max));
                State::Open { until: until.max(state.open_until()), openings }
            }
            (state, Outcome::Failed | Outcome::Busy { retry_after: None }) => {
                state.failed(failing, now, limits)
            }
        };
        Self { state, failing }
    }

    /// Until when no call may go out; a moment in the past where one may.
    pub(super) const fn open_until(&self) -> Moment {
        self.state.open_until()
    }

    /// `closed`, `open` or `probing`, for people.
    pub(super) const fn state(&self) -> &'static str {
        match self.state {
            State::Closed { .. } => "closed",
            State::Open { .. } => "open",
            State::Probing { .. } => "probing",
        }
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

    /// Calls flow again. An endpoint that failed often lately stays open for a call from before the
    /// opening, and is on probation after a probe: its next failure shuts it out, for longer, until
    /// enough answers have made up for those failures.
    fn answered(self, failing: Failing, limits: &Limits) -> Self {
        match self {
            _ if !failing.is_beyond(limits.failing / 2) => Self::default(),
            Self::Open { .. } => self,
            Self::Probing { openings, .. } => {
                Self::Closed { failures: limits.failures.saturating_sub(1), openings }
            }
            Self::Closed { failures, openings: 0 } if failures < limits.failures => Self::default(),
            Self::Closed { .. } => self,
        }
    }

    fn failed(self, failing: Failing, now: Moment, limits: &Limits) -> Self {
        match self {
            Self::Closed { failures, openings }
                if failures.saturating_add(1) < limits.failures
                    && !failing.is_beyond(limits.failing) =>
            {
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

/// The share of calls that failed lately: a moving average in which a sixteenth is the newest call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Failing {
    /// In 16,000ths, so that whole numbers come to rest near zero.
    share: u16,
}

impl Failing {
    /// The average's one, and what a thousandth is of it.
    const ONE: u16 = 16_000;
    const THOUSANDTH: u16 = Self::ONE / 1_000;

    fn after(self, outcome: Outcome) -> Self {
        let newest = match outcome {
            Outcome::Answered { .. } => 0,
            Outcome::Failed | Outcome::Busy { .. } => Self::ONE / 16,
            Outcome::Dispatched
            | Outcome::Began { .. }
            | Outcome::Overtaken { .. }
            | Outcome::Nothing => return self,
        };
        Self { share: self.share - self.share.div_ceil(16) + newest }
    }

    const fn is_beyond(self, thousandths: u16) -> bool {
        self.share > thousandths.saturating_mul(Self::THOUSANDTH)
    }
}
