//! The files of `detectors/`, as they are written.

use serde::Deserialize;
use types::Label;

/// A file of detectors, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorFile {
    /// The kind of what it finds: a name of its own.
    pub kind: String,
    /// The label of what it finds; restricted where it says nothing.
    pub label: Option<Label>,
    /// What it finds, for people.
    #[serde(default)]
    pub what: String,
    /// Forms of a value.
    #[serde(default)]
    pub patterns: Vec<PatternFile>,
    /// Words and phrases.
    pub dictionary: Option<DictionaryFile>,
    /// Registered documents.
    #[serde(default)]
    pub documents: Vec<DocumentFile>,
}

/// One form of a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternFile {
    /// What it looks like, with a longest match of 256 bytes: `EMP-[0-9]{6}`.
    pub regex: String,
    /// Words one of which must stand near it, if there are any.
    #[serde(default)]
    pub cues: Vec<String>,
    /// How its last digit or digits are checked.
    pub checksum: Option<Checksum>,
}

/// Words and phrases that are found as they are, as whole words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DictionaryFile {
    /// The words.
    #[serde(default)]
    pub words: Vec<String>,
    /// A file beside this one, with a word or phrase in each line.
    pub file: Option<String>,
    /// Whether `a` is `A` (of ASCII letters).
    #[serde(default = "yes")]
    pub ignore_case: bool,
}

/// A registered document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentFile {
    /// What it is called.
    pub name: String,
    /// The file beside this one that `orchestack dlp fingerprint` wrote.
    pub fingerprints: String,
    /// So many of its fingerprints in one text make a finding.
    #[serde(default = "three")]
    pub matches_min: usize,
}

/// How the digits of a value are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// ISO/IEC 7812-1 annex B.
    Luhn,
    /// Verhoeff's, as Aadhaar numbers have it.
    Verhoeff,
    /// ISO 7064 mod 11,10, as German tax numbers have it.
    #[serde(rename = "mod11_10")]
    Mod11_10,
    /// ISO 7064 mod 97-10, with the check digits at the end.
    Mod97,
}

const fn yes() -> bool {
    true
}

const fn three() -> usize {
    3
}
