//! Where in a file something stands, counted as editors do.

/// Goes forward through a text that comes in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// The place after this text.
    pub(super) fn after(self, text: &str) -> Self {
        let chars = |text: &str| text.chars().count();
        match text.rsplit_once('\n') {
            Some((before, last)) => {
                Self { line: self.line + before.matches('\n').count() + 1, column: chars(last) + 1 }
            }
            None => Self { line: self.line, column: self.column + chars(text) },
        }
    }
}

/// The first two and the last two characters of a value, if it is long enough for them to tell little.
pub(super) fn masked(value: &str) -> String {
    const CHARS_MIN: usize = 8;
    let plain = |c: char| if c.is_control() || c.is_whitespace() { '·' } else { c };
    let chars: Vec<char> = value.chars().map(plain).collect();
    match (chars.as_slice(), chars.len() >= CHARS_MIN) {
        ([first, second, .., before, last], true) => format!("{first}{second}…{before}{last}"),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_from_one() {
        let check = |pieces: &[&str], line, column| {
            let place = pieces.iter().fold(Place::START, |place, piece| place.after(piece));
            assert_eq!(place, Place { line, column }, "{pieces:?}");
        };
        check(&[], 1, 1);
        check(&["é世"], 1, 3);
        check(&["a\n"], 2, 1);
        check(&["a\nbc\n\nde"], 4, 3);
        check(&["a\nb", "c", "\n\nd", "e"], 4, 3);
    }

    #[test]
    fn a_masked_value_tells_little() {
        assert_eq!(masked("ann@example.com"), "an…om");
        assert_eq!(masked("secret7"), "…");
        assert_eq!(masked("\u{1b}[2J12345\n"), "·[…5·");
    }
}
