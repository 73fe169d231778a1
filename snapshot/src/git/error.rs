//! Why the tree cannot be read or written, in words that say what to do.

use std::time::Duration;

use config::Fault;

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
    /// The folder of a tree that follows a remote holds something else.
    #[error(
        "`{dir}` holds files and is no git repository; empty it, or set `policy.tree` to another folder"
    )]
    Occupied {
        /// The tree's folder.
        dir: String,
    },
    /// The secret of the remote cannot be had.
    #[error("`policy.remote_secret`: {0}")]
    Secret(#[from] config::SecretError),
    /// The remote cannot be reached, or does not let us.
    #[error(
        "cannot {act} `{remote}`: {message}; check `policy.remote`, the network and the access of this user"
    )]
    Remote {
        /// What was tried.
        act: &'static str,
        /// The remote, without secrets.
        remote: String,
        /// What git printed.
        message: String,
    },
    /// The remote was never reached, so that there is nothing to run.
    #[error("nothing was fetched from `{remote}` yet; check `policy.remote` and the network")]
    NeverFetched {
        /// The remote.
        remote: String,
    },
    /// The remote has nothing of that name.
    #[error(
        "`{remote}` has no branch or tag `{reference}`; set `policy.ref`, or push a first tree: \
         `orchestack init DIR` makes one, and `git -C DIR/tree push {remote} main:{reference}` \
         sends it"
    )]
    NoRef {
        /// The remote.
        remote: String,
        /// The name.
        reference: String,
    },
    /// A branch and a tag have that name, and guessing could run the wrong one.
    #[error(
        "`{remote}` has both a branch and a tag `{reference}`; set `policy.ref` to `refs/heads/{reference}` or `refs/tags/{reference}`"
    )]
    AmbiguousRef {
        /// The remote.
        remote: String,
        /// The name.
        reference: String,
    },
    /// What the remote has of that name is no commit.
    #[error(
        "`{reference}` of `{remote}` is no commit; tag a commit, or set `policy.ref` to a branch"
    )]
    NoCommit {
        /// The remote.
        remote: String,
        /// The name.
        reference: String,
    },
    /// The commit holds what a tree may not hold.
    #[error("commit {commit}: {}", list(.faults))]
    Contents {
        /// Which commit.
        commit: String,
        /// Every file that it may not hold.
        faults: Vec<Fault>,
    },
    /// The commit is not signed by somebody who may.
    #[error("commit {commit} is refused: {why}; {SIGN}")]
    Unsigned {
        /// Which commit.
        commit: String,
        /// What its signature lacks.
        why: String,
    },
    /// The text names no commit.
    #[error(
        "`{0}` names no commit here; give the id that `git log` shows, a branch, a tag, `HEAD` or `HEAD~1`"
    )]
    Revision(String),
    /// The tree cannot be edited from here.
    #[error("{0}")]
    ReadOnly(&'static str),
    /// The branch is the one that runs.
    #[error("`{0}` is the branch that runs; choose another name, or commit to the tree itself")]
    Running(String),
    /// The commit would not have exactly what was looked at: git keeps a file or a folder of a name,
    /// never both.
    #[error(
        "`{0}` would not be in the commit as it was meant: one path of the change is a file where another one has a folder; choose another path"
    )]
    Clash(String),
    /// The change changes nothing.
    #[error("the tree has this content already; there is nothing to commit")]
    Unchanged,
    /// A rollback to a commit that never ran.
    #[error(
        "commit {commit} is not in the history of {head}; choose one that `git log` of the tree shows"
    )]
    NotAncestor {
        /// Which commit.
        commit: String,
        /// The one that runs.
        head: String,
    },
    /// Somebody's uncommitted work is in the way.
    #[error(
        "the files that change have uncommitted changes in `{dir}`: {message}; commit, stash or discard them there first"
    )]
    Dirty {
        /// The tree's folder.
        dir: String,
        /// Which files, as git tells.
        message: String,
    },
    /// The remote did not take the commit.
    #[error(
        "`{remote}` refused the commit to `{branch}`: {message}; the tree is again what the remote has: look at it and try again, or commit to another branch where this one is protected"
    )]
    PushRefused {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
        /// What git and the remote printed.
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

/// What to do about a commit that nobody signed who may.
pub(crate) const SIGN: &str = "sign it with a key of the file `policy.allowed_signers` (`git commit --amend -S`), or add its \
     signer to that file";

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
