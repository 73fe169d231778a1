//! The counter of one slice in memory: admission by compare-and-swap.

use std::sync::atomic::{AtomicI64, Ordering};

use types::Nanos;

/// What is free of one slice, counted in the process that holds it.
///
/// The books learn of everything later, in the order of a queue (the journal). Three rules of whoever
/// uses a fund make that safe, because then the slice's row has at every point of the queue at least
/// what memory could still give, and nothing comes behind its close:
///
/// 1. carve before the hold is queued, and say [`Fund::landed`] after it is;
/// 2. give only after the settlement is queued that frees the money;
/// 3. queue [`crate::Op::CloseSlice`] where [`Fund::close`], [`Fund::landed`] or a refused
///    [`Fund::carve`] says so. It may come to that twice, which the books do not mind.
///
/// `budget/tests/fund.rs` runs every interleaving of that against [`crate::Books`].
///
/// INVARIANT: `free` is [`CLOSED`], for good, or what was added less what is carved, not negative.
#[derive(Debug)]
pub struct Fund<C: Counter = AtomicI64> {
    free: C,
    /// Carves that are not in the queue yet, and those that are being tried.
    pending: C,
}

/// An amount that no open fund has.
const CLOSED: i64 = i64::MIN;

/// A 64-bit counter that threads share: the standard library's, or that of the test which runs every
/// interleaving.
pub trait Counter {
    /// A counter that stands at `value`.
    fn new(value: i64) -> Self;
    /// Where it stands.
    fn load(&self) -> i64;
    /// Moves it from one value to another.
    ///
    /// # Errors
    /// Where it stands instead of `from`.
    fn exchange(&self, from: i64, to: i64) -> Result<i64, i64>;
    /// Adds, wrapping, and says where it stood before. With 0 it is a read that every earlier and
    /// every later change of any thread is ordered against.
    fn add(&self, by: i64) -> i64;
}

impl Counter for AtomicI64 {
    fn new(value: i64) -> Self {
        Self::new(value)
    }

    fn load(&self) -> i64 {
        self.load(Ordering::Acquire)
    }

    fn exchange(&self, from: i64, to: i64) -> Result<i64, i64> {
        self.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
    }

    fn add(&self, by: i64) -> i64 {
        self.fetch_add(by, Ordering::AcqRel)
    }
}

/// A fund that has less than was asked for, or is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the slice in memory has less than is asked for")]
pub struct Short {
    /// The fund is closed and nothing is pending: whoever reads this queues the close.
    pub last: bool,
}

impl<C: Counter> Fund<C> {
    /// A fund with all that its slice holds. A negative amount counts as nothing.
    pub fn new(size: Nanos) -> Self {
        Self { free: C::new(size.0.max(0)), pending: C::new(0) }
    }

    /// Takes an amount out, for a hold that is queued next. A negative amount counts as nothing.
    ///
    /// # Errors
    /// [`Short`]; then nothing was taken out, and there is nothing to land.
    pub fn carve(&self, amount: Nanos) -> Result<(), Short> {
        // INVARIANT: counted before the compare-and-swap. The other way round a closer could find
        // nothing pending in between, and its close would be queued before this hold.
        self.pending.add(1);
        let amount = amount.0.max(0);
        let mut free = self.free.load();
        loop {
            // `CLOSED` is less than any amount.
            if free < amount {
                return Err(Short { last: self.landed() });
            }
            match self.free.exchange(free, free.saturating_sub(amount)) {
                Ok(_) => return Ok(()),
                Err(now) => free = now,
            }
        }
    }

    /// Says that the hold of a carve is queued, or that it never will be and its money was given
    /// back. True: the fund is closed and nothing is pending, so the caller queues the close.
    #[must_use = "true asks for the close to be queued"]
    pub fn landed(&self) -> bool {
        self.pending.add(-1) == 1 && self.is_closed()
    }

    /// Puts back what a hold freed. Nothing where the fund is closed: then the books have it.
    pub fn give(&self, amount: Nanos) {
        let amount = amount.0.max(0);
        let mut free = self.free.load();
        while free != CLOSED {
            match self.free.exchange(free, free.saturating_add(amount)) {
                Ok(_) => return,
                Err(now) => free = now,
            }
        }
    }

    /// Ends admission. The books give back what is left, so no amount is carried around. True: nothing
    /// is pending, so the caller queues the close.
    #[must_use = "true asks for the close to be queued"]
    pub fn close(&self) -> bool {
        let mut free = self.free.load();
        while free != CLOSED {
            match self.free.exchange(free, CLOSED) {
                Ok(_) => break,
                Err(now) => free = now,
            }
        }
        // INVARIANT: an addition, not a load. Of two threads that each write one counter and then
        // load the other, both may read the old value, and then nobody would queue the close.
        self.pending.add(0) == 0
    }

    /// What can still be carved; nothing once it is closed.
    pub fn free(&self) -> Nanos {
        Nanos(self.free.load().max(0))
    }

    /// Whether admission has ended.
    pub fn is_closed(&self) -> bool {
        self.free.load() == CLOSED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carved_is_gone_until_it_is_given_back() {
        let fund: Fund = Fund::new(Nanos(100));
        assert_eq!(fund.carve(Nanos(60)), Ok(()));
        assert_eq!(fund.carve(Nanos(41)), Err(Short { last: false }));
        assert_eq!((fund.carve(Nanos(40)), fund.free()), (Ok(()), Nanos(0)));
        assert!(!fund.landed() && !fund.landed());
        fund.give(Nanos(7));
        assert_eq!((fund.free(), fund.carve(Nanos(7))), (Nanos(7), Ok(())));
    }

    #[test]
    fn an_amount_of_nothing_or_less_moves_nothing() {
        let fund: Fund = Fund::new(Nanos(-1));
        assert_eq!((fund.carve(Nanos(0)), fund.carve(Nanos(-5))), (Ok(()), Ok(())));
        fund.give(Nanos(-5));
        assert_eq!(fund.free(), Nanos(0));
    }

    #[test]
    fn who_lands_last_in_a_closed_fund_closes_the_slice() {
        let fund: Fund = Fund::new(Nanos(100));
        fund.carve(Nanos(10)).unwrap();
        fund.carve(Nanos(10)).unwrap();
        assert!(!fund.close(), "two holds are still to be queued");
        assert_eq!(fund.carve(Nanos(0)), Err(Short { last: false }));
        fund.give(Nanos(50));
        assert_eq!((fund.free(), fund.is_closed()), (Nanos(0), true));
        assert!(!fund.landed());
        assert!(fund.landed(), "nothing can come behind");
        assert_eq!(fund.carve(Nanos(0)), Err(Short { last: true }));
        assert!(fund.close(), "twice does no harm");
    }
}
