//! Rate limits: requests and tokens a minute, and requests at once, of whoever shares one.
//!
//! Governor decides (GCRA: a bucket of a minute's worth that fills at an even pace), on a store of ours
//! that can also take what is only known afterwards, and give back what was not used. So a request that
//! one limit refuses uses nothing of the others, and what a call really used is what counts.
//!
//! Each process counts for itself.

mod bucket;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use budget::Scope;
use serde_json::{Value, json};
use snapshot::{Limit, LimitKind};
use types::{Code, chat::ChatRequest};

use crate::{metrics, refusal::Refusal};
use bucket::{Bucket, Ticks, Uptime};

/// Buckets beyond which those that are full are forgotten. Who is limited is registered, so there are
/// as many as keys, agents and owners; this is for those that are gone.
const BUCKETS_MAX: usize = 10_000;
/// When trying again makes sense where too many run at once: about the time of a short answer.
const AT_ONCE_WAIT: Duration = Duration::from_secs(1);

/// What everybody has used.
pub(crate) struct Limits<C: Ticks = Uptime> {
    clock: C,
    buckets: Mutex<HashMap<Limit, Arc<Bucket<C>>>>,
    running: Arc<Mutex<Running>>,
}

/// Requests that run, by whose they are.
type Running = HashMap<(Scope, String), u32>;

/// A request within its limits. Its places are free again when this is dropped.
pub(crate) struct Passes<C: Ticks = Uptime> {
    /// How much is left of each limit that was met.
    pub(crate) told: Vec<Told>,
    tokens: Vec<Arc<Bucket<C>>>,
    _places: Vec<Place>,
}

/// The tokens of one request. What it took in advance and did not use is given back when this is
/// dropped.
pub(crate) struct Tokens<C: Ticks = Uptime> {
    buckets: Vec<Arc<Bucket<C>>>,
    prepaid: AtomicU64,
}

/// How much is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    kind: LimitKind,
    max: u32,
    remaining: u32,
    /// Until all of it is there again; nothing for places, which nobody can foretell.
    reset: Option<Duration>,
}

/// A limit that is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) limit: Limit,
    pub(crate) wait: Duration,
}

struct Place {
    running: Arc<Mutex<Running>>,
    whose: (Scope, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.whose) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                running.remove(&self.whose);
            }
        }
    }
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self::on(Uptime::default())
    }
}

impl<C: Ticks> Limits<C> {
    fn on(clock: C) -> Self {
        Self { clock, buckets: Mutex::default(), running: Arc::default() }
    }

    /// Lets a request pass all of the limits, or none: one that is refused has used nothing. Tokens
    /// are asked for by [`Passes::tokens`], once it is known how long the request is.
    pub(crate) fn enter(&self, limits: &[Limit]) -> Result<Passes<C>, Limited> {
        let mut passes = Passes { told: Vec::new(), tokens: Vec::new(), _places: Vec::new() };
        let mut taken: Vec<Arc<Bucket<C>>> = Vec::new();
        for limit in limits {
            let told = match limit.kind {
                LimitKind::Concurrent => self.place(limit).map(|(place, told)| {
                    passes._places.push(place);
                    told
                }),
                LimitKind::Requests => {
                    let bucket = self.bucket(limit);
                    bucket.take(1).inspect(|_| taken.push(Arc::clone(&bucket)))
                }
                LimitKind::Tokens => {
                    passes.tokens.push(self.bucket(limit));
                    continue;
                }
            };
            match told {
                Ok(told) => passes.told.push(told),
                Err(limited) => {
                    taken.iter().for_each(|bucket| bucket.refund(1));
                    return Err(limited);
                }
            }
        }
        Ok(passes)
    }

    fn bucket(&self, limit: &Limit) -> Arc<Bucket<C>> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(limit) {
            return Arc::clone(bucket);
        }
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1 || !bucket.is_full());
        }
        let bucket = Arc::new(Bucket::new(limit.clone(), self.clock.clone()));
        buckets.insert(limit.clone(), Arc::clone(&bucket));
        bucket
    }

    fn place(&self, limit: &Limit) -> Result<(Place, Told), Limited> {
        let whose = (limit.scope, limit.scope_id.clone());
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(whose.clone()).or_default();
        let max = limit.max.get();
        if *count >= max {
            return Err(Limited { limit: limit.clone(), wait: AT_ONCE_WAIT });
        }
        *count = count.saturating_add(1);
        let remaining = max.saturating_sub(*count);
        let told = Told { kind: limit.kind, max, remaining, reset: None };
        Ok((Place { running: Arc::clone(&self.running), whose }, told))
    }
}

