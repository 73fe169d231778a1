//! Forms of values, as regular expressions.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::hir::Look;

use super::{Checksum, DetectorError, PatternFile, error};
use crate::{
    Kind, cues,
    detect::Found,
    score::Candidate,
    stretch::{MATCH_BYTES_MAX, RIGHT_BYTES},
    text::Text,
    validate,
};

/// The shortest match: less would be found everywhere.
const MATCH_BYTES_MIN: usize = 3;
/// The most bytes of one compiled expression, and of all together.
const COMPILED_BYTES_MAX: usize = 1 << 20;
const ALL_BYTES_MAX: usize = 16 << 20;
/// How far from a match its cues may stand, in bytes.
const CUE_BYTES: usize = 64;

/// One form.
pub(super) struct Pattern {
    text: String,
    regex: Regex,
    bytes_max: usize,
    cues: Option<AhoCorasick>,
    checksum: Option<Checksum>,
}

/// The forms of a tree.
#[derive(Default)]
pub(super) struct Patterns {
    /// Which of them are in a text at all, in one pass.
    any: RegexSet,
    patterns: Vec<(Kind, Pattern)>,
}

impl Pattern {
    /// Reads one, or says what is wrong and what to do.
    pub(super) fn read(file: &PatternFile) -> Result<Self, (String, String)> {
        let hir = regex_syntax::parse(&file.regex).map_err(|wrong| {
            let message = match &wrong {
                regex_syntax::Error::Parse(wrong) => wrong.kind().to_string(),
                regex_syntax::Error::Translate(wrong) => wrong.kind().to_string(),
                _ => "it is no regular expression".to_owned(),
            };
            (message, "see the syntax of the crate `regex`".to_owned())
        })?;
        let properties = hir.properties();
        let looks = properties.look_set();
        if looks.contains(Look::Start) || looks.contains(Look::End) {
            let fix = "use `\\b` for the bounds of a word; a text is also searched piece by piece";
            return Err(("`^` and `$` mean the whole text".to_owned(), fix.to_owned()));
        }
        let bytes_max = properties.maximum_len().filter(|&bytes| bytes <= MATCH_BYTES_MAX);
        let Some(bytes_max) = bytes_max else {
            let message = format!("a match may be longer than {MATCH_BYTES_MAX} bytes");
            return Err((message, "use `{1,40}` in place of `+` and `*`".to_owned()));
        };
        if properties.minimum_len().unwrap_or(0) < MATCH_BYTES_MIN {
            let message = format!("a match may be shorter than {MATCH_BYTES_MIN} bytes");
            return Err((message, "say more of what the value looks like".to_owned()));
        }
        let regex = RegexBuilder::new(&file.regex).size_limit(COMPILED_BYTES_MAX).build();
        let regex = regex.map_err(|_| {
            let fix = "use shorter repetitions, and `[0-9]` in place of `\\d`";
            ("it is too big".to_owned(), fix.to_owned())
        })?;
        let cues = file.cues.iter().filter(|cue| !cue.is_empty());
        let cues: Vec<&String> = cues.collect();
        let cues = (!cues.is_empty())
            .then(|| AhoCorasick::builder().ascii_case_insensitive(true).build(&cues))
            .transpose()
            .map_err(|_| ("its cues are too many".to_owned(), "use fewer".to_owned()))?;
        Ok(Self { text: file.regex.clone(), regex, bytes_max, cues, checksum: file.checksum })
    }
}

impl Patterns {
    pub(super) fn compile(patterns: Vec<(Kind, Pattern)>) -> Result<Self, DetectorError> {
        let texts = patterns.iter().map(|(_, pattern)| &pattern.text);
        let any = RegexSetBuilder::new(texts).size_limit(ALL_BYTES_MAX).build().map_err(|_| {
            error(
                "detectors",
                "patterns",
                "all patterns together are too big",
                "use fewer, or shorter repetitions",
            )
        })?;
        Ok(Self { any, patterns })
    }

    pub(super) fn bytes_max(&self) -> usize {
        self.patterns.iter().map(|(_, pattern)| pattern.bytes_max).max().unwrap_or(0)
    }

    pub(super) fn scan(&self, text: Text<'_>, found: &mut Found<'_>) {
        if self.patterns.is_empty() {
            return;
        }
        text.work.take(text.bytes().len());
        for number in &self.any.matches(text.str()) {
            let Some((kind, pattern)) = self.patterns.get(number) else { continue };
            pattern.scan(*kind, text, found);
        }
    }
}

impl Pattern {
    /// Matches may overlap: where one begins says nothing of where the next one does, so that a text
    /// gives the same wherever its search began.
    fn scan(&self, kind: Kind, text: Text<'_>, found: &mut Found<'_>) {
        let mut from = 0;
        while let Some(hit) = self.regex.find_at(text.str(), from) {
            text.work.take(hit.end() - from + self.bytes_max);
            if text.work.is_spent() {
                return;
            }
            if let Some(candidate) = self.candidate(kind, text, hit.range()) {
                found(candidate);
            }
            from = hit.start() + hit.as_str().chars().next().map_or(1, char::len_utf8);
        }
    }

    fn candidate(&self, kind: Kind, text: Text<'_>, span: Range<usize>) -> Option<Candidate> {
        let cue = self.cues.as_ref().map(|words| is_near(words, text, &span));
        let checked = self.checksum.map(|checksum| checksum.holds(text.slice(span.clone())));
        if checked == Some(false) || cue == Some(false) {
            return None;
        }
        let candidate = Candidate::new(kind, span).term("pattern", 70);
        Some(candidate.term_if(cue.is_some(), "cue_word", 15).term_if(
            checked.is_some(),
            "checksum",
            15,
        ))
    }
}

/// Whether one of these words stands near, in its own right.
fn is_near(words: &AhoCorasick, text: Text<'_>, span: &Range<usize>) -> bool {
    let [left, right] = text.window(span, CUE_BYTES, RIGHT_BYTES);
    let from = span.start - left.bytes().len();
    [(left, from), (right, span.end)].into_iter().any(|(window, offset)| {
        let mut hits = words.find_overlapping_iter(window.bytes());
        hits.any(|hit| cues::is_word(text, hit.start() + offset, hit.end() + offset))
    })
}

impl Checksum {
    /// Whether the digits of a value hold it.
    fn holds(self, value: &str) -> bool {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        match self {
            _ if digits.len() < 2 => false,
            Self::Luhn => validate::luhn(&digits),
            Self::Verhoeff => validate::verhoeff(&digits),
            Self::Mod11_10 => validate::mod_11_10(&digits),
            Self::Mod97 => {
                digits.bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97)
                    == 1
            }
        }
    }
}
