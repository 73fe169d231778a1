//! The engine: compiled once, shared by every request.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use types::{Label, chat::ChatRequest};

use crate::{
    Finding, Findings, Kind, Settings, classify,
    detect::{self, Numbers, Tokens},
    normalise, redact,
    score::Candidate,
    text::Text,
    walk,
};

/// How many findings before one are looked at for covering it.
const NEAR: usize = 8;

/// The compiled detectors. Cloning is cheap.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    numbers: Numbers,
    /// None when it could not be built, which makes everything incomplete.
    tokens: Option<Tokens>,
}

/// What a request looks like after [`Engine::redact`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// How many places were replaced.
    pub replaced: usize,
    /// What is in the request now.
    pub after: Findings,
}

impl Engine {
    /// The built-in detectors under these settings.
    pub fn builtin(settings: &Settings) -> Self {
        let numbers = Numbers::new(settings);
        let settings = settings.clone();
        Self { inner: Arc::new(Inner { settings, numbers, tokens: Tokens::new() }) }
    }

    /// Finds and classifies everything in a request, which is not changed.
    ///
    /// Never fails: what could not be inspected makes the answer incomplete and restricted.
    pub fn inspect(&self, request: &mut ChatRequest) -> Findings {
        let settings = &self.inner.settings;
        let mut findings = Vec::new();
        let mut addresses = BTreeSet::new();
        let mut complete = self.inner.tokens.is_some();
        walk::fields(request, |place, text| {
            let room = settings.findings_max.saturating_sub(findings.len());
            if text.len() > settings.field_bytes_max {
                complete = false;
                return;
            }
            let (found, whole) = self.scan_bounded(place, text, room);
            complete &= whole;
            for finding in &found {
                if classify::is_address(finding.kind) {
                    addresses.insert(fingerprint(finding.kind, text.get(finding.span.clone())));
                }
            }
            findings.extend(found);
        });
        let label = classify::label(settings, &findings, addresses.len(), complete);
        Findings { label, findings, complete }
    }

    /// Finds everything in one text, up to the bound on findings. The length is the caller's.
    pub fn scan(&self, place: &str, text: &str) -> Vec<Finding> {
        self.scan_bounded(place, text, self.inner.settings.findings_max).0
    }

    /// Replaces every finding of these kinds, looks again, and goes on until none is left or a
    /// round brings nothing: a marker can end a word that hid the next value.
    pub fn redact(
        &self,
        request: &mut ChatRequest,
        findings: &Findings,
        kinds: &[Kind],
    ) -> Redaction {
        const ROUNDS_MAX: usize = 4;
        let mut markers = redact::Markers::default();
        let mut redaction = Redaction { replaced: 0, after: findings.clone() };
        for _ in 0..ROUNDS_MAX {
            let replaced = redact::round(request, &redaction.after, kinds, &mut markers);
            if replaced == 0 {
                break;
            }
            redaction.replaced += replaced;
            redaction.after = self.inspect(request);
        }
        // Whatever is left after the last round must not pass for redacted.
        if redaction.after.findings.iter().any(|finding| kinds.contains(&finding.kind)) {
            redaction.after.complete = false;
            redaction.after.label = Label::Restricted;
        }
        redaction
    }

    /// The findings and whether they are all.
    fn scan_bounded(&self, place: &str, text: &str, room: usize) -> (Vec<Finding>, bool) {
        let mut findings = Vec::new();
        let mut complete = true;
        for view in normalise::views(text) {
            let read = Text(&view.text);
            let mut found = |candidate: Candidate| {
                let span = view.original(&candidate.span);
                let score = candidate.score();
                if score < self.inner.settings.score_min || text.get(span.clone()).is_none() {
                    return;
                }
                if findings.len() >= room {
                    complete = false;
                    return;
                }
                findings.push(Finding {
                    kind: candidate.kind,
                    place: place.to_owned(),
                    span,
                    score,
                    terms: candidate.terms,
                    label: self.inner.settings.label_of(candidate.kind),
                });
            };
            if let Some(tokens) = &self.inner.tokens {
                tokens.scan(read, &mut found);
            }
            detect::at_marks(read, &mut found);
            self.inner.numbers.scan(read, &mut found);
        }
        (settle(findings), complete)
    }
}

/// In order of position, without those that another one covers at no lower label.
fn settle(mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.len() < 2 {
        return findings;
    }
    // The end of an address with a password reads as an e-mail address.
    let passwords: BTreeSet<usize> = findings
        .iter()
        .filter(|finding| finding.kind == Kind::UrlPassword)
        .map(|finding| finding.span.end)
        .collect();
    findings.retain(|finding| {
        finding.kind != Kind::Email || passwords.range(finding.span.clone()).next().is_none()
    });
    findings.sort_by_key(|finding| {
        let widest_first = Reverse(finding.span.end);
        (finding.span.start, widest_first, Reverse(finding.label), Reverse(finding.score))
    });
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        // Sorted by start, so only the last few kept can reach this far.
        let covers =
            |other: &Finding| other.span.end >= finding.span.end && other.label >= finding.label;
        if !kept.iter().rev().take(NEAR).any(covers) {
            kept.push(finding);
        }
    }
    kept
}

/// Tells values apart without keeping them.
fn fingerprint(kind: Kind, value: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, value.map(str::to_lowercase)).hash(&mut hasher);
    hasher.finish()
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}
