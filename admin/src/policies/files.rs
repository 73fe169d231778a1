//! The tree's files, and edits that become commits of whoever edits.

use axum::Json;
use policy::{Engine, Operation};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::{Ask, Body},
    desk::Desk,
    error::{Error, Refusal},
    tree::{CHANGES_MAX, Change, Edit},
};

/// The longest message of a commit, in bytes.
const MESSAGE_BYTES_MAX: usize = 4096;

/// What to show of the tree.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FileFilter {
    /// The file whose text to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A commit or branch; the newest commit where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// The files of a commit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PolicyFiles {
    /// The commit: the `base` of an edit.
    pub commit: String,
    /// The paths of all files.
    pub paths: Vec<String>,
    /// The text of the file that was asked for.
    pub text: Option<String>,
}

/// An edit of the tree.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEdit {
    /// What changes, at most 200 files.
    pub changes: Vec<NewText>,
    /// Why: the message of the commit.
    pub message: String,
    /// Another branch to commit to, for review; what runs stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that the change was made on. Where the tree has moved on, nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

/// The new text of one file.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewText {
    /// The file's path in the tree.
    pub path: String,
    /// Its text; `null` removes it.
    pub text: Option<String>,
}

/// An edit that is a commit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PolicyEdited {
    /// The commit.
    pub commit: String,
    /// The one before it.
    pub base: String,
    /// The other branch that it went to.
    pub branch: Option<String>,
    /// Whether it is in force now.
    pub in_force: bool,
}

/// The schema that every policy is checked against.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PolicySchema {
    /// In Cedar's own language.
    pub schema: String,
}

/// Shows which files the tree has, and the text of one.
#[utoipa::path(
    get, path = "/api/v1/policy/files", tag = "policy", params(FileFilter),
    responses((status = 200, body = PolicyFiles), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(
    desk: Desk,
    Ask(ask): Ask<FileFilter>,
) -> Result<Json<PolicyFiles>, Error> {
    let act = desk.permit(Operation::PolicyFiles, ask.path.as_deref().unwrap_or("")).await?;
    let repository = &act.control().repository;
    let commit = repository.resolve(ask.commit.as_deref().unwrap_or("HEAD")).await?;
    let files = repository.files(&commit).await?;
    let text = match ask.path {
        None => None,
        Some(path) => {
            let name = path.chars().take(200).collect();
            let found = files.get(&path).ok_or(store::Error::Missing { noun: "file", name })?;
            Some(String::from_utf8_lossy(found).into_owned())
        }
    };
    Ok(Json(PolicyFiles { commit, paths: files.into_keys().collect(), text }))
}

/// Changes the tree's files: a commit of whoever asks, checked, tested and proved as a whole before
/// it is one.
#[utoipa::path(
    put, path = "/api/v1/policy/files", tag = "policy", request_body = NewEdit,
    responses((status = 200, body = PolicyEdited), (status = "4XX", body = Refusal))
)]
pub(crate) async fn edit(
    desk: Desk,
    Body(ask): Body<NewEdit>,
) -> Result<Json<PolicyEdited>, Error> {
    let target = ask.branch.clone().unwrap_or_default();
    let desk = desk.showing(&ask).leaving(ask.base.is_none().then_some("base"));
    let act = desk.permit(Operation::PolicyEdit, &target).await?;
    check_message(&ask.message)?;
    if ask.changes.is_empty() || ask.changes.len() > CHANGES_MAX {
        let message = format!("an edit has 1 to {CHANGES_MAX} changes");
        return Err(Error::invalid(message, "send those files that change"));
    }
    let paths: Vec<String> = ask.changes.iter().map(|change| change.path.clone()).collect();
    let changes: Vec<Change> =
        ask.changes.into_iter().map(|change| (change.path, change.text)).collect();
    let edit = Edit {
        changes: &changes,
        message: &ask.message,
        branch: ask.branch.as_deref(),
        base: ask.base.as_deref(),
    };
    let edited = edit.commit(&act).await?;
    let record = act.record(json!({
        "tree_commit": edited.commit, "base": edited.base, "branch": ask.branch,
        "message": ask.message, "paths": paths,
    }));
    act.control().store.audit().append(record).await?;
    act.reload().await?;
    Ok(Json(PolicyEdited {
        in_force: act.control().snapshots.load().commit == edited.commit,
        commit: edited.commit,
        base: edited.base,
        branch: ask.branch,
    }))
}

/// Shows the schema that every policy is checked against.
#[utoipa::path(
    get, path = "/api/v1/policy/schema", tag = "policy",
    responses((status = 200, body = PolicySchema), (status = "4XX", body = Refusal))
)]
pub(crate) async fn schema(desk: Desk) -> Result<Json<PolicySchema>, Error> {
    desk.permit(Operation::PolicySchema, "").await?;
    Ok(Json(PolicySchema { schema: schema_text().to_owned() }))
}

/// The schema of this program.
pub const fn schema_text() -> &'static str {
    Engine::schema_text()
}

/// Refuses a message that says nothing, or that could look like something else in a log.
pub(super) fn check_message(message: &str) -> Result<(), Error> {
    let plain = |c: char| c == '\n' || !c.is_control();
    if message.trim().is_empty() || message.len() > MESSAGE_BYTES_MAX || !message.chars().all(plain)
    {
        let fix = format!("say why in plain text of at most {MESSAGE_BYTES_MAX} bytes");
        return Err(Error::invalid("the message of the commit is empty or no plain text", fix));
    }
    Ok(())
}
