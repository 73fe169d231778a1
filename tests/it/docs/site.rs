//! What the reader of a page has: a folder as `orchestack init` makes it, and a server on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use simulator::Simulator;
use support::{Answer, Client, Tree, binary, eventually, provider, target_folder};
use tempfile::TempDir;

use super::page::{Block, steps};

/// The longest that a start may take on a loaded machine.
const READY_MAX: Duration = Duration::from_secs(60);
/// Stands before the number of a command in the output of a page's shell.
const MARK: char = '\u{1e}';
/// What the pages call the listeners; tests use free ports.
const GATEWAY: &str = "127.0.0.1:8080";
const ADMIN: &str = "127.0.0.1:8081";
const WEBCHAT: &str = "127.0.0.1:8082";

/// The providers that the pages speak of: two in the cloud and one on this machine, simulated.
const PROVIDERS: &str = r#"
[[provider]]
name = "openai"
kind = "openai"
base_url = "SIMULATOR/v1"
locality = "cloud"
secret = "env:SIMULATED"
privacy = "standard"

[[provider]]
name = "anthropic"
kind = "anthropic"
base_url = "SIMULATOR"
locality = "cloud"
secret = "env:SIMULATED"
privacy = "standard"

[[provider]]
name = "ollama"
kind = "openai"
base_url = "SIMULATOR/v1"
locality = "local"
privacy = "local"
"#;

/// As they are found where the two keys are in the environment and Ollama runs.
const MODELS: &str = r#"
[[model]]
id = "openai/gpt-5-mini"
provider = "openai"
upstream = "gpt-5-mini"
size = "small"
context_tokens = 272000
max_output_tokens = 128000
capabilities = ["tools", "json_schema", "images", "streaming", "reasoning"]
aliases = ["gpt-5-mini"]

[[model]]
id = "openai/text-embedding-3-small"
provider = "openai"
upstream = "text-embedding-3-small"
size = "small"
context_tokens = 8191
capabilities = ["embeddings"]
aliases = ["text-embedding-3-small"]

[[model]]
id = "anthropic/claude-haiku-4-5"
provider = "anthropic"
upstream = "claude-haiku-4-5"
size = "small"
context_tokens = 200000
max_output_tokens = 64000
capabilities = ["tools", "json_schema", "images", "streaming", "reasoning"]
aliases = ["claude-haiku-4-5"]

[[model]]
id = "ollama/qwen3:8b"
provider = "ollama"
upstream = "qwen3:8b"
size = "small"
quality = 35
context_tokens = 40960
max_output_tokens = 20480
capabilities = ["tools", "json_schema", "streaming", "reasoning"]
aliases = ["qwen3:8b"]
free = true
"#;

/// A folder as `orchestack init` makes it, and a server on it, as the reader of a page has them.
pub(super) struct Site {
    folder: TempDir,
    /// All three providers.
    pub simulator: Simulator,
    server: Child,
    gateway: String,
    admin: String,
    webchat: String,
    key: String,
}

impl Site {
    pub async fn start() -> Self {
        let simulator = provider(&[]).await;
        let folder = tempfile::tempdir().expect("a folder");
        let mut made = Command::new(binary("orchestack"));
        let made = made.args(["init", "site"]).current_dir(folder.path()).output();
        assert!(made.expect("the program can be started").status.success());
        let site = folder.path().join("site");
        std::os::unix::fs::symlink(binary("orchestack"), folder.path().join("orchestack"))
            .expect("a link to the program");
        let address = simulator.base_url().to_string();
        let tree = Tree::empty(&site.join("tree"));
        tree.write("providers/usual.toml", &PROVIDERS.replace("SIMULATOR", &address))
            .write("models/usual.toml", MODELS)
            .commit("what is found on a usual machine");
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let errors = log.try_clone().expect("a second handle of the log");
        let mut command = environment(Command::new(binary("orchestack")), folder.path());
        let server = command.arg("serve").current_dir(&site).stdout(log).stderr(errors).spawn();
        let mut started = Self {
            simulator,
            server: server.expect("the program can be started"),
            gateway: String::new(),
            admin: String::new(),
            webchat: String::new(),
            key: String::new(),
            folder,
        };
        started.ready().await;
        started.shell(&format!("export KEY={}\n", started.key));
        started
    }

    /// Waits for the start's last words: the key is among them.
    async fn ready(&mut self) {
        let log = self.folder.path().join("log");
        let ports = self.file(".orchestack/ports.json");
        let server = &mut self.server;
        let told = eventually("the server says that it is ready", READY_MAX, async || {
            let ended = server.try_wait().expect("an own child can be waited for");
            assert!(ended.is_none(), "{}", fs::read_to_string(&log).unwrap_or_default());
            let told = fs::read_to_string(&log).ok()?;
            told.contains("/chat/completions").then_some(told)
        });
        let told = told.await;
        let key = told.split("API key of agent `default`").nth(1).expect("the start shows a key");
        let key = key.split_whitespace().next().expect("a key").to_owned();
        let ports: Value = serde_json::from_slice(&fs::read(ports).expect("ports.json"))
            .expect("ports.json is JSON");
        let address = |name: &str| ports[name].as_str().expect("an address").to_owned();
        (self.gateway, self.admin, self.key) = (address("gateway"), address("admin"), key);
        self.webchat = address("webchat");
    }

