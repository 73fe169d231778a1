//! Something that is given to a name: `key = value` in the ways of programs, settings, shells,
//! markup and prose.

use std::ops::Range;

use super::{LEFT_BYTES_MAX, TOKEN_BYTES_MAX, alphabet::Alphabet};
use crate::text::Text;

/// The longest name, in bytes.
const KEY_BYTES_MAX: usize = 64;
/// What may follow the telling word within its name, in bytes.
const SUFFIX_BYTES_MAX: usize = 24;
/// The longest value but for [`long`] ones, in bytes.
const VALUE_BYTES_MAX: usize = 512;
/// What is looked at before a name to see where it begins.
pub(super) const BOUNDARY_BYTES: usize = 2;
/// Spaces at each side of a sign.
const SPACES_MAX: usize = 16;
/// A type between a name and its value, as in `key: &'static str = "value"`.
const TYPE_BYTES_MAX: usize = 24;

/// What may be said between a name and `is`, in bytes.
const SAID_BYTES_MAX: usize = 48;

/// A value and the name that it is given to.
#[derive(Debug, Clone)]
pub(super) struct Assignment<'a> {
    /// Where the name starts.
    pub(super) start: usize,
    /// The whole name.
    pub(super) key: &'a str,
    /// Where in the key the telling word ends.
    pub(super) word_end: usize,
    pub(super) value: Range<usize>,
    pub(super) quoted: bool,
    pub(super) sign: Sign,
}

/// What stands between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `=`, `:`, `=>` and their like.
    Equals,
    /// `=` without spaces after a name in capitals, as in files of environment variables.
    Environment,
    /// `==` or `!=`.
    Compares,
    /// A comma between two quoted texts.
    Comma,
    /// `<key>value</key>`.
    Element,
    /// `--key value`.
    Flag,
    /// The word `is`, also in other languages.
    Is,
    /// Only spaces.
    Space,
}

/// A run of what values without quotes are written in, as far as it was read: the value of one name may
/// reach over many others, and none of its bytes is read again for them.
#[derive(Debug, Default)]
pub(super) struct Run(Range<usize>);

impl Run {
    /// Where the longest value that starts here ends.
    fn end(&mut self, text: Text<'_>, start: usize) -> usize {
        let limit = start + VALUE_BYTES_MAX;
        if !self.0.contains(&start) {
            self.0 = start..start;
        }
        let read = self.0.end.min(limit);
        let end = text.run(read, limit - read, is_unquoted);
        self.0.end = self.0.end.max(end);
        end
    }
}

/// Reads what is assigned to the name in which a telling word stands.
pub(super) fn read<'a>(
    text: Text<'a>,
    word: &Range<usize>,
    run: &mut Run,
) -> Option<Assignment<'a>> {
    let key_end = text.run(word.end, SUFFIX_BYTES_MAX, is_key);
    // Most words stand in prose and in code that assigns nothing: one look at the next byte.
    if !b"\"'`\\ \t\n\r=:]>?-".contains(&text.at(key_end)) {
        return None;
    }
    let start = text.run_back(word.start, KEY_BYTES_MAX, is_key);
    let key = text.slice(start..key_end);
    let name = Name { start, end: key_end, key };
    let (sign, at) = sign(text, &name)?;
    let (value, quoted) = value(text, at, sign, run)?;
    if value.is_empty() || value.start - start + BOUNDARY_BYTES > LEFT_BYTES_MAX {
        return None;
    }
    Some(Assignment { start, key, word_end: word.end - start, value, quoted, sign })
}

struct Name<'a> {
    start: usize,
    end: usize,
    key: &'a str,
}

/// The sign behind a name, and where it ends.
fn sign(text: Text<'_>, name: &Name<'_>) -> Option<(Sign, usize)> {
    let closed = quote(text, name.end);
    let bracket = usize::from(matches!(text.at(closed), b']' | b')'));
    let after = closed + bracket;
    let at = text.run(after, SPACES_MAX, is_space);
    let spaced = at > after;
    let is_flag = name.key.starts_with('-') && !text.before(name.start, 1).is_ascii_alphanumeric();
    match text.at(at) {
        b'>' if text.before(name.start, 1) == b'<' => Some((Sign::Element, at + 1)),
        b',' if closed > name.end && text.before(closed, 1) != b'`' => Some((Sign::Comma, at + 1)),
        b'=' | b':' | b'?' | b'!' | b'+' | b'.' | b'-' | b'|' => operator(text, name, at, spaced),
        b'f' if spaced && text.slice(at..at + 4) == "for " => said_of(text, at),
        b'i' | b'l' | b'e' | b'w' if spaced && said(text, at).is_some() => {
            said(text, at).map(|value| (Sign::Is, value))
        }
        _ if is_flag && spaced => Some((Sign::Flag, at)),
        b'"' | b'\'' if spaced && closed == name.end => Some((Sign::Space, at)),
        _ if spaced && text.at(at).is_ascii_alphabetic() => named_value(text, closed, at),
        b'\n' | b'{' | b'\r' => next_line(text, after),
        _ if spaced => Some((Sign::Space, at)),
        _ => None,
    }
}

