//! The form of a token: pieces one after the other, each an alphabet with lengths or a fixed text.

use super::alphabet::Alphabet;
use crate::text::Text;

/// So many bytes behind a token tell whether it goes on.
const BEYOND_BYTES: usize = 8;

/// One piece of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes of an alphabet, at least and at most.
    Run(Alphabet, u16, u16),
    /// This text.
    Text(&'static str),
}

/// The pieces in order. None stands for an empty form.
pub(crate) type Form = &'static [Piece];

/// Exactly so many bytes of an alphabet.
pub(crate) const fn run(alphabet: Alphabet, length: u16) -> Piece {
    Piece::Run(alphabet, length, length)
}

/// Between so many bytes of an alphabet.
pub(crate) const fn runs(alphabet: Alphabet, min: u16, max: u16) -> Piece {
    Piece::Run(alphabet, min, max)
}

/// A fixed text.
pub(crate) const fn text(text: &'static str) -> Piece {
    Piece::Text(text)
}

/// Where a token of this form that starts here ends; none when it is none or goes on.
pub(crate) fn end(text: Text<'_>, start: usize, form: Form) -> Option<usize> {
    let mut at = start;
    let mut last = None;
    for piece in form {
        match *piece {
            Piece::Text(fixed) => {
                if text.slice(at..at + fixed.len()) != fixed {
                    return None;
                }
                at += fixed.len();
                last = None;
            }
            Piece::Run(alphabet, min, max) => {
                let end = text.run(at, usize::from(max), |byte| alphabet.has(byte));
                if end - at < usize::from(min) {
                    return None;
                }
                last = Some((alphabet, at + usize::from(min)));
                at = end;
            }
        }
    }
    let Some((alphabet, least)) = last else {
        return (!text.at(at).is_ascii_alphanumeric()).then_some(at);
    };
    // A dash or line that ends the run belongs to the text around it, unless the length needs it.
    let beyond = text.run(at, BEYOND_BYTES, |byte| alphabet.has(byte));
    let goes_on = !text.slice(at..beyond).trim_end_matches(is_punctuation).is_empty()
        || text.at(beyond).is_ascii_alphanumeric();
    if goes_on {
        return None;
    }
    let trimmed = start + text.slice(start..at).trim_end_matches(is_punctuation).len();
    Some(if trimmed >= least { trimmed } else { at })
}

const fn is_punctuation(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Work;

    #[track_caller]
    fn check(form: Form, given: &str, expected: Option<&str>) {
        let work = Work::new(9_999);
        let end = end(Text::new(given, &work), 0, form);
        assert_eq!(end.map(|end| &given[..end]), expected, "{given}");
    }

    #[test]
    fn a_form_has_its_lengths_and_ends_at_a_boundary() {
        const FOUR: Form = &[run(Alphabet::HEX, 4)];
        check(FOUR, "12af", Some("12af"));
        check(FOUR, "12af.", Some("12af"));
        check(FOUR, "12a", None);
        check(FOUR, "12afa", None);
        check(FOUR, "12afz", None);
        const DOTTED: Form = &[runs(Alphabet::URL_SAFE, 2, 4), text("."), run(Alphabet::DIGITS, 2)];
        check(DOTTED, "a-b.12", Some("a-b.12"));
        check(DOTTED, "a.12", None);
        check(DOTTED, "abcde.12", None);
        const LOOSE: Form = &[runs(Alphabet::URL_SAFE, 3, 6)];
        check(LOOSE, "abc-- x", Some("abc"));
        check(LOOSE, "ab-- x", Some("ab--"));
        check(LOOSE, "abcdef- x", Some("abcdef"));
        check(LOOSE, "abcdef-x", None);
        const FIXED: Form = &[run(Alphabet::HEX, 2), text("zz")];
        check(FIXED, "abzz", Some("abzz"));
        check(FIXED, "abzzz", None);
    }
}
