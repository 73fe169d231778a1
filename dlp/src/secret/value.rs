//! Whether a value can be a secret: not a placeholder, not code, not a path, and drawn or thought
//! up by somebody.

use super::{random::Look, window::Words};

/// Words that stand for a value in documentation and in templates.
static PLACEHOLDERS: Words = Words::new(&[
    "your",
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "replace",
    "insert",
    "redacted",
    "dummy",
    "sample",
    "xxxx",
    "****",
    "....",
    "todo",
    "fixme",
    "secret_key",
    "api_key",
    "apikey",
    "api-key",
    "some_",
    "some-",
    "my_",
    "my-",
    "_here",
    "-here",
    "fake",
]);

/// Signs by which programs and templates refer to a value that stands elsewhere.
static REFERENCES: Words = Words::new(&[
    "${",
    "$(",
    "{{",
    "}}",
    "#{",
    "<%",
    "%>",
    "@{",
    "%(",
    "process.env",
    "os.environ",
    "getenv",
    "env.",
    "secrets.",
    "var.",
    "vault:",
    "config.",
    "://",
    "[[",
    "%s",
    "ssm:",
    "op:/",
]);

/// A value as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    pub(super) look: Look,
}

impl<'a> Value<'a> {
    /// None where the value is no value of its own: empty, a template, a reference, filler.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        if text.len() < 4 || !text.is_ascii() {
            return None;
        }
        let starts_as_reference = text
            .starts_with(['$', '<', '{', '[', '%', '&', '(', '@', '/', '.', '\\', '~', '*', '#']);
        let look = Look::at(text);
        let refers = starts_as_reference
            && !(text.len() > 8 && look.is_random())
            && !(text.starts_with('#') && look.digits > 0);
        let is_sign = |sign: &str, at| text.get(at..).is_some_and(|rest| rest.starts_with(sign));
        (!refers && !look.is_uniform() && !REFERENCES.any(text, is_sign))
            .then_some(Self { text, look })
    }

    /// Whether it holds a word of documentation.
    pub(super) fn is_placeholder(&self) -> bool {
        PLACEHOLDERS.are_in(self.text)
    }

    /// Whether it is written as tokens are: no spaces, no signs of programs.
    pub(super) fn is_token(&self) -> bool {
        let is_in = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || matches!(
                    byte,
                    b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b'~' | b':' | b'|' | b'!' | b'%'
                )
        };
        self.text.bytes().all(is_in)
    }

    /// Drawn by a machine, as tokens are.
    pub(super) fn is_random(&self) -> bool {
        self.is_token()
            && self.look.is_random()
            && !self.is_uuid()
            && !self.is_path()
            && !self.is_dated()
            && !self.is_constant()
    }

    /// Drawn to some form, whatever else it may be.
    pub(super) fn is_drawn(&self) -> bool {
        self.look.is_random() || self.is_uuid() && !self.look.is_filler()
    }

    /// `MAX_TOKEN_SIZE_2`: a name in one case, with lines and hardly a digit.
    fn is_constant(&self) -> bool {
        let one_case = self.look.lower == 0 || self.look.upper == 0;
        one_case && self.text.contains('_') && self.look.digits * 8 < self.text.len()
    }

    /// Eight, four, four, four and twelve hexadecimal digits (RFC 9562).
    pub(super) fn is_uuid(&self) -> bool {
        let mut groups = self.text.split('-').map(str::len);
        self.text.len() == 36
            && [8, 4, 4, 4, 12].iter().all(|&length| groups.next() == Some(length))
            && self.text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    }

    /// `a/b/c.txt`, `a.b.c`, `user@host`, `Type::name`: names of things.
    fn is_path(&self) -> bool {
        let parts = |mark: char| self.text.split(mark).filter(|part| part.len() > 1).count();
        let wordy = |mark: char| {
            self.text.split(mark).all(|part| part.len() < 4 || Look::at(part).is_wordy())
        };
        self.text.contains("::")
            || (parts('/') > 1 && wordy('/'))
            || (parts('.') > 1 && wordy('.'))
            || (self.text.starts_with("0x") && self.text.len() < 34)
    }

    /// Versions and times: digits in groups, and few letters.
    fn is_dated(&self) -> bool {
        self.look.digits + self.look.other > self.look.letters() * 4 && self.look.other >= 2
    }

    /// Thought up by a person: at least two classes of characters of which one is no letter, and no
    /// name of a program.
    pub(super) fn is_password(&self) -> bool {
        let look = &self.look;
        if !(6..=128).contains(&self.text.len()) || self.text.contains(char::is_whitespace) {
            return false;
        }
        if self.is_drawn_with_signs() {
            return true;
        }
        let strong = self.text.bytes().filter(|byte| {
            matches!(
                byte,
                b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'?' | b'~' | b'+'
            )
        });
        let strong = strong.count();
        let is_code =
            self.text.contains(['(', ')', '{', '}', '<', '>', '\\', '"', '\'', ';', '[', ']'])
                || self.text.starts_with(['-', '+', '?', '!', ':', '='])
                || self.text.ends_with([':', '=', '-', '_', ',', '%'])
                || self.is_path()
                || self.text.starts_with("0x");
        let is_mail = self.text.split_once('@').is_some_and(|(_, host)| host.contains('.'));
        let names_itself = strong == 0 && self.text.contains('_') && look.is_wordy();
        let is_glob = self.text.matches('/').count() > 1 || self.text.contains("/*");
        let counted = look.digits + 1 == self.text.len();
        let mixes = (look.digits > 0 && look.letters() > 2 || strong > 0 && look.letters() > 1)
            && look.other * 2 < self.text.len();
        mixes && !is_code && !is_mail && !names_itself && !counted && !is_glob
    }

    /// A password that nobody takes for a word of the sentence it stands in.
    pub(super) fn is_telling_password(&self) -> bool {
        let look = &self.look;
        let cases = look.digits > 0 && look.upper > 0 && look.lower > 0;
        let signs = look.other > 0 && look.digits > 0;
        self.is_password() && (cases || signs || look.digits > 1) && !look.is_wordy()
    }

    /// Long, of all classes of characters, and neither words nor a pattern.
    fn is_drawn_with_signs(&self) -> bool {
        let look = &self.look;
        let is_pattern = self.text.starts_with('^')
            || ["(?", "[a-z", "[^", "\\d", "\\w", "\\s"]
                .iter()
                .any(|part| self.text.contains(part));
        self.text.len() >= 20
            && look.digits > 0
            && look.lower > 0
            && look.upper > 0
            && look.other >= 3
            && look.other * 3 <= self.text.len() * 2
            && look.distinct >= 14
            && look.entropy >= 3.8
            && !look.is_wordy()
            && !is_pattern
    }

    /// One word of small letters, perhaps with lines, as weak passwords are.
    pub(super) fn is_word(&self) -> bool {
        let plain = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'!' | b'$')
        };
        (4..=32).contains(&self.text.len()) && self.text.bytes().all(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_no_value() {
        for text in [
            "",
            "abc",
            "${TOKEN}",
            "$TOKEN",
            "<token>",
            "{{ token }}",
            "process.env.TOKEN",
            "xxxxxxxx",
            "https://example.org/a",
            "/run/secrets/token",
            "%TOKEN%",
        ] {
            assert!(Value::of(text).is_none(), "{text}");
        }
        assert!(Value::of("q7Zt3WmB9xKd").is_some());
    }

    #[test]
    fn passwords_are_told_from_names() {
        let is = |text: &str| Value::of(text).is_some_and(|value| value.is_password());
        for text in ["super$ecret", "Pass123!@#", "4ian1234", "sK!g2Ex_=jJ6Gx5v", "1qay@WXS????"] {
            assert!(is(text), "{text}");
        }
        for text in
            ["forgotPassword", "open_sesame", "self.password", "a@b.org", "x == y1", "f(a1)"]
        {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn drawn_values_are_told_from_paths_and_times() {
        let is = |text: &str| Value::of(text).is_some_and(|value| value.is_random());
        assert!(is("q7Zt3WmB9xKd5RfV1nHs"));
        for text in [
            "src/main/java2/Token.java",
            "2024-01-15T10:00:00Z",
            "io.jsonwebtoken.jackson2",
            "1.2.3-beta4.5",
            "std::string::String8",
        ] {
            assert!(!is(text), "{text}");
        }
    }
}
