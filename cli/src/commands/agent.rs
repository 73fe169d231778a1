//! `orchestack agent`.

use std::process::ExitCode;

use admin::{AgentList, AgentView, NewAgent};

use super::{or_dash, short};
use crate::{
    args::Agent,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Agent,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Agent::Create { name, owner, description, budget_day, system } => {
            let body = NewAgent { name, owner, description, budget_day, system };
            let made: AgentView = client.tell(Ask::post(&["agents"]), &body).await?;
            output.show(&made, |made| {
                format!(
                    "agent {} ({}) is in the tree: agents/{}/\n\
                     make its key with: orchestack key create --agent {}",
                    made.name, made.id, made.name, made.name
                )
            });
        }
        Agent::List => {
            let list: AgentList = client.ask(Ask::get(&["agents"])).await?;
            output.show(&list, |list| rows(&list.agents));
        }
        Agent::Show { name } => {
            let agent: AgentView = client.ask(Ask::get(&["agents", &name])).await?;
            output.show(&agent, |agent| rows(std::slice::from_ref(agent)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(agents: &[AgentView]) -> String {
    let row = |agent: &AgentView| {
        let state = match (agent.disabled, agent.defined) {
            (true, _) => "disabled",
            (false, false) => "not in the tree",
            (false, true) => "active",
        };
        [
            agent.name.clone(),
            agent.kind.clone(),
            state.to_owned(),
            or_dash(Some(&agent.owner)),
            short(&agent.created_at),
            agent.id.clone(),
        ]
    };
    let head = ["NAME", "KIND", "STATE", "OWNER", "CREATED", "ID"];
    table(head, agents.iter().map(row).collect())
}
