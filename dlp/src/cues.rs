//! Words that make a number near them more or less likely to be what it looks like.
//!
//! One table holds the words of all detectors; each hit says what it speaks for. A window is
//! read only round a number that has passed what can be checked without.

mod words;

use std::sync::LazyLock;

use crate::{
    grams::{self, GRAM_BYTES, Grams},
    text::Text,
    tokens,
};
pub(crate) use words::Cue;

/// Bytes before a value that are searched for a word.
pub(crate) const LEFT_BYTES_MAX: usize = 72;
/// Bytes before a value that are enough for a word that must be within [`NEXT_BYTES`].
pub(crate) const SHORT_BYTES: usize = 44;
/// Bytes between a word and a value that stand side by side.
pub(crate) const NEXT_BYTES: usize = 20;
/// Bytes after it.
pub(crate) const RIGHT_BYTES_MAX: usize = 24;

/// Bytes before a word that are read to tell whether it is one, and none of a marker of ours.
pub(crate) const EDGE_BYTES: usize = NAME_BYTES_MAX + 2;
const NAME_BYTES_MAX: usize = 16;

/// A cue of so many letters may be part of a name such as `userPhoneNumber`; a shorter one must be
/// a whole word.
const INNER_LETTERS_MIN: usize = 5;
/// No word is so far.
const NONE: u8 = u8::MAX;

static WORDS: LazyLock<Option<Words>> = LazyLock::new(Words::new);

