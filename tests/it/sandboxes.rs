//! Agents that work in sandboxes: the real server makes them with bubblewrap, and policy decides each command.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use simulator::{Behaviour, Price, Script, Simulator};
use store::work::Event;
use support::{Database, ModelSpec, Server, Setup, provider};
use types::{Integrity, work::EventKind};

use crate::{
    sdk::Sdk,
    work::{Person, body, kinds},
};

const AGENT: &str = r#"owner = "operator"
instructions = "You work in a sandbox."
sandbox = "code"

[budget]
day = "5.00"
"#;

const ASKS: &str = r#"@id("commands-need-approval")
@approval("infra-admin")
permit (principal, action == Orchestack::Action::"callTool", resource == Orchestack::Tool::"sandbox.shell.exec");
"#;

struct Stage {
    server: Server,
    simulator: Simulator,
    /// The folder of sandboxes.
    root: tempfile::TempDir,
}

impl Stage {
    /// The workspaces of all sandboxes.
    fn workspaces(&self) -> Vec<PathBuf> {
        let boxes = std::fs::read_dir(self.root.path().join("boxes")).into_iter().flatten();
        boxes.flatten().map(|entry| entry.path().join("workspace")).collect()
    }
}

/// A server whose agent has a sandbox, with the starter's policies.
async fn stage(database: Database, change: impl FnOnce(&mut Setup)) -> Stage {
    let simulator = provider(&[("model", Price::dollars_per_million(1, 1))]).await;
    let mut setup = Setup::new(database).await;
    let root = tempfile::tempdir().unwrap();
    setup.set("sandbox.dir", root.path().to_str().unwrap());
    let tree = setup.tree();
    tree.starter().sandboxes();
    tree.openai_provider("sim", &simulator, "local");
    tree.model(ModelSpec { id: "model", provider: "sim", price: Some(("1.00", "1.00")) });
    tree.write("agents/default/agent.toml", AGENT);
    change(&mut setup);
    Stage { server: setup.start().await, simulator, root }
}

/// What the model calls next.
fn calls(simulator: &Simulator, arguments: Value) {
    let default = Behaviour { arguments: Some(arguments), ..Behaviour::default() };
    simulator.play(Script { default, keep_bodies: Some(true), ..Script::default() });
}

/// What the tool answered, as the model was told.
fn heard(simulator: &Simulator) -> String {
    let log = simulator.log();
    let bodies = log.iter().rev().filter_map(|seen| seen.body.as_ref());
    let mut told = bodies.filter_map(|body| {
        let asked: Value = serde_json::from_str(body).unwrap();
        let last = asked["messages"].as_array().unwrap().last().unwrap().clone();
        (last["role"] == "tool").then(|| last["content"].as_str().unwrap().to_owned())
    });
    told.next().expect("a model was told what a tool said")
}

/// Has the agent call a tool, and gives what the model heard.
async fn does(
    (ann, simulator): (&Person, &Simulator),
    (id, tool): (&str, &str),
    arguments: Value,
) -> (String, Vec<Event>) {
    calls(simulator, arguments);
    let said = ann.writes(id, &format!("Use {tool}.")).await;
    let events = ann.hears(&said, EventKind::Assistant, said.event_no).await;
    (heard(simulator), events)
}

