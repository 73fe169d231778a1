//! What an earlier process left in its journal, carried into the database before anything is served.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use super::{
    Head, boot,
    frame::{self, Frame, Next},
};
use crate::{
    Error,
    batch::{self, Failed},
    owners,
    store::Inner,
    writer::{Applied, Entry},
};

/// Records of one transaction.
const BATCH: usize = 256;

/// Carries every journal of a folder into the database and removes it.
///
/// Of a process of this very start of the machine everything is known then, so what is left of its
/// slices is given back. Of an earlier one the last milliseconds may be lost: its slices wait for
/// the end of their lease and are charged provisionally.
///
/// # Errors
/// [`Error::Journal`] for a journal that is not this database's, or cannot be read or removed; errors
/// of the database.
pub(crate) async fn all(inner: &Inner, folder: &Path) -> Result<(), Error> {
    for (fence, files) in journals(folder)? {
        let Some(carried) = owners::carried(inner, fence).await? else {
            let path = files.first().cloned().unwrap_or_else(|| folder.to_owned());
            let why = "it was written beside another database, or so long ago that this one does not \
                       wait for it any more; start with that one, or move the file away";
            return Err(Error::Journal { path, why: why.to_owned() });
        };
        let known = carry(inner, (folder, fence), carried, &files).await?;
        owners::end(inner, fence, known).await?;
        for file in files {
            std::fs::remove_file(&file).map_err(|error| unusable(&file, &error))?;
        }
    }
    Ok(())
}

/// Writes what is not in the database yet. True: nothing that the process did can be missing.
async fn carry(
    inner: &Inner,
    (folder, fence): (&Path, u64),
    carried: u64,
    files: &[PathBuf],
) -> Result<bool, Error> {
    let (mut entries, mut records, mut known) = (Vec::new(), 0_u64, true);
    let (mut next, mut torn) = (None, false);
    // The first record that is left may be one that the database has, not one behind a gap.
    let first = carried.saturating_add(1);
    for path in files {
        let mut reader = Reader::open(path)?;
        // A file of which not even the first record is whole has nothing that went out.
        let Some(head) = reader.head()? else {
            torn = true;
            continue;
        };
        if head.version != 1 {
            let why = format!("format {} is not known; use the version of it", head.version);
            return Err(reader.corrupt(why));
        }
        if head.fence != fence {
            return Err(reader.corrupt("its name is another journal's; name it back".to_owned()));
        }
        known &= !head.boot.is_empty() && head.boot == boot();
        while let Some(frame) = reader.frame()? {
            if *next.get_or_insert(frame.seq.min(first)) != frame.seq {
                tracing::error!(file = %path.display(), seq = frame.seq, "records are missing");
                known = false;
            }
            // The disk had the whole of every file but the last that has anything.
            known &= !torn;
            next = Some(frame.seq.saturating_add(1));
            if frame.seq <= carried {
                continue;
            }
            records += 1;
            entries.push(Entry::replayed(&frame).map_err(|why| reader.corrupt(why))?);
            if entries.len() == BATCH {
                write(inner, (folder, fence), &mut entries).await?;
            }
        }
        if reader.torn {
            tracing::warn!(file = %path.display(), "a journal ends in the middle of a record");
            torn = true;
        }
    }
    write(inner, (folder, fence), &mut entries).await?;
    if records > 0 {
        tracing::info!(records, "a journal was carried into the database");
    }
    Ok(known)
}

async fn write(
    inner: &Inner,
    (folder, fence): (&Path, u64),
    entries: &mut Vec<Entry>,
) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    match batch::write(inner, entries, fence).await {
        Ok(applied) => told(&applied),
        Err(failed) if failed.error.is_transient() => return Err(failed.error),
        // One of them cannot be written: the others can.
        Err(_) => {
            for entry in entries.iter() {
                match batch::write(inner, std::slice::from_ref(entry), fence).await {
                    Ok(applied) => told(&applied),
                    Err(Failed { error, .. })
                        if !matches!(error, Error::Query(_) | Error::Corrupt { .. }) =>
                    {
                        return Err(error);
                    }
                    Err(Failed { error, .. }) => {
                        tracing::error!(%error, "a record of the journal is set aside");
                        super::set_aside(folder, entry);
                    }
                }
            }
        }
    }
    entries.clear();
    Ok(())
}

fn told(applied: &[Applied]) {
    for refusal in applied.iter().filter_map(|applied| applied.as_ref().err()) {
        tracing::error!(%refusal, "a record of the journal could not be applied");
    }
}

/// The journals of a folder, each with its files in their order.
fn journals(folder: &Path) -> Result<BTreeMap<u64, Vec<PathBuf>>, Error> {
    let failed = |error: io::Error| unusable(folder, &error);
    let mut found: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(name) = name.strip_suffix(".journal") else { continue };
        let fence = name.split('-').next().and_then(|fence| u64::from_str_radix(fence, 16).ok());
        if let Some(fence) = fence {
            found.entry(fence).or_default().push(path);
        }
    }
    found.values_mut().for_each(|files| files.sort());
    Ok(found)
}

struct Reader<'p> {
    path: &'p Path,
    from: BufReader<File>,
    torn: bool,
}

impl<'p> Reader<'p> {
    fn open(path: &'p Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| unusable(path, &error))?;
        Ok(Self { path, from: BufReader::with_capacity(1 << 18, file), torn: false })
    }

    fn head(&mut self) -> Result<Option<Head>, Error> {
        let Some(frame) = self.frame()? else { return Ok(None) };
        let head = serde_json::from_slice(&frame.ask);
        head.map(Some)
            .map_err(|_| self.corrupt("its first record is not that of a journal".to_owned()))
    }

    fn frame(&mut self) -> Result<Option<Frame>, Error> {
        match frame::decode(&mut self.from).map_err(|error| unusable(self.path, &error))? {
            Next::Frame(frame) => Ok(Some(frame)),
            Next::End => Ok(None),
            Next::Torn => {
                self.torn = true;
                Ok(None)
            }
        }
    }

    fn corrupt(&self, why: String) -> Error {
        Error::Journal { path: self.path.to_owned(), why }
    }
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::Journal { path: path.to_owned(), why: error.to_string() }
}
