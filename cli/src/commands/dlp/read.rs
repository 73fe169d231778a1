//! Looks through one file, in bounded memory.

use std::io::{self, Read};

use dlp::{Channel, Engine, Finding, Form, Kind, Tally, Term};
use serde::Serialize;
use types::{Content, Label, chat::Piece};

use super::place::{Place, masked};

/// A file of more bytes than this is read in pieces.
const WHOLE_BYTES_MAX: usize = 8 << 20;
/// The pieces.
const PIECE_BYTES: usize = 16 << 10;
/// Where a byte 0 says that a file is no text, as git has it.
const BINARY_BYTES: usize = 8_000;

/// What to look for, and how to tell of it.
pub(super) struct Look<'a> {
    pub(super) engine: &'a Engine,
    pub(super) wanted: &'a dyn Fn(Kind) -> bool,
    /// Show a little of what was found.
    pub(super) show: bool,
}

/// What is in a file.
pub(super) struct Seen {
    pub(super) found: dlp::Findings,
    /// One for each finding, in their order.
    pub(super) rows: Vec<Row>,
}

/// A finding with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) label: Label,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) score: u8,
    pub(super) terms: Vec<Term>,
    #[serde(skip)]
    pub(super) shown: String,
}

impl Look<'_> {
    /// What is in this file; none where it is no text.
    pub(super) fn at(&self, input: &mut impl Read) -> io::Result<Option<Seen>> {
        let most = WHOLE_BYTES_MAX.min(self.engine.settings().field_bytes_max);
        let mut head = Vec::new();
        let first = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        input.by_ref().take(first).read_to_end(&mut head)?;
        if head.iter().take(BINARY_BYTES).any(|byte| *byte == 0) {
            return Ok(None);
        }
        if head.len() <= most {
            let (text, _) = decoded(&head, true);
            return Ok(Some(self.whole(text)));
        }
        self.streamed(&mut head.chain(input)).map(Some)
    }

    fn whole(&self, text: String) -> Seen {
        let mut one = One(text);
        let found = self.engine.inspect(&mut one);
        let text = one.0.as_str();
        let found = found.only(self.engine, self.wanted, |finding| text.get(finding.span.clone()));
        let rows = self.rows(&found.findings, text, (0, Place::START));
        Seen { found, rows }
    }

    fn streamed(&self, input: &mut impl Read) -> io::Result<Seen> {
        let mut channel = Channel::new(self.engine, Form::Text, "text");
        let mut tally = Tally::new(self.engine);
        let (mut rows, mut offset, mut place) = (Vec::new(), 0, Place::START);
        let mut bytes = Vec::new();
        loop {
            let read = input.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut bytes)?;
            let (text, used) = decoded(&bytes, read == 0);
            bytes.drain(..used);
            let mut passed = channel.push(&text);
            if read == 0 {
                let (complete, end) = (passed.complete, channel.end());
                self.take(passed, &mut tally, &mut rows, (&mut offset, &mut place));
                if !complete {
                    tally.miss();
                }
                passed = end;
            }
            self.take(passed, &mut tally, &mut rows, (&mut offset, &mut place));
            if read == 0 {
                return Ok(Seen { found: tally.end(), rows });
            }
        }
    }

    fn take(
        &self,
        passed: dlp::Passed,
        tally: &mut Tally<'_>,
        rows: &mut Vec<Row>,
        (offset, place): (&mut u64, &mut Place),
    ) {
        if !passed.complete {
            tally.miss();
        }
        let text = passed.text.as_str();
        let mut found = passed.findings;
        found.retain(|finding| (self.wanted)(finding.kind));
        // As many as are kept of the findings themselves.
        found.truncate(self.engine.settings().findings_max.saturating_sub(rows.len()) + 1);
        rows.extend(self.rows(&found, text, (*offset, *place)));
        tally.add(found, |finding| text.get(finding.span.clone()));
        *offset += text.len() as u64;
        *place = place.after(text);
    }

    fn rows(&self, found: &[Finding], text: &str, (offset, place): (u64, Place)) -> Vec<Row> {
        let (mut at, mut place) = (0, place);
        let row = |finding: &Finding| {
            let span = finding.span.clone();
            place = place.after(text.get(at..span.start).unwrap_or_default());
            at = at.max(span.start);
            let value = text.get(span.clone()).filter(|_| self.show);
            Row {
                kind: finding.kind,
                label: finding.label,
                line: place.line,
                column: place.column,
                start: offset + span.start as u64,
                end: offset + span.end as u64,
                score: finding.score,
                terms: finding.terms.clone(),
                shown: value.map(masked).unwrap_or_default(),
            }
        };
        found.iter().map(row).collect()
    }
}

