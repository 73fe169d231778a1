//! The real `orchestack serve`, or one of its services, as a child process.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::{Answer, Database, FreshDatabase, Tree, binary, eventually};

/// A start that takes longer has failed; a debug build on a loaded machine takes some seconds.
const READY_MAX: Duration = Duration::from_secs(60);
/// The server's own drain time-out is shorter.
const STOP_MAX: Duration = Duration::from_secs(60);
/// How much of the log a failed test shows.
const LOG_LINES_SHOWN: usize = 200;

/// What to start. It can be prepared (the tree) before [`Setup::start`].
#[derive(Debug)]
pub struct Setup {
    folder: TempDir,
    database: FreshDatabase,
    tree: Tree,
    environment: Vec<(String, String)>,
    client: Client,
    disk: Option<(String, u64)>,
}

impl Setup {
    /// A server on a fresh database, with a tree of [`Tree::with_policies`] that is yet to be
    /// committed. It listens on free ports and knows nobody's provider keys.
    ///
    /// # Panics
    /// When the folder or the database cannot be made.
    pub async fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tree = Tree::with_policies(&folder.path().join("tree"));
        let database = database.fresh().await;
        let (environment, client) = (Vec::new(), Client::new());
        let mut setup = Self { folder, database, tree, environment, client, disk: None };
        setup.variable("SIMULATOR_KEY", "sk-simulator");
        setup
    }

    /// The git tree.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Sets a setting, such as `ledger.lease` to `2s`, by its environment form.
    pub fn set(&mut self, key: &str, value: &str) -> &mut Self {
        let name = format!("ORCHESTACK_{}", key.to_uppercase().replace('.', "__"));
        self.variable(&name, value)
    }

    /// Sets an environment variable of the server.
    pub fn variable(&mut self, name: &str, value: &str) -> &mut Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The client that sees whether the server is ready, where the data plane asks for TLS.
    pub fn client(&mut self, client: Client) -> &mut Self {
        self.client = client;
        self
    }

    /// Gives the server a disk of its own for a folder, such as `state/journal`, with this many bytes. Only
    /// it sees what is there: [`Server::within`] looks over its shoulder.
    pub fn disk(&mut self, folder: &str, bytes: u64) -> &mut Self {
        self.disk = Some((folder.to_owned(), bytes));
        self
    }

    /// Commits the tree, starts the server and waits until it is ready.
    pub async fn start(self) -> Server {
        self.start_as(&["serve"]).await
    }

    /// As [`Setup::start`], with a service of its own such as `["gateway"]` in place of the whole server.
    pub async fn start_as(self, words: &'static [&'static str]) -> Server {
        self.tree.commit("the tree of the test");
        self.write_settings();
        let program = binary("orchestack");
        let mut server = Server { setup: self, program, words, child: None, ports: None };
        server.restart().await;
        server
    }

    fn write_settings(&self) {
        let folder = self.folder.path().display();
        let tree = self.tree.folder().display();
        let store = self.database.url().map_or_else(String::new, |url| format!("url = \"{url}\""));
        let text = format!(
            "[gateway]\nlisten = \"127.0.0.1:0\"\n\n\
             [admin]\nlisten = \"127.0.0.1:0\"\nsocket = \"{folder}/admin.sock\"\n\n\
             [state]\ndir = \"{folder}/state\"\n\n\
             [policy]\ntree = \"{tree}\"\npoll_interval = \"200ms\"\n\n\
             [store]\n{store}\n"
        );
        std::fs::write(self.settings(), text).expect("the settings can be written");
    }

    /// Whether the data plane speaks TLS.
    fn is_secure(&self) -> bool {
        self.environment.iter().any(|(name, _)| name == "ORCHESTACK_GATEWAY__TLS__CERT")
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("orchestack.toml")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

/// A running server. Dropping it kills it; a test that fails shows the end of its log.
#[derive(Debug)]
pub struct Server {
    setup: Setup,
    program: PathBuf,
    /// What it is told to be, such as `serve`.
    words: &'static [&'static str],
    child: Option<Child>,
    ports: Option<Ports>,
}

/// Where it listens, as far as it does.
#[derive(Debug)]
struct Ports {
    gateway: Option<String>,
    admin: Option<String>,
    webchat: Option<String>,
}

impl Server {
    /// Address of the data plane, such as `http://127.0.0.1:40001`.
    ///
    /// # Panics
    /// Before the first start, or where it has none.
    pub fn gateway(&self) -> &str {
        self.ports().gateway.as_ref().expect("the server has a gateway")
    }

    /// Address of the admin API, such as `http://127.0.0.1:40002`.
    ///
    /// # Panics
    /// Before the first start, or where it has none.
    pub fn admin(&self) -> &str {
        self.ports().admin.as_ref().expect("the server has an admin API")
    }

    /// Address of the webchat, such as `http://127.0.0.1:40003`.
    ///
    /// # Panics
    /// Where it has none: set `webchat.enabled` and `webchat.listen`.
    pub fn webchat(&self) -> String {
        self.ports().webchat.clone().expect("the server has a webchat")
    }

