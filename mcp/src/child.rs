//! A server that is a process of ours: started without a shell in an environment of its own, in a
//! process group that ends with the connection.

use std::{
    collections::BTreeMap, io, os::unix::process::CommandExt, path::PathBuf, process::Stdio,
    time::Duration,
};

use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport},
};
use rustix::process::{
    DumpableBehavior, Pid, Resource, Rlimit, Signal, kill_process_group, prlimit,
    set_dumpable_behavior,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use types::Secret;

use crate::{Error, Launcher, Limits};

/// Where programs are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long a process may take to end when its input has, and again when it is told to.
const FAREWELL: Duration = Duration::from_secs(2);
/// Files that a process may have open, and the largest that it may write.
const FILES_MAX: u64 = 1024;
const FILE_BYTES_MAX: u64 = 1 << 30;

/// How a server's process is started, checked once.
pub(crate) struct Recipe {
    argv: Vec<String>,
    env: BTreeMap<String, Secret>,
    home: PathBuf,
}

impl Recipe {
    pub(crate) fn new(
        server: &str,
        command: &[String],
        env: &BTreeMap<String, Secret>,
        home: PathBuf,
        launcher: &Launcher,
    ) -> Result<Self, Error> {
        let unusable =
            |why: &str| Error::Unusable { server: server.to_owned(), why: why.to_owned() };
        if command.first().is_none_or(String::is_empty) {
            return Err(unusable("its `command` names no program"));
        }
        if env.keys().any(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err(unusable("its `env` has a name that no variable can have"));
        }
        let argv = launcher.argv(command).map(str::to_owned).collect();
        Ok(Self { argv, env: env.clone(), home })
    }

    /// Starts the process.
    pub(crate) fn start(&self, server: &str, limits: &Limits) -> Result<Pipes, Error> {
        let unreachable = |why: String| Error::Unreachable { server: server.to_owned(), why };
        conceal().map_err(|error| unreachable(format!("this process is open to it: {error}")))?;
        std::fs::create_dir_all(&self.home)
            .map_err(|error| unreachable(format!("its folder cannot be made: {}", error.kind())))?;
        let (program, arguments) =
            self.argv.split_first().ok_or_else(|| unreachable("no program".to_owned()))?;
        let mut command = std::process::Command::new(program);
        command.args(arguments).env_clear().env("PATH", PATH).env("HOME", &self.home);
        command.envs(self.env.iter().map(|(name, value)| (name, value.expose())));
        command.current_dir(&self.home).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut command = Command::from(command);
        let mut child = command.kill_on_drop(true).spawn().map_err(|error| {
            unreachable(format!("`{program}` does not start: {}", error.kind()))
        })?;
        let (input, output) = match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => (input, output),
            _ => return Err(unreachable("it has no pipes".to_owned())),
        };
        if let Some(errors) = child.stderr.take() {
            tokio::spawn(drain(server.to_owned(), errors));
        }
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let process = Process { child, group };
        process.limit();
        let inner = AsyncRwTransport::new_client(output, input)
            .with_max_line_length(limits.message_bytes_max());
        Ok(Pipes { inner, process })
    }
}

/// Keeps the memory of this process, its open files and its environment from others of the same user, such as the
/// servers that it starts. It leaves no core dump then, and a debugger of the same user cannot attach.
fn conceal() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// A process's input and output as a transport. Dropped, the process and all that it started are
/// killed.
pub(crate) struct Pipes {
    inner: AsyncRwTransport<RoleClient, ChildStdout, ChildStdin>,
    process: Process,
}

impl Transport<RoleClient> for Pipes {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.inner.send(message)
    }

    fn receive(&mut self) -> impl Future<Output = Option<ServerJsonRpcMessage>> + Send {
        self.inner.receive()
    }

    async fn close(&mut self) -> io::Result<()> {
        self.inner.close().await?;
        self.process.end().await;
        Ok(())
    }
}

struct Process {
    child: Child,
    /// The number of its process group, until nothing of it runs any more.
    group: Option<Pid>,
}

impl Process {
    /// Bounds what it may take of the machine, as far as that can be said from outside.
    fn limit(&self) {
        let Some(pid) = self.group else { return };
        let limits =
            [(Resource::Nofile, FILES_MAX), (Resource::Fsize, FILE_BYTES_MAX), (Resource::Core, 0)];
        for (resource, most) in limits {
            let limit = Rlimit { current: Some(most), maximum: Some(most) };
            if let Err(error) = prlimit(Some(pid), resource, limit) {
                tracing::warn!(%error, ?resource, "a tool server's process cannot be limited");
            }
        }
    }

    /// Lets it end by itself, tells it to, kills it.
    async fn end(&mut self) {
        if timeout(FAREWELL, self.child.wait()).await.is_err() {
            self.signal(Signal::TERM);
            let _ = timeout(FAREWELL, self.child.wait()).await;
        }
        // What it started may still run.
        self.signal(Signal::KILL);
        self.group = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // A group of which nothing runs any more is no failure.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Reads what a process complains about, so that it never waits for a reader, and counts it. Its
/// words may hold arguments and results: they are not kept.
async fn drain(server: String, mut errors: impl AsyncRead + Unpin) {
    let mut piece = [0; 4096];
    let mut bytes: u64 = 0;
    while let Ok(read @ 1..) = errors.read(&mut piece).await {
        bytes = bytes.saturating_add(read as u64);
    }
    if bytes > 0 {
        tracing::debug!(server, bytes, "a tool server wrote to its standard error");
    }
}
