//! How long calls took, as counts in buckets: what percentiles of any number of calls are read from.
//!
//! A bucket is a quarter of an octave of milliseconds, so what is read is at most a quarter above
//! what was measured. Counts can be added up over days, models and agents; percentiles cannot.

use std::collections::BTreeMap;

/// The bucket of a time. One for each of 0 to 3 ms, then four for each doubling.
pub(crate) fn bucket(ms: u64) -> u64 {
    match ms.checked_ilog2() {
        Some(octave) if octave >= 2 => u64::from(octave) * 4 + ((ms >> (octave - 2)) & 3) - 4,
        _ => ms,
    }
}

/// The longest time that falls into a bucket, in milliseconds.
fn longest(bucket: u64) -> u64 {
    if bucket < 4 {
        return bucket;
    }
    let (octave, quarter) = (bucket / 4 + 1, bucket % 4);
    let width = u32::try_from(octave - 2).ok().and_then(|by| 1_u64.checked_shl(by));
    // The last bucket ends with the numbers.
    let next = width.and_then(|width| (5 + quarter).checked_mul(width));
    next.map_or(u64::MAX, |next| next - 1)
}

/// Counts of calls by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Latency(BTreeMap<u64, u64>);

impl Latency {
    pub(crate) fn add(&mut self, bucket: u64, calls: u64) {
        let count = self.0.entry(bucket).or_default();
        *count = count.saturating_add(calls);
    }

    /// What so many of a thousand calls took at most, in milliseconds; `None` without a call.
    pub(crate) fn at_most(&self, permille: u64) -> Option<u64> {
        let all = self.0.values().fold(0_u64, |sum, calls| sum.saturating_add(*calls));
        let rank = u128::from(all).saturating_mul(u128::from(permille)).div_ceil(1000).max(1);
        let mut seen = 0_u128;
        let reached = |(_, calls): &(&u64, &u64)| {
            seen = seen.saturating_add(u128::from(**calls));
            seen >= rank
        };
        self.0.iter().find(reached).map(|(bucket, _)| longest(*bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_the_bucket_that_ends_at_it_or_at_most_a_quarter_later() {
        for ms in (0..5_000).chain((13..63).flat_map(|n| [(1 << n) - 1, 1 << n, (1 << n) + 1])) {
            let bucket = bucket(ms);
            assert!(longest(bucket) >= ms, "{ms}");
            assert!(longest(bucket) - ms <= ms / 4, "{ms} {bucket} {}", longest(bucket));
            assert!(bucket == 0 || longest(bucket - 1) < ms, "{ms}");
        }
        assert_eq!(longest(bucket(u64::MAX)), u64::MAX);
    }

    #[test]
    fn buckets_are_in_the_order_of_times() {
        let all: Vec<u64> = (0..10_000).map(bucket).collect();
        assert!(all.is_sorted() && all.windows(2).all(|pair| pair[1] - pair[0] <= 1));
    }

    #[test]
    fn percentiles_are_those_of_all_calls() {
        let mut latency = Latency::default();
        assert_eq!(latency.at_most(500), None);
        (1..=1_000).for_each(|ms| latency.add(bucket(ms), 1));
        // The 500th of a thousand is in 448..=511, the 990th in 896..=1023.
        assert_eq!((latency.at_most(500), latency.at_most(990)), (Some(511), Some(1_023)));
        assert_eq!((latency.at_most(0), latency.at_most(1_000)), (Some(1), Some(1_023)));
        latency.add(bucket(100_000), 9_000);
        assert_eq!(latency.at_most(500), Some(longest(bucket(100_000))));
    }
}
