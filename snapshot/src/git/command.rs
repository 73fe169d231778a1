//! One `git` command: what it is told, what it may not do, and what it may say.

use std::{
    ffi::OsString,
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use config::settings::{Remote, Transport};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};
use types::Secret;

use super::{
    error::Error,
    options::{GitOptions, absolute},
};

/// How long a command on this machine may take.
const COMMAND_TIME: Duration = Duration::from_secs(30);
/// How long a command that speaks to a remote may take.
const NETWORK_TIME: Duration = Duration::from_secs(60);
/// How much of what git prints an error keeps.
const MESSAGE_CHARS_MAX: usize = 500;

/// Settings that hold whatever the repository, the user or the machine has configured. Hooks and
/// helpers are off: this is a service, and the tree is data.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    // A link would be written where it points to; as a file it is harmless, and refused at the load.
    "core.symlinks=false",
    "core.autocrlf=false",
    "core.useReplaceRefs=false",
    "safe.directory=*",
    "user.name=Orchestack",
    "user.email=orchestack@localhost",
    "log.showSignature=false",
    "submodule.recurse=false",
    "fetch.prune=false",
    "fetch.pruneTags=false",
    "transfer.fsckObjects=true",
    // Its collector would go on after the command, beyond our bound.
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
    // A redirect could carry the secret to another host.
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=20",
    "protocol.allow=never",
];

/// Variables of git that an operator may have set for a reason. All others are taken away: they
/// could name another repository, run a command, or make git print secrets.
const INHERITED: &[&str] = &[
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
];

/// One `git` command in the tree's folder.
pub(super) struct Call<'a> {
    options: &'a GitOptions,
    command: Command,
    name: String,
    input: Vec<u8>,
    time: Duration,
    secrets: Vec<String>,
}

impl<'a> Call<'a> {
    pub(super) fn new(options: &'a GitOptions, args: &[&str]) -> Self {
        Self::configured(options, &[], args)
    }

    /// A command with settings of its own, before its arguments.
    pub(super) fn configured(options: &'a GitOptions, settings: &[String], args: &[&str]) -> Self {
        let mut command = Command::new("git");
        command.arg("-C").arg(&options.dir);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        for setting in settings {
            command.args(["-c", setting]);
        }
        let known = |name: &String| !INHERITED.contains(&name.as_str());
        let names = config::settings::environment().map(|(name, _)| name);
        for name in names.filter(|name| name.starts_with("GIT_")).filter(known) {
            command.env_remove(name);
        }
        // An empty askpass is none, whatever the user has configured.
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("LC_ALL", "C");
        // A folder that is no repository is not to be taken for a part of one above it.
        if let Some(parent) = absolute(&options.dir).parent() {
            command.env("GIT_CEILING_DIRECTORIES", parent);
        }
        command.args(args);
        Self {
            options,
            command,
            name: args.first().map_or_else(String::new, |name| (*name).to_owned()),
            input: Vec::new(),
            time: COMMAND_TIME,
            secrets: Vec::new(),
        }
    }

    /// A command that speaks to the remote, and to nothing else.
    ///
    /// # Errors
    /// [`Error::Secret`] where the remote's secret cannot be had.
    pub(super) fn remote(
        options: &'a GitOptions,
        remote: &Remote,
        args: &[&str],
    ) -> Result<Self, Error> {
        let scheme = match remote.transport() {
            Transport::Ssh => "ssh",
            Transport::Https => "https",
            Transport::Local => "file",
        };
        let allowed = format!("protocol.{scheme}.allow=always");
        let mut call = Self::configured(options, &[allowed], args);
        call.time = NETWORK_TIME;
        match remote.transport() {
            Transport::Ssh => {
                call.command.env("GIT_SSH_COMMAND", ssh_command(options));
            }
            Transport::Https => call.authenticate(remote)?,
            Transport::Local => {}
        }
        Ok(call)
    }

