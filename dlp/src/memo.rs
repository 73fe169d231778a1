//! What was found in texts that were searched before: each turn of a conversation, and each step of an
//! agent, brings all that was said in it again.
//!
//! INVARIANT: an inspection finds the same with it as without it, and is charged the same steps. Of a text
//! only its SHA-256 is kept.

use std::{
    collections::{HashMap, hash_map::Entry},
    mem,
    sync::{Arc, Mutex},
};

use ring::digest;

use crate::Finding;

/// A shorter text is searched about as fast as it is looked up.
const TEXT_BYTES_MIN: usize = 256;

/// Locks, so that threads seldom meet.
const SHARDS: usize = 8;

/// Texts and findings of one generation of a shard: with both generations of all shards some 16,000
/// texts, or as many findings: some MiB.
const WEIGHT_MAX: usize = 1024;

/// What was found in a whole text, and what the search cost.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Without a place: that is of the request.
    pub(crate) findings: Arc<[Finding]>,
    /// How many there were before those went that another one covers.
    pub(crate) candidates: usize,
    pub(crate) steps: u64,
}

/// A text by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; digest::SHA256_OUTPUT_LEN]);

/// Texts that were searched, the least used first to go.
#[derive(Default)]
pub(crate) struct Memo {
    shards: [Mutex<Shard>; SHARDS],
}

/// Those that were used since the older ones were left to be forgotten, and those.
#[derive(Default)]
struct Shard {
    young: HashMap<Key, Known>,
    old: HashMap<Key, Known>,
    /// Of the young.
    weight: usize,
}

impl Memo {
    /// None for a text that is not worth it.
    pub(crate) fn key(text: &str) -> Option<Key> {
        let hash = || digest::digest(&digest::SHA256, text.as_bytes()).as_ref().try_into().ok();
        (text.len() >= TEXT_BYTES_MIN).then(hash)?.map(Key)
    }

    pub(crate) fn get(&self, key: Key) -> Option<Known> {
        let mut shard = self.shard(key)?.lock().ok()?;
        if let Some(known) = shard.young.get(&key) {
            return Some(known.clone());
        }
        let known = shard.old.remove(&key)?;
        shard.add(key, known.clone());
        Some(known)
    }

    pub(crate) fn put(&self, key: Key, known: Known) {
        // What has more findings than that is seldom, and not slow to search for its length.
        if known.weight() > WEIGHT_MAX / 16 {
            return;
        }
        // A thread that panicked with the lock takes the memory of one shard along, nothing else.
        if let Some(Ok(mut shard)) = self.shard(key).map(Mutex::lock) {
            shard.add(key, known);
        }
    }

    fn shard(&self, Key(hash): Key) -> Option<&Mutex<Shard>> {
        let [first, ..] = hash;
        self.shards.get(usize::from(first) % SHARDS)
    }
}

impl Shard {
    fn add(&mut self, key: Key, known: Known) {
        let weight = known.weight();
        if self.weight + weight > WEIGHT_MAX {
            self.old = mem::take(&mut self.young);
            self.weight = 0;
        }
        if let Entry::Vacant(place) = self.young.entry(key) {
            place.insert(known);
            self.weight += weight;
        }
    }
}

impl Known {
    fn weight(&self) -> usize {
        1 + self.findings.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Memo::key(&format!("{number:0300}")).unwrap()
    }

    fn known(steps: u64) -> Known {
        Known { findings: Arc::default(), candidates: 0, steps }
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes_within_the_bound() {
        let memo = Memo::default();
        memo.put(key(0), known(7));
        let many = SHARDS * WEIGHT_MAX * 4;
        for number in 1..many {
            memo.put(key(number), known(1));
            assert!(memo.get(key(0)).is_some_and(|known| known.steps == 7), "{number}");
        }
        assert!(memo.get(key(1)).is_none(), "the oldest is forgotten");
        assert!(memo.get(key(many - 1)).is_some());
        let kept: usize = memo
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap())
            .map(|shard| shard.young.len() + shard.old.len())
            .sum();
        assert!(kept <= SHARDS * WEIGHT_MAX * 2, "{kept}");
    }

    #[test]
    fn a_short_text_is_not_worth_it() {
        assert!(Memo::key(&"a".repeat(TEXT_BYTES_MIN - 1)).is_none());
        assert!(Memo::key(&"a".repeat(TEXT_BYTES_MIN)).is_some());
    }
}
