//! `orchestack approval`.

use std::process::ExitCode;

use admin::{ApprovalArguments, ApprovalList, ApprovalView, NewVote};
use serde_json::Value;

use super::{or_dash, short};
use crate::{
    args::{Approval, Vote},
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Approval,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let shown: ApprovalView = match command {
        Approval::List { status, kind, requester, limit } => {
            let ask = Ask::get(&["approvals"])
                .with("status", Some(status).filter(|status| status != "all"))
                .with("kind", kind)
                .with("requester", requester)
                .with("limit", limit);
            let list: ApprovalList = client.ask(ask).await?;
            output.show(&list, |list| rows(&list.approvals));
            return Ok(ExitCode::SUCCESS);
        }
        Approval::Show { id } => client.ask(Ask::get(&["approvals", &id])).await?,
        Approval::Arguments { id } => {
            let found: ApprovalArguments =
                client.ask(Ask::get(&["approvals", &id, "arguments"])).await?;
            output.show(&found, arguments);
            return Ok(ExitCode::SUCCESS);
        }
        Approval::Approve(yes) => {
            let money = (yes.amount, yes.until);
            cast(client, "approve", yes.vote, money).await?
        }
        Approval::Deny(vote) => cast(client, "deny", vote, (None, None)).await?,
        Approval::Cancel { id } => client.ask(Ask::post(&["approvals", &id, "cancel"])).await?,
    };
    output.show(&shown, whole);
    Ok(ExitCode::SUCCESS)
}

async fn cast(
    client: &Client,
    decision: &str,
    vote: Vote,
    (amount, until): (Option<String>, Option<String>),
) -> Result<ApprovalView, Failure> {
    let body = NewVote { reason: vote.reason, role: vote.role, amount, until };
    client.tell(Ask::post(&["approvals", &vote.id, decision]), &body).await
}

/// The arguments as JSON, and what is not shown of them.
fn arguments(found: &ApprovalArguments) -> String {
    let Some(given) = &found.arguments else {
        return found.why.clone().unwrap_or_default();
    };
    // What a reader does not see may be what the call is about.
    let lines = format!("{given:#}");
    let lines: Vec<String> = lines.lines().map(|line| tools::shown(line, usize::MAX)).collect();
    let mut text = lines.join("\n");
    for masked in &found.masked {
        text.push_str(&format!("\nnot shown: {} in {}", masked.kind, masked.path));
    }
    text
}

/// One line each.
pub(super) fn rows(approvals: &[ApprovalView]) -> String {
    let row = |approval: &ApprovalView| {
        [
            approval.id.clone(),
            approval.kind.clone(),
            approval.status.clone(),
            asker(approval),
            about(approval),
            waits_for(approval),
            short(approval.ends_at.as_deref().unwrap_or(&approval.expires_at)),
        ]
    };
    let head = ["ID", "KIND", "STATUS", "WHO ASKS", "FOR WHAT", "MISSING", "ENDS (UTC)"];
    table(head, approvals.iter().map(row).collect())
}

/// Everything about one.
pub(super) fn whole(approval: &ApprovalView) -> String {
    let mut text = format!(
        "{} is {}\nwho asks   {}\nfor what   {}\nwhy        {}\nneeds      {} ({} people)\nasked      {}\n\
         expires    {}\n",
        approval.id,
        approval.status,
        asker(approval),
        about(approval),
        or_dash(Some(&approval.reason)),
        or_dash(Some(&approval.roles.join(", "))),
        approval.quorum,
        short(&approval.created_at),
        short(&approval.expires_at),
    );
    let detail = |name: &str| approval.detail.get(name).filter(|value| !value.is_null());
    let shown = ["label", "kinds", "request", "cap_usd", "spent_usd"]
        .map(|name| (name, name.trim_end_matches("_usd")));
    for (name, label) in shown {
        // A call's `request` is its id, an act's is what it would do.
        if let Some(value) = detail(name) {
            text.push_str(&format!("{label:<10} {}\n", plain(value)));
        }
    }
    if let Some(ends) = &approval.ends_at {
        text.push_str(&format!("ends       {}\n", short(ends)));
    }
    if approval.missing.is_some() {
        text.push_str(&format!("missing    {}\n", waits_for(approval)));
    }
    for vote in &approval.votes {
        text.push_str(&format!(
            "vote       {} by {} as {} at {}: {}\n",
            vote.decision,
            vote.person,
            vote.roles.join(", "),
            short(&vote.at),
            or_dash(Some(&vote.reason)),
        ));
    }
    if let Some(used) = &approval.used_by {
        text.push_str(&format!("used by    {used}\n"));
    }
    if approval.outdated {
        text.push_str(
            "note: the policies have changed since, so that nothing can use its answer\n",
        );
    }
    text
}

fn asker(approval: &ApprovalView) -> String {
    let who = format!("{} {}", approval.requester_kind, approval.requester);
    if approval.owner.is_empty() { who } else { format!("{who} (owner {})", approval.owner) }
}

/// What it is about, in a few words: the model of a call, or the operation and its target.
fn about(approval: &ApprovalView) -> String {
    let word = |name: &str| approval.detail.get(name).and_then(Value::as_str);
    if let Some(budget) = word("budget") {
        return format!("raise {budget}");
    }
    match (word("operation"), word("target"), word("model"), word("rights")) {
        (Some(operation), Some(target), ..) if !target.is_empty() => {
            format!("{operation} {target}")
        }
        (Some(operation), ..) => operation.to_owned(),
        (None, _, Some(model), _) => match word("label") {
            Some(label) => format!("call {model} ({label})"),
            None => format!("call {model}"),
        },
        (None, _, None, Some(rights)) => rights.to_owned(),
        (None, _, None, None) => "-".to_owned(),
    }
}

fn waits_for(approval: &ApprovalView) -> String {
    let Some(missing) = &approval.missing else { return "-".to_owned() };
    let people = format!("{} more", missing.people);
    let roles = missing.roles.join(", ");
    match (missing.people, roles.is_empty()) {
        (0, _) => roles,
        (_, true) => people,
        (_, false) => format!("{roles} ({people})"),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
