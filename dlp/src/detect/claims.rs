//! Several detectors may read one number, each as something else: the best reading is kept.

use std::{cmp::Reverse, ops::Range};

use super::Found;
use crate::{cues::Near, score::Candidate, text::Text};

/// What detectors say of one row of numbers.
#[derive(Default)]
pub(super) struct Claims {
    claims: Vec<Claim>,
}

struct Claim {
    candidate: Candidate,
    /// Bytes to the word that speaks for it; the most there is where none does.
    distance: u8,
}

impl Claims {
    /// Whether something is said of any of these bytes.
    pub(super) fn covers(&self, span: &Range<usize>) -> bool {
        self.claims.iter().any(|claim| overlap(&claim.candidate.span, span))
    }

    pub(super) fn add(&mut self, candidate: Candidate, distance: Option<u8>) {
        self.claims.push(Claim { candidate, distance: distance.unwrap_or(u8::MAX) });
    }

    /// Hands on the claims that no better one overlaps: first the higher score, then the nearer
    /// word, then the longer value. Gives where the last of them ends.
    pub(super) fn settle(mut self, found: &mut Found<'_>) -> Option<usize> {
        self.claims.sort_by_key(|claim| {
            let Candidate { span, .. } = &claim.candidate;
            (Reverse(claim.candidate.score()), claim.distance, Reverse(span.len()), span.start)
        });
        let mut kept: Vec<Range<usize>> = Vec::new();
        for Claim { candidate, .. } in self.claims {
            if !kept.iter().any(|other| overlap(other, &candidate.span)) {
                kept.push(candidate.span.clone());
                found(candidate);
            }
        }
        kept.iter().map(|span| span.end).max()
    }
}

const fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The cues near a value, read when somebody asks and kept for the next who asks the same.
pub(super) struct Nears<'t> {
    text: Text<'t>,
    last: Option<(Range<usize>, Near)>,
}

impl<'t> Nears<'t> {
    pub(super) const fn new(text: Text<'t>) -> Self {
        Self { text, last: None }
    }

    pub(super) fn of(&mut self, span: &Range<usize>) -> &Near {
        let last = self.last.take().filter(|(of, _)| of == span);
        let read = || (span.clone(), Near::read(self.text, span));
        &self.last.insert(last.unwrap_or_else(read)).1
    }
}
