//! What processes take, read where the kernel tells it of each: memory, processor time, what they
//! wrote. And which they are.

use std::{collections::BTreeSet, fs, ops::RangeInclusive, path::PathBuf, time::Duration};

use rustix::param::clock_ticks_per_second;

/// The most processes that are looked at of one command.
const PROCESSES_MAX: usize = 4096;

/// A process and all below it, parents before their children.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let (mut seen, mut found) = (BTreeSet::from([root]), vec![root]);
    let mut at = 0;
    while let Some(pid) = found.get(at).copied() {
        at += 1;
        for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
            found.extend(children.filter(|pid| seen.len() < PROCESSES_MAX && seen.insert(*pid)));
        }
    }
    found
}

/// What one process took, as `/proc/PID/stat` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Whether it stands still because of a signal.
    pub(crate) stopped: bool,
    /// Its own processor time.
    pub(crate) own: Duration,
    /// That with the time of children that ended and were waited for.
    pub(crate) cpu: Duration,
}

/// What a process took; none where it is gone.
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 3 and 14 to 17 of proc_pid_stat(5).
fn parse(text: &str) -> Option<Stat> {
    // A name may have anything in it, also what looks like its end.
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |range: RangeInclusive<usize>| {
        let fields = fields.get(*range.start() - 3..=*range.end() - 3)?;
        let ticks = fields.iter().filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
        Some(Duration::from_millis(ticks.saturating_mul(1000) / clock_ticks_per_second().max(1)))
    };
    let stopped = matches!(fields.first(), Some(&"T"));
    Some(Stat { stopped, own: ticks(14..=15)?, cpu: ticks(14..=17)? })
}

/// Memory of processes: what is resident, and what was written to swap.
pub(crate) fn memory(pids: &[u32]) -> u64 {
    pids.iter().filter_map(|pid| memory_of(*pid)).fold(0, u64::saturating_add)
}

/// Memory of one process, which all of its threads share. Where its first one has ended, another tells.
fn memory_of(pid: u32) -> Option<u64> {
    let of = |status: PathBuf| held(&fs::read_to_string(status).ok()?);
    let process = PathBuf::from(format!("/proc/{pid}"));
    of(process.join("status")).or_else(|| {
        let threads = fs::read_dir(process.join("task")).ok()?.flatten();
        threads.filter_map(|thread| of(thread.path().join("status"))).max()
    })
}

/// `VmRSS` and `VmSwap` of proc_pid_status(5); none where it has no memory any more.
fn held(status: &str) -> Option<u64> {
    let field = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    let kib = field("VmRSS:")?.saturating_add(field("VmSwap:").unwrap_or(0));
    Some(kib.saturating_mul(1024))
}

/// Bytes that processes wrote to disks, with their children that ended and were waited for. Whether
/// those are there yet or are to be written some time is all the same.
pub(crate) fn written(pids: &[u32]) -> u64 {
    let of = |pid: &u32| -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.trim().parse().ok()
    };
    pids.iter().filter_map(of).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_it_is_called() {
        let text = "7 (a) R 1 (b) T 1 7 7 0 -1 0 0 0 0 0 11 22 33 44 20 0 1 0 99 5000 3 0";
        let found = parse(text).unwrap();
        assert!(found.stopped);
        let ticks = |count: u64| Duration::from_millis(count * 1000 / clock_ticks_per_second());
        assert_eq!((found.own, found.cpu), (ticks(33), ticks(110)));
        for broken in ["", "7 (a)", "7 (a) R 1 2"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn this_process_is_in_its_own_tree_with_what_it_has() {
        let own = std::process::id();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pids = tree(own);
        assert_eq!(pids.first(), Some(&own));
        assert!(pids.contains(&child.id()), "{pids:?}");
        assert!(memory(&[own]) > 1 << 20);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(stat(child.id()), None);
    }

    #[test]
    fn what_is_in_swap_is_held_and_a_process_without_memory_says_so() {
        let status = "Name:\tVmRSS:\nVmPeak:\t  9 kB\nVmRSS:\t     100 kB\nVmSwap:\t       28 kB\n";
        assert_eq!(held(status), Some(128 << 10));
        assert_eq!(held("VmRSS:\t     100 kB\n"), Some(100 << 10));
        assert_eq!(held("Name:\tsh\nState:\tZ (zombie)\n"), None);
    }

    #[test]
    fn memory_is_seen_when_the_first_thread_has_ended() {
        use std::io::Read;
        // `SYS_exit` ends one thread; another has 32 MiB.
        let script = format!(
            "use threads; $| = 1; threads->create(sub {{ $x = \"x\" x (32 << 20); print 1; sleep 60 }}); \
             syscall({})",
            libc::SYS_exit
        );
        let mut perl = std::process::Command::new("perl");
        perl.args(["-e", &script]).stdout(std::process::Stdio::piped());
        let mut perl = perl.spawn().unwrap();
        perl.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let began = std::time::Instant::now();
        let ended = || {
            let status = fs::read_to_string(format!("/proc/{}/status", perl.id())).unwrap();
            held(&status).is_none()
        };
        while !ended() {
            assert!(began.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
        let found = memory(&[perl.id()]);
        perl.kill().unwrap();
        perl.wait().unwrap();
        assert!(found > 32 << 20, "{found}");
    }
}
