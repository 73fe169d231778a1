//! Holds a sandbox to what its governor rules: puts it behind others, and has it stand still.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io,
    mem::{replace, take},
    os::{
        fd::OwnedFd,
        unix::fs::{FileExt, OpenOptionsExt},
    },
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use rustix::process::{
    Pid, PidfdFlags, Signal, Uid, pidfd_open, pidfd_send_signal, setpriority_process,
    setpriority_user,
};

use super::{
    Run,
    govern::{Credit, Governor, Rank, Ruling, Taken},
};
use crate::{
    Limits,
    local::{Group, usage},
};

/// How much more time passes between two looks than one takes: a fiftieth of a processor at most.
const LOOK_SHARE: u32 = 50;
/// The niceness of who is behind.
const BEHIND: i32 = 19;

/// What holds one command.
pub(super) struct Restraint {
    governor: Governor,
    /// The credit that its sandbox's commands share; none where it cannot be kept.
    shared: Option<File>,
    /// The credit where it cannot be shared.
    own: Credit,
    user: Option<u32>,
    /// bubblewrap, which stays awake: we wait for it.
    root: u32,
    counted: Counted,
    /// What had been taken at the last look.
    cpu: Duration,
    written_bytes: u64,
    /// Where it stands, where no group says that.
    rank: Rank,
    /// Who was stopped by us, in that order, and until when. Not by number: a number comes again.
    stopped: Vec<OwnedFd>,
    until: Option<Instant>,
    next: Instant,
}

impl Restraint {
    /// `dir` is the folder of the sandbox.
    pub(super) fn new(dir: Option<&Path>, run: &Run, root: u32, group: Option<&Group>) -> Self {
        Self::of(dir, &run.limits, run.user, root, group)
    }

    fn of(
        dir: Option<&Path>,
        limits: &Limits,
        user: Option<u32>,
        root: u32,
        group: Option<&Group>,
    ) -> Self {
        let governor = Governor::new(limits, group.is_some());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Self {
            own: governor.full(now_ms()),
            shared: dir.and_then(|dir| options.open(dir.join("credit")).ok()),
            governor,
            user,
            root,
            cpu: Duration::ZERO,
            counted: Counted::default(),
            written_bytes: 0,
            rank: Rank::Level,
            stopped: Vec::new(),
            until: None,
            next: Instant::now(),
        }
    }

    /// When those that stand still go on.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Looks, unless it did a moment ago or is to be `eager`: while a command begins. `pids` tells
    /// which processes there are.
    pub(super) fn look(
        &mut self,
        group: Option<&Group>,
        eager: bool,
        pids: impl FnOnce() -> Vec<u32>,
    ) {
        let began = Instant::now();
        if began < self.next && !eager && self.until.is_none_or(|until| began < until) {
            return;
        }
        let pids = pids();
        match self.until {
            // Who was about to start when the others stopped.
            Some(until) if began < until => self.stop(&pids),
            Some(_) => self.go_on(),
            None => self.rule(group, &pids),
        }
        self.next = Instant::now() + began.elapsed() * LOOK_SHARE;
    }

    fn rule(&mut self, group: Option<&Group>, pids: &[u32]) {
        let taken = self.taken(group, pids);
        // Whoever supervises another command of this sandbox puts it behind, and raises it, too.
        let rank = match group.map(Group::is_behind) {
            Some(true) => Rank::Behind,
            Some(false) => Rank::Level,
            None => self.rank,
        };
        let Some(ruling) = self.account(rank, taken) else { return };
        // Sessions that began since have a niceness of their own, and who was being started was not
        // seen: said once is not enough where there is no group.
        if ruling.rank != rank || (ruling.rank == Rank::Behind && group.is_none()) {
            let behind = ruling.rank == Rank::Behind;
            match group {
                // Where that fails it goes on where it was, and the next look tries again.
                Some(group) => drop(group.put_behind(behind)),
                None => renice(pids, self.user, if behind { BEHIND } else { 0 }),
            }
        }
        self.rank = ruling.rank;
        if !ruling.pause.is_zero() {
            self.until = Some(Instant::now() + ruling.pause);
            self.stop(pids);
        }
    }

