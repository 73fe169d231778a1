//! One bucket: governor's decision on a level that can be moved afterwards.

use std::{
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::StateInformationMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};
use snapshot::Limit;

use super::{
    counting::Stretch,
    told::{Limited, Told},
};

/// A bucket is full again after this time.
const MINUTE: u64 = 60_000_000_000;

/// A clock of nanoseconds.
pub(crate) trait Ticks: Clock<Instant = Nanos> + Clone {}

impl<C: Clock<Instant = Nanos> + Clone> Ticks for C {}

/// The time since this process began to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Uptime(Instant);

impl Default for Uptime {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Uptime {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// What this process used of one limit of a kind that fills again, and what is left of its part.
pub(super) struct Bucket<C: Ticks> {
    pub(super) limit: Limit,
    clock: C,
    /// All that this process let through, whoever allowed it, at the pace of the whole limit.
    own: Level<C>,
    /// What it may let through where it counts by itself.
    part: Mutex<Arc<Part<C>>>,
    /// How many of those in `own` Redis will hear of by themselves.
    untold: Arc<AtomicU64>,
}

/// Who counts what is used or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// This process: it is in its part.
    Part,
    /// All together: the part is none of theirs.
    All,
}

/// The part of a limit that one process counts, in one stretch of time.
struct Part<C: Ticks> {
    stretch: Stretch,
    max: NonZeroU32,
    limiter: RateLimiter<NotKeyed, Level<C>, C, StateInformationMiddleware>,
    level: Level<C>,
}

impl<C: Ticks> Bucket<C> {
    /// A full bucket: as many as the limit allows a minute, at once or spread over it.
    pub(super) fn new(limit: Limit, clock: C, stretch: Stretch) -> Self {
        let own = Level::new(limit.max, &clock, 0);
        let part = Mutex::new(Arc::new(Part::new(stretch, limit.max, &clock, 0)));
        Self { limit, clock, own, part, untold: Arc::default() }
    }

    /// Takes so many out, at least one, where this process counts by itself; what a whole bucket does not
    /// hold becomes a debt.
    pub(super) fn take(&self, count: u64, stretch: Stretch) -> Result<Told, Limited> {
        let part = self.part(stretch);
        let first = u32::try_from(count.max(1)).ok().and_then(NonZeroU32::new);
        let first = first.map_or(part.max, |first| first.min(part.max));
        let limited = |wait| Limited { limit: self.limit.clone(), share: part.max.get(), wait };
        let state = match part.limiter.check_n(first) {
            Ok(Ok(state)) => state,
            Ok(Err(until)) => return Err(limited(until.wait_time_from(self.clock.now()))),
            // Not reached: no more is asked for than the bucket holds.
            Err(_) => return Err(limited(Duration::from_secs(60))),
        };
        part.level.add(count.saturating_sub(u64::from(first.get())));
        self.own.add(count);
        let max = part.max.get();
        let remaining = state.remaining_burst_capacity().min(max);
        let gone = u64::from(max.saturating_sub(remaining));
        let reset = Duration::from_nanos(part.level.0.each.saturating_mul(gone));
        Ok(Told { kind: self.limit.kind, max, remaining, reset: Some(reset) })
    }

    /// Takes note of what all gateways together let through here.
    pub(super) fn note(&self, count: u64) {
        self.own.add(count);
    }

    /// Takes out what was used without being asked for: the level may fall below nothing, and whoever
    /// asks next waits for that.
    pub(super) fn charge(&self, count: u64, by: By) {
        self.own.add(count);
        if by == By::Part {
            self.current().level.add(count);
        }
    }

    /// Puts back what was taken and not used.
    pub(super) fn refund(&self, count: u64, by: By) {
        self.own.remove(count);
        if by == By::Part {
            self.current().level.remove(count);
        }
    }

    /// Until when what this process used is there again, as if it were alone: without what is on its way to
    /// Redis, which would count it once more.
    pub(super) fn own(&self) -> Duration {
        let untold = self.own.0.each.saturating_mul(self.untold.load(Ordering::Acquire));
        Duration::from_nanos(self.own.lag().saturating_sub(untold))
    }

