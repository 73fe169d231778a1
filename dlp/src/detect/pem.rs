//! Private keys in PEM form (RFC 7468), also with `\n` escapes as in JSON and in environment files.

use crate::{Kind, score::Candidate, text::Text};

/// A key of 16384 bits has about 12 KiB of base64.
const BODY_BYTES_MAX: usize = 32 << 10;
const LABEL_BYTES_MAX: usize = 48;
/// Less than this after the opener is a program that looks for keys, not a key.
const BODY_BYTES_MIN: usize = 32;

/// Looks at `-----BEGIN `.
pub(super) fn at(text: Text<'_>, start: usize) -> Option<Candidate> {
    let label_start = start + "-----BEGIN ".len();
    let is_label = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ';
    let label_end = text.run(label_start, LABEL_BYTES_MAX, is_label);
    let label = text.slice(label_start..label_end);
    let private = label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK";
    if !private || text.slice(label_end..label_end + 5) != "-----" {
        return None;
    }
    let body = label_end + 5;
    // Base64, line ends, escapes and the headers of old keys (`Proc-Type: 4,ENCRYPTED`).
    let is_body = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || byte.is_ascii_whitespace()
            || matches!(
                byte,
                b'+' | b'/' | b'=' | b'\\' | b':' | b',' | b'.' | b'(' | b')' | b'"' | b'\''
            )
    };
    let body_end = text.run(body, BODY_BYTES_MAX, |byte| is_body(byte) || byte == b'-');
    let closer = format!("-----END {label}-----");
    let closed = text.slice(body..body_end).find(&closer).map(|at| body + at);
    let key_end = closed.unwrap_or_else(|| {
        let is_open = |byte: u8| is_body(byte) && !matches!(byte, b'"' | b'\'');
        text.run(body, BODY_BYTES_MAX, is_open)
    });
    let base64 = text.slice(body..key_end).bytes().filter(u8::is_ascii_alphanumeric).count();
    if base64 < BODY_BYTES_MIN {
        return None;
    }
    let end = closed.map_or(key_end, |at| at + closer.len());
    Some(Candidate::new(Kind::PrivateKey, start..end).term("opener", 80).term_if(
        closed.is_some(),
        "closer",
        20,
    ))
}
