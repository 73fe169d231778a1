//! The git tree through the `git` command: the files of one commit, and commits of our own.
//!
//! The command and not a library, because it brings what administrators already use and trust:
//! ssh and https remotes, credential helpers, signatures.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// Files in one tree.
const FILES_MAX: usize = 10_000;
/// Bytes in one file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Bytes in one tree.
const TREE_BYTES_MAX: u64 = 32 << 20;
/// How long one `git` command may take.
const COMMAND_TIME: Duration = Duration::from_secs(30);

/// Why the tree cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command is not there.
    #[error("cannot run `git`: {0}; install git (Debian: `apt-get install git`)")]
    NoGit(std::io::Error),
    /// The command took too long.
    #[error("`git {0}` took longer than {1:?}")]
    Timeout(String, Duration),
    /// The command failed.
    #[error("`git {command}` in `{dir}` failed: {message}")]
    Failed {
        /// The subcommand.
        command: String,
        /// The tree's folder.
        dir: String,
        /// What git printed.
        message: String,
    },
    /// The commit holds what a tree may not hold.
    #[error("commit {commit}: {message}")]
    Contents {
        /// Which commit.
        commit: String,
        /// What and what to do.
        message: String,
    },
    /// A file of the working tree cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

/// A git tree on this machine.
#[derive(Debug, Clone)]
pub struct Repository {
    dir: PathBuf,
}

/// A change to one file: its new content, or `None` to remove it.
pub type Change<'a> = (&'a str, Option<&'a str>);

impl Repository {
    /// The tree in `dir`, which need not exist yet.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The tree's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether the folder is a git repository with a commit.
    pub async fn exists(&self) -> bool {
        self.dir.is_dir() && self.head().await.is_ok()
    }

    /// Makes a repository with one commit that holds `files`.
    ///
    /// # Errors
    /// [`Error`] where git or the file system refuses.
    pub async fn init(&self, files: &[Change<'_>], message: &str) -> Result<String, Error> {
        tokio::fs::create_dir_all(&self.dir).await.map_err(|source| self.unwritten("", source))?;
        self.git(&["init", "--quiet", "--initial-branch=main"], None).await?;
        self.commit(files, "Orchestack <orchestack@localhost>", message).await
    }

    /// The id of the commit that the tree stands at.
    ///
    /// # Errors
    /// [`Error::Failed`] where the folder is no repository or has no commit.
    pub async fn head(&self) -> Result<String, Error> {
        let printed = self.git(&["rev-parse", "--verify", "HEAD^{commit}"], None).await?;
        Ok(String::from_utf8_lossy(&printed).trim().to_owned())
    }

    /// Whether the working tree has changes that no commit holds, and which therefore do not run.
    ///
    /// # Errors
    /// [`Error::Failed`] where the folder is no repository.
    pub async fn uncommitted(&self) -> Result<Vec<String>, Error> {
        let printed = self.git(&["status", "--porcelain", "-z"], None).await?;
        let entries = printed.split(|&b| b == 0).filter(|entry| entry.len() > 3);
        Ok(entries.map(|e| String::from_utf8_lossy(e.get(3..).unwrap_or(e)).into_owned()).collect())
    }

    /// Every file of a commit, by path.
    ///
    /// # Errors
    /// [`Error::Contents`] where it holds links, submodules, or more than the bounds allow.
    pub async fn files(&self, commit: &str) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let listed = self.git(&["ls-tree", "-r", "-z", "-l", "--full-tree", commit], None).await?;
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
        let blobs = self.git(&["cat-file", "--batch"], Some(wanted.as_bytes())).await?;
        split_batch(&blobs, entries)
            .ok_or_else(|| refused("git printed an incomplete batch".to_owned()))
    }