    fn ports(&self) -> &Ports {
        self.ports.as_ref().expect("the server has started")
    }

    /// A series without labels, as it exports it; 0 before its first event.
    ///
    /// # Panics
    /// Before the first start.
    pub async fn metric(&self, name: &str) -> u64 {
        let url = format!("{}/metrics", self.admin());
        let text = Answer::read(Client::new().0.get(url)).await.text;
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// The git tree that it follows.
    pub const fn tree(&self) -> &Tree {
        &self.setup.tree
    }

    /// The folder of its state.
    pub fn state(&self) -> PathBuf {
        self.setup.folder.path().join("state")
    }

    /// The value of `store.url`, where the database is not the default SQLite file.
    pub fn store_url(&self) -> Option<&str> {
        self.setup.database.url()
    }

    /// The process id.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// Starts it again on the same state, after a kill or a stop, and waits until it is ready. Its
    /// ports are new ones.
    ///
    /// # Panics
    /// When it runs, or does not get ready.
    pub async fn restart(&mut self) {
        assert!(
            self.begin().await,
            "`orchestack {}` ended before it was ready",
            self.words.join(" ")
        );
    }

    /// As [`Server::restart`]; false where it ended before it was ready, as one does that is told to.
    ///
    /// # Panics
    /// When it runs, or neither ends nor gets ready.
    pub async fn begin(&mut self) -> bool {
        assert!(self.child.is_none(), "the server still runs: kill or stop it first");
        let ports_file = self.state().join(match self.words {
            ["serve"] => "ports.json".to_owned(),
            other => format!("ports.{}.json", other.last().expect("a service")),
        });
        // A killed server leaves its file behind, and it names ports that are gone.
        let _ = std::fs::remove_file(&ports_file);
        let log = self.open_log();
        let errors = log.try_clone().expect("a second handle of the log");
        let mut command = self.command(self.words);
        if let Some((folder, bytes)) = &self.setup.disk {
            command = self.on_a_disk(command, &self.setup.folder.path().join(folder), *bytes);
        }
        let child = command.stdout(log).stderr(errors).spawn();
        self.child = Some(child.expect("the program can be started"));
        let what = "it says where it listens and answers /readyz";
        let client = self.setup.client.clone();
        let scheme = if self.setup.is_secure() { "https" } else { "http" };
        let ports = eventually(what, READY_MAX, async || {
            if self.has_ended() {
                return Some(None);
            }
            let ports = read_ports(&ports_file, scheme)?;
            if let Some(door) = ports.gateway.as_ref().or(ports.admin.as_ref()) {
                (client.status(&format!("{door}/readyz")).await? == 200).then_some(())?;
            }
            Some(Some(ports))
        });
        let ports = ports.await;
        let ready = ports.is_some();
        self.ports = ports.or_else(|| self.ports.take());
        ready
    }

    /// Sets an environment variable for its next start, or takes it away.
    pub fn variable(&mut self, name: &str, value: Option<&str>) {
        self.setup.environment.retain(|(known, _)| known != name);
        let set = value.map(|value| (name.to_owned(), value.to_owned()));
        self.setup.environment.extend(set);
    }

    /// Whether it ended by itself.
    ///
    /// # Panics
    /// When that cannot be found out.
    pub fn has_ended(&mut self) -> bool {
        self.child.is_none() || self.ended().is_some()
    }

    /// How it ended, where it did so since this was asked last.
    ///
    /// # Panics
    /// When that cannot be found out.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.as_mut()?.try_wait().expect("an own child")?;
        self.child = None;
        Some(status)
    }

    /// A file as the running server sees it, relative to its folder.
    ///
    /// # Panics
    /// When it does not run.
    pub fn within(&self, file: &str) -> PathBuf {
        let seen = self.setup.folder.path().join(file);
        let seen = seen.strip_prefix("/").expect("its folder has an absolute path");
        Path::new("/proc").join(self.pid().to_string()).join("root").join(seen)
    }

    /// Starts another gateway of the same fleet: the same database, tree and pepper, a state folder of its
    /// own.
    ///
    /// # Panics
    /// When it does not get ready, or the database is this one's file.
    pub async fn another(&self) -> Self {
        self.beside(self.words).await
    }

