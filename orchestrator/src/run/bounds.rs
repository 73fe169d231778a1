//! What a run may still use.

use std::time::{Duration, Instant};

use config::tree::RunLimits;
use snapshot::Agent;
use store::work::{Claim, Usage};

use super::step::Stop;

/// What a run has used, and may use at most.
pub(crate) struct Bounds {
    limits: RunLimits,
    used: Usage,
    steps: usize,
    /// How long its steps took before this worker had it.
    before: Duration,
    since: Instant,
}

impl Bounds {
    pub(crate) fn of(agent: &Agent, claim: &Claim) -> Self {
        let micros = |step: &store::work::Step| {
            step.ended_at.map_or(0, |end| end.0.saturating_sub(step.started_at.0).max(0))
        };
        let before: i64 = claim.steps.iter().map(micros).sum();
        Self {
            limits: agent.work.run,
            used: Usage::default(),
            steps: 0,
            before: Duration::from_micros(u64::try_from(before).unwrap_or_default()),
            since: Instant::now(),
        }
    }

    /// Counts what a step used, whoever did it.
    pub(crate) fn count(&mut self, used: Usage) {
        self.steps += 1;
        self.used.input_tokens += used.input_tokens;
        self.used.output_tokens += used.output_tokens;
        self.used.tool_calls += used.tool_calls;
    }

    /// Whether another step may be begun.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        let tokens = self.used.input_tokens.saturating_add(self.used.output_tokens);
        let limits = &self.limits;
        let over = |what: &str, key: &str, most: &dyn std::fmt::Display| {
            Err(Stop::fail(&format!("the run has used its {most} {what} (`run.{key}`)")))
        };
        if usize::try_from(tokens).unwrap_or(usize::MAX) >= limits.tokens {
            return over("tokens", "tokens", &limits.tokens);
        }
        if self.steps >= limits.steps {
            return over("steps", "steps", &limits.steps);
        }
        if self.time_left().is_zero() {
            return over("seconds", "time", &limits.time.as_secs());
        }
        Ok(())
    }

    /// Whether another tool may be called.
    pub(crate) fn check_tool(&self) -> Result<(), Stop> {
        self.check()?;
        let calls = usize::try_from(self.used.tool_calls).unwrap_or(usize::MAX);
        if calls >= self.limits.tool_calls {
            let most = self.limits.tool_calls;
            return Err(Stop::fail(&format!(
                "the run has used its {most} calls of tools (`run.tool_calls`)"
            )));
        }
        Ok(())
    }

    /// How long the run may still take.
    pub(crate) fn time_left(&self) -> Duration {
        self.limits.time.saturating_sub(self.before + self.since.elapsed())
    }

    /// How long a context may be, in tokens.
    pub(crate) const fn context_tokens(&self) -> usize {
        self.limits.context_tokens
    }
}
