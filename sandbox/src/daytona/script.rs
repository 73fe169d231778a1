//! A command as words of sh, for an interface that takes nothing else. A folder that can be made only
//! once keeps it from running twice.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

use crate::{Error, driver::Command, local::names};

/// The status of a run that found that another had begun.
pub(super) const TAKEN: i32 = 117;
/// The status of a run that `timeout` ended.
pub(super) const TIMED_OUT: i32 = 124;
/// The status of a run that somebody ended.
pub(super) const CANCELLED: i32 = 118;

/// What a key's session is called.
pub(super) fn session(key: &str) -> String {
    let hash = digest(&SHA256, key.as_bytes());
    let hash: String = hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("ork-{hash}")
}

/// The words that run a command once.
pub(super) fn of(command: &Command, workspace: &str) -> Result<String, Error> {
    let folder = match &command.folder {
        Some(path) => format!("{workspace}/{}", names(path)?.join("/")),
        None => workspace.to_owned(),
    };
    let place = place(&command.key, workspace);
    let mut script =
        format!("mkdir -p {workspace}-runs; mkdir {place} 2>/dev/null || exit {TAKEN}; ");
    let _ = write!(script, "cd {} || exit 1; ", quote(&folder));
    // A group of its own: who ends the command ends all of it.
    let _ = write!(script, "echo '{}' | base64 -d | setsid -w ", STANDARD.encode(&command.stdin));
    if let Some(wall) = command.wall {
        let seconds = wall.as_millis().div_ceil(1000).max(1);
        let _ = write!(script, "timeout -k 5 {seconds} ");
    }
    script.push_str("env");
    for (name, value) in &command.env {
        let _ = write!(script, " {name}={}", quote(value));
    }
    let _ = write!(script, " sh -c 'echo $$ > {place}/pid; exec \"$@\"' sh");
    for word in &command.argv {
        let _ = write!(script, " {}", quote(word));
    }
    let _ = write!(script, "; s=$?; [ -e {place}/cancel ] && s={CANCELLED}; (exit $s)");
    Ok(script)
}

/// The words that end what a key runs.
pub(super) fn end(key: &str, workspace: &str) -> String {
    let place = place(key, workspace);
    format!("touch {place}/cancel; kill -KILL -- -$(ps -o pgid= -p $(cat {place}/pid) | tr -d ' ')")
}

/// Where the marks of a run are: beside the workspace, for they must last as long.
fn place(key: &str, workspace: &str) -> String {
    format!("{workspace}-runs/{}", session(key))
}

/// A word that sh reads as it is.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
