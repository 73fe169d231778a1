//! Detectors of the git tree: patterns, dictionaries and fingerprints of registered documents, compiled
//! from `detectors/*.toml`.

pub(crate) mod dictionary;
mod file;
mod fingerprint;
mod pattern;

use std::collections::BTreeMap;

use types::Label;

use crate::{Kind, detect::Found, stretch::MATCH_BYTES_MAX, text::Text};
use dictionary::Dictionary;
pub use file::{Checksum, DetectorFile, DictionaryFile, DocumentFile, PatternFile};
use fingerprint::Documents;
pub(crate) use fingerprint::Trace;
pub use fingerprint::{FingerprintError, Fingerprints, PASSAGE_WORDS};
use pattern::Patterns;

/// The most detectors of a tree.
pub const DETECTORS_MAX: usize = 256;
/// The most words of all dictionaries of a tree together.
pub const WORDS_MAX: usize = 200_000;

/// The detectors of one tree. The default has none.
#[derive(Default)]
pub struct Custom {
    labels: BTreeMap<Kind, Label>,
    patterns: Patterns,
    dictionary: Dictionary,
    documents: Documents,
}

/// A mistake in a file of detectors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: `{key}`: {message}; {fix}")]
pub struct DetectorError {
    /// The file.
    pub file: String,
    /// The key in it.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// A file of the tree's `detectors/` by its path.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The path.
    pub path: &'a str,
    /// The text.
    pub text: &'a str,
}

impl Custom {
    /// Compiles the files of `detectors/`: those that end in `.toml`, and what they name.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn compile(
        files: &[(String, DetectorFile)],
        beside: &[Source<'_>],
    ) -> Result<Self, Vec<DetectorError>> {
        let mut errors = Vec::new();
        let mut labels = BTreeMap::new();
        let mut draft = Draft::default();
        if files.len() > DETECTORS_MAX {
            errors.push(error(
                "detectors",
                "",
                format!("there are {} files", files.len()),
                format!("keep at most {DETECTORS_MAX}"),
            ));
        }
        for (path, file) in files {
            let Some(kind) = kind_of(&file.kind) else {
                let message = format!("`{}` cannot name a kind of the tree", file.kind);
                let fix = "use a name of its own, of up to 48 lower-case letters, digits and `_`, that begins with a letter";
                errors.push(error(path, "kind", message, fix));
                continue;
            };
            labels.insert(kind, file.label.unwrap_or(Label::Restricted));
            draft.take(path, kind, file, &Beside { files: beside }, &mut errors);
        }
        let Draft { patterns, words, documents } = draft;
        let patterns = Patterns::compile(patterns).map_err(|found| errors.push(found)).ok();
        let dictionary = Dictionary::compile(words).map_err(|found| errors.push(found)).ok();
        match (patterns, dictionary) {
            (Some(patterns), Some(dictionary)) if errors.is_empty() => {
                Ok(Self { labels, patterns, dictionary, documents: Documents::new(documents) })
            }
            _ => Err(errors),
        }
    }

    /// The kinds that they find.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.labels.keys().copied()
    }

    pub(crate) fn label_of(&self, kind: Kind) -> Option<Label> {
        self.labels.get(&kind).copied()
    }

    /// The longest match, in bytes.
    pub(crate) fn bytes_max(&self) -> usize {
        self.patterns.bytes_max().max(self.dictionary.bytes_max())
    }

    /// What stands in a view.
    pub(crate) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        self.patterns.scan(text, found);
        self.dictionary.scan(text, found);
    }

    pub(crate) fn has_documents(&self) -> bool {
        !self.documents.is_empty()
    }

    /// What a view has of registered documents, however little.
    pub(crate) fn traces(&self, text: Text<'_>) -> Vec<Trace> {
        self.documents.traces(text)
    }

    /// Passages of registered documents, which only a whole text shows.
    pub(crate) fn passages(&self, text: Text<'_>, found: &mut Found<'_>) {
        self.documents.scan(text, found);
    }
}

/// What the files ask for, before it is compiled together.
#[derive(Default)]
struct Draft {
    patterns: Vec<(Kind, pattern::Pattern)>,
    words: Vec<dictionary::Entry>,
    documents: Vec<fingerprint::Document>,
}

