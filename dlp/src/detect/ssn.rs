//! United States social security numbers. There is no checksum; the rules are those of the Social
//! Security Administration (POMS RM 10201.035): area not 000, 666 or 900 and above, group not 00,
//! serial not 0000.

use super::{
    claims::{Claims, Nears},
    number::{self, Cluster, Group},
};
use crate::{
    Kind,
    cues::Cue,
    score::{Candidate, Validity},
    validate,
};

/// Bytes between a cue word and the number, before and after it.
const REACH: (u8, u8) = (48, 24);

/// Voided by the administration because they were printed in advertisements.
const NEVER_ISSUED: [&str; 2] = ["078051120", "219099999"];

/// Looks at every three groups of 3, 2 and 4 digits, and at nine digits beside a cue.
pub(super) fn in_cluster(cluster: Cluster<'_>, nears: &Nears<'_>, claims: &mut Claims) {
    for count in [3, 1, 9] {
        for row in cluster.rows(count) {
            if let Some((candidate, distance)) = candidate(cluster, row, nears) {
                claims.add(candidate, distance);
            }
        }
    }
}

fn candidate(
    cluster: Cluster<'_>,
    row: &[Group],
    nears: &Nears<'_>,
) -> Option<(Candidate, Option<u8>)> {
    let (first, last) = (row.first()?, row.last()?);
    let lengths = row.iter().map(Group::len);
    let printed = lengths.clone().eq([3, 2, 4]);
    let bare = lengths.clone().eq([9]);
    let spread = lengths.eq([1; 9]);
    let text = cluster.text;
    if !(printed || bare || spread)
        || !number::starts(text, first.start)
        || !number::ends(text, last.end)
    {
        return None;
    }
    let separator = cluster.uniform_separator(row)?;
    let span = first.start..last.end;
    let digits = cluster.digits(row);
    if validity(digits) == Validity::Invalid {
        return None;
    }
    let alone = cluster.is_alone(row);
    let shape = match (printed, separator) {
        (true, b'-') => 75,
        (true, b' ') if alone => 60,
        (true, b' ' | b'.') => 40,
        (false, 0 | b' ' | b'-' | b'.') => 30,
        _ => return None,
    };
    let cue =
        nears.left(&span, Cue::Ssn, REACH.0).or_else(|| nears.right(&span, Cue::Ssn, REACH.1));
    let candidate = Candidate::new(Kind::US_SSN, span);
    Some((candidate.term("shape", shape).term_if(cue.is_some(), "cue_word", 40), cue))
}

fn validity(digits: &str) -> Validity {
    let area = digits.get(..3).unwrap_or_default();
    let invalid = matches!(area, "000" | "666")
        || area.starts_with('9')
        || digits.get(3..5) == Some("00")
        || digits.get(5..) == Some("0000")
        || NEVER_ISSUED.contains(&digits);
    validate::possible(!invalid)
}
