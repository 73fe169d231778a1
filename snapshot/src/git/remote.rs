//! The remote that a tree follows: what its branch or tag is now, and commits that go there.
//!
//! What was fetched last is kept as `refs/orchestack/ID/branch` or `/tag`, which only this file
//! moves. It decides what runs; the working tree only shows it to people, so that their uncommitted
//! work can never hold a new policy back.

use config::settings::{Remote, Transport};

use super::{Repository, command::Call, error::Error};

/// What a look at the remote found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// The commit to run.
    pub commit: String,
    /// Whether the branch or tag was another one at the last look.
    pub fetched: bool,
    /// The commit that ran before, where the remote's history was rewritten and no longer has it.
    pub forced_from: Option<String>,
    /// What happened at this look that an operator should know.
    pub warnings: Vec<String>,
    /// Why the folder does not show the commit, while it does not.
    pub hidden: Option<String>,
}

/// What the tree follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Branch,
    Tag,
}

/// What was fetched last.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    pub(super) kind: Kind,
    /// The commit, or the tag with its own message and signature.
    pub(super) object: String,
    pub(super) commit: String,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Branch => "refs/heads/",
            Self::Tag => "refs/tags/",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Branch => Self::Tag,
            Self::Tag => Self::Branch,
        }
    }
}

impl Repository {
    /// Asks the remote and makes the tree stand at what it has. The first time makes the tree.
    /// Without a remote, nothing is done.
    ///
    /// A rewritten history is taken, for the remote is the master; what it no longer has is kept as
    /// `refs/orchestack/kept/ID`, and told.
    ///
    /// # Errors
    /// [`Error`] where the remote cannot be reached or has nothing to run; the tree stays as it was.
    pub async fn sync(&self) -> Result<Option<Synced>, Error> {
        let Some(remote) = self.remote() else { return Ok(None) };
        let _writing = self.writing.lock().await;
        self.follow(remote).await.map(Some)
    }

    /// [`Repository::sync`] for whoever holds the lock.
    pub(super) async fn follow(&self, remote: &Remote) -> Result<Synced, Error> {
        self.prepare().await?;
        let (kind, tip) = self.tip(remote).await?;
        let before = self.followed().await?;
        let known = before.as_ref().filter(|known| (known.kind, &known.object) == (kind, &tip));
        let fetched = known.is_none();
        let (commit, forced_from, mut warnings) = match known {
            Some(known) => (known.commit.clone(), None, Vec::new()),
            None => self.fetch(remote, kind, before.map(|known| known.commit)).await?,
        };
        warnings.extend(self.keep_local(kind, &commit).await?);
        // Whatever is in the way there, the commit is fetched and runs.
        let hidden = self.stand(&commit, Some(kind)).await.err();
        let hidden = hidden
            .map(|error| format!("commit {commit} runs, but the folder does not show it: {error}"));
        Ok(Synced { commit, fetched, forced_from, warnings, hidden })
    }

    /// What was fetched last from what the settings name now.
    pub(super) async fn followed(&self) -> Result<Option<Followed>, Error> {
        let Some(remote) = self.remote() else { return Ok(None) };
        if !self.dir().join(".git").exists() {
            return Ok(None);
        }
        let place = self.options.place(remote);
        for kind in [Kind::Branch, Kind::Tag] {
            let name = format!("{place}/{}", kind.word());
            let Some(object) = self.find(&name).await? else { continue };
            if let Some(commit) = self.find(&format!("{object}^{{commit}}")).await? {
                return Ok(Some(Followed { kind, object, commit }));
            }
        }
        Ok(None)
    }

    /// Makes the folder a repository where there is nothing yet. Not `git clone`: one that is killed
    /// half-way leaves a folder that the next one refuses, and this one goes on where it ended.
    async fn prepare(&self) -> Result<(), Error> {
        let dir = self.dir();
        if dir.join(".git").exists() {
            return Ok(());
        }
        tokio::fs::create_dir_all(dir).await.map_err(|source| self.unwritten("", source))?;
        let occupied = std::fs::read_dir(dir).is_ok_and(|mut found| found.next().is_some());
        if occupied {
            return Err(Error::Occupied { dir: dir.display().to_string() });
        }
        self.call(&["init", "--quiet", "--template=", "--initial-branch=main"]).run().await?;
        Ok(())
    }