impl Draft {
    fn take(
        &mut self,
        path: &str,
        kind: Kind,
        file: &DetectorFile,
        beside: &Beside<'_>,
        errors: &mut Vec<DetectorError>,
    ) {
        if file.patterns.is_empty() && file.dictionary.is_none() && file.documents.is_empty() {
            let fix = "add `[[patterns]]`, `[dictionary]` or `[[documents]]`";
            errors.push(error(path, "", "it finds nothing", fix));
        }
        for (number, pattern) in file.patterns.iter().enumerate() {
            match pattern::Pattern::read(pattern) {
                Ok(pattern) => self.patterns.push((kind, pattern)),
                Err((message, fix)) => {
                    errors.push(error(path, &format!("patterns[{number}].regex"), message, fix));
                }
            }
        }
        if let Some(dictionary) = &file.dictionary
            && let Err(wrong) = self.words(path, kind, dictionary, beside)
        {
            errors.push(wrong);
        }
        for (number, document) in file.documents.iter().enumerate() {
            let key = format!("documents[{number}].fingerprints");
            match beside.fingerprints(path, &document.fingerprints) {
                Ok(fingerprints) => {
                    let matches_min = document.matches_min.max(1);
                    let document = fingerprint::Document { kind, fingerprints, matches_min };
                    self.documents.push(document);
                }
                Err(message) => {
                    let fix = "write it with `orchestack dlp fingerprint FILE > detectors/NAME.fp`";
                    errors.push(error(path, &key, message, fix));
                }
            }
        }
    }

    fn words(
        &mut self,
        path: &str,
        kind: Kind,
        dictionary: &DictionaryFile,
        beside: &Beside<'_>,
    ) -> Result<(), DetectorError> {
        let listed = match dictionary.file.as_deref() {
            Some(name) => beside.find(path, name).ok_or_else(|| {
                let fix = "put it beside this file, with a word or phrase in each line";
                error(path, "dictionary.file", format!("`{name}` is not in the tree"), fix)
            })?,
            None => "",
        };
        let own = dictionary.words.iter().map(String::as_str);
        let is_word = |word: &&str| !word.is_empty() && !word.starts_with('#');
        for word in own.chain(listed.lines()).map(str::trim).filter(is_word) {
            if !(2..=MATCH_BYTES_MAX).contains(&word.len()) {
                let message = format!("a word of {} bytes", word.len());
                let fix = format!("words have 2 to {MATCH_BYTES_MAX} bytes");
                return Err(error(path, "dictionary", message, fix));
            }
            let (word, ignore_case) = (word.to_owned(), dictionary.ignore_case);
            self.words.push(dictionary::Entry { kind, word, ignore_case });
        }
        if self.words.len() > WORDS_MAX {
            let message = format!("more than {WORDS_MAX} words in all");
            return Err(error(path, "dictionary", message, "register documents in place of lists"));
        }
        Ok(())
    }
}

/// The files that a file may name.
struct Beside<'a> {
    files: &'a [Source<'a>],
}

impl<'a> Beside<'a> {
    fn find(&self, path: &str, name: &str) -> Option<&'a str> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let wanted = format!("{folder}/{name}");
        self.files.iter().find(|source| source.path == wanted).map(|source| source.text)
    }

    fn fingerprints(&self, path: &str, name: &str) -> Result<Fingerprints, String> {
        let text = self.find(path, name).ok_or_else(|| format!("`{name}` is not in the tree"))?;
        text.parse().map_err(|wrong: FingerprintError| wrong.to_string())
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 48
        && name.chars().all(plain);
    if is_name { Kind::custom(name) } else { None }
}

fn error(
    file: &str,
    key: &str,
    message: impl Into<String>,
    fix: impl Into<String>,
) -> DetectorError {
    DetectorError {
        file: file.to_owned(),
        key: key.to_owned(),
        message: message.into(),
        fix: fix.into(),
    }
}

impl std::fmt::Debug for Custom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Custom").field("kinds", &self.labels).finish_non_exhaustive()
    }
}
