//! What a detector hands on: a candidate with the terms that make its score.

use std::ops::Range;

use crate::{Kind, Term};

/// A possible finding; its span is in the view.
pub(crate) struct Candidate {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
    pub(crate) terms: Vec<Term>,
}

/// A validator's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    /// A checksum or a published numbering plan confirms it.
    Valid,
    /// It cannot be one.
    Invalid,
    /// Nothing speaks against it.
    Unknown,
}

impl Candidate {
    pub(crate) const fn new(kind: Kind, span: Range<usize>) -> Self {
        Self { kind, span, terms: Vec::new() }
    }

    #[must_use]
    pub(crate) fn term(mut self, name: &'static str, points: i16) -> Self {
        if points != 0 {
            self.terms.push(Term { name, points });
        }
        self
    }

    #[must_use]
    pub(crate) fn term_if(self, holds: bool, name: &'static str, points: i16) -> Self {
        if holds { self.term(name, points) } else { self }
    }

    /// The sum of the terms, kept within 0 to 100.
    pub(crate) fn score(&self) -> u8 {
        let sum = self.terms.iter().fold(0_i16, |sum, term| sum.saturating_add(term.points));
        u8::try_from(sum.clamp(0, 100)).unwrap_or(0)
    }
}
