//! `orchestack doctor`: what is configured, what answers, what to mend.

mod nats;
mod objects;
mod servers;

use std::{path::Path, process::ExitCode};

use admin::Overview;
use config::Settings;
use serde::Serialize;

use super::{policy::list, tool};
use crate::{
    args::Global,
    client::{self, Ask, Client},
    failure::Failure,
    output::Output,
    serve,
};

/// The findings of a visit.
#[derive(Debug, Serialize)]
struct Visit {
    /// What should be mended.
    problems: Vec<String>,
    /// Every tool server.
    tool_servers: Vec<servers::Health>,
    /// Whether commands of agents can be kept in, and if not, why; nothing where sandboxes are made elsewhere.
    sandboxes: Option<Sandboxes>,
    /// Whether a NATS keeps what it acknowledges.
    nats: nats::Health,
    /// Where objects are kept.
    objects: objects::Health,
    /// Everything that was looked at.
    overview: Overview,
}

/// What sandboxes of this machine are worth.
#[derive(Debug, Serialize)]
struct Sandboxes {
    /// Whether code runs in them that nobody vouches for.
    whole: bool,
    /// What is missing; empty where nothing is.
    why: String,
}

pub(super) async fn run(
    global: &Global,
    client: &Client,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let ask = Ask::get(&["overview"]).with("ask_providers", Some(true));
    let overview: Overview = client.ask(ask).await?;
    let tools = tool::list(client, None).await?;
    let tool_servers = servers::ask(global, &tools, Path::new(&overview.policy.tree)).await;
    let mut problems = problems(&overview);
    problems.extend(tool_servers.iter().flat_map(servers::Health::problems));
    let settings = client::settings(global)?;
    let sandboxes = sandboxes(&settings).await;
    let nats = nats::ask(&settings.bus).await?;
    problems.extend(nats.problems());
    let objects = objects::ask(&settings).await;
    problems.extend(objects.problem());
    let visit = Visit { problems, tool_servers, sandboxes, nats, objects, overview };
    output.show(&visit, told);
    Ok(if visit.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the canary here. No agent may want a sandbox, so that what is missing is told and no problem.
async fn sandboxes(settings: &Settings) -> Option<Sandboxes> {
    let looked = serve::sandboxes::isolation(settings).await;
    looked.map(|looked| match looked {
        Ok(isolation) => Sandboxes { whole: isolation.is_whole(), why: isolation.why() },
        Err(error) => Sandboxes { whole: false, why: error.to_string() },
    })
}

fn problems(overview: &Overview) -> Vec<String> {
    let mut problems = Vec::new();
    if !overview.database_ok {
        problems.push("the database does not answer; check that it runs".to_owned());
    }
    if let Some(commit) = &overview.policy.rejected {
        let faults = list(&overview.policy.faults);
        problems.push(format!("commit {commit} of the tree is not in force:\n{faults}"));
    }
    if let Some(error) = &overview.policy.sync_error {
        problems.push(format!("the tree's remote was not read: {error}"));
    }
    if !overview.policy.uncommitted.is_empty() {
        let files = overview.policy.uncommitted.join(", ");
        problems.push(format!("commit these changes of the tree, or they do not run: {files}"));
    }
    if overview.models == 0 {
        problems.push("no model is registered; see `orchestack model probe`".to_owned());
    }
    if overview.events_waiting.is_some_and(|waiting| waiting > 1000) {
        problems.push("events pile up in the outbox; check that the bus runs".to_owned());
    }
    if overview.redis == "does not answer" {
        let alone = "Redis does not answer in time; each gateway counts its share of rate limits";
        problems.push(alone.to_owned());
    }
    for known in &overview.providers {
        let name = &known.provider.name;
        match known.health.as_deref() {
            None | Some("answers") => {}
            Some(other) => problems.push(format!("the provider `{name}` {other}")),
        }
    }
    problems
}

fn told(visit: &Visit) -> String {
    let Visit { problems, tool_servers, sandboxes, nats, objects, overview } = visit;
    let commit: String = overview.policy.commit.chars().take(12).collect();
    let mut text = format!(
        "version    {}\ngateway    {}\nadmin      {}\nstate      {}\ndatabase   {}\nbus        {}\n\
         redis      {}\n\
         tree       {} at commit {commit}\nagents     {}\nmodels     {}\n",
        overview.version,
        overview.gateway,
        overview.admin,
        overview.state,
        overview.database,
        overview.bus,
        overview.redis,
        overview.policy.tree,
        overview.agents,
        overview.models,
    );
    for known in &overview.providers {
        let health = known.health.as_deref().unwrap_or("not asked");
        let provider = &known.provider;
        text.push_str(&format!(
            "provider   {} ({}, {}): {health}\n",
            provider.name, provider.locality, provider.base_url
        ));
    }
    for server in tool_servers {
        text.push_str(&format!("tools      {}\n", server.told()));
    }
    if let Some(Sandboxes { whole, why }) = sandboxes {
        let told = if *whole { "code is kept in" } else { why };
        text.push_str(&format!("sandboxes  {told}\n"));
    }
    for line in nats.told() {
        text.push_str(&format!("nats       {line}\n"));
    }
    text.push_str(&format!("objects    {}\n", objects.told()));
    for note in &overview.policy.notes {
        text.push_str(&format!("note       {note}\n"));
    }
    if overview.simulator {
        text.push_str("note       the built-in simulator answers: its words are invented\n");
    }
    if problems.is_empty() {
        text.push_str("\nnothing to mend");
    } else {
        text.push_str("\nto mend:");
        for problem in problems {
            text.push_str(&format!("\n  {}", problem.replace('\n', "\n  ")));
        }
    }
    text
}