    /// The same with another service of the installation, such as `["runner"]`.
    ///
    /// # Panics
    /// As [`Server::another`].
    pub async fn beside(&self, words: &'static [&'static str]) -> Self {
        assert!(self.store_url().is_some(), "SQLite is one server's");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let setup = Setup {
            database: self.setup.database.shared(),
            tree: self.setup.tree.clone(),
            environment: self.setup.environment.clone(),
            client: self.setup.client.clone(),
            disk: self.setup.disk.clone(),
            folder,
        };
        setup.write_settings();
        let state = setup.folder.path().join("state");
        std::fs::create_dir(&state).expect("a state folder");
        let pepper = std::fs::copy(self.state().join("pepper"), state.join("pepper"));
        pepper.expect("the first one has a pepper");
        let program = self.program.clone();
        let mut server = Self { setup, program, words, child: None, ports: None };
        server.restart().await;
        server
    }

    /// Sends it a signal, such as `STOP`.
    ///
    /// # Panics
    /// When it does not run.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("`kill` runs").success(), "cannot signal process {pid}");
    }

    /// Kills it with SIGKILL, like a power cut for this process.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill9(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().expect("an own child can be killed");
        child.wait().expect("a killed child ends");
    }

    /// Asks it to stop with SIGTERM, and waits until it has.
    ///
    /// # Panics
    /// When it does not run or does not stop.
    pub async fn sigterm(&mut self) -> ExitStatus {
        self.signal("TERM");
        let status = eventually("the server stops after SIGTERM", STOP_MAX, async || {
            self.child.as_mut()?.try_wait().expect("an own child can be waited for")
        });
        let status = status.await;
        self.child = None;
        status
    }

    /// Runs another command of the program against this server, such as
    /// `["key", "create", "--agent", "default"]`.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program can be started")
    }

    /// As [`Server::run`] with `--json`: what it prints.
    ///
    /// # Panics
    /// When it fails or does not print JSON.
    pub fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "orchestack {words:?}: {errors}");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("orchestack {words:?} did not print JSON: {error}"))
    }

    /// Makes an API key for an agent of the tree.
    ///
    /// # Panics
    /// When the command fails.
    pub fn key(&self, agent: &str) -> String {
        let made = self.json(&["key", "create", "--agent", agent]);
        made.get("key").and_then(Value::as_str).expect("`key create` prints the key").to_owned()
    }

    /// Everything that it has printed, restarts included.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.setup.log()).unwrap_or_default()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // Nothing of the developer's environment may change a test: no keys, no settings.
        command.env_clear().env("PATH", path_variable()).env("HOME", self.setup.folder.path());
        command.envs(self.setup.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.setup.folder.path()).stdin(Stdio::null());
        command.args(words).arg("--config").arg(self.setup.settings());
        command
    }

    /// The command with a small file system on a folder, in a mount namespace of its own. The process keeps
    /// its id.
    fn on_a_disk(&self, command: Command, folder: &Path, bytes: u64) -> Command {
        std::fs::create_dir_all(folder).expect("a folder for the disk");
        let mount = format!("mount -t tmpfs -o size={bytes} disk \"$0\" && exec \"$@\"");
        let may = |words: &[&str]| {
            let tried = Command::new("unshare").args(words).arg("true").output();
            tried.is_ok_and(|output| output.status.success())
        };
        let ways: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
        let way = ways.into_iter().find(|way| may(way));
        let way = way.expect("`unshare --mount` works, for root or with user namespaces");
        let mut wrapped = Command::new("unshare");
        wrapped.args(way).args(["sh", "-c", &mount]).arg(folder);
        wrapped.arg(command.get_program()).args(command.get_args());
        wrapped
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        wrapped.current_dir(self.setup.folder.path()).stdin(Stdio::null());
        wrapped
    }

    fn open_log(&self) -> File {
        let mut options = OpenOptions::new();
        options.create(true).append(true).open(self.setup.log()).expect("the log can be written")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines.get(lines.len().saturating_sub(LOG_LINES_SHOWN)..).unwrap_or(&lines);
            eprintln!("--- the end of the server's log\n{}\n---", shown.join("\n"));
        }
    }
}

/// The addresses of a file such as `ports.json`, once it is written whole.
fn read_ports(file: &Path, scheme: &str) -> Option<Ports> {
    let ports: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let at = |name, scheme| Some(format!("{scheme}://{}", ports.get(name)?.as_str()?));
    Some(Ports {
        gateway: at("gateway", scheme),
        admin: at("admin", "http"),
        webchat: at("webchat", "http"),
    })
}

#[expect(clippy::disallowed_methods, reason = "the server runs git, which it finds by PATH")]
fn path_variable() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// An HTTP client for tests.
#[derive(Clone, Debug)]
pub struct Client(pub reqwest::Client);

impl Client {
    /// A client without proxies or time-outs of its own.
    ///
    /// # Panics
    /// When TLS cannot be set up.
    #[expect(clippy::new_without_default, reason = "a default should not panic")]
    pub fn new() -> Self {
        // Another test of this process may have been first; then the same provider is in place.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(reqwest::Client::builder().no_proxy().build().expect("a client"))
    }

    /// The status of a GET; `None` when nobody answers.
    pub async fn status(&self, url: &str) -> Option<u16> {
        Some(self.0.get(url).send().await.ok()?.status().as_u16())
    }

    /// Posts JSON with a bearer key.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn post(&self, url: &str, key: &str, body: &Value) -> reqwest::Response {
        let sent = self.0.post(url).bearer_auth(key).json(body).send().await;
        sent.unwrap_or_else(|error| panic!("POST {url}: {error}"))
    }
}
