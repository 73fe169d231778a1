//! Private keys in PEM form (RFC 7468), also with `\n` escapes as in JSON and in environment files.

use std::ops::Range;

use super::{PEM_BYTES_MAX, alphabet::Alphabet, check};
use crate::{Kind, score::Candidate, text::Text};

const LABEL_BYTES_MAX: usize = 48;
/// Less than this after the opener is a program that looks for keys, not a key.
const BODY_BYTES_MIN: usize = 32;
const OPENER: &str = "-----BEGIN ";

/// Looks at `-----BEGIN `.
pub(super) fn at(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let start = hit.start;
    if text.bytes().get(hit)? != OPENER.as_bytes() {
        return None;
    }
    let label_start = start + OPENER.len();
    let is_label = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ';
    let label_end = text.run(label_start, LABEL_BYTES_MAX, is_label);
    let label = text.slice(label_start..label_end);
    let private = label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK";
    if !private || text.slice(label_end..label_end + 5) != "-----" {
        return None;
    }
    let closer = format!("-----END {label}-----");
    let body = Body::read(text, label_end + 5, &closer);
    let base64 = text.slice(body.span.clone()).bytes().filter(u8::is_ascii_alphanumeric).count();
    if base64 < BODY_BYTES_MIN {
        return None;
    }
    let end = body.span.end + if body.closed { closer.len() } else { 0 };
    Some(Candidate::new(Kind::PRIVATE_KEY, start..end).term("opener", 80).term_if(
        body.closed,
        "closer",
        20,
    ))
}

/// Looks at base64 of an opener: a whole file that was encoded, as in settings of pipelines.
pub(super) fn encoded(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    /// An opener with the longest label.
    const HEAD_BYTES: usize = 96;
    let is_in = |byte: u8| Alphabet::ANY_BASE64.has(byte);
    if is_in(text.before(hit.start, 1)) && text.before(hit.start, 1) != b'=' {
        return None;
    }
    let head = text.run(hit.start, HEAD_BYTES, is_in);
    let opener = check::decode(text.slice(hit.start..head))?;
    let private = opener.windows(11).any(|window| window == b"PRIVATE KEY");
    let end = text.run(head, PEM_BYTES_MAX, is_in);
    (private && end - hit.start >= HEAD_BYTES).then(|| {
        Candidate::new(Kind::PRIVATE_KEY, hit.start..end).term("encoded", 50).term("opener", 40)
    })
}

/// What stands between an opener and its closer, or after an opener without one.
struct Body {
    span: Range<usize>,
    closed: bool,
}

impl Body {
    /// Reads up to the closer. Without one the body ends where it can be no base64 any more, and
    /// in any case at the next opener, so that no byte is read for two openers.
    fn read(text: Text<'_>, start: usize, closer: &str) -> Self {
        let limit = start.saturating_add(PEM_BYTES_MAX);
        let mut open_end = None;
        let mut end = start;
        while end < limit {
            end = text.run(end, limit - end, is_body);
            let rest = text.bytes().get(end..).unwrap_or_default();
            match rest.first() {
                Some(b'-') if rest.starts_with(closer.as_bytes()) => {
                    return Self { span: start..end, closed: true };
                }
                // Headers of old keys have dashes, and values in code have quotes.
                Some(b'-') if !rest.starts_with(OPENER.as_bytes()) => {}
                Some(b'"' | b'\'') => {}
                _ => break,
            }
            open_end = open_end.or(Some(end));
            end += 1;
        }
        Self { span: start..open_end.unwrap_or(end), closed: false }
    }
}

/// Base64, line ends, escapes and the headers of old keys (`Proc-Type: 4,ENCRYPTED`).
const fn is_body(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b':' | b',' | b'.' | b'(' | b')')
}
