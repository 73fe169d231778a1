//! A channel's source: the text as it came, and what of it is searched.

use std::{collections::VecDeque, ops::Range};

use super::{Form, Passed};
use crate::{Finding, normalise, stretch::Stretches};

/// The longest escape of a JSON string: two halves of a surrogate pair.
const ESCAPE_BYTES_MAX: usize = 12;

/// What came, as far as it is not what is searched, byte for byte. Positions are bytes of the searched
/// text.
pub(super) struct Source {
    form: Form,
    /// Escapes of JSON strings: where the character stands that each became.
    escapes: VecDeque<Escape>,
    /// Where strings begin and end: inside from the first to the second, and so on.
    quotes: VecDeque<usize>,
    /// Whether the text before the first of `quotes` is inside a string, and that after the last.
    inside: [bool; 2],
    /// The beginning of an escape.
    pending: String,
}

struct Escape {
    at: usize,
    length: usize,
    written: Box<str>,
}

impl Source {
    pub(super) fn new(form: Form) -> Self {
        Self {
            form,
            escapes: VecDeque::new(),
            quotes: VecDeque::new(),
            inside: [false; 2],
            pending: String::new(),
        }
    }

    /// Adds a piece to the searched text.
    pub(super) fn read(&mut self, piece: &str, text: &mut String, stretches: &mut Stretches) {
        match self.form {
            Form::Text => {
                text.push_str(piece);
                stretches.read(text);
            }
            Form::Json => piece.chars().for_each(|c| self.character(c, text, stretches)),
        }
    }

    /// Adds what stood in the middle of an escape when the text ended.
    pub(super) fn end(&mut self, text: &mut String, stretches: &mut Stretches) {
        if !self.pending.is_empty() {
            self.escape(text, stretches);
        }
    }

    fn character(&mut self, character: char, text: &mut String, stretches: &mut Stretches) {
        if !self.pending.is_empty() {
            self.pending.push(character);
            if is_whole(&self.pending) {
                self.escape(text, stretches);
            }
            return;
        }
        let [_, inside] = &mut self.inside;
        match character {
            '\\' if *inside => self.pending.push(character),
            '"' => {
                let (was, at) = (*inside, text.len());
                *inside = !was;
                self.quotes.push_back(if was { at } else { at + 1 });
                text.push(character);
                stretches.boundary(if was { at } else { at + 1 });
            }
            _ => {
                let at = text.len();
                text.push(character);
                stretches.character(text, at, character);
            }
        }
    }

    /// The escape that is pending is whole, or no escape at all.
    fn escape(&mut self, text: &mut String, stretches: &mut Stretches) {
        let pending = std::mem::take(&mut self.pending);
        let (character, length) = normalise::decode_escape(&pending);
        let (written, rest) = pending.split_at_checked(length).unwrap_or((&pending, ""));
        let at = text.len();
        text.push(character);
        self.escapes.push_back(Escape {
            at,
            length: character.len_utf8(),
            written: written.into(),
        });
        stretches.character(text, at, character);
        for character in rest.chars() {
            self.character(character, text, stretches);
        }
    }

    /// What is let through: searched text that begins at `start`, as it came.
    pub(super) fn pass(&self, text: &str, start: usize, findings: Vec<Finding>) -> Passed {
        let end = start + text.len();
        let within = |escape: &&Escape| escape.at >= start && escape.at < end;
        let escapes: Vec<&Escape> = self.escapes.iter().filter(within).collect();
        let mut out = String::with_capacity(text.len());
        let mut kept = 0;
        for escape in &escapes {
            out.push_str(text.get(kept..escape.at - start).unwrap_or_default());
            out.push_str(&escape.written);
            kept = escape.at - start + escape.length;
        }
        out.push_str(text.get(kept..).unwrap_or_default());
        // How far a position of the searched text has moved by the escapes before it.
        let moved = |position: usize| {
            let before = escapes.iter().take_while(|escape| escape.at < position);
            before.fold(position - start, |at, escape| at + escape.written.len() - escape.length)
        };
        let mut bare = Vec::new();
        let findings = findings.into_iter().map(|mut finding| {
            let is_bare = self.form == Form::Json && !self.is_inside(finding.span.start);
            finding.span = moved(finding.span.start)..moved(finding.span.end.min(end));
            if is_bare {
                finding.span = number_around(&out, &finding.span);
                bare.push(finding.span.clone());
            }
            finding
        });
        let findings = findings.collect();
        Passed { text: out, findings, complete: true, bare }
    }

    fn is_inside(&self, position: usize) -> bool {
        let [first, _] = self.inside;
        let passed = self.quotes.iter().take_while(|&&at| at <= position).count();
        first ^ (passed % 2 == 1)
    }

    /// Forgets what was let through up to `settled`, and takes `bytes` off every position.
    pub(super) fn forget(&mut self, settled: usize, bytes: usize) {
        while self.escapes.front().is_some_and(|escape| escape.at < settled) {
            self.escapes.pop_front();
        }
        while self.quotes.front().is_some_and(|&at| at <= settled) {
            self.quotes.pop_front();
            let [first, _] = &mut self.inside;
            *first = !*first;
        }
        self.escapes.iter_mut().for_each(|escape| escape.at -= bytes);
        self.quotes.iter_mut().for_each(|at| *at -= bytes);
    }
}

/// Whether nothing more can belong to an escape.
fn is_whole(pending: &str) -> bool {
    let Some(rest) = pending.strip_prefix("\\u") else { return pending.len() > 1 };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_hexdigit).count();
    if rest.len() < 4 {
        return digits(rest) < rest.len();
    }
    let unit = rest.get(..4).and_then(|unit| u16::from_str_radix(unit, 16).ok());
    let is_high = unit.is_some_and(|unit| (0xD800..0xDC00).contains(&unit));
    let more = rest.get(4..).unwrap_or_default();
    let may_go_on = "\\u".starts_with(more)
        || more.strip_prefix("\\u").is_some_and(|low| digits(low) == low.len());
    !is_high || pending.len() >= ESCAPE_BYTES_MAX || !may_go_on
}

/// The number of which this is a part, with its sign and fraction.
fn number_around(text: &str, span: &Range<usize>) -> Range<usize> {
    let is_number = |b: &u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    let bytes = text.as_bytes();
    let before = bytes.get(..span.start).unwrap_or_default().iter().rev();
    let after = bytes.get(span.end..).unwrap_or_default().iter();
    span.start - before.take_while(|byte| is_number(byte)).count()
        ..span.end + after.take_while(|byte| is_number(byte)).count()
}
