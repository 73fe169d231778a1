//! Phone numbers: digits in a shape that people write, checked against numbering plans.

mod shape;

pub(super) use shape::is_separator;

use super::{
    claims::{Claims, Nears},
    number::{self, Cluster, Group},
    plan::{self, Plan},
};
use crate::{
    Kind, Settings,
    cues::Cue,
    score::{Candidate, Validity},
    text::Text,
};

/// ITU-T E.164; the shortest that we look at is a local number of a small country.
pub(super) const DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// Shorter ones need their word right before them and groups.
const DIGITS_ALONE_MIN: usize = 7;
/// Rows of groups tried from one start; a number has rarely more groups than six.
const GROUPS_MAX: usize = 8;
/// Bytes between a word and the number.
const REACH: u8 = 32;
/// A word so near says that it is one, however it is written.
const NEXT: u8 = 14;
/// Bytes between a number and what it is, as on a business card: `467 3395 office`.
const REACH_AFTER: u8 = 2;
/// A word for another number, nearer than so many bytes, counts more than one for a phone farther
/// off.
const OTHER_NEXT: u8 = 8;
/// Below this score a row is no number and a shorter one is tried.
const SCORE_MIN: i16 = 60;
const PLAN_POINTS: i16 = 20;

/// The phone number detector.
pub(super) struct Phones {
    plans: Vec<&'static Plan>,
}

impl Phones {
    pub(super) fn new(settings: &Settings) -> Self {
        let regions = settings.regions.iter().map(|region| region.id());
        Self { plans: regions.filter_map(|id| Plan::of_region(id.as_ref())).collect() }
    }

    /// Looks for numbers from left to right, the longest at each start.
    pub(super) fn in_cluster(&self, cluster: Cluster<'_>, nears: &Nears<'_>, claims: &mut Claims) {
        let mut first = 0;
        while let Some(group) = cluster.groups.get(first).filter(|_| first < cluster.openings) {
            let opening = Opening::new(cluster, group);
            // What follows a calling code is no number of its own.
            let is_rest = first.checked_sub(1).and_then(|before| cluster.groups.get(before));
            let is_rest = is_rest.is_some_and(|before| Opening::new(cluster, before).plus);
            let span = opening.start..group.end;
            let is_claimed = claims.covers(&span) && nears.left(&span, Cue::Phone, NEXT).is_none();
            if is_rest || is_claimed || !opening.is_free(cluster.text) {
                first += 1;
                continue;
            }
            let longest = cluster
                .rows_from(first, &DIGITS)
                .filter(|(_, row)| row.len() <= GROUPS_MAX)
                .find_map(|(end, row)| {
                    self.candidate(cluster, &opening, row, nears, claims).map(|found| (end, found))
                });
            match longest {
                Some((end, (candidate, distance))) => {
                    claims.add(candidate, distance);
                    first = end;
                }
                None => first += 1,
            }
        }
    }

    fn candidate(
        &self,
        cluster: Cluster<'_>,
        opening: &Opening,
        row: &[Group],
        nears: &Nears<'_>,
        claims: &Claims,
    ) -> Option<(Candidate, Option<u8>)> {
        let text = cluster.text;
        let length = number::count(row);
        let last = row.last()?;
        text.work.take(30);
        let extension = extension_end(text, last.end);
        let end = extension.unwrap_or(last.end);
        let is_local_part = text.at(end) == b'@';
        if !number::ends(text, end) || is_local_part {
            return None;
        }
        if !shape::is_written(cluster, row) || shape::is_date(cluster, row) {
            return None;
        }
        let digits = cluster.digits(row);
        let span = opening.start..end;
        let claimed = claims.covers(&span);
        let candidate =
            Candidate::new(Kind::PHONE, span).term_if(extension.is_some(), "extension", 15);
        let (full, validity) = opening.international(row, digits);
        if full && validity == Validity::Valid && !claimed {
            return Some((candidate.term("international", 40).term("numbering_plan", 50), None));
        }
        let words = Words::near(nears, opening.start..last.end);
        let grouped = row.len() > 1;
        let named = words.strong.is_some_and(|distance| distance <= NEXT);
        let dashed = matches!(cluster.uniform_separator(row), Some(b' ' | b'-'));
        if length < DIGITS_ALONE_MIN && !(named && grouped && dashed) {
            return None;
        }
        if claimed && !named {
            return None;
        }
        let spoken_for = words.strong.is_some() || words.weak;
        if !spoken_for && !full && shape::is_of_table(cluster, row) {
            return None;
        }
        let (name, points) = match validity {
            _ if full => ("international", 45),
            // The plan does not know it, but the country has this code: a word must speak for it.
            _ if opening.plus && plan::has_code(digits) => ("calling_code", 30),
            _ if opening.plus => return None,
            _ => ("shape", shape::points(cluster, row, digits)),
        };
        let candidate = candidate
            .term(name, points)
            .term_if(full && grouped, "grouped", 15)
            .term_if(named, "cue_word", 45)
            .term_if(!named && words.strong.is_some(), "cue_word", 35)
            .term_if(words.weak, "weak_cue_word", if grouped || opening.plus { 30 } else { 20 })
            .term_if(words.other, "other_number_cue", -40)
            .term_if(shape::is_amount(cluster, row, digits), "round_amount", -30);
        // The plans are asked last and only where their word can decide.
        if i16::from(candidate.score()) + PLAN_POINTS < SCORE_MIN {
            return None;
        }
        text.work.take(length * self.plans.len());
        let national = |plan: &&Plan| plan.national(digits) == Validity::Valid;
        let valid = !full && !opening.plus && self.plans.iter().any(national);
        let candidate = candidate.term_if(valid, "numbering_plan", PLAN_POINTS);
        (i16::from(candidate.score()) >= SCORE_MIN).then_some((candidate, words.strong))
    }
}

