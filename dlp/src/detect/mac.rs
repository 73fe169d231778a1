//! Hardware addresses: six pairs of hexadecimal digits (IEEE 802-2014 section 8).

use super::claims::{Claims, Nears};
use crate::{Kind, cues::Cue, score::Candidate, text::Text};

/// `00:1b:44:11:3a:b7`.
const BYTES: usize = 17;
const REACH: u8 = 24;

/// Looks at a pair, which is the first of the address that has a digit.
pub(super) fn at(text: Text<'_>, pair: usize, claims: &mut Claims) {
    let separator = match (text.at(pair + 2), text.before(pair, 1)) {
        (byte @ (b':' | b'-'), _) | (_, byte @ (b':' | b'-')) => byte,
        _ => return,
    };
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == separator;
    let start = text.run_back(pair, BYTES, is_part);
    let end = text.run(start, 2 * BYTES, is_part);
    let glued = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_');
    if end - start != BYTES || glued(text.at(end)) || glued(text.before(start, 1)) {
        return;
    }
    let address = text.slice(start..end);
    if !address.split(char::from(separator)).map(str::len).eq([2; 6]) {
        return;
    }
    let all = |digit: u8| {
        address.bytes().all(|byte| byte.eq_ignore_ascii_case(&digit) || byte == separator)
    };
    // Nobody's address and everybody's.
    if all(b'0') || all(b'f') {
        return;
    }
    let span = start..end;
    let cue = Nears::new(text, span.clone()).left(&span, Cue::Mac, REACH);
    // Pairs of digits with hyphens only are dates and the like.
    let digits_only = separator == b'-' && !address.bytes().any(|byte| byte.is_ascii_alphabetic());
    claims.add(
        Candidate::new(Kind::MAC, span)
            .term("shape", 70)
            .term_if(digits_only, "digits_only", -40)
            .term_if(cue.is_some(), "cue_word", 30),
        cue,
    );
}
