//! Finds a thousand literals in one pass, in any case.

use std::ops::Range;

use crate::{
    eight::{Eight, Head},
    grams::{self, Grams},
};

/// A set of literals; those of three bytes have a table of their own, and none is shorter.
pub(super) struct Literals {
    short: Grams<Literal>,
    long: Grams<Literal>,
}

/// A literal and its number.
struct Literal {
    /// Its first bytes, which are looked at all at once: few places where it may stand have them.
    head: Head,
    pattern: &'static str,
    number: usize,
}

impl Literals {
    /// None for literals that are too short or too many.
    pub(super) fn new(patterns: Vec<&'static str>) -> Option<Self> {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for (number, pattern) in patterns.into_iter().enumerate() {
            let literal = Literal { head: Head::of(pattern.as_bytes()), pattern, number };
            match pattern.as_bytes() {
                [a, b, c] => short.push((hash_short([*a, *b, *c]), literal)),
                [a, b, c, d, ..] => long.push((grams::hash([*a, *b, *c, *d]), literal)),
                _ => return None,
            }
        }
        Some(Self { short: Grams::new(short)?, long: Grams::new(long)? })
    }

    /// Calls `found` with the number of a literal and where it stands, for all of them, in order of
    /// their starts; it says whether to go on.
    pub(super) fn each(&self, bytes: &[u8], mut found: impl FnMut(usize, Range<usize>) -> bool) {
        let mut at = 0;
        let mut rest = bytes;
        while let [a, b, c, after @ ..] = rest {
            let short = hash_short([*a, *b, *c]);
            if self.short.has(short) && !compare(&self.short, short, bytes, at, &mut found) {
                return;
            }
            if let [d, ..] = after {
                let long = grams::hash([*a, *b, *c, *d]);
                if self.long.has(long) && !compare(&self.long, long, bytes, at, &mut found) {
                    return;
                }
            }
            at += 1;
            rest = rest.get(1..).unwrap_or_default();
        }
    }
}

/// Compares the literals that may stand here.
#[inline(never)]
fn compare(
    literals: &Grams<Literal>,
    hash: u16,
    bytes: &[u8],
    at: usize,
    found: &mut impl FnMut(usize, Range<usize>) -> bool,
) -> bool {
    let eight = Eight::at(bytes, at);
    literals.with(hash).all(|Literal { head, pattern, number }| {
        if !head.may_begin(eight) {
            return true;
        }
        let end = at + pattern.len();
        let is_here =
            bytes.get(at..end).is_some_and(|here| here.eq_ignore_ascii_case(pattern.as_bytes()));
        !is_here || found(*number, at..end)
    })
}

fn hash_short([a, b, c]: [u8; 3]) -> u16 {
    grams::hash([a, b, c, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        const PATTERNS: [&str; 6] = ["abc", "abcd", "token", "ken_", "_x_", "TOKEN"];
        let literals = Literals::new(PATTERNS.to_vec()).unwrap();
        let mut found = Vec::new();
        literals.each(text.as_bytes(), |index, span| {
            assert!(text[span].eq_ignore_ascii_case(PATTERNS[index]));
            found.push(PATTERNS[index]);
            true
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_literal_is_found_wherever_it_stands() {
        check("", &[]);
        check("ab", &[]);
        check("abc", &["abc"]);
        check("xABCDx", &["abc", "abcd"]);
        check("aToken_x_", &["token", "TOKEN", "ken_", "_x_"]);
        check("toke", &[]);
        check("éabc", &["abc"]);
    }

    #[test]
    fn a_literal_that_is_too_short_is_refused() {
        assert!(Literals::new(vec!["ab"]).is_none());
    }
}
