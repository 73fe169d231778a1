//! Where the local driver keeps what must outlive it. A sandbox is a folder:
//!
//! ```text
//! etc/  bin/  slots/N          shared: small files, the helper, which sandbox has which user
//! boxes/NAME/box.json          what it is to be, and its slot
//! boxes/NAME/workspace/        its files, of its own user
//! boxes/NAME/egress/           the proxy's socket
//! boxes/NAME/credit            what its commands may take yet before they wait for others
//! boxes/NAME/runs/HASH/        a command: run.json, lock, started, stdout, stderr, exit.json
//! boxes/NAME/running/HASH      that this command runs
//! ```
//!
//! A sandbox's folder appears whole and goes whole, each by one step: half of one is `.draft-` or
//! `.gone-`, which no sandbox is called.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    ops::Range,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use types::Timestamp;

use super::{
    mark,
    remove::{self, GONE},
};
use crate::{Spec, driver::Name};

/// What a folder is called until it is whole.
const DRAFT: &str = ".draft-";

/// The root of all.
#[derive(Debug, Clone)]
pub(crate) struct Root(pub(crate) PathBuf);

impl Root {
    /// Makes what is missing. Users of sandboxes pass through these folders and read none of them.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
        let root = Self(path);
        for (name, mode) in [("etc", 0o755), ("bin", 0o755), ("slots", 0o700), ("boxes", 0o711)] {
            fs::create_dir_all(root.0.join(name))?;
            fs::set_permissions(root.0.join(name), fs::Permissions::from_mode(mode))?;
        }
        for (name, text) in ETC {
            replace(&root.0.join("etc").join(name), text.as_bytes(), 0o644)?;
        }
        Ok(root)
    }

    /// Small files of `/etc`.
    pub(crate) fn etc(&self) -> PathBuf {
        self.0.join("etc")
    }

    /// A place for this binary that every user reaches, where its own may be none. Another version
    /// of it gets another name, for the old one may run.
    pub(crate) fn helper(&self, program: &Path) -> io::Result<PathBuf> {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::metadata(program)?;
        let name = format!("helper-{:x}-{:x}-{:x}", meta.ino(), meta.len(), meta.mtime_nsec());
        let there = self.0.join("bin").join(&name);
        if !there.exists() {
            let draft = self.0.join("bin").join(format!("{name}.{}", mark::new()));
            if meta.mode() & 0o005 != 0o005 || fs::hard_link(program, &draft).is_err() {
                fs::copy(program, &draft)?;
                fs::set_permissions(&draft, fs::Permissions::from_mode(0o755))?;
            }
            fs::rename(&draft, &there)?;
        }
        Ok(there)
    }

    /// The folder of a sandbox, made or not.
    pub(crate) fn folder(&self, name: &Name) -> Folder {
        Folder(self.0.join("boxes").join(name.as_str()))
    }

    /// The names of all sandboxes.
    pub(crate) fn names(&self) -> Vec<Name> {
        let entries = fs::read_dir(self.0.join("boxes")).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// Takes a free slot for a sandbox: a user that no other sandbox has.
    pub(crate) fn take_slot(&self, name: &Name, slots: Range<u32>) -> io::Result<Option<u32>> {
        for slot in slots {
            let mut options = OpenOptions::new();
            let path = self.0.join("slots").join(slot.to_string());
            match options.write(true).create_new(true).mode(0o600).open(&path) {
                Ok(mut file) => {
                    let written = file.write_all(name.as_str().as_bytes());
                    let written = written.inspect_err(|_| drop(fs::remove_file(&path)));
                    return written.map(|()| Some(slot));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Gives a slot back.
    pub(crate) fn free_slot(&self, slot: u32) {
        let _ = fs::remove_file(self.0.join("slots").join(slot.to_string()));
    }

    /// Removes what is left of folders whose maker or remover was killed.
    pub(crate) fn sweep_halves(&self) {
        for entry in fs::read_dir(self.0.join("boxes")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let mut halves =
                [DRAFT, GONE].into_iter().filter_map(|half| name.to_str()?.strip_prefix(half));
            if halves.any(mark::is_left) {
                // What cannot be removed is found by the next sweep.
                let _ = remove::all(&entry.path());
            }
        }
    }

    /// Gives back the slots of sandboxes that are not there, if they were taken long enough ago. Those
    /// of which nobody can tell stay, and are named with the cause.
    pub(crate) fn sweep_slots(&self, grace: std::time::Duration) -> Vec<(String, String)> {
        let mut failed = Vec::new();
        for entry in fs::read_dir(self.0.join("slots")).into_iter().flatten().flatten() {
            let age = entry.metadata().and_then(|meta| meta.modified()).ok();
            let old = age.and_then(|at| at.elapsed().ok()).is_some_and(|age| age >= grace);
            let slot = entry.file_name().to_string_lossy().into_owned();
            match self.is_taken(&slot) {
                Ok(false) if old => drop(fs::remove_file(entry.path())),
                Ok(_) => {}
                Err(error) => failed.push((format!("slot {slot}"), error.to_string())),
            }
        }
        failed
    }

    /// Whether a slot is that of a sandbox.
    fn is_taken(&self, slot: &str) -> io::Result<bool> {
        let name = match fs::read_to_string(self.0.join("slots").join(slot)) {
            // Somebody gave it back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            name => name?,
        };
        // Without a whole name it is that of a sandbox whose maker was killed.
        let Ok(name) = name.parse() else { return Ok(false) };
        let record = self.folder(&name).read()?;
        Ok(record.is_some_and(|record| slot.parse() == Ok(record.slot)))
    }
}

/// Files of `/etc`: who is there, and which programs are asked for names.
const ETC: [(&str, &str); 5] = [
    ("passwd", "root:x:0:0:root:/:/usr/sbin/nologin\nagent:x:1000:1000::/workspace:/bin/sh\n"),
    ("group", "root:x:0:\nagent:x:1000:\n"),
    ("hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n"),
    ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    ("gitconfig", "[safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n"),
];

/// What a sandbox is, on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) spec: Spec,
    /// The number of its user among those of sandboxes.
    pub(crate) slot: u32,
    pub(crate) created_at: Timestamp,
}

/// The folder of one sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn workspace(&self) -> PathBuf {
        self.0.join("workspace")
    }

    pub(crate) fn egress(&self) -> PathBuf {
        self.0.join("egress")
    }

    /// What it is; none where it is not there.
    pub(crate) fn read(&self) -> io::Result<Option<Record>> {
        read(&self.0.join("box.json"))
    }

    /// Makes all of it; false where it is there already: then another made it meanwhile.
    pub(crate) fn make(&self, record: &Record, user: Option<u32>) -> io::Result<bool> {
        let boxes = self.0.parent().unwrap_or(&self.0);
        let draft = Self(boxes.join(format!("{DRAFT}{}", mark::new())));
        let made = draft.fill(record, user).and_then(|()| fs::rename(&draft.0, &self.0));
        if made.is_err() {
            let _ = fs::remove_dir_all(&draft.0);
        }
        match made {
            Ok(()) => File::open(boxes)?.sync_all().map(|()| true),
            Err(error) => match error.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => Ok(false),
                _ => Err(error),
            },
        }
    }

    fn fill(&self, record: &Record, user: Option<u32>) -> io::Result<()> {
        let folders = [(None, 0o711), (Some("workspace"), 0o700), (Some("egress"), 0o711)];
        for (name, mode) in folders.into_iter().chain([(Some("runs"), 0o700)]) {
            let path = name.map_or_else(|| self.0.clone(), |name| self.0.join(name));
            fs::DirBuilder::new().mode(mode).create(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        }
        std::os::unix::fs::chown(self.workspace(), user, user)?;
        self.keep(record)
    }

    /// Writes its record.
    pub(crate) fn keep(&self, record: &Record) -> io::Result<()> {
        replace(&self.0.join("box.json"), &to_json(record)?, 0o600)
    }

    /// Takes note that it is used: what nobody uses is removed some time.
    pub(crate) fn used(&self) {
        let _ = File::open(&self.0).and_then(|dir| dir.set_modified(std::time::SystemTime::now()));
    }

    /// Removes it with all that is in it.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match remove::all(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// The folder of a command.
    pub(crate) fn run(&self, key: &str) -> PathBuf {
        let hash = digest(&SHA256, key.as_bytes());
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.join("runs").join(hash)
    }

    /// The folders of all commands.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.join("runs")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}

/// A value of a file; none where there is no file. One that cannot be read is no such thing: who took
/// it for none would remove what it tells of.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes?,
    };
    // The text of serde's error has words of the file in it.
    let failed =
        |_| io::Error::new(io::ErrorKind::InvalidData, "it is not what this version writes");
    serde_json::from_slice(&bytes).map(Some).map_err(failed)
}

