//! The journal: a file on the local disk that every hold, settlement and audit record of the fast path
//! is written to before the step that it announces. The writer carries its records into the database
//! later, in their order.
//!
//! A record is one `write`, so that the kernel has it when [`Journal::append`] returns: killing the
//! process loses nothing. The disk has it a few milliseconds later, when a thread of its own flushes
//! what came together. A flush that fails ends the process: what a later one says cannot be trusted,
//! because the kernel may have dropped the pages.
//!
//! Blocks are allocated ahead of what is written, with some kept back for what tells of money that was
//! spent already. So a full disk refuses admissions and no settlement: one that finds even that used up
//! goes to the database at once.

mod flush;
pub(crate) mod frame;
pub(crate) mod replay;
mod tail;

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use flush::Flush;
use serde::{Deserialize, Serialize};
use tail::{STEP_BYTES, Tail};

use crate::writer::Entry;

/// A file that is longer, or than a quarter of the journal's bound, is followed by a new one, and removed
/// once all of it is carried.
const SEGMENT_BYTES: u64 = 32 << 20;
/// How long a file goes on after the next one could not be made.
const TURN_RETRY: Duration = Duration::from_secs(1);
/// What admissions leave for the settlements of what runs.
const KEPT_BYTES: u64 = 512 << 10;
/// How a process ends whose disk fails to keep what was written: `EX_IOERR` of `sysexits.h`.
const EXIT_DISK: i32 = 74;

/// The journal of this process.
pub(crate) struct Journal {
    folder: PathBuf,
    head: Head,
    bytes_max: u64,
    tail: Mutex<Tail>,
    flush: Arc<Flush>,
    /// The number of the last record that the database has.
    carried: AtomicU64,
    /// Held for as long as the journal is open: one process a folder.
    lock: File,
}

