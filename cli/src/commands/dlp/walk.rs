//! The files that are meant.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// Standard input.
    Input,
    /// A file that was named.
    Named(PathBuf),
    /// A file of a folder that was named.
    Within(PathBuf),
}

impl Source {
    /// As it is told to people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Input => "-".to_owned(),
            Self::Named(path) | Self::Within(path) => path.display().to_string(),
        }
    }
}

/// Hands on every file, folder by folder, in order of names.
pub(super) fn each(
    named: &[PathBuf],
    recursive: bool,
    mut take: impl FnMut(Source) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for path in named {
        if path.as_os_str() == "-" {
            take(Source::Input)?;
        } else if !path.is_dir() {
            take(Source::Named(path.clone()))?;
        } else if recursive {
            folder(path, &mut take)?;
        } else {
            let message = format!("`{}` is a folder", path.display());
            return Err(Failure::usage(message, "add `--recursive` to search what is in it"));
        }
    }
    Ok(())
}

fn folder(
    root: &Path,
    take: &mut impl FnMut(Source) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        let entries = sorted(&dir).map_err(|error| unreadable(&dir.display().to_string(), &error));
        let mut folders = Vec::new();
        for (path, kind) in entries? {
            if kind.is_dir() {
                // Objects of git are compressed, and hold what the files beside it do.
                folders.extend((!path.ends_with(".git")).then_some(path));
            } else if kind.is_file() {
                take(Source::Within(path))?;
            }
        }
        open.extend(folders.into_iter().rev());
    }
    Ok(())
}

fn sorted(dir: &Path) -> io::Result<Vec<(PathBuf, std::fs::FileType)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        entries.push((entry.path(), entry.file_type()?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

/// A file that could not be looked at must not pass for one without findings.
pub(super) fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::Failed(format!("`{name}` cannot be read: {error}"))
}
