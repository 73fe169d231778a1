//! What no kernel bounds for us, looked at while a command runs: the size of its workspace.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use rustix::{
    fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat, statvfs},
    io::Errno,
    process::{Pid, Signal, kill_process},
};

use super::argv::WORKSPACE;
use crate::{End, Limits};

/// Folders within folders that are looked into. Deeper is over the bound.
const DEPTH_MAX: usize = 256;

/// Whether a workspace is over its bounds, or the disk that it is on nearly full. Files that were
/// removed and are still open are seen by the disk alone.
pub(crate) fn disk(workspace: &Path, limits: &Limits, free_bytes_min: u64) -> Option<End> {
    let free = statvfs(workspace).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    if free.is_ok_and(|free| free < free_bytes_min) {
        return Some(End::OutOfDisk);
    }
    let mut sum = Sum { bytes: 0, entries: 0, limits };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let over = match openat(CWD, workspace, flags, Mode::empty()) {
        Ok(root) => sum.add(root, DEPTH_MAX),
        Err(error) => is_closed(error),
    };
    over.then_some(End::OutOfDisk)
}

/// Whether a folder is closed to us: who closes one may hide anything in it.
const fn is_closed(error: Errno) -> bool {
    matches!(error, Errno::ACCESS)
}

struct Sum<'a> {
    bytes: u64,
    entries: u64,
    limits: &'a Limits,
}

impl Sum<'_> {
    /// Adds what is in a folder; whether that is too much. What vanishes meanwhile is not counted.
    fn add(&mut self, folder: std::os::fd::OwnedFd, depth: usize) -> bool {
        let entries = match Dir::read_from(&folder) {
            Ok(entries) => entries,
            Err(error) => return is_closed(error),
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let stat = match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(error) if is_closed(error) => return true,
                Err(_) => continue,
            };
            self.entries += 1;
            self.bytes += u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
            if self.bytes > self.limits.disk_bytes || self.entries > self.limits.disk_entries {
                return true;
            }
            if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
                continue;
            }
            if depth == 0 {
                return true;
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let over = match openat(&folder, name, flags, Mode::empty()) {
                Ok(below) => self.add(below, depth - 1),
                Err(error) => is_closed(error),
            };
            if over {
                return true;
            }
        }
        false
    }
}

/// Ends all that has this workspace as its own: what a supervisor that was killed has left behind.
pub(crate) fn end_all_in(workspace: &Path) {
    let place = |path: &Path| fs::symlink_metadata(path).map(|meta| (meta.dev(), meta.ino()));
    let Ok(ours) = place(workspace) else { return };
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid.and_then(Pid::from_raw)
            && place(&entry.path().join("root").join(WORKSPACE.trim_start_matches('/')))
                .is_ok_and(|theirs| theirs == ours)
        {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown};

    use rustix::{
        process::{Uid, geteuid},
        thread::set_thread_res_uid,
    };

    use super::*;

    /// What is found by who is not root, whom modes hold nowhere.
    fn found(workspace: &Path) -> Option<End> {
        std::thread::scope(|scope| {
            let look = || {
                if geteuid().is_root() {
                    let user = Uid::from_raw(USER);
                    set_thread_res_uid(user, user, user).unwrap();
                }
                disk(workspace, &Limits::default(), 0)
            };
            scope.spawn(look).join().unwrap()
        })
    }

    const USER: u32 = 300_000;

    #[test]
    fn who_closes_a_folder_has_filled_it() {
        let parent = tempfile::tempdir().unwrap();
        let (workspace, below) = (parent.path().join("box"), parent.path().join("box/below"));
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join("file"), "x").unwrap();
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(parent.path(), 0o755);
        if geteuid().is_root() {
            for path in [&workspace, &below] {
                chown(path, Some(USER), Some(USER)).unwrap();
            }
        }
        assert_eq!(found(&workspace), None, "the control: it is open");
        for closed in [0o300, 0o400, 0o000] {
            for path in [&workspace, &below] {
                mode(path, closed);
                assert_eq!(found(&workspace), Some(End::OutOfDisk), "{closed:o} {path:?}");
                mode(path, 0o700);
            }
        }
        assert_eq!(found(&parent.path().join("none")), None, "it is gone");
    }
}
