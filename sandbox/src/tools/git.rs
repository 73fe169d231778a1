//! `git.clone` and `git.commit`.

use std::collections::BTreeMap;

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
    let mut command = Command::new(key, words);
    command.env = environment();
    let (outcome, refused) = run(driver, sandbox, &command).await?;
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
    command.env = environment();
    let key: String = key.chars().filter(|c| c.is_ascii_graphic()).collect();
    command.argv.extend([arguments.message.clone(), format!("Orchestack-Key: {key}")]);
    let (outcome, refused) = run(driver, sandbox, &command).await?;
    Ok(Report { refused, ..Report::of(&outcome) })
}

/// `$1` is the message and `$2` the line by which the commit is found again.
///
/// The repository's settings are those of whoever wrote last to the workspace, and what they would run
/// is not run: each program that they name for the contents of files is named again as none, and git
/// may start no process where the kernel can be told so. It needs none, and no thread.
const COMMIT: &str = r#"
none() {
  export "GIT_CONFIG_KEY_$count=$1" "GIT_CONFIG_VALUE_$count=$2"
  count=$((count + 1))
}
count=0
named='^(filter\..*\.(clean|smudge|process|required)|diff\..*\.(command|textconv)|hook\..*\.command)$'
keys=$(command git config --name-only --get-regexp "$named" || :)
while IFS= read -r key; do
  case $key in
    '') ;;
    *.required) none "$key" false ;;
    *) none "$key" '' ;;
  esac
done <<END
$keys
END
export GIT_CONFIG_COUNT=$count
alone=
if command -v prlimit >/dev/null; then alone='prlimit --nproc=0 --'; fi
git() {
  command $alone git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.preloadIndex=false \
    -c index.threads=1 -c gc.auto=0 -c maintenance.auto=false -c log.showSignature=false \
    -c diff.ignoreSubmodules=dirty -c safe.directory='*' "$@"
}
if git log -50 --no-ext-diff --no-textconv --format=%B 2>/dev/null | grep -qxF -- "$2"; then
  git log -1 --fixed-strings --grep="$2" --format=%H
  exit
fi
# A repository within this one is looked into by settings of its own. Only where its head is, is read.
cd "./$(git rev-parse --show-cdup)"
within() { git ls-files --stage -z | sed -zn "s/^160000 [0-9a-f]* [0-3]\t/$1/p"; }
{ printf '.\0'; within ':(exclude,literal)'; } |
  git add --all --pathspec-from-file=- --pathspec-file-nul
within '' | git update-index --remove -z --stdin
# Nor is it asked what else there is where nothing changed.
known() { git rev-parse --verify --quiet "$1" >/dev/null; }
if known HEAD && ! known MERGE_HEAD && git diff-index --cached --quiet HEAD --; then
  echo 'nothing changed'
  exit 1
fi
git commit --quiet --no-verify --no-gpg-sign --message="$1" --message="$2"
git rev-parse HEAD
"#;

/// A repository is somebody else's: what its settings would run is not run.
fn git() -> Vec<String> {
    let words = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];
    let more = ["-c", "credential.helper=", "-c", "safe.directory=*"];
    words.into_iter().chain(more).map(str::to_owned).collect()
}

/// Variables for git: the home of a sandbox is its workspace, and settings there are not read. What
/// they and the repository's own could name as a program for talking to others is named here.
fn environment() -> BTreeMap<String, String> {
    let variables = [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_ALLOW_PROTOCOL", "http:https"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_SSH_COMMAND", "false"),
        ("GIT_ASKPASS", "false"),
        ("GIT_EDITOR", "false"),
        ("GIT_PAGER", "cat"),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A folder as it is said to git: below the workspace, and no option.
fn folder(path: &str) -> Result<String, Error> {
    let names = names(path)?;
    match names.is_empty() {
        true => Ok(".".to_owned()),
        false => Ok(format!("./{}", names.join("/"))),
    }
}
