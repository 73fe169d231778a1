//! What the engine promises for any text, any request and any cut.

use std::{
    collections::BTreeSet,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use ::dlp::{Channel, Engine, Finding, Form, Kind, Passed, Restorer, Settings, Tokens};
use providers::Api;
use types::chat::{ChatRequest, Piece};

/// So many times what the median input costs a byte, in steps, may the dearest one.
#[cfg(test)]
const TIMES_MEDIAN_MAX: u64 = 10;

/// Inputs of this length cost as their content does, not as every scan does.
#[cfg(test)]
const LONG_BYTES: usize = 16 << 10;

pub(crate) static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::builtin(&Settings::default()));

/// Findings lie within the text, at the bounds of characters.
pub fn dlp(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for finding in ENGINE.scan("text", text).findings {
        assert!(text.get(finding.span.clone()).is_some_and(|found| !found.is_empty()));
    }
}

/// Looking at a request does not change it; every finding is in a piece of it, and is gone or told of after
/// a redaction.
pub fn dlp_extractor(data: &[u8]) {
    for api in Api::ALL {
        let Ok(asked) = api.decode_request(data) else { continue };
        let mut request = asked.chat;
        let before = request.clone();
        let found = ENGINE.inspect(&mut request);
        assert!(request == before, "a look has changed the request");
        let places = places(&mut request);
        for finding in &found.findings {
            assert!(places.contains(&finding.place), "no piece is at {}", finding.place);
        }
        let kinds: Vec<Kind> = Kind::all().collect();
        let redaction = ENGINE.redact(&mut request, &found, &kinds, &mut tokens());
        let after = ENGINE.inspect(&mut request);
        let clean = after.findings.is_empty() && after.complete;
        assert!(clean || !redaction.after.complete, "what is left passes for redacted");
    }
}

/// The places of a request's pieces, those of parts included.
fn places(request: &mut ChatRequest) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    request.visit(|place, piece| {
        if let Piece::Parts(parts) = &piece {
            places.extend(parts.iter().map(|(index, _)| format!("{place}[{index}]")));
        }
        places.insert(place.to_owned());
    });
    places
}

/// Every view leads back into the text, within the bounds on depth and growth.
pub fn dlp_normaliser(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert_eq!(::dlp::views_hold(text), Ok(()));
}

/// A channel lets through what came, with what a scan of the whole finds, however it is cut. The first byte
/// says how long the pieces are.
pub fn dlp_matcher(data: &[u8]) {
    let Some((length, text)) = cut(data) else { return };
    let (whole, complete) = found(text, [text].into_iter());
    let (pieces, in_pieces) = found(text, chunks(text, length).into_iter());
    if complete && in_pieces {
        assert_eq!(whole, pieces, "in pieces of {length} bytes");
        let scan = ENGINE.scan("text", text).findings;
        let scan: Vec<_> = scan.into_iter().map(place).collect();
        // Text that is JSON as a whole is read decoded by a scan, and as it stands by a channel of text.
        assert!(text.contains('\\') || whole == scan, "as a channel and as a whole");
    }
}

/// What was redacted is what it was after tokens were turned back, however the answer is cut; a token that
/// nobody gave out stays. The first byte says how long the pieces are.
pub fn dlp_restorer(data: &[u8]) {
    let Some((length, text)) = cut(data) else { return };
    let mut tokens = tokens();
    let findings = ENGINE.scan("text", text).findings;
    let (mut redacted, mut kept) = (String::new(), 0);
    for finding in findings {
        let span = finding.span.clone();
        if span.start >= kept
            && let Some(value) = text.get(span.clone())
        {
            redacted.push_str(text.get(kept..span.start).unwrap_or_default());
            redacted.push_str(&tokens.token(finding.kind, value));
            kept = span.end;
        }
    }
    redacted.push_str(text.get(kept..).unwrap_or_default());
    let value = |token: &str| tokens.value(token).map(|(_, value)| value.to_owned());
    let mut restorer = Restorer::new(Form::Text);
    let mut restored = String::new();
    for piece in chunks(&redacted, length) {
        restored.push_str(&restorer.push(piece, value));
    }
    restored.push_str(&restorer.end());
    assert!(restored == text, "what comes back is not what was given");
    let stranger = Restorer::new(Form::Text).push(&redacted, |_| None);
    assert!(redacted.starts_with(&stranger), "a token that nobody knows does not stay");
}

/// All that a channel finds, with places in the whole text, and whether it looked at everything.
fn found<'t>(
    text: &str,
    pieces: impl Iterator<Item = &'t str>,
) -> (Vec<(Kind, usize, usize)>, bool) {
    let mut channel = Channel::new(&ENGINE, Form::Text, "text");
    let (mut out, mut findings, mut complete) = (String::new(), Vec::new(), true);
    let mut take = |passed: Passed| {
        let at = out.len();
        complete &= passed.complete;
        findings.extend(passed.findings.into_iter().map(|finding| {
            let (kind, start, end) = place(finding);
            (kind, start + at, end + at)
        }));
        out.push_str(&passed.text);
    };
    for piece in pieces {
        take(channel.push(piece));
    }
    take(channel.end());
    assert!(out == text, "what is let through is not what came");
    (findings, complete)
}

fn place(finding: Finding) -> (Kind, usize, usize) {
    (finding.kind, finding.span.start, finding.span.end)
}

/// The length of pieces, from 1 to 64 bytes, and the text after it.
fn cut(data: &[u8]) -> Option<(usize, &str)> {
    let (first, rest) = data.split_first()?;
    let text = std::str::from_utf8(rest).ok()?;
    Some((usize::from(first % 64) + 1, text))
}

/// Pieces of about this many bytes, at the bounds of characters.
fn chunks(text: &str, length: usize) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut at = length.min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (chunk, after) = rest.split_at(at);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// A map with numbers in place of random ones: a fuzzer wants the same end for the same input.
fn tokens() -> Tokens {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Tokens::new(|| NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn no_input_costs_many_times_what_the_median_one_does() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let mut costs = Vec::new();
        for corpus in std::fs::read_dir(corpora).unwrap() {
            for input in std::fs::read_dir(corpus.unwrap().path()).unwrap() {
                let path = input.unwrap().path();
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                if text.is_empty() {
                    continue;
                }
                let text = text.repeat(LONG_BYTES / text.len() + 1);
                // In hundredths of a step for each byte.
                costs.push((ENGINE.steps(&text) * 100 / text.len() as u64, path));
            }
        }
        costs.sort();
        let (median, _) = &costs[costs.len() / 2];
        let (most, path) = costs.last().unwrap();
        assert!(
            *most <= median * TIMES_MEDIAN_MAX,
            "{}: {most} where the median is {median}",
            path.display()
        );
    }
}
