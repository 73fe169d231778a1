//! `orchestack key`.

use std::process::ExitCode;

use admin::{KeyList, KeyView, MadeKey, NewKey, Rotation};
use serde_json::json;

use super::{or_dash, short};
use crate::{
    args::Key,
    client::{Ask, Client},
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(
    client: &Client,
    command: Key,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match command {
        Key::Create { agent, expires } => {
            let body = NewKey { agent, expires_seconds: expires };
            let made: MadeKey = client.tell(Ask::post(&["keys"]), &body).await?;
            show(&made, output);
        }
        Key::Rotate { id, overlap } => {
            let body = Rotation { overlap_seconds: Some(overlap) };
            let made: MadeKey = client.tell(Ask::post(&["keys", &id, "rotate"]), &body).await?;
            show(&made, output);
        }
        Key::Revoke { id } => {
            client.act(Ask::delete(&["keys", &id])).await?;
            output.show(&json!({ "revoked": id }), |_| format!("{id} is revoked"));
        }
        Key::List { agent } => {
            let ask = Ask::get(&["keys"]).with("agent", agent);
            let list: KeyList = client.ask(ask).await?;
            output.show(&list, |list| rows(&list.keys));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The key alone on standard output, so that `KEY=$(orchestack key create --agent a)` works.
fn show(made: &MadeKey, output: &Output) {
    output.note(&format!("{} for agent {}; it is shown only now:", made.id, made.agent));
    output.show(made, |made| made.key.clone());
}

fn rows(keys: &[KeyView]) -> String {
    let row = |key: &KeyView| {
        [
            key.id.clone(),
            key.agent.clone(),
            key.state.clone(),
            short(&key.created_at),
            or_dash(key.expires_at.as_deref().map(short).as_deref()),
            or_dash(key.rotated_from.as_deref()),
        ]
    };
    let head = ["ID", "AGENT", "STATE", "CREATED", "EXPIRES", "REPLACES"];
    table(head, keys.iter().map(row).collect())
}
