//! Reading a view by byte position without ever leaving it.

use std::ops::Range;

/// A view's text. Positions outside it read as 0 or as nothing, so that detectors that look round
/// a hit need no special case for the edges.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl<'a> Text<'a> {
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.0.as_bytes()
    }

    /// The byte at a position.
    pub(crate) fn at(self, position: usize) -> u8 {
        self.bytes().get(position).copied().unwrap_or(0)
    }

    /// The byte `back` places before a position; 1 is the one next to it.
    pub(crate) fn before(self, position: usize, back: usize) -> u8 {
        position.checked_sub(back).map_or(0, |before| self.at(before))
    }

    /// A piece; empty when it is not wholly inside or cuts a character.
    pub(crate) fn slice(self, span: Range<usize>) -> &'a str {
        self.0.get(span).unwrap_or_default()
    }

    /// Where a run of such bytes that starts here ends, at most `length_max` bytes further.
    pub(crate) fn run(self, start: usize, length_max: usize, is_in: impl Fn(u8) -> bool) -> usize {
        let end = start.saturating_add(length_max).min(self.bytes().len());
        let rest = self.bytes().get(start..end).unwrap_or_default();
        start + rest.iter().position(|&byte| !is_in(byte)).unwrap_or(rest.len())
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
        start + rest.iter().rposition(|&byte| !is_in(byte)).map_or(0, |last| last + 1)
    }

    /// Up to this many bytes before a position and after another, on character boundaries.
    pub(crate) fn window(self, span: &Range<usize>, before: usize, after: usize) -> [&'a str; 2] {
        let mut start = span.start.saturating_sub(before);
        while !self.0.is_char_boundary(start) {
            start += 1;
        }
        let mut end = span.end.saturating_add(after).min(self.0.len());
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        [self.slice(start..span.start), self.slice(span.end..end)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_never_cuts_a_character() {
        let text = Text("ééé1ééé");
        assert_eq!(text.window(&(6..7), 3, 3), ["é", "é"]);
        assert_eq!(text.window(&(6..7), 99, 99), ["ééé", "ééé"]);
    }

    #[test]
    fn a_run_stops_at_the_text_and_at_its_bound() {
        let text = Text("ab123");
        assert_eq!(text.run(2, 99, |b| b.is_ascii_digit()), 5);
        assert_eq!(text.run(2, 2, |b| b.is_ascii_digit()), 4);
        assert_eq!(text.run(9, 2, |b| b.is_ascii_digit()), 9);
        assert_eq!(text.run_back(5, 99, |b| b.is_ascii_digit()), 2);
        assert_eq!(text.run_back(5, 2, |b| b.is_ascii_digit()), 3);
    }
}
