//! Control groups: bounds of the kernel's on memory, processes and processor time of all that runs in
//! a sandbox. Version 2 where a part of the tree is ours, version 1 where that is what there is.
//!
//! ```text
//! sandbox-HASH/                  a sandbox, while something runs in it: the bounds, no process
//! sandbox-HASH/run-PID-TICKS-ID/ a command: its processes, what they took, who was ended
//! ```

mod group;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use ring::digest::{SHA256, digest};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::{argv::OURS, mark};
use crate::Limits;
pub(crate) use group::Group;
use group::{SHARES, WEIGHT, own};

/// What the groups of sandboxes begin with, and those of commands within.
const SANDBOX: &str = "sandbox-";
const RUN: &str = "run-";
/// Commands of one sandbox whose helpers are no part of its processes. Those of more are.
const RUNS_MAX: u32 = 64;
/// How often a group is made again whose sandbox's was removed meanwhile: its last command ended.
const MAKES_MAX: u32 = 16;

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
        let group = self.make(Path::new(&mark::new()), &Limits::default())?;
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

    /// Makes a group for a command of the sandbox with this folder, below that of the sandbox, which
    /// has the bounds. Nothing of it stays if a bound cannot be set.
    pub(crate) fn make(&self, sandbox: &Path, limits: &Limits) -> io::Result<Group> {
        let hash = digest(&SHA256, sandbox.as_os_str().as_encoded_bytes());
        let hash: String = hash.as_ref().iter().take(12).map(|b| format!("{b:02x}")).collect();
        let (name, run) = (format!("{SANDBOX}{hash}"), format!("{RUN}{}", mark::new()));
        let folders = self.parents().map(|parent| parent.join(&name).join(&run)).collect();
        let group = Group::of(folders);
        let mut made = Ok(());
        for _ in 0..MAKES_MAX {
            made = group.folders().iter().try_for_each(|folder| self.make_in(folder, limits));
            match &made {
                Ok(()) => return Ok(group),
                Err(error) => {
                    group.remove();
                    if !is_gone(error) {
                        break;
                    }
                }
            }
        }
        made.map(|()| group)
    }

    /// Makes a command's group in one tree, and that of its sandbox around it.
    fn make_in(&self, run: &Path, limits: &Limits) -> io::Result<()> {
        let sandbox = run.parent().unwrap_or(run);
        let is_new = match fs::create_dir(sandbox) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            made => made.map(|()| true)?,
        };
        // Before 5.11 a kernel may count each group for itself.
        let sums = sandbox.join("memory.use_hierarchy");
        if sums.exists() {
            fs::write(sums, "1")?;
        }
        fs::create_dir(run)?;
        match self.bounds(sandbox, limits, is_new) {
            // What runs there has more memory than may be now. It keeps the bound that it had.
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {}
            bound => bound?,
        }
        self.pass_on(sandbox, run)
    }

    /// Gives a command's group what it must have of its own.
    fn pass_on(&self, sandbox: &Path, run: &Path) -> io::Result<()> {
        match self {
            Self::V2(_) => {
                // Its own count says whose process was ended, and with one end all of that command.
                fs::write(sandbox.join("cgroup.subtree_control"), "+memory")?;
                let _ = fs::write(run.join("memory.oom.group"), "1");
            }
            Self::V1 { cpuset: Some(at), .. } if run.starts_with(at) => {
                // A new group has neither, and nothing enters it before it has both.
                for name in ["cpuset.mems", "cpuset.cpus"] {
                    fs::write(run.join(name), fs::read_to_string(sandbox.join(name))?)?;
                }
            }
            Self::V1 { .. } => {}
        }
        Ok(())
    }

    /// Sets the bounds of a sandbox's group. What says where it stands among others is set once: others
    /// may have put it behind since.
    fn bounds(&self, folder: &Path, limits: &Limits, is_new: bool) -> io::Result<()> {
        let set = |name: &str, value: String| {
            let there = folder.join(name);
            match there.exists() {
                true => fs::write(there, value),
                false => Err(io::Error::new(io::ErrorKind::Unsupported, format!("no `{name}`"))),
            }
        };
        // Swap would be memory that nobody counts; not every kernel counts it.
        let try_set = |name: &str, value: String| {
            let _ = set(name, value);
        };
        // Each command has a helper and bubblewrap.
        let pids = limits.processes + OURS * runs(folder);
        let memory = limits.memory_bytes.to_string();
        let (period, quota) = (100_000, u64::from(limits.cpu_milli) * 100);
        match self {
            Self::V2(_) => {
                set("memory.max", memory)?;
                try_set("memory.swap.max", "0".to_owned());
                set("pids.max", pids.to_string())?;
                set("cpu.max", format!("{quota} {period}"))?;
                if is_new {
                    try_set("cpu.weight", WEIGHT.to_owned());
                }
                if let Some(chosen) = processors(folder, limits.cpu_milli).filter(|_| is_new) {
                    try_set("cpuset.cpus", chosen);
                }
            }
            Self::V1 { memory: at, .. } if folder.starts_with(at) => {
                // The bound of both is never below that of one.
                try_set("memory.memsw.limit_in_bytes", "-1".to_owned());
                let set = set("memory.limit_in_bytes", memory.clone());
                try_set("memory.memsw.limit_in_bytes", memory);
                set?;
            }
            Self::V1 { pids: at, .. } if folder.starts_with(at) => {
                set("pids.max", pids.to_string())?;
            }
            Self::V1 { cpuset: Some(at), .. } if folder.starts_with(at) => {
                set("cpuset.mems", fs::read_to_string(at.join("cpuset.mems"))?)?;
                // What runs in it is not moved.
                if !is_chosen(folder) {
                    let all = || fs::read_to_string(at.join("cpuset.cpus"));
                    let chosen = processors(folder, limits.cpu_milli);
                    set("cpuset.cpus", chosen.map_or_else(all, Ok)?)?;
                }
            }
            Self::V1 { cpuacct: Some(at), .. } if folder.starts_with(at) => {}
            Self::V1 { .. } => {
                try_set("cpu.cfs_period_us", period.to_string());
                try_set("cpu.cfs_quota_us", quota.to_string());
                if is_new {
                    set("cpu.shares", SHARES.to_owned())?;
                }
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
            for (sandbox, name) in within(parent, SANDBOX) {
                // One of a version before this: a command's own.
                if mark::is_left(&name) {
                    group::end(&sandbox);
                }
                for (run, name) in within(&sandbox, RUN) {
                    if mark::is_left(&name) {
                        group::end(&run);
                    }
                }
                // Fails where it has others. Who makes one there at this moment makes it again.
                let _ = fs::remove_dir(sandbox);
            }
        }
    }
}

