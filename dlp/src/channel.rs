//! One channel of an answer on its way through: what comes in pieces is let through as soon as it is
//! certain that no value begins in it that is not seen whole.

mod json;

use std::ops::Range;

use crate::{
    Engine, Finding, Kind, Tokens,
    stretch::{self, Stretches},
    text::Work,
};
use json::Source;

/// How a channel's text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it stands.
    Text,
    /// As JSON: strings are searched decoded, and a number that gives way becomes a string.
    Json,
}

/// A channel: a choice's text, its reasoning, or the arguments of one call of a tool.
///
/// What it lets through, with what was found in it, is the same for all ways to cut a text into pieces.
pub struct Channel {
    engine: Engine,
    place: String,
    source: Source,
    /// What is searched: some text that was let through already, then what was not.
    text: String,
    /// Up to here it was let through.
    settled: usize,
    /// So long must the text be before it is searched again: where a value has no end yet, every piece
    /// would have the whole of it searched.
    next: usize,
    /// Bytes that may gather before a search.
    patience: usize,
    #[cfg(test)]
    searched: usize,
    stretches: Stretches,
}

/// What a channel lets through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// The text, as it came.
    pub text: String,
    /// What is in it, with spans in `text`.
    pub findings: Vec<Finding>,
    /// Whether everything was looked at. If not, the text is more than may be held back without a place
    /// to cut it, or took too much work: whoever must know what is in it must not let it through.
    pub complete: bool,
    /// Spans of findings that are JSON numbers, which need quotes where they are replaced.
    bare: Vec<Range<usize>>,
}

impl Channel {
    /// A channel that has not begun; findings say that they are in `place`.
    pub fn new(engine: &Engine, form: Form, place: &str) -> Self {
        Self {
            engine: engine.clone(),
            place: place.to_owned(),
            source: Source::new(form),
            text: String::new(),
            settled: 0,
            next: 0,
            patience: 0,
            #[cfg(test)]
            searched: 0,
            stretches: Stretches::default(),
        }
    }

    /// Lets so many bytes gather before it searches them, which costs less where nobody waits for the text.
    #[must_use]
    pub fn patient(self, bytes: usize) -> Self {
        Self { patience: bytes, ..self }
    }

    /// Takes a piece and gives what is certain now.
    pub fn push(&mut self, piece: &str) -> Passed {
        self.source.read(piece, &mut self.text, &mut self.stretches);
        if self.held() > self.engine.settings().held_bytes_max {
            let passed = self.pass(self.text.len());
            return Passed { complete: false, ..passed };
        }
        if self.text.len() >= self.next && self.held() >= self.patience {
            let place = self.stretches.settled(self.text.len(), self.engine.right_bytes());
            if let Some(place) = place.filter(|place| *place > self.settled) {
                return self.pass(place);
            }
        }
        Passed { complete: true, ..Passed::default() }
    }

    /// Gives the rest.
    pub fn end(&mut self) -> Passed {
        self.source.end(&mut self.text, &mut self.stretches);
        self.pass(self.text.len())
    }

    /// How many bytes are held back.
    pub const fn held(&self) -> usize {
        self.text.len() - self.settled
    }

    /// Bytes that were searched, each as often as it was.
    #[cfg(test)]
    pub(crate) const fn searched(&self) -> usize {
        self.searched
    }

    /// Lets through what is before this place, or before the value that reaches over it.
    fn pass(&mut self, place: usize) -> Passed {
        let whole = place == self.text.len();
        #[cfg(test)]
        {
            self.searched += self.text.len();
        }
        let work = Work::new(self.engine.settings().steps_max);
        let scan = self.engine.scan_with(&self.place, &self.text, &work);
        let mut end = place;
        // Values that lie across lower the place, which may then lie in the one before.
        for finding in scan.findings.iter().rev().filter(|_| !whole) {
            if finding.span.start < end && end < finding.span.end {
                end = self.stretches.before(finding.span.start).unwrap_or(self.settled);
            }
        }
        if end <= self.settled {
            self.next = self.text.len() + self.held() / 2;
            return Passed { complete: true, ..Passed::default() };
        }
        let within =
            |finding: &Finding| finding.span.end > self.settled && finding.span.start < end;
        let findings = scan.findings.into_iter().filter(within).map(|mut finding| {
            finding.span.start = finding.span.start.max(self.settled);
            finding
        });
        let mut passed = self.source.pass(
            self.text.get(self.settled..end).unwrap_or_default(),
            self.settled,
            findings.collect(),
        );
        passed.complete = scan.complete;
        self.settle(end);
        passed
    }

    /// Keeps as much before this place as detectors look back.
    fn settle(&mut self, end: usize) {
        let from = stretch::word_start(&self.text, end);
        self.text.drain(..from);
        self.stretches.forget(end, from);
        self.source.forget(end, from);
        self.settled = end - from;
        self.next = 0;
    }
}

impl Passed {
    /// The text with tokens in place of values of these kinds.
    pub fn redacted(self, kinds: impl Fn(Kind) -> bool, tokens: &mut Tokens) -> String {
        // Of findings that overlap the first names what all of them cover.
        let mut cuts: Vec<(Kind, Range<usize>)> = Vec::new();
        for Finding { kind, span, .. } in self.findings.into_iter().filter(|f| kinds(f.kind)) {
            match cuts.last_mut().filter(|(_, last)| span.start < last.end) {
                Some((_, last)) => last.end = last.end.max(span.end),
                None => cuts.push((kind, span)),
            }
        }
        let mut out = String::with_capacity(self.text.len());
        let mut kept = 0;
        for (kind, span) in cuts {
            let token = tokens.token(kind, self.text.get(span.clone()).unwrap_or_default());
            let quote = if self.bare.contains(&span) { "\"" } else { "" };
            let before = self.text.get(kept..span.start).unwrap_or_default();
            out.extend([before, quote, &token, quote]);
            kept = span.end;
        }
        out.push_str(self.text.get(kept..).unwrap_or_default());
        out
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { place, .. } = self;
        f.debug_struct("Channel")
            .field("place", place)
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}
