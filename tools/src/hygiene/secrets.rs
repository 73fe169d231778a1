//! Secrets that stand in a definition, where every caller reads them.

use std::{collections::BTreeSet, sync::LazyLock};

use dlp::{Engine, Family, Selector, Settings};

use super::{Fault, Said};

/// Looks for secrets only: the rest of a definition is for everybody.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let others = Family::ALL.iter().filter(|family| **family != Family::Secret);
    let off: BTreeSet<Selector> = others.copied().map(Selector::Family).collect();
    Engine::builtin(&Settings { off, ..Settings::default() })
});

/// A value that a schema proposes is read beside the name of its property, which says what it is.
pub(super) fn check(place: &str, text: &str) -> Option<Said> {
    let beside = property(place).map(|name| format!("{name}: {text}"));
    let scan = ENGINE.scan("definition", beside.as_deref().unwrap_or(text));
    let secret = scan.findings.iter().find(|finding| finding.kind.about().family == Family::Secret);
    if let Some(finding) = secret {
        let what = format!("it has a secret in it: {}", finding.kind);
        return Some(Said::refuse(Fault::Secret, what));
    }
    let what = "it is too much to be searched for secrets";
    (!scan.complete).then(|| Said::refuse(Fault::Secret, what))
}

/// The property whose proposed value stands at this place.
fn property(place: &str) -> Option<&str> {
    let (before, value) = place.split_once("/default").or_else(|| place.split_once("/example"))?;
    let is_value = value.trim_start_matches('s').bytes().all(|byte| b"/0123456789".contains(&byte));
    before.rsplit('/').next().filter(|_| is_value)
}