/// What is before a number's digits.
struct Opening {
    /// Where the number starts, with its `+` or `(`.
    start: usize,
    plus: bool,
}

impl Opening {
    fn new(cluster: Cluster<'_>, first: &Group) -> Self {
        let bracket = usize::from(cluster.text.before(first.start, 1) == b'(');
        let digits = first.start - bracket;
        let plus = cluster.text.before(digits, 1) == b'+';
        let sign = digits - usize::from(plus);
        let outer = plus && cluster.text.before(sign, 1) == b'(';
        Self { start: sign - usize::from(outer), plus }
    }

    /// Whether a number may start here, and no decimal point is before it.
    fn is_free(&self, text: Text<'_>) -> bool {
        number::starts(text, self.start) && text.before(self.start, 1) != b'.'
    }

    /// Whether the number is written with its calling code, behind `+`, `00` or North America's
    /// `011`, and whether there is such a number.
    fn international(&self, row: &[Group], digits: &str) -> (bool, Validity) {
        if self.plus {
            let validity = plan::international(digits);
            return (validity != Validity::Invalid, validity);
        }
        let first = row.first().map_or(0, Group::len);
        let dialled = ["011", "00"]
            .into_iter()
            .filter(|exit| first >= exit.len())
            .find_map(|exit| digits.strip_prefix(exit));
        let fours = row.iter().all(|group| group.len() == 4);
        let Some(full) = dialled.filter(|_| row.len() > 1 && !fours) else {
            return (false, Validity::Invalid);
        };
        let validity = plan::international(full);
        (validity == Validity::Valid, validity)
    }
}

/// Which cues are near.
struct Words {
    /// Bytes to a word for a phone.
    strong: Option<u8>,
    weak: bool,
    other: bool,
}

impl Words {
    fn near(nears: &Nears<'_>, span: std::ops::Range<usize>) -> Self {
        let left = |cue| nears.left(&span, cue, REACH);
        let strong = left(Cue::Phone);
        let desk = nears.right(&span, Cue::Desk, REACH_AFTER).is_some();
        let dial = left(Cue::Dial);
        // The nearer word decides; a word for phones only yields to one right before the number.
        let other = left(Cue::Other).is_some_and(|other| match (strong, dial) {
            (Some(strong), _) => other < strong && other <= OTHER_NEXT,
            (None, Some(dial)) => other < dial && !desk,
            (None, None) => !desk,
        });
        Self { strong, weak: strong.is_none() && (dial.is_some() || desk), other }
    }
}

/// Where an extension ends that follows a number: `x123`, ` ext. 5`, `, Durchwahl 12`.
fn extension_end(text: Text<'_>, end: usize) -> Option<usize> {
    const MARKS: [&str; 7] = ["extension", "ext.", "ext", "x", "durchwahl", "poste", "#"];
    let gap = text.run(end, 2, |byte| matches!(byte, b' ' | b','));
    if !matches!(text.at(gap).to_ascii_lowercase(), b'e' | b'x' | b'd' | b'p' | b'#') {
        return None;
    }
    let mark = MARKS.iter().find(|mark| {
        let given = text.bytes().get(gap..gap + mark.len());
        given.is_some_and(|given| given.eq_ignore_ascii_case(mark.as_bytes()))
    })?;
    text.work.take(MARKS.len());
    let digits = text.run(gap + mark.len(), 2, |byte| matches!(byte, b' ' | b'.' | b':'));
    let end = text.run(digits, 6, |byte| byte.is_ascii_digit());
    (end > digits && !text.at(end).is_ascii_alphanumeric()).then_some(end)
}
