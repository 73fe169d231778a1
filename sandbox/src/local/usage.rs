//! What processes take, read where the kernel tells it of each: memory, processor time, what they
//! wrote. And which they are.

use std::{collections::BTreeSet, fs, ops::RangeInclusive, time::Duration};

use rustix::param::{clock_ticks_per_second, page_size};

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
    /// Its resident memory.
    pub(crate) memory_bytes: u64,
}

/// What a process took; none where it is gone.
pub(crate) fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 3, 14 to 17 and 24 of proc_pid_stat(5).
fn parse(text: &str) -> Option<Stat> {
    // A name may have anything in it, also what looks like its end.
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let number = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
    let ticks = |fields: RangeInclusive<usize>| {
        let ticks = fields.filter_map(number).sum::<u64>();
        Duration::from_millis(ticks.saturating_mul(1000) / clock_ticks_per_second().max(1))
    };
    let memory = number(24)?.saturating_mul(page_size() as u64);
    Some(Stat {
        stopped: matches!(fields.first(), Some(&"T")),
        own: ticks(14..=15),
        cpu: ticks(14..=17),
        memory_bytes: memory,
    })
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
        assert_eq!(found.memory_bytes, 3 * page_size() as u64);
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
        assert!(stat(own).unwrap().memory_bytes > 1 << 20);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(stat(child.id()), None);
    }
}
