//! The address of a git remote, and the name of a branch or tag in it. Both end up among the
//! arguments of a `git` command, so what git could take for an option, a command or another
//! revision is refused here. A faulty address is never repeated: it may carry a password.

use std::{fmt, str::FromStr};

/// A git repository elsewhere: `ssh://`, `user@host:path`, `https://`, or an absolute path. It
/// carries no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    address: String,
    transport: Transport,
}

/// How a remote is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Over ssh.
    Ssh,
    /// Over https.
    Https,
    /// A folder of this machine.
    Local,
}

impl Remote {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// How it is spoken to.
    pub const fn transport(&self) -> Transport {
        self.transport
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl FromStr for Remote {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('-') {
            return Err("the address begins with `-`, as an option does");
        }
        if text.chars().any(char::is_control) {
            return Err("the address carries a control character");
        }
        // `ext::sh -c ..` runs a command; git has more such helpers.
        if text.split('/').next().is_some_and(|first| first.contains("::")) {
            return Err("the address names a helper of git (`ext::..`), and helpers run commands");
        }
        let transport = if text.starts_with('/') {
            Transport::Local
        } else if let Some(rest) = text.strip_prefix("https://") {
            https(rest)?;
            Transport::Https
        } else if let Some(rest) = text.strip_prefix("ssh://") {
            let (authority, path) = rest.split_once('/').ok_or("the address names no path")?;
            ssh(authority, path)?;
            Transport::Ssh
        } else if text.contains("://") {
            return Err(
                "only `https://`, `ssh://` and absolute paths are read: `git://` and `http://` prove nothing",
            );
        } else {
            let form = "the address is neither `https://..`, `ssh://..`, `git@host:path` nor an absolute path";
            let (authority, path) = text.split_once(':').ok_or(form)?;
            // `user:password@host:path`: to ssh this is a host and a path; to whoever wrote it, a
            // password.
            if path.contains('@') {
                return Err(PASSWORD);
            }
            ssh(authority, path)?;
            Transport::Ssh
        };
        Ok(Self { address: text.to_owned(), transport })
    }
}

const PASSWORD: &str = "the address carries a password; ssh takes a key: `policy.ssh_key`";

fn https(rest: &str) -> Result<(), &'static str> {
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.starts_with([':', '-']) {
        return Err("the address names no host");
    }
    // A user alone is refused as well: hosts take tokens in its place.
    if host.contains('@') {
        return Err(
            "the address carries a user or password; keep them in `policy.remote_secret` or in a credential helper of git",
        );
    }
    if rest.contains(['?', '#']) || rest.contains(char::is_whitespace) {
        return Err("the address carries a query, a fragment or white space");
    }
    Ok(())
}

fn ssh(authority: &str, path: &str) -> Result<(), &'static str> {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("git", authority));
    if user.contains(':') {
        return Err(PASSWORD);
    }
    let plain = |part: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"-_.:[]".contains(&b);
        !part.is_empty() && !part.starts_with('-') && part.bytes().all(known)
    };
    if !plain(user) || !plain(host) {
        return Err("the address names no plain user and host");
    }
    if path.is_empty() || path.starts_with('-') || path.contains(char::is_whitespace) {
        return Err("the address names no plain path");
    }
    Ok(())
}

/// The name of a branch or tag, short (`main`) or whole (`refs/tags/v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefName(String);

impl RefName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RefName {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RefName {
    type Err = &'static str;

    /// The rules of `git check-ref-format`, and no name that is an option or a revision.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const NAME_BYTES_MAX: usize = 200;
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with(['.', '-'])
                && !part.ends_with('.')
                && !part.to_ascii_lowercase().ends_with(".lock")
        };
        let known = |c: char| c.is_alphanumeric() || "-_./=@#%".contains(c);
        let whole = !text.starts_with("refs/")
            || ["refs/heads/", "refs/tags/"].iter().any(|kind| text.starts_with(kind));
        let shaped = text.chars().all(known) && text.split('/').all(part);
        let revision = text.contains("..") || text.contains("@{") || matches!(text, "@" | "HEAD");
        if text.len() > NAME_BYTES_MAX || !shaped || !whole || revision {
            return Err(
                "this is not the name of a branch or tag, such as `main` or `refs/tags/v1`",
            );
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, transport: Transport) {
        let remote: Remote = text.parse().unwrap();
        assert_eq!((remote.transport(), remote.as_str()), (transport, text));
    }

    #[test]
    fn an_address_says_how_it_is_spoken_to() {
        check("git@github.com:team/policy.git", Transport::Ssh);
        check("host:policy", Transport::Ssh);
        check("ssh://git@host.example:2222/team/policy.git", Transport::Ssh);
        check("ssh://[::1]/policy.git", Transport::Ssh);
        check("https://git.example.com:8443/team/policy.git", Transport::Https);
        check("/srv/git/the policy.git", Transport::Local);
    }

    #[test]
    fn an_address_that_runs_something_or_carries_a_secret_is_refused_and_not_repeated() {
        for text in [
            "",
            "--upload-pack=touch /tmp/hunter2",
            "-oProxyCommand=hunter2",
            "ext::sh -c hunter2",
            "ext::sh -c 'touch /tmp/hunter2'",
            "fd::17/hunter2",
            "git://host/hunter2",
            "http://host/hunter2",
            "file:///srv/hunter2",
            "https://hunter2@host/x",
            "https://user:hunter2@host/x",
            "https://",
            "https://host/x?token=hunter2",
            "ssh://user:hunter2@host/x",
            "ssh://-oProxyCommand=hunter2/x",
            "ssh://host",
            "user:hunter2@host:path",
            "git@-hunter2:path",
            "git@host:--upload-pack=hunter2",
            "git@host:",
            "../hunter2",
            "policy",
            "/srv/hunter2\n",
        ] {
            let error = text.parse::<Remote>().unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_name_is_one_that_git_takes_for_nothing_else() {
        for text in ["main", "release/2026-10", "v1.2", "refs/heads/main", "refs/tags/v1"] {
            assert_eq!(text.parse::<RefName>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "-main",
            "--upload-pack=x",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "a\n",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.",
            "a.lock",
            "@",
            "HEAD",
            "a@{1}",
            "refs/x",
            "a/-b",
            "+a:b",
        ] {
            assert!(text.parse::<RefName>().is_err(), "{text}");
        }
        assert!("a".repeat(300).parse::<RefName>().is_err());
    }
}
