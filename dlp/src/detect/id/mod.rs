//! Identifiers of a fixed form: a table of what each looks like, what proves it and which words
//! speak for it.
//!
//! A form that many numbers have, or one check digit, which one in ten of them passes, needs a word
//! beside it. Where the form is rare and proved it stands alone.

mod america;
mod asia;
mod europe;
mod free;
mod health;
mod money;
mod north;
mod thing;

use std::sync::LazyLock;

use super::{
    claims::{Claims, Nears},
    number,
};
use crate::{
    Kind,
    cues::Cue,
    score::{Candidate, Validity},
    text::Text,
};

pub(super) use free::at as free_at;

/// Points of a form that says little: with a check digit and a word it is enough.
const WEAK: i16 = 10;
/// Points of a form that a word is enough for.
const FORM: i16 = 25;
/// Points of a form that a check digit is enough for.
const STRONG: i16 = 35;
/// Points of a form that is enough by itself.
const ALONE: i16 = 60;

const CHECKSUM_POINTS: i16 = 30;
const CUE_POINTS: i16 = 40;
/// Nobody writes an identifier in lower case but a program.
const LOWER_CASE_POINTS: i16 = -20;
/// Below this score it is nothing.
const SCORE_MIN: i16 = 60;

/// Bytes before an identifier in which a word speaks for it, where its row says nothing else.
const REACH: u8 = 56;
/// Bytes after it: `123456782 (BSN)`.
const REACH_AFTER: u8 = 4;
/// The longest identifier, in letters and digits.
const COMPACT_BYTES_MAX: usize = 24;

/// One kind of identifier.
pub(super) struct Id {
    kind: Kind,
    cue: Cue,
    /// Bytes between a word and the identifier, at most.
    reach: u8,
    forms: &'static [Form],
    /// Asked with its letters and digits only, in upper case.
    valid: fn(&str) -> Validity,
}

/// How it is written: `A` is a letter, `U` one in upper case, `9` a digit, `#` either, ` ` a space
/// or a hyphen, all else itself; and the points for being so written.
type Form = (&'static str, i16);

const fn id(kind: Kind, cue: Cue, forms: &'static [Form], valid: fn(&str) -> Validity) -> Id {
    Id { kind, cue, reach: REACH, forms, valid }
}

const fn near(
    kind: Kind,
    cue: Cue,
    reach: u8,
    forms: &'static [Form],
    valid: fn(&str) -> Validity,
) -> Id {
    Id { kind, cue, reach, forms, valid }
}

const TABLES: [&[Id]; 8] = [
    america::IDS,
    asia::IDS,
    europe::IDS,
    north::IDS,
    health::IDS,
    money::IDS,
    thing::IDS,
    thing::PLACES,
];

/// Letters and then digits that an identifier begins with: by them the forms are looked up.
#[derive(Clone, Copy)]
pub(super) struct Lead {
    pub(super) letters: usize,
    pub(super) digits: usize,
    /// Digits after the one byte that follows; none when something else follows or nobody looked.
    pub(super) next: Option<usize>,
}

/// A form, how many digits stand after the one byte that follows its lead, where it says so, and of
/// which classes that byte may be.
struct Entry {
    id: &'static Id,
    form: &'static Form,
    next: Option<usize>,
    then: u8,
}

const LETTERS_MAX: usize = 6;
const DIGITS_MAX: usize = 20;

static INDEX: LazyLock<Vec<Vec<Entry>>> = LazyLock::new(|| {
    let mut index = Vec::new();
    index.resize_with((LETTERS_MAX + 1) * (DIGITS_MAX + 1), Vec::new);
    for id in TABLES.iter().copied().flatten() {
        for form in id.forms {
            for lead in Lead::of(form.0) {
                if let Some(forms) = lead.slot().and_then(|slot| index.get_mut(slot)) {
                    let then = classes_of(form.0.as_bytes().get(lead.end(form.0.as_bytes())));
                    forms.push(Entry { id, form, next: lead.next, then });
                }
            }
        }
    }
    index
});

impl Lead {
    /// What a text may begin with to have this form: where letters or digits may follow digits,
    /// there may be more digits.
    fn of(form: &str) -> impl Iterator<Item = Self> {
        let run = |from: usize, is: fn(u8) -> bool| {
            form.bytes().skip(from).take_while(|byte| is(*byte)).count()
        };
        let letters = run(0, |byte| matches!(byte, b'A' | b'U'));
        let gap = if letters > 0 { run(letters, |byte| byte == b' ') } else { 0 };
        let digits = run(letters + gap, |byte| byte == b'9');
        let more = run(letters + gap + digits, |byte| byte == b'#');
        let then = letters + gap + digits;
        let next = run(then + 1, |byte| byte == b'9');
        let ended = !matches!(form.as_bytes().get(then + 1 + next), Some(b'#'));
        let next = (more == 0 && ended && next > 0).then_some(next);
        (digits..=digits + more).map(move |digits| Self { letters, digits, next })
    }

    /// Where it ends in a text or a form that begins with it, perhaps with a sign behind the letters.
    fn end(self, written: &[u8]) -> usize {
        let sign = |byte: &u8| matches!(byte, b' ' | b'-');
        let gap = self.letters > 0 && written.get(self.letters).is_some_and(sign);
        self.letters + usize::from(gap) + self.digits
    }

    const fn slot(self) -> Option<usize> {
        let known = self.letters <= LETTERS_MAX && self.digits <= DIGITS_MAX;
        if known { Some(self.letters * (DIGITS_MAX + 1) + self.digits) } else { None }
    }
}

/// Looks for identifiers that begin at a position with these letters and digits.
pub(super) fn at(text: Text<'_>, start: usize, lead: Lead, nears: &Nears<'_>, claims: &mut Claims) {
    text.work.take(1);
    let Some(forms) = lead.slot().and_then(|slot| INDEX.get(slot)) else { return };
    if forms.is_empty() || !number::starts(text, start) || text.before(start, 1) == b'+' {
        return;
    }
    let rest = text.bytes().get(start..).unwrap_or_default();
    let after = class(rest.get(lead.end(rest)).copied().unwrap_or(0));
    for Entry { id, form, next, then } in forms {
        let differs = lead.next.is_some() && next.is_some() && lead.next != *next;
        if differs || then & after == 0 {
            continue;
        }
        let Some(end) = end_of(text, start, form.0) else { continue };
        if number::ends(text, end) {
            claim(text, start..end, id, form.1, nears, claims);
        }
    }
}

fn claim(
    text: Text<'_>,
    span: std::ops::Range<usize>,
    id: &Id,
    points: i16,
    nears: &Nears<'_>,
    claims: &mut Claims,
) {
    let written = text.slice(span.clone());
    let mut compact = [0; COMPACT_BYTES_MAX];
    let compact = compact_into(written, &mut compact);
    let validity = (id.valid)(compact);
    if validity == Validity::Invalid {
        return;
    }
    let lower = written.bytes().any(|byte| byte.is_ascii_lowercase());
    let cue =
        nears.left(&span, id.cue, id.reach).or_else(|| nears.right(&span, id.cue, REACH_AFTER));
    let checked = validity == Validity::Valid;
    let sum = points
        + if checked { CHECKSUM_POINTS } else { 0 }
        + if lower { LOWER_CASE_POINTS } else { 0 }
        + if cue.is_some() { CUE_POINTS } else { 0 };
    // Most fall short, and cost no memory.
    if sum >= SCORE_MIN {
        let candidate = Candidate::new(id.kind, span)
            .term("form", points)
            .term_if(checked, "checksum", CHECKSUM_POINTS)
            .term_if(lower, "lower_case", LOWER_CASE_POINTS)
            .term_if(cue.is_some(), "cue_word", CUE_POINTS);
        claims.add(candidate, cue);
    }
}

const DIGIT: u8 = 1;
const UPPER: u8 = 1 << 1;
const LOWER: u8 = 1 << 2;
const BLANK: u8 = 1 << 3;
const SIGN: u8 = 1 << 4;

/// The class of a byte of a text.
const fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => DIGIT,
        b'A'..=b'Z' => UPPER,
        b'a'..=b'z' => LOWER,
        b' ' | b'-' => BLANK,
        _ => SIGN,
    }
}

