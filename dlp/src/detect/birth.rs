//! Dates of birth: a date since 1900 behind a word for birth.

use std::ops::Range;

use super::{
    claims::{Claims, Nears},
    number::{Cluster, Group, ends, starts},
};
use crate::{
    Kind,
    cues::Cue,
    score::Candidate,
    text::Text,
    validate::{is_day, number},
};

/// Bytes between the word and the date.
const REACH: u8 = 20;
/// Bytes before the year in which day and month are written: `31. September, `.
const WRITTEN_BYTES_MAX: usize = 20;
const YEARS: std::ops::RangeInclusive<u64> = 1900..=2035;

/// The first three letters of the months in the languages of western Europe, in lower case.
const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec mär mai okt dez fév avr jui aoû \
    déc ene abr ago dic gen mag giu lug set ott fev out maa mei sty lut kwi maj cze lip sie wrz paź \
    lis gru";

/// Looks at every date in a cluster.
pub(super) fn in_cluster(cluster: Cluster<'_>, nears: &Nears<'_>, claims: &mut Claims) {
    for row in cluster.rows(3) {
        if let Some(span) = numeric(cluster, row) {
            claim(span, nears, claims);
        }
    }
    for group in cluster.groups.iter().take(cluster.openings) {
        if let Some(span) = compact(cluster.text, group) {
            claim(span, nears, claims);
        }
    }
    for year in cluster.groups.iter().take(cluster.openings).filter(|group| group.len() == 4) {
        if let Some(span) = written(cluster.text, year) {
            claim(span, nears, claims);
        }
    }
}

fn claim(span: Range<usize>, nears: &Nears<'_>, claims: &mut Claims) {
    if let Some(distance) = nears.left(&span, Cue::Birth, REACH) {
        let candidate = Candidate::new(Kind::DATE_OF_BIRTH, span);
        claims.add(candidate.term("date", 30).term("cue_word", 45), Some(distance));
    }
}

/// 31.12.1990, 12/31/90, 1990-12-31.
fn numeric(cluster: Cluster<'_>, row: &[Group]) -> Option<Range<usize>> {
    let [a, b, c] = row else { return None };
    let text = cluster.text;
    let lengths = [a.len(), b.len(), c.len()];
    let year_first = lengths == [4, 2, 2];
    let year_last = matches!(lengths, [1 | 2, 1 | 2, 4 | 2]);
    let separator = cluster.uniform_separator(row)?;
    if !(year_first || year_last) || !matches!(separator, b'.' | b'/' | b'-' | b' ') {
        return None;
    }
    let value = |group: &Group| text.slice(group.start..group.end).parse::<u64>().unwrap_or(0);
    let [a, b, c] = [a, b, c].map(value);
    let (year, day) =
        if year_first { (a, is_day(b, c)) } else { (c, is_day(b, a) || is_day(a, b)) };
    let year = YEARS.contains(&year) || (year_last && year < 100);
    let span = row.first()?.start..row.last()?.end;
    (year && day && is_whole(text, &span)).then_some(span)
}

/// 19901231.
fn compact(text: Text<'_>, group: &Group) -> Option<Range<usize>> {
    if group.len() != 8 {
        return None;
    }
    let span = group.start..group.end;
    let digits = text.slice(span.clone());
    let year = YEARS.contains(&number(digits, 0, 4));
    let day = is_day(number(digits, 4, 2), number(digits, 6, 2));
    (year && day && is_whole(text, &span)).then_some(span)
}

/// Whether a date ends here, or goes on with a time as in ISO 8601.
fn is_whole(text: Text<'_>, span: &Range<usize>) -> bool {
    let timed = text.at(span.end) == b'T' && text.at(span.end + 1).is_ascii_digit();
    starts(text, span.start) && (timed || ends(text, span.end))
}

/// 31 December 1990, December 31st, 1990.
fn written(text: Text<'_>, year: &Group) -> Option<Range<usize>> {
    let comma = text.before(year.start, 2);
    if text.before(year.start, 1) != b' '
        || !(comma >= 0x80 || comma.is_ascii_alphanumeric() || matches!(comma, b',' | b'.'))
    {
        return None;
    }
    let value: u64 = text.slice(year.start..year.end).parse().ok()?;
    if !YEARS.contains(&value) || text.at(year.end).is_ascii_alphanumeric() {
        return None;
    }
    let [before, _] = text.window(&(year.start..year.start), WRITTEN_BYTES_MAX, 0);
    let mut words = before.str().rsplit([' ', ',', '.']).filter(|word| !word.is_empty());
    let pair = [words.next()?, words.next()?];
    // `de` stands between in Spanish and Portuguese.
    let pair = match pair {
        ["de", month] => [month, words.find(|word| *word != "de")?],
        [month, "de"] => [month, words.next()?],
        pair => pair,
    };
    let is_month = |word: &str| {
        let head: String = word.chars().take(3).flat_map(char::to_lowercase).collect();
        head.chars().count() == 3 && MONTHS.split_ascii_whitespace().any(|month| month == head)
    };
    let is_date = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        digits.len() + 2 >= word.len() && matches!(digits.parse::<u32>(), Ok(1..=31))
    };
    let dated = match pair {
        [month, day] if is_month(month) && is_date(day) => day,
        [day, month] if is_date(day) && is_month(month) => month,
        _ => return None,
    };
    let offset = before.str().rfind(dated)?;
    Some(year.start - before.bytes().len() + offset..year.end)
}
