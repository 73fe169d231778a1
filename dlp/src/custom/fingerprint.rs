//! Fingerprints of registered documents, by winnowing (Schleimer, Wilkerson, Aiken: Winnowing: local
//! algorithms for document fingerprinting, SIGMOD 2003): hashes of every few words, of which the least
//! of each window is kept. A passage of [`PASSAGE_WORDS`] words has at least one in common with its
//! document, and a fingerprint does not tell the words.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    ops::Range,
    str::FromStr,
};

use crate::{Kind, detect::Found, score::Candidate, text::Text};

/// Words of one hash.
const SHINGLE_WORDS: usize = 6;
/// Hashes of one window.
const WINDOW: usize = 4;
/// A passage of so many words of a document is always seen.
pub const PASSAGE_WORDS: usize = SHINGLE_WORDS + WINDOW - 1;
/// Two matches so far from each other are of one passage, in bytes.
const PASSAGE_GAP_BYTES: usize = 400;
/// The most fingerprints of one document: a million words have about so many.
const FINGERPRINTS_MAX: usize = 400_000;
const HEADER: &str = "orchestack-fingerprints 1";

/// The fingerprints of a document. As text: a line that names the form, then a hash in each line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprints {
    hashes: BTreeSet<u64>,
}

/// Text that is no file of fingerprints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// The first line is another.
    #[error("the first line is not `{HEADER}`")]
    Header,
    /// A line is no hash.
    #[error("line {0} is not a hash of 16 hexadecimal digits")]
    Line(usize),
    /// There are none, or too many.
    #[error("it has {0} fingerprints; 1 to {FINGERPRINTS_MAX} can be used")]
    Count(usize),
}

/// A registered document.
pub(super) struct Document {
    pub(super) kind: Kind,
    pub(super) fingerprints: Fingerprints,
    pub(super) matches_min: usize,
}

/// All registered documents.
#[derive(Default)]
pub(super) struct Documents {
    documents: Vec<Document>,
    /// Which documents have a hash.
    by_hash: BTreeMap<u64, Vec<usize>>,
}

impl Fingerprints {
    /// Those of a text; none where it has fewer than [`PASSAGE_WORDS`] words.
    pub fn of(text: &str) -> Self {
        Self { hashes: winnowed(text).map(|(hash, _)| hash).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// All of them as one.
    fn id(&self) -> u64 {
        self.hashes.iter().fold(0, |id, hash| mixed(id ^ hash))
    }
}

/// What a text has of one registered document, be it too little for a finding.
pub(crate) struct Trace {
    pub(crate) kind: Kind,
    /// The document, by all of its fingerprints: it stays itself when others come or go.
    pub(crate) document: u64,
    /// So many different ones make a finding.
    pub(crate) matches_min: usize,
    pub(crate) hashes: BTreeSet<u64>,
}

impl Documents {
    pub(super) fn new(documents: Vec<Document>) -> Self {
        let mut by_hash = BTreeMap::<u64, Vec<usize>>::new();
        for (number, document) in documents.iter().enumerate() {
            for hash in &document.fingerprints.hashes {
                by_hash.entry(*hash).or_default().push(number);
            }
        }
        Self { documents, by_hash }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Finds passages, and tells each from its first word to its last.
    pub(super) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        for (document, passages) in self.passages(text) {
            if passages.hashes.len() < document.matches_min {
                continue;
            }
            for span in passages.spans {
                found(Candidate::new(document.kind, span).term("fingerprints", 90));
            }
        }
    }

    /// What a text has of each document.
    pub(super) fn traces(&self, text: Text<'_>) -> Vec<Trace> {
        let trace = |(document, passages): (&Document, Passages)| Trace {
            kind: document.kind,
            document: document.fingerprints.id(),
            matches_min: document.matches_min,
            hashes: passages.hashes,
        };
        self.passages(text).map(trace).collect()
    }

    fn passages(&self, text: Text<'_>) -> impl Iterator<Item = (&Document, Passages)> {
        let mut passages = BTreeMap::<usize, Passages>::new();
        if !self.is_empty() {
            text.work.take(text.bytes().len() * 4);
            for (hash, span) in winnowed(text.str()) {
                for number in self.by_hash.get(&hash).into_iter().flatten() {
                    passages.entry(*number).or_default().add(hash, span.clone());
                }
            }
        }
        let of = |(number, passages)| Some((self.documents.get(number)?, passages));
        passages.into_iter().filter_map(of)
    }
}

/// What a text has of one document.
#[derive(Default)]
struct Passages {
    hashes: BTreeSet<u64>,
    spans: Vec<Range<usize>>,
}

impl Passages {
    fn add(&mut self, hash: u64, span: Range<usize>) {
        self.hashes.insert(hash);
        match self.spans.last_mut() {
            Some(last) if span.start <= last.end + PASSAGE_GAP_BYTES => {
                last.end = last.end.max(span.end)
            }
            _ => self.spans.push(span),
        }
    }
}

/// The kept hashes of a text, each with the words that it is of.
fn winnowed(text: &str) -> impl Iterator<Item = (u64, Range<usize>)> + '_ {
    let mut words = VecDeque::<(u64, Range<usize>)>::with_capacity(SHINGLE_WORDS);
    let mut window = VecDeque::<(u64, Range<usize>)>::with_capacity(WINDOW);
    let mut kept = usize::MAX;
    words_of(text).filter_map(move |(at, word)| {
        if words.len() == SHINGLE_WORDS {
            words.pop_front();
        }
        words.push_back((hash_of(word), at..at + word.len()));
        if words.len() < SHINGLE_WORDS {
            return None;
        }
        let start = words.front().map_or(0, |(_, span)| span.start);
        let hash = words.iter().fold(0_u64, |hash, (word, _)| mixed(hash.rotate_left(7) ^ word));
        if window.len() == WINDOW {
            window.pop_front();
        }
        window.push_back((hash, start..at + word.len()));
        if window.len() < WINDOW {
            return None;
        }
        // Of equal ones the last, so that it stays the least for longest.
        let (hash, span) = window.iter().rev().min_by_key(|(hash, _)| *hash)?;
        let is_new = kept != span.start;
        kept = span.start;
        is_new.then(|| (*hash, span.clone()))
    })
}

/// Words with where they stand: runs of letters and digits.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(move |word| (word.as_ptr() as usize - start, word))
}

/// FNV-1a of a word in lower case (Fowler, Noll, Vo; 64 bits).
fn hash_of(word: &str) -> u64 {
    let lower = word.chars().flat_map(char::to_lowercase);
    lower.fold(0xCBF2_9CE4_8422_2325, |hash, c| {
        (hash ^ u64::from(u32::from(c))).wrapping_mul(0x100_0000_01B3)
    })
}

/// Spreads a hash over all bits (the finaliser of SplitMix64).
const fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

impl fmt::Display for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash:016x}"))
    }
}

impl FromStr for Fingerprints {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut lines = text.lines().enumerate();
        if lines.next().is_none_or(|(_, line)| line.trim() != HEADER) {
            return Err(FingerprintError::Header);
        }
        let read = |(number, line): (usize, &str)| {
            let hash = Some(line.trim()).filter(|line| line.len() == 16);
            hash.and_then(|hash| u64::from_str_radix(hash, 16).ok())
                .ok_or(FingerprintError::Line(number + 1))
        };
        let hashes = lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(read)
            .collect::<Result<BTreeSet<_>, _>>()?;
        match hashes.len() {
            1..=FINGERPRINTS_MAX => Ok(Self { hashes }),
            count => Err(FingerprintError::Count(count)),
        }
    }
}
