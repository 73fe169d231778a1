//! The program as people and scripts meet it: what it prints, where, and its exit codes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

/// The program in `folder`, with nothing of the developer's environment.
fn program(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestack"));
    command.env_clear().env("HOME", folder).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.args(words).current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, words: &[&str]) -> Output {
    program(folder, words).output().unwrap()
}

#[track_caller]
fn check(folder: &Path, words: &[&str], code: i32) -> (String, String) {
    let output = run(folder, words);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{words:?}\n{out}\n{err}");
    (out, err)
}

#[test]
fn without_a_state_a_command_says_how_to_begin() {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = check(folder.path(), &["agent", "list"], 1);
    assert_eq!(out, "");
    insta::assert_snapshot!(err);
}

#[test]
fn every_mistake_in_the_settings_is_told_at_once_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[gateway]\nlisten = \"here\"\n[stat]\ndir = 3\n";
    std::fs::write(folder.path().join("orchestack.toml"), text).unwrap();
    let (_, err) = check(folder.path(), &["serve"], 2);
    insta::assert_snapshot!(err);
    let (_, err) = check(folder.path(), &["serve", "--json"], 2);
    let told: Value = serde_json::from_str(&err).unwrap();
    assert_eq!(told["error"]["code"], "settings");
}

#[test]
fn a_starter_tree_is_right_and_a_spoiled_one_is_told_by_line() {
    let folder = tempfile::tempdir().unwrap();
    check(folder.path(), &["init", "new"], 0);
    check(folder.path(), &["init", "new"], 2);
    let (out, _) = check(folder.path(), &["policy", "check", "new/tree", "--json"], 0);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["ok"], &report["agents"][0]), (&true.into(), &"default".into()));
    let file = folder.path().join("new/tree/agents/default/agent.toml");
    std::fs::write(file, "owner = \"o\"\nbudgets = 3\n").unwrap();
    let (out, _) = check(folder.path(), &["policy", "check", "new/tree"], 1);
    insta::assert_snapshot!(out);
    check(folder.path(), &["policy", "check", "nowhere"], 2);
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = check(folder.path(), &["key", "--help"], 0);
    assert!(out.contains("Example") && err.is_empty(), "{out}{err}");
    let (out, _) = check(folder.path(), &["--version"], 0);
    assert!(out.starts_with("orchestack "), "{out}");
}

/// A server that ends with the test, and what it printed at its start.
struct Server {
    child: Child,
    banner: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = program(folder, &["serve"]);
        command.env("ORCHESTACK_GATEWAY__LISTEN", "127.0.0.1:0");
        command.env("ORCHESTACK_ADMIN__LISTEN", "127.0.0.1:0");
        let err = std::fs::File::create(folder.join("err")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(err).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self { child, banner: String::new() };
        while !server.banner.contains("curl") {
            let log = || std::fs::read_to_string(folder.join("err"));
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {:?}", log()));
            server.banner.push_str(&line.unwrap());
            server.banner.push('\n');
        }
        server
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// The last word of the first line that holds `mark`.
fn last_word(text: &str, mark: &str) -> String {
    let line = text.lines().find(|line| line.contains(mark)).unwrap();
    line.split_whitespace().last().unwrap().to_owned()
}

#[test]
fn the_first_start_prints_a_line_that_works_and_later_ones_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let banner = server.banner.clone();
    assert!(banner.contains("SIMULATOR"), "{banner}");
    let line = banner.lines().find(|line| line.contains("curl")).unwrap();
    let pasted = Command::new("sh").args(["-c", line]).output().unwrap();
    let answer: Value = serde_json::from_slice(&pasted.stdout).unwrap();
    let said = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(said.contains("[simulator]"), "{answer}");

    let token = last_word(&banner, "admin token");
    let ports = std::fs::read(folder.path().join(".orchestack/ports.json")).unwrap();
    let ports: Value = serde_json::from_slice(&ports).unwrap();
    let admin = format!("http://{}", ports["admin"].as_str().unwrap());
    let mut remote = program(folder.path(), &["agent", "create", "far", "--admin", &admin]);
    let remote = remote.env("ORCHESTACK_ADMIN_TOKEN", &token).output().unwrap();
    assert!(remote.status.success(), "{remote:?}");
    let (out, _) = check(folder.path(), &["key", "create", "--agent", "far", "--json"], 0);
    let made: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(made.as_object().unwrap().len(), 3);
    check(folder.path(), &["doctor"], 0);
    let (_, err) = check(folder.path(), &["serve"], 1);
    assert!(err.contains("cannot listen") || err.contains("another server"), "{err}");
    server.stop();
    assert!(!folder.path().join(".orchestack/ports.json").exists());

    // Without a server the same commands work on the state itself.
    let (out, _) = check(folder.path(), &["key", "list", "--agent", "far", "--json"], 0);
    let keys: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(keys["keys"][0]["id"], made["id"]);
    check(folder.path(), &["audit", "verify"], 0);

    let server = Server::start(folder.path());
    let banner = server.banner.clone();
    assert!(!banner.contains("ork_") && !banner.contains("ora_"), "{banner}");
    assert!(banner.contains("key create --agent default"), "{banner}");
    server.stop();
}

#[test]
fn cases_proofs_and_differences_of_a_folder_need_no_server() {
    let folder = tempfile::tempdir().unwrap();
    check(folder.path(), &["init", "new"], 0);
    let (out, _) = check(folder.path(), &["policy", "test", "new/tree"], 0);
    assert!(out.contains("pass  tests/starter.toml:") && out.contains("0 failed"), "{out}");
    let (out, _) = check(folder.path(), &["policy", "schema"], 0);
    assert!(out.contains("namespace Orchestack"), "{out}");
    let prove = |code| {
        let mut command = program(folder.path(), &["policy", "prove", "new/tree", "--json"]);
        let output = command.env("ORCHESTACK_POLICY__SOLVER", "/nonexistent").output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let report = prove(1);
    assert!(report["no_solver"].as_str().unwrap().contains("cvc5"), "{report}");
    let (out, _) = check(folder.path(), &["policy", "diff", "HEAD", "new/tree"], 0);
    assert!(out.contains("alike"), "{out}");
    // A case that fails, told where it stands.
    let case = "[[case]]\nname = \"nobody calls\"\n\
        model = { id = \"m\", locality = \"local\" }\nexpect = \"deny\"\n";
    std::fs::write(folder.path().join("new/tree/tests/mine.toml"), case).unwrap();
    let (out, _) = check(folder.path(), &["policy", "test", "new/tree"], 1);
    assert!(out.contains("FAIL  tests/mine.toml:1: nobody calls"), "{out}");
    check(folder.path(), &["policy", "check", "new/tree"], 1);
    check(folder.path(), &["policy", "diff", "nothing", "new/tree"], 2);
}

#[test]
fn a_service_of_its_own_says_what_it_misses() {
    let folder = tempfile::tempdir().unwrap();
    let (_, err) = check(folder.path(), &["runner"], 2);
    for key in ["store.url", "bus.url", "work.gateway"] {
        assert!(err.contains(&format!("orchestack.toml: {key}: ")), "{err}");
    }
    let (_, err) = check(folder.path(), &["connector", "webchat"], 2);
    assert!(err.contains("SQLite is one process's") && !err.contains("work.gateway"), "{err}");
    assert!(!folder.path().join(".orchestack").exists(), "and it made nothing");
}
