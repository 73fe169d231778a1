//! Who else has a SQLite: a lock beside its file, for as long as a store is open. A server that keeps sessions in memory
//! has it alone; commands and servers that keep nothing share it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    str::FromStr as _,
    time::Duration,
};

use sqlx::sqlite::SqliteConnectOptions;
use tokio::time::Instant;

use crate::Error;

/// The lock; none of a database in memory, which nobody else can open.
pub(crate) type Lock = Option<File>;

/// How long a server waits for a command to be done with the database, and how often it looks.
const WAIT: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// Takes a SQLite, for this process alone or beside others that share it.
///
/// # Errors
/// [`Error::Taken`] where another server has it, or the lock's file cannot be made.
pub(crate) async fn lock(url: &str, alone: bool) -> Result<Lock, Error> {
    let Some(path) = beside(url) else { return Ok(None) };
    let taken = |why: String| Error::Taken { path: path.clone(), why };
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(|error| taken(error.to_string()))?;
    let until = Instant::now() + if alone { WAIT } else { Duration::ZERO };
    loop {
        let locked = if alone { file.try_lock() } else { file.try_lock_shared() };
        match locked {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                tokio::time::sleep(LOOK).await;
            }
            Err(TryLockError::WouldBlock) if alone => {
                let why = "another server or command has this database; give each server its own";
                return Err(taken(why.to_owned()));
            }
            Err(TryLockError::WouldBlock) => {
                let why = "a server has this database and does not answer here yet: try again in a moment, ask \
                           it by `--admin URL`, or stop it";
                return Err(taken(why.to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(taken(error.to_string())),
        }
    }
}

/// The lock's file, by whatever name the database is opened. Not the database itself: closing it would take SQLite's own
/// locks away.
fn beside(url: &str) -> Option<PathBuf> {
    let options = SqliteConnectOptions::from_str(url).ok()?;
    let file = options.get_filename();
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    if in_memory || file.as_os_str().is_empty() {
        return None;
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let real = file.canonicalize().ok().or_else(|| {
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(file.file_name()?))
    });
    let mut name = real.unwrap_or_else(|| file.to_owned()).into_os_string();
    name.push(".lock");
    Some(name.into())
}
