//! `orchestack dlp explain`: what a kind is, and what a text is taken for.

use std::{
    io::{self, Read as _},
    process::ExitCode,
};

use dlp::{Candidate, Kind, Standing};
use serde::Serialize;

use super::{detectors, kinds::KindView, pages, terms, walk::unreadable};
use crate::{
    args::{Global, Why},
    failure::Failure,
    output::{Output, table},
};

/// The longest text, in bytes.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// What a text is taken for, for machines.
#[derive(Serialize)]
struct Explained {
    detectors: String,
    score_min: u8,
    /// What the search cost, in steps of about a byte looked at.
    steps: u64,
    candidates: Vec<Candidate>,
}

pub(super) async fn run(global: &Global, ask: Why, output: &Output) -> Result<ExitCode, Failure> {
    let Some(text) = ask.text else {
        let kind: Kind = ask.kind.as_deref().unwrap_or_default().parse().map_err(|error| {
            let error: dlp::ParseKindError = error;
            Failure::usage(error.to_string(), "`orchestack dlp kinds` lists all")
        })?;
        output.show(&KindView::from(kind), |_| pages::section(kind));
        return Ok(ExitCode::SUCCESS);
    };
    let text = if text == "-" { input()? } else { text };
    let detectors = detectors::find(global, ask.tree, output).await?;
    let engine = &detectors.engine;
    let explained = Explained {
        detectors: detectors.of.clone(),
        score_min: engine.settings().score_min,
        steps: engine.steps(&text),
        candidates: engine.candidates(&text),
    };
    output.show(&explained, told);
    Ok(ExitCode::SUCCESS)
}

fn input() -> Result<String, Failure> {
    let mut text = String::new();
    let mut input = io::stdin().lock().take(TEXT_BYTES_MAX + 1);
    input.read_to_string(&mut text).map_err(|error| unreadable("-", &error))?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        let fix = "`orchestack dlp scan` takes longer ones";
        return Err(Failure::usage("the text is longer than 1 MiB", fix));
    }
    Ok(text)
}

fn told(explained: &Explained) -> String {
    let Explained { score_min, steps, candidates, .. } = explained;
    if candidates.is_empty() {
        return "no detector takes any of it for a value".to_owned();
    }
    let standing = |candidate: &Candidate| match candidate.standing {
        Standing::Finding => "a finding".to_owned(),
        Standing::BelowThreshold => format!("none: its score is below {score_min}"),
        Standing::Covered => "none: a finding covers it, or it is a token of ours".to_owned(),
    };
    let row = |candidate: &Candidate| {
        [
            format!("{}..{}", candidate.span.start, candidate.span.end),
            candidate.kind.to_string(),
            candidate.score.to_string(),
            standing(candidate),
            terms(&candidate.terms),
        ]
    };
    let rows = candidates.iter().map(row).collect();
    let table = table(["BYTES", "KIND", "SCORE", "WHAT IT IS", "TERMS"], rows);
    format!("{table}\n{steps} steps of work")
}