    /// What was taken since the last look.
    fn taken(&mut self, group: Option<&Group>, pids: &[u32]) -> Taken {
        let cpu = match group.and_then(Group::cpu) {
            Some(total) => total.saturating_sub(replace(&mut self.cpu, total)),
            None => self.counted.since(pids),
        };
        let total = usage::written(pids);
        let before = replace(&mut self.written_bytes, total);
        Taken { cpu, written_bytes: total.saturating_sub(before) }
    }

    /// Takes it off the sandbox's credit. None where the file cannot be locked: the next look will.
    fn account(&mut self, rank: Rank, taken: Taken) -> Option<Ruling> {
        let now = now_ms();
        let Some(file) = &self.shared else {
            let (credit, ruling) = self.governor.rule(rank, self.own, taken, now);
            self.own = credit;
            return Some(ruling);
        };
        file.lock().ok()?;
        let credit = load(file).unwrap_or_else(|| self.governor.full(now));
        let (credit, ruling) = self.governor.rule(rank, credit, taken, now);
        let _ = store(file, credit);
        let _ = file.unlock();
        Some(ruling)
    }

    /// Stops all but bubblewrap, parents first: none sees that its child was stopped. Who was
    /// stopped before by somebody within is not ours.
    fn stop(&mut self, pids: &[u32]) {
        for pid in pids.iter().filter(|pid| **pid != self.root) {
            let is_stopped = usage::stat(*pid).is_none_or(|stat| stat.stopped);
            if let Some(process) = process(*pid).filter(|_| !is_stopped)
                && pidfd_send_signal(&process, Signal::STOP).is_ok()
            {
                self.stopped.push(process);
            }
        }
    }

    /// Wakes who was stopped by us, children first, whether anybody lists them yet or not.
    fn go_on(&mut self) {
        self.until = None;
        for process in take(&mut self.stopped).iter().rev() {
            let _ = pidfd_send_signal(process, Signal::CONT);
        }
    }
}

/// Processor time where no group counts it, as of the last look: of all, and of each itself.
#[derive(Default)]
struct Counted {
    all: Duration,
    each: BTreeMap<u32, Duration>,
}

impl Counted {
    /// What was taken since the last look. What ended and was waited for is in the sum of all; what
    /// ended and was not is gone and takes from the sum, so what each that lives took is counted too.
    fn since(&mut self, pids: &[u32]) -> Duration {
        let stats = pids.iter().filter_map(|pid| Some((*pid, usage::stat(*pid)?)));
        let stats: BTreeMap<u32, usage::Stat> = stats.collect();
        let all = stats.values().map(|stat| stat.cpu).sum::<Duration>();
        let grown = all.saturating_sub(replace(&mut self.all, all));
        let each = stats.into_iter().map(|(pid, stat)| (pid, stat.own)).collect();
        let before = replace(&mut self.each, each);
        let own = self
            .each
            .iter()
            .map(|(pid, own)| own.saturating_sub(before.get(pid).copied().unwrap_or_default()));
        grown.max(own.sum())
    }
}

