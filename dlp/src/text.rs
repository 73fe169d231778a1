//! Reading a view by byte position without ever leaving it, and counting what that costs.

use std::{cell::Cell, ops::Range};

/// The work that is left for one request, in steps: a step is about a byte looked at. Counting
/// steps bounds the time without a clock, and the same request always ends the same way.
pub(crate) struct Work {
    left: Cell<u64>,
}

impl Work {
    pub(crate) const fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps) }
    }

    /// Takes steps away, as many as there are.
    pub(crate) fn take(&self, steps: usize) {
        self.spend(u64::try_from(steps).unwrap_or(u64::MAX));
    }

    /// Takes away what something has cost before.
    pub(crate) fn spend(&self, steps: u64) {
        self.left.set(self.left.get().saturating_sub(steps));
    }

    /// Whether nothing is left: something was not looked at.
    pub(crate) const fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// How many steps are left.
    pub(crate) const fn left(&self) -> u64 {
        self.left.get()
    }
}

/// A view's text. Positions outside it read as 0 or as nothing, so that detectors that look round
/// a hit need no special case for the edges. Every run, window and piece is charged as work.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    text: &'a str,
    pub(crate) work: &'a Work,
}

impl<'a> Text<'a> {
    pub(crate) const fn new(text: &'a str, work: &'a Work) -> Self {
        Self { text, work }
    }

    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The whole text.
    pub(crate) const fn str(self) -> &'a str {
        self.text
    }

    /// The byte at a position.
    pub(crate) fn at(self, position: usize) -> u8 {
        self.bytes().get(position).copied().unwrap_or(0)
    }

    /// The byte `back` places before a position; 1 is the one next to it.
    pub(crate) fn before(self, position: usize, back: usize) -> u8 {
        position.checked_sub(back).map_or(0, |before| self.at(before))
    }

    /// The character at a position.
    pub(crate) fn char_at(self, position: usize) -> Option<char> {
        self.text.get(position..)?.chars().next()
    }

    /// The character before a position.
    pub(crate) fn char_before(self, position: usize) -> Option<char> {
        self.text.get(..position)?.chars().next_back()
    }

    /// A piece; empty when it is not wholly inside or cuts a character.
    pub(crate) fn slice(self, span: Range<usize>) -> &'a str {
        let piece = self.text.get(span).unwrap_or_default();
        self.work.take(piece.len() + 1);
        piece
    }

    /// Where a run of such bytes that starts here ends, at most `length_max` bytes further.
    pub(crate) fn run(self, start: usize, length_max: usize, is_in: impl Fn(u8) -> bool) -> usize {
        let end = start.saturating_add(length_max).min(self.bytes().len());
        let rest = self.bytes().get(start..end).unwrap_or_default();
        let length = rest.iter().position(|&byte| !is_in(byte)).unwrap_or(rest.len());
        self.work.take(length + 1);
        start + length
    }

    /// Where a run of such bytes that ends here starts, at most `length_max` bytes back.
    pub(crate) fn run_back(
        self,
        end: usize,
        length_max: usize,
        is_in: impl Fn(u8) -> bool,
    ) -> usize {
        let start = end.saturating_sub(length_max);
        let rest = self.bytes().get(start..end).unwrap_or_default();
        let outside = rest.iter().rposition(|&byte| !is_in(byte)).map_or(0, |last| last + 1);
        self.work.take(rest.len() - outside + 1);
        start + outside
    }

    /// Up to this many bytes before a position and after another, on character boundaries.
    pub(crate) fn window(self, span: &Range<usize>, before: usize, after: usize) -> [Self; 2] {
        let mut start = span.start.saturating_sub(before);
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        let mut end = span.end.saturating_add(after).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        [start..span.start, span.end..end].map(|piece| Self::new(self.slice(piece), self.work))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_never_cuts_a_character() {
        let work = Work::new(99);
        let text = Text::new("ééé1ééé", &work);
        assert_eq!(text.window(&(6..7), 3, 3).map(Text::str), ["é", "é"]);
        assert_eq!(text.window(&(6..7), 99, 99).map(Text::str), ["ééé", "ééé"]);
    }

    #[test]
    fn a_run_stops_at_the_text_and_at_its_bound() {
        let work = Work::new(99);
        let text = Text::new("ab123", &work);
        assert_eq!(text.run(2, 99, |b| b.is_ascii_digit()), 5);
        assert_eq!(text.run(2, 2, |b| b.is_ascii_digit()), 4);
        assert_eq!(text.run(9, 2, |b| b.is_ascii_digit()), 9);
        assert_eq!(text.run_back(5, 99, |b| b.is_ascii_digit()), 2);
        assert_eq!(text.run_back(5, 2, |b| b.is_ascii_digit()), 3);
    }

    #[test]
    fn what_is_looked_at_is_charged() {
        let work = Work::new(20);
        let text = Text::new("ab123", &work);
        assert_eq!(text.run(0, 99, |b| b.is_ascii_alphabetic()), 2);
        assert_eq!(work.left(), 17);
        assert_eq!(text.slice(2..5), "123");
        assert_eq!(work.left(), 13);
        work.take(99);
        assert!(work.is_spent());
    }
}
