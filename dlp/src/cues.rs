//! Words that make a number near them more or less likely to be what it looks like.
//!
//! One automaton holds the words of all detectors; each hit says what it speaks for. A window is
//! read only round a number that has passed what can be checked without.

mod words;

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;

use crate::text::Text;
pub(crate) use words::Cue;

/// Bytes before a value that are searched for a word.
pub(crate) const LEFT_BYTES_MAX: usize = 96;
/// Bytes after it.
pub(crate) const RIGHT_BYTES_MAX: usize = 24;

/// A cue of so many letters may be part of a name such as `userPhoneNumber`; a shorter one must be
/// a whole word.
const INNER_LETTERS_MIN: usize = 5;
/// No word is so far.
const NONE: u8 = u8::MAX;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let rows = || words::WORDS.iter().flat_map(|(cue, words)| words.iter().map(|w| (*cue, *w)));
    let words = rows().map(|(_, word)| word);
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok();
    Words { automaton, cues: rows().map(|(cue, _)| cue).collect() }
});

struct Words {
    /// None when it cannot be built; the words then speak neither for nor against anything.
    automaton: Option<AhoCorasick>,
    /// What each of its patterns speaks for.
    cues: Vec<Cue>,
}

/// How far the nearest word of each cue is from one value, in bytes.
pub(crate) struct Near {
    left: [u8; words::COUNT],
    right: [u8; words::COUNT],
}

impl Near {
    /// Reads both windows. Words of our own redaction markers are no cues, else redacting one
    /// value would betray the next.
    pub(crate) fn read(text: Text<'_>, span: &Range<usize>) -> Self {
        let mut near = Self { left: [NONE; words::COUNT], right: [NONE; words::COUNT] };
        let Some(words) = &WORDS.automaton else { return near };
        let [left, right] = text.window(span, LEFT_BYTES_MAX, RIGHT_BYTES_MAX);
        let from = span.start - left.bytes().len();
        for (side, window, offset) in [(0, left, from), (1, right, span.end)] {
            for hit in words.find_overlapping_iter(window.bytes()) {
                let (start, end) = (hit.start() + offset, hit.end() + offset);
                if !is_word(text, start, end) {
                    continue;
                }
                let (distances, distance) = if side == 0 {
                    (&mut near.left, span.start - end)
                } else {
                    (&mut near.right, start - span.end)
                };
                let cue = WORDS.cues.get(hit.pattern().as_usize()).map_or(0, |cue| *cue as usize);
                let distance = u8::try_from(distance).unwrap_or(NONE);
                if let Some(nearest) = distances.get_mut(cue) {
                    *nearest = distance.min(*nearest);
                }
            }
        }
        near
    }

    /// How far a word of the cue is before the value, if one is within so many bytes.
    pub(crate) fn left(&self, cue: Cue, bytes_max: u8) -> Option<u8> {
        self.left.get(cue as usize).copied().filter(|distance| *distance <= bytes_max)
    }

    /// How far a word of the cue is after the value, if one is within so many bytes.
    pub(crate) fn right(&self, cue: Cue, bytes_max: u8) -> Option<u8> {
        self.right.get(cue as usize).copied().filter(|distance| *distance <= bytes_max)
    }
}

/// Whether a hit is a word, a word of a name, or long enough to be one inside a name.
pub(crate) fn is_word(text: Text<'_>, start: usize, end: usize) -> bool {
    let (before, first) = (text.before(start, 1), text.at(start));
    let hump = before.is_ascii_lowercase() && first.is_ascii_uppercase();
    let opens = !before.is_ascii_alphanumeric() || hump || !first.is_ascii_alphanumeric();
    let after = text.at(end);
    let next_hump = after.is_ascii_uppercase() && text.before(end, 1).is_ascii_lowercase();
    let closes = !after.is_ascii_alphabetic() || next_hump;
    let name = text.run_back(start, 16, |byte| byte.is_ascii_uppercase() || byte == b'_');
    let marker = text.before(name, 1) == b'[' && text.before(name, 2) == b'[';
    ((opens && closes) || end - start >= INNER_LETTERS_MIN) && !marker
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Work;

    #[track_caller]
    fn check(window: &str, cue: Cue, expected: Option<u8>) {
        let work = Work::new(9_999);
        let text = Text::new(window, &work);
        let near = Near::read(text, &(window.len()..window.len()));
        assert_eq!(near.left(cue, 96), expected, "{window}");
    }

    #[test]
    fn a_cue_is_a_word_and_never_our_own_marker() {
        check("my SSN: ", Cue::Ssn, Some(2));
        check("{\"user_ssn\": ", Cue::Ssn, Some(3));
        check("userSsn=", Cue::Ssn, Some(1));
        check("userPhoneNumber=", Cue::Phone, Some(7));
        check("session", Cue::Ssn, None);
        check("lessn ", Cue::Ssn, None);
        check("[[US_SSN:1]] ", Cue::Ssn, None);
        check("[[PHONE:1]] ", Cue::Phone, None);
        check("телефон ", Cue::Phone, Some(1));
    }

    #[test]
    fn the_words_are_compiled_and_each_speaks_for_something() {
        assert!(WORDS.automaton.is_some());
        assert_eq!(words::WORDS.len(), words::COUNT);
        for (at, (cue, words)) in words::WORDS.iter().enumerate() {
            assert!(*cue as usize == at && !words.is_empty());
        }
    }
}
