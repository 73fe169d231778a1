//! Unmodified clients of every API that is spoken here, with providers of every format.

use std::process::Command;

use simulator::{Simulator, SimulatorOptions};
use support::{Database, ModelSpec, Server, Setup};

use crate::sdk::{DENIED, Sdk};

/// The models that the scripts call, one of each format.
const MODELS: &str = "sim-cloud,sim-claude";
/// The one that they get vectors of.
const EMBED_MODEL: &str = "sim-embed";

async fn gateway() -> (Server, Simulator) {
    let simulator = Simulator::start(SimulatorOptions::default()).await;
    let simulator = simulator.unwrap_or_else(|error| panic!("{error}"));
    let setup = Setup::new(Database::Sqlite).await;
    let price = Some(("3.00", "15.00"));
    setup
        .tree()
        .openai_provider("openai", &simulator, "cloud")
        .anthropic_provider("anthropic", &simulator, "cloud")
        .model(ModelSpec { id: "sim-cloud", provider: "openai", price })
        .model(ModelSpec { id: "sim-claude", provider: "anthropic", price })
        .embed_model(EMBED_MODEL, "openai", EMBED_MODEL, Some("3.00"))
        .agent("exhausted", "0.000001")
        .agent("denied", "100.00")
        .write("agents/denied/models.cedar", DENIED);
    (setup.start().await, simulator)
}

/// Runs a script of `calls` calls of each model, and `embed_calls` of the one for embeddings.
async fn check(sdk: Sdk, calls: usize, embed_calls: usize) {
    let (server, simulator) = gateway().await;
    let ran = tokio::task::spawn_blocking(move || {
        let mut command: Command = sdk.command("clients");
        command
            .env("ORCHESTACK_BASE_URL", server.gateway())
            .env("ORCHESTACK_KEY", server.key("default"))
            .env("ORCHESTACK_DENIED_KEY", server.key("denied"))
            .env("ORCHESTACK_EXHAUSTED_KEY", server.key("exhausted"))
            .env("ORCHESTACK_MODELS", MODELS)
            .env("ORCHESTACK_EMBED_MODEL", EMBED_MODEL);
        command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"))
    });
    let output = ran.await.unwrap_or_else(|error| panic!("{error}"));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let models = MODELS.split(',').count();
    let done = printed.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(done, calls * models + embed_calls);
    let refused = simulator.log().iter().filter(|seen| seen.status != 200).count();
    assert_eq!(refused, 0, "what is refused never reaches the provider");
}

#[tokio::test(flavor = "multi_thread")]
async fn anthropics_package_agents_and_langchain_work_unmodified() {
    check(Sdk::Python, 14, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vercel_sdk_and_the_node_packages_work_unmodified() {
    check(Sdk::Node, 3, 2).await;
}
