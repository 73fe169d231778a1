//! Places on the earth: latitude and longitude in decimal degrees (ISO 6709), behind a word.

use super::{
    claims::{Claims, Nears},
    number::{Cluster, Group},
};
use crate::{Kind, cues::Cue, score::Candidate, text::Text};

/// Decimals from which a place is that of a house: some ten metres.
const DECIMALS_MIN: usize = 4;
/// Bytes between the word and the latitude, and between latitude and longitude.
const REACH: u8 = 20;
const GAP_BYTES_MAX: usize = 16;

/// Looks at a decimal that begins a cluster, and for a second one behind it.
pub(super) fn in_cluster(cluster: Cluster<'_>, nears: &Nears<'_>, claims: &mut Claims) {
    let text = cluster.text;
    let Some([whole, decimals, ..]) = cluster.groups.get(..2) else { return };
    let Some(end) = degree(text, whole, decimals.len(), 90) else { return };
    let start = whole.start - usize::from(text.before(whole.start, 1) == b'-');
    let is_between = |byte: u8| {
        matches!(byte, b' ' | b',' | b';' | b':' | b'"' | b'\'' | b'=' | b'&' | b'/')
            || byte.is_ascii_alphabetic()
            || byte >= 0x80
    };
    let gap = text.run(end, GAP_BYTES_MAX, is_between);
    let gap = gap + usize::from(text.at(gap) == b'-');
    let digits = text.run(gap, 4, |byte| byte.is_ascii_digit());
    let tail = text.run(digits + 1, 16, |byte| byte.is_ascii_digit());
    let value = text.slice(gap..digits).parse::<u32>();
    let fits = matches!(value, Ok(0..=180)) && text.at(digits) == b'.';
    if !fits || tail - digits <= DECIMALS_MIN {
        return;
    }
    let span = start..tail;
    if let Some(distance) = nears.left(&span, Cue::Coordinates, REACH) {
        let candidate = Candidate::new(Kind::COORDINATES, span);
        claims.add(candidate.term("form", 30).term("cue_word", 45), Some(distance));
    }
}

/// Where a decimal number of degrees ends.
fn degree(text: Text<'_>, whole: &Group, decimals: usize, most: u32) -> Option<usize> {
    let value = text.slice(whole.start..whole.end).parse::<u32>().ok()?;
    let fits = value <= most && text.at(whole.end) == b'.' && decimals >= DECIMALS_MIN;
    fits.then_some(whole.end + 1 + decimals)
}
