//! The engine: compiled once, shared by every request.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    fmt,
    ops::{Range, RangeInclusive},
    sync::Arc,
};

use types::{Content, Label};

use crate::{
    Custom, Family, Finding, Findings, Kind, Settings, Tokens,
    custom::{Trace, dictionary},
    detect::{self, Numbers},
    inspection::Inspection,
    memo::Memo,
    names::{Name, Names},
    normalise, redact,
    score::Candidate,
    stretch,
    text::{Text, Work},
    tokens,
};

/// How many findings before one are looked at for covering it.
pub(crate) const NEAR: usize = 8;

/// The compiled detectors. Cloning is cheap.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    custom: Custom,
    numbers: Numbers,
    /// None where nobody wants to know of names.
    names: Option<Names>,
    /// None when it could not be built, which makes everything incomplete.
    tokens: Option<detect::Tokens>,
    pub(crate) memo: Memo,
}

/// How a text is looked through.
pub(crate) struct Look {
    /// The most findings.
    pub(crate) room: usize,
    /// Whether it is a whole text, which is read as JSON where it is JSON and can have passages of
    /// documents. A part of one cannot tell.
    pub(crate) whole: bool,
    /// In how many disguises a finding may be.
    pub(crate) depths: RangeInclusive<usize>,
}