    /// Writes the changes into the working tree and commits exactly them.
    ///
    /// # Errors
    /// [`Error`] where a file cannot be written or git refuses.
    pub async fn commit(
        &self,
        changes: &[Change<'_>],
        author: &str,
        message: &str,
    ) -> Result<String, Error> {
        for (path, _) in changes {
            let inside = |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(name) if name != ".git");
            if path.is_empty() || !Path::new(path).components().all(inside) {
                let refused = std::io::Error::other("the path leaves the tree");
                return Err(self.unwritten(path, refused));
            }
        }
        for (path, content) in changes {
            let full = self.dir.join(path);
            let written = match content {
                Some(text) => {
                    let parent = full.parent().unwrap_or(&self.dir).to_path_buf();
                    match tokio::fs::create_dir_all(parent).await {
                        Ok(()) => tokio::fs::write(&full, text).await,
                        Err(error) => Err(error),
                    }
                }
                None => tokio::fs::remove_file(&full).await,
            };
            written.map_err(|source| self.unwritten(path, source))?;
        }
        let paths: Vec<&str> = changes.iter().map(|(path, _)| *path).collect();
        let mut add = vec!["add", "--all", "--"];
        add.extend(&paths);
        self.git(&add, None).await?;
        let author = format!("--author={author}");
        // `--only`: what somebody has staged beside it stays out of this commit.
        let mut commit =
            vec!["commit", "--quiet", "--no-gpg-sign", &author, "-m", message, "--only", "--"];
        commit.extend(&paths);
        self.git(&commit, None).await?;
        self.head().await
    }

    /// Runs one git command and returns what it printed. Hooks and prompts are off: this is a
    /// service, and the tree is data.
    async fn git(&self, args: &[&str], input: Option<&[u8]>) -> Result<Vec<u8>, Error> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.dir);
        for setting in [
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.quotePath=false",
            "safe.directory=*",
            "user.name=Orchestack",
            "user.email=orchestack@localhost",
        ] {
            command.args(["-c", setting]);
        }
        command.args(args).env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        for inherited in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
            command.env_remove(inherited);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().map_err(Error::NoGit)?;
        let stdin = child.stdin.take();
        let feed = async {
            if let (Some(mut pipe), Some(bytes)) = (stdin, input) {
                // A command that ended early says why on its own.
                let _ = pipe.write_all(bytes).await;
            }
        };
        let name = args.first().copied().unwrap_or_default();
        let run = async { tokio::join!(feed, child.wait_with_output()).1 };
        let output = timeout(COMMAND_TIME, run)
            .await
            .map_err(|_| Error::Timeout(name.to_owned(), COMMAND_TIME))?
            .map_err(Error::NoGit)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message: String =
            String::from_utf8_lossy(&output.stderr).trim().chars().take(500).collect();
        Err(Error::Failed {
            command: name.to_owned(),
            dir: self.dir.display().to_string(),
            message,
        })
    }

    fn unwritten(&self, path: &str, source: std::io::Error) -> Error {
        Error::Write { path: self.dir.join(path).display().to_string(), source }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_committed_is_what_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Repository::at(dir.path().join("tree"));
        assert!(!tree.exists().await);
        let first = tree
            .init(&[("policies/a.cedar", Some("one\n")), ("b.toml", Some(""))], "start")
            .await
            .unwrap();
        tokio::fs::write(dir.path().join("tree/b.toml"), "not committed").await.unwrap();
        let files = tree.files(&first).await.unwrap();
        assert_eq!(files["policies/a.cedar"], b"one\n");
        assert_eq!(files["b.toml"], b"");
        assert_eq!(tree.uncommitted().await.unwrap(), ["b.toml"]);
        let second = tree.commit(&[("policies/a.cedar", None)], "A <a@b>", "remove").await.unwrap();
        assert_ne!(first, second);
        assert_eq!(tree.files(&second).await.unwrap().len(), 1);
        assert_eq!(tree.head().await.unwrap(), second);
    }

    #[tokio::test]
    async fn nothing_is_written_outside_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Repository::at(dir.path().join("tree"));
        tree.init(&[("a", Some("x"))], "start").await.unwrap();
        for path in ["../out", "b/../../out", "/tmp/out", ".git/hooks/pre-commit", ""] {
            let refused = tree.commit(&[(path, Some("x"))], "A <a@b>", "escape").await;
            assert!(refused.is_err(), "{path}");
        }
        assert!(!dir.path().join("out").exists());
    }

    #[tokio::test]
    async fn a_link_in_the_tree_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let tree = Repository::at(dir.path());
        tree.init(&[("a", Some("x"))], "start").await.unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        tree.git(&["add", "link"], None).await.unwrap();
        tree.git(&["commit", "-qm", "link"], None).await.unwrap();
        let error = tree.files("HEAD").await.unwrap_err().to_string();
        assert!(error.contains("`link` is a link"), "{error}");
    }
}
