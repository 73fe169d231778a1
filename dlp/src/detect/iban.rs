//! International bank account numbers: country, length and check digits (ISO 13616, ISO 7064
//! mod 97-10).

use crate::{
    Kind,
    score::{Candidate, Validity},
    text::Text,
};

/// Country and length of its numbers, from SWIFT's IBAN registry, release 98.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 \
    CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 \
    HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 \
    ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 \
    SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Looks at a digit that may be the first check digit, after the country's two letters.
pub(super) fn at(text: Text<'_>, digit: usize) -> Option<Candidate> {
    let start = digit.checked_sub(2)?;
    let head = text.slice(start..digit + 2);
    let [a, b, _, check] = head.as_bytes() else { return None };
    let shaped = a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && check.is_ascii_digit();
    if !shaped || text.before(start, 1).is_ascii_alphanumeric() {
        return None;
    }
    text.work.take(LENGTHS.len());
    let length = length_of(head.get(..2)?)?;
    text.work.take(length);
    let mut compact = String::with_capacity(length);
    let mut position = start;
    while compact.len() < length {
        let byte = text.at(position);
        let separated =
            matches!(byte, b' ' | b'-') && text.at(position + 1).is_ascii_alphanumeric();
        if byte.is_ascii_alphanumeric() {
            compact.push(char::from(byte.to_ascii_uppercase()));
        } else if !separated {
            return None;
        }
        position += 1;
    }
    if text.at(position).is_ascii_alphanumeric() || mod_97(&compact) != Validity::Valid {
        return None;
    }
    let candidate = Candidate::new(Kind::IBAN, start..position);
    let written = text.slice(start..position);
    let mixed = is_mixed(text.slice(start + 4..position));
    let candidate = candidate.term("country_length", 30).term("checksum", 65);
    Some(candidate.term_if(mixed, "mixed_case", -40).term_if(
        is_hexadecimal(written),
        "hexadecimal",
        -40,
    ))
}

/// Whether it may be hexadecimal in lower case, as hashes are: of those one in some ten thousand
/// begins with a country's letters and has its check digits.
fn is_hexadecimal(account: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    account.bytes().all(lower)
}

/// Whether letters of both cases stand in one block. Nobody writes an account so; of the random ids
/// that providers give to tool calls, one in some hundred thousand has its shape and check digits.
fn is_mixed(account: &str) -> bool {
    let spaced = account.contains([' ', '-']);
    !spaced
        && account.bytes().any(|byte| byte.is_ascii_uppercase())
        && account.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn length_of(country: &str) -> Option<usize> {
    let mut entries = LENGTHS.split_ascii_whitespace();
    let entry = entries.find(|e| e.get(..2).is_some_and(|c| c.eq_ignore_ascii_case(country)))?;
    entry.get(2..)?.parse().ok()
}

fn mod_97(compact: &str) -> Validity {
    let (head, tail) = compact.split_at_checked(4).unwrap_or((compact, ""));
    let remainder = tail.chars().chain(head.chars()).filter_map(|c| c.to_digit(36)).fold(
        0,
        |remainder, value| {
            let shift = if value > 9 { 100 } else { 10 };
            (remainder * shift + value) % 97
        },
    );
    if remainder == 1 { Validity::Valid } else { Validity::Invalid }
}
