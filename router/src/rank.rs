//! The soft half of routing: in what order models are tried. Integers only, so that equal facts
//! give equal orders on every machine.

use std::{cmp::Reverse, time::Duration};

use serde::Serialize;
use types::{Locality, Nanos, SizeClass};

use crate::{candidates::Variant, registry::Model};

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
    /// Its average time to the first byte in milliseconds, where known.
    pub latency_ms: Option<u64>,
    /// Its quality, 0 to 100.
    pub quality: u8,
    /// What the weights make of it, 0 (best) to 1000; only where weights are set.
    pub penalty: Option<u64>,
}

/// A model that may and can serve.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Able<'r> {
    pub standing: Standing,
    /// Place in the order of declaration.
    pub declared: usize,
    pub model: &'r Model,
    pub cost: Nanos,
    pub latency: Option<Duration>,
}

/// Puts models in the order in which they are tried.
pub(crate) fn order(
    able: Vec<Able<'_>>,
    variant: Option<Variant>,
    weights: Option<&Weights>,
) -> Vec<Choice> {
    let most = Most::of(&able);
    let mut ranked: Vec<(Able<'_>, Option<u64>)> = able
        .into_iter()
        .map(|able| (able, weights.map(|weights| penalty(&able, &most, weights))))
        .collect();
    ranked.sort_by_cached_key(|(able, penalty)| {
        // Declared fallbacks keep the order that a person gave them.
        let declared = if able.standing == Standing::Fallback { able.declared } else { 0 };
        let aim = aim(able, variant, *penalty);
        (able.standing, declared, aim, tier(able.model), able.cost, able.model.id.clone())
    });
    ranked.into_iter().map(|(able, penalty)| choice(&able, penalty)).collect()
}

/// What the variant looks at first; 0 for all where it looks at nothing but the default order.
fn aim(able: &Able<'_>, variant: Option<Variant>, penalty: Option<u64>) -> u128 {
    match variant {
        Some(Variant::Cheap) => u128::from(able.cost.0.max(0).unsigned_abs()),
        Some(Variant::Fast) => able.latency.map_or(UNKNOWN_LATENCY.as_micros(), |l| l.as_micros()),
        Some(Variant::Best) => u128::from(100_u8.saturating_sub(able.model.quality)),
        Some(Variant::Balanced | Variant::Local) | None => u128::from(penalty.unwrap_or(0)),
    }
}

/// What an endpoint without any answered call counts as: better than a slow one, so that it is
/// tried some day, and worse than a quick one.
const UNKNOWN_LATENCY: Duration = Duration::from_secs(1);

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
    able.latency.unwrap_or(UNKNOWN_LATENCY).as_micros()
}

/// The weighted mean of three shares in thousandths, each 0 for the best there can be.
fn penalty(able: &Able<'_>, most: &Most, weights: &Weights) -> u64 {
    let terms = [
        (weights.cost, cost(able).saturating_mul(1000) / most.cost),
        (weights.latency, latency(able).saturating_mul(1000) / most.latency),
        (weights.quality, u128::from(100_u8.saturating_sub(able.model.quality)) * 10),
    ];
    let sum: u128 = terms.iter().map(|(weight, share)| u128::from(*weight) * share).sum();
    let all: u128 = terms.iter().map(|(weight, _)| u128::from(*weight)).sum();
    u64::try_from(sum / all.max(1)).unwrap_or(1000)
}

fn choice(able: &Able<'_>, penalty: Option<u64>) -> Choice {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Choice {
        model: able.model.id.clone(),
        provider: able.model.provider.clone(),
        standing: able.standing,
        locality: able.model.locality,
        size: able.model.size,
        cost: able.cost,
        latency_ms: able.latency.map(millis),
        quality: able.model.quality,
        penalty,
    }
}
