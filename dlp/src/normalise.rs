//! From a field's text to the views that detectors read, each with the way back to the original.
//!
//! One view now: JSON escapes decoded where the text is JSON, format characters dropped, NFKC per
//! character, digits and dashes of all scripts as ASCII. ASCII text without escapes is its own view
//! and costs one pass. Decoded base64, hex and percent runs and the confusable skeleton are to be
//! further views of [`views`].

use std::{borrow::Cow, ops::Range};

use serde::de::IgnoredAny;
use unicode_normalization::UnicodeNormalization as _;

use crate::text::Work;

/// What a character outside ASCII costs beside a byte that is only copied.
const STEPS_PER_CHAR: usize = 16;

/// A character that becomes more than this many is kept as it is, so that a view stays in
/// proportion to its text.
const CHARS_PER_CHAR_MAX: usize = 4;

/// A text as detectors see it.
pub(crate) struct View<'a> {
    pub(crate) text: Cow<'a, str>,
    /// None when the view is the original.
    segments: Option<Vec<Segment>>,
}

/// A stretch of the view and the original bytes that it stands for.
struct Segment {
    view_start: usize,
    original: Range<usize>,
    /// Byte for byte the same, so that positions inside can be told apart.
    same: bool,
}

/// The views of a text to scan, the primary one first.
pub(crate) fn views<'a>(text: &'a str, whole: bool, work: &Work) -> Vec<View<'a>> {
    let json = whole && text.contains('\\') && is_json(text);
    work.take(text.len() * if json { 4 } else { 1 });
    if text.is_ascii() && !json {
        return vec![View { text: Cow::Borrowed(text), segments: None }];
    }
    let mut builder = Builder::default();
    if json {
        json_units(text, &mut builder);
    } else {
        builder.plain(text, 0);
    }
    work.take(builder.text.len() + builder.segments.len() * STEPS_PER_CHAR);
    vec![View { text: Cow::Owned(builder.text), segments: Some(builder.segments) }]
}

/// Whether the text is one JSON object or array.
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

impl View<'_> {
    /// The original bytes behind a piece of the view: whole characters and whole escapes.
    pub(crate) fn original(&self, span: &Range<usize>) -> Range<usize> {
        let Some(segments) = &self.segments else { return span.clone() };
        let find = |position: usize| {
            let after = segments.partition_point(|segment| segment.view_start <= position);
            after.checked_sub(1).and_then(|index| segments.get(index))
        };
        let start = find(span.start).map_or(0, |segment| {
            let inside = span.start - segment.view_start;
            segment.original.start + if segment.same { inside } else { 0 }
        });
        let end = find(span.end.saturating_sub(1)).map_or(start, |segment| {
            let inside = span.end - segment.view_start;
            if segment.same { segment.original.start + inside } else { segment.original.end }
        });
        start..end.max(start)
    }
}

#[derive(Default)]
struct Builder {
    text: String,
    segments: Vec<Segment>,
}

impl Builder {
    /// Adds text that stands in the original at `offset` as it is here.
    fn plain(&mut self, text: &str, offset: usize) {
        let mut rest = text;
        let mut offset = offset;
        while let Some(first) = rest.chars().next() {
            let same = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
            if same > 0 {
                let (run, after) = rest.split_at(same);
                self.same(run, offset);
                (rest, offset) = (after, offset + same);
            } else {
                self.unit(first, offset..offset + first.len_utf8());
                offset += first.len_utf8();
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }

    /// Adds text that is unchanged.
    fn same(&mut self, run: &str, offset: usize) {
        let grows = self.segments.last_mut().filter(|last| last.same);
        match grows.filter(|last| last.original.end == offset) {
            Some(last) => last.original.end += run.len(),
            None => self.segments.push(Segment {
                view_start: self.text.len(),
                original: offset..offset + run.len(),
                same: true,
            }),
        }
        self.text.push_str(run);
    }

    /// Adds what one character of the original, or one escape, becomes.
    fn unit(&mut self, character: char, original: Range<usize>) {
        if is_ignorable(character) {
            return;
        }
        let view_start = self.text.len();
        match ascii_form(character) {
            Some(ascii) => self.text.push(ascii),
            None if is_stable(character) => self.text.push(character),
            None if std::iter::once(character).nfkc().count() > CHARS_PER_CHAR_MAX => {
                self.text.push(character);
            }
            None => self.text.extend(std::iter::once(character).nfkc()),
        }
        self.segments.push(Segment { view_start, original, same: false });
    }
}

/// Adds valid JSON with the escapes of its strings decoded. Everything else stays, so that keys and
/// values keep their distance and bare numbers are seen too.
fn json_units(text: &str, builder: &mut Builder) {
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

/// Format characters that show nothing: Unicode's Default_Ignorable_Code_Point and the
/// bidirectional controls.
pub(crate) const fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Digits of the scripts in use and dashes, which NFKC leaves alone, as ASCII.
fn ascii_form(character: char) -> Option<char> {
    // The zero of each decimal block (Unicode general category Nd).
    const ZEROS: [u32; 23] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50,
        0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0x19D0, 0x1A80, 0x1B50, 0xA8D0, 0xABF0,
    ];
    let code = u32::from(character);
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => return Some('-'),
        '\u{660}'..='\u{1B59}' | '\u{A8D0}'..='\u{ABF9}' => {}
        _ => return None,
    }
    let zero = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// Common letters that NFKC surely leaves alone: a way round its tables.
const fn is_stable(character: char) -> bool {
    matches!(character, '\0'..='\u{7F}' | '\u{C0}'..='\u{12F}' | '\u{3B1}'..='\u{3C9}'
        | '\u{410}'..='\u{44F}' | '\u{3041}'..='\u{3094}' | '\u{4E00}'..='\u{9FA5}' | '\u{AC00}'..='\u{D7A3}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let views = views(text, true, &Work::new(9_999));
        assert_eq!(views[0].text, expected);
    }

    /// What stands in the original where the view has `piece`.
    #[track_caller]
    fn check_back(text: &str, piece: &str, expected: &str) {
        let views = views(text, true, &Work::new(9_999));
        let start = views[0].text.find(piece).unwrap();
        assert_eq!(&text[views[0].original(&(start..start + piece.len()))], expected);
    }

    #[test]
    fn what_is_seen_is_what_is_read() {
        check("plain", "plain");
        check("1\u{200B}2\u{FEFF}3", "123");
        check("４１１１", "4111");
        check("٤١١", "411");
        check("a＠b．com", "a@b.com");
        check("123\u{2013}45", "123-45");
        check("a\u{A0}b", "a b");
        check("Grüße, 世界", "Grüße, 世界");
        check("back\\slash", "back\\slash");
        check(r#"{"a":"x\u0040y\n\ud83d\ude00"}"#, "{\"a\":\"x@y\n😀\"}");
    }

    #[test]
    fn a_character_does_not_blow_up() {
        check("\u{FDFA}", "\u{FDFA}");
    }

    #[test]
    fn a_span_leads_back_to_the_original() {
        check_back("see 1\u{200B}23.", "123", "1\u{200B}23");
        check_back("é ４１ é", "41", "４１");
        check_back(r#"["\nab\u0040c"]"#, "ab@c", r"ab\u0040c");
        check_back("ab", "b", "b");
        check_back("ﬃx", "x", "x");
    }
}
