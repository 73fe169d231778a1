//! How many attempts beyond the first may be made: a share of the requests, so that providers which
//! fail for everybody are not asked by everybody twice.

use std::time::Duration;

use crate::health::Moment;

/// A bucket of further attempts, as a value with the clock as argument. Each request adds a share of
/// one; each further attempt takes one. It is full at the start, and some come back with time, so
/// that a quiet gateway always has some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBudget {
    /// In thousandths of an attempt.
    left: u64,
    /// When time last added to it.
    filled: Moment,
}

/// One attempt.
const ONE: u64 = 1_000;
/// What a request adds: a tenth of an attempt.
const PER_REQUEST: u64 = ONE / 10;
/// What a second adds.
const PER_SECOND: u64 = ONE;
/// The most that is kept: a breaker takes some failures before it opens, and so do all of them.
const MOST: u64 = 100 * ONE;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { left: MOST, filled: Moment::ZERO }
    }
}

impl RetryBudget {
    /// A request comes.
    pub const fn request(&mut self) {
        self.add(PER_REQUEST);
    }

    /// Takes one further attempt, where there is one.
    pub fn take(&mut self, now: Moment) -> bool {
        let passed = now.saturating_sub(self.filled);
        let whole = Duration::from_secs(passed.as_secs());
        self.add(passed.as_secs().saturating_mul(PER_SECOND));
        self.filled = self.filled.saturating_add(whole).max(self.filled);
        let taken = self.left >= ONE;
        if taken {
            self.left -= ONE;
        }
        taken
    }

    /// Gives one back that was taken and not used.
    pub const fn give_back(&mut self) {
        self.add(ONE);
    }

    const fn add(&mut self, amount: u64) {
        let sum = self.left.saturating_add(amount);
        self.left = if sum > MOST { MOST } else { sum };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_a_tenth_of_the_requests() {
        let mut budget = RetryBudget::default();
        let taken = (0..1_000).filter(|_| budget.take(Moment::ZERO)).count();
        assert_eq!(taken, 100);
        let mut taken = 0;
        for _ in 0..1_000 {
            budget.request();
            taken += usize::from(budget.take(Moment::ZERO));
        }
        assert_eq!(taken, 100);
    }

    #[test]
    fn a_quiet_gateway_gets_one_back_each_second() {
        let mut budget = RetryBudget::default();
        while budget.take(Moment::ZERO) {}
        assert!(!budget.take(Duration::from_millis(999)));
        assert!(budget.take(Duration::from_millis(1_000)));
        assert!(!budget.take(Duration::from_millis(1_999)));
        assert!(budget.take(Duration::from_millis(2_000)));
    }

    proptest! {
        #[test]
        fn attempts_beyond_the_first_stay_within_the_share(
            steps in prop::collection::vec((any::<bool>(), 0..50_u64), 0..2_000),
        ) {
            let (mut budget, mut now) = (RetryBudget::default(), Moment::ZERO);
            let (mut requests, mut taken) = (0_u64, 0_u64);
            for (request, wait) in steps {
                now += Duration::from_millis(wait);
                if request {
                    budget.request();
                    requests += 1;
                } else {
                    taken += u64::from(budget.take(now));
                }
            }
            prop_assert!(taken <= 100 + requests / 10 + 1 + now.as_secs());
        }
    }
}
