//! The commits that ran, and the way back to one of them.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{PolicyStatus, state};
use crate::{
    body::{Ask, Body},
    desk::Desk,
    error::{Error, Refusal},
    tree,
};
use policy::Operation;

/// How many commits to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogFilter {
    /// How many, newest; 20 where absent, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Commits of the tree.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PolicyLog {
    /// Newest first.
    pub commits: Vec<CommitView>,
}

/// One commit of the tree.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CommitView {
    /// Its id.
    pub commit: String,
    /// Who made it.
    pub author: String,
    /// When.
    pub at: String,
    /// The first line of its message.
    pub subject: String,
    /// Whether it is in force.
    pub in_force: bool,
}

/// Where to go back to.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRollback {
    /// A commit of the history; the one before the newest where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Why: the message of the new commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Lists the commits of the tree.
#[utoipa::path(
    get, path = "/api/v1/policy/log", tag = "policy", params(LogFilter),
    responses((status = 200, body = PolicyLog), (status = "4XX", body = Refusal))
)]
pub(crate) async fn log(desk: Desk, Ask(ask): Ask<LogFilter>) -> Result<Json<PolicyLog>, Error> {
    let act = desk.permit(Operation::PolicyLog, "").await?;
    let limit = usize::try_from(ask.limit.unwrap_or(20)).unwrap_or(usize::MAX);
    let in_force = act.control().snapshots.load().commit.clone();
    let entries = act.control().repository.log(limit).await?;
    let view = |entry: snapshot::git::Entry| CommitView {
        in_force: entry.commit == in_force,
        commit: entry.commit,
        author: entry.author,
        at: entry.at.to_string(),
        subject: entry.subject,
    };
    Ok(Json(PolicyLog { commits: entries.into_iter().map(view).collect() }))
}

/// Makes the tree what it was at an earlier commit, by a new commit on top, and loads it.
#[utoipa::path(
    post, path = "/api/v1/policy/rollback", tag = "policy", request_body = NewRollback,
    responses((status = 200, body = PolicyStatus), (status = "4XX", body = Refusal))
)]
pub(crate) async fn rollback(
    desk: Desk,
    Body(ask): Body<NewRollback>,
) -> Result<Json<PolicyStatus>, Error> {
    let to = ask.commit.as_deref();
    // A word such as `HEAD~1` is another commit after the next one.
    let open = (!to.is_some_and(is_whole)).then_some("commit");
    let desk = desk.showing(&ask).leaving(open);
    let act = desk.permit(Operation::PolicyRollback, to.unwrap_or("")).await?;
    if let Some(message) = &ask.message {
        super::files::check_message(message)?;
    }
    let (commit, to) = tree::rollback(&act, to, ask.message.as_deref()).await?;
    let record = act.record(json!({ "tree_commit": commit, "to": to, "message": ask.message }));
    act.control().store.audit().append(record).await?;
    act.reload().await?;
    Ok(Json(state(&act).await))
}

/// Whether a text is the whole id of a commit, which means the same for ever.
fn is_whole(commit: &str) -> bool {
    snapshot::keys::from_hex(commit).is_some_and(|bytes| matches!(bytes.len(), 20 | 32))
}
