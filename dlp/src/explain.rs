//! Why something is a finding and why something else is none: every candidate with its terms.

use std::{collections::BTreeSet, ops::Range};

use serde::Serialize;

use crate::{Engine, Kind, Term, engine::Look, text::Work};

/// What a detector took for a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// What it would be.
    pub kind: Kind,
    /// Bytes of the text, on character boundaries.
    pub span: Range<usize>,
    /// How sure the engine is, 0 to 100.
    pub score: u8,
    /// What makes the score.
    pub terms: Vec<Term>,
    /// What became of it.
    pub standing: Standing,
}

types::names! {
    /// What became of a candidate.
    Standing {
        /// It is a finding.
        Finding = "finding",
        /// Its score is below `score_min`.
        BelowThreshold = "below_threshold",
        /// A finding of no lower label covers it, or it is one of our own tokens.
        Covered = "covered",
    }
}

impl Engine {
    /// Everything in one text that a detector took for a value, in order of position, and what became
    /// of each. What no detector took for one, since a validator ruled it out, is not among them.
    pub fn candidates(&self, text: &str) -> Vec<Candidate> {
        let found = self.scan("text", text).findings;
        let found: BTreeSet<_> =
            found.into_iter().map(|f| (f.kind, f.span.start, f.span.end, f.score)).collect();
        let settings = self.settings();
        let work = Work::new(settings.steps_max);
        let mut candidates: Vec<Candidate> = Vec::new();
        self.inner.each(
            text,
            &Look::inline(settings.findings_max, true),
            &work,
            |candidate, span| {
                if candidates.len() >= settings.findings_max {
                    return;
                }
                let score = candidate.score();
                let standing = if found.contains(&(candidate.kind, span.start, span.end, score)) {
                    Standing::Finding
                } else if score < settings.score_min {
                    Standing::BelowThreshold
                } else {
                    Standing::Covered
                };
                let (kind, terms) = (candidate.kind, candidate.terms);
                candidates.push(Candidate { kind, span, score, terms, standing });
            },
        );
        candidates.sort_by_key(|c| (c.span.start, c.span.end, c.kind, c.standing, c.score));
        // One value can be seen in several views.
        candidates.dedup_by_key(|c| (c.kind, c.span.start, c.span.end, c.score, c.standing));
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::engine;

    fn told(text: &str) -> Vec<(Kind, &str, Standing)> {
        let candidates = engine().candidates(text).into_iter();
        candidates.map(|c| (c.kind, text.get(c.span).unwrap(), c.standing)).collect()
    }

    #[test]
    fn findings_are_the_candidates_that_stand() {
        let text = "ann@example.com, card 4111 1111 1111 1111, 212-555-0123, 1.2.3.4 and 10.0.0.1";
        let stand = |candidate: &Candidate| candidate.standing == Standing::Finding;
        let mut candidates = engine().candidates(text);
        candidates.retain(stand);
        let found = engine().scan("text", text).findings;
        assert!(!found.is_empty());
        let key = |kind: Kind, span: &Range<usize>, score: u8| (kind, span.clone(), score);
        assert_eq!(
            candidates.iter().map(|c| key(c.kind, &c.span, c.score)).collect::<Vec<_>>(),
            found.iter().map(|f| key(f.kind, &f.span, f.score)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_falls_short_is_told_with_its_terms() {
        let all = engine().candidates("version 10.1.2.3 of");
        let short = all.iter().find(|c| c.standing == Standing::BelowThreshold).unwrap();
        assert!(short.score < engine().settings().score_min && !short.terms.is_empty());
    }

    #[test]
    fn what_another_one_covers_is_told() {
        let told = told("postgres://app:s3cr3tPw9x@db.example.com/x");
        assert!(told.contains(&(Kind::URL_PASSWORD, "s3cr3tPw9x", Standing::Finding)), "{told:?}");
        let covered = |t: &&(Kind, &str, Standing)| t.2 == Standing::Covered;
        assert!(told.iter().any(|t| covered(&t) && t.0 == Kind::EMAIL), "{told:?}");
    }
}
