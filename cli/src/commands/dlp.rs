//! `orchestack dlp`: works on this machine's files, with or without a server.

mod detectors;
mod explain;
mod fingerprint;
mod kinds;
mod pages;
mod place;
mod read;
mod scan;
mod walk;

use std::process::ExitCode;

use crate::{
    args::{Dlp, Global},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(
    global: &Global,
    command: Dlp,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Dlp::Scan(ask) => scan::run(global, ask, output).await,
        Dlp::Kinds(ask) => kinds::run(ask, output),
        Dlp::Explain(ask) => explain::run(global, ask, output).await,
        Dlp::Fingerprint { file } => fingerprint::run(&file, output),
    }
}

/// Terms of a score as people read them.
fn terms(terms: &[dlp::Term]) -> String {
    let term = |term: &dlp::Term| format!("{} {:+}", term.name, term.points);
    terms.iter().map(term).collect::<Vec<_>>().join(", ")
}
