//! `orchestack grant`.

use std::{collections::BTreeSet, process::ExitCode};

use admin::{GrantList, GrantView, MadeGrant, RevokedGrants};
use serde_json::{Value, json};

use super::{or_dash, short};
use crate::{
    args::{Grant, NewGrant},
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Grant,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Grant::Create(ask) => {
            let made: MadeGrant = client.tell(Ask::post(&["grants"]), &body(*ask)).await?;
            output.note(&format!(
                "{} for agent {} until {}; it is shown only now:",
                made.id,
                made.agent,
                short(&made.expires_at)
            ));
            output.show(&made, |made| made.grant.clone());
        }
        Grant::List { agent, task } => {
            let ask = Ask::get(&["grants"]).with("agent", agent).with("task", task);
            let list: GrantList = client.ask(ask).await?;
            output.show(&list, |list| rows(&list.grants));
        }
        Grant::Revoke { id: Some(id), .. } => {
            client.act(Ask::delete(&["grants", &id])).await?;
            output.show(&json!({ "revoked": id }), |_| format!("{id} is revoked"));
        }
        Grant::Revoke { id: None, task } => {
            let ask = Ask::delete(&["grants"]).with("task", task);
            let done: RevokedGrants = client.ask(ask).await?;
            output.show(&done, |done| format!("{} grants are revoked", done.revoked));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn body(ask: NewGrant) -> admin::NewGrant {
    let set =
        |list: Option<Vec<String>>| list.map(|list| list.into_iter().collect::<BTreeSet<_>>());
    admin::NewGrant {
        agent: ask.agent,
        task: ask.task,
        run: ask.run,
        session: ask.session,
        models: set(ask.models),
        tools: set(ask.tools),
        memory: set(ask.memory),
        sandbox: ask.sandbox,
        label: ask.label,
        max_cost: ask.max_cost,
        max_tokens: ask.max_tokens,
        expires_seconds: Some(ask.expires),
    }
}

fn rows(grants: &[GrantView]) -> String {
    let row = |grant: &GrantView| {
        let models = grant.limits.get("models").and_then(Value::as_array);
        let models =
            models.map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
        [
            grant.id.clone(),
            grant.agent.clone(),
            grant.state.clone(),
            or_dash(grant.task.as_deref()),
            models.unwrap_or_else(|| "all of the agent's".to_owned()),
            grant.issued_by.clone(),
            short(&grant.expires_at),
        ]
    };
    let head = ["ID", "AGENT", "STATE", "TASK", "MODELS", "MADE BY", "ENDS (UTC)"];
    table(head, grants.iter().map(row).collect())
}
