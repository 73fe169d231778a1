//! The arguments of a call as those who decide about it may see them.

use std::collections::BTreeSet;

use dlp::{Engine, Finding, Findings, Kind, Tokens};
use serde_json::Value;
use store::approvals::{Arguments, Masked};
use types::Label;

use super::content;
use crate::tokens::random;

/// The exact arguments, but for values of restricted kinds, in whose place a token stands that means nothing to
/// anybody. `None` where such a value cannot be taken out, as from a number or a name, or where not all was read.
pub(crate) fn shown(engine: &Engine, (given, findings): (&Value, &Findings)) -> Option<Arguments> {
    let restricted = || findings.findings.iter().filter(|found| found.label == Label::Restricted);
    let kinds: BTreeSet<Kind> = restricted().map(|found| found.kind).collect();
    let kinds: Vec<Kind> = kinds.into_iter().collect();
    let mut arguments = content::Arguments(given.clone());
    let mut tokens = Tokens::new(random);
    let redaction = engine.redact(&mut arguments, findings, &kinds, &mut tokens);
    let left = |found: &Finding| found.label == Label::Restricted;
    if !redaction.after.complete || redaction.after.findings.iter().any(left) {
        return None;
    }
    let (mut masked, fresh) = (Vec::new(), tokens.fresh());
    places(&arguments.0, &mut String::new(), &mut |place, text| {
        let stands = fresh.iter().filter(|fresh| text.contains(&fresh.token));
        masked.extend(
            stands.map(|fresh| Masked {
                place: place.to_owned(),
                kind: fresh.kind.as_str().to_owned(),
            }),
        );
    });
    Some(Arguments { arguments: arguments.0, masked })
}

/// Every text of a value with its JSON pointer (RFC 6901).
fn places(value: &Value, place: &mut String, see: &mut impl FnMut(&str, &str)) {
    let above = place.len();
    match value {
        Value::String(text) => see(place, text),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                place.push_str(&format!("/{at}"));
                places(item, place, see);
                place.truncate(above);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                place.push('/');
                place.push_str(&name.replace('~', "~0").replace('/', "~1"));
                places(item, place, see);
                place.truncate(above);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
