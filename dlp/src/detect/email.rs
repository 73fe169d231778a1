//! E-mail addresses: RFC 5321 form with a dot in the domain, without quoted local parts.

use super::Found;
use crate::{Kind, score::Candidate, text::Text};

/// RFC 5321 section 4.5.3.1: of the local part, and of the whole without its brackets.
const LOCAL_BYTES_MAX: usize = 64;
pub(super) const BYTES_MAX: usize = 254;
const DOMAIN_BYTES_MAX: usize = BYTES_MAX - LOCAL_BYTES_MAX - 1;

/// Endings of file names that are no top-level domains: `icon@2x.png` is no address.
const FILE_ENDINGS: [&str; 14] = [
    "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "html", "json", "yaml", "toml",
    "service",
];

/// Looks round an `@`.
pub(super) fn at(text: Text<'_>, sign: usize, found: &mut Found<'_>) {
    let start = local_start(text, sign);
    let end = domain_end(text, sign + 1);
    if start >= sign || end <= sign + 1 {
        return;
    }
    let domain = text.slice(sign + 1..end);
    let Some((_, top)) = domain.rsplit_once('.') else { return };
    if !is_top_level(top) || domain.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return;
    }
    let is_file = FILE_ENDINGS.iter().any(|ending| top.eq_ignore_ascii_case(ending));
    // `git@github.com:owner/repository.git` names a remote, not a person.
    let remote = text.slice(start..sign) == "git" && matches!(text.at(end), b':' | b'/');
    found(
        Candidate::new(Kind::EMAIL, start..end)
            .term("shape", 90)
            .term_if(is_file, "file_name", -60)
            .term_if(remote, "git_remote", -60),
    );
}

/// Where the local part starts. Of RFC 5322's `atext` only what addresses in use contain: taking
/// `=`, `?`, `/` or `{` in would swallow the query, path or template before the address.
fn local_start(text: Text<'_>, sign: usize) -> usize {
    let is_local = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'\'' | b'%')
    };
    let run = text.run_back(sign, LOCAL_BYTES_MAX, is_local);
    // Non-ASCII bytes count only as letters and digits; punctuation such as `「` ends the part.
    let mut start = sign;
    let run = (run..sign).find(|&at| text.str().is_char_boundary(at)).unwrap_or(sign);
    for character in text.slice(run..sign).chars().rev() {
        if !character.is_ascii() && !character.is_alphanumeric() {
            break;
        }
        start -= character.len_utf8();
    }
    text.run(start, LOCAL_BYTES_MAX, |byte| matches!(byte, b'.' | b'\'' | b'-' | b'%'))
}

/// Where the domain ends: at the last label that can be a top-level domain. `start` itself if none.
fn domain_end(text: Text<'_>, start: usize) -> usize {
    let is_domain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') || !byte.is_ascii();
    let mut end = text.run(start, DOMAIN_BYTES_MAX, is_domain);
    while !text.str().is_char_boundary(end) {
        end -= 1;
    }
    let piece = text.slice(start..end);
    let is_in = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let mut domain = piece.split(|c: char| !is_in(c)).next().unwrap_or_default();
    // What follows the address may look like more labels: `a@example.com.这是` or `a@b.com-1`.
    while let Some((above, label)) = domain.rsplit_once('.') {
        let letters = label.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(label.len());
        let glued = label.as_bytes().get(letters).is_some_and(u8::is_ascii_alphanumeric);
        if is_top_level(label) {
            return start + domain.len();
        }
        if letters >= 2 && !glued {
            return start + above.len() + 1 + letters;
        }
        domain = above;
    }
    start
}

fn is_top_level(label: &str) -> bool {
    let letters = label.len() >= 2 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters || (label.len() > 4 && label.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("xn--")))
}
