//! The end of what was said before.

use std::ops::Range;

/// So much of the end of a voice is kept, in bytes: more than the longest value with what stands before it.
pub const TAIL_BYTES: usize = 512;

/// What stands between two texts that are read as one: nothing, for a value that is cut, or a space, for
/// words and for numbers in groups.
const BETWEEN: [&str; 2] = ["", " "];

/// The end of a voice, with each of [`BETWEEN`] between its texts.
pub(super) struct Tail {
    ends: [String; BETWEEN.len()],
}

impl Tail {
    pub(super) const fn new() -> Self {
        Self { ends: [String::new(), String::new()] }
    }

    /// The end with the beginning of a further text, in each way, and where the one ends and the other begins.
    pub(super) fn joined(&self, text: &str) -> Vec<(String, Range<usize>)> {
        let head = text.get(..text.floor_char_boundary(TAIL_BYTES)).unwrap_or_default();
        let ways = self.ends.iter().zip(BETWEEN).filter(|(end, _)| !end.is_empty());
        ways.map(|(end, between)| {
            ([end, between, head].concat(), end.len()..end.len() + between.len())
        })
        .collect()
    }

    /// Adds a text, and lets go of what is too far from the end.
    pub(super) fn add(&mut self, text: &str) {
        let from = text.ceil_char_boundary(text.len().saturating_sub(TAIL_BYTES));
        let last = text.get(from..).unwrap_or_default();
        for (end, between) in self.ends.iter_mut().zip(BETWEEN) {
            if from > 0 {
                end.clear();
            }
            if !end.is_empty() {
                end.push_str(between);
            }
            end.push_str(last);
            let cut = end.ceil_char_boundary(end.len().saturating_sub(TAIL_BYTES));
            end.drain(..cut);
        }
    }

    /// All that is kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> &[String] {
        &self.ends
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_joined_with_and_without_a_space() {
        let mut tail = Tail::new();
        assert_eq!(tail.joined("a"), []);
        tail.add("ab");
        assert_eq!(tail.joined("cd"), [("abcd".to_owned(), 2..2), ("ab cd".to_owned(), 2..3)]);
        tail.add("cd");
        assert_eq!(tail.joined("e"), [("abcde".to_owned(), 4..4), ("ab cd e".to_owned(), 5..6)]);
    }

    proptest! {
        /// Whatever comes, no more than the end of it is kept, whole characters of it, and no byte else.
        #[test]
        fn nothing_but_the_end_is_kept(texts in proptest::collection::vec("(é|.){0,700}", 0..5)) {
            let mut tail = Tail::new();
            texts.iter().for_each(|text| tail.add(text));
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            for (end, between) in tail.kept().iter().zip(BETWEEN) {
                prop_assert!(end.len() <= TAIL_BYTES);
                let all = texts.join(between);
                prop_assert!(all.ends_with(end.as_str()));
            }
            for (joined, _) in tail.joined(&"x".repeat(2_000)) {
                prop_assert!(joined.len() <= 2 * TAIL_BYTES + 1);
            }
        }
    }
}
