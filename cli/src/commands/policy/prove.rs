//! `orchestack policy test` and `policy prove`.

use std::{path::PathBuf, process::ExitCode};

use admin::{CaseView, PolicyCheck, ProofReport, ProofView, TestReport};

use super::{folder, mistakes};
use crate::{
    args::Global,
    client::{self, Ask, Client},
    failure::Failure,
    output::Output,
};

/// The tenant of every tree, by name.
const TENANT: &str = "default";

pub(super) async fn test(
    global: &Global,
    dir: Option<PathBuf>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let report: TestReport = match dir {
        Some(dir) => {
            let (name, files) = folder(dir).await?;
            admin::test_files(&name, &files)
        }
        None => {
            let client = Client::connect(global).await?;
            client.tell(Ask::post(&["policy", "test"]), &PolicyCheck::default()).await?
        }
    };
    output.show(&report, tested);
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) async fn prove(
    global: &Global,
    dir: Option<PathBuf>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let report: ProofReport = match dir {
        Some(dir) => {
            let (name, files) = folder(dir).await?;
            let prover = snapshot::prover(&client::settings(global)?);
            admin::prove_files(&prover, &name, &files, TENANT).await
        }
        None => {
            let client = Client::connect(global).await?;
            client.tell(Ask::post(&["policy", "prove"]), &PolicyCheck::default()).await?
        }
    };
    output.show(&report, proved);
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tested(report: &TestReport) -> String {
    if !report.faults.is_empty() {
        return mistakes(&report.checked, &report.faults);
    }
    let line = |case: &CaseView| {
        let (word, why) = match &case.failed {
            None => ("pass", String::new()),
            Some(why) => ("FAIL", format!("\n      {why}")),
        };
        format!("{word}  {}:{}: {}{why}\n", case.file, case.line, case.name)
    };
    let mut text: String = report.cases.iter().map(line).collect();
    let failed = report.cases.iter().filter(|case| case.failed.is_some()).count();
    text.push_str(&format!("{}: {} cases, {failed} failed", report.checked, report.cases.len()));
    text
}

fn proved(report: &ProofReport) -> String {
    let mut text = String::new();
    if let Some(why) = &report.no_solver {
        text.push_str(&format!("nothing new can be proved: {why}\n"));
    }
    if !report.faults.is_empty() {
        text.push_str(&mistakes(&report.checked, &report.faults));
        return text;
    }
    let count = |verdict: &str| report.proofs.iter().filter(|p| p.verdict == verdict).count();
    let ms: u64 = report.proofs.iter().map(|proof| proof.ms).sum();
    text.extend(report.proofs.iter().map(line));
    text.push_str(&format!(
        "{}: {} proved, {} refuted, {} unknown, in {ms} ms of the solver's time",
        report.checked,
        count("proved"),
        count("refuted"),
        count("unknown")
    ));
    text
}

fn line(proof: &ProofView) -> String {
    let word = match proof.verdict.as_str() {
        "proved" => "proved ",
        "refuted" if proof.binding => "REFUTED",
        "refuted" => "refuted",
        _ if proof.binding => "UNKNOWN",
        _ => "unknown",
    };
    let took = if proof.cached { "remembered".to_owned() } else { format!("{} ms", proof.ms) };
    let mut text = format!("{word}  {}:{}: {} ({took})\n", proof.file, proof.line, proof.id);
    if proof.verdict != "proved" {
        text.push_str(&format!("         {}\n", proof.told));
    }
    for line in proof.shown.iter().flat_map(|shown| shown.lines()) {
        text.push_str(&format!("           {line}\n"));
    }
    text
}
