//! Where a tree is and what it follows.

use std::path::{Path, PathBuf};

use config::{
    SecretRef, Settings,
    settings::{RefName, Remote},
};
use ring::digest::{SHA256, digest};

/// Where a tree is and what it follows.
#[derive(Debug, Clone)]
pub struct GitOptions {
    /// The folder.
    pub dir: PathBuf,
    /// The repository that it follows.
    pub remote: Option<Remote>,
    /// The branch or tag there.
    pub reference: RefName,
    /// The token or `user:password` of an `https://` remote; fetched anew for each use, so that a
    /// changed one holds at once.
    pub remote_secret: Option<SecretRef>,
    /// What a relative path of the secret starts from.
    pub secret_base: PathBuf,
    /// The private key for an ssh remote.
    pub ssh_key: Option<PathBuf>,
    /// The host keys that an ssh remote may have.
    pub known_hosts: Option<PathBuf>,
    /// The keys that commits must be signed with.
    pub allowed_signers: Option<PathBuf>,
}

impl GitOptions {
    /// A tree that follows nothing and takes every commit.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            remote: None,
            reference: RefName::default(),
            remote_secret: None,
            secret_base: PathBuf::new(),
            ssh_key: None,
            known_hosts: None,
            allowed_signers: None,
        }
    }

    /// The tree of a process with these settings.
    pub fn of(settings: &Settings) -> Self {
        let policy = &settings.policy;
        // Commands run in the tree's folder; what the settings name is relative to this process's.
        let whole = |path: &PathBuf| absolute(path);
        Self {
            dir: settings.tree(),
            remote: policy.remote.clone(),
            reference: policy.reference.clone(),
            remote_secret: policy.remote_secret.clone(),
            secret_base: settings.state.dir.clone(),
            ssh_key: policy.ssh_key.as_ref().map(whole),
            known_hosts: policy.known_hosts.as_ref().map(whole),
            allowed_signers: policy.allowed_signers.as_ref().map(whole),
        }
    }

    /// The refs that are kept of this remote and name. Another remote or name has others, so that
    /// nothing of a former remote ever runs in place of what is configured now.
    pub(super) fn place(&self, remote: &Remote) -> String {
        let named = format!("{remote}\n{}", self.reference);
        let hash = digest(&SHA256, named.as_bytes());
        let id: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("refs/orchestack/{id}")
    }
}

/// The path from the root, or as it is where the working folder is gone.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
