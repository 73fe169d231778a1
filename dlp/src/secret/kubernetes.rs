//! The values of a Kubernetes `Secret` in YAML, as far as they stand near its kind.

use std::ops::Range;

use super::{LEFT_BYTES_MAX, check, value::Value};
use crate::{Kind, score::Candidate, text::Text};

/// What is read of a secret, in bytes.
const BLOCK_BYTES_MAX: usize = 384;
/// The longest match over several lines, in bytes.
const MATCH_BYTES_MAX: usize = 256;

/// The first value under `data:` that is text, where `data:` stands near `kind: Secret`. One that
/// stands further down is told from the beginning of the values on, as its kind is read there.
pub(super) fn at(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    if !matches!(text.before(hit.start, 1), 0 | b'\n' | b' ' | b'\t' | b'-') {
        return None;
    }
    let near = hit.start + LEFT_BYTES_MAX;
    let limit = hit.start + BLOCK_BYTES_MAX;
    let mut block = None;
    let mut follows = false;
    let mut at = line_end(text, hit.end) + 1;
    while at < limit && at < text.bytes().len() {
        let end = line_end(text, at);
        let line = text.slice(at..end);
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if !name.starts_with([' ', '\t']) {
            block = matches!(name.trim(), "data" | "stringData").then_some(end + 1);
        } else if let Some(first) = block.filter(|&first| first <= near) {
            let value = if follows { line } else { value };
            let value = value.trim().trim_matches(['"', '\'']);
            if is_secret(value) && !name.trim_start().starts_with('#') {
                let start = at + line.find(value)?;
                let span = if start <= near { start } else { first }..start + value.len();
                if start > near && span.len() > MATCH_BYTES_MAX {
                    return None;
                }
                return Some(
                    Candidate::new(Kind::KUBERNETES_SECRET, span)
                        .term("kind_secret", 40)
                        .term("decodes", 40),
                );
            }
            follows = matches!(value, "|" | "|-" | ">" | ">-");
        }
        at = end + 1;
    }
    None
}

fn line_end(text: Text<'_>, start: usize) -> usize {
    text.run(start, BLOCK_BYTES_MAX, |byte| byte != b'\n')
}

/// Whether it is base64 of text that can be a secret.
fn is_secret(value: &str) -> bool {
    let decoded = check::decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
    let text = decoded.as_deref().unwrap_or_default().trim();
    let printable = text.chars().all(|c| !c.is_control() || c.is_whitespace());
    let is_file = text.starts_with('{') && text.ends_with('}');
    text.len() >= 6 && printable && (is_file || Value::of(text).is_some())
}