pub(crate) fn to_json(value: &impl Serialize) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

/// Replaces a file whole: it is on disk when this returns, and a reader sees the old or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    write(path, bytes, mode, |draft| fs::rename(draft, path))
}

/// Makes a file whole, unless it is there: of those who do it at once, one does.
pub(crate) fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    write(path, bytes, mode, |draft| match fs::hard_link(draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => fs::remove_file(draft),
    })
}

/// Writes a draft that nobody else writes, and puts it in its place.
fn write(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    put: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("a file is in a folder"))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.{}", mark::new()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| put(&draft));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_write_one_file_at_once_tear_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, once) = (folder.path().join("file"), folder.path().join("once"));
        std::thread::scope(|scope| {
            for digit in 0..8_u64 {
                let (path, once) = (&path, &once);
                scope.spawn(move || {
                    for round in 1..20 {
                        let whole = vec![digit; 1000 * round];
                        replace(path, &to_json(&whole).unwrap(), 0o600).unwrap();
                        let read: Vec<u64> = super::read(path).unwrap().unwrap();
                        assert!(read.iter().all(|digit| Some(digit) == read.first()));
                        create(once, &to_json(&(digit, round)).unwrap(), 0o600).unwrap();
                    }
                });
            }
        });
        // Who was first stays: nobody came before its first round.
        let (_, round): (u64, usize) = read(&once).unwrap().unwrap();
        assert_eq!(round, 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
    }

    /// A root with a sandbox in slot 0.
    fn root() -> (tempfile::TempDir, Root, Folder) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let spec = Spec::new("box".parse().unwrap());
        let slot = root.take_slot(&spec.name, 0..1).unwrap().unwrap();
        let sandbox = root.folder(&spec.name);
        sandbox.make(&Record { spec, slot, created_at: Timestamp::now() }, None).unwrap();
        (folder, root, sandbox)
    }

    #[test]
    fn a_record_of_a_later_version_is_read_and_what_is_no_record_is_not_taken_for_none() {
        let (_folder, _, sandbox) = root();
        let path = sandbox.0.join("box.json");
        let mut text: serde_json::Value = read(&path).unwrap().unwrap();
        for part in ["", "/spec", "/spec/limits"] {
            text.pointer_mut(part).unwrap()["later"] = 1.into();
        }
        text["spec"]["egress"] = serde_json::json!([{ "host": "a.test", "later": 1 }]);
        fs::write(&path, text.to_string()).unwrap();
        assert_eq!(sandbox.read().unwrap().unwrap().slot, 0);
        fs::write(&path, "{\"spec\":").unwrap();
        let broken = sandbox.read().unwrap_err();
        assert_eq!(broken.to_string(), "it is not what this version writes");
        fs::remove_file(&path).unwrap();
        assert!(sandbox.read().unwrap().is_none());
    }

    #[test]
    fn a_slot_is_kept_where_nobody_can_tell_whose_it_is() {
        let (folder, root, sandbox) = root();
        let slot = folder.path().join("slots/0");
        let sweep = || root.sweep_slots(std::time::Duration::ZERO);
        assert!(sweep().is_empty() && slot.exists());
        fs::write(sandbox.0.join("box.json"), "").unwrap();
        assert_eq!(sweep().len(), 1);
        assert!(slot.exists(), "its sandbox is there");
        sandbox.remove().unwrap();
        assert!(sweep().is_empty() && !slot.exists());
    }
}
