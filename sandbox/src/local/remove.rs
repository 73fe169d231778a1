//! Removes folders that somebody else has filled. They may be as deep as the disk has room for: no
//! call and no open folder stands for each level, or whoever removes it runs out of both. They may be
//! closed to us, and there may be links in them.

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, renameat, statat, unlinkat},
    io::Errno,
};

use super::mark;

/// What a folder is called from the moment on at which it is being removed.
pub(crate) const GONE: &str = ".gone-";

/// How often a folder is looked at again in which something appears while it is emptied.
const LOOKS_MAX: u32 = 16;

/// Removes a folder: it is not at its place any more after one step, and then what was in it goes.
/// Folders within it wait side by side, under numbers, until it is their turn.
pub(crate) fn all(path: &Path) -> io::Result<()> {
    let beside = path.parent().ok_or_else(|| io::Error::other("a folder is in a folder"))?;
    let heap: PathBuf = beside.join(format!("{GONE}{}", mark::new()));
    fs::DirBuilder::new().mode(0o700).create(&heap)?;
    if let Err(error) = fs::rename(path, heap.join("0")) {
        let _ = fs::remove_dir(&heap);
        return Err(error);
    }
    let at = open(CWD, &heap)?;
    let (mut turn, mut count) = (0_u64, 1);
    while turn < count {
        remove(&at, &turn.to_string(), &mut count)?;
        turn += 1;
    }
    fs::remove_dir(&heap)
}

/// Removes a folder of the heap, and puts those that are in it there.
fn remove(heap: &OwnedFd, name: &str, count: &mut u64) -> io::Result<()> {
    let folder = open(heap, name)?;
    for _ in 0..LOOKS_MAX {
        empty(heap, &folder, count)?;
        match unlinkat(heap, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            done => return Ok(done?),
        }
    }
    Err(io::Error::other("a folder is filled while it is removed"))
}

fn empty(heap: &OwnedFd, folder: &OwnedFd, count: &mut u64) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let done = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).and_then(|stat| {
            if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
                return unlinkat(folder, name, AtFlags::empty());
            }
            // Who is not root moves and empties no folder that is closed to its own user.
            if stat.st_mode & 0o700 != 0o700 {
                give_rights(folder, name);
            }
            renameat(folder, name, heap, count.to_string())?;
            *count += 1;
            Ok(())
        });
        match done {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Opens a folder to its own user, and follows no link that is there instead. What comes of it is seen next.
fn give_rights(folder: &OwnedFd, name: &std::ffi::CStr) {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if let Ok(found) = openat(folder, name, flags, Mode::empty()) {
        let path = format!("/proc/self/fd/{}", found.as_raw_fd());
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    }
}

fn open<P: rustix::path::Arg>(at: impl std::os::fd::AsFd, name: P) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(at, name, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{mkdirat, symlinkat};

    use super::*;

    #[test]
    fn a_folder_goes_however_deep_it_is_and_nothing_that_it_links_to() {
        let parent = tempfile::tempdir().unwrap();
        let (kept, path) = (parent.path().join("kept"), parent.path().join("box"));
        fs::create_dir_all(kept.join("inner")).unwrap();
        fs::create_dir_all(path.join("closed/inner")).unwrap();
        fs::write(path.join("closed/file"), "x").unwrap();
        fs::set_permissions(path.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        let mut deepest = open(CWD, &path).unwrap();
        // More than there are open files, and more than this thread's stack has calls. A disk that
        // discards what is freed takes a millisecond for each.
        for _ in 0..3000 {
            mkdirat(&deepest, "a", Mode::from_raw_mode(0o755)).unwrap();
            deepest = open(&deepest, "a").unwrap();
        }
        symlinkat(&kept, &deepest, "link").unwrap();
        drop(deepest);
        std::thread::Builder::new()
            .stack_size(128 << 10)
            .spawn(move || all(&path))
            .unwrap()
            .join()
            .unwrap()
            .unwrap();
        let left: Vec<_> = fs::read_dir(parent.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(kept.join("inner").exists());
        let missing = all(&parent.path().join("box")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
