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
pub(crate) fn shown(
    engine: &Engine,
    (given, findings): (&Value, &Findings),
) -> Option<Arguments> {
    let restricted = || findings.findings.iter().filter(|found| found.label == Label::Restricted);
    let kinds: BTreeSet<Kind> = restricted().map(|found| found.kind).collect();
    let kinds: Vec<Kind> = kinds.into_iter().collect();
    let mut arguments = content::Arguments(given.clone());
    let redaction = engine.redact(&mut arguments, findings, &kinds, &mut Tokens::new(random));
    let left = |found: &Finding| found.label == Label::Restricted;
    if !redaction.after.complete || redaction.after.findings.iter().any(left) {
        return None;
    }
    let masked = |found: &Finding| {
        let (place, kind) = (found.place.clone(), found.kind.as_str().to_owned());
        Masked { place, kind }
    };
    Some(Arguments { arguments: arguments.0, masked: restricted().map(masked).collect() })
}
