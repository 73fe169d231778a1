//! Runs one command and writes down how it ended. It is a process of its own, in a session of its
//! own, and outlives whoever started it: nobody who comes back later has to run the command again.

mod attend;
mod govern;
mod output;
mod restrain;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use rustix::{
    fs::{MemfdFlags, memfd_create},
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CpuSet, sched_setaffinity},
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
};
use types::Timestamp;

use crate::{
    Allow, End, Error, Exit, Isolation, Limits,
    local::{Group, Tree, folder, running, seccomp},
};
use output::Counted;

/// The niceness whose weight is about that of a sandbox's control group: a tenth of a process's.
const NICENESS: i32 = 10;
/// How long outputs are waited for when all that wrote to them was ended.
const REST: Duration = Duration::from_secs(2);

/// All that a supervisor must know, as the driver wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    /// What the command's key stands for: the hash of the command.
    pub(crate) hash: String,
    /// The words for bubblewrap, without its filter.
    pub(crate) outer: Vec<String>,
    /// The words that run within.
    pub(crate) inner: Vec<String>,
    pub(crate) stdin: Vec<u8>,
    pub(crate) limits: Limits,
    /// The user that it runs as, where that is not ours.
    pub(crate) user: Option<u32>,
    /// Where its control group is made.
    pub(crate) tree: Option<Tree>,
    pub(crate) workspace: PathBuf,
    /// Free bytes of the disk below which it is ended.
    pub(crate) free_bytes_min: u64,
    pub(crate) isolation: Isolation,
    /// What its sandbox could reach when it was begun.
    #[serde(default)]
    pub(crate) egress: Vec<Allow>,
}

/// Who supervises a command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) pid: i32,
    /// When that process began, in ticks since the machine did: a number comes again, both do not.
    pub(crate) ticks: u64,
    pub(crate) at: Timestamp,
}

impl Started {
    /// Whether that process runs.
    pub(crate) fn is_alive(&self) -> bool {
        ticks(self.pid) == Some(self.ticks)
    }
}

/// Runs the command of a folder, unless somebody did or does. Called in a process of its own that
/// started nothing else.
///
/// # Errors
/// Where the folder cannot be read or written. How the command ended is in the folder.
pub async fn supervise(dir: &Path) -> Result<(), Error> {
    // Whoever leads a group of processes has a session already; then it is not ours to begin.
    let _ = rustix::process::setsid();
    // Each process that stands still is an open file of ours.
    let files = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files });
    let run = folder::read(&dir.join("run.json")).map_err(Error::io("cannot read a command"))?;
    let run: Run =
        run.ok_or_else(|| Error::Spec { why: format!("no `run.json` in {}", dir.display()) })?;
    let failed = || Error::io::<io::Error>("cannot write the record of a command");
    let lock = lock(dir).map_err(failed())?;
    // INVARIANT: held until the record of the end is on disk. Free without that record means lost.
    let Some(_lock) = lock else { return Ok(()) };
    if dir.join("started").exists() {
        return Ok(());
    }
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    let started = Started { pid, ticks: ticks(pid).unwrap_or(0), at: Timestamp::now() };
    let write = |name: &str, bytes: Vec<u8>| folder::replace(&dir.join(name), &bytes, 0o600);
    folder::to_json(&started).and_then(|bytes| write("started", bytes)).map_err(failed())?;
    let exit = Box::pin(live(dir, &run, started.at)).await;
    folder::to_json(&exit).and_then(|bytes| write("exit.json", bytes)).map_err(failed())?;
    running::forget(dir);
    Ok(())
}

