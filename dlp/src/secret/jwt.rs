//! JSON web tokens (RFC 7515, compact form): the first part must decode to a header with `alg`.

use std::ops::Range;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{TOKEN_BYTES_MAX, alphabet::Alphabet, check};
use crate::{Kind, score::Candidate, text::Text};

/// No header is longer: a certificate in it has about as much.
const HEADER_BYTES_MAX: usize = 2 << 10;

/// Looks at `eyJ`, which is how base64 of `{"` begins. A token that is longer than any rule may be
/// is cut there: its claims are a finding all the same.
pub(super) fn at(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let start = hit.start;
    if is_url_safe(text.before(start, 1)) || text.bytes().get(hit)? != b"eyJ" {
        return None;
    }
    let limit = start + TOKEN_BYTES_MAX;
    let header_end = text.run(start, HEADER_BYTES_MAX, is_url_safe);
    if text.at(header_end) != b'.' {
        return None;
    }
    let Some(header) = header(text.slice(start..header_end)) else {
        return damaged(text, start, header_end);
    };
    let algorithm = header.get("alg")?.as_str()?;
    let mut end = header_end;
    let mut parts = 1;
    // Three parts when signed, five when encrypted (RFC 7516).
    while parts < 5 && text.at(end) == b'.' {
        let next = text.run(end + 1, limit.saturating_sub(end + 1), is_url_safe);
        if next == end + 1 && parts == 1 {
            return None;
        }
        end = next;
        parts += 1;
    }
    let signed = parts >= 3 || algorithm == "none";
    let end = start + text.slice(start..end).trim_end_matches('.').len();
    Some(
        Candidate::new(Kind::JWT, start..end)
            .term("header", 80)
            .term_if(signed, "parts", 15)
            .term_if(!signed, "no_signature", -30),
    )
}

fn header(encoded: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
}

/// A token whose header somebody changed: three parts, of which two begin as JSON does.
fn damaged(text: Text<'_>, start: usize, header_end: usize) -> Option<Candidate> {
    const PART_BYTES_MIN: usize = 16;
    let limit = start + TOKEN_BYTES_MAX;
    let claims = header_end + 1;
    let claims_end = text.run(claims, limit.saturating_sub(claims), is_url_safe);
    let end = text.run(claims_end + 1, limit.saturating_sub(claims_end + 1), is_url_safe);
    let long = [header_end - start, claims_end - claims, end.saturating_sub(claims_end + 1)]
        .iter()
        .all(|&length| length >= PART_BYTES_MIN);
    (long && text.slice(claims..claims + 3) == "eyJ" && text.at(claims_end) == b'.')
        .then(|| Candidate::new(Kind::JWT, start..end).term("parts", 65))
}

/// Looks at `ZXlK`, which is how base64 of `eyJ` begins: a token that was encoded once more.
pub(super) fn encoded(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let is_in = |byte: u8| Alphabet::ANY_BASE64.has(byte);
    let starts = !is_in(text.before(hit.start, 1)) || text.before(hit.start, 1) == b'=';
    if !starts || text.bytes().get(hit.clone())? != b"ZXlK" {
        return None;
    }
    let end = text.run(hit.start, TOKEN_BYTES_MAX, is_in);
    let decoded = check::decode(text.slice(hit.start..end))?;
    let mut parts = decoded.split(|&byte| byte == b'.');
    let is_header = |header: &[u8]| {
        let header = URL_SAFE_NO_PAD.decode(header).ok();
        header.is_some_and(|header| header.starts_with(b"{\"") && header.ends_with(b"}"))
    };
    (parts.next().is_some_and(is_header) && parts.count() >= 1)
        .then(|| Candidate::new(Kind::JWT, hit.start..end).term("encoded", 50).term("header", 40))
}

const fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