    /// What the branch or tag is at the remote.
    async fn tip(&self, remote: &Remote) -> Result<(Kind, String), Error> {
        let reference = self.options.reference.as_str();
        let names = |kind: Kind| self.name_of(kind);
        let (branch, tag) = (names(Kind::Branch), names(Kind::Tag));
        let wanted: Vec<&str> = [&branch, &tag].into_iter().flatten().map(String::as_str).collect();
        let listed = self.refs_of(remote, &wanted).await?;
        let oid = |name: &Option<String>| {
            listed.iter().find(|(_, known)| Some(known) == name.as_ref()).map(|(id, _)| id.clone())
        };
        let (remote, reference) = (remote.to_string(), reference.to_owned());
        match (oid(&branch), oid(&tag)) {
            (Some(id), None) => Ok((Kind::Branch, id)),
            (None, Some(id)) => Ok((Kind::Tag, id)),
            (Some(_), Some(_)) => Err(Error::AmbiguousRef { remote, reference }),
            (None, None) => Err(Error::NoRef { remote, reference }),
        }
    }

    /// The whole name of what the settings name, if it can be of this kind.
    pub(super) fn name_of(&self, kind: Kind) -> Option<String> {
        let reference = self.options.reference.as_str();
        if reference.starts_with(kind.folder()) {
            return Some(reference.to_owned());
        }
        (!reference.starts_with("refs/")).then(|| format!("{}{reference}", kind.folder()))
    }

    /// Refs of the remote, by their whole names, with what they point at.
    async fn refs_of(
        &self,
        remote: &Remote,
        names: &[&str],
    ) -> Result<Vec<(String, String)>, Error> {
        let mut args = vec!["ls-remote", "--quiet", "--", remote.as_str()];
        args.extend(names);
        let call = Call::remote(&self.options, remote, &args)?;
        let printed = self.reach(remote, "ask", call).await?;
        let lines = printed.lines().filter_map(|line| line.split_once('\t'));
        Ok(lines.map(|(id, name)| (id.to_owned(), name.to_owned())).collect())
    }

    /// Fetches the branch or tag, and makes it what runs in one step.
    async fn fetch(
        &self,
        remote: &Remote,
        kind: Kind,
        before: Option<String>,
    ) -> Result<(String, Option<String>, Vec<String>), Error> {
        let place = self.options.place(remote);
        let incoming = format!("{place}/incoming");
        let name = self.name_of(kind).unwrap_or_default();
        self.fetch_ref(remote, &name, &incoming).await?;
        let object = self.find(&incoming).await?.unwrap_or_default();
        let found = self.find(&format!("{object}^{{commit}}")).await?;
        let commit = found.ok_or_else(|| Error::NoCommit {
            remote: remote.to_string(),
            reference: name.clone(),
        })?;
        let mut warnings = Vec::new();
        let mut forced_from = None;
        if let Some(before) = before
            && !self.descends(&commit, &before).await?
        {
            self.keep(&before).await?;
            warnings.push(format!(
                "the history of `{}` at `{remote}` was rewritten: {before} ran and is not part of \
                 {commit}; it is kept as refs/orchestack/kept/{before}",
                self.options.reference
            ));
            forced_from = Some(before);
        }
        let (now, not) = (kind.word(), kind.other().word());
        let mut step = format!("update {place}/{now} {object}\ndelete {incoming}\n");
        if self.find(&format!("{place}/{not}")).await?.is_some() {
            step.push_str(&format!("delete {place}/{not}\n"));
        }
        if kind == Kind::Tag {
            step.push_str(&format!("update {name} {object}\n"));
        }
        self.call(&["update-ref", "--stdin"]).input(step).run().await?;
        Ok((commit, forced_from, warnings))
    }