/// The lock of whoever runs the command of a folder; none if another has it. It ends with the process.
fn lock(dir: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let file =
        options.create(true).truncate(false).write(true).mode(0o600).open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// When a process that runs began, in ticks since the machine did: fields 3 and 22 of
/// proc_pid_stat(5).
pub(crate) fn ticks(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    let runs = fields.next().is_some_and(|state| !matches!(state, "Z" | "X"));
    fields.nth(18).filter(|_| runs)?.parse().ok()
}

/// From start to end.
async fn live(dir: &Path, run: &Run, started_at: Timestamp) -> Exit {
    let [stdout, stderr] = [Counted::default(), Counted::default()].map(Arc::new);
    // Nobody wants it any more: it does not begin.
    let cancelled = dir.join("cancel").exists();
    let begun = if cancelled { None } else { Some(begin(dir, run, &stdout, &stderr)) };
    let end = match begun.transpose() {
        Ok(None) => End::Cancelled,
        Ok(Some(mut begun)) => {
            step_back(begun.group.as_ref());
            let end = Box::pin(attend::attend(dir, run, &mut begun, &[&stdout, &stderr])).await;
            for reader in begun.readers {
                let _ = tokio::time::timeout(REST, reader).await;
            }
            if let Some(group) = begun.group {
                // What was ended is in it for a moment longer.
                let until = Instant::now() + REST;
                while !group.remove() && Instant::now() < until {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            end
        }
        Err(error) => {
            let text = format!("the sandbox does not start: {error}\n");
            let _ = fs::write(dir.join("stderr"), text);
            End::NotStarted
        }
    };
    let [stdout_bytes, stderr_bytes] =
        [&stdout, &stderr].map(|stream| stream.bytes.load(Ordering::Relaxed));
    let isolation = run.isolation.clone();
    Exit { end, started_at, ended_at: Timestamp::now(), stdout_bytes, stderr_bytes, isolation }
}

/// From now on we weigh as much as a sandbox does and run where it does, or neighbours would pay for
/// what is read and looked at here. A session is a group for some schedulers, and has a niceness of
/// its own.
fn step_back(group: Option<&Group>) {
    let _ = rustix::process::nice(NICENESS);
    let _ = fs::write("/proc/self/autogroup", NICENESS.to_string());
    let mut chosen = CpuSet::new();
    for number in group.map(Group::processors).unwrap_or_default() {
        if let Some(number) = usize::try_from(number).ok().filter(|at| *at < CpuSet::MAX_CPU) {
            chosen.set(number);
        }
    }
    if chosen.count() > 0 {
        let _ = sched_setaffinity(None, &chosen);
    }
}

/// A command that runs.
struct Begun {
    child: Child,
    /// What bubblewrap says of it.
    words: File,
    group: Option<Group>,
    readers: Vec<tokio::task::JoinHandle<()>>,
}

fn begin(dir: &Path, run: &Run, stdout: &Arc<Counted>, stderr: &Arc<Counted>) -> io::Result<Begun> {
    let keep = run.limits.output_bytes;
    let open = |name: &str| {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600).open(dir.join(name))
    };
    let files = [open("stdout")?, open("stderr")?];
    // Inherited by number: nothing else is started by this process.
    let mut filter = File::from(memfd_create("filter", MemfdFlags::empty())?);
    filter.write_all(&seccomp::program(run.tree.is_none()).map_err(io::Error::other)?)?;
    filter.seek(SeekFrom::Start(0))?;
    let words = File::from(memfd_create("words", MemfdFlags::empty())?);

    let mut command = Command::new("bwrap");
    command.args(&run.outer);
    command.args(["--seccomp", &filter.as_raw_fd().to_string()]);
    command.args(["--json-status-fd", &words.as_raw_fd().to_string(), "--"]).args(&run.inner);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(user) = run.user {
        command.uid(user).gid(user);
    }
    let group = run.tree.as_ref().map(|tree| tree.make(&run.workspace, &run.limits)).transpose()?;
    let child = match &group {
        Some(group) => group.around(|| command.kill_on_drop(true).spawn()),
        None => command.kill_on_drop(true).spawn(),
    };
    let mut child = child.inspect_err(|_| {
        if let Some(group) = &group {
            group.remove();
        }
    })?;

    let mut readers = Vec::new();
    if let Some(mut stdin) = child.stdin.take() {
        let bytes = run.stdin.clone();
        // A command that does not read all of it is no failure.
        tokio::spawn(async move { stdin.write_all(&bytes).await });
    }
    let [to_stdout, to_stderr] = files;
    if let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) {
        readers.push(tokio::spawn(output::keep(out, to_stdout, Arc::clone(stdout), keep)));
        readers.push(tokio::spawn(output::keep(err, to_stderr, Arc::clone(stderr), keep)));
    }
    Ok(Begun { child, words, group, readers })
}
