//! A list of words, found in any case wherever they stand.

use crate::grams::{self, GRAM_BYTES, Grams};

/// The words and what each of them means.
pub(crate) struct Lexicon<T>(Option<Grams<Entry<T>>>);

#[derive(Clone, Copy)]
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
        let mut entries = Vec::new();
        for (word, value) in words {
            let offset = if by_end(value) { word.len().saturating_sub(GRAM_BYTES) } else { 0 };
            let entry = Entry { word, offset, value };
            add(&mut entries, word.get(offset..).unwrap_or(word).as_bytes(), entry);
        }
        Self(Grams::new(entries))
    }

    /// Tells every word, where it starts and ends, and what it means.
    pub(crate) fn each(&self, bytes: &[u8], mut hit: impl FnMut(usize, usize, T)) {
        let Some(grams) = &self.0 else { return };
        let mut look = |start: usize, gram: [u8; GRAM_BYTES]| {
            let hash = grams::hash(gram);
            if grams.has(hash) {
                compare(grams, hash, bytes, start, &mut hit);
            }
        };
        for (start, gram) in bytes.windows(GRAM_BYTES).enumerate() {
            if let Some(gram) = gram.first_chunk() {
                look(start, *gram);
            }
        }
        // The last places have less than a gram before the end.
        for start in bytes.len().saturating_sub(GRAM_BYTES - 1)..bytes.len() {
            let byte = |place: usize| bytes.get(start + place).copied().unwrap_or(0);
            look(start, [byte(0), byte(1), byte(2), 0]);
        }
    }
}

/// Adds a word for each gram that it can stand at: a shorter word ends where no letter or digit
/// follows.
fn add<T: Copy>(entries: &mut Vec<(u16, Entry<T>)>, gram: &[u8], entry: Entry<T>) {
    if let Some(gram) = gram.first_chunk::<GRAM_BYTES>() {
        let gram = gram.map(|byte| if byte == b'.' { b' ' } else { byte });
        entries.push((grams::hash(gram), entry));
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
            add(entries, &longer, entry);
        }
    }
}

#[inline(never)]
fn compare<T: Copy>(
    grams: &Grams<Entry<T>>,
    hash: u16,
    bytes: &[u8],
    place: usize,
    hit: &mut impl FnMut(usize, usize, T),
) {
    let mut last = None;
    for Entry { word, offset, value } in grams.with(hash) {
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

/// Whether a text is a word, in any case; a point in the word is a blank.
fn is_same(given: &[u8], word: &str) -> bool {
    given.len() == word.len()
        && given.iter().zip(word.bytes()).all(|(given, expected)| match expected {
            b'.' => *given == b' ',
            expected => given.eq_ignore_ascii_case(&expected),
        })
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