/// `=`, `:`, `:=`, `=>`, `->`, `==` and the signs of other languages.
fn operator(text: Text<'_>, name: &Name<'_>, at: usize, spaced: bool) -> Option<(Sign, usize)> {
    let is_part =
        |byte: u8| matches!(byte, b'=' | b':' | b'?' | b'!' | b'+' | b'.' | b'-' | b'|' | b'>');
    let mut end = text.run(at, 5, is_part);
    let sign = text.slice(at..end);
    // A dash after the sign may begin the value.
    if let Some(cut) = sign.find("=-").or_else(|| sign.find(":-")) {
        end = at + cut + 1;
    }
    let sign = text.slice(at..end);
    let assigns = sign.ends_with(['=', ':']) || sign == "=>" || sign == "->";
    if !assigns || sign == "::" {
        return None;
    }
    let compares = sign.starts_with("==") || sign.starts_with("!=");
    let starts_line = matches!(text.before(name.start, 1), 0 | b'\n');
    let capitals = !name.key.bytes().any(|byte| byte.is_ascii_lowercase());
    let sign = match sign {
        _ if compares => Sign::Compares,
        "=" if (capitals || starts_line) && !spaced && !is_space(text.at(end)) => Sign::Environment,
        _ => Sign::Equals,
    };
    Some((sign, end))
}

/// Past a verb that says what something is.
fn said(text: Text<'_>, at: usize) -> Option<usize> {
    const VERBS: [&str; 6] = ["is ", "ist ", "lautet ", "est ", "es ", "was "];
    VERBS
        .iter()
        .map(|verb| at + verb.len())
        .zip(VERBS)
        .find_map(|(end, verb)| (text.bytes().get(at..end) == Some(verb.as_bytes())).then_some(end))
}

/// `the password for somebody is 'value'`.
fn said_of(text: Text<'_>, at: usize) -> Option<(Sign, usize)> {
    let end = text.run(at, SAID_BYTES_MAX, |byte| byte.is_ascii() && byte != b'\n');
    let is = text.slice(at..end).find(" is ")?;
    Some((Sign::Is, at + is + 4))
}

/// `key string = "value"`, and `key="name" value="value"`.
fn named_value(text: Text<'_>, closed: usize, at: usize) -> Option<(Sign, usize)> {
    let word_end = text.run(at, TYPE_BYTES_MAX, |byte| byte.is_ascii_alphanumeric());
    let sign = text.run(word_end, 2, is_space);
    let attribute = text.slice(at..word_end) == "value" && text.before(closed, 1) == b'"';
    if text.at(sign) == b'=' && (attribute || text.at(sign + 1) == b' ') {
        let value = text.run(sign + 1, 2, is_space);
        return matches!(text.at(value), b'"' | b'\'' | b'`').then_some((Sign::Equals, value));
    }
    Some((Sign::Space, at))
}

/// `name: KEY` and on the next line `value: …`, as in YAML and HCL.
fn next_line(text: Text<'_>, at: usize) -> Option<(Sign, usize)> {
    let gap = |byte: u8| is_space(byte) || matches!(byte, b'\n' | b'\r' | b'{' | b',' | b'"');
    let at = text.run(at, 2 * SPACES_MAX, gap);
    let word = text.slice(at..text.run(at, TYPE_BYTES_MAX, is_key));
    if !["value", "secret_value", "default", "Value"].contains(&word) {
        return None;
    }
    let sign = text.run(at + word.len(), SPACES_MAX, |byte| is_space(byte) || byte == b'"');
    matches!(text.at(sign), b'=' | b':').then_some((Sign::Equals, sign + 1))
}

