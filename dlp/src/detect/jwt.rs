//! JSON web tokens (RFC 7515, compact form): the first part must decode to a header with `alg`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::token::is_url_safe;
use crate::{Kind, score::Candidate, text::Text};

/// Larger tokens exist, but no header does.
const PART_BYTES_MAX: usize = 16 << 10;
const HEADER_BYTES_MAX: usize = 4 << 10;

/// Looks at `eyJ`, which is how base64 of `{"` begins.
pub(super) fn at(text: Text<'_>, start: usize) -> Option<Candidate> {
    if is_url_safe(text.before(start, 1)) {
        return None;
    }
    let header_end = text.run(start, HEADER_BYTES_MAX, is_url_safe);
    if text.at(header_end) != b'.' {
        return None;
    }
    let header = URL_SAFE_NO_PAD.decode(text.slice(start..header_end)).ok()?;
    let header: Map<String, Value> = serde_json::from_slice(&header).ok()?;
    let algorithm = header.get("alg")?.as_str()?;
    let mut end = header_end;
    let mut parts = 1;
    // Three parts when signed, five when encrypted (RFC 7516).
    while parts < 5 && text.at(end) == b'.' {
        let next = text.run(end + 1, PART_BYTES_MAX, is_url_safe);
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
