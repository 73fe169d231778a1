//! Words in which letters of other scripts stand for Latin ones (Unicode Technical Standard 39,
//! confusables), and digits with marks over them.

use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

use super::{super::next_wide, Unit};

/// Looks at each word that has characters of ASCII and others.
pub(super) fn find(text: &str, units: &mut Vec<Unit>) {
    let mut from = 0;
    while let Some(next) = next_wide(text, from) {
        let (left, right) = text.split_at_checked(next).unwrap_or((text, ""));
        let before = left.get(from..).unwrap_or_default();
        let start = from
            + before.rfind(char::is_whitespace).map_or(0, |at| {
                at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
            });
        let end = next + right.find(char::is_whitespace).unwrap_or(right.len());
        let word = text.get(start..end).unwrap_or_default();
        if word.bytes().any(|byte| byte.is_ascii_alphanumeric() || byte == b'@') {
            self::word(word, start, units);
        }
        from = end.max(next + 1);
    }
}

fn word(word: &str, start: usize, units: &mut Vec<Unit>) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let numeric = digits * 2 >= word.trim_end().chars().count();
    let mut before = ' ';
    for (at, character) in word.char_indices().filter(|(_, c)| !c.is_ascii()) {
        let span = start + at..start + at + character.len_utf8();
        before = word.get(..at).and_then(|left| left.chars().next_back()).unwrap_or(before);
        if is_combining_mark(character) {
            if before.is_ascii_digit() || is_combining_mark(before) {
                units.push(Unit::nothing(span));
            }
        } else if let Some(latin) = latin(character, numeric) {
            units.push(Unit::char(span, latin));
        }
    }
}

/// The character of ASCII that one looks like.
fn latin(character: char, numeric: bool) -> Option<char> {
    // Letters with marks look like nothing else; of this block only two have none.
    if matches!(character, '\u{C0}'..='\u{17F}') && !matches!(character, 'ı' | 'ſ') {
        return None;
    }
    let mut buffer = [0; 4];
    let mut prototype = skeleton(character.encode_utf8(&mut buffer));
    let latin = prototype.next().filter(char::is_ascii)?;
    if prototype.next().is_some() {
        return None;
    }
    Some(match latin {
        'O' | 'o' if numeric => '0',
        'l' | 'I' | 'i' if numeric => '1',
        // The standard takes a capital I for a small L.
        'l' if character.is_uppercase() => 'I',
        other => other,
    })
}
