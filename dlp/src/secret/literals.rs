//! Finds a thousand literals in one pass, in any case.
//!
//! Four bytes at each place are looked up in a set of bits; few places pass it, and there the
//! literals that begin so are compared. Built in microseconds, unlike an automaton over as many
//! literals, and small enough to stay in the first cache; no place depends on what stood before it.

use std::ops::Range;

/// The lists of literals by the hash of their first bytes.
const BUCKETS: usize = 1 << 12;

/// A set of literals; those of three bytes have a table of their own, and none is shorter.
pub(super) struct Literals {
    short: Table,
    long: Table,
}

/// Literals by a hash of how they begin.
struct Table {
    /// Which hashes begin one.
    bits: Box<[u64; 1024]>,
    /// Where the literals of each bucket start in `entries`.
    starts: Vec<u16>,
    /// The literals with their numbers.
    entries: Vec<(&'static str, u16)>,
}

impl Literals {
    /// None for literals that are too short or too many.
    pub(super) fn new(patterns: Vec<&'static str>) -> Option<Self> {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for (number, pattern) in (0_u16..).zip(&patterns) {
            match pattern.as_bytes() {
                [a, b, c] => short.push((hash_short([*a, *b, *c]), *pattern, number)),
                [a, b, c, d, ..] => long.push((hash([*a, *b, *c, *d]), *pattern, number)),
                _ => return None,
            }
        }
        u16::try_from(patterns.len()).ok()?;
        Some(Self { short: Table::new(short)?, long: Table::new(long)? })
    }

    /// Calls `found` with the number of a literal and where it stands, for all of them, in order of
    /// their starts; it says whether to go on.
    pub(super) fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, Range<usize>) -> bool) {
        let mut at = 0;
        let mut rest = bytes;
        while let [a, b, c, after @ ..] = rest {
            let short = hash_short([*a, *b, *c]);
            if self.short.has(short) && !self.short.compare(short, bytes, at, &mut found) {
                return;
            }
            if let [d, ..] = after {
                let long = hash([*a, *b, *c, *d]);
                if self.long.has(long) && !self.long.compare(long, bytes, at, &mut found) {
                    return;
                }
            }
            at += 1;
            rest = rest.get(1..).unwrap_or_default();
        }
    }
}

impl Table {
    fn new(mut literals: Vec<(u16, &'static str, u16)>) -> Option<Self> {
        let mut bits = Box::new([0; 1024]);
        for (hash, ..) in &literals {
            if let Some(word) = bits.get_mut(usize::from(hash >> 6)) {
                *word |= 1 << (hash & 63);
            }
        }
        literals.sort_by_key(|(hash, ..)| bucket(*hash));
        let start = |number| literals.partition_point(|(hash, ..)| bucket(*hash) < number);
        let starts = (0..=BUCKETS).map(|number| u16::try_from(start(number)).ok());
        let starts = starts.collect::<Option<_>>()?;
        let entries = literals.into_iter().map(|(_, pattern, number)| (pattern, number)).collect();
        Some(Self { bits, starts, entries })
    }

    fn has(&self, hash: u16) -> bool {
        self.bits.get(usize::from(hash >> 6)).is_some_and(|word| word & (1 << (hash & 63)) != 0)
    }

    /// Compares the literals that may stand here.
    #[inline(never)]
    fn compare(
        &self,
        hash: u16,
        bytes: &[u8],
        at: usize,
        found: &mut impl FnMut(usize, Range<usize>) -> bool,
    ) -> bool {
        let edge = |number: usize| self.starts.get(number).copied().map_or(0, usize::from);
        let entries = edge(bucket(hash))..edge(bucket(hash) + 1);
        self.entries.get(entries).unwrap_or_default().iter().all(|(pattern, number)| {
            let end = at + pattern.len();
            let here = bytes.get(at..end);
            let is_here = here.is_some_and(|here| {
                let [ends, same] = [here, pattern.as_bytes()].map(<[u8]>::last);
                // Those of one list begin alike.
                ends.zip(same).is_some_and(|(end, same)| end.eq_ignore_ascii_case(same))
                    && here.eq_ignore_ascii_case(pattern.as_bytes())
            });
            !is_here || found(usize::from(*number), at..end)
        })
    }
}

/// A hash of 16 bits that is the same for capitals and small letters.
const fn hash(word: [u8; 4]) -> u16 {
    mix(u32::from_le_bytes(word) | 0x2020_2020)
}

const fn hash_short([a, b, c]: [u8; 3]) -> u16 {
    mix(u32::from_le_bytes([a, b, c, 0]) | 0x0020_2020)
}

fn bucket(hash: u16) -> usize {
    usize::from(hash >> 4)
}

/// Knuth's multiplicative hash; the highest bits depend on all of the word.
const fn mix(word: u32) -> u16 {
    (word.wrapping_mul(0x9E37_79B1) >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        const PATTERNS: [&str; 6] = ["abc", "abcd", "token", "ken_", "_x_", "TOKEN"];
        let literals = Literals::new(PATTERNS.to_vec()).unwrap();
        let mut found = Vec::new();
        literals.each(text.as_bytes(), |index, span| {
            assert!(text[span].eq_ignore_ascii_case(PATTERNS[index]));
            found.push(PATTERNS[index]);
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
