//! Changes to the git tree, and its files as they lie in a folder.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use tokio::sync::Mutex;

use crate::{desk::Act, error::Error, policies::PolicyReport};

/// The most files of a folder, and the most bytes of one file: those of a commit.
const FILES_MAX: usize = 10_000;
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Commits come one after the other: git refuses a second one while its index is locked.
static COMMITTING: Mutex<()> = Mutex::const_new(());

/// The files of a tree, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Commits new files, if the whole tree would still load with them.
pub(crate) async fn commit(
    act: &Act,
    files: &[(String, String)],
    message: &str,
) -> Result<String, Error> {
    let repository = &act.control().repository;
    let _one_at_a_time = COMMITTING.lock().await;
    let head = repository.head().await?;
    let mut whole = repository.files(&head).await?;
    for (path, text) in files {
        // INVARIANT: a change stays within the tree. Whoever made the path checked its parts; a
        // slip there must not write elsewhere.
        if path.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            let fix = "choose another name";
            return Err(Error::invalid(format!("`{path}` is not a path of the tree"), fix));
        }
        let written = repository.dir().join(path);
        if whole.contains_key(path) || tokio::fs::try_exists(&written).await.unwrap_or(true) {
            let fix = "remove or commit it first, or choose another name";
            return Err(Error::invalid(format!("the tree has `{path}` already"), fix));
        }
        whole.insert(path.clone(), text.clone().into_bytes());
    }
    snapshot::check(&head, &whole)
        .map_err(|faults| Error::Tree(faults.iter().map(ToString::to_string).collect()))?;
    let changes: Vec<_> =
        files.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))).collect();
    Ok(repository.commit(&changes, &act.author(), message).await?)
}

/// Checks a tree as a load would.
pub fn check(name: &str, files: &Files) -> PolicyReport {
    let checked = name.to_owned();
    match snapshot::check(name, files) {
        Ok(report) => PolicyReport {
            ok: true,
            checked,
            faults: Vec::new(),
            notes: report.notes,
            agents: report.agents,
            policy_files: report.policy_files,
            providers: report.providers,
            models: report.models,
        },
        Err(faults) => PolicyReport {
            checked,
            faults: faults.into_iter().map(Into::into).collect(),
            ..PolicyReport::default()
        },
    }
}

/// Reads the files of a folder as a commit would hold them.
///
/// # Errors
/// Where a file cannot be read, is a link, or is beyond the bounds.
pub async fn read_folder(folder: PathBuf) -> Result<Files, Error> {
    let name = folder.display().to_string();
    let read = tokio::task::spawn_blocking(move || {
        let mut files = Files::new();
        walk(&folder, &folder, &mut files).map(|()| files)
    });
    let read = read.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    read.map_err(|error| {
        let message = format!("the folder `{name}` cannot be read: {error}");
        Error::invalid(message, "name the folder of a policy tree")
    })
}

fn walk(root: &Path, folder: &Path, files: &mut Files) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        // Git's own folder and editors' leftovers; a load passes them over as well.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let relative = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        let refused = |why: &str| Err(io::Error::other(format!("`{relative}` {why}")));
        if kind.is_dir() {
            walk(root, &path, files)?;
        } else if !kind.is_file() {
            return refused("is a link; only files are read");
        } else if entry.metadata()?.len() > FILE_BYTES_MAX || files.len() >= FILES_MAX {
            return refused("goes beyond the bounds of 10000 files and 1 MiB a file");
        } else {
            files.insert(relative, std::fs::read(&path)?);
        }
    }
    Ok(())
}
