//! Changes to the git tree, and its files as they lie in a folder.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use snapshot::git::Repository;
use tokio::sync::Mutex;

use crate::{desk::Act, error::Error, policies::PolicyReport};

/// The most files of a folder, and the most bytes of one file: those of a commit.
const FILES_MAX: usize = 10_000;
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Files of one edit.
pub(crate) const CHANGES_MAX: usize = 200;
/// The longest path of a file.
const PATH_BYTES_MAX: usize = 200;

/// Commits come one after the other: git refuses a second one while its index is locked.
static COMMITTING: Mutex<()> = Mutex::const_new(());

/// The files of a tree, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A change to a file: its new text, or `None` to remove it.
pub(crate) type Change = (String, Option<String>);

/// An edit of the tree.
pub(crate) struct Edit<'a> {
    pub(crate) changes: &'a [Change],
    pub(crate) message: &'a str,
    /// Another branch than the one that runs.
    pub(crate) branch: Option<&'a str>,
    /// The commit that the editor looked at.
    pub(crate) base: Option<&'a str>,
}

/// An edit that is a commit now.
pub(crate) struct Edited {
    pub(crate) commit: String,
    pub(crate) base: String,
}

/// Commits new files, if the tree would be in force with them.
pub(crate) async fn add(
    act: &Act,
    files: &[(String, String)],
    message: &str,
) -> Result<String, Error> {
    let folder = act.control().repository.dir();
    for (path, _) in files {
        // Not committed, but somebody's work all the same.
        if tokio::fs::try_exists(folder.join(path)).await.unwrap_or(true) {
            let fix = "remove or commit it first, or choose another name";
            return Err(Error::invalid(format!("the tree has `{path}` already"), fix));
        }
    }
    let changes: Vec<Change> =
        files.iter().map(|(path, text)| (path.clone(), Some(text.clone()))).collect();
    let edit = Edit { changes: &changes, message, branch: None, base: None };
    Ok(edit.commit(act).await?.commit)
}

impl Edit<'_> {
    /// Makes it a commit of whoever acts, if the whole tree would be in force with it: read, its
    /// cases asked, its invariants proved.
    pub(crate) async fn commit(&self, act: &Act) -> Result<Edited, Error> {
        let control = act.control();
        let repository = &control.repository;
        let _one_at_a_time = COMMITTING.lock().await;
        let base = self.base(repository).await?;
        if let Some(wanted) = self.base.filter(|wanted| *wanted != base) {
            return Err(Error::Moved { base: wanted.to_owned(), head: base });
        }
        let mut whole = repository.files(&base).await?;
        lay(&mut whole, self.changes)?;
        control.snapshots.vet(&base, &whole).await.map_err(Error::Tree)?;
        let changes: Vec<_> =
            self.changes.iter().map(|(path, text)| (path.as_str(), text.as_deref())).collect();
        let author = act.author();
        let commit = match self.branch {
            Some(branch) => repository.commit_to(branch, &changes, &author, self.message).await?,
            None => {
                // Proofs take their time, and what was proved must be what is committed.
                let head = repository.head().await?;
                if head != base {
                    return Err(Error::Moved { base, head });
                }
                repository.commit(&changes, &author, self.message).await?
            }
        };
        Ok(Edited { commit, base })
    }

    /// The commit that the edit goes on top of.
    async fn base(&self, repository: &Repository) -> Result<String, Error> {
        let Some(branch) = self.branch else { return Ok(repository.head().await?) };
        let whole = format!("refs/heads/{}", branch.trim_start_matches("refs/heads/"));
        match repository.resolve(&whole).await {
            Ok(tip) => Ok(tip),
            Err(snapshot::git::Error::Revision(_)) => Ok(repository.head().await?),
            Err(error) => Err(error.into()),
        }
    }
}

/// Lays changes over the files of a tree.
///
/// # Errors
/// Where there are too many, a path is none of the tree or would be a file and a folder at once, or
/// there is no such file to remove.
pub(crate) fn lay(files: &mut Files, changes: &[Change]) -> Result<(), Error> {
    if changes.len() > CHANGES_MAX {
        let message = format!("{} files are changed, and {CHANGES_MAX} may be", changes.len());
        return Err(Error::invalid(message, "change them in several steps, or by git"));
    }
    for (path, text) in changes {
        within(path)?;
        match text {
            Some(text) => {
                files.insert(path.clone(), text.clone().into_bytes());
            }
            None if files.remove(path).is_none() => {
                let message = format!("the tree has no `{path}` to remove");
                return Err(Error::invalid(message, "`orchestack policy files` lists all"));
            }
            None => {}
        }
    }
    // Only now: a file may make room for a folder of its name.
    for (path, _) in changes.iter().filter(|(path, _)| files.contains_key(path)) {
        apart(files, path)?;
    }
    Ok(())
}

/// Makes the tree what it was at an earlier commit, if that would be in force.
pub(crate) async fn rollback(
    act: &Act,
    to: Option<&str>,
    message: Option<&str>,
) -> Result<(String, String), Error> {
    let control = act.control();
    let repository = &control.repository;
    let _one_at_a_time = COMMITTING.lock().await;
    let to = repository.resolve(to.unwrap_or("HEAD~1")).await?;
    let files = repository.files(&to).await?;
    control.snapshots.vet(&to, &files).await.map_err(Error::Tree)?;
    let told = format!("roll back to {to}");
    let author = act.author();
    let commit = repository.rollback(Some(&to), &author, message.unwrap_or(&told)).await?;
    Ok((commit, to))
}

/// Refuses what is not a path of the tree.
///
/// INVARIANT: a change stays within the tree. Every change comes through here.
fn within(path: &str) -> Result<(), Error> {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.contains('\\')
            && !part.chars().any(char::is_control)
    };
    if path.len() <= PATH_BYTES_MAX && path.split('/').all(part) {
        return Ok(());
    }
    let shown: String = path.chars().take(PATH_BYTES_MAX).collect();
    let fix = "choose another name, such as `policies/guardrails.cedar`";
    Err(Error::invalid(format!("`{}` is not a path of the tree", shown.escape_debug()), fix))
}

/// Refuses a path that is a folder of another, or has a file for a folder. Git keeps only one of the
/// two: what it drops would be checked and proved, and not be in the commit.
fn apart(files: &Files, path: &str) -> Result<(), Error> {
    let mut folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    let above = folders.find(|folder| files.contains_key(*folder));
    let inside = format!("{path}/");
    let below = || {
        let (next, _) = files.range(inside.clone()..).next()?;
        next.starts_with(&inside).then_some(next.as_str())
    };
    let Some(other) = above.or_else(below) else { return Ok(()) };
    let message = format!("`{path}` and `{other}` cannot both be: one is a folder of the other");
    Err(Error::invalid(message, "choose another path, or remove what is in its place"))
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
            tool_servers: report.tool_servers,
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
