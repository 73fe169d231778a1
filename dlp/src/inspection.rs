//! The inspection of one request: its pieces one by one, within one bound on findings and on work.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    mem,
    ops::Range,
};

use types::{Label, chat::Piece};

use crate::{
    Family, Finding, Findings, Kind, classify,
    engine::{Inner, Look, NEAR},
    memo::{Known, Memo},
    seam::Seams,
    text::Work,
};

/// The end of a number's key that can hold a cue for it, in bytes.
const KEY_BYTES_MAX: usize = 48;

/// What is known so far.
pub(crate) struct Inspection<'e> {
    inner: &'e Inner,
    work: Work,
    findings: Vec<Finding>,
    /// Fingerprints of e-mail addresses and phone numbers.
    addresses: BTreeSet<u64>,
    complete: bool,
}

impl<'e> Inspection<'e> {
    pub(crate) fn new(inner: &'e Inner) -> Self {
        let work = Work::new(inner.settings.steps_max);
        Self { inner, work, findings: Vec::new(), addresses: BTreeSet::new(), complete: true }
    }

    pub(crate) fn piece(&mut self, place: &str, piece: Piece<'_>) {
        match piece {
            Piece::Text(text) => self.whole(place, text),
            Piece::Name(name) => self.name(place, name),
            Piece::Parts(parts) => self.parts(place, &parts),
            Piece::Number { key, number } => self.number(place, key, number),
            // Fails closed, as all that could not be looked through.
            Piece::Sealed => self.complete = false,
        }
    }

    pub(crate) fn end(self, has_unseen: bool) -> Findings {
        let Self { inner: Inner { settings, .. }, findings, addresses, complete, .. } = self;
        let (label, rules) = classify::label(settings, &findings, addresses.len(), complete);
        // What an image shows or a document holds is not searched.
        let unseen = if has_unseen { settings.label_of_images } else { Label::Public };
        Findings { label: label.join(unseen), rules, findings, complete }
    }

    /// Everything in a text, which may have been searched before.
    fn whole(&mut self, place: &str, text: &str) {
        let Some(key) = Memo::key(text) else {
            self.text(place, text, |_, _| true);
            return;
        };
        let room = self.inner.settings.findings_max.saturating_sub(self.findings.len());
        let steps = self.work.left();
        // Where it would not be searched to its end, it is searched again, to the same place.
        let fits = |known: &Known| known.candidates <= room && known.steps < steps;
        if let Some(known) = self.inner.memo.get(key).filter(fits) {
            self.work.spend(known.steps);
            let here = |finding: &Finding| Finding { place: place.to_owned(), ..finding.clone() };
            self.found(text, known.findings.iter().map(here).collect());
            return;
        }
        let (before, complete) = (self.findings.len(), mem::replace(&mut self.complete, true));
        let candidates = self.text(place, text, |_, _| true);
        if self.complete {
            let found = self.findings.iter().skip(before).cloned();
            let findings =
                found.map(|finding| Finding { place: String::new(), ..finding }).collect();
            let steps = steps - self.work.left();
            self.inner.memo.put(key, Known { findings, candidates, steps });
        }
        self.complete &= complete;
    }

    /// What is kept of a text. Returns how many findings of it there were at first.
    fn text(
        &mut self,
        place: &str,
        text: &str,
        keep: impl Fn(Kind, &Range<usize>) -> bool,
    ) -> usize {
        let settings = &self.inner.settings;
        if text.len() > settings.field_bytes_max {
            self.complete = false;
            return 0;
        }
        let room = settings.findings_max.saturating_sub(self.findings.len());
        let scan = self.inner.scan(place, text, &self.work, &Look::inline(room, true), keep);
        self.complete &= scan.complete;
        self.found(text, scan.findings);
        scan.candidates
    }

    fn found(&mut self, text: &str, findings: Vec<Finding>) {
        for finding in &findings {
            if classify::is_address(finding.kind) {
                let value = text.get(finding.span.clone());
                self.addresses.insert(fingerprint(finding.kind, value));
            }
        }
        self.findings.extend(findings);
    }

    /// A name as it stands and, since `_` and `/` part the words of names, with them as spaces. Of
    /// that second reading only numbers of a strict form count: ids have digits too.
    fn name(&mut self, place: &str, name: &str) {
        let before = self.findings.len();
        // An id may look like anybody's name.
        self.text(place, name, |kind, _| kind.family() != Family::Name);
        if !name.contains(['_', '/']) {
            return;
        }
        let known: Vec<_> =
            self.findings.iter().skip(before).map(|finding| finding.span.clone()).collect();
        self.text(place, &name.replace(['_', '/'], " "), |kind, span| {
            [Kind::CARD, Kind::US_SSN].contains(&kind) && !known.contains(span)
        });
    }

    /// Each part by itself, since a neighbour can hide what stands in it, then all of them as the
    /// one text that a model reads, for what reaches over a seam.
    fn parts(&mut self, place: &str, parts: &[(usize, &mut String)]) {
        let seams = Seams::new(parts);
        let mut whole = Vec::new();
        for ((p, text), offset) in parts.iter().zip(seams.starts()) {
            let before = self.findings.len();
            self.whole(&format!("{place}[{p}]"), text);
            whole.extend(self.findings.iter().skip(before).map(|finding| {
                (finding.kind, finding.span.start + offset..finding.span.end + offset)
            }));
        }
        let joined: String = parts.iter().map(|(_, text)| text.as_str()).collect();
        // An address that stands whole in a part does not go on in the next one, whatever the next
        // one begins with. A key may: its first half alone is a finding too.
        let is_whole = |kind: Kind, span: &Range<usize>| {
            let before = whole.partition_point(|(_, other)| other.start < span.end);
            let near = whole.get(..before).unwrap_or_default().iter().rev().take(NEAR);
            !kind.is_secret()
                && near.into_iter().any(|(k, other)| *k == kind && other.end > span.start)
        };
        self.text(place, &joined, |kind, span| seams.is_crossed(span) && !is_whole(kind, span));
    }

    /// A number is no text: only what a checksum confirms or its key names is a finding, else every
    /// other time and id would be a telephone number.
    fn number(&mut self, place: &str, key: &str, number: &serde_json::Number) {
        let Some(digits) = digits(number) else { return };
        let mut cut = key.len().saturating_sub(KEY_BYTES_MAX);
        while !key.is_char_boundary(cut) {
            cut += 1;
        }
        let key = key.get(cut..).unwrap_or_default();
        let start = key.len() + 2;
        let is_number = |kind: Kind, span: &Range<usize>| {
            [Kind::CARD, Kind::US_SSN].contains(&kind) && span.start >= start
        };
        let before = self.findings.len();
        self.text(place, &format!("{key}: {digits}"), is_number);
        for finding in self.findings.iter_mut().skip(before) {
            finding.span = finding.span.start - start..finding.span.end - start;
        }
    }
}

/// The digits of a whole number, also of one that is written as a fraction or with an exponent.
fn digits(number: &serde_json::Number) -> Option<String> {
    if let Some(number) = number.as_u64() {
        return Some(number.to_string());
    }
    if let Some(number) = number.as_i64() {
        return Some(number.unsigned_abs().to_string());
    }
    let number = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e20)?;
    Some(format!("{:.0}", number.abs()))
}

/// Tells values apart without keeping them.
pub(crate) fn fingerprint(kind: Kind, value: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, value.map(str::to_lowercase)).hash(&mut hasher);
    hasher.finish()
}
