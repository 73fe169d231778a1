//! Policies: which commit is in force, and what is wrong with the one that is not.

pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod prove;

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::{Act, Desk},
    error::{Error, Refusal},
    tree,
};
use files::NewText;
use policy::Operation;

/// Which commit is in force.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct PolicyStatus {
    /// The folder of the git tree.
    pub tree: String,
    /// The commit in force.
    pub commit: String,
    /// A newer commit that did not load.
    pub rejected: Option<String>,
    /// What is wrong with it.
    pub faults: Vec<FaultView>,
    /// Files with changes that no commit holds, and which therefore do not run.
    pub uncommitted: Vec<String>,
    /// What an operator should look at.
    pub notes: Vec<String>,
    /// The remote that the tree follows.
    #[serde(default)]
    pub remote: Option<String>,
    /// When the remote last answered, RFC 3339.
    #[serde(default)]
    pub synced_at: Option<String>,
    /// Why it did not at the last look.
    #[serde(default)]
    pub sync_error: Option<String>,
}

/// One mistake in a file of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FaultView {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The key; empty where the whole file is meant.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// What to check.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyCheck {
    /// A commit of the tree by its id, a branch, a tag, or `HEAD~1`; the files as they lie in its
    /// folder where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commit that `changes` are laid over; the newest where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Changes that no commit has yet, at most 200 files. Nothing is kept of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<NewText>,
}

/// What a check found.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct PolicyReport {
    /// Whether it would load.
    pub ok: bool,
    /// What was checked: a commit, or the folder.
    pub checked: String,
    /// Everything that is wrong.
    pub faults: Vec<FaultView>,
    /// What is legal and looks wrong.
    pub notes: Vec<String>,
    /// Agents by name.
    pub agents: Vec<String>,
    /// Files of Cedar policies.
    pub policy_files: usize,
    /// Providers that the tree registers.
    pub providers: usize,
    /// Models that the tree registers.
    pub models: usize,
    /// Tool servers.
    pub tool_servers: usize,
}

/// Shows which commit is in force, and why a newer one is not.
#[utoipa::path(
    get, path = "/api/v1/policy", tag = "policy",
    responses((status = 200, body = PolicyStatus), (status = "4XX", body = Refusal))
)]
pub(crate) async fn status(desk: Desk) -> Result<Json<PolicyStatus>, Error> {
    let act = desk.permit(Operation::PolicyStatus, "").await?;
    Ok(Json(state(&act).await))
}

/// Checks the files of the tree's folder, committed or not, one commit, or changes that nobody has saved.
#[utoipa::path(
    post, path = "/api/v1/policy/check", tag = "policy", request_body = PolicyCheck,
    responses((status = 200, body = PolicyReport), (status = "4XX", body = Refusal))
)]
pub(crate) async fn check(
    desk: Desk,
    Body(ask): Body<PolicyCheck>,
) -> Result<Json<PolicyReport>, Error> {
    let act = desk.permit(Operation::PolicyCheck, ask.named()).await?;
    let (name, files) = ask.files(&act).await?;
    let checked = tokio::task::spawn_blocking(move || tree::check(&name, &files));
    checked.await.map(Json).map_err(|_| Error::Broke)
}

impl PolicyCheck {
    /// The commit that is meant, for policy and the record.
    pub(crate) fn named(&self) -> &str {
        self.commit.as_deref().or(self.base.as_deref()).unwrap_or("")
    }

    /// The files to look at, and what they are called: a commit's, those of the tree's folder as they lie, or a
    /// commit's with changes.
    pub(crate) async fn files(self, act: &Act) -> Result<(String, tree::Files), Error> {
        let repository = &act.control().repository;
        let Self { commit, base, changes } = self;
        match (commit, base) {
            (Some(_), Some(_)) => Err(both()),
            (Some(_), None) if !changes.is_empty() => Err(both()),
            (None, None) if changes.is_empty() => {
                let folder = repository.dir().to_owned();
                let name = folder.display().to_string();
                Ok((name, tree::read_folder(folder).await?))
            }
            (commit, base) => {
                let named = commit.or(base);
                let commit = repository.resolve(named.as_deref().unwrap_or("HEAD")).await?;
                let mut files = repository.files(&commit).await?;
                let name = match changes.len() {
                    0 => commit,
                    1 => format!("{commit} with 1 change"),
                    count => format!("{commit} with {count} changes"),
                };
                let changes = changes.into_iter().map(|NewText { path, text }| (path, text));
                tree::lay(&mut files, &changes.collect::<Vec<_>>())?;
                Ok((name, files))
            }
        }
    }
}

fn both() -> Error {
    Error::invalid("a commit and changes were sent", "send `commit`, or `base` and `changes`")
}

/// Loads the newest commit now instead of at the next look: asks the remote, where there is one.
#[utoipa::path(
    post, path = "/api/v1/policy/reload", tag = "policy",
    responses((status = 200, body = PolicyStatus), (status = "4XX", body = Refusal))
)]
pub(crate) async fn reload(desk: Desk) -> Result<Json<PolicyStatus>, Error> {
    let act = desk.permit(Operation::PolicyReload, "").await?;
    act.control().store.audit().append(act.record(json!({}))).await?;
    act.control().snapshots.sync_now().await?;
    Ok(Json(state(&act).await))
}

/// What is in force, as far as it can be told.
pub(crate) async fn state(act: &Act) -> PolicyStatus {
    let control = act.control();
    let status = control.snapshots.status();
    let uncommitted = control.repository.uncommitted().await.unwrap_or_default();
    PolicyStatus {
        tree: control.repository.dir().display().to_string(),
        commit: status.commit,
        rejected: status.rejected,
        faults: status.faults.into_iter().map(FaultView::from).collect(),
        uncommitted,
        notes: status.notes,
        remote: status.remote,
        synced_at: status.synced_at.map(|at| at.to_string()),
        sync_error: status.sync_error,
    }
}

impl From<config::Fault> for FaultView {
    fn from(fault: config::Fault) -> Self {
        Self {
            file: fault.file,
            line: fault.line,
            key: fault.key,
            message: fault.message,
            fix: fault.fix,
        }
    }
}
