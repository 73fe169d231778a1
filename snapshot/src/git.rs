//! The git tree through the `git` command: the files of one commit, commits of our own, and the
//! remote that the tree follows.
//!
//! The command and not a library, because it brings what administrators already use and trust:
//! ssh and https remotes, credential helpers, signatures.
//!
//! INVARIANT: no hook runs, nobody is asked for anything, every command ends in bounded time, and no
//! secret is an argument of a command or part of an error.

mod command;
mod commit;
mod error;
mod history;
mod options;
mod remote;
mod signature;
mod tree;

use std::{path::Path, sync::Arc};

use tokio::sync::Mutex;

use command::Call;
pub use commit::Change;
pub use error::Error;
pub(crate) use error::SIGN;
pub use history::Entry;
pub use options::GitOptions;
pub use remote::Synced;

/// A git tree on this machine. Clones share it: their writes come one after the other.
#[derive(Debug, Clone)]
pub struct Repository {
    options: Arc<GitOptions>,
    writing: Arc<Mutex<()>>,
}

impl Repository {
    /// The tree in `dir`, which need not exist yet and follows no remote.
    pub fn at(dir: impl Into<std::path::PathBuf>) -> Self {
        Self::with(GitOptions::at(dir))
    }

    /// The tree that `options` describe.
    pub fn with(options: GitOptions) -> Self {
        Self { options: Arc::new(options), writing: Arc::default() }
    }

    /// The tree's folder.
    pub fn dir(&self) -> &Path {
        &self.options.dir
    }

    /// The remote that the tree follows.
    pub fn remote(&self) -> Option<&config::settings::Remote> {
        self.options.remote.as_ref()
    }

    /// Whether the folder is a git repository with a commit to run.
    pub async fn exists(&self) -> bool {
        self.dir().is_dir() && self.head().await.is_ok()
    }

    /// The id of the commit to run: the one that the remote's branch or tag had at the last look,
    /// or, without a remote, the one that the tree stands at.
    ///
    /// # Errors
    /// [`Error::Failed`] where the folder is no repository or has no commit; [`Error::NeverFetched`]
    /// where the remote was never reached.
    pub async fn head(&self) -> Result<String, Error> {
        match self.remote() {
            Some(remote) => match self.followed().await? {
                Some(followed) => Ok(followed.commit),
                None => Err(Error::NeverFetched { remote: remote.to_string() }),
            },
            None => self.call(&["rev-parse", "--verify", "HEAD^{commit}"]).text().await,
        }
    }

    /// Whether the working tree has changes that no commit holds, and which therefore do not run.
    ///
    /// # Errors
    /// [`Error::Failed`] where the folder is no repository.
    pub async fn uncommitted(&self) -> Result<Vec<String>, Error> {
        let printed = self.call(&["status", "--porcelain", "--no-renames", "-z"]).run().await?;
        let entries = printed.split(|&b| b == 0).filter(|entry| entry.len() > 3);
        Ok(entries.map(|e| String::from_utf8_lossy(e.get(3..).unwrap_or(e)).into_owned()).collect())
    }

    fn call(&self, args: &[&str]) -> Call<'_> {
        Call::new(&self.options, args)
    }

    /// What a revision names, if it names something.
    async fn find(&self, revision: &str) -> Result<Option<String>, Error> {
        let call = self.call(&["rev-parse", "--verify", "--quiet", revision]);
        Ok(call.answer().await?.map(|id| id.trim().to_owned()))
    }

    /// Whether `newer` has `older` in its history, or is it.
    async fn descends(&self, newer: &str, older: &str) -> Result<bool, Error> {
        if newer == older {
            return Ok(true);
        }
        let call = self.call(&["merge-base", "--is-ancestor", older, newer]);
        Ok(call.answer().await?.is_some())
    }
}

#[cfg(test)]
pub(crate) mod tests;
