//! One bucket: governor's decision on a level that can be moved afterwards.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
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

use super::{Limited, Told};

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

/// What is left of one limit of a kind that fills again.
pub(super) struct Bucket<C: Ticks> {
    limit: Limit,
    limiter: RateLimiter<NotKeyed, Level<C>, C, StateInformationMiddleware>,
    level: Level<C>,
    clock: C,
}

impl<C: Ticks> Bucket<C> {
    /// A full bucket: as many as the limit allows a minute, at once or spread over it.
    pub(super) fn new(limit: Limit, clock: C) -> Self {
        let quota = Quota::per_minute(limit.max);
        let level = Level(Arc::new(State {
            clock: clock.clone(),
            start: clock.now().as_u64(),
            each: u64::try_from(quota.replenish_interval().as_nanos()).unwrap_or(u64::MAX),
            arrival: AtomicU64::new(0),
        }));
        let limiter = RateLimiter::new(quota, level.clone(), clock.clone());
        Self { limit, limiter, level, clock }
    }

    /// Takes so many out, at least one; what a whole bucket does not hold becomes a debt.
    pub(super) fn take(&self, count: u64) -> Result<Told, Limited> {
        let max = self.limit.max;
        let first = u32::try_from(count.max(1)).ok().and_then(NonZeroU32::new);
        let first = first.map_or(max, |first| first.min(max));
        let limited = |wait| Limited { limit: self.limit.clone(), wait };
        let state = match self.limiter.check_n(first) {
            Ok(Ok(state)) => state,
            Ok(Err(until)) => return Err(limited(until.wait_time_from(self.clock.now()))),
            // Not reached: no more is asked for than the bucket holds.
            Err(_) => return Err(limited(Duration::from_secs(60))),
        };
        self.charge(count.saturating_sub(u64::from(first.get())));
        let remaining = state.remaining_burst_capacity().min(max.get());
        let gone = u64::from(max.get().saturating_sub(remaining));
        let reset = Duration::from_nanos(self.level.0.each.saturating_mul(gone));
        Ok(Told { kind: self.limit.kind, max: max.get(), remaining, reset: Some(reset) })
    }

    /// Takes out what was used without being asked for: the level may fall below nothing, and whoever
    /// asks next waits for that.
    pub(super) fn charge(&self, count: u64) {
        let state = &self.level.0;
        let by = state.each.saturating_mul(count);
        state.move_arrival(|arrival| arrival.max(state.now()).saturating_add(by));
    }

    /// Puts back what was taken and not used.
    pub(super) fn refund(&self, count: u64) {
        let state = &self.level.0;
        let by = state.each.saturating_mul(count);
        state.move_arrival(|arrival| arrival.saturating_sub(by));
    }

    /// Whether nothing would be lost if this were forgotten.
    pub(super) fn is_full(&self) -> bool {
        let state = &self.level.0;
        state.arrival.load(Ordering::Acquire) <= state.now()
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
