//! Words near a match, within the bound that keeps every decision local.

use std::ops::Range;

use super::{LEFT_BYTES_MAX, RIGHT_BYTES_MAX};
use crate::text::Text;

/// Up to 64 words of ASCII in lower case, of two bytes and more, that are looked for together, in any case.
///
/// A word is a bit. Two bytes say which words may begin at a place, mostly none; only those are compared.
pub(super) struct Words {
    words: &'static [&'static str],
    first: [u64; ROWS],
    second: [u64; ROWS],
}

/// Capitals and small letters have the same lowest five bits.
const ROWS: usize = 32;

impl Words {
    #[expect(
        clippy::indexing_slicing,
        reason = "words are made when the program is compiled; const has no `get`"
    )]
    pub(super) const fn new(words: &'static [&'static str]) -> Self {
        assert!(words.len() <= 64, "a word for each bit");
        let (mut first, mut second) = ([0; ROWS], [0; ROWS]);
        let mut at = 0;
        while at < words.len() {
            let word = words[at].as_bytes();
            first[row(word[0])] |= 1 << at;
            second[row(word[1])] |= 1 << at;
            at += 1;
        }
        Self { words, first, second }
    }

    /// Whether one of the words stands in a text.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.any(text, |_, _| true)
    }

    /// Whether what is asked holds for one of the words and a place where it stands.
    pub(super) fn any(&self, text: &str, holds: impl Fn(&'static str, usize) -> bool) -> bool {
        let bits = |rows: &[u64; ROWS], byte: u8| rows.get(row(byte)).copied().unwrap_or(0);
        text.as_bytes().windows(2).enumerate().any(|(at, pair)| {
            let mut may = match pair {
                [one, two] => bits(&self.first, *one) & bits(&self.second, *two),
                _ => 0,
            };
            while may != 0 {
                let word =
                    self.words.get(may.trailing_zeros() as usize).copied().unwrap_or_default();
                if begins_with(text, at, word) && holds(word, at) {
                    return true;
                }
                may &= may - 1;
            }
            false
        })
    }
}

const fn row(byte: u8) -> usize {
    byte as usize % ROWS
}

/// What a rule may read before a match.
pub(super) fn before(text: Text<'_>, start: usize) -> &str {
    let [before, _] = text.window(&(start..start), LEFT_BYTES_MAX, 0);
    before.str()
}

/// Whether one of the words stands before a match.
pub(super) fn are_before(text: Text<'_>, start: usize, words: &Words) -> bool {
    words.are_in(before(text, start))
}

/// Whether one of a few words, which are in lower case, stands before or shortly after a match.
pub(super) fn is_near(text: Text<'_>, span: &Range<usize>, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let [before, after] = text.window(span, LEFT_BYTES_MAX, RIGHT_BYTES_MAX);
        contains(before.str(), word) || contains(after.str(), word)
    })
}

/// Whether a text has this word of lower-case ASCII, in any case.
pub(super) fn contains(text: &str, word: &str) -> bool {
    let first = word.bytes().next().unwrap_or_default();
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text.as_bytes())
        .any(|at| begins_with(text, at, word))
}

/// Whether a word stands at a place, in any case.
fn begins_with(text: &str, at: usize, word: &str) -> bool {
    let here = text.as_bytes().get(at..at + word.len());
    here.is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    static WORDS: Words = Words::new(&["badge", "bad", "no", "a_b"]);

    #[track_caller]
    fn check(text: &str, expected: &[(&str, usize)]) {
        let found = std::cell::RefCell::new(Vec::new());
        let told = WORDS.any(text, |word, at| {
            found.borrow_mut().push((word, at));
            false
        });
        assert!(!told);
        assert_eq!(*found.borrow(), expected, "{text}");
        assert_eq!(WORDS.are_in(text), !expected.is_empty());
        for word in WORDS.words {
            assert_eq!(contains(text, word), expected.iter().any(|(found, _)| found == word));
        }
    }

    #[test]
    fn words_are_found_in_any_case_wherever_they_stand() {
        check("", &[]);
        check("b", &[]);
        check("a Badge", &[("badge", 2), ("bad", 2)]);
        check("nO bad", &[("no", 0), ("bad", 3)]);
        // The lowest bits of these are those of the letters.
        check("\u{e}\u{f} .O A\u{7f}B", &[]);
        check("ba", &[]);
        check("éno", &[("no", 2)]);
    }
}
