//! Credentials: one automaton over the literals and words that announce them, and a rule for each.
//!
//! INVARIANT: every decision is local. A rule reads at most [`LEFT_BYTES_MAX`] bytes before its
//! match and [`RIGHT_BYTES_MAX`] behind it, and no match is longer than [`TOKEN_BYTES_MAX`], or
//! [`PEM_BYTES_MAX`] for a key in PEM form; so a text that arrives in pieces has the findings of
//! the whole.

mod alphabet;
mod assignment;
mod check;
mod command;
mod form;
mod hash;
mod judge;
mod jwt;
mod kubernetes;
mod named;
mod pem;
mod random;
mod rule;
mod rules;
mod special;
#[cfg(test)]
mod tests;
mod url;
mod value;
mod window;
mod words;

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use self::{named::Named, rule::Rule, words::Class};
use crate::{detect::Found, score::Candidate, text::Text};

/// What a rule reads before its match, in bytes.
pub(crate) const LEFT_BYTES_MAX: usize = 128;
/// What a rule reads behind its match, in bytes.
pub(crate) const RIGHT_BYTES_MAX: usize = 32;
/// The longest match of any rule but that of PEM, in bytes.
pub(crate) const TOKEN_BYTES_MAX: usize = 4 << 10;
/// The longest body of a key in PEM form, in bytes: a key of 16384 bits has about 12 KiB of base64.
pub(crate) const PEM_BYTES_MAX: usize = 32 << 10;

/// A rule that no row can express.
type Special = fn(Text<'_>, Range<usize>) -> Option<Candidate>;

/// What to do where a pattern of the automaton stands.
#[derive(Clone, Copy)]
enum Trigger {
    Rule(&'static Rule, &'static str),
    Word(Class),
    Named(&'static Named),
    Special(Special),
}

/// The automaton over every literal and word.
pub(crate) struct Tokens {
    patterns: AhoCorasick,
    /// What each pattern starts.
    triggers: Vec<Trigger>,
}

impl Tokens {
    /// None when the automaton cannot be built; the engine then calls everything incomplete.
    pub(crate) fn new() -> Option<Self> {
        let (patterns, triggers): (Vec<_>, Vec<_>) = Self::rows().unzip();
        let patterns = AhoCorasick::builder()
            // Every pattern is told wherever it stands: one never hides another, and what is told
            // of a place does not depend on how the text before it was cut.
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(patterns);
        patterns.ok().map(|patterns| Self { patterns, triggers })
    }

    fn rows() -> impl Iterator<Item = (&'static str, Trigger)> {
        let rules = rules::rules().flat_map(|rule| {
            rule.literals.iter().map(move |literal| (*literal, Trigger::Rule(rule, literal)))
        });
        let words = words::WORDS.into_iter().map(|(word, class)| (word, Trigger::Word(class)));
        let named = rules::named()
            .flat_map(|row| row.words.iter().map(move |word| (*word, Trigger::Named(row))));
        let special =
            special::SPECIAL.iter().map(|&(literal, special)| (literal, Trigger::Special(special)));
        rules.chain(words).chain(named).chain(special)
    }

    /// What starts the rules: one of each sort.
    #[cfg(test)]
    pub(crate) fn openers() -> Vec<&'static str> {
        let rules = rules::rules().filter_map(|rule| rule.literals.first().copied()).step_by(9);
        let words = words::WORDS.into_iter().map(|(word, _)| word).step_by(7);
        let special = special::SPECIAL.iter().map(|(literal, _)| *literal);
        rules.chain(words).chain(special).collect()
    }

    /// Runs over every pattern in the text.
    pub(crate) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        text.work.take(text.bytes().len());
        for hit in self.patterns.find_overlapping_iter(text.bytes()) {
            if text.work.is_spent() {
                return;
            }
            let Some(trigger) = self.triggers.get(hit.pattern().as_usize()) else { continue };
            let candidate = match *trigger {
                Trigger::Rule(rule, literal) => rule.at(text, hit.start(), literal),
                Trigger::Word(class) => judge::at_word(self, text, &hit.range(), class),
                Trigger::Named(_) => judge::at_word(self, text, &hit.range(), Class::Provider),
                Trigger::Special(special) => special(text, hit.range()),
            };
            if let Some(candidate) = candidate {
                found(candidate);
            }
        }
    }

    /// The providers that are named in a piece of text, and where.
    fn names<'t>(
        &self,
        text: Text<'t>,
    ) -> impl Iterator<Item = (&'static Named, usize)> + use<'_, 't> {
        self.patterns.find_overlapping_iter(text.bytes()).filter_map(move |hit| {
            match self.triggers.get(hit.pattern().as_usize()) {
                Some(Trigger::Named(named)) => {
                    let before = text.slice(hit.start().saturating_sub(1)..hit.start());
                    let rest = text.slice(hit.start()..hit.end());
                    words::starts_a_word(before, rest).then_some((*named, hit.start()))
                }
                _ => None,
            }
        })
    }
}
