//! Payment cards: Luhn digit (ISO/IEC 7812-1 annex B), issuer range and length.

use super::{
    claims::{Claims, Nears},
    number::{self, Cluster, Group},
};
use crate::{Kind, cues::Cue, score::Candidate, validate};

const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;
/// Bytes between a cue word and the number, before and after it.
const REACH: (u8, u8) = (48, 24);
/// Bytes between a word and a number that stands right behind it.
const NEXT: u8 = 20;

/// First and last prefix, the lengths, and whether the range is one that real cards fill: numbers
/// of a thin range need a cue beside them. From the issuers' published ranges, as collected in
/// Wikipedia's "Payment card number" (2025).
struct Issuer {
    prefixes: (u32, u32),
    lengths: &'static [usize],
    dense: bool,
}

const fn issuer(from: u32, to: u32, lengths: &'static [usize], dense: bool) -> Issuer {
    Issuer { prefixes: (from, to), lengths, dense }
}

const FROM_16: [usize; 4] = [16, 17, 18, 19];
const FROM_14: [usize; 6] = [14, 15, 16, 17, 18, 19];
const FROM_12: [usize; 8] = [12, 13, 14, 15, 16, 17, 18, 19];

const ISSUERS: [Issuer; 25] = [
    issuer(4, 4, &[16, 19], true),      // Visa
    issuer(4, 4, &[13], false),         // Visa, old; many article numbers look like it
    issuer(51, 55, &[16], true),        // Mastercard
    issuer(2221, 2720, &[16], true),    // Mastercard
    issuer(34, 34, &[15], true),        // American Express
    issuer(37, 37, &[15], true),        // American Express
    issuer(6011, 6011, &FROM_16, true), // Discover
    issuer(644, 649, &FROM_16, true),   // Discover
    issuer(65, 65, &FROM_16, true),     // Discover, RuPay
    issuer(62, 62, &FROM_16, true),     // UnionPay
    issuer(3528, 3589, &FROM_16, true), // JCB
    issuer(35, 35, &[16], false),       // beside JCB
    issuer(1800, 1800, &[15], false),   // JCB, old
    issuer(2131, 2131, &[15], false),   // JCB, old
    issuer(300, 305, &FROM_14, true),   // Diners Club
    issuer(3095, 3095, &FROM_14, true), // Diners Club
    issuer(36, 36, &FROM_14, true),     // Diners Club
    issuer(38, 39, &FROM_14, true),     // Diners Club
    issuer(2200, 2204, &FROM_16, true), // Mir
    issuer(60, 60, &[16], false),       // RuPay
    issuer(81, 82, &[16], false),       // RuPay
    issuer(50, 50, &FROM_12, false),    // Maestro
    issuer(56, 59, &FROM_12, false),    // Maestro
    issuer(63, 63, &FROM_12, false),    // Maestro
    issuer(67, 69, &FROM_12, false),    // Maestro
];

/// Looks at every row of neighbouring groups that can be a card.
pub(super) fn in_cluster(cluster: Cluster<'_>, nears: &Nears<'_>, claims: &mut Claims) {
    let groups = cluster.groups;
    let mut first = 0;
    while let Some(opening) = groups.get(first).filter(|_| first < cluster.openings) {
        if !starts(cluster, opening, nears) {
            first += 1;
            continue;
        }
        let longest = cluster
            .rows_from(first, &DIGITS)
            .find_map(|(end, row)| candidate(cluster, row, nears).map(|found| (end, found)));
        match longest {
            Some((end, (candidate, distance))) => {
                claims.add(candidate, distance);
                first = end;
            }
            None => first += 1,
        }
    }
}

/// Whether a card may start here: also right behind a word that says so, as in `/cards/4111` and `No.4111`.
fn starts(cluster: Cluster<'_>, opening: &Group, nears: &Nears<'_>) -> bool {
    let joins = matches!(cluster.text.before(opening.start, 1), b'.' | b'/' | b'-' | b'_');
    let is_word = joins && cluster.text.before(opening.start, 2).is_ascii_alphabetic();
    number::starts(cluster.text, opening.start)
        || is_word && nears.left(&(opening.start..opening.end), Cue::Card, NEXT).is_some()
}

fn candidate(
    cluster: Cluster<'_>,
    row: &[Group],
    nears: &Nears<'_>,
) -> Option<(Candidate, Option<u8>)> {
    let (first, last) = (row.first()?, row.last()?);
    cluster.text.work.take(12);
    let separator = cluster.uniform_separator(row)?;
    let allowed = matches!(separator, 0 | b' ' | b'-' | b'.');
    if !allowed || !number::ends(cluster.text, last.end) {
        return None;
    }
    let digits = cluster.digits(row);
    // The cheaper of the two first.
    if !validate::luhn(digits) {
        return None;
    }
    cluster.text.work.take(ISSUERS.len());
    let range = range(digits);
    let span = first.start..last.end;
    let cue =
        nears.left(&span, Cue::Card, REACH.0).or_else(|| nears.right(&span, Cue::Card, REACH.1));
    // Issuers open ranges faster than tables follow: right behind its word it is a card all the same.
    if range.is_none() && cue.is_none_or(|distance| distance > NEXT) {
        return None;
    }
    let (range, points) = match range {
        Some(true) => ("issuer_range", 30),
        Some(false) => ("thin_issuer_range", 5),
        None => ("unknown_issuer", -5),
    };
    let grouped = separator == 0 || is_usual(row);
    let candidate = Candidate::new(Kind::CARD, span)
        .term("checksum", 40)
        .term(range, points)
        .term_if(cue.is_some(), "cue_word", 30)
        .term_if(!grouped, "unusual_groups", -25);
    Some((candidate, cue))
}

/// Groups as printed on cards, or digits set apart one by one to get past a filter.
fn is_usual(row: &[Group]) -> bool {
    const PRINTED: [&[usize]; 7] = [
        &[4, 4, 4, 4],
        &[4, 6, 5],
        &[4, 6, 4],
        &[4, 4, 4, 4, 3],
        &[4, 4, 5],
        &[4, 4, 4, 3],
        &[4, 5, 6],
    ];
    let is = |lengths: &[usize]| row.iter().map(Group::len).eq(lengths.iter().copied());
    PRINTED.iter().any(|lengths| is(lengths)) || row.iter().all(|group| group.len() == 1)
}

/// Whether the number lies in an issuer's range, and a dense one; none if in no range.
fn range(digits: &str) -> Option<bool> {
    // No issuer's prefix has more than four digits.
    let four = digits.get(..4)?.parse::<u32>().ok()?;
    let matching = ISSUERS.iter().filter(|issuer| {
        let (from, to) = issuer.prefixes;
        let prefix = match to {
            0..=9 => four / 1_000,
            10..=99 => four / 100,
            100..=999 => four / 10,
            _ => four,
        };
        (from..=to).contains(&prefix) && issuer.lengths.contains(&digits.len())
    });
    matching.map(|issuer| issuer.dense).max()
}
