//! Data loss prevention: finds personal data and secrets in requests, says what it found and why,
//! gives the request a label, and replaces what policy wants replaced.
//!
//! Pure values: no clock, no file, no socket. The engine never decides an action; policy does.
//! INVARIANT: nothing here keeps, prints or returns the text that was matched, only where it is.

mod channel;
mod classify;
mod cues;
mod custom;
mod deep;
mod detect;
mod eight;
mod engine;
mod explain;
mod finding;
mod grams;
mod inspection;
mod kind;
mod memo;
mod names;
mod normalise;
mod redact;
mod restore;
mod score;
mod seam;
mod secret;
mod settings;
mod stretch;
mod tally;
mod text;
mod tokens;
mod validate;

#[cfg(test)]
mod tests;

pub use channel::{Channel, Form, Passed};
pub use custom::{
    Checksum, Custom, DETECTORS_MAX, DetectorError, DetectorFile, DictionaryFile, DocumentFile,
    FingerprintError, Fingerprints, PASSAGE_WORDS, PatternFile, Source, WORDS_MAX,
};
pub use deep::{Deep, DeepFindings, TAIL_BYTES, Voice};
pub use engine::{Engine, Redaction, Scan};
pub use explain::{Candidate, Standing};
pub use finding::{Finding, Findings, Rule, Term};
pub use kind::{About, Family, Kind, ParseKindError, Selector};
#[doc(hidden)]
pub use normalise::views_hold;
pub use normalise::{Readings, is_ignorable, readings};
pub use restore::Restorer;
pub use settings::{Region, Settings, UnknownRegion};
pub use tally::Tally;
pub use tokens::{Fresh, Tokens};

/// The examples of the README, which are tested as this crate's own.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
