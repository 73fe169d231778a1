//! `orchestack dlp scan`: what is in files.

use std::{
    fs::File,
    io::{self, IsTerminal as _},
    process::ExitCode,
};

use dlp::{Kind, Selector};
use serde::Serialize;
use types::Label;

use super::{
    detectors,
    read::{Look, Row, Seen},
    terms,
    walk::{self, Source, unreadable},
};
use crate::{
    args::{Global, Scan},
    failure::Failure,
    output::{Output, table},
};

/// What was found, for machines.
#[derive(Serialize)]
struct Report {
    label: Label,
    complete: bool,
    /// Whether `--fail-on` is reached.
    failed: bool,
    detectors: String,
    /// How many files were looked at.
    looked_at: usize,
    /// Files that were named, and those of folders with something in them.
    files: Vec<Found>,
    skipped: Vec<Skipped>,
}

#[derive(Serialize)]
struct Found {
    file: String,
    label: Label,
    complete: bool,
    findings: Vec<Row>,
}

/// A file that was passed over.
#[derive(Serialize)]
struct Skipped {
    file: String,
    why: &'static str,
}

pub(super) async fn run(global: &Global, ask: Scan, output: &Output) -> Result<ExitCode, Failure> {
    if ask.show && !io::stdout().is_terminal() {
        let fix = "leave `--show` out: kinds and places are told without it";
        return Err(Failure::usage("`--show` works on a terminal only", fix));
    }
    let detectors = detectors::find(global, ask.tree.clone(), output).await?;
    let engine = &detectors.engine;
    let kinds = ask.kinds.iter().map(|kind| kind.parse::<Selector>());
    let kinds = kinds.collect::<Result<Vec<_>, _>>().map_err(|error| {
        Failure::usage(error.to_string(), "write for example `--kinds email,secret`")
    })?;
    let wanted = |kind: Kind| kinds.is_empty() || kinds.iter().any(|one| one.covers(kind));
    let look = Look { engine, wanted: &wanted, show: ask.show };
    let mut report = Report {
        label: Label::Public,
        complete: true,
        failed: false,
        detectors: detectors.of.clone(),
        looked_at: 0,
        files: Vec::new(),
        skipped: Vec::new(),
    };
    walk::each(&ask.files, ask.recursive, |source| {
        let name = source.name();
        let Some(Seen { found, mut rows }) =
            seen(&look, &source).map_err(|error| unreadable(&name, &error))?
        else {
            output.note(&format!("note: {name} is binary and was passed over"));
            report.skipped.push(Skipped { file: name, why: "binary" });
            return Ok(());
        };
        report.looked_at += 1;
        report.failed |= ask.fail_on.is_some_and(|label| found.reach(engine, label));
        report.label = report.label.join(found.label);
        report.complete &= found.complete;
        rows.retain(|row| ask.min_label.is_none_or(|label| row.label >= label));
        if !rows.is_empty() || !found.complete || !matches!(source, Source::Within(_)) {
            let (label, complete) = (found.label, found.complete);
            report.files.push(Found { file: name, label, complete, findings: rows });
        }
        Ok(())
    })?;
    output.show(&report, |report| told(report, ask.show));
    Ok(if report.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn seen(look: &Look<'_>, source: &Source) -> io::Result<Option<Seen>> {
    match source {
        Source::Input => look.at(&mut io::stdin().lock()),
        Source::Named(path) | Source::Within(path) => look.at(&mut File::open(path)?),
    }
}

fn told(report: &Report, show: bool) -> String {
    let mut rows = Vec::new();
    let mut text = String::new();
    for file in &report.files {
        rows.extend(file.findings.iter().map(|row| line(&file.file, row)));
        if !file.complete {
            let name = &file.file;
            text.push_str(&format!("{name}: not all of it could be looked at: restricted\n"));
        }
    }
    let count = rows.len();
    if show {
        text.push_str(&table(["PLACE", "BYTES", "KIND", "LABEL", "SCORE", "WHY", "VALUE"], rows));
    } else if count > 0 {
        let rows = rows.into_iter().map(|[a, b, c, d, e, f, _]| [a, b, c, d, e, f]).collect();
        text.push_str(&table(["PLACE", "BYTES", "KIND", "LABEL", "SCORE", "WHY"], rows));
    }
    let (files, label) = (report.looked_at, report.label);
    text.push_str(&format!("{label}: {count} finding(s) in {files} file(s), by the "));
    text.push_str(&match report.detectors.as_str() {
        "defaults" => "default settings".to_owned(),
        other => format!("settings of {other}"),
    });
    text
}

fn line(file: &str, row: &Row) -> [String; 7] {
    [
        format!("{file}:{}:{}", row.line, row.column),
        format!("{}..{}", row.start, row.end),
        row.kind.to_string(),
        row.label.to_string(),
        row.score.to_string(),
        terms(&row.terms),
        row.shown.clone(),
    ]
}
