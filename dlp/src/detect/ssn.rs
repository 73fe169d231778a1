//! United States social security numbers. There is no checksum; the rules are those of the Social
//! Security Administration (POMS RM 10201.035): area not 000, 666 or 900 and above, group not 00,
//! serial not 0000.

use std::sync::LazyLock;

use super::{
    Found,
    number::{Cluster, Group},
};
use crate::{
    Kind,
    cues::Cues,
    score::{Candidate, Validity},
};

static CUES: LazyLock<Cues> = LazyLock::new(|| {
    Cues::new(&["ssn", "ssns", "social security", "social sec", "soc sec", "ss#"])
});

/// Voided by the administration because they were printed in advertisements.
const NEVER_ISSUED: [&str; 2] = ["078051120", "219099999"];

/// Looks at every three groups of 3, 2 and 4 digits, and at nine digits beside a cue.
pub(super) fn in_cluster(cluster: Cluster<'_>, found: &mut Found<'_>) {
    for count in [3, 1, 9] {
        for row in cluster.groups.windows(count) {
            if let Some(candidate) = candidate(cluster, row) {
                found(candidate);
            }
        }
    }
}

fn candidate(cluster: Cluster<'_>, row: &[Group]) -> Option<Candidate> {
    let (first, last) = (row.first()?, row.last()?);
    let lengths = row.iter().map(Group::len);
    let printed = lengths.clone().eq([3, 2, 4]);
    let bare = lengths.clone().eq([9]);
    let spread = lengths.eq([1; 9]);
    if !(printed || bare || spread) || !cluster.starts(first.start) || !cluster.ends(last.end) {
        return None;
    }
    let separator = cluster.uniform_separator(row)?;
    let span = first.start..last.end;
    let digits = cluster.digits(row);
    if validity(digits) == Validity::Invalid {
        return None;
    }
    let [left, right] = cluster.text.window(&span, 48, 24);
    let cue = CUES.are_in(left) || CUES.are_in(right);
    let alone = cluster.groups.len() == row.len();
    let shape = match (printed, separator) {
        (true, b'-') => 75,
        (true, b' ') if alone => 60,
        (true, b' ' | b'.') => 40,
        (false, 0 | b' ' | b'-' | b'.') => 30,
        _ => return None,
    };
    Some(Candidate::new(Kind::US_SSN, span).term("shape", shape).term_if(cue, "cue_word", 40))
}

fn validity(digits: &str) -> Validity {
    let area = digits.get(..3).unwrap_or_default();
    let invalid = matches!(area, "000" | "666")
        || area.starts_with('9')
        || digits.get(3..5) == Some("00")
        || digits.get(5..) == Some("0000")
        || NEVER_ISSUED.contains(&digits);
    if invalid { Validity::Invalid } else { Validity::Unknown }
}
