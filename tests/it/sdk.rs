//! OpenAI's own packages, unmodified, as clients.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use simulator::{Simulator, SimulatorOptions};
use support::{Database, ModelSpec, Server, Setup, Tree, eventually, target_folder};

use crate::lifecycle::{Home, word_with};

/// Two looks at the tree, however loaded the machine.
const NEW_AGENT_MAX: Duration = Duration::from_secs(60);

pub(crate) const DENIED: &str = r#"@id("denied-calls-nothing")
forbid (
  principal,
  action == Orchestack::Action::"callModel",
  resource
);
"#;

static RUN: AtomicU64 = AtomicU64::new(0);

/// A package, and how its script of calls is run.
#[derive(Clone, Copy)]
pub(crate) enum Sdk {
    Python,
    Node,
}

impl Sdk {
    /// The script of this name, ready to be run.
    pub(crate) fn command(self, name: &str) -> Command {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk");
        match self {
            Self::Python => {
                let mut command = Command::new(installed("sdk-venv").join("bin/python"));
                command.arg("-B").arg(scripts.join(format!("python/{name}.py")));
                command
            }
            Self::Node => {
                // Node looks for packages beside the script, so the script goes to the packages.
                let folder = installed("sdk-node");
                // Each run has its own copy: two tests may copy at once.
                let number = RUN.fetch_add(1, Ordering::Relaxed);
                let script = folder.join(format!("{name}-{}-{number}.mjs", std::process::id()));
                let copied = std::fs::copy(scripts.join(format!("node/{name}.mjs")), &script);
                copied.unwrap_or_else(|error| panic!("cannot write to {folder:?}: {error}"));
                let mut command = Command::new("node");
                command.arg(script);
                command
            }
        }
    }

    /// Runs the twenty calls; `environment` is described in tests/sdk/python/calls.py.
    #[track_caller]
    fn check(self, environment: &[(&str, &str)]) {
        let mut command = self.command("calls");
        command.envs(environment.iter().copied());
        let output =
            command.output().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{printed}{errors}");
        assert_eq!(printed.lines().filter(|line| line.contains(" ok ")).count(), 20, "{printed}");
    }
}

/// A folder that scripts/sdks.sh fills.
pub(crate) fn installed(name: &str) -> PathBuf {
    let folder = target_folder().join(name);
    assert!(folder.join("stamp").is_file(), "{folder:?} is missing: run scripts/sdks.sh first");
    folder
}

