//! Measures the engine on labelled texts and on code without secrets.
//!
//! `secrets FILE…` reads JSON Lines with `rule`, `label` (1 for a secret) and `text`, and prints
//! what share of each rule's secrets was found and what was found where there is none. `code DIR…`
//! prints findings for each megabyte of the files in folders, by kind, and what they look like with
//! `-v` before the folders.

use std::{
    collections::BTreeMap,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use dlp::{Engine, Finding, Kind, Settings};
use serde::Deserialize;

/// Files of these endings are code or texts beside it.
const ENDINGS: [&str; 16] = [
    "rs", "md", "toml", "json", "txt", "yml", "yaml", "c", "h", "py", "js", "html", "sh", "S",
    "asm", "in",
];

/// One labelled text.
#[derive(Deserialize)]
struct Row {
    rule: String,
    label: u8,
    text: String,
    /// Whether what it holds names something and opens nothing.
    #[serde(default)]
    identifier_only: bool,
}

#[derive(Default)]
struct Score {
    found: usize,
    secrets: usize,
    wrong: usize,
    clean: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let engine = Engine::builtin(&Settings::default());
    let mut out = io::stdout().lock();
    match arguments.split_first() {
        Some((command, files)) if command == "secrets" => secrets(&engine, files, &mut out),
        Some((command, folders)) if command == "code" => code(&engine, folders, &mut out),
        _ => Err("give `secrets FILE…` or `code [-v] DIR…`".into()),
    }
}

fn secrets(
    engine: &Engine,
    files: &[String],
    out: &mut impl io::Write,
) -> Result<(), Box<dyn Error>> {
    let verbose = files.first().is_some_and(|first| first == "-v");
    let mut rules: BTreeMap<String, Score> = BTreeMap::new();
    let mut total = Score::default();
    let mut identifiers = Score::default();
    for file in files.iter().filter(|file| *file != "-v") {
        for line in fs::read_to_string(file)?.lines() {
            let row: Row = serde_json::from_str(line)?;
            let findings = found(engine, &row.text);
            let hit = !findings.is_empty();
            let score = rules.entry(row.rule.clone()).or_default();
            let sums = if row.identifier_only { &mut identifiers } else { &mut total };
            for score in [score, sums] {
                if row.label == 1 {
                    score.secrets += 1;
                    score.found += usize::from(hit);
                } else {
                    score.clean += 1;
                    score.wrong += usize::from(hit);
                }
            }
            if verbose && hit != (row.label == 1) {
                let sort = if hit { "WRONG" } else { "MISSED" };
                let kinds: Vec<&str> = findings.iter().map(|found| found.kind.as_str()).collect();
                let text: String = row.text.chars().take(400).collect();
                writeln!(out, "{sort} {} {kinds:?} {text:?}", row.rule)?;
            }
        }
    }
    for (rule, score) in &rules {
        let Score { found, secrets, wrong, clean } = score;
        if found < secrets || *wrong > 0 {
            writeln!(
                out,
                "{rule:<45} {found:>3} of {secrets:<3} found, {wrong:>3} of {clean:<3} wrong"
            )?;
        }
    }
    for (name, score) in [("secrets", total), ("identifiers", identifiers)] {
        let Score { found, secrets, wrong, clean } = score;
        let recall = found as f64 / secrets.max(1) as f64;
        let precision = found as f64 / (found + wrong).max(1) as f64;
        writeln!(
            out,
            "{name}: recall {recall:.3} ({found} of {secrets}), precision {precision:.3} ({wrong} of {clean} clean texts)"
        )?;
    }
    Ok(())
}

/// What opens something: the other families have measures of their own.
fn found(engine: &Engine, text: &str) -> Vec<Finding> {
    let mut findings = engine.scan("text", text);
    findings.retain(|finding| finding.kind.is_secret());
    findings
}

fn code(
    engine: &Engine,
    folders: &[String],
    out: &mut impl io::Write,
) -> Result<(), Box<dyn Error>> {
    let verbose = folders.first().is_some_and(|first| first == "-v");
    let mut files = Vec::new();
    for folder in folders.iter().filter(|folder| *folder != "-v") {
        walk(Path::new(folder), &mut files)?;
    }
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let (mut bytes, mut count) = (0, 0);
    let start = Instant::now();
    for file in &files {
        // Files that are no UTF-8 are data, which has a path of its own.
        let Ok(text) = fs::read_to_string(file) else { continue };
        bytes += text.len();
        for finding in found(engine, &text) {
            count += 1;
            *kinds.entry(finding.kind).or_default() += 1;
            if verbose {
                let line =
                    text.get(..finding.span.start).map_or(0, |before| before.lines().count());
                let from = text.floor_char_boundary(finding.span.start.saturating_sub(60));
                let to =
                    text.floor_char_boundary((finding.span.end + 20).min(finding.span.start + 120));
                let around = text.get(from..to).unwrap_or_default();
                writeln!(out, "{} {}:{line} {around:?}", finding.kind, file.display())?;
            }
        }
    }
    let megabytes = bytes as f64 / 1e6;
    let rate = megabytes / start.elapsed().as_secs_f64();
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    for (kind, count) in kinds {
        writeln!(out, "{kind:<30} {count:>6}")?;
    }
    writeln!(
        out,
        "{count} findings in {megabytes:.1} MB of {} files: {:.3} for each MB, {rate:.0} MB/s",
        files.len(),
        count as f64 / megabytes
    )?;
    Ok(())
}

/// Every file with one of the endings below a folder, in order.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            walk(&path, files)?;
        } else if path
            .extension()
            .and_then(|end| end.to_str())
            .is_some_and(|end| ENDINGS.contains(&end))
        {
            files.push(path);
        }
    }
    Ok(())
}
