//! Digits: the trigger for numbers of all kinds and for words that hold digits.
//!
//! A word with letters and digits is looked at as one. Groups of digits with short separators
//! between them are read as one cluster, and each detector sees the cluster once.

use std::{collections::BTreeSet, ops::RangeInclusive};

use super::{
    Found, address, birth, card,
    claims::{Claims, Nears},
    coordinates, iban,
    id::{self, Lead},
    ip, mac, passport, phone, ssn, vehicle, wallet,
};
use crate::{Selector, settings::Settings, text::Text};

/// Groups of one cluster. A longer row is read as several clusters that overlap.
const GROUPS_MAX: usize = 64;
/// Groups at the end of a full cluster with which the next one begins: more than any number has,
/// so that what is found does not hang on where the row began.
const OVERLAP_GROUPS: usize = 20;
/// Bytes between two groups of a phone number: `) - `.
const SEPARATOR_BYTES_MAX: usize = 3;
/// The longest word of letters and digits that can be something: a wallet's address.
pub(super) const WORD_BYTES_MAX: usize = 64;
/// The longest identifier without separators, of those that are looked up by their form.
const ID_BYTES_MAX: usize = 24;

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
    /// How many groups back what stands between them is what people write in phone numbers.
    spoken: usize,
}

/// A row of groups and what stands at its ends.
#[derive(Clone, Copy)]
pub(crate) struct Cluster<'c> {
    pub(crate) text: Text<'c>,
    pub(crate) groups: &'c [Group],
    /// Groups with which a number may begin; the rest is for those to reach into.
    pub(crate) openings: usize,
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
    /// What nobody asks for.
    off: BTreeSet<Selector>,
}

impl Numbers {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { phones: phone::Phones::new(settings), off: settings.off.clone() }
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
            let mut claims = Claims::default();
            let end = self.at(text, start, &mut row, &mut claims);
            position = claims.settle(&self.off, found).unwrap_or(0).max(end).max(start + 1);
        }
    }

    /// Looks at the word or the cluster round a digit; gives where to go on.
    fn at(&self, text: Text<'_>, digit: usize, row: &mut Row, claims: &mut Claims) -> usize {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric();
        let word = text.run_back(digit, WORD_BYTES_MAX, is_word);
        let digits_end = text.run(digit, usize::MAX, |byte| byte.is_ascii_digit());
        if word < digit || is_word(text.at(digits_end)) {
            let end = text.run(digits_end, usize::MAX, is_word);
            words(text, [word, digit, digits_end, end], claims);
            return end;
        }
        row.read(text, digit);
        let groups = row.groups.len();
        let openings = if groups < GROUPS_MAX { groups } else { groups - OVERLAP_GROUPS };
        let cluster = Cluster { text, groups: &row.groups, openings, digits: &row.digits };
        self.cluster(cluster, claims);
        match row.groups.get(openings) {
            Some(next) => next.start,
            None => row.groups.last().map_or(digits_end, |last| last.end),
        }
    }

    fn cluster(&self, cluster: Cluster<'_>, claims: &mut Claims) {
        let text = cluster.text;
        let Some(first) = cluster.groups.first() else { return };
        if first.len() == 2 {
            mac::at(text, first.start, claims);
        }
        if passport::is_filled(text, first.start..first.end) {
            passport::at(text, first.start, claims);
        }
        if first.len() <= address::NUMBER_DIGITS_MAX {
            address::at(text, first, claims);
        }
        if cluster.digits.len() < 4 || is_spread(cluster) {
            return;
        }
        let last = cluster.groups.last().map_or(first.end, |last| last.end);
        let nears = &Nears::new(text, first.start..last);
        addresses(cluster, nears, claims);
        if in_uuid(cluster) {
            return;
        }
        birth::in_cluster(cluster, nears, claims);
        coordinates::in_cluster(cluster, nears, claims);
        identifiers(cluster, nears, claims);
        if cluster.digits.len() < *phone::DIGITS.start() {
            return;
        }
        card::in_cluster(cluster, nears, claims);
        ssn::in_cluster(cluster, nears, claims);
        self.phones.in_cluster(cluster, nears, claims);
    }
}

/// Whether the digits are set apart one by one: they are read put together, in a view of their own.
fn is_spread(cluster: Cluster<'_>) -> bool {
    cluster.groups.len() >= SPREAD_MIN
        && cluster.digits.len() == cluster.groups.len()
        && cluster.uniform_separator(cluster.groups).is_some_and(|separator| separator != 0)
}

/// Looks at a word that has letters too: where it starts, its first digits start and end, its end.
fn words(text: Text<'_>, [start, digit, digits_end, end]: [usize; 4], claims: &mut Claims) {
    if digit - start == 2
        && let Some(iban) = iban::at(text, digit)
    {
        claims.add(iban, None);
        return;
    }
    let length = end - start;
    match length {
        2 => mac::at(text, start, claims),
        3..=ID_BYTES_MAX => {
            let nears = &Nears::new(text, start..end);
            let lead = Lead { letters: digit - start, digits: digits_end - digit, next: None };
            id::at(text, start, lead, nears, claims);
            if length == vehicle::VIN_BYTES {
                vehicle::at(text, start, nears, claims);
            }
            if length >= 5 {
                id::free_at(text, start, nears, claims);
            }
        }
        _ => {}
    }
    if length >= passport::WORD_BYTES_MIN || passport::is_filled(text, start..end) {
        passport::at(text, start, claims);
    }
    if (wallet::BYTES_MIN..=WORD_BYTES_MAX).contains(&length) {
        wallet::at(text, start..end, claims);
    }
}

