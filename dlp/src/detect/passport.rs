//! The second line of a passport's machine-readable zone (ICAO Doc 9303 part 4): all that it says of
//! the holder beside the name.

use std::ops::Range;

use super::claims::Claims;
use crate::{Kind, score::Candidate, text::Text};

/// What a line begins with up to its check digit of the date of expiry: letters and digits, or fillers.
pub(super) const WORD_BYTES_MIN: usize = 28;
/// Characters of a line of a passport.
const LINE_BYTES: usize = 44;
/// Fields with a check digit behind them: number, date of birth, date of expiry.
const FIELDS: [Range<usize>; 3] = [0..9, 13..19, 21..27];

/// Whether a filler stands beside a word: one of a line in which a field is shorter than its place.
pub(super) fn is_filled(text: Text<'_>, word: Range<usize>) -> bool {
    text.at(word.end) == b'<' || text.before(word.start, 1) == b'<'
}

/// Looks at a line that has this word: number, nationality, dates, sex.
pub(super) fn at(text: Text<'_>, word: usize, claims: &mut Claims) {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<';
    let start = text.run_back(word, WORD_BYTES_MIN, is_part);
    let end = text.run(start, LINE_BYTES + 1, is_part);
    if end - start != LINE_BYTES || is_part(text.before(start, 1)) {
        return;
    }
    let line = text.slice(start..end);
    let field = |field: &Range<usize>| {
        let value = line.get(field.clone()).unwrap_or_default();
        line.as_bytes().get(field.end).is_some_and(|check| digit(value) == *check)
    };
    if FIELDS.iter().all(field) {
        let candidate = Candidate::new(Kind::PASSPORT_MRZ, start..end);
        claims.add(candidate.term("form", 40).term("checksum", 60), None);
    }
}

/// Doc 9303 part 3 section 4.9: weights 7, 3, 1 modulo ten.
fn digit(field: &str) -> u8 {
    let values = field.bytes().map(|byte| char::from(byte).to_digit(36).unwrap_or(0));
    let weights = [7, 3, 1].into_iter().cycle();
    let sum: u32 = values.zip(weights).map(|(value, weight)| value * weight).sum();
    u8::try_from(sum % 10).map_or(0, |digit| b'0' + digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_document() {
        assert_eq!(digit("D23145890"), b'7');
        assert_eq!(digit("740812"), b'2');
        assert_eq!(digit("120415"), b'9');
    }
}
