//! How long a text is where it is kept: as JSON, in which some characters take up to six bytes.

/// The bytes of a text as JSON, without its quotes.
pub(crate) fn bytes(text: &str) -> usize {
    text.bytes().map(of_byte).sum()
}

/// The longest beginning of a text that has no more bytes than `raw`, and no more than `escaped` as JSON.
pub(crate) fn beginning(text: &str, raw: usize, escaped: usize) -> &str {
    let (mut end, mut used) = (0, 0);
    for byte in text.bytes().take(raw) {
        used += of_byte(byte);
        if used > escaped {
            break;
        }
        end += 1;
    }
    text.get(..text.floor_char_boundary(end)).unwrap_or_default()
}

const fn of_byte(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..=0x1f => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_it_is_written() {
        let all: String =
            (0..0x3000).filter_map(char::from_u32).chain("\u{10ffff}".chars()).collect();
        for letter in all.chars().map(String::from).chain([all.clone(), String::new()]) {
            let written = serde_json::Value::from(letter.as_str()).to_string();
            assert_eq!(bytes(&letter) + 2, written.len(), "{written}");
        }
    }

    #[track_caller]
    fn check(text: &str, raw: usize, escaped: usize, cut: &str) {
        assert_eq!(beginning(text, raw, escaped), cut);
    }

    #[test]
    fn a_beginning_is_within_both_bounds_and_ends_between_characters() {
        check("abc", 9, 9, "abc");
        check("abc", 2, 9, "ab");
        check("abc", 9, 2, "ab");
        check("a\u{1}b", 9, 7, "a\u{1}");
        check("a\u{1}b", 9, 6, "a");
        check("\"\"", 9, 3, "\"");
        check("aä", 2, 9, "a");
        check("aä", 9, 2, "a");
        check("", 0, 0, "");
    }
}
