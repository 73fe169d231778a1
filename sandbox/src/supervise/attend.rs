//! What a supervisor does while its command runs: looks at it, and ends it where it must.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::{Begun, Run, Started, output::Counted, restrain::Restraint};
use crate::{
    End,
    local::{Group, folder, running, usage, watch},
};

/// How often a supervisor looks at what runs; more often at first, for who is behind and begins
/// again and again must be put there before it took anything.
const LOOK: Duration = Duration::from_millis(50);
const LOOK_FIRST: Duration = Duration::from_millis(1);

/// Waits for a command's end, or makes it.
pub(super) async fn attend(
    dir: &Path,
    run: &Run,
    begun: &mut Begun,
    outputs: &[&Arc<Counted>; 2],
) -> End {
    let deadline = Instant::now() + run.limits.wall;
    let pid = begun.child.id();
    // The folder of a command is two below that of its sandbox.
    let sandbox = dir.parent().and_then(Path::parent);
    let restraint = pid.map(|pid| Restraint::new(sandbox, run, pid, begun.group.as_ref()));
    let mut look = Look {
        dir,
        run,
        pid,
        outputs,
        restraint,
        deadline,
        disk_at: Instant::now(),
        pace: Duration::ZERO,
    };
    let early = loop {
        tokio::select! {
            _ = begun.child.wait() => break None,
            () = tokio::time::sleep_until(look.next().into()) => {}
        }
        if let Some(end) = look.over(begun.group.as_ref()) {
            break Some(end);
        }
    };
    if let Some(end) = early {
        // All that runs within ends with bubblewrap: its first process there dies with its parent.
        let _ = begun.child.kill().await;
        return end;
    }
    if begun.group.as_ref().is_some_and(Group::ran_out_of_memory) {
        return End::OutOfMemory;
    }
    let mut words = String::new();
    let _ = begun.words.seek(SeekFrom::Start(0));
    let _ = begun.words.read_to_string(&mut words);
    let said = words.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut codes = said.filter_map(|line: BTreeMap<String, i64>| line.get("exit-code").copied());
    match codes.next_back().and_then(|code| i32::try_from(code).ok()) {
        Some(code) => End::Status(code),
        None => End::NotStarted,
    }
}

/// What is looked at while a command runs.
struct Look<'a> {
    dir: &'a Path,
    run: &'a Run,
    pid: Option<u32>,
    outputs: &'a [&'a Arc<Counted>; 2],
    restraint: Option<Restraint>,
    deadline: Instant,
    /// When the workspace is looked at again: that may take long itself.
    disk_at: Instant,
    /// Time until the next look.
    pace: Duration,
}

impl Look<'_> {
    /// When to look again.
    fn next(&mut self) -> Instant {
        let pace = self.pace;
        self.pace = (pace * 2).clamp(LOOK_FIRST, LOOK);
        let until = self.restraint.as_ref().and_then(Restraint::until).unwrap_or(self.deadline);
        (Instant::now() + pace).min(self.deadline).min(until)
    }

    /// Why the command must end now.
    fn over(&mut self, group: Option<&Group>) -> Option<End> {
        let now = Instant::now();
        if now >= self.deadline {
            return Some(End::TimedOut);
        }
        // Whoever removes the folder has ended the command.
        if self.dir.join("cancel").exists() || !self.dir.join("started").exists() {
            return Some(End::Cancelled);
        }
        if self.outputs.iter().any(|output| output.flooded.load(Ordering::Relaxed)) {
            return Some(End::Flooded);
        }
        let pid = self.pid?;
        let pids = match group {
            Some(group) if group.ran_out_of_memory() => return Some(End::OutOfMemory),
            Some(_) => None,
            None => Some(usage::tree(pid)),
        };
        if pids.as_ref().is_some_and(|pids| self.has_most_of_too_much(pids)) {
            return Some(End::OutOfMemory);
        }
        if let Some(restraint) = &mut self.restraint {
            let listed = || pids.or_else(|| group.map(Group::processes)).unwrap_or_default();
            restraint.look(group, self.pace < LOOK, listed);
        }
        if now < self.disk_at {
            return None;
        }
        let end = watch::disk(&self.run.workspace, &self.run.limits, self.run.free_bytes_min);
        self.disk_at = Instant::now() + (now.elapsed() * 10).max(LOOK);
        end
    }

    /// Whether the sandbox has more memory than it may, and this command, whose processes these are, is
    /// the one that is to be ended for it.
    fn has_most_of_too_much(&self, pids: &[u32]) -> bool {
        if !self.is_most_of_too_much(pids) {
            return false;
        }
        // One decides after another, and who is to be ended counts no more: then nobody else need be.
        let turn = File::open(self.sandbox().join("running"));
        let _turn = turn.and_then(|folder| folder.lock().map(|()| folder));
        let is_ended = self.is_most_of_too_much(pids);
        if is_ended {
            running::forget(self.dir);
        }
        is_ended
    }

    /// Whether it is more than may be, and no other command has more of it: as the kernel does it.
    fn is_most_of_too_much(&self, pids: &[u32]) -> bool {
        let own = usage::memory(pids);
        let others = self.others().iter().map(|pids| usage::memory(pids)).collect::<Vec<_>>();
        let all = others.iter().fold(own, |sum, other| sum.saturating_add(*other));
        all > self.run.limits.memory_bytes && others.iter().all(|other| *other <= own)
    }

    /// The processes of each other command of this sandbox, without its supervisor.
    fn others(&self) -> Vec<Vec<u32>> {
        // Where the list cannot be read, each is held to what it has by itself.
        let runs = running::all(self.sandbox()).unwrap_or_default();
        let others = runs.iter().filter(|run| run.file_name() != self.dir.file_name());
        let supervisors = others.filter_map(|run| {
            let started = folder::read::<Started>(&run.join("started")).ok()??;
            u32::try_from(started.pid).ok()
        });
        supervisors.map(|pid| usage::tree(pid).split_off(1)).collect()
    }

    /// The folder of a command is two below that of its sandbox.
    fn sandbox(&self) -> &Path {
        self.dir.parent().and_then(Path::parent).unwrap_or(self.dir)
    }
}
