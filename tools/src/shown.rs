//! Characters that show nothing or move what is shown, and text with them made visible.

use std::fmt::Write as _;

types::names! {
    /// What a character does that a reader does not see.
    Hidden {
        /// It moves the cursor, colours or clears: `ESC` and the other control characters.
        Control = "control",
        /// It changes the direction in which text is shown.
        Bidirectional = "bidirectional",
        /// It spells ASCII that nothing shows: the block of tags.
        Tag = "tag",
        /// It picks a variant of the character before it; a row of them can carry any bytes.
        Variation = "variation",
        /// It has no width.
        ZeroWidth = "zero_width",
        /// It has no meaning that is agreed: private use and unassigned specials.
        Private = "private",
    }
}

/// What of this character stays hidden, if anything. Tabs and ends of lines are as they should be.
pub const fn hidden(character: char) -> Option<Hidden> {
    match character {
        '\t' | '\n' | '\r' => None,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => Some(Hidden::Control),
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Some(Hidden::Bidirectional)
        }
        '\u{FE00}'..='\u{FE0F}' | '\u{180B}'..='\u{180F}' | '\u{E0100}'..='\u{E01EF}' => {
            Some(Hidden::Variation)
        }
        '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}' => Some(Hidden::Tag),
        '\u{AD}'
        | '\u{34F}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{200B}'..='\u{200D}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206A}'..='\u{206F}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' => Some(Hidden::ZeroWidth),
        '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFB}' | '\u{F0000}'..='\u{10FFFF}' => {
            Some(Hidden::Private)
        }
        _ => None,
    }
}

/// The text on one line, with every hidden character as its number, and cut to so many characters of
/// the original.
pub fn shown(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max));
    let mut chars = text.chars();
    for character in chars.by_ref().take(chars_max) {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if hidden(character).is_some() => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    let rest = chars.count();
    if rest > 0 {
        let _ = write!(out, "... ({rest} more characters)");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_shown_as_its_number() {
        assert_eq!(
            shown("a\u{200b}b\u{202e}c\u{1b}[2Jd\ne", 99),
            "a\\u{200b}b\\u{202e}c\\u{1b}[2Jd\\ne"
        );
        assert_eq!(shown("Grüße, 世界", 99), "Grüße, 世界");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(shown("äöüß", 2), "äö... (2 more characters)");
    }

    #[test]
    fn every_block_of_hidden_characters_has_its_name() {
        let cases = [
            ('\u{1b}', Hidden::Control),
            ('\u{9b}', Hidden::Control),
            ('\u{2067}', Hidden::Bidirectional),
            ('\u{E0041}', Hidden::Tag),
            ('\u{FE0F}', Hidden::Variation),
            ('\u{E0101}', Hidden::Variation),
            ('\u{200b}', Hidden::ZeroWidth),
            ('\u{ad}', Hidden::ZeroWidth),
            ('\u{E000}', Hidden::Private),
        ];
        for (character, expected) in cases {
            assert_eq!(hidden(character), Some(expected), "{}", shown(&character.to_string(), 1));
        }
        assert!("aÄ ß\t\r\n世„“—…é🎉".chars().all(|character| hidden(character).is_none()));
    }
}
