//! How numbers are written that may be those of phones.

use std::ops::RangeInclusive;

use super::{
    super::number::{Cluster, Group},
    GROUPS_MAX,
};

/// Points for how it is written. A row that nobody would read as a phone number gets few, so that
/// a cue or a plan must speak for it.
pub(super) fn points(cluster: Cluster<'_>, row: &[Group], digits: &str) -> i16 {
    let mut lengths = [0; GROUPS_MAX];
    lengths.iter_mut().zip(row).for_each(|(length, group)| *length = group.len());
    let lengths = lengths.get(..row.len()).unwrap_or_default();
    let lead = digits.trim_start_matches('1').bytes().next();
    let is_american = digits.len() >= 10 && lead.is_some_and(|lead| lead >= b'2');
    match lengths {
        // North America: 212-555-0123, (212) 555-0123, 1 212 555 0123.
        [3, 3, 4] | [1, 3, 3, 4] if is_american => {
            if cluster.uniform_separator(row) == Some(b' ') {
                45
            } else {
                60
            }
        }
        [_] => 20,
        // One digit by itself stands in front, or all do to get past a filter.
        [_, rest @ ..] if rest.contains(&1) && lengths.iter().any(|length| *length > 1) => 15,
        // The form of a social security number, here one that was never issued.
        [3, 2, 4] => 15,
        // A postal code of the United States.
        [5, 4] => 25,
        // A trunk zero: 020 7946 0958, 0621/123456, 060 123 4567.
        [2..=5, ..] if is_trunk(lengths, digits) => 45,
        // An area code in brackets.
        [2..=3, ..] if is_bracketed(cluster, row) => 45,
        // An amount in thousands.
        [1, 3, 3] | [1, 3, 3, 3] => 25,
        // Local and national numbers without a trunk: 467 3312, 78 651 123, 60-12-85-91.
        groups if groups.len() <= 5 => 30,
        _ => 25,
    }
}

/// Whether the first group stands in brackets: (33) 41 22 70 41.
fn is_bracketed(cluster: Cluster<'_>, row: &[Group]) -> bool {
    row.first().is_some_and(|first| {
        cluster.text.before(first.start, 1) == b'(' && cluster.text.at(first.end) == b')'
    })
}

/// Whether it begins with a trunk zero and is as long as national numbers are; code points in rows
/// of four digits begin so too.
fn is_trunk(lengths: &[usize], digits: &str) -> bool {
    let fours = lengths.iter().all(|length| *length == 4);
    digits.starts_with('0') && (9..=12).contains(&digits.len()) && !fours
}

/// Whether people write this between the groups of a phone number.
pub(in crate::detect) fn is_separator(between: &str) -> bool {
    matches!(
        between,
        " " | "-"
            | "."
            | "/"
            | ") "
            | ")"
            | " ("
            | "("
            | ")-"
            | " - "
            | "  "
            | " / "
            | ") - "
            | ")."
            | "-("
            | ")/"
    )
}

/// Whether every separator is one that people write between the groups of a phone number; two
/// groups with a dot between them are a decimal.
pub(super) fn is_written(cluster: Cluster<'_>, row: &[Group]) -> bool {
    let decimal = row.len() == 2 && cluster.uniform_separator(row) == Some(b'.');
    !decimal && cluster.is_spoken(row)
}

/// Whether the row starts with a date: 2024-01-31, 31.01.2024, 1/31/2024, 20240131.
pub(super) fn is_date(cluster: Cluster<'_>, row: &[Group]) -> bool {
    let is = |index: usize, lengths: RangeInclusive<usize>, values: RangeInclusive<u32>| {
        let group = row.get(index).filter(|group: &&Group| lengths.contains(&group.len()));
        let value = group.map(|group| cluster.text.slice(group.start..group.end).parse());
        value.is_some_and(|value| value.is_ok_and(|value: u32| values.contains(&value)))
    };
    let small = |index| is(index, 1..=2, 1..=31);
    let year = |index| is(index, 4..=4, 1900..=2100);
    is(0, 8..=8, 19_000_101..=21_001_231)
        || year(0) && (row.len() == 2 && year(1) || small(1) && small(2))
        || small(0) && small(1) && year(2)
}

/// Whether blanks alone divide it, and numbers or hexadecimal bytes stand beside it in the same way:
/// a row of a table or a dump.
pub(super) fn is_of_table(cluster: Cluster<'_>, row: &[Group]) -> bool {
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return false };
    let text = cluster.text;
    let hex = |byte: u8| byte.is_ascii_hexdigit();
    let left = text.run_back(first.start.saturating_sub(1), 3, hex);
    let right = text.run(last.end + 1, 3, hex);
    let byte_before = text.before(first.start, 1) == b' ' && first.start - left == 3;
    let byte_after = text.at(last.end) == b' '
        && right == last.end + 3
        && !text.at(right).is_ascii_alphanumeric();
    let spaced = cluster.uniform_separator(row) == Some(b' ');
    spaced && (byte_before || byte_after || !cluster.is_alone(row))
}

/// Whether it is an amount in groups of three that ends in zeros: `100 000 000`.
pub(super) fn is_amount(cluster: Cluster<'_>, row: &[Group], digits: &str) -> bool {
    let spaced = cluster.uniform_separator(row).is_some_and(|byte| matches!(byte, b' ' | b'.'));
    let thousands = row.iter().skip(1).all(|group| group.len() == 3);
    row.len() > 1 && spaced && thousands && digits.ends_with("000")
}