    /// Gives the secret in the environment, which other users cannot see, unlike arguments.
    fn authenticate(&mut self, remote: &Remote) -> Result<(), Error> {
        let Some(reference) = &self.options.remote_secret else { return Ok(()) };
        let secret = reference.resolve(&self.options.secret_base, config::settings::variable)?;
        let pair = user_and_password(&secret);
        let encoded = BASE64_STANDARD.encode(&pair);
        self.command
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", format!("http.{remote}.extraHeader"))
            .env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {encoded}"));
        self.secrets = vec![encoded, pair, secret.expose().to_owned()];
        if let Some((_, password)) = secret.expose().split_once(':') {
            self.secrets.push(password.to_owned());
        }
        Ok(())
    }

    /// What the command reads.
    pub(super) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// A variable of the command's environment.
    pub(super) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Runs it and returns what it printed.
    ///
    /// # Errors
    /// [`Error::NoGit`], [`Error::Timeout`], [`Error::Failed`].
    pub(super) async fn run(self) -> Result<Vec<u8>, Error> {
        let (ended, output) = self.end().await?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(ended.failed(&output))
    }

    /// [`Call::run`] for a command that prints one word or line.
    pub(super) async fn text(self) -> Result<String, Error> {
        let printed = self.run().await?;
        Ok(String::from_utf8_lossy(&printed).trim().to_owned())
    }

    /// [`Call::run`] for a command that says no with exit code 1.
    pub(super) async fn answer(self) -> Result<Option<String>, Error> {
        let (ended, output) = self.end().await?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
            Some(1) => Ok(None),
            _ => Err(ended.failed(&output)),
        }
    }

    /// Runs it to its end, good or bad.
    pub(super) async fn end(mut self) -> Result<(Ended, Output), Error> {
        let command = &mut self.command;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().map_err(Error::NoGit)?;
        let stdin = child.stdin.take();
        let input = std::mem::take(&mut self.input);
        let feed = async {
            if let Some(mut pipe) = stdin {
                // A command that ended early says why on its own.
                let _ = pipe.write_all(&input).await;
            }
        };
        let run = async { tokio::join!(feed, child.wait_with_output()).1 };
        let output = timeout(self.time, run)
            .await
            .map_err(|_| Error::Timeout(self.name.clone(), self.time))?
            .map_err(Error::NoGit)?;
        let dir = self.options.dir.display().to_string();
        Ok((Ended { name: self.name, dir, secrets: self.secrets }, output))
    }

    #[cfg(test)]
    pub(super) fn told(&self) -> (Vec<String>, Vec<(String, String)>) {
        let command = self.command.as_std();
        let text = |os: &std::ffi::OsStr| os.to_string_lossy().into_owned();
        let env = command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?))));
        (command.get_args().map(text).collect(), env.collect())
    }
}

/// A command that ended: what an error about it needs.
pub(super) struct Ended {
    name: String,
    dir: String,
    secrets: Vec<String>,
}

impl Ended {
    /// What was printed, bounded and without secrets.
    pub(super) fn message(&self, printed: &[u8]) -> String {
        redact(String::from_utf8_lossy(printed).trim(), &self.secrets)
    }

    pub(super) fn failed(self, output: &Output) -> Error {
        let message = self.message(&output.stderr);
        Error::Failed { command: self.name, dir: self.dir, message }
    }
}

/// Takes secrets and the user information of addresses out of a text, and bounds it.
fn redact(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[secret]");
    }
    let mut told = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("://") {
        told.push_str(before);
        told.push_str("://");
        let end = after.find(['/', ' ', '\'', '"', '\n']).unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        let host = match authority.rsplit_once('@') {
            // The user of an ssh address is no secret.
            Some(("git", _)) | None => authority,
            Some((_, host)) => host,
        };
        told.push_str(host);
        rest = path;
    }
    told.push_str(rest);
    told.chars().take(MESSAGE_CHARS_MAX).collect()
}

