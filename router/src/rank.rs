//! The soft half of routing: in what order models are tried. Integers only, so that equal facts
//! give equal orders on every machine.

use std::{cmp::Reverse, time::Duration};

use serde::Serialize;
use types::{Locality, Nanos, SizeClass};

use crate::{
    candidates::Variant,
    difficulty::Difficulty,
    health::{Health, Load, Moment},
    registry::Model,
};

/// Why a model is among the candidates. An earlier one goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It was named.
    Requested,
    /// The same model at another provider: its name there is the same.
    SameName,
    /// Declared as a fallback, in the order of declaration.
    Fallback,
    /// A local model that stands in for a denied one.
    Substitute,
    /// The router was asked to choose.
    Auto,
}

/// What counts in ranking, 0 to 100 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Weights {
    /// How much a low cost counts.
    pub cost: u8,
    /// How much a low latency counts.
    pub latency: u8,
    /// How much quality counts.
    pub quality: u8,
}

/// One model of a plan, and what put it in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its id.
    pub model: String,
    /// Its provider.
    pub provider: String,
    /// Why it is a candidate.
    pub standing: Standing,
    /// Where it runs.
    pub locality: Locality,
    /// Its size class.
    pub size: SizeClass,
    /// What one call costs at worst.
    pub cost: Nanos,
    /// How long the answer is expected to take in milliseconds, where known.
    pub latency_ms: Option<u64>,
    /// Its quality, 0 to 100.
    pub quality: u8,
    /// What the weights make of it; only where weights are set, or a scorer has answered.
    pub score: Option<Score>,
}

/// What counts against a model, in thousandths of the worst that a candidate of the request has:
/// 0 is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Its cost beside the dearest.
    pub cost: u64,
    /// Its expected latency beside the slowest.
    pub latency: u64,
    /// What its quality lacks of 100.
    pub quality: u64,
    /// What a scorer holds against it; only where one was asked and answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scorer: Option<u16>,
    /// The mean of them by the weights: the lowest goes first.
    pub penalty: u64,
}

/// A model that may and can serve.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Able<'r> {
    pub standing: Standing,
    /// Place in the order of declaration.
    pub declared: usize,
    pub model: &'r Model,
    pub cost: Nanos,
    /// How long its answer is expected to take, where anything is known.
    pub expected: Option<Duration>,
    /// What it is taken for in ranking: see [`latency_of`].
    pub latency: Duration,
    /// What a scorer holds against it, where one has answered.
    pub penalty: Option<u16>,
}

/// What the order aims at.
#[derive(Clone, Copy)]
pub(crate) struct Aims<'a> {
    /// How `auto` chooses; `None` where a model was named.
    pub variant: Option<Variant>,
    pub weights: Option<&'a Weights>,
    /// How much a scorer's penalty counts, 0 to 100.
    pub scorer: u8,
    /// What is too weak goes behind what is not.
    pub difficulty: Option<&'a Difficulty>,
}

