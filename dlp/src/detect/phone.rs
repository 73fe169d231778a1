//! Phone numbers: digits in a shape that people write, checked against numbering plans.

use std::{cell::OnceCell, sync::LazyLock};

use super::{
    Found,
    number::{self, Cluster, Group},
    plan::{self, Plan},
};
use crate::{
    Kind, Settings,
    cues::Cues,
    score::{Candidate, Validity},
    text::Text,
};

/// ITU-T E.164; the shortest that we look at is a local number of seven digits.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Rows of groups tried from one start; a number has rarely more groups than six.
const GROUPS_MAX: usize = 8;
const CUE_WINDOW_BYTES: usize = 32;
/// Below this score a row is no number and a shorter one is tried.
const SCORE_MIN: i16 = 60;
const PLAN_POINTS: i16 = 20;

static CUES: LazyLock<Cues> = LazyLock::new(|| {
    Cues::new(&[
        "phone",
        "phones",
        "tel",
        "telephone",
        "mobile",
        "cell",
        "cellphone",
        "fax",
        "whatsapp",
        "sms",
        "hotline",
        "handy",
        "telefon",
        "landline",
        "telefono",
        "téléphone",
        "ph",
    ])
});
static WEAK_CUES: LazyLock<Cues> = LazyLock::new(|| {
    Cues::new(&[
        "call",
        "called",
        "calling",
        "dial",
        "reach",
        "contact",
        "ring",
        "messages",
        "answering",
    ])
});
static OTHER_NUMBERS: LazyLock<Cues> = LazyLock::new(|| {
    Cues::new(&[
        "order",
        "invoice",
        "isbn",
        "issn",
        "ref",
        "reference",
        "account",
        "ticket",
        "serial",
        "part",
        "sku",
        "tracking",
        "id",
        "case",
        "version",
        "doi",
        "rfc",
    ])
});

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
    pub(super) fn in_cluster(&self, cluster: Cluster<'_>, found: &mut Found<'_>) {
        let mut first = 0;
        while let Some(opening) = cluster.groups.get(first) {
            let opening = Opening::new(cluster, opening);
            let ends = first + 1..=cluster.groups.len().min(first + GROUPS_MAX);
            let longest = ends
                .rev()
                .filter(|_| cluster.starts(opening.start))
                .filter_map(|end| cluster.groups.get(first..end).map(|row| (end, row)))
                .find_map(|(end, row)| {
                    self.candidate(cluster, &opening, row).map(|found| (end, found))
                });
            match longest {
                Some((end, candidate)) => {
                    found(candidate);
                    first = end;
                }
                None => first += 1,
            }
        }
    }

    fn candidate(
        &self,
        cluster: Cluster<'_>,
        opening: &Opening<'_>,
        row: &[Group],
    ) -> Option<Candidate> {
        cluster.text.work.take(32);
        let length = number::count(row);
        let last = row.last()?;
        let is_local_part = cluster.text.at(last.end) == b'@';
        if !DIGITS.contains(&length) || !cluster.ends(last.end) || is_local_part {
            return None;
        }
        if !is_written(cluster, row) || is_date(cluster, row) {
            return None;
        }
        let digits = cluster.digits(row);
        let candidate = Candidate::new(Kind::PHONE, opening.start..last.end);
        if let Some(full) = opening.international(row, digits) {
            let valid = plan::international(full) == Validity::Valid;
            return valid.then(|| candidate.term("international", 40).term("numbering_plan", 50));
        }
        let cues = opening.cues.get_or_init(|| opening.read_cues());
        let candidate = candidate
            .term("shape", shape(cluster, row, digits))
            .term_if(cues.strong, "cue_word", 35)
            .term_if(cues.weak, "weak_cue_word", 20)
            .term_if(cues.other, "other_number_cue", -40);
        // The plans are asked last and only where their word can decide.
        if i16::from(candidate.score()) + PLAN_POINTS < SCORE_MIN {
            return None;
        }
        cluster.text.work.take(length * self.plans.len());
        let valid = self.plans.iter().any(|plan| plan.national(digits) == Validity::Valid);
        let candidate = candidate.term_if(valid, "numbering_plan", PLAN_POINTS);
        (i16::from(candidate.score()) >= SCORE_MIN).then_some(candidate)
    }
}

