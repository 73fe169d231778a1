//! The plan of a request: which models are tried in which order, and why the others are not.

use std::{collections::BTreeSet, time::Duration};

use policy::Permit;
use serde::Serialize;

use crate::{
    candidates::{Candidates, Variant},
    difficulty::Difficulty,
    filter::{DropReason, Dropped},
    rank::Choice,
    shortlist::{Facts, shortlist},
};

/// The most attempts that any plan has.
pub const ATTEMPTS_MAX: usize = 8;

/// Which models are tried, in order. Only a [`crate::Shortlist`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    pub(crate) asked: String,
    pub(crate) variant: Option<Variant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) difficulty: Option<Difficulty>,
    pub(crate) attempts: Vec<Choice>,
    pub(crate) dropped: Vec<Dropped>,
}

/// No candidate may and can serve the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error(
    "no model can serve this request; the reasons are listed per model, so change the request or register a model that fits"
)]
pub struct NoRoute {
    /// Why, per candidate.
    pub dropped: Vec<Dropped>,
}

/// Plans a request by what is known here, without a scorer.
///
/// # Errors
/// [`NoRoute`] with a reason for every candidate.
pub fn plan(
    permit: &Permit,
    candidates: &Candidates<'_>,
    facts: &Facts<'_>,
) -> Result<Plan, NoRoute> {
    shortlist(permit, candidates, facts).plan()
}

impl Plan {
    /// The name as the request gave it.
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// How hard the request looked, where that counted.
    pub const fn difficulty(&self) -> Option<&Difficulty> {
        self.difficulty.as_ref()
    }

    /// The models to try, best first; at least one.
    pub fn attempts(&self) -> &[Choice] {
        &self.attempts
    }

    /// Every other candidate and why it is not tried.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }
}

impl NoRoute {
    /// Whether policy or the label alone is why: then the answer is `policy_denied` and not
    /// `no_route`. Models that nobody asked for do not count.
    pub fn is_denied(&self) -> bool {
        self.reasons().all(DropReason::is_denial)
    }

    /// Whether money alone stands in the way of what policy permits.
    pub fn is_unaffordable(&self) -> bool {
        let mut permitted = self.permitted().peekable();
        permitted.peek().is_some()
            && permitted.all(|reason| matches!(reason, DropReason::Unaffordable))
    }

    /// The shortest wait after which a model that is only resting may be tried again.
    pub fn retry_after(&self) -> Option<Duration> {
        let waits = self.dropped.iter().filter_map(|dropped| match dropped.reason {
            DropReason::BreakerOpen { retry_after_ms } => Some(retry_after_ms),
            _ => None,
        });
        waits.min().map(Duration::from_millis)
    }

    /// The policies that denied candidates, each once.
    pub fn policies(&self) -> BTreeSet<&str> {
        self.reasons()
            .filter_map(|reason| match reason {
                DropReason::NotPermitted { policies } => Some(policies),
                _ => None,
            })
            .flatten()
            .map(String::as_str)
            .collect()
    }

    fn reasons(&self) -> impl Iterator<Item = &DropReason> {
        let asked = |reason: &&DropReason| !matches!(reason, DropReason::NotAsked);
        self.dropped.iter().map(|dropped| &dropped.reason).filter(asked)
    }

    fn permitted(&self) -> impl Iterator<Item = &DropReason> {
        self.reasons().filter(|reason| !reason.is_denial())
    }
}

#[cfg(test)]
mod tests;
