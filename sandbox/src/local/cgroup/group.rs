//! One group: what is in it, what that took, and its place among others.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::numbers;

/// The weight of a sandbox: a process beside has five times as much, or ten.
pub(super) const WEIGHT: &str = "20";
pub(super) const SHARES: &str = "100";
/// The files of weights in either version, with that of a sandbox and the least.
const WEIGHTS: [(&str, &str, &str); 2] = [("cpu.weight", WEIGHT, "1"), ("cpu.shares", SHARES, "2")];

/// The group of a command, in that of its sandbox.
#[derive(Debug)]
pub(crate) struct Group {
    /// In each tree.
    folders: Vec<PathBuf>,
}

impl Group {
    pub(super) const fn of(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The processes in it.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let list = self.read("cgroup.procs").unwrap_or_default();
        list.lines().filter_map(|pid| pid.parse().ok()).collect()
    }

    /// Processor time of all that was ever in it, where the kernel counts it.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        let nanos = self.read("cpuacct.usage").and_then(|text| text.trim().parse().ok());
        let micros = || {
            let text = self.read("cpu.stat")?;
            text.lines().find_map(|line| line.strip_prefix("usage_usec "))?.trim().parse().ok()
        };
        nanos.map(Duration::from_nanos).or_else(|| micros().map(Duration::from_micros))
    }

    /// Has its sandbox wait for all that is not behind, or not any more. Idle as the kernel means it,
    /// where it is known (from 5.15 on): a processor that runs nothing else counts as free. Else a
    /// weight that is next to nothing.
    pub(crate) fn put_behind(&self, behind: bool) -> io::Result<()> {
        for (name, level, least) in WEIGHTS {
            let Some(folder) = self.sandbox().find(|folder| folder.join(name).exists()) else {
                continue;
            };
            let idle = folder.join("cpu.idle");
            match idle.exists().then(|| fs::write(&idle, if behind { "1" } else { "0" })) {
                Some(Ok(())) if behind => {}
                _ => fs::write(folder.join(name), if behind { least } else { level })?,
            }
        }
        Ok(())
    }

    /// Whether its sandbox is behind. Any of those who supervise its commands may have put it there.
    pub(crate) fn is_behind(&self) -> bool {
        let read = |name: &str| {
            self.sandbox().find_map(|folder| fs::read_to_string(folder.join(name)).ok())
        };
        let says = |name: &str, what: &str| read(name).is_some_and(|text| text.trim() == what);
        says("cpu.idle", "1") || WEIGHTS.iter().any(|(name, _, least)| says(name, least))
    }

    /// The processors that its sandbox has; empty where nobody chose any.
    pub(crate) fn processors(&self) -> Vec<u32> {
        let list = |folder: &Path| fs::read_to_string(folder.join("cpuset.cpus")).ok();
        self.sandbox().find_map(list).map(|list| numbers(&list).collect()).unwrap_or_default()
    }

    /// The group of its sandbox, in each tree.
    fn sandbox(&self) -> impl Iterator<Item = &Path> {
        self.folders.iter().filter_map(|folder| folder.parent())
    }

    fn read(&self, name: &str) -> Option<String> {
        self.folders.iter().find_map(|folder| fs::read_to_string(folder.join(name)).ok())
    }

    /// Moves this process in, does something that starts others, and moves it back.
    pub(crate) fn around<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let homes: Vec<PathBuf> = self.folders.iter().filter_map(|folder| home(folder)).collect();
        let enter = |folder: &PathBuf| {
            fs::write(folder.join("cgroup.procs"), std::process::id().to_string())
        };
        if homes.len() != self.folders.len() {
            return Err(io::Error::other("the control group of this process is not to be found"));
        }
        let started = self.folders.iter().try_for_each(enter).and_then(|()| start());
        homes.iter().try_for_each(enter)?;
        started
    }

    /// Whether the kernel ended something for want of memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        let names = ["memory.events", "memory.oom_control"];
        let files = self.folders.iter().flat_map(|folder| names.map(|name| folder.join(name)));
        files.filter_map(|file| fs::read_to_string(file).ok()).any(|text| {
            let mut counts = text.lines().filter_map(|line| line.strip_prefix("oom_kill "));
            counts.any(|count| count.trim() != "0")
        })
    }

    /// Removes it, as far as nothing runs in it any more; whether it is gone. That of its sandbox goes
    /// with the last one in it.
    pub(crate) fn remove(&self) -> bool {
        let gone = |folder: &PathBuf| match fs::remove_dir(folder) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(()) => true,
        };
        let left = self.folders.iter().filter(|folder| !gone(folder)).count();
        for sandbox in self.sandbox() {
            let _ = fs::remove_dir(sandbox);
        }
        left == 0
    }
}