/// What is before a number's digits.
struct Opening<'t> {
    /// Where the number starts, with its `+` or `(`.
    start: usize,
    plus: bool,
    left: Text<'t>,
    cues: OnceCell<Near>,
}

/// Which cues are near.
struct Near {
    strong: bool,
    weak: bool,
    other: bool,
}

impl<'t> Opening<'t> {
    fn new(cluster: Cluster<'t>, first: &Group) -> Self {
        let bracket = usize::from(cluster.text.before(first.start, 1) == b'(');
        let digits = first.start - bracket;
        let plus = cluster.text.before(digits, 1) == b'+';
        let sign = digits - usize::from(plus);
        let outer = plus && cluster.text.before(sign, 1) == b'(';
        let start = sign - usize::from(outer);
        let [left, _] = cluster.text.window(&(start..start), CUE_WINDOW_BYTES, 0);
        Self { start, plus, left, cues: OnceCell::new() }
    }

    fn read_cues(&self) -> Near {
        let strong = CUES.are_in(self.left);
        let weak = !strong && WEAK_CUES.are_in(self.left);
        Near { strong, weak, other: !strong && OTHER_NUMBERS.are_in(self.left) }
    }

    /// The digits from the calling code on, if the number is written with `+` or `00`.
    fn international<'d>(&self, row: &[Group], digits: &'d str) -> Option<&'d str> {
        if self.plus {
            return Some(digits);
        }
        let full = digits.strip_prefix("00").filter(|_| row.len() > 1)?;
        (plan::international(full) == Validity::Valid).then_some(full)
    }
}

/// Points for how it is written. A row that nobody would read as a phone number gets few, so that
/// a cue or a plan must speak for it.
fn shape(cluster: Cluster<'_>, row: &[Group], digits: &str) -> i16 {
    let separators = row.windows(2).map(|pair| match pair {
        [left, right] => cluster.separator(left, right),
        _ => "",
    });
    let marked = separators.clone().any(|separator| separator != " ");
    let lengths: Vec<usize> = row.iter().map(Group::len).collect();
    match lengths.as_slice() {
        // North America: 212-555-0123, (212) 555-0123, 1 212 555 0123.
        [3, 3, 4] | [1, 3, 3, 4] => {
            let leads = digits.trim_start_matches('1').bytes().next();
            let plausible = leads.is_some_and(|lead| lead >= b'2') && digits.len() >= 10;
            match (plausible, marked) {
                (true, true) => 60,
                (true, false) => 45,
                (false, _) => 25,
            }
        }
        [_] => 20,
        // The form of a social security number, here one that was never issued.
        [3, 2, 4] => 10,
        // A trunk zero: 020 7946 0958, 0621/123456.
        [2..=6, ..] if digits.starts_with('0') && (9..=12).contains(&digits.len()) => 45,
        [3, 4] | [2, 2, 2, 2, ..] | [3, 3, 3] => 30,
        _ => 25,
    }
}

/// Whether every separator is one that people write between the groups of a phone number; two
/// groups with a dot between them are a decimal.
fn is_written(cluster: Cluster<'_>, row: &[Group]) -> bool {
    let decimal = row.len() == 2 && cluster.uniform_separator(row) == Some(b'.');
    !decimal
        && row.windows(2).all(|pair| match pair {
            [left, right] => {
                let separator = cluster.separator(left, right);
                matches!(
                    separator,
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
            _ => true,
        })
}

/// Whether the row starts with a date: 2024-01-31, 31.01.2024, 1/31/2024, 20240131.
fn is_date(cluster: Cluster<'_>, row: &[Group]) -> bool {
    let number = |index: usize| {
        let group: &Group = row.get(index)?;
        let value = cluster.text.slice(group.start..group.end).parse::<u32>().ok()?;
        Some((group.len(), value))
    };
    let small = |part: Option<(usize, u32)>| matches!(part, Some((1 | 2, 1..=31)));
    let year = |part: Option<(usize, u32)>| matches!(part, Some((4, 1900..=2100)));
    let compact = matches!(number(0), Some((8, 19_000_101..=21_001_231)));
    let (a, b, c) = (number(0), number(1), number(2));
    let years = row.len() <= 2 && year(a) && year(b);
    compact || years || (year(a) && small(b) && small(c)) || (small(a) && small(b) && year(c))
}
