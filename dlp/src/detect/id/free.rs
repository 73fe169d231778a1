//! Identifiers without a form of their own, which only a word right before them tells.

use super::{
    super::{
        claims::{Claims, Nears},
        number,
    },
    CUE_POINTS, FORM,
};
use crate::{Kind, cues::Cue, score::Candidate, text::Text};

/// Bytes between the word and the value: ` number is: `.
const REACH: u8 = 18;
/// The longest value.
pub(in crate::detect) const BYTES_MAX: usize = 20;
/// Digits without which it would be a word.
const DIGITS_MIN: usize = 4;

/// What a word says that a value is, and how many letters and digits it may have.
struct Named {
    cue: Cue,
    kind: Kind,
    lengths: std::ops::RangeInclusive<usize>,
    letters: bool,
}

const NAMED: [Named; 6] = [
    Named { cue: Cue::Record, kind: Kind::MEDICAL_RECORD, lengths: 5..=14, letters: true },
    Named { cue: Cue::Plan, kind: Kind::HEALTH_PLAN, lengths: 6..=16, letters: true },
    Named { cue: Cue::Driver, kind: Kind::DRIVER_LICENSE, lengths: 6..=18, letters: true },
    Named { cue: Cue::Ausweis, kind: Kind::DE_ID_CARD, lengths: 9..=10, letters: true },
    Named { cue: Cue::Passport, kind: Kind::PASSPORT, lengths: 6..=10, letters: true },
    Named { cue: Cue::Account, kind: Kind::US_BANK_ACCOUNT, lengths: 7..=17, letters: false },
];

/// Looks at a word of letters, digits and single hyphens that starts here.
pub(in crate::detect) fn at(text: Text<'_>, start: usize, nears: &Nears<'_>, claims: &mut Claims) {
    let mut end = text.run(start, BYTES_MAX + 1, |byte| byte.is_ascii_alphanumeric());
    while text.at(end) == b'-' && text.at(end + 1).is_ascii_alphanumeric() {
        end = text.run(end + 1, BYTES_MAX + 1, |byte| byte.is_ascii_alphanumeric());
        if end - start > BYTES_MAX {
            return;
        }
    }
    let word = text.slice(start..end);
    let length = word.bytes().filter(u8::is_ascii_alphanumeric).count();
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if digits < DIGITS_MIN || length > BYTES_MAX {
        return;
    }
    if !number::starts(text, start) || !number::ends(text, end) || text.before(start, 1) == b'+' {
        return;
    }
    let span = start..end;
    for named in &NAMED {
        let fits = named.lengths.contains(&length) && (named.letters || digits == length);
        if let Some(distance) = nears.left(&span, named.cue, REACH).filter(|_| fits) {
            let candidate = Candidate::new(named.kind, span.clone());
            claims.add(candidate.term("form", FORM).term("cue_word", CUE_POINTS), Some(distance));
        }
    }
}
