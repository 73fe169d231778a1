//! How long calls took, as counts in buckets: what percentiles of any number of calls are read from.
//!
//! A bucket is a quarter of an octave of milliseconds, so what is read is at most a quarter above
//! what was measured. Counts can be added up over days, models and agents; percentiles cannot.

use std::collections::BTreeMap;

/// A quarter of a doubling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bucket {
    /// 0 is of less than 4 ms, 1 of 4 to 7 ms, and so on.
    pub(crate) octave: u64,
    /// From 0 to 3.
    pub(crate) quarter: usize,
}

/// The columns of an octave's four buckets, in their order.
pub(crate) const QUARTERS: [&str; 4] = ["q1", "q2", "q3", "q4"];

/// How many calls are in each bucket of an octave.
pub(crate) type Quarters = [u64; QUARTERS.len()];

/// The bucket of a time.
pub(crate) fn bucket(ms: u64) -> Bucket {
    let octave = u64::from(ms.checked_ilog2().unwrap_or(0).saturating_sub(1));
    let quarter = ms >> octave.saturating_sub(1) & 3;
    Bucket { octave, quarter: usize::try_from(quarter).unwrap_or(0) }
}

impl Bucket {
    /// One call in it.
    pub(crate) fn one(self) -> Quarters {
        std::array::from_fn(|quarter| u64::from(quarter == self.quarter))
    }

    /// The longest time that falls into it, in milliseconds.
    fn longest(self) -> u64 {
        let quarter = u64::try_from(self.quarter).unwrap_or(0);
        let Some(doublings) = self.octave.checked_sub(1) else { return quarter };
        let width = u32::try_from(doublings).ok().and_then(|by| 1_u64.checked_shl(by));
        // The last bucket ends with the numbers.
        let next = width.and_then(|width| (5 + quarter).checked_mul(width));
        next.map_or(u64::MAX, |next| next - 1)
    }
}

/// Counts of calls by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Latency(BTreeMap<Bucket, u64>);

impl Latency {
    /// Adds the counts of an octave.
    pub(crate) fn add(&mut self, octave: u64, quarters: Quarters) {
        for (quarter, calls) in quarters.into_iter().enumerate() {
            let count = self.0.entry(Bucket { octave, quarter }).or_default();
            *count = count.saturating_add(calls);
        }
    }

    /// What so many of a thousand calls took at most, in milliseconds; `None` without a call.
    pub(crate) fn at_most(&self, permille: u64) -> Option<u64> {
        let all = self.0.values().fold(0_u64, |sum, calls| sum.saturating_add(*calls));
        let rank = u128::from(all).saturating_mul(u128::from(permille)).div_ceil(1000).max(1);
        let mut seen = 0_u128;
        let reached = |(_, calls): &(&Bucket, &u64)| {
            seen = seen.saturating_add(u128::from(**calls));
            seen >= rank
        };
        self.0.iter().find(reached).map(|(bucket, _)| bucket.longest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_the_bucket_that_ends_at_it_or_at_most_a_quarter_later() {
        let mut before: Option<Bucket> = None;
        for ms in (0..5_000).chain((13..63).flat_map(|n| [(1 << n) - 1, 1 << n, (1 << n) + 1])) {
            let bucket = bucket(ms);
            let longest = bucket.longest();
            assert!(longest >= ms, "{ms}");
            assert!(longest - ms <= ms / 4, "{ms} {bucket:?} {longest}");
            if let Some(before) = before.filter(|before| *before != bucket) {
                assert!(before < bucket && before.longest() < ms, "{ms}");
            }
            before = Some(bucket);
        }
        assert_eq!(bucket(u64::MAX).longest(), u64::MAX);
    }

    #[test]
    fn an_octave_has_four_buckets() {
        let of = |ms| (bucket(ms).octave, bucket(ms).quarter);
        assert_eq!([0, 1, 2, 3].map(of), [(0, 0), (0, 1), (0, 2), (0, 3)]);
        assert_eq!([4, 5, 6, 7].map(of), [(1, 0), (1, 1), (1, 2), (1, 3)]);
        assert_eq!([8, 9, 10, 12, 15].map(of), [(2, 0), (2, 0), (2, 1), (2, 2), (2, 3)]);
        assert_eq!([1_023, 1_024].map(of), [(8, 3), (9, 0)]);
        assert_eq!(of(u64::MAX), (62, 3));
    }

    fn add(latency: &mut Latency, ms: u64, calls: u64) {
        latency.add(bucket(ms).octave, bucket(ms).one().map(|one| one * calls));
    }

    #[test]
    fn percentiles_are_those_of_all_calls() {
        let mut latency = Latency::default();
        assert_eq!(latency.at_most(500), None);
        (1..=1_000).for_each(|ms| add(&mut latency, ms, 1));
        // The 500th of a thousand is in 448..=511, the 990th in 896..=1023.
        assert_eq!((latency.at_most(500), latency.at_most(990)), (Some(511), Some(1_023)));
        assert_eq!((latency.at_most(0), latency.at_most(1_000)), (Some(1), Some(1_023)));
        add(&mut latency, 100_000, 9_000);
        assert_eq!(latency.at_most(500), Some(bucket(100_000).longest()));
    }
}
