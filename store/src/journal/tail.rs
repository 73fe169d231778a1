//! The file that the journal ends in: made, allocated ahead and followed by the next one.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Instant,
};

use rustix::fs::FallocateFlags;

use super::{Error, Head, frame, remove};

/// How much is allocated at once.
pub(super) const STEP_BYTES: u64 = 1 << 20;
/// Where the journal ends.
pub(super) struct Tail {
    pub(super) file: Arc<File>,
    pub(super) path: PathBuf,
    /// The place of the next record.
    pub(super) at: u64,
    /// Up to where blocks are allocated.
    pub(super) allocated: u64,
    /// The number of the last record.
    pub(super) seq: u64,
    /// The number of this file.
    pub(super) segment: u32,
    /// Files before this one, with the numbers of their last records and their lengths.
    pub(super) before: VecDeque<(u64, PathBuf, u64)>,
    pub(super) frame: Vec<u8>,
    /// When the next file could not be made.
    pub(super) stuck: Option<Instant>,
    /// The file after this one, which is made before it is needed: that takes the disk its time.
    next: Option<JoinHandle<Result<Box<Self>, Error>>>,
    /// Nothing more is taken.
    pub(super) sealed: bool,
}

impl Tail {
    pub(super) fn create(
        folder: &Path,
        head: &Head,
        segment: u32,
        seq: u64,
    ) -> Result<Self, Error> {
        let path = folder.join(format!("{:016x}-{segment:06}.journal", head.fence));
        let failed = |source: io::Error| Error::Io { path: path.clone(), source };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let mut tail = Self {
            file: Arc::new(file),
            path: path.clone(),
            at: 0,
            allocated: 0,
            seq,
            segment,
            before: VecDeque::new(),
            frame: Vec::new(),
            stuck: None,
            next: None,
            sealed: false,
        };
        if let Err(error) = tail.head(folder, head) {
            // Left there, it would be in the way of the next try.
            remove(&path);
            return Err(error);
        }
        Ok(tail)
    }

    /// Has the file after this one made, if it is not already.
    pub(super) fn prepare(&mut self, folder: &Path, head: &Head) {
        if self.next.is_some() {
            return;
        }
        let (folder, head, segment) = (folder.to_owned(), head.clone(), self.segment + 1);
        let make = move || Self::create(&folder, &head, segment, 0).map(Box::new);
        // Where no thread can be had, it is made when it is needed.
        self.next = std::thread::Builder::new().name("journal-next".to_owned()).spawn(make).ok();
    }

    /// Whether the file after this one is there, or is being made.
    pub(super) const fn is_prepared(&self) -> bool {
        self.next.is_some()
    }

    /// The file after this one.
    pub(super) fn following(&mut self, folder: &Path, head: &Head) -> Result<Self, Error> {
        let prepared = self.next.take().and_then(|next| next.join().ok()?.ok());
        match prepared {
            Some(next) => Ok(Self { seq: self.seq, ..*next }),
            None => Self::create(folder, head, self.segment + 1, self.seq),
        }
    }

    /// Removes the file after this one, which is not needed.
    pub(super) fn end(&mut self) {
        if let Some(Ok(Ok(next))) = self.next.take().map(JoinHandle::join) {
            remove(&next.path);
        }
    }

    /// Writes the first record, and has the disk keep the file and its name.
    fn head(&mut self, folder: &Path, head: &Head) -> Result<(), Error> {
        let first = serde_json::to_vec(head).map_err(|error| self.failed(error.into()))?;
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, 0, &first, &[]);
        self.allocate()?;
        self.file.write_all_at(&bytes, 0).map_err(|error| self.failed(error))?;
        self.at = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.file.sync_all().map_err(|error| self.failed(error))?;
        let kept = File::open(folder).and_then(|folder| folder.sync_all());
        kept.map_err(|error| self.failed(error))
    }

    /// Allocates the next blocks, so that a write into them needs no more of the disk.
    pub(super) fn allocate(&mut self) -> Result<(), Error> {
        use rustix::io::Errno;
        let blocks = FallocateFlags::empty();
        let done = loop {
            match rustix::fs::fallocate(&*self.file, blocks, self.allocated, STEP_BYTES) {
                Err(Errno::INTR) => {}
                // A file system that cannot allocate takes zeros, which come to the same.
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                    let zeros = vec![0; usize::try_from(STEP_BYTES).unwrap_or_default()];
                    break self.file.write_all_at(&zeros, self.allocated);
                }
                done => break done.map_err(io::Error::from),
            }
        };
        done.map_err(|error| self.failed(error))?;
        self.allocated += STEP_BYTES;
        Ok(())
    }

    pub(super) fn failed(&self, source: io::Error) -> Error {
        if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            return Error::Full;
        }
        Error::Io { path: self.path.clone(), source }
    }
}