/// The scripts themselves, and the simulator's dialect, without anything in between.
async fn against_the_simulator(sdk: Sdk) {
    let options = SimulatorOptions {
        api_keys: vec!["right".into()],
        body_bytes_max: 1 << 20,
        ..SimulatorOptions::default()
    };
    let simulator = Simulator::start(options).await.unwrap_or_else(|error| panic!("{error}"));
    let url = format!("{}/v1", simulator.base_url());
    let checked = tokio::task::spawn_blocking(move || {
        sdk.check(&[
            ("ORCHESTACK_BASE_URL", &url),
            ("ORCHESTACK_KEY", "right"),
            ("ORCHESTACK_MODEL", "sim-cloud"),
            ("ORCHESTACK_DENIED_MODEL", "sim-fault-403"),
            ("ORCHESTACK_EXHAUSTED_MODEL", "sim-fault-402"),
            ("ORCHESTACK_UNKNOWN_MODEL", "sim-fault-404"),
            ("ORCHESTACK_BODY_MAX_BYTES", "1048576"),
            ("ORCHESTACK_CODES", "any"),
        ]);
    });
    checked.await.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_package_takes_the_simulator_for_openai() {
    against_the_simulator(Sdk::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_package_takes_the_simulator_for_openai() {
    against_the_simulator(Sdk::Node).await;
}

/// A gateway with an agent that may call `sim-cloud`, one that may not, and one without money.
async fn gateway() -> (Server, Simulator) {
    let simulator = Simulator::start(SimulatorOptions::default()).await;
    let simulator = simulator.unwrap_or_else(|error| panic!("{error}"));
    let setup = Setup::new(Database::Sqlite).await;
    setup
        .tree()
        .openai_provider("cloud", &simulator, "cloud")
        .model(ModelSpec { id: "sim-cloud", provider: "cloud", price: Some(("3.00", "15.00")) })
        .agent("exhausted", "0.000001")
        .agent("denied", "100.00")
        .write("agents/denied/models.cedar", DENIED);
    (setup.start().await, simulator)
}

async fn against_the_gateway(sdk: Sdk) {
    let (server, simulator) = gateway().await;
    let checked = tokio::task::spawn_blocking(move || {
        let url = format!("{}/v1", server.gateway());
        sdk.check(&[
            ("ORCHESTACK_BASE_URL", &url),
            ("ORCHESTACK_KEY", &server.key("default")),
            ("ORCHESTACK_DENIED_KEY", &server.key("denied")),
            ("ORCHESTACK_EXHAUSTED_KEY", &server.key("exhausted")),
            ("ORCHESTACK_MODEL", "sim-cloud"),
        ]);
    });
    checked.await.unwrap_or_else(|error| panic!("{error}"));
    // What the policy and the ledger refused never reached the provider.
    let refused = simulator.log().iter().filter(|seen| seen.status != 200).count();
    assert_eq!(refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_package_gets_its_own_types_through_the_gateway() {
    against_the_gateway(Sdk::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_package_gets_its_own_types_through_the_gateway() {
    against_the_gateway(Sdk::Node).await;
}

/// A key of an agent that has just been committed.
async fn key(home: &Home, agent: &str) -> String {
    eventually("the new agent has a key", NEW_AGENT_MAX, async || {
        let made = home.run(&["key", "create", "--agent", agent, "--json"]);
        let made: Value = serde_json::from_slice(&made.stdout).ok()?;
        Some(made.get("key")?.as_str()?.to_owned())
    })
    .await
}

/// A first start with nothing set, whose only model is the built-in simulator's.
async fn against_the_defaults(sdk: Sdk) {
    let mut home = Home::new();
    let printed = home.start().await;
    if !printed.contains("simulator/echo") {
        panic!("a model was found on this machine, so there is no simulator: {printed}");
    }
    let first = word_with(&printed, "ork_").expect("a key").to_owned();
    let url = printed.lines().find_map(|line| line.trim().strip_prefix("endpoint ")).unwrap();
    let url = url.trim().to_owned();
    // What is free exhausts no budget, so there is a model with a price, which nobody reaches.
    Tree::empty(&home.state().join("tree"))
        .write(
            "providers/dear.toml",
            "[[provider]]\nname = \"dear\"\nkind = \"openai\"\n\
             base_url = \"http://127.0.0.1:9/v1\"\nlocality = \"cloud\"\n",
        )
        .model(ModelSpec { id: "dear", provider: "dear", price: Some(("3.00", "15.00")) })
        .agent("exhausted", "0.000001")
        .agent("denied", "100.00")
        .write("agents/denied/models.cedar", DENIED)
        .commit("two agents and a dear model");
    let (denied, exhausted) = (key(&home, "denied").await, key(&home, "exhausted").await);
    let checked = tokio::task::spawn_blocking(move || {
        sdk.check(&[
            ("ORCHESTACK_BASE_URL", &url),
            ("ORCHESTACK_KEY", &first),
            ("ORCHESTACK_DENIED_KEY", &denied),
            ("ORCHESTACK_EXHAUSTED_KEY", &exhausted),
            ("ORCHESTACK_EXHAUSTED_MODEL", "dear"),
            ("ORCHESTACK_MODEL", "simulator/echo"),
        ]);
    });
    checked.await.unwrap_or_else(|error| panic!("{error}"));
    drop(home);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_package_works_with_a_first_start_on_defaults() {
    against_the_defaults(Sdk::Python).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_package_works_with_a_first_start_on_defaults() {
    against_the_defaults(Sdk::Node).await;
}