/// A token goes with a user name that every large host takes; one with a colon has its own.
fn user_and_password(secret: &Secret) -> String {
    let secret = secret.expose();
    if secret.contains(':') { secret.to_owned() } else { format!("x-access-token:{secret}") }
}

/// The command that git starts for an ssh remote, as a line for the shell.
fn ssh_command(options: &GitOptions) -> String {
    let mut words = vec!["ssh".to_owned()];
    let mut option = |text: String| words.extend(["-o".to_owned(), quoted(&text)]);
    for fixed in ["BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=10"] {
        option(fixed.to_owned());
    }
    option("ServerAliveInterval=10".to_owned());
    if let Some(hosts) = &options.known_hosts {
        option(format!("UserKnownHostsFile={}", in_quotes(hosts)));
        option("GlobalKnownHostsFile=/dev/null".to_owned());
    }
    if let Some(key) = &options.ssh_key {
        option("IdentitiesOnly=yes".to_owned());
        option(format!("IdentityFile={}", in_quotes(key)));
    }
    words.join(" ")
}

/// A path as a value of an ssh option. The settings refuse what these quotes do not hold.
fn in_quotes(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// A word as the shell takes it literally.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_prints_is_told_without_secrets() {
        let secrets = ["dG9rZW4=".to_owned(), "hunter2".to_owned()];
        let printed =
            "fatal: 'https://x:y@host/a' says hunter2, dG9rZW4= at ssh://git@host/b, ssh://u:p@h";
        assert_eq!(
            redact(printed, &secrets),
            "fatal: 'https://host/a' says [secret], [secret] at ssh://git@host/b, ssh://h"
        );
        assert_eq!(redact(&"x".repeat(9000), &[]).len(), MESSAGE_CHARS_MAX);
    }

    #[test]
    fn the_secret_is_in_the_environment_and_never_an_argument() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), "hunter2\n").unwrap();
        let remote: Remote = "https://git.example/policy.git".parse().unwrap();
        let mut options = GitOptions::at(dir.path());
        options.remote_secret = Some("file:token".parse().unwrap());
        options.secret_base = dir.path().to_owned();
        let call = Call::remote(&options, &remote, &["fetch", "--", remote.as_str()]).unwrap();
        let (args, env) = call.told();
        let header = format!("Basic {}", BASE64_STANDARD.encode("x-access-token:hunter2"));
        assert!(env.iter().any(|(_, value)| value.ends_with(&header)), "{env:?}");
        let all = args.join(" ");
        assert!(!all.contains("hunter2") && !all.contains("Basic"), "{all}");
        assert!(all.contains("-c protocol.allow=never") && all.contains("protocol.https.allow"));
        // A local command needs no secret and gets none.
        let (_, env) = Call::new(&options, &["status"]).told();
        assert!(env.iter().all(|(_, value)| !value.contains("Basic")), "{env:?}");
        options.remote_secret = Some("file:missing".parse().unwrap());
        assert!(matches!(Call::remote(&options, &remote, &["fetch"]), Err(Error::Secret(_))));
    }

    #[test]
    fn ssh_asks_nobody_and_takes_only_the_named_key_and_hosts() {
        let mut options = GitOptions::at("tree");
        options.ssh_key = Some("/keys/it's mine".into());
        options.known_hosts = Some("/keys/hosts".into());
        let line = ssh_command(&options);
        assert!(
            line.starts_with("ssh -o 'BatchMode=yes' -o 'StrictHostKeyChecking=yes'"),
            "{line}"
        );
        assert!(line.contains("-o 'IdentitiesOnly=yes'"), "{line}");
        assert!(line.contains(r#"-o 'IdentityFile="/keys/it'\''s mine"'"#), "{line}");
        assert!(line.contains(r#"-o 'UserKnownHostsFile="/keys/hosts"'"#), "{line}");
    }
}
