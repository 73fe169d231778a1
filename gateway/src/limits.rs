//! Rate limits: requests and tokens a minute, and requests at once, of whoever shares one.
//!
//! Where gateways share a Redis, one script there decides for all limits of a request. Where they do not,
//! or it does not answer in time, governor decides here (GCRA: a bucket of a minute's worth that fills at
//! an even pace), on this gateway's share of each limit and on a store of ours that can also take what is
//! only known afterwards, and give back what was not used. Either way a request that one limit refuses
//! uses nothing of the others, and what a call really used is what counts.

mod bucket;
mod counting;
mod places;
mod told;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use snapshot::{Limit, LimitKind};
use store::{
    Store,
    fleet::{Answer, Ask, Fleet, Left, Use},
};
use tokio_util::task::AbortOnDropHandle;
use types::chat::ChatRequest;

use bucket::{Bucket, By, Ticks, Uptime};
use counting::{Counting, name};
use places::{Place, Places};
pub(crate) use told::{Limited, Told, headers};

/// Buckets beyond which those that are full are forgotten. Who is limited is registered, so there are
/// as many as keys, agents and owners; this is for those that are gone.
const BUCKETS_MAX: usize = 10_000;
/// When trying again makes sense where too many run at once: about the time of a short answer.
const AT_ONCE_WAIT: Duration = Duration::from_secs(1);
/// How long a start waits for Redis.
const FIRST_TRY: Duration = Duration::from_secs(1);

/// What everybody has used.
pub(crate) struct Limits<C: Ticks = Uptime> {
    clock: C,
    buckets: Mutex<HashMap<Limit, Arc<Bucket<C>>>>,
    places: Arc<Places>,
    counting: Arc<Counting>,
    /// Ends with this.
    tasks: Vec<AbortOnDropHandle<()>>,
}

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
    counting: Arc<Counting>,
    /// Whether they were taken in Redis.
    shared: bool,
}

impl Limits {
    /// Nothing is used yet. Looks after itself until it is dropped.
    pub(crate) fn new(store: &Store) -> Self {
        let (counting, news) = Counting::new(store.fleet());
        let mut limits = Self::on(Uptime::default(), counting);
        if let (Some(news), Some(fleet)) = (news, store.fleet()) {
            limits.spawn(counting::tell(fleet, Arc::clone(&limits.places), news));
        }
        limits.spawn(Arc::clone(&limits.counting).watch(store.clone()));
        limits
    }

    /// Waits until it is known who counts: a gateway that does not know of the others would let
    /// through all of every limit.
    pub(crate) async fn ready(&self, store: &Store) {
        if let Some(fleet) = store.fleet() {
            let _ = tokio::time::timeout(FIRST_TRY, fleet.tried()).await;
        }
        self.counting.look(store).await;
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(AbortOnDropHandle::new(tokio::spawn(task)));
    }
}

impl<C: Ticks> Limits<C> {
    fn on(clock: C, counting: Counting) -> Self {
        let counting = Arc::new(counting);
        let places = Arc::new(Places::new(Arc::clone(&counting)));
        Self { clock, buckets: Mutex::default(), places, counting, tasks: Vec::new() }
    }

    /// Lets a request pass all of the limits, or none: one that is refused has used nothing. Tokens
    /// are asked for by [`Limits::tokens`], once it is known how long the request is.
    pub(crate) async fn enter(&self, limits: &[Limit]) -> Result<Passes<C>, Limited> {
        let Some(fleet) = self.counting.fleet() else { return self.enter_here(limits) };
        let mut passes = Passes { told: Vec::new(), tokens: Vec::new(), _places: Vec::new() };
        let (mut asks, mut asked, mut taken) = (Vec::new(), Vec::new(), Vec::new());
        for limit in limits {
            let wanted = match limit.kind {
                LimitKind::Concurrent => {
                    let place = self.place(limit, limit.max.get())?;
                    let wanted = Use::Place(place.then);
                    passes._places.push(place);
                    wanted
                }
                LimitKind::Requests => {
                    let bucket = self.bucket(limit);
                    let wanted = Use::Take { count: 1, own: bucket.own() };
                    taken.push(bucket);
                    wanted
                }
                LimitKind::Tokens => {
                    passes.tokens.push(self.bucket(limit));
                    continue;
                }
            };
            asks.push(ask(limit, wanted));
            asked.push(limit);
        }
        match together(fleet, &asks, &asked).await {
            Some(told) => passes.told = told?,
            None => {
                // The places of this try go back before the next one.
                drop(passes);
                return self.enter_here(limits);
            }
        }
        taken.iter().for_each(|bucket| bucket.note(1));
        Ok(passes)
    }

    /// As [`Limits::enter`], by what this gateway counts itself.
    fn enter_here(&self, limits: &[Limit]) -> Result<Passes<C>, Limited> {
        let stretch = self.counting.stretch();
        let mut passes = Passes { told: Vec::new(), tokens: Vec::new(), _places: Vec::new() };
        let mut taken: Vec<Arc<Bucket<C>>> = Vec::new();
        for limit in limits {
            let told = match limit.kind {
                LimitKind::Concurrent => {
                    let max = stretch.share(limit.max).get();
                    self.place(limit, max).map(|place| {
                        let remaining = max.saturating_sub(place.then.count);
                        passes._places.push(place);
                        Told { kind: limit.kind, max, remaining, reset: None }
                    })
                }
                LimitKind::Requests => {
                    let bucket = self.bucket(limit);
                    bucket.take(1, stretch).inspect(|_| taken.push(Arc::clone(&bucket)))
                }
                LimitKind::Tokens => {
                    passes.tokens.push(self.bucket(limit));
                    continue;
                }
            };
            match told {
                Ok(told) => passes.told.push(told),
                Err(limited) => {
                    taken.iter().for_each(|bucket| bucket.refund(1, By::Part));
                    return Err(limited);
                }
            }
        }
        Ok(passes)
    }