/// Looks up every group of digits, and the first one also with the letters that stand before it.
fn identifiers(cluster: Cluster<'_>, nears: &Nears<'_>, claims: &mut Claims) {
    let text = cluster.text;
    for (place, group) in cluster.groups.iter().take(cluster.openings).enumerate() {
        let next = cluster.groups.get(place + 1).filter(|next| next.start == group.end + 1);
        let lead = Lead { letters: 0, digits: group.len(), next: next.map(Group::len) };
        id::at(text, group.start, lead, nears, claims);
        let gap = place == 0 && matches!(text.before(group.start, 1), b' ' | b'-');
        if gap {
            let letters_end = group.start - 1;
            let letters = text.run_back(letters_end, 5, |byte| byte.is_ascii_alphabetic());
            let lead = Lead { letters: letters_end - letters, ..lead };
            if text.at(letters_end) == b'-' {
                id::free_at(text, letters, nears, claims);
            }
            if lead.letters > 0 {
                let nears = &Nears::new(text, letters..group.end);
                id::at(text, letters, lead, nears, claims);
            }
        }
        if group.len() >= 4 || place == 0 {
            id::free_at(text, group.start, nears, claims);
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

    /// Rows of so many neighbouring groups.
    pub(crate) fn rows(&self, count: usize) -> impl Iterator<Item = &'c [Group]> {
        self.groups.windows(count).take(self.openings)
    }

    /// Whether people write the groups of a phone number with these separators between them.
    pub(crate) fn is_spoken(&self, groups: &[Group]) -> bool {
        groups.last().is_some_and(|last| last.spoken + 1 >= groups.len())
    }

    /// The rows that begin with a group and have so many digits, the longest first, each with the number
    /// of the group behind it.
    pub(crate) fn rows_from(
        &self,
        first: usize,
        digits: &RangeInclusive<usize>,
    ) -> impl Iterator<Item = (usize, &'c [Group])> + use<'c> {
        let rest = self.groups.get(first..).unwrap_or_default();
        let start = rest.first().map_or(0, |first| first.before);
        let up_to = |group: &Group| group.before + group.len() - start;
        let least = rest.partition_point(|group| up_to(group) < *digits.start());
        let most = rest.partition_point(|group| up_to(group) <= *digits.end());
        self.text.work.take(most - least + 1);
        (least..most)
            .rev()
            .filter_map(move |last| rest.get(..=last).map(|row| (first + last + 1, row)))
    }

    /// Whether no further group of digits stands beside these.
    pub(crate) fn is_alone(&self, groups: &[Group]) -> bool {
        let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
        let before = self.text.run_back(first.start, SEPARATOR_BYTES_MAX, is_separator);
        let after = self.text.run(last.end, SEPARATOR_BYTES_MAX, is_separator);
        !self.text.before(before, 1).is_ascii_digit() && !self.text.at(after).is_ascii_digit()
    }
}

/// Whether a number may start here: not in the middle of a word, an identifier or a decimal.
pub(crate) fn starts(text: Text<'_>, position: usize) -> bool {
    let byte = text.before(position, 1);
    let joined = matches!(byte, b'-' | b'.' | b'/' | b'_' | b'+');
    !(byte.is_ascii_alphanumeric() || (joined && text.before(position, 2).is_ascii_alphanumeric()))
}

/// Whether a number may end here.
pub(crate) fn ends(text: Text<'_>, position: usize) -> bool {
    let byte = text.at(position);
    let joined = matches!(byte, b'-' | b'.' | b'/' | b'_' | b':');
    let next = text.at(position + 1);
    // A full stop or a dash before a word ends a sentence; before a digit it goes on.
    let goes_on = match byte {
        b'.' | b'/' | b':' => next.is_ascii_digit(),
        _ => next.is_ascii_alphanumeric(),
    };
    !(byte.is_ascii_alphanumeric() || (joined && goes_on))
}

/// What may stand between two groups of one number.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/')
}

/// So many digits that are set apart are a disguise (`normalise/disguise/spaced.rs`).
const SPREAD_MIN: usize = 7;

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
            let next = text.run(end, SEPARATOR_BYTES_MAX, is_separator);
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
        let spoken = match last {
            Some(last) if phone::is_separator(text.slice(last.end..start)) => last.spoken + 1,
            _ => 0,
        };
        let before = self.digits.len();
        self.digits.push_str(text.slice(start..end));
        self.groups.push(Group { start, end, before, separator, same, spoken });
    }
}

/// Hands every four groups with dots, and no fifth, to the IPv4 detector.
fn addresses(cluster: Cluster<'_>, nears: &Nears<'_>, claims: &mut Claims) {
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
            ip::four_groups(cluster.text, four, nears, claims);
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
