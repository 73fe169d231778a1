//! Control groups: bounds of the kernel's on memory, processes and processor time of all that a
//! command starts. Version 2 where a part of the tree is ours, version 1 where that is what there is.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::argv::OURS;
use crate::Limits;

/// What all groups of ours begin with.
const PREFIX: &str = "sandbox-";

/// Where groups can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tree {
    /// The one tree of version 2: a folder whose children have the controllers.
    V2(PathBuf),
    /// The trees of version 1.
    V1 { memory: PathBuf, pids: PathBuf, cpu: PathBuf },
}

impl Tree {
    /// Looks for a place, and makes a group to see that it works. Where there is none, says why.
    pub(crate) fn find(mount: &Path, delegated: Option<&Path>) -> Result<Self, String> {
        let mut causes = Vec::new();
        for tree in Self::candidates(mount, delegated) {
            match tree.try_out() {
                Ok(()) => return Ok(tree),
                Err(error) => causes.push(format!("{}: {error}", tree.name())),
            }
        }
        Err(match causes.is_empty() {
            true => format!("no control groups below {}", mount.display()),
            false => causes.join("; "),
        })
    }

    fn candidates(mount: &Path, delegated: Option<&Path>) -> Vec<Self> {
        let mut found: Vec<Self> =
            delegated.map(|at| Self::V2(at.to_owned())).into_iter().collect();
        if mount.join("cgroup.controllers").exists() {
            let own = own(|line| line.strip_prefix("0::/"));
            found.extend(own.map(|own| Self::V2(mount.join(own))));
            found.push(Self::V2(mount.join("orchestack")));
        } else if mount.join("memory").exists() {
            let [memory, pids, cpu] = ["memory", "pids", "cpu"].map(|name| mount.join(name));
            found.push(Self::V1 { memory, pids, cpu });
        }
        found
    }

    fn try_out(&self) -> io::Result<()> {
        if let Self::V2(folder) = self {
            fs::create_dir_all(folder)?;
            for folder in folder.parent().into_iter().chain([folder.as_path()]) {
                // Fails where they are there already from above, and that is looked at next.
                let _ = fs::write(folder.join("cgroup.subtree_control"), "+memory +pids +cpu");
            }
        }
        let group = self.make(&Limits::default())?;
        group.remove();
        Ok(())
    }

    /// What this is called in reports.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::V2(_) => "control groups, version 2",
            Self::V1 { .. } => "control groups, version 1",
        }
    }

    /// Makes a group with bounds. Nothing of it stays if a bound cannot be set.
    pub(crate) fn make(&self, limits: &Limits) -> io::Result<Group> {
        let name = format!("{PREFIX}{}", types::EventId::generate());
        let group = Group { folders: self.parents().map(|parent| parent.join(&name)).collect() };
        let made = group.folders.iter().try_for_each(|folder| {
            fs::create_dir(folder)?;
            self.bounds(folder, limits)
        });
        if made.is_err() {
            group.remove();
        }
        made.map(|()| group)
    }

    fn bounds(&self, folder: &Path, limits: &Limits) -> io::Result<()> {
        let set = |name: &str, value: String| {
            let there = folder.join(name);
            match there.exists() {
                true => fs::write(there, value),
                false => Err(io::Error::new(io::ErrorKind::NotFound, format!("no `{name}`"))),
            }
        };
        // Swap would be memory that nobody counts; not every kernel counts it.
        let try_set = |name: &str, value: String| {
            let _ = set(name, value);
        };
        let (memory, pids) = (limits.memory_bytes.to_string(), limits.processes + OURS);
        let (period, quota) = (100_000, u64::from(limits.cpu_milli) * 100);
        match self {
            Self::V2(_) => {
                set("memory.max", memory)?;
                try_set("memory.swap.max", "0".to_owned());
                try_set("memory.oom.group", "1".to_owned());
                set("pids.max", pids.to_string())?;
                set("cpu.max", format!("{quota} {period}"))?;
                try_set("cpu.weight", "20".to_owned());
            }
            Self::V1 { memory: at, .. } if folder.starts_with(at) => {
                set("memory.limit_in_bytes", memory.clone())?;
                try_set("memory.memsw.limit_in_bytes", memory);
            }
            Self::V1 { pids: at, .. } if folder.starts_with(at) => {
                set("pids.max", pids.to_string())?;
            }
            Self::V1 { .. } => {
                try_set("cpu.cfs_period_us", period.to_string());
                try_set("cpu.cfs_quota_us", quota.to_string());
                set("cpu.shares", "100".to_owned())?;
            }
        }
        Ok(())
    }

    fn parents(&self) -> impl Iterator<Item = &Path> {
        let folders = match self {
            Self::V2(folder) => vec![folder],
            Self::V1 { memory, pids, cpu } => vec![memory, pids, cpu],
        };
        folders.into_iter().map(PathBuf::as_path)
    }

    /// Removes groups that nothing runs in: those whose supervisor was killed.
    pub(crate) fn sweep(&self) {
        for parent in self.parents() {
            for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
                if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                    // A group that something runs in cannot be removed.
                    let _ = fs::remove_dir(entry.path());
                }
            }
        }
    }
}

/// A group.
#[derive(Debug)]
pub(crate) struct Group {
    folders: Vec<PathBuf>,
}

impl Group {
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

    /// Removes it, as far as nothing runs in it any more.
    pub(crate) fn remove(&self) {
        for folder in &self.folders {
            let _ = fs::remove_dir(folder);
        }
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
fn own(read: impl Fn(&str) -> Option<&str>) -> Option<String> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    text.lines().find_map(read).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_version_two_are_written_as_the_kernel_reads_them() {
        // No machine has both versions: the files of this one are written to a folder like it.
        let folder = tempfile::tempdir().unwrap();
        for name in ["memory.max", "memory.oom.group", "pids.max", "cpu.max", "cpu.weight"] {
            fs::write(folder.path().join(name), "max").unwrap();
        }
        let tree = Tree::V2(folder.path().to_owned());
        tree.bounds(folder.path(), &Limits::default()).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("memory.max"), "1073741824");
        assert_eq!(read("memory.oom.group"), "1");
        assert_eq!(read("pids.max"), "144");
        assert_eq!(read("cpu.max"), "100000 100000");
        assert_eq!(read("cpu.weight"), "20");
        fs::remove_file(folder.path().join("memory.max")).unwrap();
        assert!(tree.bounds(folder.path(), &Limits::default()).is_err(), "a bound less is none");
    }

    #[test]
    fn where_there_is_no_tree_the_cause_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let cause = Tree::find(folder.path(), None).unwrap_err();
        assert!(cause.starts_with("no control groups below"), "{cause}");
    }
}
