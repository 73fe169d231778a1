//! `orchestack spend`.

use std::process::ExitCode;

use admin::{SpendLine, SpendReport};

use super::short;
use crate::{
    args::Spend,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(client: &Client, ask: Spend, output: &Output) -> Result<ExitCode, Failure> {
    let ask =
        Ask::get(&["spend"]).with("by", Some(ask.by)).with("from", ask.from).with("to", ask.to);
    let report: SpendReport = client.ask(ask).await?;
    output.show(&report, |report| {
        let row = |line: &SpendLine| {
            [
                line.name.clone(),
                line.calls.to_string(),
                line.amount.usd.clone(),
                line.input_tokens.to_string(),
                line.cached_tokens.to_string(),
                line.output_tokens.to_string(),
            ]
        };
        let by = report.by.to_uppercase();
        let head = [by.as_str(), "CALLS", "USD", "INPUT", "CACHED", "OUTPUT"];
        let rows = report.lines.iter().map(row).collect();
        let (from, to) = (short(&report.from), short(&report.to));
        format!("{}\n{} US dollars from {from} to {to} UTC", table(head, rows), report.total.usd)
    });
    Ok(ExitCode::SUCCESS)
}
