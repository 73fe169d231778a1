//! Commits of our own. They are made beside the working tree, so that a commit that is refused
//! leaves no trace there, and only then shown in it.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Repository, error::Error, remote::Kind};

/// A change to one file: its new content, or `None` to remove it.
pub type Change<'a> = (&'a str, Option<&'a str>);

impl Repository {
    /// Makes a repository with one commit that holds `files`.
    ///
    /// # Errors
    /// [`Error`] where git or the file system refuses.
    pub async fn init(&self, files: &[Change<'_>], message: &str) -> Result<String, Error> {
        let _writing = self.writing.lock().await;
        tokio::fs::create_dir_all(self.dir()).await.map_err(|source| self.unwritten("", source))?;
        self.call(&["init", "--quiet", "--template=", "--initial-branch=main"]).run().await?;
        let author = "Orchestack <orchestack@localhost>";
        let commit = self.make(None, files, author, message).await?;
        self.stand(&commit, None).await?;
        Ok(commit)
    }

    /// Commits exactly these changes on top of the commit that runs, pushes the commit where the
    /// tree follows a remote, and shows it in the working tree. What somebody has staged or changed
    /// beside them stays out of it and stays as it is.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] where the tree follows a tag or takes signed commits only;
    /// [`Error::Dirty`] where the same files have uncommitted changes; [`Error::PushRefused`] where
    /// the remote has moved on, after which the tree is what the remote has.
    pub async fn commit(
        &self,
        changes: &[Change<'_>],
        author: &str,
        message: &str,
    ) -> Result<String, Error> {
        let _writing = self.writing.lock().await;
        self.editable().await?;
        let base = self.head().await?;
        let commit = self.make(Some(&base), changes, author, message).await?;
        self.adopt(&base, &commit).await?;
        Ok(commit)
    }

    /// Commits these changes onto another branch, which begins at the commit that runs where it
    /// does not exist. What runs, and the working tree, stay as they are.
    ///
    /// # Errors
    /// [`Error::Revision`] where `branch` is no name; [`Error::Running`] where it is the one that
    /// runs; [`Error::PushRefused`] where the remote does not take it.
    pub async fn commit_to(
        &self,
        branch: &str,
        changes: &[Change<'_>],
        author: &str,
        message: &str,
    ) -> Result<String, Error> {
        let _writing = self.writing.lock().await;
        let whole = self.other_branch(branch).await?;
        let remote = self.remote();
        let tip = match remote {
            Some(remote) => self.fetch_branch(remote, &whole).await?,
            None => self.find(&format!("{whole}^{{commit}}")).await?,
        };
        let base = match &tip {
            Some(tip) => tip.clone(),
            None => self.head().await?,
        };
        let commit = self.make(Some(&base), changes, author, message).await?;
        match remote {
            // The local branch is only a name for people; the remote's is the one that counts.
            Some(remote) => {
                self.push(remote, &whole, &commit, tip.as_deref()).await?;
                self.call(&["update-ref", &whole, &commit]).run().await?;
            }
            None => {
                let old = tip.unwrap_or_default();
                self.call(&["update-ref", &whole, &commit, &old]).run().await?;
            }
        }
        Ok(commit)
    }

    /// Makes the tree's files what they were at an earlier commit, by a new commit on top: history
    /// is added to and never rewritten. `to` is the commit before the one that runs where absent.
    ///
    /// # Errors
    /// [`Error::NotAncestor`] where `to` is not in the history; otherwise as [`Repository::commit`].
    pub async fn rollback(
        &self,
        to: Option<&str>,
        author: &str,
        message: &str,
    ) -> Result<String, Error> {
        let _writing = self.writing.lock().await;
        self.editable().await?;
        let base = self.head().await?;
        let to = self.resolve(to.unwrap_or("HEAD~1")).await?;
        if !self.descends(&base, &to).await? {
            return Err(Error::NotAncestor { commit: to, head: base });
        }
        let tree = self.tree_of(&to).await?;
        if tree == self.tree_of(&base).await? {
            return Err(Error::Unchanged);
        }
        let commit = self.seal(&tree, Some(&base), author, message).await?;
        self.adopt(&base, &commit).await?;
        Ok(commit)
    }

    /// Whether a commit made here could run.
    async fn editable(&self) -> Result<(), Error> {
        if self.followed().await?.is_some_and(|followed| followed.kind == Kind::Tag) {
            return Err(Error::ReadOnly(
                "the tree follows a tag, and a tag is not edited; push a new commit and move \
                 `policy.ref` or the tag, or commit to a branch",
            ));
        }
        if self.options.allowed_signers.is_some() {
            return Err(Error::ReadOnly(
                "the tree takes signed commits only (`policy.allowed_signers`), and this server has \
                 no key to sign with; commit to a branch and let a signer merge it, or sign and \
                 push the change yourself",
            ));
        }
        Ok(())
    }

    /// The whole name of a branch that does not run.
    async fn other_branch(&self, branch: &str) -> Result<String, Error> {
        let short = branch.trim_start_matches("refs/heads/");
        let name: Result<config::settings::RefName, _> = short.parse();
        let plain = name.is_ok() && !short.starts_with("refs/");
        if !plain {
            return Err(Error::Revision(branch.chars().take(200).collect()));
        }
        let whole = format!("refs/heads/{short}");
        let running = match self.remote() {
            Some(_) => self.name_of(Kind::Branch),
            None => self.call(&["symbolic-ref", "--quiet", "HEAD"]).answer().await?,
        };
        if running.is_some_and(|running| running.trim() == whole) {
            return Err(Error::Running(short.to_owned()));
        }
        Ok(whole)
    }

    /// A commit with these changes, which no branch has yet.
    async fn make(
        &self,
        parent: Option<&str>,
        changes: &[Change<'_>],
        author: &str,
        message: &str,
    ) -> Result<String, Error> {
        for (path, _) in changes {
            let inside =
                |part: Component<'_>| matches!(part, Component::Normal(name) if name != ".git");
            if path.is_empty() || !Path::new(path).components().all(inside) {
                let refused = std::io::Error::other("the path leaves the tree");
                return Err(self.unwritten(path, refused));
            }
        }
        // Not the index of the working tree: that is people's.
        let index = Index::beside(&self.call(&["rev-parse", "--absolute-git-dir"]).text().await?);
        let own = |args: &[&str]| self.call(args).env("GIT_INDEX_FILE", &index.0);
        if let Some(parent) = parent {
            own(&["read-tree", parent]).run().await?;
        }
        let mut wanted = match parent {
            Some(parent) => self.blobs(parent).await?,
            None => BTreeMap::new(),
        };
        let mut entries = Vec::new();
        for (path, content) in changes {
            let (mode, blob) = match content {
                Some(text) => {
                    let hash = self.call(&["hash-object", "-w", "--stdin"]);
                    let blob = hash.input(*text).text().await?;
                    wanted.insert((*path).to_owned(), blob.clone());
                    ("100644", blob)
                }
                // Git's way to say that the path goes.
                None => {
                    wanted.remove(*path);
                    ("0", "0".repeat(parent.map_or(40, str::len)))
                }
            };
            entries.extend(format!("{mode} {blob}\t{path}\0").into_bytes());
        }
        own(&["update-index", "-z", "--index-info"]).input(entries).run().await?;
        let tree = own(&["write-tree"]).text().await?;
        // Git does not say when a new path takes the place of others.
        if let Some(path) = differing(&wanted, &self.blobs(&tree).await?) {
            return Err(Error::Clash(path.to_owned()));
        }
        if let Some(parent) = parent
            && tree == self.tree_of(parent).await?
        {
            return Err(Error::Unchanged);
        }
        self.seal(&tree, parent, author, message).await
    }

    /// The paths of a commit or tree with the ids of their contents.
    async fn blobs(&self, tree: &str) -> Result<BTreeMap<String, String>, Error> {
        let listed = self.call(&["ls-tree", "-r", "-z", "--full-tree", tree]).run().await?;
        let listed = String::from_utf8_lossy(&listed);
        let entry = |line: &str| {
            let (meta, path) = line.split_once('\t')?;
            Some((path.to_owned(), meta.rsplit(' ').next()?.to_owned()))
        };
        Ok(listed.split('\0').filter_map(entry).collect())
    }

    async fn tree_of(&self, commit: &str) -> Result<String, Error> {
        self.call(&["rev-parse", "--verify", &format!("{commit}^{{tree}}")]).text().await
    }

    /// A commit object of a tree.
    async fn seal(
        &self,
        tree: &str,
        parent: Option<&str>,
        author: &str,
        message: &str,
    ) -> Result<String, Error> {
        let mut args = vec!["commit-tree", tree, "-F", "-"];
        args.extend(parent.iter().flat_map(|parent| ["-p", parent]));
        let (name, email) = author.rsplit_once(" <").unwrap_or((author, author));
        // Git refuses an author without a name.
        let name = if name.trim().is_empty() { "unknown" } else { name.trim() };
        let call = self.call(&args).env("GIT_AUTHOR_NAME", name);
        let call = call.env("GIT_AUTHOR_EMAIL", email.trim_end_matches('>'));
        call.input(format!("{}\n", message.trim_end())).text().await
    }

    /// Makes a commit what runs: at the remote first, then here.
    async fn adopt(&self, base: &str, commit: &str) -> Result<(), Error> {
        // Before the push: afterwards there is no way back.
        self.read_tree(commit, true).await?;
        let Some(remote) = self.remote() else { return self.stand(commit, None).await };
        let branch = self.name_of(Kind::Branch).unwrap_or_default();
        let pushed = self.push(remote, &branch, commit, Some(base)).await;
        if let Err(error @ Error::PushRefused { .. }) = pushed {
            // What is there now is what runs. If it cannot be had, the next look gets it.
            let _ = self.follow(remote).await;
            return Err(error);
        }
        pushed?;
        let followed = format!("{}/branch", self.options.place(remote));
        self.call(&["update-ref", &followed, commit]).run().await?;
        if let Err(error) = self.stand(commit, Some(Kind::Branch)).await {
            // It is done: the remote has it and it runs. The next look tries again and tells.
            tracing::warn!(%commit, %error, "the folder of the tree does not show its commit");
        }
        Ok(())
    }

    /// Shows a commit in the working tree and makes it HEAD. `follows` says what HEAD is: the branch
    /// of that name or, for a tag, the commit alone; without a remote it is the current branch.
    ///
    /// # Errors
    /// [`Error::Dirty`], with nothing changed, where uncommitted work is in the way.
    pub(super) async fn stand(&self, commit: &str, follows: Option<Kind>) -> Result<(), Error> {
        let old = self.find("HEAD^{commit}").await?;
        if old.as_deref() == Some(commit) {
            return Ok(());
        }
        self.read_tree(commit, false).await?;
        let log = ["update-ref", "-m", "orchestack"];
        let branch = follows.and_then(|kind| self.name_of(kind));
        match (follows, &branch) {
            (Some(Kind::Branch), Some(branch)) => {
                self.call(&[&log[..], &[branch.as_str(), commit]].concat()).run().await?;
                self.call(&["symbolic-ref", "HEAD", branch]).run().await?;
            }
            (Some(_), _) => {
                self.call(&[&log[..], &["--no-deref", "HEAD", commit]].concat()).run().await?;
            }
            (None, _) => {
                let old = old.unwrap_or_default();
                self.call(&[&log[..], &["HEAD", commit, &old]].concat()).run().await?;
            }
        }
        Ok(())
    }

    /// Moves index and working tree from HEAD to a commit as a checkout does: changed and staged
    /// files that are the same in both stay as they are, and the others are refused.
    async fn read_tree(&self, commit: &str, dry: bool) -> Result<(), Error> {
        // A file that was only touched is not a changed one. It may say that some have changed.
        self.call(&["update-index", "-q", "--refresh"]).end().await?;
        let old = self.find("HEAD^{commit}").await?;
        let mut args = vec!["read-tree", "-m", "-u"];
        args.extend(dry.then_some("--dry-run"));
        args.extend(old.as_deref());
        args.push(commit);
        let (ended, output) = self.call(&args).end().await?;
        if output.status.success() {
            return Ok(());
        }
        let message = ended.message(&output.stderr);
        let in_the_way = ["not uptodate", "would be overwritten", "would be removed", "would lose"];
        if in_the_way.iter().any(|words| message.contains(words)) {
            return Err(Error::Dirty { dir: self.dir().display().to_string(), message });
        }
        Err(ended.failed(&output))
    }

    pub(super) fn unwritten(&self, path: &str, source: std::io::Error) -> Error {
        Error::Write { path: self.dir().join(path).display().to_string(), source }
    }
}

/// A path that is not the same in both.
fn differing<'p>(
    wanted: &'p BTreeMap<String, String>,
    written: &'p BTreeMap<String, String>,
) -> Option<&'p str> {
    let lost = wanted.iter().find(|(path, blob)| written.get(*path) != Some(*blob));
    let strange = || written.iter().find(|(path, _)| !wanted.contains_key(*path));
    lost.or_else(strange).map(|(path, _)| path.as_str())
}

/// An index of our own for one commit.
struct Index(PathBuf);

impl Index {
    fn beside(git_dir: &str) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let (process, number) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        Self(Path::new(git_dir).join(format!("orchestack-index-{process}-{number}")))
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        // One that is left behind does no harm: every name is used once.
        let _ = std::fs::remove_file(&self.0);
    }
}
