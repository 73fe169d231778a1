//! The files of one commit.

use std::collections::BTreeMap;

use config::Fault;

use super::{Repository, error::Error};

/// Files in one tree.
const FILES_MAX: usize = 10_000;
/// Bytes in one file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes in one tree.
const TREE_BYTES_MAX: u64 = 32 << 20;

impl Repository {
    /// Every file of a commit, by path.
    ///
    /// # Errors
    /// [`Error::Contents`] where it holds links, submodules, or more than the bounds allow.
    pub async fn files(&self, commit: &str) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let listed = self.call(&["ls-tree", "-r", "-z", "-l", "--full-tree", commit]).run().await?;
        let entries = entries(&listed)
            .map_err(|faults| Error::Contents { commit: commit.to_owned(), faults })?;
        let wanted: String = entries.iter().map(|(_, oid)| format!("{oid}\n")).collect();
        let blobs = self.call(&["cat-file", "--batch"]).input(wanted).run().await?;
        split_batch(&blobs, entries).ok_or_else(|| Error::Failed {
            command: "cat-file".to_owned(),
            dir: self.dir().display().to_string(),
            message: "it printed an incomplete batch".to_owned(),
        })
    }
}

/// The files that `git ls-tree -r -z -l` lists, as paths and the ids of their contents.
///
/// # Errors
/// Every entry that a tree may not hold, before anything of it is read.
fn entries(listed: &[u8]) -> Result<Vec<(String, String)>, Vec<Fault>> {
    let lines: Vec<_> = listed.split(|&b| b == 0).filter(|line| !line.is_empty()).collect();
    if lines.len() > FILES_MAX {
        let message = format!("the tree has {} files", lines.len());
        return Err(vec![fault(".", message, format!("keep at most {FILES_MAX}"))]);
    }
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    let mut total = 0_u64;
    for line in lines {
        let line = String::from_utf8_lossy(line);
        let (meta, path) = line.split_once('\t').unwrap_or((line.as_ref(), ""));
        let mut words = meta.split_whitespace();
        let mode = words.next().unwrap_or_default();
        let (oid, size) = (words.nth(1).unwrap_or_default(), words.next().unwrap_or_default());
        if !mode.starts_with("100") {
            let message = "it is a link or a submodule, and only files are read".to_owned();
            faults.push(fault(
                path,
                message,
                "commit a file in its place, or remove it".to_owned(),
            ));
            continue;
        }
        let size: u64 = size.parse().unwrap_or(u64::MAX);
        if size > FILE_BYTES_MAX {
            let fix = format!("split it or shorten it to at most {FILE_BYTES_MAX} bytes");
            faults.push(fault(path, format!("it has {size} bytes"), fix));
        }
        total = total.saturating_add(size);
        entries.push((path.to_owned(), oid.to_owned()));
    }
    if total > TREE_BYTES_MAX {
        let fix = format!("keep at most {TREE_BYTES_MAX}");
        faults.push(fault(".", format!("the tree has {total} bytes"), fix));
    }
    if faults.is_empty() { Ok(entries) } else { Err(faults) }
}

fn fault(file: &str, message: String, fix: String) -> Fault {
    Fault { file: file.to_owned(), line: None, key: String::new(), message, fix }
}

/// Takes `git cat-file --batch` output apart: a header line, the bytes, a line feed, per object.
fn split_batch(
    mut rest: &[u8],
    entries: Vec<(String, String)>,
) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for (path, _) in entries {
        let end = rest.iter().position(|&b| b == b'\n')?;
        let header = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size: usize = header.rsplit(' ').next()?.parse().ok()?;
        let body = rest.get(end + 1..)?;
        files.insert(path, body.get(..size)?.to_vec());
        rest = body.get(size + 1..)?;
    }
    Some(files)
}
