//! Words that make a number near them more or less likely to be what it looks like.

use aho_corasick::AhoCorasick;

use crate::text::Text;

/// A cue of so many letters may be part of a name such as `userPhoneNumber`; a shorter one must be
/// a whole word.
const INNER_LETTERS_MIN: usize = 5;

/// A compiled list of cue words, which are found in any case.
pub(crate) struct Cues {
    /// None when it cannot be built; the words then speak neither for nor against anything.
    words: Option<AhoCorasick>,
}

impl Cues {
    pub(crate) fn new(words: &[&str]) -> Self {
        Self { words: AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok() }
    }

    /// Whether a cue stands in the window. Words of our own redaction markers are no cues, else
    /// redacting one value would betray the next.
    pub(crate) fn are_in(&self, text: Text<'_>) -> bool {
        let Some(words) = &self.words else { return false };
        text.work.take(text.bytes().len());
        words.find_overlapping_iter(text.bytes()).any(|hit| {
            let (start, end) = (hit.start(), hit.end());
            let whole = !text.before(start, 1).is_ascii_alphanumeric()
                && !text.at(end).is_ascii_alphabetic();
            let name = text.run_back(start, 16, |byte| byte.is_ascii_uppercase() || byte == b'_');
            let marker = text.before(name, 1) == b'[' && text.before(name, 2) == b'[';
            (whole || end - start >= INNER_LETTERS_MIN) && !marker
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Work;

    #[track_caller]
    fn check(window: &str, expected: bool) {
        let work = Work::new(9_999);
        let cues = Cues::new(&["ssn", "phone"]);
        assert_eq!(cues.are_in(Text::new(window, &work)), expected, "{window}");
    }

    #[test]
    fn a_cue_is_a_word_and_never_our_own_marker() {
        check("my SSN: ", true);
        check("{\"user_ssn\": ", true);
        check("userPhoneNumber=", true);
        check("session", false);
        check("lessn ", false);
        check("[[US_SSN:1]] ", false);
        check("[[PHONE:1]] ", false);
    }
}
