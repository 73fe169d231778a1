//! The files of one commit.

use std::collections::BTreeMap;

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
        let refused = |message: String| Error::Contents { commit: commit.to_owned(), message };
        let mut entries = Vec::new();
        let mut total = 0;
        for line in listed.split(|&b| b == 0).filter(|line| !line.is_empty()) {
            let line = String::from_utf8_lossy(line);
            let (meta, path) = line.split_once('\t').unwrap_or((line.as_ref(), ""));
            let mut words = meta.split_whitespace();
            let mode = words.next().unwrap_or_default();
            let (oid, size) = (words.nth(1).unwrap_or_default(), words.next().unwrap_or_default());
            if !mode.starts_with("100") {
                return Err(refused(format!(
                    "`{path}` is a link or a submodule; only files are read"
                )));
            }
            let size: u64 = size.parse().unwrap_or(u64::MAX);
            total = size.saturating_add(total);
            if size > FILE_BYTES_MAX || total > TREE_BYTES_MAX || entries.len() >= FILES_MAX {
                return Err(refused(format!(
                    "`{path}` goes beyond the bounds of {FILES_MAX} files, 1 MiB a file and 32 MiB in all"
                )));
            }
            entries.push((path.to_owned(), oid.to_owned()));
        }
        let wanted: String = entries.iter().map(|(_, oid)| format!("{oid}\n")).collect();
        let blobs = self.call(&["cat-file", "--batch"]).input(wanted).run().await?;
        split_batch(&blobs, entries)
            .ok_or_else(|| refused("git printed an incomplete batch".to_owned()))
    }
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
