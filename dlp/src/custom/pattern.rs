//! Forms of values, as regular expressions.

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_syntax::hir::Look;

use super::{Checksum, DetectorError, PatternFile, error};
use crate::{
    Kind, cues::Cues, detect::Found, score::Candidate, stretch::MATCH_BYTES_MAX, text::Text,
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
    cues: Option<Cues>,
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
        let cues: Vec<&str> = file.cues.iter().map(String::as_str).collect();
        let cues = (!cues.is_empty()).then(|| Cues::new(&cues));
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

    fn candidate(
        &self,
        kind: Kind,
        text: Text<'_>,
        span: std::ops::Range<usize>,
    ) -> Option<Candidate> {
        let cue = self.cues.as_ref().map(|cues| {
            let [left, right] = text.window(&span, CUE_BYTES, crate::stretch::RIGHT_BYTES);
            cues.are_in(left) || cues.are_in(right)
        });
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

impl Checksum {
    /// Whether the digits of a value hold it.
    fn holds(self, value: &str) -> bool {
        let digits = value.bytes().filter(u8::is_ascii_digit).map(|byte| u32::from(byte - b'0'));
        match self {
            Self::Luhn => {
                let digits: Vec<u32> = digits.collect();
                let doubled = digits.iter().rev().enumerate().map(|(place, digit)| {
                    let digit = if place % 2 == 1 { digit * 2 } else { *digit };
                    digit / 10 + digit % 10
                });
                digits.len() > 1 && doubled.sum::<u32>().is_multiple_of(10)
            }
            Self::Mod97 => digits.fold(0, |rest, digit| (rest * 10 + digit) % 97) == 1,
        }
    }
}
