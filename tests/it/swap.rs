//! Policies change under load: every answer is decided by one commit, and by all of it.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use simulator::{Behaviour, Price, Simulator, SimulatorOptions};
use support::{Caller, Database, ModelSpec, Server, Setup, chat};

/// How many requests are under way at any moment.
const CALLERS: usize = 16;
/// The long form is asked for by this variable.
const FULL: &str = "ORCHESTACK_FULL";

/// What one version of the policies says.
#[derive(Clone, Copy, Debug)]
struct Version {
    model: &'static str,
    max_tokens: u64,
}

const A: Version = Version { model: "m1", max_tokens: 11 };
const B: Version = Version { model: "m2", max_tokens: 22 };

impl Version {
    /// One model is permitted, with a limit that no other version has. Which model and which limit
    /// stand in the two layers, so that a mix of two versions would show as well.
    fn write(self, setup: &Setup) -> String {
        let Self { model, max_tokens } = self;
        let organisation = format!(
            "@id(\"only-{model}\")\npermit (\n  principal in Orchestack::Tenant::\"default\",\n  \
             action == Orchestack::Action::\"callModel\",\n  \
             resource == Orchestack::Model::\"{model}\"\n);\n\n\
             @id(\"infra-admins-administer\")\npermit (\n  \
             principal in Orchestack::Group::\"infra-admin\",\n  \
             action == Orchestack::Action::\"administer\",\n  resource\n);\n"
        );
        let own = format!(
            "@id(\"limit-of-{model}\")\n@max_tokens(\"{max_tokens}\")\npermit (\n  principal,\n  \
             action == Orchestack::Action::\"callModel\",\n  resource\n);\n"
        );
        setup
            .tree()
            .write("policies/models.cedar", &organisation)
            .write("agents/default/models.cedar", &own)
            .commit(model)
    }
}

/// What a caller saw of one request.
#[derive(Debug)]
struct Seen {
    text: String,
    commit: String,
    model: String,
}

/// Asks for any model until told to stop, each time with a text of its own.
async fn ask(caller: Caller, number: usize, done: Arc<AtomicBool>) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let text = format!("caller {number}, request {}", seen.len());
        let answer = caller.ask(&chat("auto", &text)).await;
        assert_eq!(answer.status, 200, "{text}: {}", answer.text);
        let header = |name: &str| answer.header(name).to_owned();
        let (commit, model) = (header("x-orchestack-commit"), header("x-orchestack-model"));
        seen.push(Seen { text, commit, model });
    }
    seen
}

/// The model and the limit that the provider got, by the text of the request.
fn received(simulator: &Simulator) -> HashMap<String, (String, u64)> {
    let one = |seen: simulator::Seen| {
        let body: Value = serde_json::from_str(&seen.body.unwrap_or_default()).unwrap();
        let limit = body.get("max_tokens").or_else(|| body.get("max_completion_tokens"));
        let text = body["messages"][0]["content"].as_str().unwrap().to_owned();
        (text, (seen.model, limit.and_then(Value::as_u64).unwrap_or_default()))
    };
    simulator.log().into_iter().map(one).collect()
}

async fn stage() -> (Server, Simulator, HashMap<String, Version>) {
    let options = SimulatorOptions {
        keep_bodies: true,
        log_max: 10_000_000,
        price: Price::FREE,
        behaviour: Behaviour { text: Some("Yes.".to_owned()), ..Behaviour::default() },
        ..SimulatorOptions::default()
    };
    let simulator = Simulator::start(options).await.unwrap();
    let mut setup = Setup::new(Database::Sqlite).await;
    // Only `policy reload` looks at the tree, so that the number of swaps is known. A loaded machine
    // may take long for a hold, and no request is to fail for that.
    setup.set("policy.poll_interval", "1h").set("ledger.admission_timeout", "20s");
    setup.tree().openai_provider("sim", &simulator, "local");
    for Version { model, .. } in [A, B] {
        setup.tree().model(ModelSpec { id: model, provider: "sim", price: None });
    }
    let versions = [A, B].map(|version| (version.write(&setup), version));
    (setup.start().await, simulator, HashMap::from(versions))
}

/// Swaps between the two commits that often; the first of them is in force.
fn swap(server: &Server, versions: &HashMap<String, Version>, swaps: usize) {
    let commits: Vec<&String> = versions.keys().collect();
    for commit in (1..=swaps).map(|swap| commits[swap % 2]) {
        server.tree().go(commit);
        let told = server.json(&["policy", "reload"]);
        assert_eq!(told["commit"].as_str(), Some(commit.as_str()), "{told:#}");
    }
}

/// 30 swaps; 1,000 where the long form is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[expect(clippy::disallowed_methods, reason = "the long form is asked for by a variable")]
async fn every_answer_is_wholly_of_one_commit_while_commits_change() {
    let swaps = if std::env::var_os(FULL).is_some() { 1_000 } else { 30 };
    let (server, simulator, versions) = stage().await;
    server.tree().go(versions.keys().next().unwrap());
    server.json(&["policy", "reload"]);
    let done = Arc::new(AtomicBool::new(false));
    let key = server.key("default");
    let ask = |number| {
        let caller = Caller::with_key(&server, &key);
        tokio::spawn(ask(caller, number, Arc::clone(&done)))
    };
    let callers: Vec<_> = (0..CALLERS).map(ask).collect();
    let started = Instant::now();
    tokio::task::block_in_place(|| swap(&server, &versions, swaps));
    let took = started.elapsed().max(Duration::from_millis(1));
    done.store(true, Ordering::Relaxed);
    let mut seen = Vec::new();
    for caller in callers {
        seen.extend(caller.await.unwrap());
    }

    let received = received(&simulator);
    let mut of_each = HashMap::<&str, usize>::new();
    for Seen { text, commit, model } in &seen {
        let version = versions.get(commit).unwrap_or_else(|| panic!("{text}: commit {commit}?"));
        *of_each.entry(version.model).or_default() += 1;
        assert_eq!(model, version.model, "{text}: decided by {commit}");
        let sent = received.get(text).unwrap_or_else(|| panic!("{text} reached nobody"));
        assert_eq!(sent, &(version.model.to_owned(), version.max_tokens), "{text}: by {commit}");
    }
    assert_eq!(received.len(), seen.len(), "nobody else was called");
    assert!(of_each.len() == 2, "only one version was seen: {of_each:?}");
    println!(
        "{swaps} swaps in {took:?} under {:.0} requests a second: {of_each:?}",
        seen.len() as f64 / took.as_secs_f64()
    );
}
