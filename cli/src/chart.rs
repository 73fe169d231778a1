//! Bars in a terminal.

/// One bar.
pub(crate) struct Bar {
    pub(crate) name: String,
    /// In any unit; the longest fills the width.
    pub(crate) length: u64,
    /// What is written behind it.
    pub(crate) figure: String,
}

/// The longest bar, in characters.
const WIDTH: u64 = 40;
/// A character with so many eighths of its width filled, from one to seven.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// Draws bars below each other, each as long as its share of the longest.
pub(crate) fn draw(bars: &[Bar]) -> String {
    let longest = bars.iter().map(|bar| bar.length).max().unwrap_or(0);
    let names = bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or(0);
    let line = |bar: &Bar| {
        let pad = " ".repeat(names.saturating_sub(bar.name.chars().count()));
        format!("{}{pad}  {} {}\n", bar.name, filled(bar.length, longest), bar.figure)
    };
    bars.iter().map(line).collect()
}

/// A bar in eighths of a character. What is not nothing is seen.
fn filled(length: u64, longest: u64) -> String {
    let (length, longest) = (u128::from(length), u128::from(longest.max(1)));
    let eighths = (length * u128::from(WIDTH * 8)).div_ceil(longest);
    let whole = usize::try_from(eighths / 8).unwrap_or(usize::MAX);
    let rest = usize::try_from(eighths % 8).unwrap_or(0);
    let part = rest.checked_sub(1).and_then(|at| EIGHTHS.get(at));
    "█".repeat(whole) + &part.map(char::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(length: u64, longest: u64, expected: &str) {
        assert_eq!(filled(length, longest), expected);
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        check(10, 10, &"█".repeat(40));
        check(5, 10, &"█".repeat(20));
        check(1, 64, "▋");
        check(3, 64, "█▉");
        check(1, u64::MAX, "▏");
        check(0, 10, "");
        check(0, 0, "");
        check(u64::MAX, u64::MAX, &"█".repeat(40));
    }

    #[test]
    fn bars_stand_below_each_other() {
        let bar = |name: &str, length, figure: &str| Bar {
            name: name.to_owned(),
            length,
            figure: figure.to_owned(),
        };
        let drawn = draw(&[bar("a", 80, "8.0"), bar("long", 4, "0.4"), bar("none", 0, "0.0")]);
        let full = "█".repeat(40);
        assert_eq!(drawn, format!("a     {full} 8.0\nlong  ██ 0.4\nnone   0.0\n"));
        assert_eq!(draw(&[]), "");
    }
}
