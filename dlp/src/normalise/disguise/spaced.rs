//! Characters that are set apart one by one: `4 1 1 1 ...`, `a-n-n-@-...`.

use super::Unit;

/// So many characters in a row make it a disguise.
const CHARS_MIN: usize = 7;
/// Of these at least so many are letters or digits.
const WORD_CHARS_MIN: usize = 5;
/// A run of that length cannot lie between two places that are looked at.
const STRIDE: usize = 8;
/// Separators between two characters of a run, where its groups are set further apart.
const GAP_MAX: usize = 3;

pub(super) fn find(text: &str, units: &mut Vec<Unit>) {
    let bytes = text.as_bytes();
    let at = |position: usize| bytes.get(position).copied().unwrap_or(0);
    let mut end = 0;
    let mut position = 0;
    while position < bytes.len() {
        let pair = [position, position + 1]
            .into_iter()
            .find(|&p| at(p) == at(p + 2) && is_separator(at(p)));
        if let Some(separator) = pair.filter(|&pair| pair >= end) {
            let row = row(bytes, separator, end);
            end = end.max(row.last().copied().unwrap_or(separator));
            add(bytes, &row, units);
            position = position.max(end);
        }
        position += STRIDE;
    }
}

/// The places of the characters that a separator of this row sets apart.
fn row(bytes: &[u8], separator: usize, from: usize) -> Vec<usize> {
    let at = |position: usize| bytes.get(position).copied().unwrap_or(0);
    let mark = at(separator);
    let is_char = |position: usize| at(position).is_ascii_graphic() && at(position) != mark;
    let mut row = Vec::new();
    // Where its gap begins and ends.
    let (mut place, mut last) = (separator, separator);
    while place > from && separator - place < GAP_MAX - 1 && at(place - 1) == mark {
        place -= 1;
    }
    while last - place < GAP_MAX - 1 && at(last + 1) == mark {
        last += 1;
    }
    // To the left; then the row is turned round.
    while let Some(before) =
        place.checked_sub(1).filter(|&before| before >= from && is_char(before))
    {
        row.push(before);
        let gap = (1..=GAP_MAX)
            .take_while(|gap| before.checked_sub(*gap).is_some_and(|p| at(p) == mark))
            .count();
        if gap == 0 {
            // A longer word is not part of it.
            let stands_alone = before.checked_sub(1).is_none_or(|p| !at(p).is_ascii_alphanumeric());
            if !stands_alone {
                row.pop();
            }
            break;
        }
        place = before - gap;
    }
    row.reverse();
    let mut place = last;
    while is_char(place + 1) {
        let here = place + 1;
        let gap = (1..=GAP_MAX).take_while(|gap| at(here + gap) == mark).count();
        if gap == 0 {
            if !at(here + 1).is_ascii_alphanumeric() {
                row.push(here);
            }
            break;
        }
        row.push(here);
        place = here + gap;
    }
    row
}

fn add(bytes: &[u8], row: &[usize], units: &mut Vec<Unit>) {
    let at = |position: usize| bytes.get(position).copied().unwrap_or(0);
    let words = row.iter().filter(|&&place| at(place).is_ascii_alphanumeric()).count();
    if row.len() < CHARS_MIN || words < WORD_CHARS_MIN {
        return;
    }
    for pair in row.windows(2) {
        let [here, next] = pair else { continue };
        units.push(Unit::char(*here..here + 1, char::from(at(*here))));
        // Groups stay apart.
        units.push(if next - here > 2 {
            Unit::char(here + 1..*next, ' ')
        } else {
            Unit::nothing(here + 1..*next)
        });
    }
    if let Some(&last) = row.last() {
        units.push(Unit::char(last..last + 1, char::from(at(last))));
    }
}

const fn is_separator(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'-' | b'.' | b'_' | b',' | b'/' | b'|' | b'*' | b':' | b'~' | b'\t' | b'\n'
    )
}
