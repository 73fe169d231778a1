//! Digits: the trigger for addresses of hosts, cards, accounts, social security and phone numbers.
//!
//! Groups of digits with short separators between them are read as one cluster, and each detector
//! sees the cluster once, the one with the strictest rules first.

use std::ops::Range;

use super::{Found, card, iban, ip, phone, ssn};
use crate::{score::Candidate, settings::Settings, text::Text};

/// Groups of one cluster. A longer row is read as several clusters.
const GROUPS_MAX: usize = 48;
/// Bytes between two groups of a phone number: `) - `.
const SEPARATOR_BYTES_MAX: usize = 3;

/// A run of digits; bytes of the view.
#[derive(Clone, Copy)]
pub(crate) struct Group {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Digits of the groups before it in its cluster.
    before: usize,
    /// The one byte before it and how many groups back it is the same; 0 where there is none or it
    /// is more than one.
    separator: u8,
    same: usize,
}

/// A row of groups and what stands at its ends.
#[derive(Clone, Copy)]
pub(crate) struct Cluster<'c> {
    pub(crate) text: Text<'c>,
    pub(crate) groups: &'c [Group],
    /// The digits of all groups.
    digits: &'c str,
}

/// Room for one cluster, used again for the next.
#[derive(Default)]
struct Row {
    groups: Vec<Group>,
    digits: String,
}

/// The detectors of numbers.
pub(crate) struct Numbers {
    phones: phone::Phones,
}

impl Numbers {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { phones: phone::Phones::new(settings) }
    }

    /// Runs over every digit of the text.
    pub(crate) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        let mut row = Row::default();
        let mut position = 0;
        text.work.take(text.bytes().len());
        while let Some(start) = next_digit(text, position) {
            if text.work.is_spent() {
                return;
            }
            if let Some(iban) = iban::at(text, start) {
                position = iban.span.end;
                found(iban);
                continue;
            }
            row.read(text, start);
            position = row.groups.last().map_or(start + 1, |last| last.end);
            self.cluster(Cluster { text, groups: &row.groups, digits: &row.digits }, found);
        }
    }

    fn cluster(&self, cluster: Cluster<'_>, found: &mut Found<'_>) {
        let digits = cluster.digits.len();
        if digits < 4 {
            return;
        }
        let mut taken: Vec<Range<usize>> = Vec::new();
        let mut take = |candidate: Candidate| {
            taken.push(candidate.span.clone());
            found(candidate);
        };
        addresses(cluster, &mut take);
        if digits < 7 || in_uuid(cluster) {
            return;
        }
        card::in_cluster(cluster, &mut take);
        ssn::in_cluster(cluster, &mut take);
        if taken.is_empty() {
            self.phones.in_cluster(cluster, found);
        }
    }
}

impl Group {
    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }
}

impl<'c> Cluster<'c> {
    /// The digits of these neighbouring groups.
    pub(crate) fn digits(&self, groups: &[Group]) -> &'c str {
        let from = groups.first().map_or(0, |first| first.before);
        let digits = self.digits.get(from..from + count(groups)).unwrap_or_default();
        self.text.work.take(digits.len());
        digits
    }

    /// What stands between two neighbouring groups.
    pub(crate) fn separator(&self, left: &Group, right: &Group) -> &'c str {
        self.text.slice(left.end..right.start)
    }

    /// The one byte between all of these groups: 0 for a single group, none when it differs.
    pub(crate) fn uniform_separator(&self, groups: &[Group]) -> Option<u8> {
        self.text.work.take(1);
        match groups {
            [] | [_] => Some(0),
            [_, .., last] => (last.same + 1 >= groups.len()).then_some(last.separator),
        }
    }

    /// Whether a number may start here: not in the middle of a word, an identifier or a decimal.
    pub(crate) fn starts(&self, position: usize) -> bool {
        let byte = self.text.before(position, 1);
        let joined = matches!(byte, b'-' | b'.' | b'/' | b'_' | b'+');
        !(byte.is_ascii_alphanumeric()
            || (joined && self.text.before(position, 2).is_ascii_alphanumeric()))
    }

    /// Whether a number may end here.
    pub(crate) fn ends(&self, position: usize) -> bool {
        let byte = self.text.at(position);
        let joined = matches!(byte, b'-' | b'.' | b'/' | b'_' | b':');
        let next = self.text.at(position + 1);
        // A full stop or a dash before a word ends a sentence; before a digit it goes on.
        let goes_on = match byte {
            b'.' | b'/' | b':' => next.is_ascii_digit(),
            _ => next.is_ascii_alphanumeric(),
        };
        !(byte.is_ascii_alphanumeric() || (joined && goes_on))
    }
}

