//! Tools: what the tree pins, what servers gave, and a person's word on each definition.

mod view;

use axum::{Json, extract::Path};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::Snapshot;
use store::tool_definitions::{Known, Sighting, State};
use tools::{Flag, Severity};
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Ask, Body},
    desk::{Act, Desk},
    error::{Error, Refusal},
};
use policy::Operation;
pub use view::{DefinitionView, ToolDetail, ToolList, ToolView};

/// The shortest and the longest reason, in characters.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 10..=1000;

/// Which tools to show.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ToolFilter {
    /// Only those of this server.
    pub server: Option<String>,
}

/// A person's word on a definition.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// The hash of the definition, or how it begins; the one that waits where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Why; at least ten characters. It stays on record.
    pub reason: String,
}

/// Lists tools: those of the tree, and those that servers gave besides.
#[utoipa::path(
    get, path = "/api/v1/tools", tag = "tools", params(ToolFilter),
    responses((status = 200, body = ToolList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk, Ask(ask): Ask<ToolFilter>) -> Result<Json<ToolList>, Error> {
    let server = ask.server.as_deref();
    let act = desk.permit(Operation::ToolList, server.unwrap_or_default()).await?;
    let known = known(&act, server).await?;
    let snapshot = act.control().snapshots.load();
    Ok(Json(view::list(&snapshot, &known, server)))
}

/// Shows one tool, with every definition of it that is known and what differs.
#[utoipa::path(
    get, path = "/api/v1/tools/{server}/{tool}", tag = "tools",
    params(
        ("server" = String, Path, description = "The server's name"),
        ("tool" = String, Path, description = "The tool's own name, with `/` written as `%2F`"),
    ),
    responses((status = 200, body = ToolDetail), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(
    desk: Desk,
    Path((server, tool)): Path<(String, String)>,
) -> Result<Json<ToolDetail>, Error> {
    let act = desk.permit(Operation::ToolShow, &id(&server, &tool)).await?;
    detail(&act, &server, &tool).await.map(Json)
}

/// Lets a definition be called: callers are offered it, and calls go through while the server gives it.
#[utoipa::path(
    post, path = "/api/v1/tools/{server}/{tool}/approve", tag = "tools", request_body = NewDecision,
    params(
        ("server" = String, Path, description = "The server's name"),
        ("tool" = String, Path, description = "The tool's own name, with `/` written as `%2F`"),
    ),
    responses((status = 200, body = ToolDetail), (status = "4XX", body = Refusal))
)]
pub(crate) async fn approve(
    desk: Desk,
    Path((server, tool)): Path<(String, String)>,
    Body(ask): Body<NewDecision>,
) -> Result<Json<ToolDetail>, Error> {
    let desk = desk.showing(&ask).leaving(open(&ask));
    let act = desk.permit(Operation::ToolApprove, &id(&server, &tool)).await?;
    let (snapshot, seen) = chosen(&act, (&server, &tool), &ask).await?;
    let flags = snapshot.tools.flags_of(&[(&server, &seen.definition)]);
    if let Some(flag) = flags.iter().find(|flag| flag.severity == Severity::Refuse) {
        let fix = "have the server corrected; a tool like this is offered to nobody";
        return Err(Error::invalid(format!("the definition cannot be approved: {flag}"), fix));
    }
    decide(&act, (&seen, State::Approved), &ask.reason, &flags).await?;
    detail(&act, &server, &tool).await.map(Json)
}

/// Keeps a definition from being called, even where the tree pins it.
#[utoipa::path(
    post, path = "/api/v1/tools/{server}/{tool}/reject", tag = "tools", request_body = NewDecision,
    params(
        ("server" = String, Path, description = "The server's name"),
        ("tool" = String, Path, description = "The tool's own name, with `/` written as `%2F`"),
    ),
    responses((status = 200, body = ToolDetail), (status = "4XX", body = Refusal))
)]
pub(crate) async fn reject(
    desk: Desk,
    Path((server, tool)): Path<(String, String)>,
    Body(ask): Body<NewDecision>,
) -> Result<Json<ToolDetail>, Error> {
    let desk = desk.showing(&ask).leaving(open(&ask));
    let act = desk.permit(Operation::ToolReject, &id(&server, &tool)).await?;
    let (_, seen) = chosen(&act, (&server, &tool), &ask).await?;
    decide(&act, (&seen, State::Rejected), &ask.reason, &[]).await?;
    detail(&act, &server, &tool).await.map(Json)
}

