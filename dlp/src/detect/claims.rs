//! Several detectors may read one number, each as something else: the best reading is kept.

use std::{cell::OnceCell, cmp::Reverse, collections::BTreeSet, ops::Range};

use super::Found;
use crate::{
    Kind, Selector,
    cues::{self, Cue, Near},
    score::Candidate,
    text::Text,
};

/// What detectors say of one row of numbers.
#[derive(Default)]
pub(super) struct Claims {
    claims: Vec<Claim>,
}

/// The score from which a claim keeps weaker ones away.
const LIKELY: u8 = 60;

struct Claim {
    candidate: Candidate,
    /// Bytes to the word that speaks for it; the most there is where none does.
    distance: u8,
}

impl Claims {
    /// Whether something is said of any of these bytes that is likely.
    pub(super) fn covers(&self, span: &Range<usize>) -> bool {
        let likely = |claim: &&Claim| claim.candidate.score() >= LIKELY;
        self.claims.iter().filter(likely).any(|claim| overlap(&claim.candidate.span, span))
    }

    pub(super) fn add(&mut self, candidate: Candidate, distance: Option<u8>) {
        self.claims.push(Claim { candidate, distance: distance.unwrap_or(u8::MAX) });
    }

    /// Hands on the claims that no better one overlaps: first what a checksum proves, then the higher
    /// score, then the nearer word, then the longer value. What nobody asks for takes no other's place.
    /// Gives where the last of them ends that has no words in it.
    pub(super) fn settle(
        mut self,
        off: &BTreeSet<Selector>,
        found: &mut Found<'_>,
    ) -> Option<usize> {
        if self.claims.is_empty() {
            return None;
        }
        self.claims.sort_by_key(|claim| {
            let Candidate { span, .. } = &claim.candidate;
            let score = claim.candidate.score();
            let proved = score >= LIKELY && claim.is_proved();
            (!proved, Reverse(score), claim.distance, Reverse(span.len()), span.start)
        });
        let mut end = None;
        let mut kept: Vec<Range<usize>> = Vec::new();
        for Claim { candidate, .. } in self.claims {
            let Candidate { kind, span, .. } = &candidate;
            if kept.iter().any(|other| overlap(other, span)) {
                continue;
            }
            // An address goes on over words, among which other numbers may stand.
            if *kind != Kind::STREET_ADDRESS {
                end = end.max(Some(span.end));
            }
            if !off.iter().any(|selector| selector.covers(*kind)) {
                kept.push(span.clone());
            }
            found(candidate);
        }
        end
    }
}

impl Claim {
    /// Whether more than its form and a word speaks for it: check digits, or all of the numbering plan of
    /// the country that it names.
    fn is_proved(&self) -> bool {
        let has = |name| self.candidate.terms.iter().any(|term| term.name == name);
        has("checksum") || has("international") && has("numbering_plan")
    }
}

const fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Of a row of so many bytes somebody asks for more than what stands directly before it: a phone.
const LONG_BYTES: usize = 7;

/// The cues before and after a row of numbers, read when somebody asks. Between the numbers of one
/// row there are no words, so that what is near the row is near each of them, only farther off.
pub(super) struct Nears<'t> {
    text: Text<'t>,
    row: Range<usize>,
    /// What stands directly before it, which is all that most ask for.
    next: OnceCell<Near>,
    before: OnceCell<Near>,
    after: OnceCell<Near>,
}

impl<'t> Nears<'t> {
    pub(super) const fn new(text: Text<'t>, row: Range<usize>) -> Self {
        Self { text, row, next: OnceCell::new(), before: OnceCell::new(), after: OnceCell::new() }
    }

    /// How far a word of the cue is before a value of the row, if one is within so many bytes.
    pub(super) fn left(&self, span: &Range<usize>, cue: Cue, bytes_max: u8) -> Option<u8> {
        let off = span.start.saturating_sub(self.row.start);
        let reach = usize::from(bytes_max).checked_sub(off)?;
        let read = |bytes| Near::before(self.text, self.row.start, bytes);
        let before = match self.before.get() {
            Some(before) => before,
            None if reach <= cues::NEXT_BYTES && self.row.len() < LONG_BYTES => {
                self.next.get_or_init(|| read(cues::SHORT_BYTES))
            }
            None => self.before.get_or_init(|| read(cues::LEFT_BYTES_MAX)),
        };
        before.of(cue, reach).map(|distance| farther(distance, off))
    }

    /// How far a word of the cue is after a value of the row, if one is within so many bytes.
    pub(super) fn right(&self, span: &Range<usize>, cue: Cue, bytes_max: u8) -> Option<u8> {
        let off = self.row.end.saturating_sub(span.end);
        let reach = usize::from(bytes_max).checked_sub(off)?;
        // Mostly no word is there at all.
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
        if !(0..=reach).any(|at| is_letter(self.text.at(self.row.end + at))) {
            return None;
        }
        let after = self.after.get_or_init(|| Near::after(self.text, self.row.end));
        after.of(cue, reach).map(|distance| farther(distance, off))
    }
}

fn farther(distance: u8, off: usize) -> u8 {
    distance.saturating_add(u8::try_from(off).unwrap_or(u8::MAX))
}