/// Where the value stands, and whether in quotes.
fn value(text: Text<'_>, at: usize, sign: Sign, run: &mut Run) -> Option<(Range<usize>, bool)> {
    let mut at = text.run(at, SPACES_MAX, is_space);
    if matches!(text.at(at), b'\n' | b'\r') {
        if !matches!(sign, Sign::Equals | Sign::Element) {
            return None;
        }
        let next =
            text.run(at, 2 * SPACES_MAX, |byte| is_space(byte) || byte == b'\n' || byte == b'\r');
        if sign != Sign::Element && quote(text, next) == next {
            return None;
        }
        at = next;
    }
    if text.at(at).is_ascii_alphabetic() || matches!(text.at(at), b'&' | b'@') {
        at = past_type(text, at);
    }
    let outer = quote(text, at);
    // `'"value"'` is how one language quotes for another.
    let inner = quote(text, outer);
    let opened =
        if inner > outer && text.before(inner, 1) != text.before(outer, 1) { inner } else { outer };
    if opened > at {
        let mark = text.at(opened - 1);
        let is_inside = |byte: u8| byte != mark && byte != b'\n' && byte != b'\r';
        let mut end = text.run(opened, VALUE_BYTES_MAX, is_inside);
        // `\"` closes what `\"` opened, and is a part of any other value.
        if text.at(end) == mark {
            if text.before(opened, 2) == b'\\' && text.before(end, 1) == b'\\' {
                end -= 1;
            }
            return Some((opened..end, true));
        }
    }
    if matches!(sign, Sign::Comma | Sign::Compares) {
        return None;
    }
    let end = run.end(text, opened);
    let is_call = matches!(text.at(end), b'(' | b'{' | b'[');
    let trimmed = text.run_back(end, end - opened, |byte| b".:?!".contains(&byte));
    // Dots at the end say that the rest was left out.
    if trimmed + 2 <= end && text.slice(end - 2..end) == ".." {
        return None;
    }
    if end - opened == VALUE_BYTES_MAX {
        return long(text, opened).map(|end| (opened..end, false));
    }
    (!is_call).then_some((opened..trimmed, false))
}

/// Where a token ends that is longer than any other value: one run of base64, as the session
/// tokens of clouds are.
fn long(text: Text<'_>, start: usize) -> Option<usize> {
    let is_in = |byte: u8| Alphabet::SIGNED.has(byte) && byte != b'=';
    let head = text.run(start, VALUE_BYTES_MAX, is_in);
    let more = TOKEN_BYTES_MAX - VALUE_BYTES_MAX;
    (head - start == VALUE_BYTES_MAX)
        .then(|| text.run(head, more, |byte| Alphabet::SIGNED.has(byte)))
}

/// Past a type and its `=`, or past the letter of a raw or byte string.
fn past_type(text: Text<'_>, at: usize) -> usize {
    if matches!(text.at(at + 1), b'"' | b'\'') {
        return at + 1;
    }
    let is_type = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'&' | b'\'' | b':' | b'<' | b'>' | b'_' | b'?' | b' ')
    };
    let end = text.run(at, TYPE_BYTES_MAX, is_type);
    let value = text.run(end + 1, 2, is_space);
    let assigns = text.at(end) == b'=' && text.before(end, 1) == b' ';
    if assigns && quote(text, value) > value { value } else { at }
}

/// Past one quotation mark, which may be escaped.
fn quote(text: Text<'_>, at: usize) -> usize {
    let escaped = at + usize::from(text.at(at) == b'\\');
    if matches!(text.at(escaped), b'"' | b'\'' | b'`') { escaped + 1 } else { at }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

const fn is_unquoted(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'\''
                | b'`'
                | b','
                | b';'
                | b'<'
                | b'>'
                | b'('
                | b')'
                | b'{'
                | b'}'
                | b'['
                | b']'
                | b'\\'
                | b'&'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Work;

    #[track_caller]
    fn check(given: &str, word: &str, expected: Option<&str>) {
        let work = Work::new(9_999);
        let start = given.to_lowercase().find(word).unwrap();
        let read = read(Text::new(given, &work), &(start..start + word.len()), &mut Run::default());
        let read = read.filter(|read| read.sign != Sign::Space);
        assert_eq!(read.map(|read| &given[read.value]), expected, "{given}");
    }

    #[test]
    fn a_value_is_read_in_every_manner_of_writing() {
        for given in [
            "token=abc",
            "my_token = abc",
            "myToken := \"abc\"",
            "token: 'abc'",
            "token: abc",
            "{\"token\": \"abc\"}",
            "{\\\"token\\\": \\\"abc\\\"}",
            "'token' => 'abc',",
            "$token .= \"abc\"",
            "token ::= \"abc\"",
            "token ?= abc",
            "config['token'] = \"abc\"",
            "var token string = \"abc\"",
            "const token: &str = \"abc\";",
            "let token: String = \"abc\".into();",
            "<token>abc</token>",
            "<token>\n    abc\n</token>",
            "set(\"token\", \"abc\")",
            "--token abc",
            "-token 'abc'",
            "the token is 'abc'",
            "<add key=\"token\" value=\"abc\" />",
            "- name: token\n  value: \"abc\"",
            "variable \"token\" {\n  default = \"abc\"\n}",
            "if token == \"abc\" {",
            "token = b\"abc\"",
            "?token=abc&x=1",
            "-H \"token: abc\" ",
            "token:\n  \"abc\"",
        ] {
            check(given, "token", Some("abc"));
        }
    }

    #[test]
    fn what_assigns_nothing_is_not_read() {
        for given in [
            "token::abc",
            "tokens are abc",
            "token(abc)",
            "token, abc",
            "token = abc(1)",
            "token = abc[1]",
            "token == abc",
            "token:\nabc",
            "(token)",
        ] {
            check(given, "token", None);
        }
    }
}
