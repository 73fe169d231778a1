//! JSON texts, whose strings are read decoded.

use serde::de::IgnoredAny;

use super::Builder;

/// Whether the text is one JSON object or array.
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Adds valid JSON with the escapes of its strings decoded. Everything else stays, so that keys and
/// values keep their distance and bare numbers are seen too.
pub(super) fn units(text: &str, builder: &mut Builder) {
    let mut position = 0;
    while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        builder.plain(rest.get(..plain).unwrap_or_default(), position);
        position += plain;
        let Some(escape) = text.get(position..).filter(|rest| !rest.is_empty()) else { break };
        let (character, length) = decode_escape(escape);
        builder.unit(character, position..position + length);
        position += length;
    }
}

/// The character that an escape (RFC 8259 section 7) at the start of `text` stands for, and its
/// length in bytes. A lone surrogate becomes U+FFFD.
pub(crate) fn decode_escape(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let is_escape = text.get(at..at + 2) == Some("\\u");
        let digits = text.get(at + 2..at + 6).filter(|_| is_escape)?;
        u16::from_str_radix(digits, 16).ok()
    };
    if let Some(first) = unit(0) {
        let pair = [first, unit(6).unwrap_or(0)];
        return match char::decode_utf16(pair).next() {
            Some(Ok(character)) if character.len_utf16() == 2 => (character, 12),
            Some(Ok(character)) => (character, 6),
            _ => (char::REPLACEMENT_CHARACTER, 6),
        };
    }
    match text.chars().nth(1) {
        Some('n') => ('\n', 2),
        Some('t') => ('\t', 2),
        Some('r') => ('\r', 2),
        Some('b') => ('\u{8}', 2),
        Some('f') => ('\u{c}', 2),
        Some(other) => (other, 1 + other.len_utf8()),
        None => ('\\', 1),
    }
}
