//! How the tool servers do: whether each answers, and whether it gives what is pinned or approved.

use std::{collections::BTreeMap, path::Path, time::Duration};

use admin::{ToolList, ToolView};
use futures::future::join_all;
use serde::Serialize;

use crate::{args::Global, commands::tool::live};

/// How long a server may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// One tool server.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    /// Its name in the tree.
    pub(super) name: String,
    /// Tools that somebody is offered.
    offered: usize,
    /// Definitions that wait for a decision.
    waiting: usize,
    /// Definitions that were rejected and that it may give still.
    rejected: usize,
    /// Tools that nobody is offered, and that are not hidden: their definitions are neither pinned nor approved.
    unpinned: usize,
    /// What it gives now and the tree does not pin; `None` where it was not asked.
    drifted: Option<usize>,
    /// Why it gives no answer.
    away: Option<String>,
}

impl Health {
    /// In one word, the worst first.
    pub(super) fn told(&self) -> String {
        let state = match (&self.away, self.drifted) {
            (Some(_), _) => "does not answer",
            (None, None) => "not asked",
            (None, Some(_)) => "answers",
        };
        let Self { name, offered, waiting, rejected, .. } = self;
        format!("{name}: {state}, {offered} offered, {waiting} waiting, {rejected} rejected")
    }

    /// What should be mended of it.
    pub(super) fn problems(&self) -> Vec<String> {
        let name = &self.name;
        let mut problems = Vec::new();
        if let Some(why) = &self.away {
            problems.push(format!("the tool server `{name}` gives no answer: {why}"));
        }
        let see = format!("see `orchestack tool diff {name}`");
        if self.waiting > 0 {
            let waiting = self.waiting;
            problems.push(format!(
                "{waiting} definitions of the tool server `{name}` are in quarantine until somebody decides; {see}"
            ));
        }
        if self.rejected > 0 {
            problems.push(format!(
                "the tool server `{name}` gives definitions that were rejected, and calls of them are refused; {see}"
            ));
        }
        if self.unpinned > 0 && self.waiting == 0 {
            problems.push(format!(
                "{} tools of the server `{name}` are pinned to no definition and offered to nobody; see `orchestack tool pin {name}`",
                self.unpinned
            ));
        }
        if self.drifted.is_some_and(|drifted| drifted > 0) && self.waiting + self.rejected == 0 {
            problems.push(format!(
                "the tool server `{name}` gives now what the tree does not pin; {see} --tree TREE"
            ));
        }
        problems
    }
}

/// Every tool server of the tree: asked from here where the tree's folder is here too, because its secrets are the
/// server's and not the caller's.
pub(super) async fn ask(global: &Global, list: &ToolList, tree: &Path) -> Vec<Health> {
    let mut servers: BTreeMap<&str, Vec<&ToolView>> = BTreeMap::new();
    for tool in &list.tools {
        servers.entry(&tool.server).or_default().push(tool);
    }
    let files = std::fs::read_dir(tree.join("tools")).into_iter().flatten().flatten();
    // A file of the starter's has examples and no server.
    let has_server = |file: &std::fs::DirEntry| {
        let text = std::fs::read_to_string(file.path()).unwrap_or_default();
        text.lines().any(|line| line.trim() == "[server]")
    };
    let names: Vec<String> = files
        .filter(has_server)
        .filter_map(|file| file.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.iter().for_each(|name| {
        servers.entry(name).or_default();
    });
    join_all(servers.iter().map(|(name, tools)| one(global, (name, tools), tree))).await
}

async fn one(global: &Global, (name, tools): (&str, &[&ToolView]), tree: &Path) -> Health {
    let count = |is: fn(&ToolView) -> bool| tools.iter().filter(|tool| is(tool)).count();
    let mut health = Health {
        name: name.to_owned(),
        offered: count(|tool| tool.offered != "none" && !tool.hidden),
        waiting: tools.iter().map(|tool| tool.waiting).sum(),
        rejected: tools.iter().map(|tool| tool.rejected).sum(),
        unpinned: count(|tool| tool.offered == "none" && !tool.hidden && tool.rejected == 0),
        drifted: None,
        away: None,
    };
    let file = tree.join("tools").join(format!("{name}.toml"));
    if !std::fs::read_to_string(file).is_ok_and(|text| is_asked(&text)) {
        return health;
    }
    match tokio::time::timeout(ANSWER_TIME, live::drift(global, (name, tree))).await {
        Ok(Ok(drift)) => health.drifted = Some(drift.changes.len()),
        Ok(Err(error)) => health.away = Some(error.to_string()),
        Err(_) => health.away = Some(format!("not within {} s", ANSWER_TIME.as_secs())),
    }
    // What was approved at run time is not in the tree, nor is what is taken at first use: gateways compare that.
    let pins = tree.join("tools").join(format!("{name}.json")).is_file();
    if !pins || tools.iter().any(|tool| tool.offered == "approved") {
        health.drifted = health.drifted.map(|_| 0);
    }
    health
}

/// Whether a server speaks MCP: a REST service has its definitions from its document, and of functions there is no
/// server.
fn is_asked(file: &str) -> bool {
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    !file.lines().map(key).any(|key| ["openapi", "functions"].contains(&key.as_str()))
}
