//! Vehicle identification numbers (ISO 3779). In North America the ninth place is a check character
//! (49 CFR 565.15); elsewhere a word must speak for the number.

use super::{
    claims::{Claims, Nears},
    number,
};
use crate::{Kind, cues::Cue, score::Candidate, text::Text};

pub(super) const VIN_BYTES: usize = 17;
const REACH: u8 = 40;
/// Makers and models are told by letters, at least so many.
const LETTERS_MIN: usize = 3;

/// Looks at a word of 17 letters and digits.
pub(super) fn at(text: Text<'_>, start: usize, nears: &Nears<'_>, claims: &mut Claims) {
    let span = start..start + VIN_BYTES;
    let vin = text.slice(span.clone());
    let known = vin.bytes().all(|byte| {
        byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O' | b'Q'))
    });
    let letters = vin.bytes().filter(u8::is_ascii_uppercase).count();
    let serial = vin.bytes().rev().take(4).all(|byte| byte.is_ascii_digit());
    if !known
        || letters < LETTERS_MIN
        || !serial
        || !number::starts(text, start)
        || !number::ends(text, span.end)
    {
        return;
    }
    let check = is_checked(vin);
    let cue = nears.left(&span, Cue::Vin, REACH);
    if !check && cue.is_none() {
        return;
    }
    claims.add(
        Candidate::new(Kind::VIN, span).term("form", 35).term_if(check, "checksum", 30).term_if(
            cue.is_some(),
            "cue_word",
            40,
        ),
        cue,
    );
}

/// 49 CFR 565.15(c): values of letters, weights, modulo eleven; ten is an X.
fn is_checked(vin: &str) -> bool {
    const WEIGHTS: [u32; VIN_BYTES] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |byte: u8| match byte {
        b'A'..=b'H' => u32::from(byte - b'A') + 1,
        b'J'..=b'R' => u32::from(byte - b'J') + 1,
        b'S'..=b'Z' => u32::from(byte - b'S') + 2,
        digit => u32::from(digit.saturating_sub(b'0')),
    };
    let sum: u32 = vin.bytes().zip(WEIGHTS).map(|(byte, weight)| value(byte) * weight).sum();
    let check = vin.as_bytes().get(8).copied().unwrap_or(0);
    match sum % 11 {
        10 => check == b'X',
        digit => check.is_ascii_digit() && u32::from(check - b'0') == digit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_is_that_of_the_regulation() {
        assert!(is_checked("11111111111111111"));
        assert!(is_checked("1M8GDM9AXKP042788"));
        assert!(!is_checked("1M8GDM9A1KP042788"));
    }
}
