//! A list of words, found in any case wherever they stand.
//!
//! Each place of a text is looked up by the four bytes that begin there, in a set of bits that fits
//! the first cache; few places pass, and those are compared byte by byte. Building it costs some
//! hundred microseconds where an automaton over the same words takes milliseconds and megabytes.

/// Bytes by which a place is looked up.
const GRAM_BYTES: usize = 4;
/// ASCII letters differ by this bit only.
const LOWER: u32 = 0x2020_2020;
const BITS: usize = 1 << 16;

/// The words and what each of them means.
pub(crate) struct Lexicon<T> {
    bits: Box<[u64; BITS / 64]>,
    /// By the hash of their grams.
    entries: Vec<(u16, Entry<T>)>,
}

struct Entry<T> {
    word: &'static str,
    /// Where in the word its gram is.
    offset: usize,
    value: T,
}

impl<T: Copy> Lexicon<T> {
    /// The words are looked up by how they begin, or by how they end where `by_end` says so.
    pub(crate) fn new(
        words: impl Iterator<Item = (&'static str, T)>,
        by_end: impl Fn(T) -> bool,
    ) -> Self {
        let mut lexicon = Self { bits: Box::new([0; BITS / 64]), entries: Vec::new() };
        for (word, value) in words {
            let offset = if by_end(value) { word.len().saturating_sub(GRAM_BYTES) } else { 0 };
            let entry = || Entry { word, offset, value };
            lexicon.add(word.get(offset..).unwrap_or(word).as_bytes(), &entry);
        }
        lexicon.entries.sort_by_key(|(hash, _)| *hash);
        lexicon
    }

    /// Adds a word for each gram that it can stand at: a shorter word ends where no letter or digit
    /// follows.
    fn add(&mut self, gram: &[u8], entry: &impl Fn() -> Entry<T>) {
        if gram.len() >= GRAM_BYTES {
            let blank = |byte: u8| if byte == b'.' { b' ' } else { byte };
            let gram: Vec<u8> = gram.iter().copied().map(blank).collect();
            let hash = hash(gram_of(&gram));
            if let Some(bits) = self.bits.get_mut(usize::from(hash) / 64) {
                *bits |= 1 << (hash % 64);
            }
            self.entries.push((hash, entry()));
            return;
        }
        let mut longer = gram.to_vec();
        longer.push(0);
        for byte in (0..128_u8).filter(|byte| !byte.is_ascii_alphanumeric()) {
            if let Some(last) = longer.last_mut() {
                *last = byte;
            }
            // What follows a delimiter does not matter.
            if longer.len() == GRAM_BYTES {
                self.add(&longer.clone(), entry);
            }
        }
    }

    /// Tells every word, where it starts and ends, and what it means.
    pub(crate) fn each(&self, bytes: &[u8], mut hit: impl FnMut(usize, usize, T)) {
        let mut look = |start: usize, gram: u32| {
            let hash = hash(gram);
            let bits = self.bits.get(usize::from(hash) / 64).copied().unwrap_or(0);
            if bits >> (hash % 64) & 1 == 1 {
                self.compare(bytes, start, hash, &mut hit);
            }
        };
        for (start, gram) in bytes.windows(GRAM_BYTES).enumerate() {
            look(start, gram_of(gram));
        }
        // The last places have less than a gram before the end.
        for start in bytes.len().saturating_sub(GRAM_BYTES - 1)..bytes.len() {
            look(start, gram_of(bytes.get(start..).unwrap_or_default()));
        }
    }

    #[cold]
    fn compare(
        &self,
        bytes: &[u8],
        place: usize,
        hash: u16,
        hit: &mut impl FnMut(usize, usize, T),
    ) {
        let first = self.entries.partition_point(|(other, _)| *other < hash);
        let same = self.entries.iter().skip(first).take_while(|(other, _)| *other == hash);
        let mut last = None;
        for (_, Entry { word, offset, value }) in same {
            let Some(start) = place.checked_sub(*offset) else { continue };
            let end = start + word.len();
            let given = bytes.get(start..end).unwrap_or_default();
            // A short word has several grams of one hash.
            if is_same(given, word) && last != Some(word.as_ptr()) {
                last = Some(word.as_ptr());
                hit(start, end, *value);
            }
        }
    }
}

/// Whether a text is a word, in any case; a point in the word is a blank.
fn is_same(given: &[u8], word: &str) -> bool {
    given.len() == word.len()
        && given.iter().zip(word.bytes()).all(|(given, expected)| match expected {
            b'.' => *given == b' ',
            expected => given.eq_ignore_ascii_case(&expected),
        })
}

/// The first four bytes in lower case, zeros where there are fewer.
fn gram_of(bytes: &[u8]) -> u32 {
    let gram = match bytes {
        [a, b, c, d, ..] => [*a, *b, *c, *d],
        [a, b, c] => [*a, *b, *c, 0],
        [a, b] => [*a, *b, 0, 0],
        [a] => [*a, 0, 0, 0],
        [] => [0; 4],
    };
    u32::from_le_bytes(gram) | LOWER
}

/// The upper half of a product with a number near the golden ratio (Knuth, volume 3, section 6.4).
fn hash(gram: u32) -> u16 {
    u16::try_from(gram.wrapping_mul(0x9E37_79B1) >> 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, usize, u8)]) {
        let words = [("gout", 1), ("heart.attack", 2), ("hiv", 3), ("pril", 4), ("mab", 5)];
        let lexicon = Lexicon::new(words.into_iter(), |value| value > 3);
        let mut hits = Vec::new();
        lexicon.each(text.as_bytes(), |start, end, value| hits.push((start, end, value)));
        assert_eq!(hits, expected, "{text}");
    }

    #[test]
    fn words_are_found_in_any_case_at_every_place() {
        check("gout", &[(0, 4, 1)]);
        check("a GoUt, a heart Attack", &[(2, 6, 1), (10, 22, 2)]);
        check("HIV hiv. hiv", &[(0, 3, 3), (4, 7, 3), (9, 12, 3)]);
        check("ramipril rituximab", &[(4, 8, 4), (15, 18, 5)]);
        check("hive heart-attack gou", &[]);
        check("", &[]);
    }
}