impl<C: Ticks> Passes<C> {
    /// Takes tokens in advance, of all limits or of none: about what the input has. Their true number
    /// is told by [`Tokens::used`].
    pub(crate) fn tokens(&mut self, estimate: u64) -> Result<Arc<Tokens<C>>, Limited> {
        let estimate = estimate.max(1);
        let mut tokens = Tokens { buckets: Vec::new(), prepaid: AtomicU64::new(estimate) };
        for bucket in std::mem::take(&mut self.tokens) {
            // Dropped where one refuses, `tokens` gives back what the others gave.
            let told = bucket.take(estimate)?;
            self.told.push(told);
            tokens.buckets.push(bucket);
        }
        Ok(Arc::new(tokens))
    }
}

impl<C: Ticks> Tokens<C> {
    /// Takes note of what an attempt used: `None` where nobody knows, which counts as estimated.
    pub(crate) fn used(&self, tokens: Option<u64>) {
        let Some(tokens) = tokens else {
            self.prepaid.store(0, Ordering::Release);
            return;
        };
        let mut prepaid = self.prepaid.load(Ordering::Acquire);
        let paid = loop {
            let paid = prepaid.min(tokens);
            let left = prepaid.saturating_sub(paid);
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            match self.prepaid.compare_exchange(prepaid, left, success, failure) {
                Ok(_) => break paid,
                Err(now) => prepaid = now,
            }
        };
        let more = tokens.saturating_sub(paid);
        self.buckets.iter().for_each(|bucket| bucket.charge(more));
    }
}

impl<C: Ticks> Drop for Tokens<C> {
    fn drop(&mut self) {
        let unused = *self.prepaid.get_mut();
        self.buckets.iter().for_each(|bucket| bucket.refund(unused));
    }
}

impl Limited {
    /// The refusal that a caller gets, counted.
    pub(crate) fn refusal(&self) -> Refusal {
        let Limit { scope, kind, max, .. } = &self.limit;
        metrics::LIMITED.with_label_values(&[scope.as_str(), kind.as_str()]).inc();
        let what = match kind {
            LimitKind::Requests => "requests a minute",
            LimitKind::Tokens => "tokens a minute",
            LimitKind::Concurrent => "requests at once",
        };
        let seconds = seconds(self.wait).max(1);
        let message = format!(
            "the limit of {} is {max} {what}; try again in {seconds} s",
            whose(*scope, &self.limit.scope_id)
        );
        Refusal::new(Code::RateLimited, message).with_retry_after(seconds)
    }

    /// What records tell of it.
    pub(crate) fn record(&self) -> Value {
        let Limit { scope, scope_id, kind, max } = &self.limit;
        json!({ "scope": scope, "id": scope_id, "kind": kind, "max": max })
    }

    /// As a caller is told: nothing is left.
    pub(crate) fn told(&self) -> Told {
        let Limit { kind, max, .. } = self.limit;
        let reset = (kind != LimitKind::Concurrent).then_some(self.wait);
        Told { kind, max: max.get(), remaining: 0, reset }
    }
}

/// What a caller is told of itself by name, and of others not at all.
fn whose(scope: Scope, id: &str) -> String {
    match scope {
        Scope::Tenant => "the organisation".to_owned(),
        Scope::Agent => "this agent".to_owned(),
        Scope::User => "the agents of this owner".to_owned(),
        Scope::Key => "this key".to_owned(),
        Scope::Model => format!("the model `{id}`"),
        Scope::Provider => format!("the provider `{id}`"),
        Scope::Session | Scope::Task | Scope::Grant => format!("this {scope}"),
    }
}

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): the tightest limit of
/// each kind.
pub(crate) fn headers(told: &[Told]) -> Vec<(&'static str, String)> {
    let tightest = |kind: &LimitKind| {
        told.iter().filter(|told| told.kind == *kind).min_by_key(|told| told.remaining)
    };
    let tightest: Vec<&Told> = LimitKind::ALL.iter().filter_map(tightest).collect();
    if tightest.is_empty() {
        return Vec::new();
    }
    let policy = |told: &&Told| {
        let window = if told.reset.is_some() { ";w=60" } else { "" };
        format!("\"{}\";q={}{window}", told.kind, told.max)
    };
    let left = |told: &&Told| {
        let reset = told.reset.map(|reset| format!(";t={}", seconds(reset)));
        format!("\"{}\";r={}{}", told.kind, told.remaining, reset.unwrap_or_default())
    };
    let list = |items: Vec<String>| items.join(", ");
    vec![
        ("ratelimit-policy", list(tightest.iter().map(policy).collect())),
        ("ratelimit", list(tightest.iter().map(left).collect())),
    ]
}

/// About how many tokens the input of a request has: its upper bound is one a byte. What it really had
/// is counted in the end.
pub(crate) fn estimate(request: &ChatRequest) -> u64 {
    budget::input_bound(request) / 4
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests;
