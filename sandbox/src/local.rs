//! Sandboxes on this machine: bubblewrap makes the namespaces, a filter says which system calls
//! there are, the kernel's limits and control groups say how much, a user of its own keeps one from
//! another. Each command gets namespaces of its own over the sandbox's workspace: what it leaves
//! running ends with it.

mod argv;
mod cgroup;
mod command;
mod files;
pub(crate) mod folder;
pub(crate) mod landlock;
mod look;
mod mark;
mod remove;
pub(crate) mod running;
pub(crate) mod seccomp;
pub(crate) mod usage;
pub(crate) mod watch;
mod way;

use std::{
    collections::BTreeSet,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::task::spawn_blocking;
use types::Timestamp;

pub(crate) use argv::{EGRESS, PROXY};
pub(crate) use cgroup::{Group, Tree};
pub(crate) use files::names;

use crate::{
    Allow, Driver, End, Entry, Error, Handle, Isolation, Lookup, Observer, Proxy, Spec, Status,
    Stream, Swept, Trust,
    driver::{Command, Name, is_variable},
};
use command::narrowed;
use folder::{Folder, Record, Root};
use way::Ways;

/// What the local driver is made of.
pub struct Options {
    /// The folder of everything. Users of sandboxes must be able to pass through the folders above it.
    pub root: PathBuf,
    /// This binary and the words that its commands `supervise DIR`, `forward -- ..` and
    /// `probe PORT` come after.
    pub helper: Vec<String>,
    /// Sandboxes at the same time.
    pub slots: u32,
    /// The first of as many users as there are slots, and 16 more for canaries; used where we are root.
    pub first_user: u32,
    /// A folder of control groups, version 2, that was delegated to us.
    pub cgroup: Option<PathBuf>,
    /// Free bytes of the disk below which commands are ended.
    pub free_bytes_min: u64,
    /// How long a sandbox may be there without an owner before a sweep removes it.
    pub orphan_after: Duration,
    /// How names are looked up on the way out.
    pub lookup: Lookup,
    /// Who is told of every decision on the way out.
    pub observer: Observer,
}

/// Sandboxes on this machine.
pub struct Local {
    root: Root,
    helper: PathBuf,
    helper_words: Vec<String>,
    options: Options,
    /// Whether sandboxes have users of their own.
    users: bool,
    tree: Option<Tree>,
    isolation: Isolation,
    ways: Ways,
}

impl Local {
    /// Opens the driver, and runs a canary in a sandbox to see what isolation there is. Where no
    /// sandbox starts, the driver opens all the same and says so.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let unusable = || Error::io(format!("cannot use {} for sandboxes", options.root.display()));
        let root = Root::open(&options.root).map_err(unusable())?;
        let (program, words) = options.helper.split_first().ok_or_else(|| Error::Spec {
            why: "the helper is this binary and the words before its commands".into(),
        })?;
        let helper = root.helper(Path::new(program)).map_err(unusable())?;
        let tree = Tree::find(Path::new("/sys/fs/cgroup"), options.cgroup.as_deref());
        let users = rustix::process::geteuid().is_root();
        let mut local = Self {
            helper_words: words.to_vec(),
            tree: tree.as_ref().ok().cloned(),
            root,
            helper,
            users,
            isolation: Isolation::default(),
            ways: Ways::default(),
            options,
        };
        local.isolation = look::around(&local, tree.as_ref().err()).await;
        if !local.isolation.is_whole() {
            tracing::warn!(why = local.isolation.why(), "untrusted code is refused in sandboxes");
        }
        Ok(local)
    }

    fn user(&self, slot: u32) -> Option<u32> {
        self.users.then(|| self.options.first_user.saturating_add(slot))
    }

    /// The record of a sandbox, whose way out is open.
    fn find(&self, sandbox: &Handle) -> Result<(Folder, Record), Error> {
        let folder = self.root.folder(&sandbox.name);
        let found = self.ways.alone(&sandbox.name, |way| self.enter(&folder, &sandbox.name, way));
        found.map(|record| (folder, record))
    }

    /// Reads the record of a sandbox that is there, and opens its way out.
    fn enter(
        &self,
        folder: &Folder,
        name: &Name,
        way: &mut Option<Proxy>,
    ) -> Result<Record, Error> {
        let record =
            recorded(folder)?.ok_or_else(|| Error::NoSandbox { name: name.to_string() })?;
        self.open_way(folder, &record.spec, way)?;
        folder.used();
        Ok(record)
    }

    /// Opens the way out of a sandbox, if it is not open: it closes when we end.
    fn open_way(&self, folder: &Folder, spec: &Spec, way: &mut Option<Proxy>) -> Result<(), Error> {
        if way.is_none() {
            let (lookup, observer) =
                (Arc::clone(&self.options.lookup), Arc::clone(&self.options.observer));
            let socket = folder.egress().join("proxy.sock");
            let proxy = Proxy::listen(&socket, &spec.name, spec.egress.clone(), lookup, observer);
            *way = Some(proxy.map_err(Error::io("cannot listen for a sandbox's way out"))?);
        }
        Ok(())
    }

    /// Makes a sandbox in one of these slots, whatever isolation there is.
    fn make(&self, spec: &Spec, slots: Range<u32>) -> Result<Handle, Error> {
        spec.limits.check()?;
        let named = |(name, value): (&String, &String)| is_variable(name, value);
        if spec.env.len() > 64 || !spec.env.iter().all(named) {
            return Err(Error::Spec {
                why: "`env` has at most 64 variables, named as such".into(),
            });
        }
        let folder = self.root.folder(&spec.name);
        let handle = Handle { name: spec.name.clone(), id: spec.name.to_string() };
        if recorded(&folder)?.is_none() {
            let failed = || Error::io("cannot make a sandbox's folder");
            let slot = self.root.take_slot(&spec.name, slots).map_err(failed())?;
            let slot = slot.ok_or(Error::Full { most: self.options.slots })?;
            let record = Record { spec: spec.clone(), slot, created_at: Timestamp::now() };
            let made = folder.make(&record, self.user(slot));
            if !matches!(made, Ok(true)) {
                self.root.free_slot(slot);
            }
            made.map_err(failed())?;
        }
        self.ways.alone(&spec.name, |way| {
            let record = self.enter(&folder, &spec.name, way)?;
            // What it may take is as whoever asks last wants it. What it reaches is for `reach` to say.
            let spec = Spec { egress: record.spec.egress.clone(), ..spec.clone() };
            match record.spec == spec {
                true => Ok(()),
                false => keep(&folder, &Record { spec, ..record }),
            }
        })?;
        Ok(handle)
    }

    /// Whether a sandbox stays that nobody asks for: it is persistent, or new, or was used lately.
    fn is_kept(&self, name: &Name) -> Result<bool, Error> {
        let folder = self.root.folder(name);
        let changed = std::fs::metadata(&folder.0).and_then(|meta| meta.modified()).ok();
        let age = changed.and_then(|at| at.elapsed().ok()).unwrap_or_default();
        let spec = recorded(&folder)?.map(|record| record.spec);
        let persistent = spec.as_ref().is_some_and(|spec| spec.persistent);
        let idle = spec.map_or(Duration::ZERO, |spec| spec.idle);
        Ok(persistent || age < idle.max(self.options.orphan_after))
    }

    async fn remove(&self, name: &Name) -> Result<(), Error> {
        let folder = self.root.folder(name);
        for dir in folder.runs() {
            if dir.join("run.json").exists() {
                self.end(&dir).await?;
            }
        }
        self.ways.alone(name, |way| *way = None);
        // One that cannot be read keeps its slot until a sweep finds nothing that has it.
        let slot = folder.read().ok().flatten().map(|record| record.slot);
        blocking(move || {
            // INVARIANT: nothing runs in a sandbox whose slot is free.
            watch::end_all_in(&folder.workspace());
            folder.remove().map_err(Error::io("cannot remove a sandbox's folder"))
        })
        .await?;
        // Who looked for it meanwhile has opened it again.
        self.ways.alone(name, |way| *way = None);
        if let Some(slot) = slot {
            self.root.free_slot(slot);
        }
        Ok(())
    }

    fn workspace(&self, sandbox: &Handle) -> Result<files::Workspace, Error> {
        let (folder, record) = self.find(sandbox)?;
        files::Workspace::open(&folder.workspace(), self.user(record.slot))
    }
}

