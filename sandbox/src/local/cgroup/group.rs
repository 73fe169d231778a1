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

/// A group.
#[derive(Debug)]
pub(crate) struct Group {
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

    /// Has it wait for all that is not behind, or not any more. Idle as the kernel means it, where
    /// it is known (from 5.15 on): a processor that runs nothing else counts as free. Else a weight
    /// that is next to nothing.
    pub(crate) fn put_behind(&self, behind: bool) -> io::Result<()> {
        for (name, level, least) in [("cpu.weight", WEIGHT, "1"), ("cpu.shares", SHARES, "2")] {
            let Some(folder) = self.folders.iter().find(|folder| folder.join(name).exists()) else {
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

    /// The processors that it has; empty where nobody chose any.
    pub(crate) fn processors(&self) -> Vec<u32> {
        self.read("cpuset.cpus").map(|list| numbers(&list).collect()).unwrap_or_default()
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

    /// Removes it, as far as nothing runs in it any more; whether it is gone.
    pub(crate) fn remove(&self) -> bool {
        let gone = |folder: &PathBuf| match fs::remove_dir(folder) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(()) => true,
        };
        self.folders.iter().filter(|folder| !gone(folder)).count() == 0
    }

    /// Ends what runs in it, and removes it as far as that is over.
    pub(super) fn end(&self) {
        for folder in &self.folders {
            // With the first process of a sandbox end all; a group that is in use yet goes with the
            // next sweep. Not `cgroup.kill`: processes that we do not see are none of ours.
            let within = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            for pid in within.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        self.remove();
    }
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

    /// A group of files as the kernel would have them, and how to read them.
    fn group(files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let group = Group::of(vec![folder.path().to_owned()]);
        (folder, group)
    }

    #[test]
    fn a_group_is_put_behind_by_what_the_kernel_knows_and_back_with_its_weight() {
        let check = |weight: &str, level: &str, least: &str| {
            let (_folder, old) = group(&[(weight, "7")]);
            old.put_behind(true).unwrap();
            assert_eq!(old.read(weight).as_deref(), Some(least));
            old.put_behind(false).unwrap();
            assert_eq!(old.read(weight).as_deref(), Some(level));
            let (_folder, new) = group(&[(weight, "7"), ("cpu.idle", "0")]);
            new.put_behind(true).unwrap();
            let found = (new.read("cpu.idle"), new.read(weight));
            assert_eq!(found, (Some("1".into()), Some("7".into())), "the kernel says which");
            new.put_behind(false).unwrap();
            // The kernel gives back a weight of its own, and not ours.
            assert_eq!(new.read("cpu.idle").as_deref(), Some("0"));
            assert_eq!(new.read(weight).as_deref(), Some(level));
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
