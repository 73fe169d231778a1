//! What every sandbox can do, and the words for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use types::Timestamp;

use crate::{Error, Isolation};

/// Sandboxes of one kind. All acts may be repeated: a second one finds what the first one made.
#[async_trait]
pub trait Driver: Send + Sync {
    /// What was found to keep code in when this driver was opened.
    fn isolation(&self) -> &Isolation;

    /// Makes a sandbox, or finds the one of this name: it may take then what is asked for now, where the driver can
    /// change that, and reaches what it did.
    async fn create(&self, spec: &Spec) -> Result<Handle, Error>;

    /// Lets a sandbox connect to these places from now on and to no others. Connections are cut where that is a
    /// change. A driver may open less while a command runs that was begun with less: it may know more than whoever
    /// asks.
    async fn reach(&self, sandbox: &Handle, allow: &[Allow]) -> Result<(), Error>;

    /// Starts a command, or finds the one that was started with its key: it never runs twice.
    async fn start(&self, sandbox: &Handle, command: &Command) -> Result<Status, Error>;

    /// What became of the command with this key.
    async fn status(&self, sandbox: &Handle, key: &str) -> Result<Status, Error>;

    /// What a command wrote from this byte on, as far as it is there and within `most` bytes.
    async fn output(
        &self,
        sandbox: &Handle,
        key: &str,
        stream: Stream,
        from: u64,
        most: usize,
    ) -> Result<Vec<u8>, Error>;

    /// Ends a command and all that it started.
    async fn cancel(&self, sandbox: &Handle, key: &str) -> Result<(), Error>;

    /// A file's bytes. The path is below the workspace and goes over no link.
    async fn read(&self, sandbox: &Handle, path: &str, most: u64) -> Result<Vec<u8>, Error>;

    /// Makes a file or replaces it whole, with the folders above it.
    async fn write(&self, sandbox: &Handle, path: &str, bytes: &[u8]) -> Result<(), Error>;

    /// What is in a folder, by name, at most `most` entries.
    async fn list(&self, sandbox: &Handle, path: &str, most: usize) -> Result<Vec<Entry>, Error>;

    /// What was refused on the way out of this sandbox lately, oldest first, in words for a model.
    fn refused(&self, sandbox: &Handle) -> Vec<String>;

    /// Ends what runs in a sandbox and removes it with its files.
    async fn stop(&self, sandbox: &Handle) -> Result<(), Error>;

    /// Removes what nobody owns: all sandboxes that are neither in `keep`, nor persistent, nor new, nor used within
    /// the time that they are kept.
    async fn sweep(&self, keep: &BTreeSet<Name>) -> Result<Swept, Error>;

    /// Starts a command or finds it, waits for its end, and reads what it wrote.
    async fn exec(&self, sandbox: &Handle, command: &Command) -> Result<Outcome, Error> {
        let mut status = self.start(sandbox, command).await?;
        let begun = Instant::now();
        let exit = loop {
            match status {
                Status::Ended(exit) => break exit,
                Status::Lost => return Err(Error::Lost { key: command.key.clone() }),
                Status::Running => {}
            }
            // What it adds is a small part of what the command takes.
            let pause = begun.elapsed() / 8;
            tokio::time::sleep(pause.clamp(LOOK_MIN, LOOK_MAX)).await;
            status = self.status(sandbox, &command.key).await?;
        };
        let (key, most) = (&command.key, OUTPUT_BYTES_MAX);
        let stdout = self.output(sandbox, key, Stream::Stdout, 0, most).await?;
        let stderr = self.output(sandbox, key, Stream::Stderr, 0, most).await?;
        Ok(Outcome { exit, stdout, stderr })
    }
}

/// Pauses between looks at a command that runs.
const LOOK_MIN: Duration = Duration::from_millis(2);
const LOOK_MAX: Duration = Duration::from_millis(100);

/// The most of one stream that [`Driver::exec`] reads.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// What a sandbox is called: 1 to 64 lower-case letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Name(String);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let mut bytes = text.bytes();
        let begins = bytes.next().is_some_and(fits);
        match begins && text.len() <= 64 && bytes.all(|byte| fits(byte) || byte == b'-') {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::Spec {
                why: "a sandbox's name is 1 to 64 lower-case letters, digits, `-` and `_`".into(),
            }),
        }
    }
}

