//! `file.read`, `file.write` and `file.list`. Their keys are not needed: a second call does no more.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Report, TEXT_BYTES_MAX};
use crate::{Driver, Error, Handle, Kind};

/// The largest file that is read or written.
const FILE_BYTES_MAX: u64 = 10 << 20;
/// Entries of a list.
const ENTRIES_MAX: usize = 1000;

/// The arguments of `file.read`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRead {
    /// The file, below the workspace.
    #[schemars(length(min = 1, max = 1024))]
    pub path: String,
    /// The byte to begin at.
    #[serde(default)]
    pub offset: u64,
}

/// Reads a part of a file.
///
/// # Errors
/// Where there is no such file below the workspace, or it is too large.
pub async fn file_read(
    driver: &dyn Driver,
    sandbox: &Handle,
    arguments: &FileRead,
    _key: &str,
) -> Result<Report, Error> {
    let bytes = driver.read(sandbox, &arguments.path, FILE_BYTES_MAX).await?;
    let from = usize::try_from(arguments.offset).unwrap_or(usize::MAX).min(bytes.len());
    let rest = bytes.get(from..).unwrap_or_default();
    let part = rest.get(..TEXT_BYTES_MAX).unwrap_or(rest);
    let text = String::from_utf8_lossy(part).into_owned();
    Ok(Report { cut: part.len() < rest.len(), ..Report::new(true, text) })
}

/// The arguments of `file.write`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileWrite {
    /// The file, below the workspace.
    #[schemars(length(min = 1, max = 1024))]
    pub path: String,
    /// All of its text.
    #[schemars(length(max = 1048576))]
    pub content: String,
}

/// Writes a file.
///
/// # Errors
/// Where the path is not one below the workspace, or there is no room.
pub async fn file_write(
    driver: &dyn Driver,
    sandbox: &Handle,
    arguments: &FileWrite,
    _key: &str,
) -> Result<Report, Error> {
    let bytes = arguments.content.as_bytes();
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Error::TooLarge { what: "content".into(), most: FILE_BYTES_MAX });
    }
    driver.write(sandbox, &arguments.path, bytes).await?;
    Ok(Report::new(true, format!("wrote {} bytes", bytes.len())))
}

/// The arguments of `file.list`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileList {
    /// The folder, below the workspace; the workspace itself, if it is empty.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub path: String,
}

/// Lists a folder.
///
/// # Errors
/// Where there is no such folder below the workspace, or it has too many entries.
pub async fn file_list(
    driver: &dyn Driver,
    sandbox: &Handle,
    arguments: &FileList,
    _key: &str,
) -> Result<Report, Error> {
    let mut text = String::new();
    for entry in driver.list(sandbox, &arguments.path, ENTRIES_MAX).await? {
        // A name may have a line's end in it; a line here is one entry.
        let name: String =
            entry.name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        let _ = match entry.kind {
            Kind::File => writeln!(text, "{name}\t{} bytes", entry.bytes),
            Kind::Folder => writeln!(text, "{name}/"),
            Kind::Other => writeln!(text, "{name}\tneither file nor folder"),
        };
    }
    let cut = text.len() > TEXT_BYTES_MAX;
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
    Ok(Report { cut, ..Report::new(true, text) })
}
