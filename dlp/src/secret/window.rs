//! Words near a match, within the bound that keeps every decision local.

use std::ops::Range;

use super::{LEFT_BYTES_MAX, RIGHT_BYTES_MAX};
use crate::text::Text;

/// Whether one of the words, which are in lower case, stands before or shortly after a match.
pub(super) fn has_near(text: Text<'_>, span: &Range<usize>, words: &[&str]) -> bool {
    let [before, after] = text.window(span, LEFT_BYTES_MAX, RIGHT_BYTES_MAX);
    words.iter().any(|word| contains(before.str(), word) || contains(after.str(), word))
}

/// Whether one of the words, which are in lower case, stands before a match.
pub(super) fn has_before(text: Text<'_>, start: usize, words: &[&str]) -> bool {
    let [before, _] = text.window(&(start..start), LEFT_BYTES_MAX, 0);
    words.iter().any(|word| contains(before.str(), word))
}

/// Whether a text has this word of lower-case ASCII, in any case.
pub(super) fn contains(text: &str, word: &str) -> bool {
    position(text, word).is_some()
}

/// Where the word stands last.
pub(super) fn position(text: &str, word: &str) -> Option<usize> {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    text.windows(word.len().max(1)).rposition(|window| window.eq_ignore_ascii_case(word))
}
