//! Credentials: one pass over the literals and words that announce them, and a rule for each.
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
mod literals;
mod named;
mod password;
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

use std::{collections::BTreeMap, ops::Range};

use self::{judge::Last, literals::Literals, named::Named, rule::Rule, words::Class};
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

/// What to do where a literal stands.
#[derive(Clone, Copy)]
enum Trigger {
    Rule(&'static Rule, &'static str),
    Word(Class),
    /// The name of a provider.
    Name,
    Special(Special),
}

/// Every literal and word, and what it starts.
pub(crate) struct Tokens {
    literals: Literals,
    triggers: Vec<Trigger>,
    /// The names of providers alone, which are looked for round every value.
    names: Literals,
    /// The rows of each name.
    named: Vec<Vec<&'static Named>>,
}

impl Tokens {
    /// None when the literals cannot be searched; the engine then calls everything incomplete.
    pub(crate) fn new() -> Option<Self> {
        let (literals, triggers): (Vec<_>, Vec<_>) = Self::rows().unzip();
        let (names, named) = Self::named().into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let (literals, names) = (Literals::new(literals)?, Literals::new(names)?);
        Some(Self { literals, triggers, names, named })
    }

    /// Every name of a provider with its rows, of which there is one for each form of its values: one
    /// look at the name is for all.
    fn named() -> BTreeMap<&'static str, Vec<&'static Named>> {
        let mut named = BTreeMap::<_, Vec<_>>::new();
        for row in rules::named() {
            for word in row.words {
                named.entry(*word).or_default().push(row);
            }
        }
        named
    }

    fn rows() -> impl Iterator<Item = (&'static str, Trigger)> {
        let rules = rules::rules().flat_map(|rule| {
            rule.literals.iter().map(move |literal| (*literal, Trigger::Rule(rule, literal)))
        });
        let words = words::WORDS.into_iter().map(|(word, class)| (word, Trigger::Word(class)));
        let named = Self::named().into_keys().map(|word| (word, Trigger::Name));
        let special =
            special::SPECIAL.iter().map(|&(literal, special)| (literal, Trigger::Special(special)));
        rules.chain(words).chain(named).chain(special)
    }

    /// What starts the rules: one of each sort.
    #[cfg(test)]
    pub(crate) fn openers() -> Vec<&'static str> {
        let rules = rules::rules().filter_map(|rule| rule.literals.first().copied()).step_by(19);
        let words = words::WORDS.into_iter().map(|(word, _)| word).step_by(7);
        let special = special::SPECIAL.iter().map(|(literal, _)| *literal);
        rules.chain(words).chain(special).collect()
    }

    /// Runs over every literal in the text.
    pub(crate) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        text.work.take(text.bytes().len());
        let mut last = Last::default();
        self.literals.each(text.bytes(), |index, hit| {
            let candidate = match self.triggers.get(index) {
                Some(Trigger::Rule(rule, literal)) => rule.at(text, hit.start, literal),
                Some(Trigger::Word(class)) => judge::at_word(self, text, &hit, *class, &mut last),
                Some(Trigger::Name) => judge::at_word(self, text, &hit, Class::Provider, &mut last),
                Some(Trigger::Special(special)) => special(text, hit),
                None => None,
            };
            if let Some(candidate) = candidate {
                found(candidate);
            }
            !text.work.is_spent()
        });
    }

    /// Calls `found` with the providers that are named in a piece of text, and where.
    fn names(&self, text: Text<'_>, mut found: impl FnMut(&'static Named, usize)) {
        self.names.each(text.bytes(), |index, hit| {
            let before = text.slice(hit.start.saturating_sub(2)..hit.start);
            if words::is_name(before, text.slice(hit.clone()), text.at(hit.end)) {
                let rows = self.named.get(index).into_iter().flatten();
                rows.for_each(|row| found(row, hit.start));
            }
            true
        });
    }
}