/// What was found in one text, and whether that is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Every finding, by position.
    pub findings: Vec<Finding>,
    /// False when there were too many findings, the work was more than its bound or a part of the engine
    /// failed: something may have been missed, and whoever must know must not go on.
    pub complete: bool,
    /// How many findings there were before those went that another one covers.
    pub(crate) candidates: usize,
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
        Self::new(settings, Custom::default())
    }

    /// The built-in detectors and those of a tree.
    pub fn new(settings: &Settings, custom: Custom) -> Self {
        let numbers = Numbers::new(settings);
        let settings = settings.clone();
        let tokens = detect::Tokens::new();
        let names = (!settings.is_off(Kind::PERSON)).then(Names::builtin);
        let memo = Memo::default();
        Self { inner: Arc::new(Inner { settings, custom, numbers, names, tokens, memo }) }
    }

    /// The detectors of the tree.
    pub fn custom(&self) -> &Custom {
        &self.inner.custom
    }

    /// Finds and classifies everything in a request, which is not changed.
    ///
    /// Never fails: what could not be inspected makes the answer incomplete and restricted.
    pub fn inspect(&self, request: &mut impl Content) -> Findings {
        let mut inspection = Inspection::new(&self.inner);
        request.visit(|place, piece| inspection.piece(place, piece));
        inspection.end(request.has_unseen())
    }

    /// Finds everything in one text, up to the bounds on findings and on work. The length is the
    /// caller's.
    #[must_use]
    pub fn scan(&self, place: &str, text: &str) -> Scan {
        let work = Work::new(self.inner.settings.steps_max);
        let room = self.inner.settings.findings_max;
        self.inner.scan(place, text, &work, &Look::inline(room, true), |_, _| true)
    }

    /// Finds everything in one text within this work.
    pub(crate) fn scan_with(&self, place: &str, text: &str, work: &Work) -> Scan {
        let look = Look::inline(self.inner.settings.findings_max, false);
        self.inner.scan(place, text, work, &look, |_, _| true)
    }

    pub(crate) fn right_bytes(&self) -> usize {
        self.inner.right_bytes()
    }

    /// What it was built with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// What a scan of this text costs, in steps of about a byte looked at: what `steps_max` bounds.
    pub fn steps(&self, text: &str) -> u64 {
        let work = Work::new(u64::MAX);
        self.inner.scan("text", text, &work, &Look::inline(usize::MAX, true), |_, _| false);
        u64::MAX - work.left()
    }

    /// Replaces every finding of these kinds, looks again, and goes on until none is left or a
    /// round brings nothing: a token can end a word that hid the next value.
    pub fn redact(
        &self,
        request: &mut impl Content,
        findings: &Findings,
        kinds: &[Kind],
        tokens: &mut Tokens,
    ) -> Redaction {
        const ROUNDS_MAX: usize = 4;
        let mut redaction = Redaction { replaced: 0, after: findings.clone() };
        for _ in 0..ROUNDS_MAX {
            let replaced = redact::round(request, &redaction.after, kinds, tokens);
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
}

impl Inner {
    /// Looks through one text for what `keep` keeps.
    pub(crate) fn scan(
        &self,
        place: &str,
        text: &str,
        work: &Work,
        look: &Look,
        keep: impl Fn(Kind, &Range<usize>) -> bool,
    ) -> Scan {
        let complete = self.tokens.is_some();
        let mut scan = Scan { findings: Vec::new(), complete, candidates: 0 };
        if work.is_spent() {
            return Scan { complete: false, ..scan };
        }
        let complete = self.each(text, look, work, |candidate, span| {
            let score = candidate.score();
            let wanted = score >= self.settings.score_min && !self.settings.is_off(candidate.kind);
            if !wanted || !keep(candidate.kind, &span) {
                return;
            }
            if scan.findings.len() >= look.room {
                scan.complete = false;
                return;
            }
            scan.findings.push(Finding {
                kind: candidate.kind,
                place: place.to_owned(),
                span,
                score,
                terms: candidate.terms,
                label: self.label_of(candidate.kind),
            });
        });
        scan.complete &= complete && !work.is_spent();
        scan.candidates = scan.findings.len();
        scan.findings = settle(scan.findings);
        without_tokens(text, &mut scan.findings);
        scan
    }

    /// Hands on every candidate of every view of a text, with the bytes of the text that it stands for.
    /// Returns whether no view was left out.
    pub(crate) fn each(
        &self,
        text: &str,
        look: &Look,
        work: &Work,
        mut take: impl FnMut(Candidate, Range<usize>),
    ) -> bool {
        let views = normalise::views(text, look.whole, *look.depths.end(), work);
        for (number, view) in views.iter().filter(|(_, view)| look.depths.contains(&view.depth)) {
            let read = Text::new(&view.text, work);
            let mut found = |candidate: Candidate| {
                let span = views.original(number, &candidate.span);
                if text.get(span.clone()).is_some() && view.shows(&candidate.span) {
                    take(candidate, span);
                }
            };
            if let Some(tokens) = &self.tokens {
                tokens.scan(read, &mut found);
            }
            detect::at_marks(read, &mut found);
            self.numbers.scan(read, &mut found);
            if let Some(names) = &self.names {
                names.scan(read, &mut |Name { span, terms }| {
                    found(Candidate { kind: Kind::PERSON, span, terms });
                });
            }
            self.custom.scan(read, &mut found);
            if look.whole {
                self.custom.passages(read, &mut found);
            }
        }
        views.complete
    }
}

impl Look {
    /// As an inspection looks.
    pub(crate) const fn inline(room: usize, whole: bool) -> Self {
        Self { room, whole, depths: 0..=normalise::DEPTH_MAX }
    }
}

impl Inner {
    /// What a text has of registered documents, in whatever disguise up to this depth.
    pub(crate) fn traces(&self, text: &str, depth_max: usize, work: &Work) -> Vec<Trace> {
        if !self.custom.has_documents() {
            return Vec::new();
        }
        let views = normalise::views(text, true, depth_max, work);
        views.iter().flat_map(|(_, view)| self.custom.traces(Text::new(&view.text, work))).collect()
    }

    /// What a value is labelled: by the settings, by its detector's file, or by the catalogue.
    pub(crate) fn label_of(&self, kind: Kind) -> Label {
        let own = || self.custom.label_of(kind).unwrap_or(kind.about().label);
        self.settings.label_of(kind).unwrap_or_else(own)
    }

    /// How much of a text must be known behind a place.
    pub(crate) fn right_bytes(&self) -> usize {
        stretch::RIGHT_BYTES.max(self.custom.bytes_max())
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
        .filter(|finding| finding.kind == Kind::URL_PASSWORD)
        .map(|finding| finding.span.end)
        .collect();
    findings.retain(|finding| {
        finding.kind != Kind::EMAIL || passwords.range(finding.span.clone()).next().is_none()
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

/// Our own tokens are no findings, whatever their letters look like. A word that somebody looks for is
/// one also in the place of their random part, where nobody but a forger puts it.
fn without_tokens(text: &str, findings: &mut Vec<Finding>) {
    if findings.is_empty() {
        return;
    }
    let tokens: Vec<[Range<usize>; 2]> = tokens::known(text).collect();
    let lies_in = |finding: &Finding, place: &Range<usize>| {
        place.start <= finding.span.start && finding.span.end <= place.end
    };
    let is_word = |finding: &Finding| {
        finding.kind.family() == Family::Health
            || finding.terms.iter().any(|term| term.name == dictionary::TERM)
    };
    findings.retain(|finding| {
        let next = tokens.partition_point(|[token, _]| token.end <= finding.span.start);
        tokens.get(next).is_none_or(|[token, random]| {
            !lies_in(finding, token) || lies_in(finding, random) && is_word(finding)
        })
    });
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}