/// Bytes that are looked at in one go.
const BLOCK: usize = 32;

/// Blocks without a digit, which most are, are passed over whole.
fn next_digit(text: Text<'_>, from: usize) -> Option<usize> {
    let rest = text.bytes().get(from..)?;
    let has_none =
        |block: &&[u8]| !block.iter().fold(false, |any, byte| any | byte.is_ascii_digit());
    let clean = rest.chunks_exact(BLOCK).take_while(has_none).count() * BLOCK;
    let digit = rest.get(clean..)?.iter().position(u8::is_ascii_digit);
    digit.map(|at| from + clean + at)
}

/// How many digits these neighbouring groups have.
pub(crate) fn count(groups: &[Group]) -> usize {
    match (groups.first(), groups.last()) {
        (Some(first), Some(last)) => last.before + last.len() - first.before,
        _ => 0,
    }
}

impl Row {
    fn read(&mut self, text: Text<'_>, start: usize) {
        self.groups.clear();
        self.digits.clear();
        let mut start = start;
        while self.groups.len() < GROUPS_MAX {
            let end = text.run(start, usize::MAX, |byte| byte.is_ascii_digit());
            self.add(text, start, end);
            let next = text.run(end, SEPARATOR_BYTES_MAX, |byte| {
                matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/')
            });
            if next == end || !text.at(next).is_ascii_digit() {
                return;
            }
            start = next;
        }
    }

    fn add(&mut self, text: Text<'_>, start: usize, end: usize) {
        let last = self.groups.last();
        let separator = match last {
            Some(last) if last.end + 1 == start => text.at(last.end),
            _ => 0,
        };
        let same = match last {
            _ if separator == 0 => 0,
            Some(last) if last.separator == separator => last.same + 1,
            _ => 1,
        };
        let before = self.digits.len();
        self.digits.push_str(text.slice(start..end));
        self.groups.push(Group { start, end, before, separator, same });
    }
}

/// Hands every four groups with dots, and no fifth, to the IPv4 detector.
fn addresses(cluster: Cluster<'_>, found: &mut Found<'_>) {
    let dotted = |pair: &[Group]| match pair {
        [left, right] => cluster.separator(left, right) == ".",
        _ => false,
    };
    for four in cluster.groups.chunk_by(|left, right| dotted(&[*left, *right])) {
        let (Some(first), Some(last)) = (four.first(), four.last()) else { continue };
        let before = cluster.text.before(first.start, 1);
        let glued = before.is_ascii_alphanumeric()
            || matches!(before, b'.' | b'_')
            || (before == b'-' && cluster.text.before(first.start, 2).is_ascii_alphanumeric())
            || cluster.text.at(last.end).is_ascii_alphanumeric();
        if four.len() == 4 && !glued {
            ip::four_groups(cluster.text, four, found);
        }
    }
}

/// Whether the cluster is part of a UUID (RFC 9562), whose digits mean nothing.
fn in_uuid(cluster: Cluster<'_>) -> bool {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let Some(first) = cluster.groups.first() else { return false };
    let start = cluster.text.run_back(first.start, 36, is_part);
    let end = cluster.text.run(first.start, 36, is_part);
    let parts = cluster.text.slice(start..end).split('-').map(str::len);
    parts.eq(LENGTHS)
}
