//! Measures what is found: `cargo run --release -p orchestack-dlp --example pii -- pii
//! FILE.jsonl.gz… [--errors]` against labelled texts, `clean FOLDER… [--errors]` in source code.
//!
//! A row is `{"text", "spans": [{"bstart", "bend", "type"}]}`. A finding hits a span of its type when
//! the bytes that they share are at least half of those that either has. Spans of other types are
//! left out of account, and so are findings of kinds that no type means. `--errors` prints what was
//! missed and what was taken wrongly: for development data only.
//!
//! Source code of others holds hardly anything personal but the addresses of its authors: what is
//! found in it, by kind and megabyte, is mostly wrong.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read, Write as _},
    ops::Range,
    path::PathBuf,
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
    let (options, names): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let shows_errors = options.iter().any(|option| option == "--errors");
    let engine = Engine::builtin(&Settings::default());
    match names.split_first() {
        Some((mode, files)) if mode == "pii" => labelled(&engine, files, shows_errors),
        Some((mode, folders)) if mode == "clean" => clean(&engine, folders, shows_errors),
        _ => Err(io::Error::other("first say `pii` or `clean`, then files or folders")),
    }
}

/// Precision, recall and F1 of each kind, and of all together.
fn labelled(engine: &Engine, files: &[String], shows_errors: bool) -> io::Result<()> {
    let mut counts = BTreeMap::<&str, Count>::new();
    let mut out = io::stdout().lock();
    for name in files {
        let file = File::open(name)?;
        let reader: Box<dyn Read> =
            if name.ends_with(".gz") { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
        for line in BufReader::new(reader).lines() {
            let row: Row = serde_json::from_str(&line?)?;
            for error in measure(engine, &row, &mut counts) {
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

/// Findings of each kind in all text files below these folders.
fn clean(engine: &Engine, folders: &[String], shows_errors: bool) -> io::Result<()> {
    let mut open: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let (mut counts, mut bytes) = (BTreeMap::<&str, usize>::new(), 0);
    let mut out = io::stdout().lock();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        bytes += text.len();
        for finding in engine.scan("text", &text) {
            *counts.entry(finding.kind.as_str()).or_default() += 1;
            if shows_errors {
                let value = text.get(finding.span.clone()).unwrap_or_default();
                let around = around(&text, &finding.span);
                writeln!(out, "{} {} {value:?} in {around:?}", finding.kind, finding.score)?;
            }
        }
    }
    let megabytes = bytes as f64 / 1e6;
    writeln!(out, "{megabytes:.1} MB")?;
    for (kind, count) in counts {
        writeln!(out, "{kind:<20} {count:>7} {:>8.2} per MB", count as f64 / megabytes)?;
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
                errors.push(format!(
                    "wrong  {kind:<6} {value:?} in {:?}",
                    around(&row.text, &finding.span)
                ));
            }
        }
    }
    for (kind, span) in expected {
        counts.entry(kind).or_default().missed += 1;
        let value = row.text.get(span.clone()).unwrap_or_default();
        errors.push(format!("missed {kind:<6} {value:?} in {:?}", around(&row.text, &span)));
    }
    errors
}

fn around(text: &str, span: &Range<usize>) -> String {
    let start = text.floor_char_boundary(span.start.saturating_sub(40));
    let end = text.ceil_char_boundary((span.end + 15).min(text.len()));
    text.get(start..end).unwrap_or_default().replace('\n', "\\n")
}

/// Whether what both have is at least half of what either has.
fn is_same(a: &Range<usize>, b: &Range<usize>) -> bool {
    let shared = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    let either = a.end.max(b.end) - a.start.min(b.start);
    shared * 2 >= either
}
