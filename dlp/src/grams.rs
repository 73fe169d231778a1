//! What begins with which four bytes, in any case: a set of bits that fits the first cache, which few places
//! of a text pass, and behind it what begins so. Built in microseconds, unlike an automaton over as many
//! words, and no place depends on what stood before it.

/// The bytes by which a place is looked up.
pub(crate) const GRAM_BYTES: usize = 4;

/// ASCII letters differ by this bit only.
const LOWER: u32 = 0x2020_2020;

/// Entries are found by the higher bits of their hash.
const BUCKETS: usize = 1 << 12;

/// Entries by the hash of four bytes.
pub(crate) struct Grams<E> {
    /// Which hashes have an entry.
    bits: Box<[u64; 1 << 10]>,
    /// Where the entries of each bucket start.
    starts: Vec<u16>,
    entries: Vec<(u16, E)>,
}

impl<E> Grams<E> {
    /// None for more entries than can be counted in 16 bits. Those of one hash keep their order.
    pub(crate) fn new(mut entries: Vec<(u16, E)>) -> Option<Self> {
        let mut bits = Box::new([0; _]);
        for (hash, _) in &entries {
            if let Some(word) = bits.get_mut(usize::from(hash >> 6)) {
                *word |= 1 << (hash & 63);
            }
        }
        entries.sort_by_key(|(hash, _)| *hash);
        let start = |number| entries.partition_point(|(hash, _)| bucket(*hash) < number);
        let starts = (0..=BUCKETS).map(|number| u16::try_from(start(number)).ok());
        Some(Self { bits, starts: starts.collect::<Option<_>>()?, entries })
    }

    /// Whether anything has this hash.
    pub(crate) fn has(&self, hash: u16) -> bool {
        self.bits.get(usize::from(hash >> 6)).is_some_and(|word| word & (1 << (hash & 63)) != 0)
    }

    /// What has this hash.
    pub(crate) fn with(&self, hash: u16) -> impl Iterator<Item = &E> {
        let edge = |number: usize| self.starts.get(number).copied().map_or(0, usize::from);
        let near = self.entries.get(edge(bucket(hash))..edge(bucket(hash) + 1));
        let near = near.unwrap_or_default().iter();
        near.filter(move |(other, _)| *other == hash).map(|(_, entry)| entry)
    }
}

/// A hash of 16 bits that is the same for capitals and small letters: the upper half of a product with a
/// number near the golden ratio (Knuth, volume 3, section 6.4).
pub(crate) const fn hash(gram: [u8; GRAM_BYTES]) -> u16 {
    ((u32::from_le_bytes(gram) | LOWER).wrapping_mul(0x9E37_79B1) >> 16) as u16
}

fn bucket(hash: u16) -> usize {
    usize::from(hash >> 4)
}
