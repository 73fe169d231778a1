//! Words and phrases of the tree.

use aho_corasick::{AhoCorasick, MatchKind};

use super::{DetectorError, error};
use crate::{Kind, detect::Found, score::Candidate, text::Text};

/// What speaks for each of them.
pub(crate) const TERM: &str = "dictionary";

/// A word or phrase.
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) word: String,
    pub(super) ignore_case: bool,
}

/// All of them.
#[derive(Default)]
pub(super) struct Dictionary {
    /// None where there are no words.
    words: Option<AhoCorasick>,
    entries: Vec<Entry>,
}

impl Dictionary {
    pub(super) fn compile(entries: Vec<Entry>) -> Result<Self, DetectorError> {
        if entries.is_empty() {
            return Ok(Self::default());
        }
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(entries.iter().map(|entry| &entry.word))
            .map_err(|_| {
                error("detectors", "dictionary", "all words together are too many", "use fewer")
            })?;
        Ok(Self { words: Some(words), entries })
    }

    pub(super) fn bytes_max(&self) -> usize {
        self.entries.iter().map(|entry| entry.word.len()).max().unwrap_or(0)
    }

    pub(super) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        let Some(words) = &self.words else { return };
        text.work.take(text.bytes().len());
        for hit in words.find_overlapping_iter(text.bytes()) {
            text.work.take(1);
            if text.work.is_spent() {
                return;
            }
            let Some(entry) = self.entries.get(hit.pattern().as_usize()) else { continue };
            let span = hit.range();
            let whole = !is_inside(text, span.start) && !is_inside(text, span.end);
            if whole && (entry.ignore_case || text.slice(span.clone()) == entry.word) {
                found(Candidate::new(entry.kind, span).term(TERM, 90));
            }
        }
    }
}

/// Whether a position is within a word.
fn is_inside(text: Text<'_>, position: usize) -> bool {
    let (before, after) = text.str().split_at_checked(position).unwrap_or(("", ""));
    let is_word = |c: char| c.is_alphanumeric();
    before.chars().next_back().is_some_and(is_word) && after.chars().next().is_some_and(is_word)
}