    /// A file beside `orchestack.toml`.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join("site").join(path)
    }

    /// Writes a file beside `orchestack.toml`, and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("its folder");
        fs::write(&path, text).expect("a file of the page");
    }

    /// Runs a script where the last one ended, with its variables, and gives what it printed.
    pub fn shell(&self, script: &str) -> String {
        let state = self.folder.path().join("shell");
        let script = script.replace(GATEWAY, &self.gateway).replace(ADMIN, &self.admin);
        let script = format!(
            "[ -f {0} ] && . {0}\n{1}\n{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {0}\n",
            state.display(),
            script.replace(WEBCHAT, &self.webchat),
        );
        let mut command = environment(Command::new("bash"), self.folder.path());
        command.arg("-c").arg(script).current_dir(self.file("")).stdin(Stdio::null());
        let output = tokio::task::block_in_place(|| command.output()).expect("bash is installed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let text = text.replace(&self.gateway, GATEWAY).replace(&self.admin, ADMIN);
        text.replace(&self.webchat, WEBCHAT)
    }

    /// Runs the commands of a block and compares what they print.
    pub fn run(&self, block: &Block) {
        let steps = steps(&block.body);
        let mut script = "exec 2>&1\ntrap 'FAILED=$?' ERR\n".to_owned();
        for step in &steps {
            script += &format!("FAILED=0\n{}\nprintf '\\n{MARK}%s\\n' $FAILED\n", step.command);
        }
        let printed = self.shell(&script);
        let mut outputs = printed.split_inclusive(MARK);
        let mut output = outputs.next().unwrap_or_default();
        for step in &steps {
            let next = outputs.next();
            let next = next.unwrap_or_else(|| panic!("{}: the shell ended: {printed}", block.at));
            let (status, rest) = next.split_once('\n').unwrap_or((next, ""));
            step.compare(&block.at, output.trim_end_matches(MARK), status.trim_end_matches(MARK));
            output = rest;
        }
    }

    /// The tree is right with the block's file in it, which is taken out again.
    pub fn checks(&self, block: &Block, path: &str) {
        let file = self.file("tree").join(path);
        let before = fs::read_to_string(&file).ok();
        fs::write(&file, &block.body).expect("a file of the tree");
        let told = self.shell("orchestack policy check tree\n");
        assert!(told.starts_with("tree is right"), "{}: {told}", block.at);
        match before {
            Some(before) => fs::write(&file, before).expect("a file of the tree"),
            None => fs::remove_file(&file).expect("a file of the tree"),
        }
    }

    pub async fn ask(&self, body: &Value) -> Answer {
        let url = format!("http://{}/v1/chat/completions", self.gateway);
        Answer::read(Client::new().0.post(url).bearer_auth(&self.key).json(body)).await
    }

    pub async fn sends(&self, block: &Block, status: &str, code: &[&str]) {
        let body: Value = serde_json::from_str(&block.body)
            .unwrap_or_else(|error| panic!("{}: no JSON: {error}", block.at));
        let answer = self.ask(&body).await;
        let told = (answer.status.to_string(), answer.code());
        let expected = (status.to_owned(), code.concat());
        assert_eq!(told, expected, "{}: {}", block.at, answer.text);
    }

    pub fn python(&self, block: &Block) {
        let program = target_folder().join("sdk-venv/bin/python");
        assert!(program.is_file(), "{} is missing: run scripts/sdks.sh first", program.display());
        let script = block.body.replace(GATEWAY, &self.gateway);
        let script = format!("import os\nKEY = os.environ['KEY']\n{script}");
        let mut command = environment(Command::new(program), self.folder.path());
        command.env("KEY", &self.key).arg("-B").arg("-c").arg(script);
        let output = tokio::task::block_in_place(|| command.output()).expect("python starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", block.at);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("--- the server's log\n{log}\n---");
        }
    }
}

/// Nothing of the developer's environment may change an example.
pub(super) fn environment(mut command: Command, folder: &Path) -> Command {
    command.env_clear().env("HOME", folder).env("PATH", search_path(folder));
    for (name, value) in [
        ("ORCHESTACK_GATEWAY__LISTEN", "127.0.0.1:0"),
        ("ORCHESTACK_ADMIN__LISTEN", "127.0.0.1:0"),
        ("ORCHESTACK_WEBCHAT__LISTEN", "127.0.0.1:0"),
        ("ORCHESTACK_WEBCHAT__ENABLED", "true"),
        ("SIMULATED", "sk-simulated"),
        ("EXAMPLES", concat!(env!("CARGO_MANIFEST_DIR"), "/../examples")),
        ("GIT_AUTHOR_NAME", "reader"),
        ("GIT_AUTHOR_EMAIL", "reader@example.com"),
        ("GIT_COMMITTER_NAME", "reader"),
        ("GIT_COMMITTER_EMAIL", "reader@example.com"),
    ] {
        command.env(name, value);
    }
    command
}

/// The folder with our program, then the usual ones.
#[expect(clippy::disallowed_methods, reason = "the examples run git and curl, found by PATH")]
fn search_path(folder: &Path) -> std::ffi::OsString {
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&usual));
    std::env::join_paths(folders).expect("folders without colons")
}
