//! Scans texts for the evaluation of `benches/dlp/evaluate.py`.
//!
//! `rows` reads JSON Lines with a `text` each from standard input and answers each with a line: a list
//! of `[kind, family, start, end, score]`, with bytes of the text. `code DIR…` scans the files of
//! folders and prints, by kind, how often something was found, then the number of bytes.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
};

use dlp::{Engine, Settings};
use serde::Deserialize;
use serde_json::json;

/// Files of these endings are code or texts beside it.
const ENDINGS: [&str; 16] = [
    "rs", "md", "toml", "json", "txt", "yml", "yaml", "c", "h", "py", "js", "html", "sh", "S",
    "asm", "in",
];

#[derive(Deserialize)]
struct Row {
    text: String,
}

fn main() -> io::Result<()> {
    // Also what is told only where somebody asks.
    let engine = Engine::builtin(&Settings { off: [].into(), ..Settings::default() });
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((command, [])) if command == "rows" => rows(&engine),
        Some((command, folders)) if command == "code" && !folders.is_empty() => {
            code(&engine, folders)
        }
        _ => Err(io::Error::other("give `rows`, or `code DIR…`")),
    }
}

fn rows(engine: &Engine) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let row: Row = serde_json::from_str(&line?)?;
        let findings: Vec<_> = engine
            .scan("text", &row.text)
            .findings
            .into_iter()
            .map(|f| {
                json!([
                    f.kind.as_str(),
                    f.kind.family().as_str(),
                    f.span.start,
                    f.span.end,
                    f.score
                ])
            })
            .collect();
        writeln!(out, "{}", json!(findings))?;
    }
    out.flush()
}

fn code(engine: &Engine, folders: &[String]) -> io::Result<()> {
    let mut files = Vec::new();
    folders.iter().try_for_each(|folder| walk(Path::new(folder), &mut files))?;
    let mut kinds = BTreeMap::<String, u64>::new();
    let mut bytes = 0;
    for file in files {
        // Files that are no UTF-8 are data.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        bytes += text.len();
        for finding in engine.scan("text", &text).findings {
            let (kind, family) = (finding.kind, finding.kind.family());
            *kinds.entry(format!("{family} {kind}")).or_default() += 1;
        }
    }
    let mut out = io::stdout().lock();
    kinds.iter().try_for_each(|(kind, count)| writeln!(out, "{kind} {count}"))?;
    writeln!(out, "bytes {bytes}")
}

/// Every file with one of the endings below a folder, in order.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut entries: Vec<PathBuf> = entries.collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries.into_iter().filter(|path| !path.is_symlink()) {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if path.is_dir() {
            walk(&path, files)?;
        } else if ENDINGS.contains(&ending) {
            files.push(path);
        }
    }
    Ok(())
}
