//! The values of a Kubernetes `Secret` in YAML, as far as they stand near its kind.

use std::ops::Range;

use super::{LEFT_BYTES_MAX, check, value::Value};
use crate::{Kind, score::Candidate, text::Text};

/// The first of the values under `data:` that stands near `kind: Secret`.
pub(super) fn at(text: Text<'_>, hit: Range<usize>) -> Option<Candidate> {
    let line = text.before(hit.start, 1);
    if !matches!(line, 0 | b'\n' | b' ' | b'\t' | b'-') {
        return None;
    }
    let mut in_data = false;
    let mut at = hit.end;
    let limit = hit.start + LEFT_BYTES_MAX;
    while at < limit {
        at = text.run(at, LEFT_BYTES_MAX, |byte| byte != b'\n') + 1;
        let line =
            text.slice(at..text.run(at, LEFT_BYTES_MAX, |byte| byte != b'\n' && byte.is_ascii()));
        let (name, value) = line.split_once(':')?;
        let indented = name.starts_with([' ', '\t']);
        if !indented {
            in_data = matches!(name.trim(), "data" | "stringData");
            continue;
        }
        let value = value.trim().trim_matches(['"', '\'']);
        if !in_data || name.trim_start().starts_with('#') || value.is_empty() {
            continue;
        }
        let start = at + line.find(value)?;
        let decoded = check::decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
        let text = decoded.as_deref().unwrap_or_default();
        let printable = text.chars().all(|c| !c.is_control() || c.is_whitespace());
        if start > limit || text.len() < 6 || !printable || Value::of(text.trim()).is_none() {
            continue;
        }
        return Some(
            Candidate::new(Kind::KUBERNETES_SECRET, start..start + value.len())
                .term("kind_secret", 40)
                .term("decodes", 40),
        );
    }
    None
}
