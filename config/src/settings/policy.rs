//! `[policy]`: where the git tree comes from, whose commits are taken, how its proofs are made.

use std::{path::PathBuf, str::FromStr, time::Duration};

use super::remote::{RefName, Remote, Transport};
use crate::{SecretRef, reader::Reader};

/// Where policies come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The git tree; see [`super::Settings::tree`].
    pub tree: Option<PathBuf>,
    /// How often it is looked at for a new commit; with a remote, how often that is asked.
    pub poll_interval: Duration,
    /// The repository that the tree follows; without one the tree is its own master.
    pub remote: Option<Remote>,
    /// Which branch or tag of the remote runs.
    pub reference: RefName,
    /// A token, or `user:password`, for an `https://` remote.
    pub remote_secret: Option<SecretRef>,
    /// The private key for an ssh remote; ssh's own choice where absent.
    pub ssh_key: Option<PathBuf>,
    /// The host keys that an ssh remote may have; ssh's own files where absent.
    pub known_hosts: Option<PathBuf>,
    /// The keys that commits must be signed with, in the format of `ssh-keygen`'s allowed signers.
    pub allowed_signers: Option<PathBuf>,
    /// What signs the calls of the remote's webhook.
    pub webhook_secret: Option<SecretRef>,
    /// What runs without its proofs.
    pub unproved: Unproved,
    /// The SMT solver that proves statements about policies.
    pub solver: PathBuf,
    /// How long all proofs of one commit may take.
    pub proof_timeout: Duration,
}

impl Policy {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let secret_place = from.place_of("remote_secret");
        let tree =
            from.optional("tree", "./tree", "The git tree; in the state directory where not set.");
        let poll_interval = from.duration(
            "poll_interval",
            Duration::from_secs(2),
            Duration::from_millis(200)..=Duration::from_secs(3600),
            "How often it is looked at for a new commit; with a remote, how often that is asked.",
        );
        let remote: Option<Remote> = from.optional(
            "remote",
            "https://git.example.com/team/policy.git",
            "The repository that the tree follows: `https://..`, `ssh://..`, `git@host:path` or an absolute path.",
        );
        let reference = from.parsed(
            "ref",
            "main",
            RefName::default(),
            "Which branch or tag of the remote runs. A tag cannot be edited through the admin API.",
        );
        let remote_secret = from.optional(
            "remote_secret",
            "env:POLICY_TOKEN",
            "Where the token, or `user:password`, of an `https://` remote is.",
        );
        let https = remote.as_ref().is_some_and(|remote| remote.transport() == Transport::Https);
        if remote_secret.is_some() && !https {
            let message = "a secret is used with an `https://` remote only".to_owned();
            let fix = "set `policy.remote` to an `https://` address, or remove this line";
            from.fault("remote_secret", secret_place.as_ref(), message, fix.to_owned());
        }
        let (ssh_key, known_hosts) = ssh(&mut from);
        let read = Self {
            tree,
            poll_interval,
            remote,
            reference,
            remote_secret,
            ssh_key,
            known_hosts,
            allowed_signers: from.optional(
                "allowed_signers",
                "allowed_signers",
                "The ssh keys that commits must be signed with (`man ssh-keygen`, ALLOWED SIGNERS).",
            ),
            webhook_secret: from.optional(
                "webhook_secret",
                "env:POLICY_WEBHOOK_SECRET",
                "Where the secret of the remote's webhook is.",
            ),
            unproved: from.parsed(
                "unproved",
                "starter",
                Unproved::Starter,
                "What runs where proofs cannot be made: the `starter`'s policies, `allow` all, `refuse` all.",
            ),
            solver: from.path("solver", "cvc5", "The SMT solver that proves invariants: cvc5."),
            proof_timeout: from.duration(
                "proof_timeout",
                Duration::from_secs(60),
                Duration::from_secs(1)..=Duration::from_secs(600),
                "How long all proofs of one commit may take.",
            ),
        };
        from.finish();
        read
    }
}

fn ssh(from: &mut Reader<'_>) -> (Option<PathBuf>, Option<PathBuf>) {
    let key: Option<SshPath> =
        from.optional("ssh_key", "keys/policy", "The private key of an ssh remote.");
    let hosts: Option<SshPath> = from.optional(
        "known_hosts",
        "keys/known_hosts",
        "The host keys of an ssh remote; ssh's own files where not set.",
    );
    (key.map(|path| path.0), hosts.map(|path| path.0))
}

/// A file that ssh is told of. Ssh expands `%` and `$` in file names and splits them at white space
/// outside quotes, so a name that it could take for something else is refused.
struct SshPath(PathBuf);

impl FromStr for SshPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err("the path is empty");
        }
        if text.contains(['"', '\\', '%', '$', '~']) || text.chars().any(char::is_control) {
            return Err(
                "ssh would not take this path as it is; use one without `\"`, `\\`, `%`, `$`, `~`",
            );
        }
        Ok(Self(PathBuf::from(text)))
    }
}

/// What runs without its proofs, where no solver is there or the time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproved {
    /// The starter's policies, which were proved when this program was made; nothing else.
    Starter,
    /// Everything.
    Allow,
    /// Nothing.
    Refuse,
}

impl FromStr for Unproved {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "starter" => Ok(Self::Starter),
            "allow" => Ok(Self::Allow),
            "refuse" => Ok(Self::Refuse),
            _ => Err("the word is none of `starter`, `allow` and `refuse`"),
        }
    }
}