impl TryFrom<String> for Name {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a sandbox is to be. It is kept on disk, so a field of a later version is no error: who goes
/// back to this one keeps their sandboxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Its name: who asks for it again gets the same sandbox.
    pub name: Name,
    /// Whether it stays when nobody uses it.
    #[serde(default)]
    pub persistent: bool,
    /// How long it is kept without use, where nobody says that it is in use.
    #[serde(default, with = "millis")]
    pub idle: Duration,
    /// Whether somebody vouches for what runs in it.
    #[serde(default)]
    pub trust: Trust,
    /// What it may take.
    #[serde(default)]
    pub limits: Limits,
    /// Where it may connect to; nowhere, if this is empty.
    #[serde(default)]
    pub egress: Vec<Allow>,
    /// Variables of every command in it. They hold no secret: whatever runs there reads them.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What it is made of, where the driver knows such a thing: Daytona's snapshot.
    #[serde(default)]
    pub image: Option<String>,
}

impl Spec {
    /// A sandbox for code that nobody vouches for, which is removed after use and reaches nothing.
    pub fn new(name: Name) -> Self {
        Self {
            name,
            persistent: false,
            idle: Duration::ZERO,
            trust: Trust::default(),
            limits: Limits::default(),
            egress: Vec::new(),
            env: BTreeMap::new(),
            image: None,
        }
    }
}

/// Whether somebody vouches for what runs in a sandbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Nobody does: it is refused where isolation is not whole.
    #[default]
    Untrusted,
    /// The organisation does: it runs with what isolation there is.
    Trusted,
}

/// What a sandbox may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Thousandths of a processor.
    pub cpu_milli: u32,
    /// Memory of all its processes together.
    pub memory_bytes: u64,
    /// Processes and threads at the same time.
    pub processes: u32,
    /// All files of its workspace together, and the largest one.
    pub disk_bytes: u64,
    /// Files and folders of its workspace.
    pub disk_entries: u64,
    /// What its commands may write to disk in a second, once they wrote twice as much. Who writes
    /// more stands still for as long as that takes.
    pub disk_bytes_a_second: u64,
    /// All files below `/tmp`, which are memory and end with each command.
    pub tmp_bytes: u64,
    /// What is kept of each output stream of a command. A command that writes 64 times as much is
    /// ended.
    pub output_bytes: u64,
    /// How long one command may run.
    #[serde(with = "millis")]
    pub wall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_milli: 1000,
            memory_bytes: 1 << 30,
            processes: 128,
            disk_bytes: 2 << 30,
            disk_entries: 100_000,
            disk_bytes_a_second: 32 << 20,
            tmp_bytes: 64 << 20,
            output_bytes: 1 << 20,
            wall: Duration::from_secs(300),
        }
    }
}

impl Limits {
    /// Holds them against the bounds of what a sandbox may be.
    pub fn check(&self) -> Result<(), Error> {
        let within = |what: &str, value: u64, least: u64, most: u64| match value {
            value if value < least || value > most => Err(Error::Spec {
                why: format!("`{what}` is {value} and must be from {least} to {most}"),
            }),
            _ => Ok(()),
        };
        within("cpu_milli", self.cpu_milli.into(), 50, 4000)?;
        within("memory_bytes", self.memory_bytes, 32 << 20, 8 << 30)?;
        within("processes", self.processes.into(), 4, 1024)?;
        within("disk_bytes", self.disk_bytes, 1 << 20, 10 << 30)?;
        within("disk_entries", self.disk_entries, 16, 1_000_000)?;
        within("disk_bytes_a_second", self.disk_bytes_a_second, 1 << 20, 4 << 30)?;
        within("tmp_bytes", self.tmp_bytes, 1 << 20, 1 << 30)?;
        within("output_bytes", self.output_bytes, 1 << 10, 16 << 20)?;
        let ms = u64::try_from(self.wall.as_millis()).unwrap_or(u64::MAX);
        within("wall", ms, 1, 24 * 60 * 60 * 1000)
    }
}

