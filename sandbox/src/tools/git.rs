//! `git.clone` and `git.commit`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Report, fetch::address, run};
use crate::{Command, Driver, Error, Handle, local::names};

/// The arguments of `git.clone`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitClone {
    /// The repository's address, of http or https.
    #[schemars(length(min = 1, max = 2048))]
    pub url: String,
    /// The new folder, below the workspace.
    #[schemars(length(min = 1, max = 1024))]
    pub folder: String,
    /// A branch or a tag; what the repository says, if there is none.
    #[serde(default)]
    pub branch: Option<String>,
    /// How many commits back; all, if there is none.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100000))]
    pub depth: Option<u32>,
}

/// Clones a repository into a folder that is not there, or is empty.
///
/// # Errors
/// Where the arguments cannot be used, or the sandbox does not do its part.
pub async fn git_clone(
    driver: &dyn Driver,
    sandbox: &Handle,
    arguments: &GitClone,
    key: &str,
) -> Result<Report, Error> {
    let url = address(&arguments.url)?;
    let folder = folder(&arguments.folder)?;
    let mut words = git();
    words.extend(["clone", "--quiet", "--no-recurse-submodules"].map(str::to_owned));
    if let Some(branch) = &arguments.branch {
        words.push(format!("--branch={branch}"));
    }
    if let Some(depth) = arguments.depth {
        words.push(format!("--depth={depth}"));
    }
    words.extend(["--".to_owned(), url.to_string(), folder.clone()]);
    let (outcome, refused) = run(driver, sandbox, &Command::new(key, words)).await?;
    let mut report = Report::of(&outcome);
    if report.ok && report.text.is_empty() {
        report.text = format!("cloned into {folder}");
    }
    Ok(Report { refused, ..report })
}

/// The arguments of `git.commit`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitCommit {
    /// The repository's folder, below the workspace.
    #[schemars(length(min = 1, max = 1024))]
    pub folder: String,
    /// What the commit says.
    #[schemars(length(min = 1, max = 65536))]
    pub message: String,
}

/// Commits all changes. The commit names the call's key, by which a second call finds it.
///
/// # Errors
/// Where the arguments cannot be used, or the sandbox does not do its part.
pub async fn git_commit(
    driver: &dyn Driver,
    sandbox: &Handle,
    arguments: &GitCommit,
    key: &str,
) -> Result<Report, Error> {
    let mut command = Command::new(key, ["sh", "-ec", COMMIT, "commit"]);
    command.folder = Some(folder(&arguments.folder)?);
    let key: String = key.chars().filter(|c| c.is_ascii_graphic()).collect();
    command.argv.extend([arguments.message.clone(), format!("Orchestack-Key: {key}")]);
    let (outcome, refused) = run(driver, sandbox, &command).await?;
    Ok(Report { refused, ..Report::of(&outcome) })
}

/// `$1` is the message and `$2` the line by which the commit is found again.
const COMMIT: &str = r#"
git() { command git -c core.hooksPath=/dev/null -c core.fsmonitor=false "$@"; }
if git log -50 --format=%B 2>/dev/null | grep -qxF -- "$2"; then
  git log -1 --fixed-strings --grep="$2" --format=%H
  exit
fi
git add --all
git commit --quiet --no-verify --no-gpg-sign --message="$1" --message="$2"
git rev-parse HEAD
"#;

/// A repository is somebody else's: what its settings would run is not run.
fn git() -> Vec<String> {
    ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]
        .map(str::to_owned)
        .into()
}

/// A folder as it is said to git: below the workspace, and no option.
fn folder(path: &str) -> Result<String, Error> {
    let names = names(path)?;
    match names.is_empty() {
        true => Ok(".".to_owned()),
        false => Ok(format!("./{}", names.join("/"))),
    }
}