    /// Takes note that so many are on their way to Redis, until the answer is dropped.
    pub(super) fn untold(&self, count: u64) -> Untold {
        self.untold.fetch_add(count, Ordering::AcqRel);
        Untold { untold: Arc::clone(&self.untold), count }
    }

    /// Whether nothing would be lost if this were forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.own.lag() == 0 && self.current().level.lag() == 0
    }

    fn current(&self) -> Arc<Part<C>> {
        Arc::clone(&self.part.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The part of a stretch. A new one begins with what this process used already: as much as its share
    /// holds, or its debt.
    fn part(&self, stretch: Stretch) -> Arc<Part<C>> {
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        if part.stretch != stretch {
            let lag = self.own.lag();
            let max = u128::from(self.limit.max.get());
            let share = u128::from(stretch.share(self.limit.max).get());
            let scaled = u64::try_from(u128::from(lag).saturating_mul(max) / share);
            let mut lag = scaled.unwrap_or(u64::MAX).min(MINUTE).max(lag);
            if part.stretch.gateways == stretch.gateways {
                // What was used of a share comes back at the pace of the share, and no faster for a Redis
                // that comes and goes.
                lag = lag.max(part.level.lag());
            }
            *part = Arc::new(Part::new(stretch, self.limit.max, &self.clock, lag));
        }
        Arc::clone(&part)
    }
}

/// Some of a bucket that are on their way to Redis.
#[derive(Debug)]
pub(super) struct Untold {
    untold: Arc<AtomicU64>,
    count: u64,
}

impl Drop for Untold {
    fn drop(&mut self) {
        self.untold.fetch_sub(self.count, Ordering::AcqRel);
    }
}

impl<C: Ticks> Part<C> {
    fn new(stretch: Stretch, whole: NonZeroU32, clock: &C, lag: u64) -> Self {
        let max = stretch.share(whole);
        let level = Level::new(max, clock, lag);
        let limiter = RateLimiter::new(Quota::per_minute(max), level.clone(), clock.clone());
        Self { stretch, max, limiter, level }
    }
}

/// Where governor keeps a bucket's level.
struct Level<C>(Arc<State<C>>);

impl<C> Clone for Level<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Times in nanoseconds since `start`.
struct State<C> {
    clock: C,
    start: u64,
    /// The time in which one piece comes back.
    each: u64,
    /// GCRA's theoretical arrival time: when the bucket is full again.
    arrival: AtomicU64,
}

impl<C: Ticks> Level<C> {
    fn new(max: NonZeroU32, clock: &C, lag: u64) -> Self {
        let each = Quota::per_minute(max).replenish_interval().as_nanos();
        Self(Arc::new(State {
            clock: clock.clone(),
            start: clock.now().as_u64(),
            each: u64::try_from(each).unwrap_or(u64::MAX),
            arrival: AtomicU64::new(lag),
        }))
    }

    /// How long it takes until the bucket is full.
    fn lag(&self) -> u64 {
        self.0.arrival.load(Ordering::Acquire).saturating_sub(self.0.now())
    }

    fn add(&self, count: u64) {
        let state = &self.0;
        let by = state.each.saturating_mul(count);
        state.move_arrival(|arrival| arrival.max(state.now()).saturating_add(by));
    }

    fn remove(&self, count: u64) {
        let state = &self.0;
        let by = state.each.saturating_mul(count);
        state.move_arrival(|arrival| arrival.saturating_sub(by));
    }
}

impl<C: Ticks> State<C> {
    fn now(&self) -> u64 {
        self.clock.now().as_u64().saturating_sub(self.start)
    }

    fn move_arrival(&self, to: impl Fn(u64) -> u64) {
        let mut arrival = self.arrival.load(Ordering::Acquire);
        while let Err(now) = self.arrival.compare_exchange_weak(
            arrival,
            to(arrival),
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            arrival = now;
        }
    }
}

impl<C: Ticks> StateStore for Level<C> {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let state = &self.0;
        let mut arrival = state.arrival.load(Ordering::Acquire);
        loop {
            let (told, next) = decide(Some(Nanos::from(arrival)))?;
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            let swapped =
                state.arrival.compare_exchange_weak(arrival, next.as_u64(), success, failure);
            match swapped {
                Ok(_) => return Ok(told),
                Err(now) => arrival = now,
            }
        }
    }
}
