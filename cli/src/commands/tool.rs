//! `orchestack tool`.

pub(super) mod live;
mod told;

use std::{path::Path, process::ExitCode};

use admin::{NewDecision, ToolDetail, ToolList};
use serde::Serialize;
use serde_json::json;
use tools::Change;

use crate::{
    args::{Decide, Global, Tool},
    client::{Ask, Client},
    failure::Failure,
    output::Output,
};

pub(super) async fn run(
    global: &Global,
    command: Tool,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let connect = || Client::connect(global);
    match command {
        Tool::List { server } => {
            let list = list(&connect().await?, server).await?;
            output.show(&list, told::list);
        }
        Tool::Show { tool } => {
            let (server, name) = parts(&tool)?;
            let shown: ToolDetail =
                connect().await?.ask(Ask::get(&["tools", server, name])).await?;
            output.show(&shown, told::detail);
        }
        Tool::Pin { server, tree, print } => {
            pin(global, (&server, &tree), print, output).await?;
        }
        Tool::Diff { server, tree: None } => {
            return seen(&connect().await?, server, output).await;
        }
        Tool::Diff { server, tree: Some(tree) } => {
            let drift = live::drift(global, (&server, &tree)).await?;
            return Ok(differs(&drift, output));
        }
        Tool::Approve(ask) => decide(&connect().await?, ask, "approve", output).await?,
        Tool::Reject(ask) => decide(&connect().await?, ask, "reject", output).await?,
        Tool::Flags => {
            let list = list(&connect().await?, None).await?;
            output.show(&list, told::flags);
        }
        Tool::Check { dir } => return check(&dir, output).await,
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn list(client: &Client, server: Option<String>) -> Result<ToolList, Failure> {
    client.ask(Ask::get(&["tools"]).with("server", server)).await
}

async fn decide(
    client: &Client,
    ask: Decide,
    decision: &str,
    output: &Output,
) -> Result<(), Failure> {
    let (server, name) = parts(&ask.tool)?;
    let body = NewDecision { hash: ask.hash, reason: ask.reason };
    let path = ["tools", server, name, decision];
    let shown: ToolDetail = client.tell(Ask::post(&path), &body).await?;
    output.show(&shown, told::detail);
    Ok(())
}

async fn pin(
    global: &Global,
    of: (&str, &Path),
    print: bool,
    output: &Output,
) -> Result<(), Failure> {
    let pin = live::ask(global, of).await?;
    let text = pin.to_text().map_err(Failure::of)?;
    if print {
        output.line(text.trim_end());
        return Ok(());
    }
    let (server, tree) = of;
    let file = tree.join("tools").join(format!("{server}.json"));
    std::fs::write(&file, text)
        .map_err(|error| Failure::Failed(format!("cannot write `{}`: {error}", file.display())))?;
    let written = json!({ "file": file, "tools": pin.tools.len() });
    output.show(&written, |_| {
        format!(
            "{} pins {} tools of `{server}`; read it, then commit it",
            file.display(),
            pin.tools.len()
        )
    });
    Ok(())
}

/// What differs, tool by tool.
#[derive(Debug, Default, Serialize)]
pub(super) struct Drift {
    server: String,
    pub(super) changes: Vec<String>,
}

impl Drift {
    fn of(server: &str, changes: &[Change]) -> Self {
        let changes = changes.iter().map(ToString::to_string).collect();
        Self { server: server.to_owned(), changes }
    }
}

/// What gateways saw that is not offered: what nobody decided of, and what was rejected and is given still.
async fn seen(client: &Client, server: String, output: &Output) -> Result<ExitCode, Failure> {
    let list = list(client, Some(server.clone())).await?;
    let mut drift = Drift { server: server.clone(), changes: Vec::new() };
    for tool in list.tools.iter().filter(|tool| tool.waiting + tool.rejected > 0) {
        let shown: ToolDetail = client.ask(Ask::get(&["tools", &server, &tool.tool])).await?;
        drift.changes.extend(told::waiting(&shown));
        drift.changes.extend(told::rejected(&shown));
    }
    Ok(differs(&drift, output))
}

fn differs(drift: &Drift, output: &Output) -> ExitCode {
    output.show(drift, |drift| match drift.changes.as_slice() {
        [] => format!("the tools of `{}` are what is pinned or approved", drift.server),
        changes => changes.join("\n"),
    });
    if drift.changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Checks a folder without any server or state.
async fn check(dir: &Path, output: &Output) -> Result<ExitCode, Failure> {
    let files = admin::tree::read_folder(dir.to_owned()).await?;
    let tools = snapshot::Tools::of_files(&files)
        .map_err(|faults| Failure::Tree { commit: dir.display().to_string(), faults })?;
    let flags: Vec<String> = tools.flags().iter().map(ToString::to_string).collect();
    let (servers, pinned) = (tools.servers().count(), tools.pinned().len());
    let found = json!({ "servers": servers, "pinned": pinned, "flags": flags });
    output.show(&found, |_| {
        let mut text = format!("{servers} tool servers, {pinned} pinned definitions");
        for flag in &flags {
            text.push_str(&format!("\n{flag}"));
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

/// A tool's server and its own name. No server's name has a dot in it.
fn parts(tool: &str) -> Result<(&str, &str), Failure> {
    tool.split_once('.').ok_or_else(|| {
        let message = format!("`{tool}` names no tool of a server");
        Failure::usage(message, "write SERVER.TOOL, as `orchestack tool list` shows it")
    })
}
