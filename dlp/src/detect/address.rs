//! Street addresses: a house number with a name and a word for a kind of street.

use super::{claims::Claims, number::Group};
use crate::{Kind, score::Candidate, text::Text};

/// House numbers have no more digits.
pub(super) const NUMBER_DIGITS_MAX: usize = 5;
/// Digits of a number in the name of a street.
const STREET_DIGITS_MAX: usize = 4;
/// Words between number and kind of street, and their bytes.
const WORDS_MAX: usize = 5;
const WORD_BYTES_MAX: usize = 24;

/// Behind the name (USPS Publication 28, appendix C1), in lower case.
const KINDS: [&str; 38] = [
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
    "boulevard",
    "blvd",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "place",
    "pl",
    "square",
    "sq",
    "terrace",
    "highway",
    "hwy",
    "parkway",
    "pkwy",
    "crescent",
    "close",
    "way",
    "trail",
    "circle",
    "gardens",
    "mews",
    "streets",
    "avenues",
    "roads",
    "alley",
    "quay",
    "esplanade",
    "grove",
    "row",
];
/// Before the name, as in French, Italian, Spanish and Portuguese: `12 rue de Rivoli`.
const LEADING: [&str; 10] =
    ["rue", "avenue", "boulevard", "chemin", "allée", "impasse", "quai", "route", "place", "cours"];
/// Ends of names after which the number stands: `Hauptstraße 12`, `Storgatan 5`.
const ENDS: [&str; 16] = [
    "straße", "strasse", "str.", "gasse", "allee", "platz", "gatan", "vägen", "vej", "gade",
    "straat", "laan", "weg", "veien", "katu", "tie",
];

/// Looks before and behind a short number.
pub(super) fn at(text: Text<'_>, number: &Group, claims: &mut Claims) {
    let suffix = usize::from(text.at(number.end).is_ascii_alphabetic());
    let behind = number.end + suffix;
    let found = match text.at(behind) {
        b' ' => following(text, behind).map(|end| number.start..end),
        b',' if text.at(behind + 1) == b' ' => {
            leading(text, behind + 1).map(|end| number.start..end)
        }
        _ => None,
    };
    let found = found.or_else(|| preceding(text, number.start).map(|start| start..number.end));
    let Some(span) = found else { return };
    let glued = text.before(span.start, 1);
    if !glued.is_ascii_alphanumeric() && !matches!(glued, b'.' | b'-' | b'/' | b'_' | b'$' | b'#') {
        claims.add(Candidate::new(Kind::STREET_ADDRESS, span).term("street", 70), None);
    }
}

/// Where the address ends whose name starts after this blank: capitalised words, then a kind.
fn following(text: Text<'_>, blank: usize) -> Option<usize> {
    let first = text.at(blank + 1);
    if !first.is_ascii_uppercase() && first < 0x80 {
        return leading(text, blank);
    }
    let mut blank = blank;
    let mut numbered = false;
    for count in 0..WORDS_MAX {
        let end = word_end(text, blank)?;
        let word = text.slice(blank + 1..end);
        let plain = word.trim_end_matches('.');
        let lower = plain.to_ascii_lowercase();
        if count > 0 && KINDS.contains(&lower.as_str()) {
            let point = usize::from(word.len() > plain.len() && lower.len() < 5);
            return Some(blank + 1 + plain.len() + point);
        }
        let is_number = is_number(word);
        let second = is_number && numbered;
        numbered |= is_number;
        if second || !(is_number || is_name(word)) || text.at(end) != b' ' {
            return None;
        }
        blank = end;
    }
    None
}

/// Whether it is a number that a street may have once in its name: `42nd`, `Route 66`. More of them would
/// be something else, which an address must not pass for.
fn is_number(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let ending = word.get(digits..).unwrap_or_default();
    let endings = ["", "st", "nd", "rd", "th"];
    (1..=STREET_DIGITS_MAX).contains(&digits)
        && endings.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// Whether it is a word of a street's name.
fn is_name(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && !word.bytes().any(|byte| byte.is_ascii_digit())
}

/// `rue de Rivoli` after this blank: up to three words, of which the last is capitalised.
fn leading(text: Text<'_>, blank: usize) -> Option<usize> {
    let end = word_end(text, blank)?;
    let kind = text.slice(blank + 1..end).to_lowercase();
    if !LEADING.contains(&kind.as_str()) {
        return None;
    }
    let mut blank = end;
    for _ in 0..4 {
        if text.at(blank) != b' ' {
            return None;
        }
        let end = word_end(text, blank)?;
        let word = text.slice(blank + 1..end);
        if word.contains(char::is_uppercase) {
            return Some(blank + 1 + word.trim_end_matches(['.', ',']).len());
        }
        blank = end;
    }
    None
}

/// Where the street's name starts that ends before this number: `Alte Hauptstraße 12`.
fn preceding(text: Text<'_>, number: usize) -> Option<usize> {
    if text.before(number, 1) != b' ' {
        return None;
    }
    let last = text.before(number, 2);
    if !(last.is_ascii_lowercase() || last == b'.') {
        return None;
    }
    let end = number - 1;
    let start = text.run_back(end, 2 * WORD_BYTES_MAX, is_word);
    let word = text.slice(start..end);
    let is_street =
        ENDS.iter().any(|ending| word.len() > ending.len() + 2 && word.ends_with(ending));
    (is_street && word.starts_with(char::is_uppercase)).then_some(start)
}

fn word_end(text: Text<'_>, blank: usize) -> Option<usize> {
    let end = text.run(blank + 1, WORD_BYTES_MAX, is_word);
    (end > blank + 1).then_some(end)
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'.' | b'\'' | b'-')
}