/// The words by how they begin; the short ones, of less than four bytes, apart.
struct Words {
    long: Grams<(&'static [u8], Cue)>,
    short: Grams<(&'static [u8], Cue)>,
}

impl Words {
    /// None when there are too many; the words then speak neither for nor against anything.
    fn new() -> Option<Self> {
        let rows = words::WORDS.iter().flat_map(|(cue, words)| words.iter().map(|w| (*cue, *w)));
        let entries = rows.map(|(cue, word)| (gram(word.as_bytes()), (word.as_bytes(), cue)));
        let (long, short) = entries.partition(|(_, (word, _))| word.len() >= GRAM_BYTES);
        Some(Self { long: Grams::new(long)?, short: Grams::new(short)? })
    }

    /// Tells every word that begins at a place of some bytes: its length and what it speaks for. Of the short
    /// ones only where one opens.
    fn at(&self, rest: &[u8], opens: bool, mut hit: impl FnMut(usize, Cue)) {
        let mut look = |words: &Grams<(&'static [u8], Cue)>, begins: &[u8]| {
            let hash = gram(begins);
            if words.has(hash) {
                for (word, cue) in words.with(hash) {
                    let here = rest.get(..word.len());
                    if here.is_some_and(|here| here.eq_ignore_ascii_case(word)) {
                        hit(word.len(), *cue);
                    }
                }
            }
        };
        if rest.len() >= GRAM_BYTES {
            look(&self.long, rest);
        }
        for length in (1..GRAM_BYTES).filter(|_| opens) {
            look(&self.short, rest.get(..length).unwrap_or_default());
        }
    }
}

/// The hash of the first bytes, with zeros behind the end.
fn gram(bytes: &[u8]) -> u16 {
    let byte = |place: usize| bytes.get(place).copied().unwrap_or(0);
    grams::hash([byte(0), byte(1), byte(2), byte(3)])
}

/// How far the nearest word of each cue is from a place, in bytes.
pub(crate) struct Near {
    distances: [u8; words::COUNT],
}

impl Near {
    /// Reads so many bytes before a place. Words of our own redaction markers are no cues, else
    /// redacting one value would betray the next.
    pub(crate) fn before(text: Text<'_>, place: usize, bytes: usize) -> Self {
        let [window, _] = text.window(&(place..place), bytes, 0);
        let from = place - window.bytes().len();
        Self::read(text, window, from, |_, end| place - end)
    }

    /// Reads what stands after a place.
    pub(crate) fn after(text: Text<'_>, place: usize) -> Self {
        let [_, window] = text.window(&(place..place), 0, RIGHT_BYTES_MAX);
        Self::read(text, window, place, |start, _| start - place)
    }

    fn read(
        text: Text<'_>,
        window: Text<'_>,
        from: usize,
        distance: impl Fn(usize, usize) -> usize,
    ) -> Self {
        let mut near = Self { distances: [NONE; words::COUNT] };
        let Some(words) = &*WORDS else { return near };
        // Between numbers there is mostly no word, and every word begins with a letter.
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80;
        for (place, byte) in window.bytes().iter().enumerate() {
            if !is_letter(byte) {
                continue;
            }
            let (start, rest) = (from + place, window.bytes().get(place..).unwrap_or_default());
            words.at(rest, opens(text, start), |length, cue| {
                let end = start + length;
                if !is_word(text, start, end) {
                    return;
                }
                let distance = u8::try_from(distance(start, end)).unwrap_or(NONE);
                if let Some(nearest) = near.distances.get_mut(cue as usize) {
                    *nearest = distance.min(*nearest);
                }
            });
        }
        near
    }

    /// How far a word of the cue is, if one is within so many bytes.
    pub(crate) fn of(&self, cue: Cue, bytes_max: usize) -> Option<u8> {
        let distance = self.distances.get(cue as usize).copied().unwrap_or(NONE);
        (distance != NONE && usize::from(distance) <= bytes_max).then_some(distance)
    }
}

/// Whether a hit is a word, a word of a name, or long enough to be one inside a name.
pub(crate) fn is_word(text: Text<'_>, start: usize, end: usize) -> bool {
    let after = text.at(end);
    let next_hump = after.is_ascii_uppercase() && text.before(end, 1).is_ascii_lowercase();
    let closes = !after.is_ascii_alphabetic() || next_hump;
    let name =
        text.run_back(start, NAME_BYTES_MAX, |byte| byte.is_ascii_uppercase() || byte == b'_');
    let marker = text.before(name, 1) == b'[' && is_token(text, name);
    ((opens(text, start) && closes) || end - start >= INNER_LETTERS_MIN) && !marker
}

/// Whether this is where the name of a whole token stands: what only begins like one is anybody's word.
fn is_token(text: Text<'_>, name: usize) -> bool {
    let from = name.checked_sub(tokens::OPENER.len());
    let rest = from.and_then(|from| text.str().get(from..));
    text.work.take(tokens::TOKEN_BYTES_MAX);
    rest.is_some_and(|rest| tokens::at_start(rest).is_some())
}

/// Whether a word may begin here: not in the middle of one.
fn opens(text: Text<'_>, start: usize) -> bool {
    let (before, first) = (text.before(start, 1), text.at(start));
    let hump = before.is_ascii_lowercase() && first.is_ascii_uppercase();
    !before.is_ascii_alphanumeric() || hump || !first.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Work;

    #[track_caller]
    fn check(window: &str, cue: Cue, expected: Option<u8>) {
        let work = Work::new(9_999);
        let text = Text::new(window, &work);
        let near = Near::before(text, window.len(), LEFT_BYTES_MAX);
        assert_eq!(near.of(cue, 96), expected, "{window}");
    }

    #[test]
    fn a_cue_is_a_word_and_never_our_own_marker() {
        check("my SSN: ", Cue::Ssn, Some(2));
        check("{\"user_ssn\": ", Cue::Ssn, Some(3));
        check("userSsn=", Cue::Ssn, Some(1));
        check("userPhoneNumber=", Cue::Phone, Some(7));
        check("session", Cue::Ssn, None);
        check("lessn ", Cue::Ssn, None);
        check("[[US_SSN:7f3k2q]] ", Cue::Ssn, None);
        check("[[PHONE:7f3k2q]] ", Cue::Phone, None);
        check("[[SSN: ", Cue::Ssn, Some(2));
        check("телефон ", Cue::Phone, Some(1));
    }

    #[test]
    fn the_words_are_compiled_and_each_speaks_for_something() {
        assert!(WORDS.is_some());
        assert_eq!(words::WORDS.len(), words::COUNT);
        for (at, (cue, words)) in words::WORDS.iter().enumerate() {
            assert!(*cue as usize == at && !words.is_empty());
            assert!(words.iter().all(|word| word.starts_with(char::is_alphabetic)), "{words:?}");
        }
    }
}
