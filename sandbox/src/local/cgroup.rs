//! Control groups: bounds of the kernel's on memory, processes and processor time of all that a
//! command starts. Version 2 where a part of the tree is ours, version 1 where that is what there is.

mod group;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{argv::OURS, mark};
use crate::Limits;
pub(crate) use group::Group;
use group::{SHARES, WEIGHT, own};

/// What all groups of ours begin with.
const PREFIX: &str = "sandbox-";

/// Where groups can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tree {
    /// The one tree of version 2: a folder whose children have the controllers.
    V2(PathBuf),
    /// The trees of version 1.
    V1 {
        memory: PathBuf,
        pids: PathBuf,
        cpu: PathBuf,
        cpuset: Option<PathBuf>,
        /// Where processor time is counted apart from where it is bounded.
        #[serde(default)]
        cpuacct: Option<PathBuf>,
    },
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
            // Better without a choice of processors than without any bound.
            let cpuacct = Some(mount.join("cpuacct"))
                .filter(|apart| apart.exists() && !cpu.join("cpuacct.usage").exists());
            found.extend([Some(mount.join("cpuset")), None].map(|cpuset| Self::V1 {
                memory: memory.clone(),
                pids: pids.clone(),
                cpu: cpu.clone(),
                cpuset,
                cpuacct: cpuacct.clone(),
            }));
        }
        found
    }

    fn try_out(&self) -> io::Result<()> {
        if let Self::V2(folder) = self {
            fs::create_dir_all(folder)?;
            for folder in folder.parent().into_iter().chain([folder.as_path()]) {
                // Fails where they are there already from above, and that is looked at next.
                for controllers in ["+memory +pids +cpu", "+cpuset"] {
                    let _ = fs::write(folder.join("cgroup.subtree_control"), controllers);
                }
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
        let name = format!("{PREFIX}{}", mark::new());
        let group = Group::of(self.parents().map(|parent| parent.join(&name)).collect());
        let made = group.folders().iter().try_for_each(|folder| {
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
                try_set("cpu.weight", WEIGHT.to_owned());
                if let Some(chosen) = processors(folder, limits.cpu_milli) {
                    try_set("cpuset.cpus", chosen);
                }
            }
            Self::V1 { memory: at, .. } if folder.starts_with(at) => {
                set("memory.limit_in_bytes", memory.clone())?;
                try_set("memory.memsw.limit_in_bytes", memory);
            }
            Self::V1 { pids: at, .. } if folder.starts_with(at) => {
                set("pids.max", pids.to_string())?;
            }
            Self::V1 { cpuset: Some(at), .. } if folder.starts_with(at) => {
                // A new group has neither, and nothing enters it before it has both.
                set("cpuset.mems", fs::read_to_string(at.join("cpuset.mems"))?)?;
                let all = || fs::read_to_string(at.join("cpuset.cpus"));
                let chosen = processors(folder, limits.cpu_milli);
                set("cpuset.cpus", chosen.map_or_else(all, Ok)?)?;
            }
            Self::V1 { cpuacct: Some(at), .. } if folder.starts_with(at) => {}
            Self::V1 { .. } => {
                try_set("cpu.cfs_period_us", period.to_string());
                try_set("cpu.cfs_quota_us", quota.to_string());
                set("cpu.shares", SHARES.to_owned())?;
            }
        }
        Ok(())
    }

    fn parents(&self) -> impl Iterator<Item = &Path> {
        let folders = match self {
            Self::V2(folder) => vec![folder],
            Self::V1 { memory, pids, cpu, cpuset, cpuacct } => {
                [memory, pids, cpu].into_iter().chain(cpuset).chain(cpuacct).collect()
            }
        };
        folders.into_iter().map(PathBuf::as_path)
    }

    /// Removes the groups of supervisors that were killed, and ends what is left in them.
    pub(crate) fn sweep(&self) {
        for parent in self.parents() {
            for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if name
                    .to_str()
                    .and_then(|name| name.strip_prefix(PREFIX))
                    .is_some_and(mark::is_left)
                {
                    Group::of(vec![entry.path()]).end();
                }
            }
        }
    }
}

/// As many processors as a share of them needs, and of those the ones that the fewest groups beside
/// have. Who spins on two halves of processors disturbs more neighbours than who spins on one, and
/// gets no more done. None where all are needed.
fn processors(group: &Path, cpu_milli: u32) -> Option<String> {
    let parent = group.parent()?;
    let names = ["cpuset.cpus.effective", "cpuset.effective_cpus"];
    let all = names.iter().find_map(|name| fs::read_to_string(parent.join(name)).ok())?;
    let mut loads: BTreeMap<u32, usize> = numbers(&all).map(|number| (number, 0)).collect();
    let wanted = usize::try_from(cpu_milli.div_ceil(1000)).ok()?;
    if wanted >= loads.len() {
        return None;
    }
    for entry in fs::read_dir(parent).ok()?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            let taken = fs::read_to_string(entry.path().join("cpuset.cpus")).unwrap_or_default();
            for number in numbers(&taken) {
                loads.entry(number).and_modify(|load| *load += 1);
            }
        }
    }
    let mut order: Vec<(usize, u32)> = loads.into_iter().map(|(at, load)| (load, at)).collect();
    order.sort_unstable();
    let chosen: Vec<String> = order.iter().take(wanted).map(|(_, at)| at.to_string()).collect();
    Some(chosen.join(","))
}

/// The numbers of a list such as `0-3,8`.
pub(super) fn numbers(list: &str) -> impl Iterator<Item = u32> {
    list.trim()
        .split(',')
        .flat_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            first.parse::<u32>().ok().zip(last.parse().ok()).map(|(first, last)| first..=last)
        })
        .flatten()
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
    fn a_command_is_put_where_the_fewest_are() {
        let folder = tempfile::tempdir().unwrap();
        let (parent, ours) = (folder.path(), folder.path().join("sandbox-new"));
        assert_eq!(processors(&ours, 1000), None, "nobody says which there are");
        fs::write(parent.join("cpuset.cpus.effective"), "0-2,5\n").unwrap();
        let beside = |name: &str, cpus: &str| {
            fs::create_dir_all(parent.join(name)).unwrap();
            fs::write(parent.join(name).join("cpuset.cpus"), cpus).unwrap();
        };
        assert_eq!(processors(&ours, 1000).as_deref(), Some("0"));
        beside("sandbox-a", "0-1\n");
        beside("sandbox-b", "0\n");
        beside("other", "2,5\n");
        assert_eq!(processors(&ours, 50).as_deref(), Some("2"));
        assert_eq!(processors(&ours, 2000).as_deref(), Some("2,5"));
        assert_eq!(processors(&ours, 2001).as_deref(), Some("2,5,1"));
        assert_eq!(processors(&ours, 4000), None);
    }

    #[test]
    fn where_there_is_no_tree_the_cause_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let cause = Tree::find(folder.path(), None).unwrap_err();
        assert!(cause.starts_with("no control groups below"), "{cause}");
    }
}
