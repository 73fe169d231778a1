//! What people are told of tools.

use admin::{DefinitionView, ToolDetail, ToolList, ToolView};

use crate::{
    commands::{or_dash, short},
    output::table,
};

pub(super) fn list(list: &ToolList) -> String {
    let row = |tool: &ToolView| {
        [
            tool.id.clone(),
            if tool.hidden { "hidden".to_owned() } else { tool.offered.clone() },
            tool.effect.clone(),
            tool.replay.clone(),
            if tool.trusted { "trusted" } else { "untrusted" }.to_owned(),
            tool.waiting.to_string(),
            tool.flags.len().to_string(),
        ]
    };
    let head = ["TOOL", "OFFERED", "EFFECT", "REPLAY", "RESULTS", "WAITING", "FLAGS"];
    let mut text = table(head, list.tools.iter().map(row).collect());
    for server in servers(list) {
        text.push_str(&format!(
            "\n`orchestack tool diff {server}` shows what it gives and nobody is offered"
        ));
    }
    text
}

/// The servers of which something waits, or was rejected and is given still.
fn servers(list: &ToolList) -> Vec<&str> {
    let waiting = list.tools.iter().filter(|tool| tool.waiting + tool.rejected > 0);
    let mut servers: Vec<&str> = waiting.map(|tool| tool.server.as_str()).collect();
    servers.dedup();
    servers
}

pub(super) fn detail(shown: &ToolDetail) -> String {
    let tool = &shown.tool;
    let mut text = format!(
        "tool      {}\noffered   {}\neffect    {}\nreplay    {}\nresults   {}\n",
        tool.id,
        tool.offered,
        tool.effect,
        tool.replay,
        if tool.trusted { "trusted" } else { "untrusted" },
    );
    for one in &shown.definitions {
        text.push_str(&definition(one));
    }
    text
}

fn definition(one: &DefinitionView) -> String {
    let seen = one.last_seen_at.as_deref().map(short);
    let by = or_dash(one.decided_by.as_deref());
    let offered = if one.offered { ", offered" } else { "" };
    let mut text = format!("\n{}\n  {}{offered}\n", one.hash, one.state);
    if let Some(seen) = seen {
        text.push_str(&format!("  last seen {seen}, decided by {by}\n"));
    }
    if let Some(reason) = &one.reason {
        text.push_str(&format!("  because {reason}\n"));
    }
    for line in one.flags.iter().chain(&one.changes) {
        text.push_str(&format!("  {}\n", line.replace('\n', "\n  ")));
    }
    text
}

/// The definitions of a tool that nobody decided of, with what differs.
pub(super) fn waiting(shown: &ToolDetail) -> Vec<String> {
    let offered = shown.definitions.iter().any(|one| one.offered);
    let waits = shown.definitions.iter().filter(|one| one.state == "seen");
    let told = |one: &DefinitionView| {
        let mut lines = vec![format!("{} {}", shown.tool.id, one.hash)];
        if !offered {
            lines.push("  it is new: nothing of this name is pinned or approved".to_owned());
        }
        let more = one.flags.iter().chain(&one.changes);
        lines.extend(more.map(|line| format!("  {}", line.replace('\n', "\n  "))));
        lines.join("\n")
    };
    waits.map(told).collect()
}

/// The definitions of a tool that somebody rejected and that its server may give still, with who and why.
pub(super) fn rejected(shown: &ToolDetail) -> Vec<String> {
    let told = |one: &DefinitionView| {
        let seen = one.last_seen_at.as_deref().map_or_else(|| "never".to_owned(), short);
        let by = or_dash(one.decided_by.as_deref());
        let mut text = format!(
            "{} {}\n  it was rejected by {by}, so calls of it are refused; last seen {seen}",
            shown.tool.id, one.hash
        );
        if let Some(reason) = &one.reason {
            text.push_str(&format!("\n  because {}", reason.replace('\n', "\n  ")));
        }
        text
    };
    shown.definitions.iter().filter(|one| one.refused).map(told).collect()
}

pub(super) fn flags(list: &ToolList) -> String {
    let all: Vec<&str> =
        list.tools.iter().flat_map(|tool| &tool.flags).map(String::as_str).collect();
    if all.is_empty() { "nothing to tell of any tool".to_owned() } else { all.join("\n") }
}