/// A process that is signalled by this and is no other, however often its number comes again.
fn process(pid: u32) -> Option<OwnedFd> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// Sets the niceness of processes: of all that a user has, where that user is the sandbox's, for then
/// nobody can be born meanwhile.
fn renice(pids: &[u32], user: Option<u32>, nice: i32) {
    let of_user = user.is_some_and(|user| setpriority_user(Uid::from_raw(user), nice).is_ok());
    for pid in pids {
        if !of_user {
            for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
                let id = task.file_name().to_str().and_then(|id| id.parse().ok());
                let _ = id.and_then(Pid::from_raw).map(|id| setpriority_process(Some(id), nice));
            }
        }
        // Each session is one among all, however many are in it, and has a niceness of its own:
        // sched(7), "The autogroup feature".
        let group = format!("/proc/{pid}/autogroup");
        let wanted = format!(" nice {nice}");
        if fs::read_to_string(&group).is_ok_and(|text| !text.trim().ends_with(&wanted)) {
            let _ = fs::write(&group, nice.to_string());
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Four numbers of eight bytes. Not on disk for certain: what a crash of the machine forgets is
/// worth nothing after it.
fn load(file: &File) -> Option<Credit> {
    let mut bytes = [0; 32];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let mut numbers = bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
    Some(Credit {
        favour_us: numbers.next()?,
        cpu_us: numbers.next()?,
        disk_bytes: numbers.next()?,
        at_ms: numbers.next()?,
    })
}

fn store(file: &File, credit: Credit) -> io::Result<()> {
    let numbers = [credit.favour_us, credit.cpu_us, credit.disk_bytes, credit.at_ms];
    file.write_all_at(numbers.map(i64::to_le_bytes).as_flattened(), 0)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        process::{Child, Command, Stdio},
    };

    use rustix::process::getpriority_process;

    use super::*;

    /// A process that ends with its test, in a session of its own: what is set for one is set for
    /// all of it.
    struct Program(Child);

    impl Program {
        fn start(script: &str) -> Self {
            let script = format!("echo; {script}");
            let mut command = Command::new("setsid");
            command.args(["sh", "-c", &script]).stdout(Stdio::piped());
            let mut program = Self(command.spawn().unwrap());
            // Who speaks has its session.
            program.0.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
            program
        }

        fn nice(&self) -> i32 {
            getpriority_process(Some(pid(self.0.id()))).unwrap()
        }

        /// None where the kernel groups no sessions.
        fn session_nice(&self) -> Option<String> {
            let text = fs::read_to_string(format!("/proc/{}/autogroup", self.0.id())).ok()?;
            text.split_whitespace().last().map(str::to_owned)
        }
    }

    impl Drop for Program {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn pid(pid: u32) -> Pid {
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    #[test]
    fn processes_are_lowered_with_their_session_and_no_others() {
        let [lowered, other] = [(); 2].map(|()| Program::start("exec sleep 60"));
        let before = (other.nice(), other.session_nice());
        assert_ne!(before.0, BEHIND);
        renice(&[lowered.0.id()], None, BEHIND);
        assert_eq!(lowered.nice(), BEHIND);
        assert!(lowered.session_nice().is_none_or(|nice| nice == "19"));
        assert_eq!((other.nice(), other.session_nice()), before);
    }

    #[tokio::test]
    async fn what_runs_is_counted_once_and_what_rests_is_not() {
        let busy = Program::start("while :; do :; done");
        let idle = Program::start("exec sleep 60");
        let pids = [busy.0.id(), idle.0.id()];
        let (mut counted, mut resting) = (Counted::default(), Counted::default());
        let (mut sum, began) = (Duration::ZERO, Instant::now());
        while sum < Duration::from_millis(300) {
            assert!(began.elapsed() < Duration::from_secs(60), "{sum:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
            sum += counted.since(&pids);
        }
        let total: Duration = pids.iter().map(|pid| usage::stat(*pid).unwrap().own).sum();
        assert!(sum <= total, "{sum:?} of {total:?}");
        resting.since(&pids[1..]);
        assert_eq!(resting.since(&pids[1..]), Duration::ZERO);
    }

    #[test]
    fn who_was_stopped_goes_on_also_where_nobody_lists_it() {
        let resting = [(); 3].map(|()| Program::start("exec sleep 60"));
        let pids = resting.each_ref().map(|program| program.0.id());
        let state = || pids.map(|pid| usage::stat(pid).unwrap().stopped);
        let until = |wanted: [bool; 3]| {
            let began = Instant::now();
            while state() != wanted {
                assert!(began.elapsed() < Duration::from_secs(60), "{:?}", state());
                std::thread::yield_now();
            }
        };
        // Stopped by somebody else: it stays so.
        pidfd_send_signal(process(pids[1]).unwrap(), Signal::STOP).unwrap();
        until([false, true, false]);
        let mut restraint = Restraint::of(None, &Limits::default(), None, 0, None);
        restraint.stop(&pids);
        // Looked at again while they stand still, they are not stopped twice.
        until([true; 3]);
        restraint.stop(&pids);
        assert_eq!(restraint.stopped.len(), 2);
        restraint.until = Some(Instant::now());
        restraint.look(None, true, Vec::new);
        until([false, true, false]);
        assert!(restraint.until.is_none() && restraint.stopped.is_empty());
    }

    #[test]
    fn credit_is_read_as_it_was_written() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(load(&file), None, "nobody wrote any");
        let credit = Credit { favour_us: -1, cpu_us: 2, disk_bytes: i64::MIN, at_ms: i64::MAX };
        store(&file, credit).unwrap();
        assert_eq!(load(&file), Some(credit));
    }
}
