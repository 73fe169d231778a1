//! What only a session shows: a registered document that comes in pieces, a list of people that grows, a value
//! that two messages share, and what is hidden deeper than an inspection looks. It is for a scan beside
//! the requests, which nobody waits for.
//!
//! INVARIANT: of the texts of a session nothing is kept but the last [`TAIL_BYTES`] of each voice, as they stand
//! and with spaces between, and hashes under a key of the session's own.

mod recent;
mod tail;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    hash::{DefaultHasher, Hash, Hasher as _},
    ops::Range,
};

use types::Label;

use crate::{
    Engine, Family, Finding, Kind, Rule, Scan, classify,
    engine::{Inner, Look},
    normalise,
    text::Work,
};
use recent::Recent;
pub use tail::TAIL_BYTES;
use tail::Tail;

/// How deep a value may be hidden for this scan.
const DEPTH_MAX: usize = 6;
/// The most texts of a session that are known again when they are sent again.
const TEXTS_MAX: usize = 2_048;
/// The most addresses, values and fingerprints of a session that are known apart, of each.
const HASHES_MAX: usize = 1_024;

/// What is known of one session so far. It takes at most about 200 KiB.
pub struct Deep {
    /// What hashes are made with.
    key: u64,
    caller: Tail,
    model: Tail,
    /// Texts, each with all that stood before it in its request: a conversation is sent again with
    /// every message that is added.
    sent: Recent,
    /// Texts by themselves.
    known: Recent,
    /// Addresses and phone numbers.
    addresses: Recent,
    kinds: BTreeSet<Kind>,
    /// Fingerprints of documents that are not told yet, by document.
    hits: BTreeMap<u64, BTreeSet<u64>>,
    /// Documents, rules and values that are told.
    told: Recent,
}

/// Who says a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Voice {
    /// Whoever sends the request: instructions, questions, results of tools.
    Caller,
    /// The model: what it said before, and what it wants tools to do.
    Model,
}

/// What a session has beyond what the inspection of each of its requests shows. Each thing is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeepFindings {
    /// How many values, or documents, of each kind.
    pub kinds: BTreeMap<Kind, usize>,
    /// The combination rules that the session as a whole fulfils.
    pub rules: Vec<Rule>,
    /// What this raises the session to; public where nothing was found.
    pub label: Label,
    /// False where the work was more than its bound, or a text too long: something may have been missed.
    pub complete: bool,
}

/// The texts of one request, and what comes of them.
struct Turn<'e> {
    inner: &'e Inner,
    /// What an inspection may cost, for each of the ways to look.
    plain: Work,
    deeper: Work,
    seams: Work,
    documents: Work,
    found: DeepFindings,
}

impl Deep {
    /// A session without texts. The key should be one that nobody guesses.
    pub const fn new(key: u64) -> Self {
        Self {
            key,
            caller: Tail::new(),
            model: Tail::new(),
            sent: Recent::new(TEXTS_MAX),
            known: Recent::new(TEXTS_MAX),
            addresses: Recent::new(HASHES_MAX),
            kinds: BTreeSet::new(),
            hits: BTreeMap::new(),
            told: Recent::new(HASHES_MAX),
        }
    }

    /// Adds the texts of the next request of the session, in their order. `told` are the rules that its inspection
    /// told already.
    pub fn take<'t>(
        &mut self,
        engine: &Engine,
        texts: impl IntoIterator<Item = (Voice, &'t str)>,
        told: &[Rule],
    ) -> DeepFindings {
        let mut turn = Turn::new(&engine.inner);
        for rule in told {
            self.told.add(self.hash(rule));
        }
        let mut before = 0;
        let mut texts = texts.into_iter().peekable();
        while let Some((voice, text)) = texts.next() {
            if text.len() > turn.inner.settings.field_bytes_max {
                turn.found.complete = false;
                continue;
            }
            let hash = self.hash(&text);
            before = self.hash(&(before, voice, hash));
            if self.known.add(hash) {
                self.within(&mut turn, text);
            }
            // Whatever a request ends with is said now, though the same was said before.
            if self.sent.add(before) || texts.peek().is_none() {
                self.over_the_seam(&mut turn, voice, text);
            }
        }
        for rule in classify::rules(&turn.inner.settings, &self.kinds, self.addresses.len()) {
            if self.told.add(self.hash(&rule)) {
                turn.found.rules.push(rule);
                turn.found.label = Label::Restricted;
            }
        }
        turn.end()
    }

    /// What stands in one text.
    fn within(&mut self, turn: &mut Turn<'_>, text: &str) {
        let look = Look::inline(turn.room(), true);
        let plain = turn.inner.scan("", text, &turn.plain, &look, |_, _| true);
        plain.findings.iter().for_each(|finding| self.note(finding, text));
        let look = Look { depths: normalise::DEPTH_MAX + 1..=DEPTH_MAX, ..look };
        let deeper = turn.inner.scan("", text, &turn.deeper, &look, |_, _| true);
        for finding in &deeper.findings {
            self.tell(turn, finding, text);
        }
        turn.found.complete &= plain.complete && deeper.complete;
        self.documents(turn, text, true);
    }