    async fn fetch_ref(&self, remote: &Remote, from: &str, to: &str) -> Result<(), Error> {
        let wanted = format!("+{from}:{to}");
        let args = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--",
            remote.as_str(),
            &wanted,
        ];
        let call = Call::remote(&self.options, remote, &args)?;
        self.reach(remote, "fetch from", call).await.map(drop)
    }

    /// Keeps what the tree's own branch or HEAD has and the remote does not: commits that somebody
    /// made by hand in the folder. They do not run, and they are not to be lost.
    async fn keep_local(&self, kind: Kind, commit: &str) -> Result<Vec<String>, Error> {
        let mut places = vec!["HEAD".to_owned()];
        places.extend(self.name_of(kind).filter(|_| kind == Kind::Branch));
        let mut warnings = Vec::new();
        for place in places {
            let Some(local) = self.find(&format!("{place}^{{commit}}")).await? else { continue };
            let kept = format!("refs/orchestack/kept/{local}");
            if self.descends(commit, &local).await? || self.find(&kept).await?.is_some() {
                continue;
            }
            self.keep(&local).await?;
            warnings.push(format!(
                "commit {local} of `{}` is not at the remote and does not run; it is kept as {kept}: \
                 push it from there, and commit elsewhere from now on",
                self.dir().display()
            ));
        }
        Ok(warnings)
    }

    async fn keep(&self, commit: &str) -> Result<(), Error> {
        let kept = format!("refs/orchestack/kept/{commit}");
        self.call(&["update-ref", &kept, commit]).run().await.map(drop)
    }

    /// Sends a commit to a branch of the remote, if that is still what it was here. `expected` is
    /// `None` for a branch that is not to exist yet.
    pub(super) async fn push(
        &self,
        remote: &Remote,
        branch: &str,
        commit: &str,
        expected: Option<&str>,
    ) -> Result<(), Error> {
        // A lease, although the commit is a descendant: the remote may have been wound back since,
        // and a plain push would bring back what was taken away there.
        let lease = format!("--force-with-lease={branch}:{}", expected.unwrap_or_default());
        let wanted = format!("{commit}:{branch}");
        let mut args = vec!["push", "--porcelain", "--no-verify", "--no-signed"];
        args.extend(["--no-follow-tags", "--recurse-submodules=no", &lease]);
        if remote.transport() == Transport::Local {
            // The other end runs as this user too, and its hooks would.
            args.push("--receive-pack=git -c core.hooksPath=/dev/null receive-pack");
        }
        args.extend(["--", remote.as_str(), &wanted]);
        let (ended, output) = Call::remote(&self.options, remote, &args)?.end().await?;
        if output.status.success() {
            return Ok(());
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        let refused = printed.lines().find(|line| line.starts_with('!'));
        let Some(refused) = refused else {
            let message = ended.message(&output.stderr);
            return Err(Error::Remote { act: "push to", remote: remote.to_string(), message });
        };
        let why = refused.rsplit('\t').next().unwrap_or_default();
        let why = match why {
            // Git's word for a lease that does not hold.
            "[rejected] (stale info)" => "somebody else changed it in the meantime",
            other => other,
        };
        // What the other end's own checks print, such as which review a branch needs.
        let stderr = String::from_utf8_lossy(&output.stderr);
        let told: Vec<&str> =
            stderr.lines().filter_map(|line| line.strip_prefix("remote: ")).collect();
        let message = format!("{why} {}", told.join(" "));
        Err(Error::PushRefused {
            remote: remote.to_string(),
            branch: branch.trim_start_matches(Kind::Branch.folder()).to_owned(),
            message: ended.message(message.trim().as_bytes()),
        })
    }

    /// What a branch is at the remote, fetched; `None` where there is none of that name.
    pub(super) async fn fetch_branch(
        &self,
        remote: &Remote,
        branch: &str,
    ) -> Result<Option<String>, Error> {
        let listed = self.refs_of(remote, &[branch]).await?;
        if !listed.iter().any(|(_, name)| name == branch) {
            return Ok(None);
        }
        let incoming = format!("{}/branch-incoming", self.options.place(remote));
        self.fetch_ref(remote, branch, &incoming).await?;
        self.find(&format!("{incoming}^{{commit}}")).await
    }

    /// Runs a command that speaks to the remote; what goes wrong there names the remote.
    async fn reach(
        &self,
        remote: &Remote,
        act: &'static str,
        call: Call<'_>,
    ) -> Result<String, Error> {
        let failed = |message| Error::Remote { act, remote: remote.to_string(), message };
        let (ended, output) = match call.end().await {
            Ok(ended) => ended,
            Err(Error::Timeout(_, time)) => return Err(failed(format!("no answer in {time:?}"))),
            Err(error) => return Err(error),
        };
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(failed(ended.message(&output.stderr)))
    }
}