/// A text as a request of one piece.
struct One(String);

impl Content for One {
    fn visit(&mut self, mut visit: impl FnMut(&str, Piece<'_>)) {
        visit("text", Piece::Text(&mut self.0));
    }

    fn has_unseen(&self) -> bool {
        false
    }
}

/// As text, byte for byte: what is no UTF-8 becomes a question mark, so that every place stays right. Gives
/// also how many bytes that took; the beginning of a character waits, unless these bytes are the last.
fn decoded(bytes: &[u8], last: bool) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return (text, bytes.len());
            }
            Err(error) => error,
        };
        let (valid, after) = rest.split_at(error.valid_up_to());
        text.push_str(&String::from_utf8_lossy(valid));
        let wrong = match error.error_len() {
            Some(length) => length,
            None if last => after.len(),
            None => return (text, bytes.len() - after.len()),
        };
        text.push_str(&"?".repeat(wrong));
        rest = after.get(wrong..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &[u8]) -> Seen {
        let engine = Engine::builtin(&dlp::Settings::default());
        let look = Look { engine: &engine, wanted: &|_| true, show: true };
        look.at(&mut &*text).unwrap().unwrap()
    }

    #[test]
    fn a_place_is_counted_in_lines_characters_and_bytes() {
        let seen = seen("é世\nto: ann@example.com\n".as_bytes());
        let row = &seen.rows[0];
        assert_eq!((row.line, row.column, row.start, row.end), (2, 5, 10, 25));
        assert_eq!((row.kind, row.shown.as_str()), (Kind::EMAIL, "an…om"));
    }

    #[test]
    fn what_is_no_utf_8_moves_no_place() {
        let seen = seen(b"caf\xe9 \xe4\xb8 ann@example.com \xe4");
        assert_eq!((seen.rows[0].column, seen.rows[0].start), (9, 8));
        assert_eq!(decoded(b"a\xe4\xb8", false), ("a".to_owned(), 1));
        assert_eq!(decoded(b"a\xe4\xb8", true), ("a??".to_owned(), 3));
    }

    #[test]
    fn a_binary_file_is_no_text() {
        let engine = Engine::builtin(&dlp::Settings::default());
        let look = Look { engine: &engine, wanted: &|_| true, show: false };
        assert!(look.at(&mut &b"a\0ann@example.com"[..]).unwrap().is_none());
    }

    #[test]
    fn a_file_in_pieces_has_the_same_findings_in_the_same_places() {
        let settings = dlp::Settings { field_bytes_max: 64, ..dlp::Settings::default() };
        let pieces = Engine::builtin(&settings);
        let whole = Engine::builtin(&dlp::Settings::default());
        let text = "é some words and\nann@example.com, then 536-22-8726 and so on\n".repeat(900);
        let rows = |engine: &Engine| {
            let look = Look { engine, wanted: &|_| true, show: false };
            let seen = look.at(&mut text.as_bytes()).unwrap().unwrap();
            assert!(seen.found.complete);
            (seen.found.label, seen.rows)
        };
        assert!(rows(&whole).1.len() == 1_800 && rows(&whole) == rows(&pieces));
    }
}
