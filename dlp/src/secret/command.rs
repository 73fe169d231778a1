//! Credentials on command lines and in calls whose names say that they follow.

use std::ops::Range;

use super::{
    assignment::is_key,
    password::is_stock,
    value::Value,
    window::{self, Words},
};
use crate::{Kind, score::Candidate, text::Text};

/// The longest user name, in bytes.
const USER_BYTES_MAX: usize = 64;
const PASSWORD_BYTES_MAX: usize = 128;

/// Programs that take `-p password`.
static PROGRAMS: Words = Words::new(&[
    "psexec",
    "docker login",
    "podman login",
    "sshpass",
    "mongo ",
    "connect-viserver",
    "plink",
    "helm registry login",
    "az login",
]);

/// Programs that take `-u user:password`.
static CLIENTS: Words = Words::new(&["curl", "http ", "wget"]);

/// `curl -u user:password`.
pub(super) fn user(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    if !text.before(hit.start, 1).is_ascii_whitespace() && text.at(hit.start) != b' ' {
        return None;
    }
    let flag = hit.start + text.slice(hit).trim_end().len();
    let flag_end = text.run(flag, 3, |byte| matches!(byte, b' ' | b'='));
    let opened = flag_end + usize::from(matches!(text.at(flag_end), b'"' | b'\''));
    let mark = if opened > flag_end { text.at(flag_end) } else { b' ' };
    let is_user = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'"' | b'\'' | b'/');
    let user_end = text.run(opened, USER_BYTES_MAX, is_user);
    if text.at(user_end) != b':' || flag_end == flag {
        return None;
    }
    let user = text.slice(opened..user_end);
    let start = user_end + 1;
    // The password may be quoted by itself: `-u user:'password'`.
    let (start, mark) = match text.at(start) {
        quote @ (b'"' | b'\'') if mark == b' ' => (start + 1, quote),
        _ => (start, mark),
    };
    let is_in = |byte: u8| {
        byte.is_ascii_graphic()
            && byte != mark
            && (mark != b' ' || !matches!(byte, b'"' | b'\'' | b'\\'))
    };
    let end = text.run(start, PASSWORD_BYTES_MAX, is_in);
    let password = text.slice(start..end);
    let value = Value::of(password)?;
    let refers = user.starts_with(['$', '<', '{'])
        || password.contains(['$', '<', '{']) && !value.is_password() && !value.is_random();
    // Behind a long command its name is out of sight, but a drawn password says enough.
    let called = value.is_random() || window::are_before(text, start, &CLIENTS);
    (called && !refers && user != password && !is_stock(password) && !value.is_placeholder()).then(
        || {
            Candidate::new(Kind::BASIC_AUTH, start..end)
                .term("command", 50)
                .term("user_and_password", 30)
        },
    )
}

/// `program -p password`, for programs that are known to take it.
pub(super) fn password(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let name_end = text.run(hit.end, 10, is_key);
    let name = text.slice(hit.end..name_end);
    if !["", "w", "assword", "ass"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return None;
    }
    let space = text.run(name_end, 3, |byte| byte == b' ');
    let start = space + usize::from(matches!(text.at(space), b'"' | b'\''));
    if space == name_end {
        return None;
    }
    let is_in =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\' | b')' | b'`');
    let end = text.run(start, PASSWORD_BYTES_MAX, is_in);
    let value = Value::of(text.slice(start..end))?;
    let called = window::are_before(text, start, &PROGRAMS);
    let login = name.is_empty() && value.look.letters() > 0 && !value.text.starts_with('-');
    let fits = value.is_password() || value.is_random() || value.is_word();
    (called && login | !name.is_empty() && fits && !is_stock(value.text) && !value.is_placeholder())
        .then(|| Candidate::new(Kind::PASSWORD, start..end).term("command", 50).term("flag", 25))
}

/// `NetworkCredential("user", "password")` and its like: the last of up to three quoted texts.
pub(super) fn call(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let mut at = hit.end;
    let mut last = None;
    for count in 0..3 {
        let gap = |byte: u8| byte.is_ascii_whitespace() || (byte == b',' && count > 0);
        at = text.run(at, 24, gap);
        let mark = text.at(at);
        if !matches!(mark, b'"' | b'\'') {
            break;
        }
        let end = text.run(at + 1, USER_BYTES_MAX, |byte| byte != mark && byte != b'\n');
        if text.at(end) != mark {
            return None;
        }
        if count > 0 {
            last = Some(at + 1..end);
        }
        at = end + 1;
    }
    let span = last.filter(|span| span.start - hit.start <= super::LEFT_BYTES_MAX)?;
    let value = Value::of(text.slice(span.clone()))?;
    let fits = value.is_word() || value.is_password() || value.is_random();
    (text.at(at) == b')' && fits && !value.is_placeholder() && !is_stock(value.text))
        .then(|| Candidate::new(Kind::PASSWORD, span).term("call", 50).term("second_argument", 25))
}
