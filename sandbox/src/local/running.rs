//! Which commands of a sandbox run. Each has a file in the folder `running` of its sandbox, called as
//! its own folder is, from before its supervisor starts until its end is on disk: so nobody looks
//! through all that ever ran.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::folder;
use crate::supervise::Started;

/// Takes note that the command of a folder is to run.
pub(crate) fn note(run: &Path) -> io::Result<()> {
    let note = place(run)?;
    if let Some(folder) = note.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    File::create(note).map(drop)
}

/// The command of a folder is over. A note that stays is found to be of no use later.
pub(crate) fn forget(run: &Path) {
    let _ = place(run).and_then(fs::remove_file);
}

/// The folders of all commands of a sandbox that run or are about to.
pub(crate) fn all(sandbox: &Path) -> io::Result<Vec<PathBuf>> {
    let notes = match fs::read_dir(sandbox.join("running")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        notes => notes?,
    };
    let mut found = Vec::new();
    for note in notes {
        let run = sandbox.join("runs").join(note?.file_name());
        match is_over(&run) {
            true => forget(&run),
            false => found.push(run),
        }
    }
    Ok(found)
}

/// Whether a command of which there is a note runs no more. What cannot be read may run.
fn is_over(run: &Path) -> bool {
    let started = folder::read::<Started>(&run.join("started"));
    run.join("exit.json").exists() || matches!(started, Ok(Some(started)) if !started.is_alive())
}

/// Where the note of a command is: its folder is two below that of its sandbox.
fn place(run: &Path) -> io::Result<PathBuf> {
    let sandbox = run.parent().and_then(Path::parent);
    let (sandbox, name) = sandbox
        .zip(run.file_name())
        .ok_or_else(|| io::Error::other("a command's folder is in that of a sandbox"))?;
    Ok(sandbox.join("running").join(name))
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;
    use crate::supervise::ticks;

    #[test]
    fn commands_that_ended_are_forgotten_and_those_that_may_run_are_not() {
        let sandbox = tempfile::tempdir().unwrap();
        let runs = ["ended", "lost", "runs", "waits", "torn"].map(|name| {
            let run = sandbox.path().join("runs").join(name);
            fs::create_dir_all(&run).unwrap();
            run
        });
        assert_eq!(all(sandbox.path()).unwrap(), [""; 0].map(PathBuf::from));
        let [ended, lost, goes, _, torn] = &runs;
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        let started = |run: &Path, ticks| {
            let started = Started { pid, ticks, at: Timestamp::now() };
            fs::write(run.join("started"), folder::to_json(&started).unwrap()).unwrap();
        };
        started(ended, ticks(pid).unwrap());
        fs::write(ended.join("exit.json"), "").unwrap();
        started(lost, 1);
        started(goes, ticks(pid).unwrap());
        fs::write(torn.join("started"), "{").unwrap();
        for run in &runs {
            note(run).unwrap();
        }
        let mut found = all(sandbox.path()).unwrap();
        found.sort();
        assert_eq!(
            found,
            ["runs", "torn", "waits"].map(|name| sandbox.path().join("runs").join(name))
        );
        assert_eq!(fs::read_dir(sandbox.path().join("running")).unwrap().count(), 3);
    }
}
