//! The texts of one message as one text, and the way back.

use std::ops::Range;

/// Where each part starts in the joined text.
pub(crate) struct Seams {
    starts: Vec<usize>,
}

impl Seams {
    pub(crate) fn new(parts: &[(usize, &mut String)]) -> Self {
        let lengths = parts.iter().map(|(_, text)| text.len());
        let starts = lengths.scan(0, |next, length| Some(std::mem::replace(next, *next + length)));
        Self { starts: starts.collect() }
    }

    pub(crate) fn starts(&self) -> impl Iterator<Item = usize> {
        self.starts.iter().copied()
    }

    /// Whether a piece of the joined text stands in more than one part.
    pub(crate) fn is_crossed(&self, span: &Range<usize>) -> bool {
        let after = self.starts.partition_point(|&start| start <= span.start);
        self.starts.get(after).is_some_and(|&start| start < span.end)
    }
}

/// The piece of a span that lies within a part, in the part's own bytes.
pub(crate) fn within(span: &Range<usize>, start: usize, length: usize) -> Option<Range<usize>> {
    let from = span.start.max(start);
    let to = span.end.min(start + length);
    (from < to).then(|| from - start..to - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_in_the_parts_that_it_touches() {
        let [mut a, mut b, mut c] = ["abc", "", "de"].map(str::to_owned);
        let seams = Seams::new(&[(0, &mut a), (1, &mut b), (3, &mut c)]);
        assert_eq!(seams.starts().collect::<Vec<_>>(), [0, 3, 3]);
        assert!(seams.is_crossed(&(2..4)) && seams.is_crossed(&(0..5)));
        assert!(!seams.is_crossed(&(0..3)) && !seams.is_crossed(&(3..5)));
        assert_eq!(within(&(2..4), 0, 3), Some(2..3));
        assert_eq!(within(&(2..4), 3, 0), None);
        assert_eq!(within(&(2..4), 3, 2), Some(0..1));
        assert_eq!(within(&(0..3), 3, 2), None);
    }
}