/// The first record of every file: whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Of this format: 1.
    pub(crate) version: u32,
    /// The fence of the process.
    pub(crate) fence: u64,
    /// Which start of the machine it ran on; empty where that cannot be told.
    pub(crate) boot: String,
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Money that is about to be spent: refused while the disk is nearly full.
    Admission,
    /// What happened already.
    Aftermath,
}

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The disk or the journal's bound is reached.
    #[error("the journal has no room left on its disk; make room, or wait for the database")]
    Full,
    /// It was ended.
    #[error("the journal is ended")]
    Ended,
    /// The record is too long.
    #[error("a record is too long for the journal")]
    TooLong,
    /// The disk does not take it.
    #[error("the journal `{}` cannot be written: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Journal {
    /// Begins a new journal in a folder that [`lock`] locked.
    pub(crate) fn begin(
        folder: &Path,
        lock: File,
        fence: u64,
        bytes_max: u64,
    ) -> Result<Self, Error> {
        let head = Head { version: 1, fence, boot: boot() };
        let tail = Tail::create(folder, &head, 1, 0)?;
        let flush = Arc::new(Flush::new());
        let flushing = Arc::clone(&flush);
        std::thread::Builder::new()
            .name("journal-flush".to_owned())
            .spawn(move || flushing.run(lost))
            .map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        let folder = folder.to_owned();
        let (tail, carried) = (Mutex::new(tail), AtomicU64::default());
        Ok(Self { folder, head, bytes_max, tail, flush, carried, lock })
    }

    /// Writes a record and, within the same lock, hands its number on: whoever queues it there has
    /// the queue in the journal's order.
    pub(crate) fn append(
        &self,
        purpose: Purpose,
        ask: &[u8],
        record: &[u8],
        then: impl FnOnce(u64),
    ) -> Result<u64, Error> {
        let mut tail = self.tail();
        if tail.sealed {
            return Err(Error::Ended);
        }
        let seq = tail.seq + 1;
        let mut bytes = std::mem::take(&mut tail.frame);
        let written = if frame::encode(&mut bytes, seq, ask, record) {
            self.write(&mut tail, purpose, &bytes)
        } else {
            Err(Error::TooLong)
        };
        tail.frame = bytes;
        written?;
        tail.seq = seq;
        self.flush.want(&tail.file, seq);
        then(seq);
        Ok(seq)
    }

    /// Waits until the disk has a record.
    pub(crate) async fn kept(&self, seq: u64) {
        self.flush.kept(seq).await;
    }

    /// The database has every record up to this one: files before it are removed.
    pub(crate) fn carried(&self, seq: u64) {
        self.carried.fetch_max(seq, Ordering::AcqRel);
        let mut tail = self.tail();
        let done = tail.before.partition_point(|(last, _, _)| *last <= seq);
        let done: Vec<_> = tail.before.drain(..done).collect();
        drop(tail);
        done.iter().for_each(|(_, path, _)| remove(path));
    }

    /// Whether the database has every record up to this one.
    pub(crate) fn is_carried(&self, seq: u64) -> bool {
        self.carried.load(Ordering::Acquire) >= seq
    }

    /// Takes nothing more, and gives the number of the last record.
    pub(crate) fn seal(&self) -> u64 {
        let mut tail = self.tail();
        tail.sealed = true;
        tail.seq
    }

    /// The number of the last record.
    pub(crate) fn last(&self) -> u64 {
        self.tail().seq
    }

    /// Ends the sealed journal. Its files stay if the database does not have all of it.
    pub(crate) fn end(&self, carried: u64) {
        self.flush.stop();
        self.carried(carried);
        let mut tail = self.tail();
        tail.end();
        if tail.before.is_empty() && tail.seq <= carried {
            remove(&tail.path);
        }
        // Another process may have the folder from here on. Without this, once the last handle is gone.
        let _ = self.lock.unlock();
    }

    /// Writes down for people what the database refuses for good.
    pub(crate) fn set_aside(&self, entry: &Entry) {
        set_aside(&self.folder, entry);
    }

    fn write(&self, tail: &mut Tail, purpose: Purpose, bytes: &[u8]) -> Result<(), Error> {
        let stuck = tail.stuck.is_some_and(|at| at.elapsed() < TURN_RETRY);
        let most = SEGMENT_BYTES.min(self.bytes_max / 4);
        if tail.at >= most / 2 && !tail.is_prepared() && !stuck && self.has_room(tail) {
            tail.prepare(&self.folder, &self.head);
        }
        if tail.at >= most
            && !stuck
            && let Err(error) = self.turn(tail)
            && purpose == Purpose::Admission
        {
            return Err(error);
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let keep = if purpose == Purpose::Admission { KEPT_BYTES } else { 0 };
        let end = tail.at.saturating_add(length);
        if end.saturating_add(KEPT_BYTES) > tail.allocated {
            let allocated = if self.has_room(tail) { tail.allocate() } else { Err(Error::Full) };
            if let Err(error) = allocated
                && end.saturating_add(keep) > tail.allocated
            {
                return Err(error);
            }
        }
        tail.file.write_all_at(bytes, tail.at).map_err(|error| tail.failed(error))?;
        tail.at = end;
        Ok(())
    }

    /// Whether the bound lets one more step be allocated.
    fn has_room(&self, tail: &Tail) -> bool {
        let others: u64 = tail.before.iter().map(|(_, _, bytes)| *bytes).sum();
        let next = if tail.is_prepared() { STEP_BYTES } else { 0 };
        let all = others.saturating_add(tail.allocated).saturating_add(STEP_BYTES + next);
        all <= self.bytes_max
    }

    /// Goes on in a new file. The disk has the whole old one before the first record of the new one, so
    /// that only the last file of a journal can end torn.
    fn turn(&self, tail: &mut Tail) -> Result<(), Error> {
        tail.stuck = Some(Instant::now());
        if !tail.is_prepared() && !self.has_room(tail) {
            return Err(Error::Full);
        }
        let next = tail.following(&self.folder, &self.head)?;
        tail.file.sync_data().unwrap_or_else(lost);
        let frame = std::mem::take(&mut tail.frame);
        let old = std::mem::replace(tail, next);
        tail.frame = frame;
        tail.before = old.before;
        tail.before.push_back((old.seq, old.path, old.allocated));
        Ok(())
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.flush.stop();
        self.tail().end();
    }
}

/// Appends an entry that the database refuses for good to `refused.jsonl`, for people to look into.
pub(crate) fn set_aside(folder: &Path, entry: &Entry) {
    let path = folder.join("refused.jsonl");
    let line = serde_json::json!({
        "seq": entry.seq,
        // What is never in the journal has no text.
        "ask": serde_json::to_value(&entry.ask).ok(),
        "record": entry.record.as_ref().map(|draft| &draft.body),
    });
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| {
        writeln!(file, "{line}")?;
        file.sync_all()
    });
    if let Err(error) = written {
        tracing::error!(%error, file = %path.display(), "it could not be set aside either");
    }
}

/// Ends the process, whose disk did not keep what was written.
fn lost(error: io::Error) {
    tracing::error!(%error, "the disk failed to keep the journal; check it, then start again");
    std::process::exit(EXIT_DISK)
}

/// Makes the folder and takes it for this process.
///
/// # Errors
/// [`crate::Error::Journal`] where another process has it or it cannot be made.
pub(crate) fn lock(folder: &Path) -> Result<File, crate::Error> {
    let failed = |why: String| crate::Error::Journal { path: folder.to_owned(), why };
    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join("lock"))
        .map_err(|error| failed(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(failed("another server uses it; give each its own `state.dir`".to_owned()))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error.to_string())),
    }
}

/// Which start of the machine this is. Only within one did the kernel keep what was written and not
/// flushed.
pub(crate) fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// Removes a file whose records the database has. One that stays is found and removed at the next start.
pub(crate) fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(%error, file = %path.display(), "a journal that is done with stays");
    }
}
