//! Servers that are processes of ours.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use mcp::{Connection, Error, Launcher, Spec, Transport};
use serde_json::{Value, json};
use types::Secret;

use crate::house::{Heard, call, eventually, spec, text};

/// Answers as any server would, and does what its tools are named for.
const SERVER: &str = r#"
import json, os, subprocess, sys, time
def say(message):
    print(json.dumps(message), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    id, method, params = asked.get("id"), asked.get("method"), asked.get("params") or {}
    def answer(result):
        say({"jsonrpc": "2.0", "id": id, "result": result})
    if method == "initialize":
        answer({"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "piped", "version": "1"}})
    elif method == "tools/list":
        answer({"tools": []})
    elif method == "tools/call":
        name = params["name"]
        if name == "crash":
            os._exit(3)
        if name == "environment":
            text = json.dumps(dict(os.environ))
        elif name == "parent":
            try:
                open(f"/proc/{os.getppid()}/environ").close()
                text = "open"
            except PermissionError:
                text = "closed"
        elif name == "folder":
            text = os.getcwd()
        elif name == "pids":
            child = subprocess.Popen(["sleep", "300"])
            text = f"{os.getpid()} {child.pid}"
        elif name == "noise":
            sys.stderr.write("hunter2 " * 200000)
            sys.stderr.flush()
            print("this is no message", flush=True)
            text = "heard"
        elif name == "long":
            text = "a" * 30000000
        elif name == "arguments":
            text = json.dumps(sys.argv[1:])
        else:
            text = "pong"
        answer({"content": [{"type": "text", "text": text}]})
"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("server.py"), SERVER).unwrap();
        Self { folder }
    }

    fn spec(&self, launcher: Launcher) -> Spec {
        let script = self.folder.path().join("server.py").display().to_string();
        spec(Transport::Stdio {
            command: ["python3", &script, "$(id)", "; id"].map(str::to_owned).to_vec(),
            env: BTreeMap::from([("API_KEY".to_owned(), Secret::new("hunter2"))]),
            home: self.home(),
            launcher,
        })
    }

    /// A folder that is not there yet.
    fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("tools/house")
    }

    async fn connect(&self) -> Connection {
        mcp::connect(&self.spec(Launcher::bare()), Arc::new(())).await.unwrap()
    }
}

async fn said(connection: &Connection, tool: &str) -> String {
    let result = call(connection, tool).await.unwrap();
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_process_has_the_environment_and_the_folder_of_its_definition() {
    let place = Place::new();
    let connection = place.connect().await;
    let environment: Value = serde_json::from_str(&said(&connection, "environment").await).unwrap();
    let mut names: Vec<&String> = environment.as_object().unwrap().keys().collect();
    names.retain(|name| *name != "LC_CTYPE"); // Python sets it for itself.
    assert_eq!(names, ["API_KEY", "HOME", "PATH"]);
    assert_eq!(environment["API_KEY"], "hunter2");
    assert_eq!(Path::new(&said(&connection, "folder").await), place.home());
    let arguments: Value = serde_json::from_str(&said(&connection, "arguments").await).unwrap();
    assert_eq!(arguments, json!(["$(id)", "; id"]), "no shell has read them");
}

/// The variables of the gateway may have keys in them.
#[tokio::test]
async fn a_process_cannot_look_into_the_one_that_started_it() {
    let place = Place::new();
    let connection = place.connect().await;
    let behaviour = rustix::process::dumpable_behavior().unwrap();
    assert_eq!(behaviour, rustix::process::DumpableBehavior::NotDumpable);
    // Root may look into everything.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(said(&connection, "parent").await, "closed");
    }
}

fn runs(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[tokio::test]
async fn a_process_and_what_it_started_end_with_the_connection() {
    let place = Place::new();
    for how in ["dropped", "closed"] {
        let connection = place.connect().await;
        let pids = said(&connection, "pids").await;
        let (own, child) = pids.split_once(' ').unwrap();
        assert!(runs(own) && runs(child));
        if how == "closed" {
            connection.close().await;
        }
        drop(connection);
        eventually(how, || !runs(own) && !runs(child)).await;
    }
}

#[tokio::test]
async fn a_process_that_crashes_is_started_again_and_rests_if_it_goes_on_so() {
    let place = Place::new();
    let heard = Arc::new(Heard::default());
    let connection = mcp::connect(&place.spec(Launcher::bare()), heard.clone()).await.unwrap();
    let error = call(&connection, "crash").await.unwrap_err();
    assert!(matches!(error, Error::Closed { .. }), "{error:?}");
    assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
    assert_eq!(heard.lines().len(), 3, "the lists may be other ones: {:?}", heard.lines());
    call(&connection, "crash").await.unwrap_err();
    let resting = call(&connection, "ping").await.unwrap_err();
    let Error::Resting { again, .. } = resting else { panic!("{resting:?}") };
    tokio::time::sleep(again).await;
    assert_eq!(call(&connection, "ping").await.unwrap(), text("pong"));
}

#[tokio::test]
async fn noise_is_not_in_the_way_and_an_answer_has_a_length() {
    let place = Place::new();
    let mut spec = place.spec(Launcher::bare());
    spec.limits.timeout = Duration::from_secs(2);
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    assert_eq!(said(&connection, "noise").await, "heard");
    let error = call(&connection, "long").await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert_eq!(said(&connection, "ping").await, "pong");
}

#[tokio::test]
async fn a_launcher_has_the_command_within_it() {
    let place = Place::new();
    let within = ["prlimit", "--nproc=256", "--"].map(str::to_owned).to_vec();
    let spec = place.spec(Launcher::within(within));
    let connection = mcp::connect(&spec, Arc::new(())).await.unwrap();
    assert_eq!(said(&connection, "ping").await, "pong");
}

#[tokio::test]
async fn what_does_not_start_says_so() {
    let place = Place::new();
    let mut spec = place.spec(Launcher::bare());
    let Transport::Stdio { command, .. } = &mut spec.transport else { unreachable!() };
    *command = vec!["no-such-program".to_owned()];
    let error = mcp::connect(&spec, Arc::new(())).await.unwrap_err();
    let wanted =
        "tool server `house` cannot be reached: `no-such-program` does not start: entity not found";
    assert_eq!(error.to_string(), wanted);
    let Transport::Stdio { command, .. } = &mut spec.transport else { unreachable!() };
    *command = vec!["true".to_owned()];
    let error = mcp::connect(&spec, Arc::new(())).await.unwrap_err();
    assert!(error.to_string().contains("it ended before it was ready"), "{error}");
}
