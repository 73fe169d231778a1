//! Passwords in addresses: `postgres://user:password@host` (RFC 3986 section 3.2.1).

use crate::{Kind, score::Candidate, text::Text};

const USERINFO_BYTES_MAX: usize = 256;

/// Words that stand for a password in documentation.
const PLACEHOLDERS: [&str; 8] =
    ["password", "pass", "passwd", "pwd", "secret", "your_password", "token", "changeme"];

/// Looks behind `://`.
pub(super) fn at(text: Text<'_>, start: usize) -> Option<Candidate> {
    let is_userinfo = |byte: u8| {
        byte.is_ascii_graphic()
            && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'@')
    };
    let end = text.run(start, USERINFO_BYTES_MAX, is_userinfo);
    if text.at(end) != b'@' || !text.at(end + 1).is_ascii_alphanumeric() {
        return None;
    }
    let (user, password) = text.slice(start..end).split_once(':')?;
    let is_template = password.starts_with(['$', '{', '[', '%']) || password.contains("${");
    let is_filler = password.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.'));
    if is_template || is_filler {
        return None;
    }
    let is_placeholder =
        password == user || PLACEHOLDERS.iter().any(|word| password.eq_ignore_ascii_case(word));
    Some(
        Candidate::new(Kind::URL_PASSWORD, end - password.len()..end)
            .term("address_with_password", 80)
            .term_if(is_placeholder, "placeholder", -50),
    )
}
