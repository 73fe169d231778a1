//! `shell.exec`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Report, run};
use crate::{Command, Driver, Error, Handle};

/// The arguments of `shell.exec`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShellExec {
    /// The command, in the language of sh.
    #[schemars(length(min = 1, max = 65536))]
    pub command: String,
    /// The folder it starts in, below the workspace.
    #[serde(default)]
    pub folder: Option<String>,
    /// What it reads.
    #[serde(default)]
    pub stdin: Option<String>,
    /// How many seconds it may run.
    #[serde(default)]
    #[schemars(range(min = 1, max = 86400))]
    pub timeout_s: Option<u32>,
}

/// Runs a shell command.
///
/// # Errors
/// Where the sandbox does not do its part. A command that fails is no error.
pub async fn shell_exec(
    driver: &dyn Driver,
    sandbox: &Handle,
    arguments: &ShellExec,
    key: &str,
) -> Result<Report, Error> {
    let mut command = Command::shell(key, arguments.command.clone());
    command.folder.clone_from(&arguments.folder);
    command.stdin = arguments.stdin.clone().unwrap_or_default().into_bytes();
    command.wall = arguments.timeout_s.map(|seconds| Duration::from_secs(seconds.max(1).into()));
    let (outcome, refused) = run(driver, sandbox, &command).await?;
    Ok(Report { refused, ..Report::of(&outcome) })
}
