//! How fast an endpoint answers: moving averages that are forgotten when nothing renews them.

use std::time::Duration;

use super::{Moment, Outcome, Took};

/// A figure older than this is none: an endpoint that was slow once must be tried again some day.
const KEPT: Duration = Duration::from_secs(600);
/// Where the classes of prompts end, in tokens: a long prompt takes its time before the first byte.
const PROMPTS: [u64; 3] = [1_000, 8_000, 32_000];

/// The pace of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pace {
    /// To the first byte of a stream, by the prompt's class.
    first_byte: [Mean; PROMPTS.len() + 1],
    /// For each output token of a stream after the first byte.
    token: Mean,
    /// For a whole answer, by the prompt's class.
    whole: [Mean; PROMPTS.len() + 1],
    /// When the first call went out after the last sign of life.
    asked: Option<Moment>,
}

/// A call whose time is to be foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// The prompt's length in tokens.
    pub input_tokens: u64,
    /// The answer's expected length in tokens.
    pub output_tokens: u64,
    /// Whether it is streamed.
    pub streaming: bool,
}

impl Pace {
    #[must_use]
    pub(super) fn after(mut self, outcome: Outcome, now: Moment) -> Self {
        self.asked = match outcome {
            Outcome::Dispatched => self.asked.or(Some(now)),
            _ => None,
        };
        match outcome {
            Outcome::Began { first_byte, input_tokens } => {
                add(&mut self.first_byte, input_tokens, first_byte, now);
            }
            Outcome::Answered(Took::Whole { all, input_tokens }) => {
                add(&mut self.whole, input_tokens, all, now);
            }
            Outcome::Answered(Took::Streamed { rest, output_tokens }) => {
                // What came in one piece with the first byte tells nothing of its pace.
                let tokens = u32::try_from(output_tokens).unwrap_or(u32::MAX);
                if let Some(each) = rest.checked_div(tokens).filter(|each| !each.is_zero()) {
                    self.token = self.token.with(each, now);
                }
            }
            Outcome::Overtaken { waited, input_tokens, streaming } => {
                // It takes at least that long. Of one that was quicker so far nothing new is known.
                let means = if streaming { &mut self.first_byte } else { &mut self.whole };
                let known = means.get(class(input_tokens)).and_then(|mean| mean.get(now));
                if known.is_none_or(|mean| mean < waited) {
                    add(means, input_tokens, waited, now);
                }
            }
            Outcome::Dispatched | Outcome::Failed | Outcome::Busy { .. } | Outcome::Nothing => {}
        }
        self
    }

    /// For how long the endpoint has not been heard of though it was asked: averages tell of one that
    /// has become slow only when its first slow answer is there. `None` where nothing is asked of it.
    pub(super) fn waiting(&self, now: Moment) -> Option<Duration> {
        let waiting = self.asked.map(|asked| now.saturating_sub(asked));
        waiting.filter(|waiting| *waiting < KEPT)
    }

    /// How long a call will take to its end; `None` where nothing is known. A stream's is told by
    /// streams, a whole answer's by whole ones; where there were none, by the other kind.
    pub(super) fn expected(&self, load: &Load, now: Moment) -> Option<Duration> {
        let class = class(load.input_tokens);
        let whole = nearest(&self.whole, class, now);
        let streamed = nearest(&self.first_byte, class, now).map(|first_byte| {
            let tokens = u32::try_from(load.output_tokens).unwrap_or(u32::MAX);
            let each = self.token.get(now).unwrap_or_default();
            first_byte.saturating_add(each.saturating_mul(tokens))
        });
        if load.streaming { streamed.or(whole) } else { whole.or(streamed) }
    }
}

fn class(input_tokens: u64) -> usize {
    PROMPTS.partition_point(|end| *end < input_tokens)
}

fn add(means: &mut [Mean], input_tokens: u64, value: Duration, now: Moment) {
    if let Some(mean) = means.get_mut(class(input_tokens)) {
        *mean = mean.with(value, now);
    }
}

/// The figure of the class, or of the one next to it that has one; of two as near, the longer
/// prompts'.
fn nearest(means: &[Mean], class: usize, now: Moment) -> Option<Duration> {
    let known = means.iter().enumerate().filter_map(|(at, mean)| Some((at, mean.get(now)?)));
    let near = known.min_by_key(|(at, _)| (at.abs_diff(class), usize::MAX - at));
    near.map(|(_, value)| value)
}

/// A moving average, and when it was last added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Mean(Option<(Duration, Moment)>);

impl Mean {
    /// An eighth of the new, seven eighths of the old: about the last twenty calls count.
    fn with(self, new: Duration, now: Moment) -> Self {
        let old = self.get(now);
        let mean = old.map_or(new, |old| old.saturating_mul(7).saturating_add(new) / 8);
        Self(Some((mean, now)))
    }

    fn get(self, now: Moment) -> Option<Duration> {
        let (value, seen) = self.0?;
        (now.saturating_sub(seen) < KEPT).then_some(value)
    }
}
