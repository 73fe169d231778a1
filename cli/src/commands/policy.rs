//! `orchestack policy`.

use std::{path::PathBuf, process::ExitCode};

use admin::{FaultView, PolicyCheck, PolicyReport, PolicyStatus};

use crate::{
    args::Policy,
    client::{Ask, Client},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(
    client: &Client,
    command: Policy,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let status: PolicyStatus = match command {
        Policy::Check { dir: Some(dir) } => return check_folder(dir, output).await,
        Policy::Check { dir: None } => {
            let ask = Ask::post(&["policy", "check"]);
            let report: PolicyReport = client.tell(ask, &PolicyCheck::default()).await?;
            return Ok(show(&report, output));
        }
        Policy::Status => client.ask(Ask::get(&["policy"])).await?,
        Policy::Reload => client.ask(Ask::post(&["policy", "reload"])).await?,
    };
    output.show(&status, state);
    Ok(if status.rejected.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Checks a folder without any server or state.
pub(super) async fn check_folder(dir: PathBuf, output: &Output) -> Result<ExitCode, Failure> {
    let name = dir.display().to_string();
    let files = admin::tree::read_folder(dir).await?;
    Ok(show(&admin::tree::check(&name, &files), output))
}

fn show(report: &PolicyReport, output: &Output) -> ExitCode {
    output.show(report, |report| {
        let mut text = if report.ok {
            format!(
                "{} is right: {} agents, {} policy files, {} providers, {} models",
                report.checked,
                report.agents.len(),
                report.policy_files,
                report.providers,
                report.models
            )
        } else {
            format!("{} has {} mistakes:\n{}", report.checked, report.faults.len(), faults(report))
        };
        for note in &report.notes {
            text.push_str(&format!("\nnote: {note}"));
        }
        text
    });
    if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn faults(report: &PolicyReport) -> String {
    list(&report.faults)
}

/// Mistakes, one a line, as editors read them.
pub(super) fn list(faults: &[FaultView]) -> String {
    let line = |fault: &FaultView| {
        let place = fault.line.map_or_else(String::new, |line| format!(":{line}"));
        let key = if fault.key.is_empty() { String::new() } else { format!("{}: ", fault.key) };
        format!("{}{place}: {key}{}; {}", fault.file, fault.message, fault.fix)
    };
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn state(status: &PolicyStatus) -> String {
    let mut text = format!("commit {} of {} is in force", status.commit, status.tree);
    if let Some(remote) = &status.remote {
        let at = status.synced_at.as_deref().unwrap_or("not since the start");
        text.push_str(&format!("\nit follows {remote}, which last answered: {at}"));
    }
    if let Some(rejected) = &status.rejected {
        text.push_str(&format!(
            "\ncommit {rejected} is NOT in force; it has mistakes:\n{}",
            list(&status.faults)
        ));
    }
    if !status.uncommitted.is_empty() {
        text.push_str(&format!(
            "\nnot committed, and so not in force: {}",
            status.uncommitted.join(", ")
        ));
    }
    for note in &status.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    text
}