    /// What a text has in common with the ones before it in this voice.
    fn over_the_seam(&mut self, turn: &mut Turn<'_>, voice: Voice, text: &str) {
        let tail = match voice {
            Voice::Caller => &mut self.caller,
            Voice::Model => &mut self.model,
        };
        let joined = tail.joined(text);
        tail.add(text);
        let mut found = false;
        for (text, seam) in joined {
            self.documents(turn, &text, false);
            if found {
                continue;
            }
            let (crossing, complete) = turn.crossing(&text, &seam);
            turn.found.complete &= complete;
            for finding in crossing {
                self.tell(turn, &finding, &text);
                found = true;
            }
        }
    }

    /// Adds what a text has of documents. What shows in a text `alone` was told by its inspection.
    fn documents(&mut self, turn: &mut Turn<'_>, text: &str, alone: bool) {
        let inner = turn.inner;
        for trace in inner.traces(text, DEPTH_MAX, &turn.documents) {
            let document = self.hash(&trace.document);
            if inner.settings.is_off(trace.kind) || self.told.has(document) {
                continue;
            }
            let kept: usize = self.hits.values().map(BTreeSet::len).sum();
            let is_told = alone && trace.hashes.len() >= trace.matches_min;
            let hits = self.hits.entry(trace.document).or_default();
            hits.extend(trace.hashes.iter().take(HASHES_MAX.saturating_sub(kept)));
            if is_told || hits.len() >= trace.matches_min {
                self.hits.remove(&trace.document);
                self.told.add(document);
                if !is_told {
                    turn.found.add(trace.kind, inner.label_of(trace.kind));
                }
            }
        }
    }

    /// Takes note of what an inspection tells too.
    fn note(&mut self, finding: &Finding, text: &str) {
        self.kinds.insert(finding.kind);
        if classify::is_address(finding.kind) {
            self.addresses.add(self.value(finding, text));
        }
    }

    /// Tells what no inspection tells, once.
    fn tell(&mut self, turn: &mut Turn<'_>, finding: &Finding, text: &str) {
        self.note(finding, text);
        if self.told.add(self.value(finding, text)) {
            turn.found.add(finding.kind, finding.label);
        }
    }

    /// How many hashes and bytes of text are kept.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> (usize, usize) {
        let recent = [&self.sent, &self.known, &self.addresses, &self.told];
        let hits = self.hits.values().map(BTreeSet::len).sum::<usize>();
        let tails = [&self.caller, &self.model].into_iter().flat_map(Tail::kept);
        (recent.map(Recent::len).iter().sum::<usize>() + hits, tails.map(String::len).sum())
    }

    fn value(&self, finding: &Finding, text: &str) -> u64 {
        let value = text.get(finding.span.clone()).map(str::to_lowercase);
        self.hash(&(finding.kind, value))
    }

    fn hash(&self, value: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.key, value).hash(&mut hasher);
        hasher.finish()
    }
}

impl<'e> Turn<'e> {
    fn new(inner: &'e Inner) -> Self {
        let work = || Work::new(inner.settings.steps_max);
        let (plain, deeper, seams, documents) = (work(), work(), work(), work());
        Self { inner, plain, deeper, seams, documents, found: DeepFindings::none() }
    }

    fn room(&self) -> usize {
        self.inner.settings.findings_max
    }

    /// Values that reach over a seam, and of which neither side shows as much, and whether all was
    /// looked through.
    fn crossing(&self, joined: &str, seam: &Range<usize>) -> (Vec<Finding>, bool) {
        let look = Look { room: self.room(), whole: false, depths: 0..=DEPTH_MAX };
        let scan = |text: &str, keep: &dyn Fn(&Range<usize>) -> bool| {
            self.inner.scan("", text, &self.seams, &look, |_, span| keep(span))
        };
        let Scan { findings: mut crossing, complete, .. } =
            scan(joined, &|span| span.start < seam.start && span.end > seam.end);
        // Two words that happen to meet read as a name too easily.
        crossing.retain(|finding| finding.kind.family() != Family::Name);
        if crossing.is_empty() {
            return (crossing, complete);
        }
        // What stands whole on a side does not go on in the other one, whatever that begins with.
        let before = scan(joined.get(..seam.start).unwrap_or_default(), &|_| true).findings;
        let after = scan(joined.get(seam.end..).unwrap_or_default(), &|_| true).findings;
        let sides = before.iter().map(|finding| (finding, 0));
        let sides: Vec<_> = sides.chain(after.iter().map(|finding| (finding, seam.end))).collect();
        crossing.retain(|finding| {
            !sides.iter().any(|(side, offset)| {
                side.label >= finding.label
                    && side.span.start + offset < finding.span.end
                    && side.span.end + offset > finding.span.start
            })
        });
        (crossing, complete)
    }

    fn end(self) -> DeepFindings {
        let Self { plain, deeper, seams, documents, mut found, .. } = self;
        found.complete &= [plain, deeper, seams, documents].iter().all(|work| !work.is_spent());
        found
    }
}

impl DeepFindings {
    const fn none() -> Self {
        Self { kinds: BTreeMap::new(), rules: Vec::new(), label: Label::Public, complete: true }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.rules.is_empty()
    }

    fn add(&mut self, kind: Kind, label: Label) {
        *self.kinds.entry(kind).or_default() += 1;
        self.label = self.label.join(label);
    }
}

impl fmt::Debug for Deep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deep").finish_non_exhaustive()
    }
}