async fn decide(
    act: &Act,
    (seen, state): (&Sighting, State),
    reason: &str,
    flags: &[Flag],
) -> Result<(), Error> {
    let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
    let reason = reason.trim();
    let record = act.record(json!({
        "tool": id(&seen.server, &seen.definition.name), "hash": seen.hash().as_str(),
        "decision": state, "reason": reason, "flags": flags,
    }));
    let definitions = act.control().store.tool_definitions();
    definitions.decide(act.permit(), (seen, state), reason, &record).await?;
    act.reload().await
}

/// The definition that is meant.
async fn chosen(
    act: &Act,
    (server, tool): (&str, &str),
    ask: &NewDecision,
) -> Result<(std::sync::Arc<Snapshot>, Sighting), Error> {
    if !REASON_CHARS.contains(&ask.reason.trim().chars().count()) {
        let message = "the reason must have 10 to 1000 characters";
        return Err(Error::invalid(message, "say what you looked at"));
    }
    let snapshot = act.control().snapshots.load();
    let known = of_tool(known(act, Some(server)).await?, tool);
    let with_waits = |known: Known| {
        let waits = view::waits(&snapshot, &known);
        (known.sighting, waits)
    };
    let mut all: Vec<(Sighting, bool)> = known.into_iter().map(with_waits).collect();
    let pinned = snapshot.tools.pinned().into_iter();
    let pinned = pinned.filter(|(of, one)| *of == server && one.name == tool);
    for (_, definition) in pinned {
        let seen = Sighting { server: server.to_owned(), definition: definition.clone() };
        if all.iter().all(|(other, _)| *other != seen) {
            all.push((seen, false));
        }
    }
    if all.is_empty() {
        return Err(missing(server, tool));
    }
    let meant = |(seen, waits): &(Sighting, bool)| match &ask.hash {
        Some(hash) => !hash.is_empty() && begins(&seen.hash(), hash),
        None => *waits,
    };
    all.retain(meant);
    let found = all.len();
    match (all.pop(), found) {
        (Some((seen, _)), 1) => Ok((snapshot, seen)),
        (_, 0) => {
            let message = "no definition of the tool is meant: none waits, or none has that hash";
            let fix =
                format!("`orchestack tool show {}` lists them with their hashes", id(server, tool));
            Err(Error::invalid(message, fix))
        }
        _ => {
            let message = format!("{found} definitions of the tool could be meant");
            let fix = format!(
                "name one by its hash: `orchestack tool show {}` lists them",
                id(server, tool)
            );
            Err(Error::invalid(message, fix))
        }
    }
}

/// What a decision leaves open: which definition it is of, unless its hash is whole.
fn open(ask: &NewDecision) -> Option<&'static str> {
    let hash = ask.hash.as_deref().map(|hash| hash.strip_prefix("sha256:").unwrap_or(hash));
    let bytes = hash.and_then(snapshot::keys::from_hex);
    bytes.is_none_or(|bytes| bytes.len() != 32).then_some("hash")
}

/// Whether a hash begins so, with or without the name of its function.
fn begins(hash: &tools::DefinitionHash, with: &str) -> bool {
    let digits = hash.as_str().strip_prefix("sha256:").unwrap_or_default();
    hash.as_str().starts_with(with) && with.len() > "sha256:".len() || digits.starts_with(with)
}

async fn detail(act: &Act, server: &str, tool: &str) -> Result<ToolDetail, Error> {
    let known = of_tool(known(act, Some(server)).await?, tool);
    let snapshot = act.control().snapshots.load();
    view::detail(&snapshot, (server, tool), &known).ok_or_else(|| missing(server, tool))
}

async fn known(act: &Act, server: Option<&str>) -> Result<Vec<Known>, Error> {
    Ok(act.control().store.tool_definitions().list(act.tenant(), server).await?)
}

fn of_tool(mut known: Vec<Known>, tool: &str) -> Vec<Known> {
    known.retain(|known| known.sighting.definition.name == tool);
    known
}

fn missing(server: &str, tool: &str) -> Error {
    store::Error::Missing { noun: "tool", name: id(server, tool) }.into()
}

/// A tool's name in policies, records and commands.
fn id(server: &str, tool: &str) -> String {
    format!("{server}.{tool}")
}