#[async_trait]
impl Driver for Local {
    fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    async fn create(&self, spec: &Spec) -> Result<Handle, Error> {
        let refused = match spec.trust {
            Trust::Untrusted => !self.isolation.is_whole(),
            Trust::Trusted => !self.isolation.starts(),
        };
        if refused {
            return Err(Error::NotIsolated(Box::new(self.isolation.clone())));
        }
        if spec.name.as_str().starts_with(look::CANARY) {
            return Err(Error::Spec { why: format!("`{}` begins names of ours", look::CANARY) });
        }
        self.make(spec, 0..self.options.slots)
    }

    async fn reach(&self, sandbox: &Handle, allow: &[Allow]) -> Result<(), Error> {
        let folder = self.root.folder(&sandbox.name);
        self.ways.alone(&sandbox.name, |way| {
            let mut record = self.enter(&folder, &sandbox.name, way)?;
            let allow = narrowed(&folder, allow)?;
            if record.spec.egress != allow {
                record.spec.egress = allow;
                keep(&folder, &record)?;
                // The way out closes with the proxy, and everything that goes through it.
                *way = None;
                self.open_way(&folder, &record.spec, way)?;
            }
            Ok(())
        })
    }

    async fn start(&self, sandbox: &Handle, command: &Command) -> Result<Status, Error> {
        self.begin(sandbox, command)
    }