    /// Takes tokens in advance, of all limits or of none: about what the input has. Their true number
    /// is told by [`Tokens::used`].
    pub(crate) async fn tokens(
        &self,
        passes: &mut Passes<C>,
        estimate: u64,
    ) -> Result<Arc<Tokens<C>>, Limited> {
        let Some(fleet) = self.counting.fleet().filter(|_| !passes.tokens.is_empty()) else {
            return self.tokens_here(passes, estimate);
        };
        let count = estimate.max(1);
        let wanted =
            |bucket: &Arc<Bucket<C>>| ask(&bucket.limit, Use::Take { count, own: bucket.own() });
        let asks: Vec<Ask> = passes.tokens.iter().map(wanted).collect();
        let asked: Vec<&Limit> = passes.tokens.iter().map(|bucket| &bucket.limit).collect();
        let Some(told) = together(fleet, &asks, &asked).await else {
            return self.tokens_here(passes, estimate);
        };
        passes.told.extend(told?);
        let buckets = std::mem::take(&mut passes.tokens);
        buckets.iter().for_each(|bucket| bucket.note(count));
        Ok(Arc::new(self.taken(buckets, count, true)))
    }

    /// As [`Limits::tokens`], by what this gateway counts itself.
    fn tokens_here(
        &self,
        passes: &mut Passes<C>,
        estimate: u64,
    ) -> Result<Arc<Tokens<C>>, Limited> {
        let (stretch, count) = (self.counting.stretch(), estimate.max(1));
        let mut tokens = self.taken(Vec::new(), count, false);
        for bucket in std::mem::take(&mut passes.tokens) {
            // Dropped where one refuses, `tokens` gives back what the others gave.
            let told = bucket.take(count, stretch)?;
            passes.told.push(told);
            tokens.buckets.push(bucket);
        }
        Ok(Arc::new(tokens))
    }

    fn taken(&self, buckets: Vec<Arc<Bucket<C>>>, count: u64, shared: bool) -> Tokens<C> {
        let counting = Arc::clone(&self.counting);
        Tokens { buckets, prepaid: AtomicU64::new(count), counting, shared }
    }

    fn bucket(&self, limit: &Limit) -> Arc<Bucket<C>> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(limit) {
            return Arc::clone(bucket);
        }
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1 || !bucket.is_full());
        }
        let stretch = self.counting.stretch();
        let bucket = Arc::new(Bucket::new(limit.clone(), self.clock.clone(), stretch));
        buckets.insert(limit.clone(), Arc::clone(&bucket));
        bucket
    }

    /// A place beside at most `share` with it.
    fn place(&self, limit: &Limit, share: u32) -> Result<Place, Limited> {
        let full = || Limited { limit: limit.clone(), share, wait: AT_ONCE_WAIT };
        self.places.take(limit, share).ok_or_else(full)
    }
}

fn ask(limit: &Limit, wanted: Use) -> Ask {
    let name = name(limit.scope, &limit.scope_id, limit.kind);
    Ask { name, max: limit.max.get(), wanted }
}

/// What all gateways together have left; `None` where Redis does not say.
async fn together(
    fleet: &Fleet,
    asks: &[Ask],
    asked: &[&Limit],
) -> Option<Result<Vec<Told>, Limited>> {
    if asks.is_empty() {
        return Some(Ok(Vec::new()));
    }
    let told = |(limit, left): (&&Limit, &Left)| {
        let reset = (limit.kind != LimitKind::Concurrent).then_some(left.reset);
        Told { kind: limit.kind, max: limit.max.get(), remaining: left.remaining, reset }
    };
    match fleet.take(asks).await? {
        Answer::Passed(left) => Some(Ok(asked.iter().zip(&left).map(told).collect())),
        Answer::Full { index, wait } => {
            let limit = Limit::clone(asked.get(index)?);
            let wait = if limit.kind == LimitKind::Concurrent { AT_ONCE_WAIT } else { wait };
            Some(Err(Limited { share: limit.max.get(), limit, wait }))
        }
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
        // What all count together now is told to all, and is in no part.
        let by = if self.counting.fleet().is_some() { By::All } else { By::Part };
        for bucket in &self.buckets {
            let untold = bucket.untold(more);
            bucket.charge(more, by);
            self.counting.charge(
                &bucket.limit,
                i64::try_from(more).unwrap_or(i64::MAX),
                Some(untold),
            );
        }
    }
}

impl<C: Ticks> Drop for Tokens<C> {
    fn drop(&mut self) {
        let unused = *self.prepaid.get_mut();
        let by = if self.shared { By::All } else { By::Part };
        for bucket in &self.buckets {
            bucket.refund(unused, by);
            if self.shared {
                let unused = i64::try_from(unused).unwrap_or(i64::MAX);
                self.counting.charge(&bucket.limit, -unused, None);
            }
        }
    }
}

/// About how many tokens the input of a request has: its upper bound is one a byte. What it really had
/// is counted in the end.
pub(crate) fn estimate(request: &ChatRequest) -> u64 {
    let parts = budget::PartTokens { file: 4 * 3_000, ..budget::PartTokens::MAX };
    budget::input_bound_with(request, parts) / 4
}

#[cfg(test)]
mod tests;