/// The classes of what stands for a byte of a form, or behind its end.
fn classes_of(expected: Option<&u8>) -> u8 {
    match expected {
        Some(b'A') => UPPER | LOWER,
        Some(b'U') => UPPER,
        Some(b'#') => UPPER | LOWER | DIGIT,
        Some(byte) => class(*byte),
        None => BLANK | SIGN,
    }
}

/// Where a text of this form that starts here ends.
fn end_of(text: Text<'_>, start: usize, form: &str) -> Option<usize> {
    for (place, expected) in form.bytes().enumerate() {
        let byte = text.at(start + place);
        let fits = match expected {
            b'A' => byte.is_ascii_alphabetic(),
            b'U' => byte.is_ascii_uppercase(),
            b'9' => byte.is_ascii_digit(),
            b'#' => byte.is_ascii_alphanumeric(),
            b' ' => matches!(byte, b' ' | b'-'),
            _ => byte == expected,
        };
        if !fits {
            text.work.take(place + 1);
            return None;
        }
    }
    text.work.take(form.len());
    Some(start + form.len())
}

/// The letters and digits, in upper case; as many as there is room for.
fn compact_into<'b>(written: &str, buffer: &'b mut [u8]) -> &'b str {
    let bytes = written.bytes().filter(u8::is_ascii_alphanumeric);
    let mut length = 0;
    for (place, byte) in buffer.iter_mut().zip(bytes) {
        *place = byte.to_ascii_uppercase();
        length += 1;
    }
    buffer.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_looked_up_and_has_room() {
        for id in TABLES.iter().copied().flatten() {
            assert!(!id.forms.is_empty() && id.reach <= REACH, "{}", id.kind);
            for (form, points) in id.forms {
                let compact = form.bytes().filter(|byte| b"AU9#".contains(byte)).count();
                assert!(compact <= COMPACT_BYTES_MAX, "{form}");
                assert!(*points + CHECKSUM_POINTS + CUE_POINTS >= SCORE_MIN, "{form}");
                assert!(Lead::of(form).all(|lead| lead.slot().is_some()), "{form}");
                assert!(Lead::of(form).all(|lead| lead.letters + lead.digits > 0), "{form}");
            }
        }
    }
}
