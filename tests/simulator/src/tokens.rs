//! How the simulator counts tokens, so that a bill can be reproduced by hand.
//!
//! - A text is cut every four characters (Unicode scalar values); each piece, also a shorter last
//!   one, is one token. So a text of `c` characters has `ceil(c / 4)` tokens, and never more
//!   tokens than UTF-8 bytes.
//! - The input of a call is counted once over the sum of the characters of: every text of every
//!   message and of the system prompt, every image's URL or data, every tool call's name and
//!   arguments, and every offered tool's name, description and schema (as compact JSON), with at
//!   least one token. Roles and field names are free.
//! - The output is counted for each choice (OpenAI) or content block (Anthropic) by itself and
//!   summed: its text, its reasoning, shown or not, and each tool call's name and arguments as one
//!   text.

/// Characters in one token.
pub const CHARS_PER_TOKEN: usize = 4;

/// The number of tokens of a text.
///
/// ```
/// assert_eq!(simulator::tokens::count("12345"), 2);
/// assert_eq!(simulator::tokens::count(""), 0);
/// ```
pub fn count(text: &str) -> u64 {
    of_chars(chars(text))
}

/// The number of tokens of that many characters.
pub const fn of_chars(chars: u64) -> u64 {
    chars.div_ceil(CHARS_PER_TOKEN as u64)
}

/// The number of characters of a text, as a 64-bit number.
pub(crate) fn chars(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

/// The tokens of a text, in order.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().nth(CHARS_PER_TOKEN).map_or(rest.len(), |(at, _)| at);
        let (token, tail) = rest.split_at(end);
        rest = tail;
        Some(token)
    })
}

/// The longest start of a text that has at most `limit` tokens.
pub(crate) fn clip(text: &str, limit: u64) -> &str {
    let chars = usize::try_from(limit).unwrap_or(usize::MAX).saturating_mul(CHARS_PER_TOKEN);
    match text.char_indices().nth(chars) {
        Some((at, _)) => text.split_at(at).0,
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, tokens: u64) {
        assert_eq!(count(text), tokens, "{text:?}");
        assert_eq!(split(text).count() as u64, tokens, "{text:?}");
        assert_eq!(split(text).collect::<String>(), text);
        assert!(tokens <= text.len() as u64);
    }

    #[test]
    fn a_token_is_four_characters_and_never_more_than_one_a_byte() {
        check("", 0);
        check("a", 1);
        check("abcd", 1);
        check("abcde", 2);
        check("ééééé", 2);
        check("🦀🦀🦀🦀🦀🦀🦀🦀", 2);
    }

    #[test]
    fn a_clipped_text_has_no_more_than_the_limit() {
        assert_eq!(clip("abcdefghij", 2), "abcdefgh");
        assert_eq!(clip("🦀🦀🦀🦀🦀", 1), "🦀🦀🦀🦀");
        assert_eq!(clip("abc", 0), "");
        assert_eq!(clip("abc", 9), "abc");
    }
}
