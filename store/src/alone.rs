//! A SQLite that one server has to itself: a lock beside its file, for as long as the server lives.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use crate::Error;

/// The lock; none of a database in memory, which nobody else can open.
pub(crate) type Lock = Option<File>;

/// Takes a SQLite for this process.
///
/// # Errors
/// [`Error::Taken`] where another server has it, or the lock's file cannot be made.
pub(crate) fn lock(url: &str) -> Result<Lock, Error> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    let path = path.unwrap_or(url).split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" {
        return Ok(None);
    }
    // Not the file itself: closing it would take SQLite's own locks away.
    let path = PathBuf::from(format!("{path}.lock"));
    let taken = |why: String| Error::Taken { path: path.clone(), why };
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(|error| taken(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            Err(taken("another server has this database; give each its own".to_owned()))
        }
        Err(TryLockError::Error(error)) => Err(taken(error.to_string())),
    }
}
