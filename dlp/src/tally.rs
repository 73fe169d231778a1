//! The findings of a text that comes in pieces, and the label of them all.

use std::collections::BTreeSet;

use types::Label;

use crate::{Engine, Finding, Findings, Kind, Settings, classify, inspection::fingerprint};

/// Sums up what was found piece by piece, as [`Engine::inspect`] does for a request. It keeps findings,
/// up to `findings_max`, and never a value.
#[derive(Debug)]
pub struct Tally<'e> {
    settings: &'e Settings,
    findings: Vec<Finding>,
    /// Fingerprints of e-mail addresses and phone numbers.
    addresses: BTreeSet<u64>,
    complete: bool,
}

impl<'e> Tally<'e> {
    /// Nothing was found yet.
    pub fn new(engine: &'e Engine) -> Self {
        let settings = engine.settings();
        Self { settings, findings: Vec::new(), addresses: BTreeSet::new(), complete: true }
    }

    /// Adds what was found in a piece; `value` is the text of a finding, which is not kept.
    pub fn add<'t>(
        &mut self,
        findings: impl IntoIterator<Item = Finding>,
        value: impl Fn(&Finding) -> Option<&'t str>,
    ) {
        for finding in findings {
            if self.findings.len() >= self.settings.findings_max {
                self.complete = false;
                return;
            }
            if classify::is_address(finding.kind) {
                self.addresses.insert(fingerprint(finding.kind, value(&finding)));
            }
            self.findings.push(finding);
        }
    }

    /// Something was not looked at.
    pub const fn miss(&mut self) {
        self.complete = false;
    }

    /// All of it, with its label.
    pub fn end(self) -> Findings {
        let Self { settings, findings, addresses, complete } = self;
        let (label, rules) = classify::label(settings, &findings, addresses.len(), complete);
        Findings { label, rules, findings, complete }
    }
}

impl Findings {
    /// These findings without those of other kinds, and the label that is left; `value` is the text of
    /// a finding. What an image or a document adds to a request's label is not in it.
    #[must_use]
    pub fn only<'t>(
        self,
        engine: &Engine,
        keep: impl Fn(Kind) -> bool,
        value: impl Fn(&Finding) -> Option<&'t str>,
    ) -> Self {
        let mut tally = Tally::new(engine);
        if !self.complete {
            tally.miss();
        }
        let kept = self.findings.into_iter().filter(|finding| keep(finding.kind));
        tally.add(kept, value);
        tally.end()
    }

    /// Whether something was found, alone or together, that gives this label or a higher one; what
    /// nothing was found in has no say here.
    pub fn reach(&self, engine: &Engine, label: Label) -> bool {
        let base = engine.settings().label_without_findings;
        self.findings.iter().any(|finding| finding.label >= label)
            || (self.label > base && self.label >= label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::engine;

    fn tally(text: &str, keep: impl Fn(Kind) -> bool) -> Findings {
        let engine = engine();
        let mut tally = Tally::new(&engine);
        tally.add(engine.scan("text", text).findings, |finding| text.get(finding.span.clone()));
        tally.end().only(&engine, keep, |finding| text.get(finding.span.clone()))
    }

    #[test]
    fn the_label_is_that_of_what_is_left() {
        let text = "ann@example.com 536-22-8726";
        assert_eq!(tally(text, |_| true).label, Label::Restricted);
        assert_eq!(tally(text, |kind| kind == Kind::EMAIL).label, Label::Sensitive);
        let nothing = tally(text, |kind| kind == Kind::CARD);
        assert_eq!(nothing.label, Label::Internal);
        assert!(!nothing.reach(&engine(), Label::Public));
    }

    #[test]
    fn ten_addresses_make_a_list() {
        let list: String = (0..10).map(|n| format!("a{n}@example.com\n")).collect();
        let found = tally(&list, |_| true);
        assert_eq!(found.label, Label::Restricted);
        assert!(found.reach(&engine(), Label::Restricted));
        let one = "a1@example.com\n".repeat(10);
        assert_eq!(tally(&one, |_| true).label, Label::Sensitive);
    }

    #[test]
    fn what_was_missed_is_restricted() {
        let engine = engine();
        let mut tally = Tally::new(&engine);
        tally.miss();
        let found = tally.end();
        assert_eq!((found.label, found.complete), (Label::Restricted, false));
        assert!(found.reach(&engine, Label::Restricted));
    }
}
