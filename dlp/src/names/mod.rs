//! Names of persons: a gazetteer and a small model over the words round each candidate.
//!
//! Each word is decided by itself from what stands near it, and words that stand together are one
//! name. INVARIANT: nothing further than [`LOOK_BYTES`] from a name changes it, so that a text that
//! comes in pieces has the same names as the whole.

pub(crate) mod features;
pub(crate) mod lexicon;
#[cfg(test)]
mod tests;
pub(crate) mod tokens;
pub(crate) mod window;

use std::ops::Range;

use features::{SIDE, WINDOW, features, is_candidate};
use lexicon::{LEXICON_BYTES, Lexicon, cue};
use tokens::{GAP_BYTES_MAX, Gap, Shape, Token, WORD_BYTES_MAX};
use window::{windows, within_sentence};

use crate::{Term, text::Text};

/// The lexicon, then the weights; `dlp/training` says how they are made and from what. Trained in
/// part on the texts of WNUT 2017 (Derczynski et al., CC BY 4.0); places are of GeoNames (CC BY 4.0).
pub(crate) static MODEL: &[u8] = include_bytes!("model.bin");

/// Text before and behind a name that can matter to it, in bytes: the words on each side, and one
/// more, since a name begins where the word before it is none.
pub(crate) const LOOK_BYTES: usize = (SIDE + 2) * (WORD_BYTES_MAX + GAP_BYTES_MAX);

/// What a candidate costs in steps beside its letters.
const STEPS_PER_CANDIDATE: usize = 64;

/// From this sum of weights on a word is a name. Fitted on development data.
const SUM_MIN: i32 = 66;

/// So much less is enough where a word is a given name and nothing else: a common one by itself, any
/// with a word beside it.
const GIVEN_SUM: i32 = 25;

/// From this sum on a word may be part of a name that has a surer word.
const JOIN_MIN: i32 = 10;

/// From this sum on nearly every word is a name.
const SURE_MIN: i32 = 110;

/// Finds names.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    lexicon: Lexicon<'static>,
    weights: &'static [u8],
    sum_min: i32,
}

/// A name found: where it stands and why.
pub(crate) struct Name {
    /// Bytes of the view, on character boundaries.
    pub(crate) span: Range<usize>,
    /// `model` always; `context`, `gazetteer` and `title_cue` where they speak for it too.
    pub(crate) terms: Vec<Term>,
}

/// A name that may go on with the next word.
struct Open {
    span: Range<usize>,
    words: usize,
    /// Where it ends without particles at its end.
    end: usize,
    /// That of its surest word.
    sum: i32,
    is_known: bool,
    given: u16,
    /// Whether there is more than initials.
    is_word: bool,
    is_titled: bool,
}

impl Names {
    pub(crate) fn builtin() -> Self {
        Self::read(MODEL, SUM_MIN)
    }

    /// Reads a model in place; from `sum_min` on a word is a name.
    pub(crate) fn read(model: &'static [u8], sum_min: i32) -> Self {
        let (lexicon, weights) = model.split_at(LEXICON_BYTES.min(model.len()));
        Self { lexicon: Lexicon::new(lexicon), weights, sum_min }
    }

    /// Finds the names in a text, in order.
    pub(crate) fn scan(&self, text: Text<'_>, found: &mut dyn FnMut(Name)) {
        text.work.take(text.bytes().len());
        let mut open: Option<Open> = None;
        windows(text.str(), self.lexicon, |window| {
            let [_, _, before, word, after, ..] = window;
            let sum = self.sum(text, window).filter(|&sum| sum >= JOIN_MIN);
            match (sum, open.as_mut()) {
                (None, None) => {}
                (Some(sum), Some(name)) if name.goes_on(before, word, after) => name.add(word, sum),
                _ => {
                    let closed = open.take();
                    open = sum.map(|sum| Open::new(before, word, sum));
                    closed
                        .and_then(|name| name.close(self.sum_min))
                        .into_iter()
                        .for_each(&mut *found);
                }
            }
            !text.work.is_spent()
        });
        open.and_then(|name| name.close(self.sum_min)).into_iter().for_each(found);
    }

    /// The weights of the word in the middle, if it can be part of a name.
    fn sum(&self, text: Text<'_>, window: &[Token; WINDOW]) -> Option<i32> {
        let [_, _, _, word, ..] = window;
        // A part of an identifier.
        let joined = || text.before(word.start, 1) == b'_' || text.at(word.end) == b'_';
        if !is_candidate(window) || joined() {
            return None;
        }
        text.work.take(STEPS_PER_CANDIDATE);
        let mut sum = 0;
        features(text.str(), &within_sentence(window), &mut |number| {
            let weight = self.weights.get(number).copied().unwrap_or(0);
            sum += i32::from(weight.cast_signed());
        });
        Some(sum)
    }
}

impl Open {
    const fn new(before: &Token, word: &Token, sum: i32) -> Self {
        Self {
            span: word.span(),
            words: 1,
            end: word.end,
            sum,
            is_known: word.word.is_name(),
            given: word.word.only_given(),
            is_word: is_word(word),
            is_titled: before.word.is_title(),
        }
    }

    /// Whether a word is part of the same name as the one before it.
    fn goes_on(&self, before: &Token, word: &Token, after: &Token) -> bool {
        let joins = match word.gap {
            Gap::Space | Gap::Hyphen => true,
            Gap::Point => before.shape == Shape::Initial || before.word.is_title(),
            Gap::Comma => self.is_inverted(before, word, after),
            _ => false,
        };
        joins && before.end == self.span.end
    }

    /// `Surname, Given` by itself or in a header, not in a list of names or a sentence.
    fn is_inverted(&self, before: &Token, word: &Token, after: &Token) -> bool {
        let starts = !matches!(before.gap, Gap::Space | Gap::Comma);
        let ends = !matches!(after.gap, Gap::Space | Gap::Comma);
        self.words == 1 && starts && ends && before.word.given() <= word.word.given()
    }

    fn add(&mut self, word: &Token, sum: i32) {
        self.span.end = word.end;
        self.words += 1;
        self.sum = self.sum.max(sum);
        self.is_known |= word.word.is_name();
        self.is_word |= is_word(word);
        self.given = self.given.max(word.word.only_given());
        if word.word.cue() != cue::PARTICLE || word.is_capitalised() {
            self.end = word.end;
        }
    }

    fn close(self, sum_min: i32) -> Option<Name> {
        let mut terms = vec![Term { name: "model", points: 60 }];
        let mut term = |holds: bool, name| {
            if holds {
                terms.push(Term { name, points: 10 });
            }
        };
        term(self.sum >= SURE_MIN, "context");
        term(self.is_known, "gazetteer");
        term(self.is_titled, "title_cue");
        let is_given = self.given >= if self.words > 1 { 2 } else { 3 };
        let sum_min = if is_given { sum_min - GIVEN_SUM } else { sum_min };
        (self.sum >= sum_min && self.is_word)
            .then_some(Name { span: self.span.start..self.end, terms })
    }
}

const fn is_word(token: &Token) -> bool {
    !matches!(token.shape, Shape::Initial)
}