async fn an_agent_works_in_its_sandbox(database: Database) {
    let stage = stage(database, |_| {}).await;
    let Stage { server, simulator, .. } = &stage;
    let ann = Person::of(server, "one").await;
    let with = (&ann, simulator);
    let command = json!({ "command": "echo hello > a; id -u; ls; cat a" });
    let (told, events) = does(with, ("m1", "sandbox__shell_exec"), command).await;
    assert_eq!(told, "1000\na\nhello\n");
    assert_eq!(kinds(&events), ["user", "status", "assistant"]);
    assert_eq!(body(&events[1])["tool"], "sandbox.shell.exec");
    // Its files are there for the next message of the conversation, and for no other.
    let path = json!({ "path": "a" });
    let (told, _) = does(with, ("m2", "sandbox__file_read"), path.clone()).await;
    assert_eq!(told, "hello\n");
    let ben = Person::of(server, "two").await;
    let (told, _) = does((&ben, simulator), ("m3", "sandbox__file_read"), path).await;
    assert_eq!(told, "there is nothing at `a` in the workspace");
    // Nothing is reached that no profile lists, and the model reads why.
    let command = json!({ "command": "curl -sS https://example.com/" });
    let (told, _) = does(with, ("m4", "sandbox__shell_exec"), command).await;
    assert!(told.contains("example.com"), "{told}");
    assert!(told.contains("exit status"), "{told}");
    let tail = server.json(&["audit", "tail", "--limit", "1000", "--kind", "decision"]);
    let place = r#""profile":"code""#;
    assert!(tail.to_string().contains(place), "{tail}");
    assert!(!tail.to_string().contains("hello"), "{tail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_in_its_sandbox_on_sqlite() {
    an_agent_works_in_its_sandbox(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_in_its_sandbox_on_postgres() {
    an_agent_works_in_its_sandbox(Database::Postgres).await;
}

/// What a session knows closes the way out, and does not make trusted what came in by it: of a call whose result was
/// lost, the session has heard nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_reached_others_is_not_believed_once_it_is_closed() {
    for (egress, integrity) in
        [("[]", Integrity::Trusted), ("[\"pypi.org:443\"]", Integrity::Untrusted)]
    {
        let profile = |setup: &mut Setup| {
            setup.tree().write("sandboxes/code.toml", &format!("egress = {egress}\n"));
        };
        let stage = stage(Database::Sqlite, profile).await;
        let Stage { server, simulator, .. } = &stage;
        let ann = Person::of(server, "one").await;
        let secret = json!({ "command": "echo 4111 1111 1111 1111 | wc -w" });
        calls(simulator, secret);
        let said = ann.writes("m1", "Use sandbox__shell_exec.").await;
        ann.hears(&said, EventKind::Assistant, said.event_no).await;
        assert_eq!(heard(simulator).trim(), "4");
        let tail = server.json(&["audit", "tail", "--limit", "1000", "--kind", "decision"]);
        assert!(tail.to_string().contains(r#""hosts":[],"#), "nothing is reached: {tail}");
        let known = ann.store.trust().find(ann.tenant, said.session).await.unwrap();
        assert_eq!(known.map_or(Integrity::Trusted, |known| known.integrity), integrity);
    }
}

/// The command runs under a supervisor: whoever comes after the one that began it waits for the same command.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_was_begun_is_not_begun_again() {
    a_command_outlives(async |server| server.kill9()).await;
}

/// The end of a server is no word of anybody's that its runs should end.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_outlives_a_server_that_is_asked_to_stop() {
    a_command_outlives(async |server| assert!(server.sigterm().await.success())).await;
}

async fn a_command_outlives(stops: impl AsyncFnOnce(&mut Server)) {
    let mut stage = stage(Database::Sqlite, |setup| {
        setup.set("gateway.drain_timeout", "1s");
    })
    .await;
    let ann = Person::of(&stage.server, "one").await;
    let script = "echo begun >> log; until [ -e go ]; do sleep 0.1; done; cat log";
    calls(&stage.simulator, json!({ "command": script }));
    let said = ann.writes("m1", "Use sandbox__shell_exec.").await;
    let log = support::eventually("the command runs", Duration::from_secs(30), async || {
        stage.workspaces().into_iter().find(|workspace| workspace.join("log").exists())
    })
    .await;
    stops(&mut stage.server).await;
    stage.server.restart().await;
    std::fs::write(log.join("go"), "").unwrap();
    let events = ann.hears(&said, EventKind::Assistant, said.event_no).await;
    assert_eq!(heard(&stage.simulator), "begun\n", "{events:?}");
}

/// Whether a process of this machine has a word in its command.
fn runs(word: &str) -> bool {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let mut commands = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    commands.any(|command| String::from_utf8_lossy(&command).contains(word))
}

async fn a_command_ends_with_its_task(database: Database) {
    let stage = stage(database, |_| {}).await;
    let ann = Person::of(&stage.server, "one").await;
    let word = format!("10{}", std::process::id());
    calls(&stage.simulator, json!({ "command": format!("exec sleep {word}"), "timeout_s": 3600 }));
    ann.writes("m1", "Use sandbox__shell_exec.").await;
    let sleep = format!("sleep\0{word}");
    let wait = Duration::from_secs(30);
    support::eventually("the command runs", wait, async || runs(&sleep).then_some(())).await;
    let tasks = stage.server.json(&["task", "list"]);
    let task = tasks["tasks"][0]["id"].as_str().unwrap();
    stage.server.json(&["task", "cancel", task, "--reason", "a mistake"]);
    support::eventually("the command ends", wait, async || (!runs(&sleep)).then_some(())).await;
    let shown = stage.server.json(&["task", "show", task]);
    assert_eq!((&shown["task"]["state"], &shown["sandbox"]), (&json!("cancelled"), &json!("code")));
    // The session goes on.
    calls(&stage.simulator, json!({ "command": "echo next" }));
    let said = ann.writes("m2", "Use sandbox__shell_exec.").await;
    ann.hears(&said, EventKind::Assistant, said.event_no).await;
    assert_eq!(heard(&stage.simulator), "next\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_with_its_task_on_sqlite() {
    a_command_ends_with_its_task(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_with_its_task_on_postgres() {
    a_command_ends_with_its_task(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_waits_for_a_person_where_policy_wants_one() {
    let asks = |setup: &mut Setup| {
        setup.tree().write("policies/commands.cedar", ASKS);
    };
    let stage = stage(Database::Sqlite, asks).await;
    let Stage { server, simulator, .. } = &stage;
    let ann = Person::of(server, "one").await;
    calls(simulator, json!({ "command": "echo done" }));
    let said = ann.writes("m1", "Use sandbox__shell_exec.").await;
    let events = ann.hears(&said, EventKind::Approval, said.event_no).await;
    let asked = body(events.last().unwrap());
    assert_eq!(asked["tool"], "sandbox.shell.exec");
    assert_eq!(asked["arguments"]["command"], "echo done");
    assert!(stage.workspaces().is_empty(), "nothing was begun");
    let id = asked["approval"].as_str().unwrap();
    server.json(&["approval", "approve", id, "--reason", "looked at it"]);
    ann.hears(&said, EventKind::Assistant, said.event_no).await;
    assert_eq!(heard(simulator), "done\n");
}

/// As a person does it, in a real browser.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_a_command_in_the_page() {
    let asks = |setup: &mut Setup| {
        setup.tree().write("policies/commands.cedar", ASKS);
        setup.set("webchat.enabled", "true").set("webchat.listen", "127.0.0.1:0");
    };
    let stage = stage(Database::Sqlite, asks).await;
    let Stage { server, simulator, .. } = &stage;
    let person = server.json(&["person", "add", "ann", "--groups", "infra-admin"]);
    let token = person["token"].as_str().unwrap();
    let command = "for n in 1 2 3; do echo $((n * n)) > square-$n; done; cat square-*";
    let answer = "The squares are **1**, **4** and **9**; they are in three files.";
    let default = Behaviour {
        arguments: Some(json!({ "command": command })),
        text: Some(answer.to_owned()),
        chunk_delay_ms: 100,
        ..Behaviour::default()
    };
    simulator.play(Script { default, keep_bodies: Some(true), ..Script::default() });
    let text = "Write the first three squares into files, please. (Use sandbox__shell_exec.)";
    let picture = support::target_folder().join("webchat-agent.png");
    let mut script = Sdk::Node.command("approve");
    let plain = answer.replace("**", "");
    script.args([&server.webchat(), token, text, command, &plain]).arg(&picture);
    let output = tokio::task::spawn_blocking(move || script.output()).await.unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{}", server.log());
    assert_eq!(heard(simulator), "1\n4\n9\n");
    assert_eq!(stage.workspaces().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_without_a_sandbox_is_offered_none() {
    let plain = |setup: &mut Setup| {
        setup.tree().write("agents/default/agent.toml", &AGENT.replace("sandbox = ", "# "));
    };
    let stage = stage(Database::Sqlite, plain).await;
    let Stage { server, simulator, .. } = &stage;
    let ann = Person::of(server, "one").await;
    calls(simulator, json!({ "command": "echo done" }));
    let said = ann.writes("m1", "Use sandbox__shell_exec.").await;
    ann.hears(&said, EventKind::Assistant, said.event_no).await;
    assert!(
        simulator
            .log()
            .iter()
            .all(|seen| { !seen.body.as_ref().is_some_and(|body| body.contains("\"tools\"")) })
    );
}