    async fn status(&self, sandbox: &Handle, key: &str) -> Result<Status, Error> {
        self.look_at(&self.run_of(sandbox, key)?)
    }

    async fn output(
        &self,
        sandbox: &Handle,
        key: &str,
        stream: Stream,
        from: u64,
        most: usize,
    ) -> Result<Vec<u8>, Error> {
        use std::io::{Read, Seek, SeekFrom};
        let name = match stream {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        };
        let Ok(mut file) = std::fs::File::open(self.run_of(sandbox, key)?.join(name)) else {
            return Ok(Vec::new());
        };
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(from));
        let read = read.and_then(|_| file.take(most as u64).read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(Error::io("cannot read a command's output"))
    }

    async fn cancel(&self, sandbox: &Handle, key: &str) -> Result<(), Error> {
        self.end(&self.run_of(sandbox, key)?).await
    }

    async fn read(&self, sandbox: &Handle, path: &str, most: u64) -> Result<Vec<u8>, Error> {
        let (workspace, path) = (self.workspace(sandbox)?, path.to_owned());
        blocking(move || workspace.read(&path, most)).await
    }

    async fn write(&self, sandbox: &Handle, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let (folder, record) = self.find(sandbox)?;
        let workspace = self.workspace(sandbox)?;
        let (path, bytes) = (path.to_owned(), bytes.to_vec());
        let (limits, free_bytes_min) = (record.spec.limits, self.options.free_bytes_min);
        blocking(move || {
            let mut left = limits;
            left.disk_bytes = left.disk_bytes.saturating_sub(bytes.len() as u64);
            if watch::disk(&folder.workspace(), &left, free_bytes_min) == Some(End::OutOfDisk) {
                return Err(Error::TooLarge {
                    what: "the workspace".into(),
                    most: left.disk_bytes,
                });
            }
            workspace.write(&path, &bytes)
        })
        .await
    }

    async fn list(&self, sandbox: &Handle, path: &str, most: usize) -> Result<Vec<Entry>, Error> {
        let (workspace, path) = (self.workspace(sandbox)?, path.to_owned());
        blocking(move || workspace.list(&path, most)).await
    }

    fn refused(&self, sandbox: &Handle) -> Vec<String> {
        let refused = |way: &mut Option<Proxy>| way.as_ref().map(Proxy::refused);
        self.ways.alone(&sandbox.name, refused).unwrap_or_default()
    }

    async fn stop(&self, sandbox: &Handle) -> Result<(), Error> {
        self.remove(&sandbox.name).await
    }

    async fn sweep(&self, keep: &BTreeSet<Name>) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        for name in self.root.names() {
            let kept = if keep.contains(&name) { Ok(true) } else { self.is_kept(&name) };
            let removed = match kept {
                Ok(true) => Ok(false),
                Ok(false) => self.remove(&name).await.map(|()| true),
                // It may be one that stays.
                Err(error) => Err(error),
            };
            match removed {
                Ok(true) => swept.removed += 1,
                Ok(false) => swept.kept += 1,
                Err(error) => swept.failed.push((name.to_string(), error.to_string())),
            }
        }
        let root = self.root.clone();
        blocking(move || {
            root.sweep_halves();
            Ok(())
        })
        .await?;
        swept.failed.extend(self.root.sweep_slots(self.options.orphan_after));
        if let Some(tree) = &self.tree {
            tree.sweep();
        }
        Ok(swept)
    }
}

/// The record of a sandbox; none where there is no such sandbox.
fn recorded(folder: &Folder) -> Result<Option<Record>, Error> {
    folder.read().map_err(Error::io("cannot read a sandbox's record"))
}

fn keep(folder: &Folder, record: &Record) -> Result<(), Error> {
    folder.keep(record).map_err(Error::io("cannot write a sandbox's record"))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::io("a task ended")(std::io::Error::other("it panicked"))))
}
