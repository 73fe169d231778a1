//! A text as words and what stands between them: NFKC, lower case, without characters that show nothing.

use unicode_normalization::UnicodeNormalization as _;

use super::matching::JOINTS_MAX;

/// A piece of a text. Blanks separate and are nothing themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A run of letters and digits, or one sign of a script that sets no blanks between words.
    Word(String),
    /// A character between words.
    Mark(char),
    /// The same one so many times, more than stand within a name: a line of dashes is one token, not hundreds.
    Run(char, usize),
}

/// The tokens of a text, one by one, each with whether it follows the one before it without a blank.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = (Token, bool)> {
    let shown = text.chars().filter(|&c| !dlp::is_ignorable(c));
    let mut chars = shown.nfkc().flat_map(char::to_lowercase).peekable();
    let mut is_first = true;
    // The mark that was told last, and how many times it is to be told again.
    let mut again = None;
    std::iter::from_fn(move || {
        if let Some((mark, times)) = again.take_if(|(_, times)| *times > 0) {
            again = Some((mark, times - 1));
            return Some((Token::Mark(mark), true));
        }
        let mut joined = !std::mem::take(&mut is_first);
        while chars.next_if(|c| c.is_whitespace() || c.is_control()).is_some() {
            joined = false;
        }
        let first = chars.next()?;
        if !is_letter(first) {
            let times = std::iter::from_fn(|| chars.next_if_eq(&first)).count();
            if times >= JOINTS_MAX {
                return Some((Token::Run(first, times + 1), joined));
            }
            again = Some((first, times));
            return Some((Token::Mark(first), joined));
        }
        let mut word = String::from(first);
        if !stands_alone(first) {
            while let Some(next) = chars.next_if(|&c| is_letter(c) && !stands_alone(c)) {
                word.push(next);
            }
        }
        Some((Token::Word(word), joined))
    })
}

/// Letters, digits, and the signs that are put on letters.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

/// Whether a sign is a word of its own, as far as blanks can tell: Thai to Khmer, Han, kana, hangul.
const fn stands_alone(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1100}'..='\u{11FF}'
        | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{9FFF}' | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: &str) {
        let told = |(token, joined)| {
            let text = match token {
                Token::Word(word) => word,
                Token::Mark(mark) => mark.to_string(),
                Token::Run(mark, times) => format!("{mark}*{times}"),
            };
            if joined { format!("+{text}") } else { text }
        };
        assert_eq!(tokens(text).map(told).collect::<Vec<_>>().join(" "), wanted);
    }

    #[test]
    fn words_are_plain_and_what_is_between_them_is_kept() {
        check("Mail  ANNA@corp.example,\n soon!", "mail anna +@ +corp +. +example +, soon +!");
        check("\u{FF21}nn\u{200B}a \u{2460}", "anna 1");
        check("a_b-c", "a +_ +b +- +c");
        check("anna@corp.jp\u{306B}\u{9001}", "anna +@ +corp +. +jp +\u{306B} +\u{9001}");
        check(" \t\u{0}", "");
    }

    #[test]
    fn a_line_of_one_mark_is_one_token() {
        check("a--b ....c", "a +- +- +b . +. +. +. +c");
        check("a-----b", "a +-*5 +b");
        check("=======\n====== -=-=", "=*7 =*6 - += +- +=");
        assert_eq!(tokens(&"-".repeat(1 << 16)).count(), 1);
        check("\u{2014}\u{200B}\u{2014}\u{2014}\u{2014}\u{2014}", "\u{2014}*5");
    }
}
