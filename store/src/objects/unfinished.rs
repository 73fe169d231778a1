//! What a process that was killed left of objects that it wrote.
//!
//! In a folder an object is written beside its name and moved there: `HASH#1` and so on. No list of the folder shows
//! those, so they are looked for in the folder itself.

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use super::{Error, Objects};

/// A tenant's folder, the folder of some of its objects: see `path`.
const DEPTH_MAX: usize = 2;

impl Objects {
    /// Removes files that were begun longer ago than this and are no object yet. Returns how many. A bucket has none.
    ///
    /// # Errors
    /// [`Error::Place`].
    pub async fn sweep(&self, unused: Duration) -> Result<u64, Error> {
        let Some(folder) = self.folder.clone() else { return Ok(0) };
        let at = folder.display().to_string();
        let swept = tokio::task::spawn_blocking(move || sweep(&folder, unused)).await;
        let swept = swept.unwrap_or_else(|error| Err(io::Error::other(error)));
        swept.map_err(|error| Error::Place { at, why: error.to_string() })
    }
}

fn sweep(folder: &Path, unused: Duration) -> io::Result<u64> {
    let now = SystemTime::now();
    let (mut open, mut removed) = (vec![(folder.to_owned(), 0)], 0);
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.extend((depth < DEPTH_MAX).then(|| (entry.path(), depth + 1)));
            } else if is_unfinished(&entry.path()) {
                removed += u64::from(remove(&entry, now, unused)?);
            }
        }
    }
    Ok(removed)
}

/// Whether a file has the name of one that is being written.
fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Some((_, number)) = name.split_once('#') else { return false };
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Removes a file that nobody has written to for so long. One that became an object meanwhile is none any more.
fn remove(entry: &fs::DirEntry, now: SystemTime, unused: Duration) -> io::Result<bool> {
    let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let written = match entry.metadata().and_then(|known| known.modified()) {
        Ok(written) => written,
        Err(error) if is_gone(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    if now.duration_since(written).is_ok_and(|age| age > unused) {
        return match fs::remove_file(entry.path()) {
            Ok(()) => Ok(true),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        };
    }
    Ok(false)
}