/// A place that a sandbox may connect to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allow {
    /// A name such as `example.com`, or `*.example.com` for all names below it.
    pub host: String,
    /// The port.
    #[serde(default = "https")]
    pub port: u16,
    /// Whether the name may be one of a private network or of this machine.
    #[serde(default)]
    pub private: bool,
}

const fn https() -> u16 {
    443
}

/// A sandbox that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// Its name.
    pub name: Name,
    /// What the driver calls it.
    pub id: String,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The key it runs once by, within its sandbox.
    pub key: String,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables beside those of the sandbox.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What it reads.
    #[serde(default)]
    pub stdin: Vec<u8>,
    /// The folder it starts in, below the workspace.
    #[serde(default)]
    pub folder: Option<String>,
    /// How long it may run, if shorter than what its sandbox permits.
    #[serde(default, with = "millis_or_none")]
    pub wall: Option<Duration>,
}

impl Command {
    /// A command without input that starts in the workspace.
    pub fn new(key: impl Into<String>, argv: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            key: key.into(),
            argv: argv.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            stdin: Vec::new(),
            folder: None,
            wall: None,
        }
    }

    /// A command in the language of `sh`.
    pub fn shell(key: impl Into<String>, script: impl Into<String>) -> Self {
        Self::new(key, ["sh".to_owned(), "-c".to_owned(), script.into()])
    }

    /// Holds it against the bounds of what a command may be.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let bytes: usize = self.argv.iter().map(String::len).sum();
        let why = if self.key.is_empty() || self.key.len() > 256 {
            "a command's key has 1 to 256 bytes"
        } else if self.argv.first().is_none_or(String::is_empty) {
            "a command has a program"
        } else if bytes > 96 << 10 || self.argv.iter().any(|text| text.contains('\0')) {
            "a command's words have at most 96 KiB, none of them zero; longer input goes into a file"
        } else if self.stdin.len() > 1 << 20 {
            "a command's input has at most 1 MiB; write longer input to a file"
        } else if !self.env.iter().all(|(name, value)| is_variable(name, value)) {
            "a variable's name is letters, digits and `_`, and its value has no zero byte"
        } else {
            return Ok(());
        };
        Err(Error::Spec { why: why.to_owned() })
    }
}

pub(crate) fn is_variable(name: &str, value: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(fits) && !value.contains('\0') && value.len() <= 32 << 10
}

/// What a command writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Its output.
    Stdout,
    /// Its complaints.
    Stderr,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It runs, or begins to.
    Running,
    /// It is over.
    Ended(Exit),
    /// It began, and nobody can tell how it ended.
    Lost,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// Why it ended.
    pub end: End,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Bytes that it wrote to its output, kept or not.
    pub stdout_bytes: u64,
    /// Bytes that it wrote to its complaints, kept or not.
    pub stderr_bytes: u64,
    /// What kept it in while it ran.
    pub isolation: Isolation,
}

/// Why a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// By itself, with this status; above 128 by a signal.
    Status(i32),
    /// It could not be started.
    NotStarted,
    /// It ran for longer than it may.
    TimedOut,
    /// It took more memory than it may.
    OutOfMemory,
    /// It filled its workspace, or the machine's disk is nearly full.
    OutOfDisk,
    /// It wrote far more than anybody keeps.
    Flooded,
    /// Somebody ended it.
    Cancelled,
}

/// A command that ended, with what it wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// Its output, as far as it was kept.
    pub stdout: Vec<u8>,
    /// Its complaints, as far as they were kept.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// Whether it ended by itself and says that all went well.
    pub fn is_success(&self) -> bool {
        self.exit.end == End::Status(0)
    }
}

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    /// Its name within the folder.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its size; 0 for what is not a file.
    pub bytes: u64,
}

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, which is not followed, or something else.
    Other,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sandboxes that were removed.
    pub removed: usize,
    /// Those that could not be removed, with the cause.
    pub failed: Vec<(String, String)>,
    /// Those that stay.
    pub kept: usize,
}

/// Durations as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// Durations as whole milliseconds, where there is one.
mod millis_or_none {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(|value| u64::try_from(value.as_millis()).unwrap_or(u64::MAX)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_millis))
    }
}
