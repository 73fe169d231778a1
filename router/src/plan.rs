//! The plan of a request: which models are tried in which order, and why the others are not.

use std::{collections::BTreeSet, time::Duration};

use policy::{Denied, Permit};
use serde::Serialize;
use types::{Label, Locality};

use crate::{
    candidates::{Candidates, Variant},
    difficulty::Difficulty,
    filter::{self, DropReason, Dropped, Needs, Quote},
    health::{HealthTable, Moment},
    rank::{self, Able, Aims, Choice, Standing, Weights},
    registry::Model,
};

/// The most attempts that any plan has.
pub const ATTEMPTS_MAX: usize = 8;

/// Which models are tried, in order. Only [`plan`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    asked: String,
    variant: Option<Variant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difficulty: Option<Difficulty>,
    attempts: Vec<Choice>,
    dropped: Vec<Dropped>,
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

/// What a plan is made from, beside the permit and the candidates.
pub struct Facts<'a> {
    /// What the request needs.
    pub needs: Needs,
    /// What policy denied, as the decision told it.
    pub denied: &'a [Denied],
    /// From this label up only local models are used.
    pub local_from: Label,
    /// The health of every endpoint.
    pub health: &'a HealthTable,
    /// Now, on the clock of `health`.
    pub now: Moment,
    /// What one call of a model costs at worst.
    pub costs: &'a dyn Fn(&Model) -> Quote,
    /// Whether the model's wire format can carry the request; else the field that it cannot.
    pub expressible: &'a dyn Fn(&Model) -> Result<(), String>,
    /// What counts; the default order by locality and size where absent.
    pub weights: Option<Weights>,
    /// How hard the request looks: of the models that `auto` may choose from, those below its floor go
    /// behind all others. `None` where that does not count.
    pub difficulty: Option<Difficulty>,
    /// How many models may be tried, 1 to [`ATTEMPTS_MAX`].
    pub max_attempts: usize,
}

/// Plans a request.
///
/// # Errors
/// [`NoRoute`] with a reason for every candidate.
pub fn plan(
    permit: &Permit,
    candidates: &Candidates<'_>,
    facts: &Facts<'_>,
) -> Result<Plan, NoRoute> {
    let detour = Detour::of(permit, candidates, facts);
    let load = facts.needs.load();
    let mut able = Vec::new();
    let mut dropped = Vec::new();
    for (declared, (standing, model)) in candidates.ranked().iter().enumerate() {
        let standing = *standing;
        let checked = if detour.is_open(standing, model) {
            filter::check(permit, candidates.variant(), model, facts)
        } else {
            Err(DropReason::NotAsked)
        };
        match checked {
            Ok(cost) => {
                let health = facts.health.get(&model.provider, &model.id);
                let expected = health.expected(&load, facts.now);
                let latency = rank::latency_of(&health, &load, facts.now);
                able.push(Able { standing, declared, model, cost, expected, latency });
            }
            Err(reason) => dropped.push(Dropped { model: model.id.clone(), reason }),
        }
    }
    let difficulty = facts.difficulty.as_ref().filter(|_| candidates.variant().is_some());
    let aims = Aims { variant: candidates.variant(), weights: facts.weights.as_ref(), difficulty };
    let mut attempts = rank::order(able, &aims);
    let kept = facts.max_attempts.clamp(1, ATTEMPTS_MAX).min(attempts.len());
    let spare = attempts.split_off(kept);
    dropped.extend(
        spare.into_iter().map(|choice| Dropped { model: choice.model, reason: DropReason::Spare }),
    );
    if attempts.is_empty() {
        return Err(NoRoute { dropped });
    }
    let asked = candidates.asked().to_owned();
    let difficulty = difficulty.cloned();
    Ok(Plan { asked, variant: candidates.variant(), difficulty, attempts, dropped })
}

/// What may serve beside the model that was named. Fallbacks are for failures: a model that policy
/// denied is not quietly replaced, unless policy itself says so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detour {
    /// The named model is permitted, or none was named: its fallbacks may follow it.
    Fallbacks,
    /// It is denied, and policy lets a local model stand in.
    Local,
    /// It is denied.
    Closed,
}

impl Detour {
    fn of(permit: &Permit, candidates: &Candidates<'_>, facts: &Facts<'_>) -> Self {
        let Some(requested) = candidates.requested() else { return Self::Fallbacks };
        if filter::is_permitted(permit, requested) {
            return Self::Fallbacks;
        }
        let reroutes = |denied: &Denied| denied.model == requested.id && denied.reroute_local;
        if facts.denied.iter().any(reroutes) { Self::Local } else { Self::Closed }
    }

    fn is_open(self, standing: Standing, model: &Model) -> bool {
        match (self, standing) {
            (_, Standing::Requested) => true,
            (Self::Fallbacks, standing) => standing != Standing::Substitute,
            (Self::Local, _) => model.locality == Locality::Local,
            (Self::Closed, _) => false,
        }
    }
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
