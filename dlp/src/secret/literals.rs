//! Finds a thousand literals in one pass, in any case.
//!
//! Four bytes at each place are looked up in a set of bits; few places pass it, and there the
//! literals that begin so are compared. Built in microseconds, unlike an automaton over as many
//! literals, and small enough to stay in the first cache; no place depends on what stood before it.

use std::ops::Range;

/// Literals of three bytes have a set of their own; no literal is shorter.
const SHORT_BYTES: usize = 3;
/// The lists of literals by the hash of their first bytes.
const BUCKETS: usize = 1 << 12;

/// A set of literals.
pub(super) struct Literals {
    patterns: Vec<&'static str>,
    /// Which hashes of four bytes begin a literal.
    long: Box<[u64; 1024]>,
    /// Which hashes of three bytes are one.
    short: Box<[u64; 1024]>,
    /// Where the literals of each bucket start in `order`.
    starts: Vec<u16>,
    order: Vec<u16>,
}

impl Literals {
    /// None for literals that are too short or too many.
    pub(super) fn new(patterns: Vec<&'static str>) -> Option<Self> {
        let count = u16::try_from(patterns.len()).ok()?;
        let mut literals = Self {
            patterns,
            long: Box::new([0; 1024]),
            short: Box::new([0; 1024]),
            starts: Vec::with_capacity(BUCKETS + 1),
            order: (0..count).collect(),
        };
        for pattern in &literals.patterns {
            let word = pattern.as_bytes().get(..SHORT_BYTES)?;
            match pattern.as_bytes() {
                [a, b, c, d, ..] => set(&mut literals.long, hash([*a, *b, *c, *d])),
                _ => set(&mut literals.short, hash_short(word.try_into().ok()?)),
            }
        }
        let bucket_of = |index: &u16| {
            let pattern = literals.patterns.get(usize::from(*index)).copied().unwrap_or_default();
            let word = pattern.as_bytes().get(..SHORT_BYTES).and_then(|word| word.try_into().ok());
            bucket(word.unwrap_or_default())
        };
        literals.order.sort_by_key(bucket_of);
        for number in 0..=BUCKETS {
            let start = literals.order.partition_point(|index| bucket_of(index) < number);
            literals.starts.push(u16::try_from(start).ok()?);
        }
        Some(literals)
    }

    /// Calls `found` with the number of a literal and where it stands, for all of them, in order of
    /// their starts; it says whether to go on.
    pub(super) fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, Range<usize>) -> bool) {
        let mut at = 0;
        let mut rest = bytes;
        while let [a, b, c, d, ..] = rest {
            let passes = has(&self.long, hash([*a, *b, *c, *d]))
                || has(&self.short, hash_short([*a, *b, *c]));
            if passes && !self.compare(bytes, at, &mut found) {
                return;
            }
            at += 1;
            rest = rest.get(1..).unwrap_or_default();
        }
        if rest.len() == SHORT_BYTES {
            self.compare(bytes, at, &mut found);
        }
    }

    /// Compares the literals that may stand here.
    #[inline(never)]
    fn compare(
        &self,
        bytes: &[u8],
        at: usize,
        found: &mut impl FnMut(usize, Range<usize>) -> bool,
    ) -> bool {
        let word = bytes.get(at..at + SHORT_BYTES).and_then(|word| word.try_into().ok());
        let number = bucket(word.unwrap_or_default());
        let edge = |number: usize| self.starts.get(number).copied().map_or(0, usize::from);
        for &index in self.order.get(edge(number)..edge(number + 1)).unwrap_or_default() {
            let index = usize::from(index);
            let Some(pattern) = self.patterns.get(index) else { continue };
            let end = at + pattern.len();
            let is_here = bytes
                .get(at..end)
                .is_some_and(|piece| piece.eq_ignore_ascii_case(pattern.as_bytes()));
            if is_here && !found(index, at..end) {
                return false;
            }
        }
        true
    }
}

/// A hash of 16 bits that is the same for capitals and small letters.
const fn hash(word: [u8; 4]) -> u16 {
    mix(u32::from_le_bytes(word) | 0x2020_2020)
}

const fn hash_short([a, b, c]: [u8; 3]) -> u16 {
    mix(u32::from_le_bytes([a, b, c, 0]) | 0x0020_2020)
}

fn bucket(word: [u8; 3]) -> usize {
    usize::from(hash_short(word) >> 4)
}

/// Knuth's multiplicative hash; the highest bits depend on all of the word.
const fn mix(word: u32) -> u16 {
    (word.wrapping_mul(0x9E37_79B1) >> 16) as u16
}

fn set(bits: &mut [u64; 1024], hash: u16) {
    if let Some(word) = bits.get_mut(usize::from(hash >> 6)) {
        *word |= 1 << (hash & 63);
    }
}

fn has(bits: &[u64; 1024], hash: u16) -> bool {
    bits.get(usize::from(hash >> 6)).is_some_and(|word| word & (1 << (hash & 63)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let literals = Literals::new(vec!["abc", "abcd", "token", "ken_", "_x_", "TOKEN"]).unwrap();
        let mut found = Vec::new();
        literals.each(text.as_bytes(), |index, span| {
            assert!(text[span].eq_ignore_ascii_case(literals.patterns[index]));
            found.push(literals.patterns[index]);
            true
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_literal_is_found_wherever_it_stands() {
        check("", &[]);
        check("ab", &[]);
        check("abc", &["abc"]);
        check("xABCDx", &["abc", "abcd"]);
        check("aToken_x_", &["token", "TOKEN", "ken_", "_x_"]);
        check("toke", &[]);
        check("éabc", &["abc"]);
    }

    #[test]
    fn a_literal_that_is_too_short_is_refused() {
        assert!(Literals::new(vec!["ab"]).is_none());
    }
}
