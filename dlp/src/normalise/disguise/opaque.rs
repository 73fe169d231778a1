//! Text in base64 (RFC 4648, also url-safe, also in lines) and in hex.

use std::ops::Range;

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{Hidden, Unit};
use crate::{eight::Eight, text::Work};

/// Shorter runs hide no value. Padding is not counted.
const RUN_BYTES_MIN: usize = 14;
/// Eight bytes are looked at every so many: a run of that length has eight of them whole.
const STRIDE: usize = RUN_BYTES_MIN - 7;
/// So much of what is decoded must be text.
const TEXT_PERCENT_MIN: usize = 90;
/// Lines of base64 that go on in the next one (RFC 1421, RFC 2045).
const LINE_BYTES: Range<usize> = 60..80;
/// What is decoded first, to pass over what is no text.
const HEAD_CHARS: usize = 24;
/// Places in it that are no UTF-8, beside a character that goes on behind it.
const HEAD_BAD_MAX: usize = 1;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

pub(super) fn find(text: &str, work: &Work, units: &mut Vec<Unit>) {
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut at = 0;
    while at < bytes.len() {
        if at < end || !are_base64(Eight::at(bytes, at)) {
            at += STRIDE;
            continue;
        }
        let before = bytes.get(end..at).unwrap_or_default();
        let start =
            end + before.iter().rposition(|byte| !is_base64(byte)).map_or(0, |last| last + 1);
        let run = start..run_end(bytes, at);
        end = run.end;
        if run.len() >= RUN_BYTES_MIN {
            work.take(run.len());
            decoded(text, run, units);
        }
        at = at.max(end) + 1;
    }
}

/// Where a run that is known up to here ends, over the ends of lines that are full.
fn run_end(bytes: &[u8], from: usize) -> usize {
    let mut line = from;
    loop {
        let rest = bytes.get(line..).unwrap_or_default();
        let length = rest.iter().position(|byte| !is_base64(byte)).unwrap_or(rest.len());
        let end = line + length;
        let breaks = match bytes.get(end..) {
            Some([b'\r', b'\n', next, ..]) if is_base64(next) => 2,
            Some([b'\n', next, ..]) if is_base64(next) => 1,
            _ => return end,
        };
        // Of the first line only a part is behind `from`.
        let whole = length
            + bytes
                .get(..line)
                .unwrap_or_default()
                .iter()
                .rev()
                .take(LINE_BYTES.end)
                .take_while(|b| is_base64(b))
                .count();
        if !LINE_BYTES.contains(&whole) || !whole.is_multiple_of(4) {
            return end;
        }
        line = end + breaks;
    }
}

/// The run as a whole, or else pieces of it: a slash or a dash may also part words.
fn decoded(text: &str, run: Range<usize>, units: &mut Vec<Unit>) {
    if let Some(unit) = hex_or_base64(text, run.clone()) {
        units.push(unit);
        return;
    }
    let whole = text.get(run.clone()).unwrap_or_default();
    let mut start = run.start;
    for piece in whole.split(['/', '-', '_', '+']) {
        let at = start..start + piece.len();
        start = at.end + 1;
        if piece.len() >= RUN_BYTES_MIN && piece.len() < whole.len() {
            units.extend(hex_or_base64(text, at));
        } else if piece.len() == whole.len() {
            // What stands before hex may be letters too: `x3431`, `id3431`.
            units.extend(hex_within(text, at));
        }
    }
}

fn hex_or_base64(text: &str, run: Range<usize>) -> Option<Unit> {
    let piece = text.get(run.clone())?;
    let hidden = hex(piece).or_else(|| base64(piece))?;
    let padding = text.get(run.end..)?.bytes().take(2).take_while(|&byte| byte == b'=').count();
    Some(Unit { at: run.start..run.end + padding, hidden: Hidden::Text(hidden) })
}

/// The longest hex at the end of a run.
fn hex_within(text: &str, run: Range<usize>) -> Option<Unit> {
    let piece = text.get(run.clone())?;
    let length = piece.bytes().rev().take_while(u8::is_ascii_hexdigit).count();
    let length = length - length % 2;
    let at = run.end - length..run.end;
    let hidden = hex(text.get(at.clone())?)?;
    Some(Unit { at, hidden: Hidden::Text(hidden) })
}

fn hex(piece: &str) -> Option<String> {
    let digits = piece.as_bytes();
    if digits.len() < RUN_BYTES_MIN || !digits.len().is_multiple_of(2) {
        return None;
    }
    let value =
        |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => Some(value(*high)? << 4 | value(*low)?),
            _ => None,
        })
        .collect();
    as_text(&bytes?)
}

fn base64(piece: &str) -> Option<String> {
    let lines;
    let piece = if piece.contains('\n') {
        lines = piece.replace(['\r', '\n'], "");
        lines.as_str()
    } else {
        piece
    };
    let engine = if piece.contains(['-', '_']) { &SAFE } else { &PLAIN };
    let mut head = [0; HEAD_CHARS];
    let first = piece.get(..HEAD_CHARS.min(piece.len() / 4 * 4))?;
    let length = engine.decode_slice(first, &mut head).ok()?;
    let head = head.get(..length)?;
    let wide = head.iter().skip(1).step_by(2).all(|&byte| byte == 0);
    if !wide && bad_bytes(head) > HEAD_BAD_MAX {
        return None;
    }
    // A last character alone is no byte.
    let whole = if piece.len() % 4 == 1 { piece.get(..piece.len() - 1)? } else { piece };
    as_text(&engine.decode(whole).ok()?)
}

/// How often bytes are no UTF-8, but for their end, where a character may be cut.
fn bad_bytes(bytes: &[u8]) -> usize {
    let is_bad = |chunk: &std::str::Utf8Chunk<'_>| !chunk.invalid().is_empty();
    let bad = bytes.utf8_chunks().filter(is_bad).count();
    bad - usize::from(bytes.utf8_chunks().last().as_ref().is_some_and(is_bad))
}

/// Bytes that are mostly text in UTF-8 or, as Windows writes it, in UTF-16.
fn as_text(bytes: &[u8]) -> Option<String> {
    let wide = bytes.len() >= 4
        && bytes.len().is_multiple_of(2)
        && bytes.iter().skip(1).step_by(2).filter(|&&byte| byte == 0).count() * 10
            >= bytes.len() * 4;
    let text = if wide {
        let units = bytes.chunks_exact(2).map(|pair| match pair {
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        });
        let bad = char::REPLACEMENT_CHARACTER;
        char::decode_utf16(units).map(|character| character.unwrap_or(bad)).collect()
    } else {
        lossy(bytes)?
    };
    let is_text = |c: &char| match c {
        '\n' | '\r' | '\t' => true,
        _ => !c.is_control() && *c != char::REPLACEMENT_CHARACTER,
    };
    let (all, good) = (text.chars().count(), text.chars().filter(is_text).count());
    (good * 100 >= all * TEXT_PERCENT_MIN).then_some(text)
}

/// As UTF-8, with a mark for what is none; nothing as soon as that is too often.
fn lossy(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut bad = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            bad += 1;
        }
        if bad * 100 > bytes.len() * (100 - TEXT_PERCENT_MIN) {
            return None;
        }
    }
    Some(text)
}

fn are_base64(eight: Eight) -> bool {
    let marks = eight.either(b'+', b'/').or(eight.either(b'-', b'_'));
    eight.letters().or(eight.digits()).or(marks).is_full()
}

const fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
