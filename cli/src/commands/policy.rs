//! `orchestack policy`: what needs a server asks it, and what is about a folder needs none.

mod diff;
mod explain;
mod files;
mod prove;

use std::{path::PathBuf, process::ExitCode};

use admin::{
    CommitView, FaultView, NewRollback, PolicyCheck, PolicyLog, PolicyReport, PolicyStatus,
    tree::Files,
};

use super::short;
use crate::{
    args::{Global, Policy},
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    global: &Global,
    command: Policy,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let connect = || Client::connect(global);
    let status: PolicyStatus = match command {
        Policy::Check { dir, prove } => return check(global, dir, prove, output).await,
        Policy::Test { dir } => return prove::test(global, dir, output).await,
        Policy::Prove { dir } => return prove::prove(global, dir, output).await,
        Policy::Explain(ask) => return explain::run(&connect().await?, *ask, output).await,
        Policy::Diff(ask) => return diff::run(global, ask, output).await,
        Policy::Files { path, commit } => {
            return files::show(&connect().await?, path, commit, output).await;
        }
        Policy::Edit(edit) => return files::edit(&connect().await?, edit, output).await,
        Policy::Schema => return files::schema(output),
        Policy::Log { limit } => {
            let ask = Ask::get(&["policy", "log"]).with("limit", Some(limit));
            let log: PolicyLog = connect().await?.ask(ask).await?;
            output.show(&log, |log| commits(&log.commits));
            return Ok(ExitCode::SUCCESS);
        }
        Policy::Rollback { commit, message } => {
            let body = NewRollback { commit, message };
            connect().await?.tell(Ask::post(&["policy", "rollback"]), &body).await?
        }
        Policy::Status => connect().await?.ask(Ask::get(&["policy"])).await?,
        Policy::Reload => connect().await?.ask(Ask::post(&["policy", "reload"])).await?,
    };
    output.show(&status, state);
    Ok(if status.rejected.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Checks a folder without any server or state, or the server's tree; with its proofs on demand.
async fn check(
    global: &Global,
    dir: Option<PathBuf>,
    proofs: bool,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let report = match &dir {
        Some(dir) => {
            let (name, files) = folder(dir.clone()).await?;
            admin::tree::check(&name, &files)
        }
        None => {
            let client = Client::connect(global).await?;
            client.tell(Ask::post(&["policy", "check"]), &PolicyCheck::default()).await?
        }
    };
    if report.ok && proofs {
        return prove::prove(global, dir, output).await;
    }
    Ok(show(&report, output))
}

/// The files of a folder, and its name.
async fn folder(dir: PathBuf) -> Result<(String, Files), Failure> {
    let name = dir.display().to_string();
    Ok((name, admin::tree::read_folder(dir).await?))
}

fn show(report: &PolicyReport, output: &Output) -> ExitCode {
    output.show(report, |report| {
        let mut text = if report.ok {
            format!(
                "{} is right: {} agents, {} policy files, {} providers, {} models, {} tool servers",
                report.checked,
                report.agents.len(),
                report.policy_files,
                report.providers,
                report.models,
                report.tool_servers
            )
        } else {
            mistakes(&report.checked, &report.faults)
        };
        for note in &report.notes {
            text.push_str(&format!("\nnote: {note}"));
        }
        text
    });
    if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is wrong with a tree.
fn mistakes(checked: &str, faults: &[FaultView]) -> String {
    format!("{checked} has {} mistakes:\n{}", faults.len(), list(faults))
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

fn commits(commits: &[CommitView]) -> String {
    let row = |commit: &CommitView| {
        [
            commit.commit.chars().take(12).collect(),
            short(&commit.at),
            commit.author.clone(),
            if commit.in_force { "in force".to_owned() } else { String::new() },
            commit.subject.clone(),
        ]
    };
    let head = ["COMMIT", "TIME (UTC)", "AUTHOR", "", "MESSAGE"];
    table(head, commits.iter().map(row).collect())
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
