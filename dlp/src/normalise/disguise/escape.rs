//! Characters written as escapes: `%40` (RFC 3986), `\u0040`, `\x40`, `\n` (JSON, JavaScript, Python,
//! Rust), `&#64;`, `&commat;` (HTML).

use super::Unit;
use crate::normalise::decode_escape;

/// Names of HTML's character references for what stands in values (HTML Living Standard, 13.5).
const NAMES: [(&str, char); 28] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("commat", '@'),
    ("period", '.'),
    ("colon", ':'),
    ("sol", '/'),
    ("lowbar", '_'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("num", '#'),
    ("plus", '+'),
    ("lpar", '('),
    ("rpar", ')'),
    ("equals", '='),
    ("percnt", '%'),
    ("comma", ','),
    ("semi", ';'),
    ("excl", '!'),
    ("quest", '?'),
    ("ast", '*'),
    ("dollar", '$'),
    ("bsol", '\\'),
    ("Tab", ' '),
    ("NewLine", ' '),
];

/// The longest name of the table, and digits of the highest character without zeros before them.
const REFERENCE_BYTES_MAX: usize = 9;

pub(super) fn find(text: &str, units: &mut Vec<Unit>) {
    let mut end = 0;
    for at in memchr::memchr3_iter(b'%', b'\\', b'&', text.as_bytes()) {
        if at < end {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        end = match rest.as_bytes().first() {
            Some(b'%') => percent(rest, at, units),
            Some(b'\\') => one(backslash(rest), at, units),
            _ => one(reference(rest), at, units),
        };
    }
}

/// Adds a character and gives the place behind it.
fn one(found: Option<(char, usize)>, at: usize, units: &mut Vec<Unit>) -> usize {
    let Some((character, length)) = found else { return at };
    units.push(Unit::char(at..at + length, character));
    at + length
}

/// A run of escaped bytes, as UTF-8.
fn percent(text: &str, at: usize, units: &mut Vec<Unit>) -> usize {
    let bytes: Vec<u8> = text
        .as_bytes()
        .chunks_exact(3)
        .map_while(|escape| match escape {
            [b'%', high, low] => Some(hex(*high)? << 4 | hex(*low)?),
            _ => None,
        })
        .collect();
    let mut at = at;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let length = character.len_utf8() * 3;
            units.push(Unit::char(at..at + length, character));
            at += length;
        }
        at += chunk.invalid().len() * 3;
    }
    at
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Any number of backslashes, as text is escaped again and again, and what they escape.
fn backslash(text: &str) -> Option<(char, usize)> {
    let slashes = text.bytes().take(8).take_while(|&byte| byte == b'\\').count();
    let escape = text.get(slashes - 1..)?;
    let code = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    let (character, length) = match escape.as_bytes().get(1)? {
        b'u' if escape.as_bytes().get(2) == Some(&b'{') => {
            let digits = escape.get(3..)?.get(..7).unwrap_or(escape.get(3..)?);
            let digits = digits.split_once('}')?.0;
            (code(digits)?, digits.len() + 4)
        }
        b'u' => {
            code_unit(escape.get(2..6)?)?;
            let (character, length) = decode_escape(escape);
            (character, length)
        }
        b'U' => (code(escape.get(2..10)?)?, 10),
        b'x' => (code(escape.get(2..4)?)?, 4),
        // The letter of one would read as the beginning of what follows.
        b'n' | b'r' | b't' | b'b' | b'f' | b'"' | b'/' => decode_escape(escape),
        _ => return None,
    };
    Some((character, slashes - 1 + length))
}

fn code_unit(digits: &str) -> Option<u16> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u16::from_str_radix(digits, 16).ok())?
}

/// A character reference; the semicolon of a numeric one may be missing.
fn reference(text: &str) -> Option<(char, usize)> {
    let inner = text.get(1..)?;
    if let Some(number) = inner.strip_prefix('#') {
        let (radix, prefix) = if number.starts_with(['x', 'X']) { (16, 1) } else { (10, 0) };
        let digits = number.get(prefix..)?;
        let zeros = digits.bytes().take_while(|&byte| byte == b'0').count();
        let length = zeros
            + digits
                .get(zeros..)?
                .bytes()
                .take(REFERENCE_BYTES_MAX)
                .take_while(|&b| char::from(b).is_digit(radix))
                .count();
        let character = char::from_u32(u32::from_str_radix(digits.get(..length)?, radix).ok()?)?;
        let closed = usize::from(digits.as_bytes().get(length) == Some(&b';'));
        return Some((character, 2 + prefix + length + closed));
    }
    let end = inner.bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b';')?;
    let name = inner.get(..end)?;
    let (_, character) = NAMES.iter().find(|(known, _)| *known == name)?;
    Some((*character, end + 2))
}
