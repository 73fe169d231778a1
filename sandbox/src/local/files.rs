//! Files of a workspace, from outside. What is in it is somebody else's, and may change while we
//! look: every path is opened by one call of the kernel that goes over no link and not above the
//! workspace, and what it opened is what is used.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::OwnedFd,
    path::{Component, Path},
};

use rustix::{
    fs::{
        self, AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags, fchown, fstat, mkdirat,
        openat2, renameat, statat, unlinkat,
    },
    io::Errno,
    process::{Gid, Uid},
};

use crate::{Entry, Error, Kind};

/// A workspace.
pub(crate) struct Workspace {
    root: OwnedFd,
    /// Whom new files belong to, where that is not us.
    user: Option<(Uid, Gid)>,
}

impl Workspace {
    pub(crate) fn open(path: &Path, user: Option<u32>) -> Result<Self, Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let root = fs::openat(CWD, path, flags, Mode::empty())
            .map_err(Error::io("cannot open a workspace"))?;
        Ok(Self { root, user: user.map(|id| (Uid::from_raw(id), Gid::from_raw(id))) })
    }

    /// A file's bytes.
    pub(crate) fn read(&self, path: &str, most: u64) -> Result<Vec<u8>, Error> {
        // A pipe without a writer would be waited for.
        let file = self.at(path, OFlags::RDONLY | OFlags::NONBLOCK)?;
        let stat = fstat(&file).map_err(Error::io("cannot look at a file of a workspace"))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::NotA { path: path.to_owned(), wanted: "a file" });
        }
        let mut bytes = Vec::new();
        let read = File::from(file).take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(Error::io("cannot read a file of a workspace"))?;
        match bytes.len() as u64 > most {
            true => Err(Error::TooLarge { what: path.to_owned(), most }),
            false => Ok(bytes),
        }
    }

    /// Replaces a file whole, with the folders above it.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let names = names(path)?;
        let Some((name, above)) = names.split_last() else {
            return Err(Error::NotA { path: path.to_owned(), wanted: "a file" });
        };
        for depth in 1..=above.len() {
            self.make_folder(path, above.get(..depth).unwrap_or_default())?;
        }
        let folder = self.at(&above.join("/"), OFlags::PATH | OFlags::DIRECTORY)?;
        if let Ok(stat) = statat(&folder, *name, AtFlags::SYMLINK_NOFOLLOW)
            && FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile
        {
            return Err(Error::NotA { path: path.to_owned(), wanted: "a file" });
        }
        let draft = format!(".{}.draft", types::EventId::generate());
        let written = self
            .fill(&folder, &draft, bytes)
            .and_then(|()| renameat(&folder, &draft, &folder, *name).map_err(io::Error::from));
        written.map_err(|error| {
            let _ = unlinkat(&folder, &draft, AtFlags::empty());
            Error::io("cannot write a file of a workspace")(error)
        })
    }

    fn fill(&self, folder: &OwnedFd, draft: &str, bytes: &[u8]) -> io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = fs::openat(folder, draft, flags, Mode::from_raw_mode(0o644))?;
        if let Some((uid, gid)) = self.user {
            fchown(&file, Some(uid), Some(gid))?;
        }
        let mut file = File::from(file);
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn make_folder(&self, path: &str, names: &[&str]) -> Result<(), Error> {
        let Some((name, above)) = names.split_last() else { return Ok(()) };
        let above = self.at(&above.join("/"), OFlags::PATH | OFlags::DIRECTORY)?;
        match mkdirat(&above, *name, Mode::from_raw_mode(0o755)) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(()),
            Err(error) => return Err(Error::io("cannot make a folder of a workspace")(error)),
        }
        let made = self.at(&names.join("/"), OFlags::RDONLY | OFlags::DIRECTORY);
        let made = made.map_err(|error| match error {
            Error::NotFound { .. } => Error::Outside { path: path.to_owned() },
            other => other,
        })?;
        match self.user {
            Some((uid, gid)) => fchown(&made, Some(uid), Some(gid))
                .map_err(Error::io("cannot give a folder to its workspace")),
            None => Ok(()),
        }
    }

    /// What is in a folder, by name.
    pub(crate) fn list(&self, path: &str, most: usize) -> Result<Vec<Entry>, Error> {
        let failed = || Error::io::<Errno>("cannot list a folder of a workspace");
        let folder = self.at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut entries = Vec::new();
        for entry in Dir::read_from(&folder).map_err(failed())? {
            let entry = entry.map_err(failed())?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if entries.len() >= most {
                return Err(Error::TooLarge {
                    what: format!("the list of `{path}`"),
                    most: most as u64,
                });
            }
            // It may be gone by now.
            let Ok(stat) = statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            let (kind, bytes) = match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => (Kind::File, u64::try_from(stat.st_size).unwrap_or(0)),
                FileType::Directory => (Kind::Folder, 0),
                _ => (Kind::Other, 0),
            };
            entries.push(Entry { name: name.to_string_lossy().into_owned(), kind, bytes });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Opens what a path leads to, without a step over a link or out of the workspace.
    fn at(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Error> {
        let names = names(path)?;
        let below = if names.is_empty() { ".".to_owned() } else { names.join("/") };
        let resolve =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let opened = openat2(&self.root, below, flags | OFlags::CLOEXEC, Mode::empty(), resolve);
        opened.map_err(|error| match error {
            Errno::LOOP | Errno::XDEV | Errno::AGAIN => Error::Outside { path: path.to_owned() },
            Errno::NOENT => Error::NotFound { path: path.to_owned() },
            Errno::NOTDIR => Error::NotA { path: path.to_owned(), wanted: "a folder" },
            Errno::NXIO => Error::NotA { path: path.to_owned(), wanted: "a file" },
            other => Error::io("cannot open a file of a workspace")(other),
        })
    }
}

/// The names of a path below the workspace, which may be written with its folder in front.
pub(crate) fn names(path: &str) -> Result<Vec<&str>, Error> {
    let outside = || Error::Outside { path: path.chars().take(200).collect() };
    let below = match path.strip_prefix(super::argv::WORKSPACE) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest.trim_start_matches('/'),
        _ => path,
    };
    if below.len() > 1024 || below.contains('\0') {
        return Err(outside());
    }
    let steps = Path::new(below).components().filter(|step| *step != Component::CurDir);
    steps
        .map(|step| match step {
            Component::Normal(name) => name.to_str().ok_or_else(outside),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => Err(outside()),
        })
        .collect()
}
