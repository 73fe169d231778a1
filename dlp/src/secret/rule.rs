//! Tokens that announce themselves: a literal, and what stands beside it. Prefixes, alphabets and
//! lengths are those that the issuers document.

use super::{
    alphabet::Alphabet,
    check::{self, Check, Verdict},
    form::{self, Form},
    random::Look,
    window,
};
use crate::{Kind, score::Candidate, text::Text};

/// The look of a token is that of its end: the beginning may be fixed.
const LOOK_BYTES: usize = 32;

/// Less than this is too little to have a look.
const BODY_BYTES_MIN: usize = 8;

/// One row of the table.
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    /// Each of them starts the rule, in exactly this case.
    pub(crate) literals: &'static [&'static str],
    /// What of the token stands before the literal: so many bytes of an alphabet.
    pub(crate) head: Option<(Alphabet, usize, usize)>,
    /// What follows the literal.
    pub(crate) tail: Form,
    pub(crate) check: Check,
    /// Words of which one must stand near, where the literal alone says too little.
    pub(crate) near: &'static [&'static str],
}

/// A rule by its literals and what follows them.
pub(crate) const fn rule(kind: Kind, literals: &'static [&'static str], tail: Form) -> Rule {
    Rule { kind, literals, head: None, tail, check: check::form, near: &[] }
}

impl Rule {
    /// The token must also pass this.
    pub(crate) const fn check(self, check: Check) -> Self {
        Self { check, ..self }
    }

    /// One of these words, in lower case, must stand near.
    pub(crate) const fn near(self, near: &'static [&'static str]) -> Self {
        Self { near, ..self }
    }

    /// The token begins before the literal.
    pub(crate) const fn head(self, alphabet: Alphabet, min: usize, max: usize) -> Self {
        Self { head: Some((alphabet, min, max)), ..self }
    }

    /// Looks at the place where one of the literals stands, in whatever case.
    pub(crate) fn at(&self, text: Text<'_>, hit: usize, literal: &str) -> Option<Candidate> {
        let after = hit + literal.len();
        if text.bytes().get(hit..after)? != literal.as_bytes() {
            return None;
        }
        let start = match self.head {
            Some((alphabet, min, max)) => {
                let start = text.run_back(hit, max + 1, |byte| alphabet.has(byte));
                if !(min..=max).contains(&(hit - start)) {
                    return None;
                }
                start
            }
            None => hit,
        };
        if is_inside_word(text, start, literal) {
            return None;
        }
        let end = form::end(text, after, self.tail)?;
        let token = text.slice(start..end);
        let last = token.len().saturating_sub(LOOK_BYTES).max(literal.len().min(token.len()));
        let is_template = token.contains("xxxxxx") || token.contains("XXXXXX");
        let body = token.get(last..).unwrap_or(token);
        if is_template || body.len() >= BODY_BYTES_MIN && Look::at(body).is_filler() {
            return None;
        }
        let verdict = (self.check)(token);
        let near = self.near.is_empty() || window::is_near(text, &(start..end), self.near);
        if verdict == Verdict::Impossible || !near {
            return None;
        }
        Some(
            Candidate::new(self.kind, start..end)
                .term("prefix", 50)
                .term("length_and_alphabet", 40)
                .term_if(verdict == Verdict::Confirmed, "checksum", 10)
                .term_if(verdict == Verdict::Doubtful, "no_checksum", -15),
        )
    }
}

/// Whether the token is the rest of a longer word. A short literal is one also behind the signs of
/// base64, as it stands in one of a thousand lines of it.
fn is_inside_word(text: Text<'_>, start: usize, literal: &str) -> bool {
    let before = text.before(start, 1);
    let starts_as_word = literal.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if !starts_as_word {
        return false;
    }
    let short = literal.len() <= 4 && matches!(before, b'+' | b'/' | b'_' | b'-');
    before.is_ascii_alphanumeric() || short && text.before(start, 2).is_ascii_alphanumeric()
}
