//! Passwords in addresses: `postgres://user:password@host` (RFC 3986 section 3.2.1).

use std::ops::Range;

use super::{LEFT_BYTES_MAX, random::Look};
use crate::{Kind, score::Candidate, text::Text};

const USERINFO_BYTES_MAX: usize = 256;

/// Words that stand for a password in documentation.
const PLACEHOLDERS: [&str; 15] = [
    "password",
    "pass",
    "passwd",
    "pwd",
    "your_password",
    "token",
    "changeme",
    "foo",
    "bar",
    "pw",
    "key",
    "test",
    "username",
    "host",
    "port",
];

/// Schemes of databases, whose passwords are often words, also on one's own machine.
const DATABASES: [&str; 8] =
    ["postgres", "mysql", "mariadb", "mongodb", "redis", "amqp", "mssql", "srv"];

/// Looks behind `://`.
pub(super) fn at(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let start = hit.end;
    let is_userinfo = |byte: u8| {
        byte.is_ascii_graphic()
            && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'@' | b'`')
    };
    let end = text.run(start, USERINFO_BYTES_MAX, is_userinfo);
    let host = text.at(end + 1);
    if text.at(end) != b'@' || !(host.is_ascii_alphanumeric() || matches!(host, b'[' | b'%')) {
        return None;
    }
    let (user, password) = text.slice(start..end).split_once(':')?;
    let before = end - password.len() - hit.start;
    let look = Look::at(password);
    let is_template =
        password.starts_with(['$', '{', '[', '%', '(']) || password.contains(['{', '}']);
    let is_filler = password.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.'));
    if is_template || is_filler || password.is_empty() || before > LEFT_BYTES_MAX {
        return None;
    }
    // A word, at most with a number behind it, at a host that is everybody's own.
    let host = text.slice(
        end + 1
            ..text.run(end + 1, 24, |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
            }),
    );
    let word = password.trim_end_matches(|c: char| c.is_ascii_digit());
    let scheme =
        text.slice(text.run_back(hit.start, 16, |byte| byte.is_ascii_alphanumeric())..hit.start);
    let is_sample = !DATABASES.iter().any(|known| scheme.starts_with(known))
        && (host.contains("example") || matches!(host, "localhost" | "127.0.0.1"))
        && word.len() >= 4
        && word.bytes().all(|byte| byte.is_ascii_lowercase())
        && Look::at(word).is_written();
    let is_placeholder = is_sample
        || user.contains(password)
        || password.len() < 4
        || look.letters() == 0 && look.is_filler()
        || super::window::contains(password, "password") && look.digits == 0
        || PLACEHOLDERS.iter().any(|word| password.eq_ignore_ascii_case(word));
    Some(
        Candidate::new(Kind::URL_PASSWORD, end - password.len()..end)
            .term("address_with_password", 80)
            .term_if(is_placeholder, "placeholder", -50),
    )
}
