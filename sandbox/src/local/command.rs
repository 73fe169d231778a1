//! Commands of sandboxes on this machine: each is a folder, a supervisor's process, and what that
//! writes down.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, SystemTime},
};

use ring::digest::{SHA256, digest};

use super::{
    Local,
    argv::{self, Places},
    files,
    folder::{self, Folder, Record},
    running,
};
use crate::{
    Allow, Error, Handle, Status,
    driver::Command,
    supervise::{Run, Started},
};

/// How long a command may be without a supervisor before another is started.
const RELAUNCH_AFTER: Duration = Duration::from_secs(2);

impl Local {
    /// Starts a command, or finds it.
    pub(super) fn begin(&self, sandbox: &Handle, command: &Command) -> Result<Status, Error> {
        command.check()?;
        let (folder, record) = self.find(sandbox)?;
        let dir = folder.run(&command.key);
        let hash = hash(command)?;
        let taken = || Error::KeyTaken { key: command.key.clone() };
        let failed = || Error::io::<std::io::Error>("cannot write a command to its folder");
        if !dir.join("run.json").exists() {
            let run = self.prepare(&folder, &record, command, hash.clone())?;
            std::fs::create_dir_all(&dir).map_err(failed())?;
            folder::to_json(&run)
                .and_then(|bytes| folder::create(&dir.join("run.json"), &bytes, 0o600))
                .map_err(failed())?;
        }
        let run: Run = read(&dir.join("run.json"))?.ok_or_else(taken)?;
        if run.hash != hash {
            return Err(taken());
        }
        if !dir.join("started").exists() {
            self.launch(&dir)?;
        }
        self.look_at(&dir)
    }

    fn prepare(
        &self,
        folder: &Folder,
        record: &Record,
        command: &Command,
        hash: String,
    ) -> Result<Run, Error> {
        let mut command = command.clone();
        if let Some(path) = &command.folder {
            command.folder = Some(files::names(path)?.join("/"));
        }
        let (etc, workspace, egress) = (self.root.etc(), folder.workspace(), folder.egress());
        let places = Places {
            helper: &self.helper,
            helper_words: &self.helper_words,
            etc: &etc,
            workspace: &workspace,
            egress: &egress,
        };
        let mut limits = record.spec.limits.clone();
        limits.wall = command.wall.map_or(limits.wall, |wall| wall.min(limits.wall));
        Ok(Run {
            hash,
            outer: argv::outer(&places, &record.spec, &command, self.tree.is_none()),
            inner: argv::inner(&places, &limits, &command, self.tree.is_none()),
            stdin: command.stdin.clone(),
            limits,
            user: self.user(record.slot),
            tree: self.tree.clone(),
            workspace: workspace.clone(),
            free_bytes_min: self.options.free_bytes_min,
            isolation: self.isolation.clone(),
            egress: record.spec.egress.clone(),
        })
    }

    /// Starts a supervisor. Two for one command are no harm: one of them has the lock.
    fn launch(&self, dir: &Path) -> Result<(), Error> {
        running::note(dir).map_err(Error::io("cannot take note of a command"))?;
        let mut supervisor = tokio::process::Command::new(&self.helper);
        supervisor.args(&self.helper_words).arg("supervise").arg(dir).env_clear();
        supervisor.env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
        supervisor.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = supervisor.spawn().map_err(Error::io("cannot start a supervisor"))?;
        // Its end is read from its record; this is for the system, which remembers it until asked.
        tokio::spawn(async move { child.wait().await });
        Ok(())
    }

    /// What became of the command of a folder.
    pub(super) fn look_at(&self, dir: &Path) -> Result<Status, Error> {
        let ended = || Ok::<_, Error>(read(&dir.join("exit.json"))?.map(Status::Ended));
        if let Some(status) = ended()? {
            return Ok(status);
        }
        match read::<Started>(&dir.join("started"))? {
            Some(started) if started.is_alive() => Ok(Status::Running),
            // It may have ended between the two looks.
            Some(_) => Ok(ended()?.unwrap_or(Status::Lost)),
            None => {
                let written =
                    std::fs::metadata(dir.join("run.json")).and_then(|meta| meta.modified());
                let age = written.ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
                if age > RELAUNCH_AFTER {
                    // Whoever was to start it was killed before. Nothing ran yet. The file says when
                    // somebody tried: who asks often starts no more.
                    let file = std::fs::File::open(dir.join("run.json"));
                    let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
                    self.launch(dir)?;
                }
                Ok(Status::Running)
            }
        }
    }

    /// Ends the command of a folder, and does not return before.
    pub(super) async fn end(&self, dir: &Path) -> Result<(), Error> {
        std::fs::write(dir.join("cancel"), "").map_err(Error::io("cannot end a command"))?;
        if !dir.join("started").exists() {
            self.launch(dir)?;
        }
        for _ in 0..1000 {
            match self.look_at(dir)? {
                Status::Ended(_) | Status::Lost => return Ok(()),
                Status::Running => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        // It hangs: with it ends all that it started.
        if let Some(started) = read::<Started>(&dir.join("started"))?
            && let Some(pid) = rustix::process::Pid::from_raw(started.pid)
            && started.is_alive()
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        Ok(())
    }

    pub(super) fn run_of(&self, sandbox: &Handle, key: &str) -> Result<PathBuf, Error> {
        let (folder, _) = self.find(sandbox)?;
        let dir = folder.run(key);
        match dir.join("run.json").exists() {
            true => Ok(dir),
            false => Err(Error::NoCommand { key: key.to_owned() }),
        }
    }
}

/// A record of a command; none where it is not there.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    folder::read(path).map_err(Error::io("cannot read a command's record"))
}

/// What of these places all commands that run in a sandbox could reach when they were begun. One that
/// was begun when its session knew less opens nothing for one that knows more, also where whoever began
/// them is gone.
pub(super) fn narrowed(folder: &Folder, allow: &[Allow]) -> Result<Vec<Allow>, Error> {
    let mut allow = allow.to_vec();
    for run in running::all(&folder.0).map_err(Error::io("cannot see what runs in a sandbox"))? {
        if let Some(run) = read::<Run>(&run.join("run.json"))? {
            allow.retain(|place| run.egress.contains(place));
        }
    }
    Ok(allow)
}

/// What a command is, as 64 hexadecimal digits.
fn hash(command: &Command) -> Result<String, Error> {
    let bytes = folder::to_json(command).map_err(Error::io("cannot write a command"))?;
    let hash = digest(&SHA256, &bytes);
    Ok(hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}
