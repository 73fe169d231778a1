//! The built-in tools, as functions on any driver: what a model may ask for, with the bounds of what
//! comes back. Each call has a key, and a second call with it finds what the first one did.

mod fetch;
mod file;
mod git;
mod shell;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use types::{Effect, Replay};

pub use fetch::{HttpFetch, http_fetch};
pub use file::{FileList, FileRead, FileWrite, file_list, file_read, file_write};
pub use git::{GitClone, GitCommit, git_clone, git_commit};
pub use shell::{ShellExec, shell_exec};

use crate::{Driver, End, Error, Handle, Outcome};

/// The most that one result has of one text, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 << 10;

/// What a tool is.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name, as policies say it.
    pub name: &'static str,
    /// What it is for, in words for a model.
    pub description: &'static str,
    /// The schema of its arguments.
    pub input: serde_json::Value,
    /// What a call does to the world.
    pub effect: Effect,
    /// Whether a call may be made again where nobody knows how the first one ended. A call whose
    /// driver still has its key never runs again, whatever this says.
    pub replay: Replay,
}

/// All of them.
pub fn all() -> Vec<Tool> {
    vec![
        tool::<ShellExec>(
            "shell.exec",
            "Runs a shell command in the sandbox's workspace and returns what it wrote.",
            (Effect::Unknown, Replay::Once),
        ),
        tool::<FileRead>(
            "file.read",
            "Reads a text file of the sandbox's workspace.",
            (Effect::Read, Replay::Pure),
        ),
        tool::<FileWrite>(
            "file.write",
            "Writes a file of the sandbox's workspace, replacing what was there.",
            (Effect::Write, Replay::Idempotent),
        ),
        tool::<FileList>(
            "file.list",
            "Lists a folder of the sandbox's workspace.",
            (Effect::Read, Replay::Pure),
        ),
        tool::<HttpFetch>(
            "http.fetch",
            "Fetches an http or https address that the sandbox may connect to.",
            (Effect::Egress, Replay::Idempotent),
        ),
        tool::<GitClone>(
            "git.clone",
            "Clones a git repository into the sandbox's workspace.",
            (Effect::Egress, Replay::Idempotent),
        ),
        tool::<GitCommit>(
            "git.commit",
            "Commits all changes of a git repository in the sandbox's workspace.",
            (Effect::Write, Replay::Readback),
        ),
    ]
}

fn tool<A: JsonSchema>(
    name: &'static str,
    description: &'static str,
    (effect, replay): (Effect, Replay),
) -> Tool {
    let input = schemars::schema_for!(A).to_value();
    Tool { name, description, input, effect, replay }
}

/// Calls a tool by its name. Nothing is called that is not in [`all`].
///
/// # Errors
/// Where the arguments are not the tool's, or the sandbox does not do its part.
pub async fn call(
    driver: &dyn Driver,
    sandbox: &Handle,
    name: &str,
    arguments: serde_json::Value,
    key: &str,
) -> Result<Report, Error> {
    match name {
        "shell.exec" => shell_exec(driver, sandbox, &read(arguments)?, key).await,
        "file.read" => file_read(driver, sandbox, &read(arguments)?, key).await,
        "file.write" => file_write(driver, sandbox, &read(arguments)?, key).await,
        "file.list" => file_list(driver, sandbox, &read(arguments)?, key).await,
        "http.fetch" => http_fetch(driver, sandbox, &read(arguments)?, key).await,
        "git.clone" => git_clone(driver, sandbox, &read(arguments)?, key).await,
        "git.commit" => git_commit(driver, sandbox, &read(arguments)?, key).await,
        _ => Err(Error::Spec { why: format!("there is no tool `{name:.64}`") }),
    }
}

fn read<A: serde::de::DeserializeOwned>(arguments: serde_json::Value) -> Result<A, Error> {
    // The text of serde's error has the value's own words in it.
    serde_json::from_value(arguments)
        .map_err(|_| Error::Spec { why: "the arguments do not fit the tool's schema".into() })
}

/// What a tool did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether it did what it was asked.
    pub ok: bool,
    /// What came of it, for a model.
    pub text: String,
    /// Whether more came than is here.
    pub cut: bool,
    /// What was refused on the way out while it ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

impl Report {
    fn new(ok: bool, text: impl Into<String>) -> Self {
        Self { ok, text: text.into(), cut: false, refused: Vec::new() }
    }

    /// What a command wrote and how it ended.
    fn of(outcome: &Outcome) -> Self {
        let (stdout, out_cut) = text(&outcome.stdout, outcome.exit.stdout_bytes);
        let (stderr, err_cut) = text(&outcome.stderr, outcome.exit.stderr_bytes);
        let mut whole = stdout;
        if !stderr.is_empty() {
            whole.push_str(if whole.is_empty() || whole.ends_with('\n') { "" } else { "\n" });
            whole.push_str("[stderr]\n");
            whole.push_str(&stderr);
        }
        let end = end(outcome.exit.end);
        if !end.is_empty() {
            whole.push_str(if whole.is_empty() || whole.ends_with('\n') { "" } else { "\n" });
            whole.push_str(&end);
        }
        Self { ok: outcome.is_success(), text: whole, cut: out_cut || err_cut, refused: Vec::new() }
    }
}

/// How a command ended, in words; none where all went well.
fn end(end: End) -> String {
    match end {
        End::Status(0) => String::new(),
        End::Status(code) => format!("[exit status {code}]"),
        End::NotStarted => "[the sandbox could not start it]".to_owned(),
        End::TimedOut => "[ended: it ran for longer than it may]".to_owned(),
        End::OutOfMemory => "[ended: it took more memory than it may]".to_owned(),
        End::OutOfDisk => "[ended: the workspace is full]".to_owned(),
        End::Flooded => "[ended: it wrote more output than it may]".to_owned(),
        End::Cancelled => "[ended: somebody cancelled it]".to_owned(),
    }
}

/// Bytes as a text of bounded length: its beginning and its end, where errors are told.
fn text(bytes: &[u8], written: u64) -> (String, bool) {
    let missing = written > bytes.len() as u64;
    if bytes.len() <= TEXT_BYTES_MAX {
        return (String::from_utf8_lossy(bytes).into_owned(), missing);
    }
    let half = TEXT_BYTES_MAX / 2;
    let (front, back) = (bytes.get(..half), bytes.get(bytes.len() - half..));
    let [front, back] = [front, back].map(|part| String::from_utf8_lossy(part.unwrap_or_default()));
    (format!("{front}\n[{} bytes left out]\n{back}", bytes.len() - TEXT_BYTES_MAX), true)
}

/// Runs a command, and adds what was refused on its way out.
async fn run(
    driver: &dyn Driver,
    sandbox: &Handle,
    command: &crate::Command,
) -> Result<(Outcome, Vec<String>), Error> {
    let before = driver.refused(sandbox);
    let outcome = driver.exec(sandbox, command).await?;
    let after = driver.refused(sandbox);
    // The list has a bound: what was there before may be gone from its front.
    let known = (0..=before.len())
        .find(|gone| after.starts_with(before.get(*gone..).unwrap_or_default()))
        .map_or(0, |gone| before.len() - gone);
    let mut refused = after.get(known..).unwrap_or_default().to_vec();
    refused.dedup();
    Ok((outcome, refused))
}
