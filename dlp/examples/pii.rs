//! Measures what is found against labelled texts: `cargo run --release -p orchestack-dlp --example
//! pii FILE.jsonl.gz… [--errors]`.
//!
//! A row is `{"text", "spans": [{"bstart", "bend", "type"}]}`. A finding hits a span of its type when
//! the bytes that they share are at least half of those that either has. Spans of other types are
//! left out of account, and so are findings of kinds that no type means. `--errors` prints what was
//! missed and what was taken wrongly: for development data only.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    ops::Range,
};

use dlp::{Engine, Settings};
use flate2::read::GzDecoder;
use serde::Deserialize;

/// The types of the data that patterns find, and the kind of finding that means each.
const TYPES: [(&str, &str); 8] = [
    ("CREDIT_CARD", "card"),
    ("PHONE_NUMBER", "phone"),
    ("EMAIL_ADDRESS", "email"),
    ("US_SSN", "us_ssn"),
    ("IBAN_CODE", "iban"),
    ("IP_ADDRESS", "ip"),
    ("DOMAIN_NAME", "url"),
    ("URL", "url"),
];

#[derive(Deserialize)]
struct Row {
    text: String,
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    bstart: usize,
    bend: usize,
    r#type: String,
}

/// What was right, taken wrongly and missed of one kind.
#[derive(Clone, Copy, Default)]
struct Count {
    right: u32,
    wrong: u32,
    missed: u32,
}

fn main() -> io::Result<()> {
    let (options, files): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let shows_errors = options.iter().any(|option| option == "--errors");
    let engine = Engine::builtin(&Settings::default());
    let mut counts = BTreeMap::<&str, Count>::new();
    let mut out = io::stdout().lock();
    for file in files {
        let packed = file.ends_with(".gz");
        let file = File::open(file)?;
        let reader: Box<dyn Read> =
            if packed { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
        for line in BufReader::new(reader).lines() {
            let row: Row = serde_json::from_str(&line?)?;
            for error in measure(&engine, &row, &mut counts) {
                if shows_errors {
                    writeln!(out, "{error}")?;
                }
            }
        }
    }
    writeln!(out, "{:<10} {:>6} {:>7} {:>7} {:>7}", "kind", "spans", "P", "R", "F1")?;
    let all = counts.values().fold(Count::default(), |all, count| Count {
        right: all.right + count.right,
        wrong: all.wrong + count.wrong,
        missed: all.missed + count.missed,
    });
    for (kind, count) in counts.into_iter().chain([("micro", all)]) {
        let part = |of: u32| f64::from(count.right) / f64::from(of.max(1));
        let (found, spans) = (count.right + count.wrong, count.right + count.missed);
        let (precision, recall) = (part(found), part(spans));
        let f1 = 2.0 * f64::from(count.right) / f64::from((found + spans).max(1));
        writeln!(out, "{kind:<10} {spans:>6} {precision:>7.3} {recall:>7.3} {f1:>7.3}")?;
    }
    Ok(())
}

/// Counts what is right and wrong in one row; tells the errors.
fn measure(engine: &Engine, row: &Row, counts: &mut BTreeMap<&'static str, Count>) -> Vec<String> {
    let kind_of =
        |name: &str| TYPES.iter().find(|(other, _)| *other == name).map(|(_, kind)| *kind);
    let mut expected: Vec<(&str, Range<usize>)> = row
        .spans
        .iter()
        .filter_map(|span| Some((kind_of(&span.r#type)?, span.bstart..span.bend)))
        .collect();
    let around = |span: &Range<usize>| {
        let start = row.text.floor_char_boundary(span.start.saturating_sub(30));
        let end = row.text.ceil_char_boundary((span.end + 15).min(row.text.len()));
        row.text.get(start..end).unwrap_or_default().replace('\n', "\\n")
    };
    let mut errors = Vec::new();
    for finding in engine.scan("text", &row.text) {
        let found = TYPES.iter().find(|(_, kind)| *kind == finding.kind.as_str());
        let Some((_, kind)) = found else { continue };
        let hit =
            expected.iter().position(|(other, span)| other == kind && is_same(span, &finding.span));
        let count = counts.entry(kind).or_default();
        match hit {
            Some(hit) => {
                expected.swap_remove(hit);
                count.right += 1;
            }
            None => {
                count.wrong += 1;
                let value = row.text.get(finding.span.clone()).unwrap_or_default();
                errors.push(format!("wrong  {kind:<6} {value:?} in {:?}", around(&finding.span)));
            }
        }
    }
    for (kind, span) in expected {
        counts.entry(kind).or_default().missed += 1;
        let value = row.text.get(span.clone()).unwrap_or_default();
        errors.push(format!("missed {kind:<6} {value:?} in {:?}", around(&span)));
    }
    errors
}

/// Whether what both have is at least half of what either has.
fn is_same(a: &Range<usize>, b: &Range<usize>) -> bool {
    let shared = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    let either = a.end.max(b.end) - a.start.min(b.start);
    shared * 2 >= either
}