/// Puts models in the order in which they are tried.
pub(crate) fn sort(able: &mut [Able<'_>], aims: &Aims<'_>) {
    let most = Most::of(able);
    able.sort_by_cached_key(|able| {
        // Declared fallbacks keep the order that a person gave them.
        let declared = if able.standing == Standing::Fallback { able.declared } else { 0 };
        let aim = aim(able, aims.variant, score(able, &most, aims));
        let short = aims.difficulty.map_or(0, |asks| asks.shortfall(able.model.quality));
        (able.standing, declared, short, aim, tier(able.model), able.cost, able.model.id.clone())
    });
}

/// The same models as choices, each with its score.
pub(crate) fn choices(able: &[Able<'_>], aims: &Aims<'_>) -> Vec<Choice> {
    let most = Most::of(able);
    able.iter().map(|able| choice(able, score(able, &most, aims))).collect()
}

/// What the variant looks at first; 0 for all where it looks at nothing but the default order.
fn aim(able: &Able<'_>, variant: Option<Variant>, score: Option<Score>) -> u128 {
    match variant {
        Some(Variant::Cheap) => u128::from(able.cost.0.max(0).unsigned_abs()),
        Some(Variant::Fast) => able.latency.as_micros(),
        Some(Variant::Best) => u128::from(100_u8.saturating_sub(able.model.quality)),
        Some(Variant::Balanced | Variant::Local) | None => score.map_or(0, |s| s.penalty.into()),
    }
}

/// What an endpoint's answer is taken to need. Of one that has not answered lately nothing is known:
/// one call finds out, and until that one is answered no other follows it for its speed.
pub(crate) fn latency_of(health: &Health, load: &Load, now: Moment) -> Duration {
    let waiting = health.waiting(now);
    match (health.expected(load, now), waiting) {
        (Some(expected), waiting) => expected.max(waiting.unwrap_or_default()),
        (None, None) => Duration::ZERO,
        (None, Some(waiting)) => {
            let tokens = u32::try_from(load.output_tokens).unwrap_or(u32::MAX);
            UNKNOWN_FIRST_BYTE.saturating_add(UNKNOWN_TOKEN.saturating_mul(tokens)).max(waiting)
        }
    }
}

/// The time to the first byte, and for each token after it, of an endpoint that is being found out about.
const UNKNOWN_FIRST_BYTE: Duration = Duration::from_secs(1);
const UNKNOWN_TOKEN: Duration = Duration::from_millis(10);

/// The default order: the smallest local model, larger local ones, then the cloud by size; of two
/// in one class the better one.
const fn tier(model: &Model) -> (Locality, SizeClass, Reverse<u8>) {
    (model.locality, model.size, Reverse(model.quality))
}

/// The largest of each term: what the others are measured by.
struct Most {
    cost: u128,
    latency: u128,
}

impl Most {
    fn of(able: &[Able<'_>]) -> Self {
        let cost = able.iter().map(cost).max().unwrap_or(0);
        let latency = able.iter().map(latency).max().unwrap_or(0);
        Self { cost: cost.max(1), latency: latency.max(1) }
    }
}

fn cost(able: &Able<'_>) -> u128 {
    u128::from(able.cost.0.max(0).unsigned_abs())
}

fn latency(able: &Able<'_>) -> u128 {
    able.latency.as_micros()
}

/// `None` where neither weights are set nor a scorer has answered: then the default order holds.
fn score(able: &Able<'_>, most: &Most, aims: &Aims<'_>) -> Option<Score> {
    if aims.weights.is_none() && able.penalty.is_none() {
        return None;
    }
    let weights = aims.weights.copied().unwrap_or(Weights { cost: 0, latency: 0, quality: 0 });
    let share = |part: u128, all: u128| u64::try_from(part.saturating_mul(1000) / all);
    let cost = share(cost(able), most.cost).unwrap_or(1000);
    let latency = share(latency(able), most.latency).unwrap_or(1000);
    let quality = u64::from(100_u8.saturating_sub(able.model.quality)) * 10;
    let mut terms =
        vec![(weights.cost, cost), (weights.latency, latency), (weights.quality, quality)];
    terms.extend(able.penalty.map(|penalty| (aims.scorer, u64::from(penalty))));
    let sum: u64 = terms.iter().map(|(weight, share)| u64::from(*weight) * share).sum();
    let all: u64 = terms.iter().map(|(weight, _)| u64::from(*weight)).sum();
    Some(Score { cost, latency, quality, scorer: able.penalty, penalty: sum / all.max(1) })
}

fn choice(able: &Able<'_>, score: Option<Score>) -> Choice {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Choice {
        model: able.model.id.clone(),
        provider: able.model.provider.clone(),
        standing: able.standing,
        locality: able.model.locality,
        size: able.model.size,
        cost: able.cost,
        latency_ms: able.expected.map(millis),
        quality: able.model.quality,
        score,
    }
}