/// Ends what runs in a group of one tree, and removes it as far as that is over.
pub(super) fn end(folder: &Path) {
    // With the first process of a sandbox end all; a group that is in use yet goes with the next sweep.
    // Not `cgroup.kill`: processes that we do not see are none of ours.
    let within = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    for pid in within.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
        let _ = kill_process(pid, Signal::KILL);
    }
    let _ = fs::remove_dir(folder);
}

/// The group that this process is in, in the tree that a folder of is of.
fn home(folder: &Path) -> Option<PathBuf> {
    let mount = Path::new("/sys/fs/cgroup");
    let tree = folder.strip_prefix(mount).ok()?.components().next()?.as_os_str().to_str()?;
    if mount.join("cgroup.controllers").exists() {
        return own(|line| line.strip_prefix("0::/")).map(|own| mount.join(own));
    }
    let within = own(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(":/")?;
        controllers.split(',').any(|name| name == tree).then_some(path)
    });
    within.map(|within| mount.join(tree).join(within))
}

/// What a line of this process's groups says.
pub(super) fn own(read: impl Fn(&str) -> Option<&str>) -> Option<String> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    text.lines().find_map(read).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command's group of files as the kernel would have them, in a sandbox's with the same.
    fn group(files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        fs::create_dir(&run).unwrap();
        for (name, text) in files {
            for folder in [folder.path(), &run] {
                fs::write(folder.join(name), text).unwrap();
            }
        }
        (folder, Group::of(vec![run]))
    }

    #[test]
    fn a_group_is_put_behind_by_what_the_kernel_knows_and_back_with_its_weight() {
        let check = |weight: &str, level: &str, least: &str| {
            let read = |folder: &tempfile::TempDir, name: &str| {
                fs::read_to_string(folder.path().join(name)).unwrap()
            };
            let (folder, old) = group(&[(weight, "7")]);
            old.put_behind(true).unwrap();
            assert_eq!((read(&folder, weight).as_str(), old.is_behind()), (least, true));
            old.put_behind(false).unwrap();
            assert_eq!((read(&folder, weight).as_str(), old.is_behind()), (level, false));
            assert_eq!(old.read(weight).as_deref(), Some("7"), "all of its sandbox is, or none");
            let (folder, new) = group(&[(weight, "7"), ("cpu.idle", "0")]);
            new.put_behind(true).unwrap();
            assert_eq!(read(&folder, "cpu.idle"), "1");
            assert_eq!((read(&folder, weight).as_str(), new.is_behind()), ("7", true));
            new.put_behind(false).unwrap();
            // The kernel gives back a weight of its own, and not ours.
            assert_eq!(read(&folder, "cpu.idle"), "0");
            assert_eq!((read(&folder, weight).as_str(), new.is_behind()), (level, false));
        };
        check("cpu.weight", "20", "1");
        check("cpu.shares", "100", "2");
    }

    #[test]
    fn processor_time_is_read_in_either_version() {
        let (_folder, two) = group(&[("cpu.stat", "usage_usec 2500\nuser_usec 1\n")]);
        assert_eq!(two.cpu(), Some(Duration::from_micros(2500)));
        let (_folder, one) = group(&[("cpuacct.usage", "2500\n"), ("cpu.stat", "nr_periods 3\n")]);
        assert_eq!(one.cpu(), Some(Duration::from_nanos(2500)));
        let (_folder, none) = group(&[("cpu.stat", "nr_periods 3\n")]);
        assert_eq!(none.cpu(), None);
    }
}
