//! Replaces found values by tokens such as `[[EMAIL:7f3k2q]]`.

use std::{collections::BTreeMap, ops::Range};

use serde_json::json;
use types::{Content, chat::Piece};

use crate::{
    Finding, Findings, Kind, Tokens, normalise,
    seam::{self, Seams},
};

/// One pass over the request: replaces every finding of these kinds, so that the model can still tell
/// values apart. Text that was JSON stays JSON. Returns how many places were replaced.
///
/// `findings` must come from inspecting this very request.
pub(crate) fn round(
    request: &mut impl Content,
    findings: &Findings,
    kinds: &[Kind],
    tokens: &mut Tokens,
) -> usize {
    let mut places = BTreeMap::<&str, Vec<&Finding>>::new();
    for finding in findings.findings.iter().filter(|finding| kinds.contains(&finding.kind)) {
        places.entry(&finding.place).or_default().push(finding);
    }
    let mut replaced = 0;
    if places.is_empty() {
        return replaced;
    }
    let at = |place: &str| places.get(place).map(Vec::as_slice).unwrap_or_default();
    request.visit(|place, piece| match piece {
        Piece::Text(text) => {
            replaced += cut(text, at(place).iter().copied().map(Cut::of).collect(), tokens);
        }
        Piece::Parts(mut parts) => {
            let over = crossing(at(place), &parts);
            let seams = Seams::new(&parts);
            for ((p, text), start) in parts.iter_mut().zip(seams.starts()) {
                let own = at(&format!("{place}[{p}]")).iter().copied().map(Cut::of);
                let pieces = over.iter().filter_map(|cut| cut.within(start, text.len()));
                replaced += cut(text, own.chain(pieces).collect(), tokens);
            }
        }
        // Another name or number would mean something else. What is left here is found again, and
        // then the request is not sent.
        Piece::Name(_) | Piece::Number { .. } | Piece::Sealed => {}
    });
    replaced
}

/// Findings over several parts, in the bytes of the joined text, each with its whole value: its
/// pieces get one token.
fn crossing(findings: &[&Finding], parts: &[(usize, &mut String)]) -> Vec<Cut> {
    if findings.is_empty() {
        return Vec::new();
    }
    let joined: String = parts.iter().map(|(_, text)| text.as_str()).collect();
    let value = |finding: &Finding| joined.get(finding.span.clone()).map(str::to_owned);
    findings.iter().map(|finding| Cut { value: value(finding), ..Cut::of(finding) }).collect()
}

/// A piece to replace.
#[derive(Clone)]
struct Cut {
    span: Range<usize>,
    kind: Kind,
    /// Whether the token needs quotes of its own.
    quoted: bool,
    /// The whole value, where only a piece of it stands here.
    value: Option<String>,
}

impl Cut {
    fn of(finding: &Finding) -> Self {
        Self { span: finding.span.clone(), kind: finding.kind, quoted: false, value: None }
    }

    fn within(&self, start: usize, length: usize) -> Option<Self> {
        Some(Self { span: seam::within(&self.span, start, length)?, ..self.clone() })
    }

    fn token(&self, text: &str, tokens: &mut Tokens) -> Option<String> {
        let here = text.get(self.span.clone())?;
        Some(tokens.token(self.kind, self.value.as_deref().unwrap_or(here)))
    }
}

/// Replaces these pieces of a text and tells how many there were.
fn cut(text: &mut String, cuts: Vec<Cut>, tokens: &mut Tokens) -> usize {
    let cuts = merge(cuts);
    let replaced = cuts.len();
    if replaced > 0 {
        *text = if normalise::is_json(text) {
            replace_in_json(text, cuts, tokens)
        } else {
            replace(text, &cuts, tokens)
        };
    }
    replaced
}

/// Cuts in order, those that overlap as one.
fn merge(mut cuts: Vec<Cut>) -> Vec<Cut> {
    cuts.sort_by_key(|cut| (cut.span.start, std::cmp::Reverse(cut.span.end)));
    let mut merged: Vec<Cut> = Vec::with_capacity(cuts.len());
    for cut in cuts {
        match merged.last_mut() {
            Some(last) if cut.span.start < last.span.end => {
                last.span.end = last.span.end.max(cut.span.end);
            }
            _ => merged.push(cut),
        }
    }
    merged
}

fn replace(text: &str, cuts: &[Cut], tokens: &mut Tokens) -> String {
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for cut in cuts {
        let Some(token) = cut.token(text, tokens) else { continue };
        out.push_str(text.get(kept..cut.span.start).unwrap_or_default());
        if cut.quoted {
            out.push('"');
            out.push_str(&token);
            out.push('"');
        } else {
            out.push_str(&token);
        }
        kept = cut.span.end;
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    out
}

/// Inside a string a token is plain text. A bare number becomes a string. Where a value reaches
/// over the structure, such as a key split over an array, the whole text gives way.
fn replace_in_json(text: &str, mut cuts: Vec<Cut>, tokens: &mut Tokens) -> String {
    let mut strings = Strings::new(text);
    for cut in &mut cuts {
        if strings.inside(cut.span.start) {
            continue;
        }
        let is_number =
            |b: &u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
        let bytes = text.as_bytes();
        let before = bytes.get(..cut.span.start).unwrap_or_default().iter().rev();
        let after = bytes.get(cut.span.end..).unwrap_or_default().iter();
        cut.span.start -= before.take_while(|&byte| is_number(byte)).count();
        cut.span.end += after.take_while(|&byte| is_number(byte)).count();
        cut.quoted = true;
    }
    // Two findings in one number token are one cut now.
    cuts.dedup_by(|later, earlier| later.span.start < earlier.span.end);
    let redacted = replace(text, &cuts, tokens);
    if normalise::is_json(&redacted) {
        return redacted;
    }
    let all: Vec<String> = cuts.iter().filter_map(|cut| cut.token(text, tokens)).collect();
    json!({ "redacted": all }).to_string()
}

/// Walks valid JSON once and tells whether a position is inside a string.
struct Strings<'t> {
    bytes: std::iter::Enumerate<std::slice::Iter<'t, u8>>,
    position: usize,
    in_string: bool,
    escaped: bool,
}

impl<'t> Strings<'t> {
    fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes().iter().enumerate();
        Self { bytes, position: 0, in_string: false, escaped: false }
    }

    /// Positions must be asked for in order.
    fn inside(&mut self, position: usize) -> bool {
        while self.position < position {
            let Some((at, &byte)) = self.bytes.next() else { break };
            self.position = at + 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                _ => {}
            }
        }
        self.in_string
    }
}