/// Whether a group is not there any more, or goes at this moment: a file that was in it cannot be made then.
fn is_gone(error: &io::Error) -> bool {
    let goes = error.raw_os_error() == Some(Errno::NODEV.raw_os_error());
    goes || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
}

/// The groups in one whose names begin with this, each with the rest of its name.
fn within(folder: &Path, prefix: &str) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let rest = entry.file_name().to_str()?.strip_prefix(prefix)?.to_owned();
        Some((entry.path(), rest))
    });
    named.collect()
}

/// Commands that have a group in that of a sandbox; as if there was one, where there is none.
fn runs(sandbox: &Path) -> u32 {
    u32::try_from(within(sandbox, RUN).len()).unwrap_or(u32::MAX).clamp(1, RUNS_MAX)
}

/// Whether a group has processors of its own.
fn is_chosen(group: &Path) -> bool {
    let chosen = fs::read_to_string(group.join("cpuset.cpus"));
    chosen.is_ok_and(|chosen| !chosen.trim().is_empty())
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
    for (beside, _) in within(parent, SANDBOX) {
        let taken = fs::read_to_string(beside.join("cpuset.cpus")).unwrap_or_default();
        for number in numbers(&taken) {
            loads.entry(number).and_modify(|load| *load += 1);
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
        for name in ["memory.max", "pids.max", "cpu.max", "cpu.weight"] {
            fs::write(folder.path().join(name), "max").unwrap();
        }
        let tree = Tree::V2(folder.path().to_owned());
        let bounds = |is_new| tree.bounds(folder.path(), &Limits::default(), is_new);
        bounds(true).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("memory.max"), "1073741824");
        assert_eq!(read("pids.max"), "144");
        assert_eq!(read("cpu.max"), "100000 100000");
        assert_eq!(read("cpu.weight"), "20");
        // With a second command its helper has room too, and what was put behind stays there.
        let runs = ["run-a", "run-b"].map(|name| folder.path().join(name));
        for run in &runs {
            fs::create_dir(run).unwrap();
            tree.pass_on(folder.path(), run).unwrap();
            assert_eq!(fs::read_to_string(run.join("memory.oom.group")).unwrap(), "1");
        }
        fs::write(folder.path().join("cpu.weight"), "1").unwrap();
        bounds(false).unwrap();
        assert_eq!((read("pids.max").as_str(), read("cpu.weight").as_str()), ("160", "1"));
        assert_eq!(read("cgroup.subtree_control"), "+memory");
        fs::remove_file(folder.path().join("memory.max")).unwrap();
        assert!(bounds(true).is_err(), "a bound less is none");
    }

    #[test]
    fn commands_of_one_sandbox_are_in_one_group_and_it_goes_with_the_last() {
        let Ok(tree) = Tree::find(Path::new("/sys/fs/cgroup"), None) else { return };
        let folder = tempfile::tempdir().unwrap();
        let make = |bytes| {
            let limits = Limits { memory_bytes: bytes, ..Limits::default() };
            tree.make(folder.path(), &limits).unwrap()
        };
        let (first, second) = (make(64 << 20), make(128 << 20));
        let sandbox = |group: &Group| group.folders().first().unwrap().parent().unwrap().to_owned();
        assert_eq!(sandbox(&first), sandbox(&second));
        let bound = ["memory.max", "memory.limit_in_bytes"]
            .into_iter()
            .find_map(|name| fs::read_to_string(sandbox(&first).join(name)).ok());
        assert_eq!(
            bound.unwrap().trim(),
            (128 << 20).to_string(),
            "who begins last says what may be"
        );
        assert!(first.remove() && sandbox(&first).exists());
        tree.sweep();
        assert!(second.folders().iter().all(|folder| folder.exists()), "its maker is at work");
        assert!(second.remove() && !sandbox(&second).exists());
        // Two that begin and end at any moment do not disturb each other.
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..50).for_each(|_| assert!(make(64 << 20).remove())));
            }
        });
        assert!(!sandbox(&first).exists());
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
