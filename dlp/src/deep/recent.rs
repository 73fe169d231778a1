//! The hashes of what was seen lately.

use std::collections::{BTreeSet, VecDeque};

/// So many hashes; the oldest gives way.
pub(super) struct Recent {
    max: usize,
    order: VecDeque<u64>,
    hashes: BTreeSet<u64>,
}

impl Recent {
    pub(super) const fn new(max: usize) -> Self {
        Self { max, order: VecDeque::new(), hashes: BTreeSet::new() }
    }

    /// Adds one; false where it is there.
    pub(super) fn add(&mut self, hash: u64) -> bool {
        if !self.hashes.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        true
    }

    pub(super) fn has(&self, hash: u64) -> bool {
        self.hashes.contains(&hash)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let mut recent = Recent::new(2);
        assert_eq!([1, 2, 1, 3].map(|hash| recent.add(hash)), [true, true, false, true]);
        assert_eq!(
            ([1, 2, 3].map(|hash| recent.has(hash)), recent.len()),
            ([false, true, true], 2)
        );
    }
}
