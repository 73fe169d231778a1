//! `orchestack audit`.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    process::ExitCode,
};

use admin::{AuditList, AuditVerdict, AuditView};

use super::short;
use crate::{
    args::Audit,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Audit,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Audit::Tail { limit, kind, request, actor, from, to, before } => {
            let ask = Ask::get(&["audit"])
                .with("limit", Some(limit))
                .with("kind", kind)
                .with("request", request)
                .with("actor", actor)
                .with("from", from)
                .with("to", to)
                .with("before", before);
            let list: AuditList = client.ask(ask).await?;
            output.show(&list, |list| rows(&list.records));
            Ok(ExitCode::SUCCESS)
        }
        Audit::Verify => {
            let verdict: AuditVerdict = client.ask(Ask::get(&["audit", "verify"])).await?;
            output.show(&verdict, told);
            Ok(if verdict.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Audit::Export { output: file } => {
            let ask = Ask::get(&["audit", "export"]);
            match file {
                None => {
                    let mut out = io::stdout().lock();
                    client.stream(ask, |piece| out.write_all(piece)).await?;
                    out.flush().map_err(Failure::of)?;
                }
                Some(path) => {
                    // For this user alone: records name agents, models and addresses.
                    let mut options = OpenOptions::new();
                    let opened = options.write(true).create(true).truncate(true).mode(0o600);
                    let mut out = opened.open(&path).map_err(|error| {
                        Failure::Failed(format!("cannot write `{}`: {error}", path.display()))
                    })?;
                    client.stream(ask, |piece| out.write_all(piece)).await?;
                    out.sync_all().map_err(Failure::of)?;
                    output.note(&format!("every record is in {}", path.display()));
                }
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn rows(records: &[AuditView]) -> String {
    let row = |record: &AuditView| {
        [
            record.seq.to_string(),
            short(&record.at),
            record.kind.clone(),
            record.actor.clone(),
            record.resource.clone(),
            record.outcome.clone(),
            record.request.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let head = ["SEQ", "TIME (UTC)", "KIND", "ACTOR", "RESOURCE", "OUTCOME", "REQUEST"];
    table(head, records.iter().map(row).collect())
}

fn told(verdict: &AuditVerdict) -> String {
    match &verdict.first_bad {
        None => format!(
            "the chain is whole: {} records, the last is {} with hash {}\n\
             keep number and hash elsewhere to find a cut at the end later",
            verdict.checked, verdict.seq, verdict.hash
        ),
        Some(bad) => format!(
            "the chain is BROKEN at record {}: {}\n{} records before it are as they were written",
            bad.seq, bad.why, verdict.checked
        ),
    }
}
