//! Policies and keys change while the gateway runs: what counts, from when on, and who is told.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Price, Simulator};
use support::{
    Answer, Caller, Client, Database, ModelSpec, Server, Setup, chat, eventually, provider,
};

/// The tree is looked at every 200 ms in these tests.
const SWAP_MAX: Duration = Duration::from_secs(20);

async fn stage(database: Database) -> (Server, Simulator) {
    let simulator = provider(&[("sim", Price::FREE)]).await;
    let setup = Setup::new(database).await;
    setup.tree().openai_provider("sim", &simulator, "local").model(ModelSpec {
        id: "sim",
        provider: "sim",
        price: None,
    });
    (setup.start().await, simulator)
}

fn hello() -> Value {
    chat("sim", "Hello.")
}

/// Asks until an answer is decided by that commit.
async fn decided_by(caller: &Caller, commit: &str) -> Answer {
    eventually("the new commit decides", SWAP_MAX, async || {
        let answer = caller.ask(&hello()).await;
        (answer.header("x-orchestack-commit") == commit).then_some(answer)
    })
    .await
}

fn status(server: &Server) -> (Option<i32>, Value) {
    let output = server.run(&["policy", "status", "--json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

const FORBID: &str = r#"@id("nobody-calls-sim")
forbid (principal, action == Orchestack::Action::"callModel", resource == Orchestack::Model::"sim");
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_commit_decides_and_is_named_in_answer_and_error() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    let first = caller.ask(&hello()).await;
    first.assert_answered("sim");
    let before = first.header("x-orchestack-commit").to_owned();
    let commit = server.tree().write("policies/forbid.cedar", FORBID).commit("forbid");
    assert_ne!(before, commit);
    let denied = decided_by(&caller, &commit).await;
    denied.assert_refused(403, "policy_denied");
    let error = denied.json()["error"].clone();
    assert_eq!(error["policies"], json!(["nobody-calls-sim"]));
    assert_eq!(error["commit"], json!(commit));
    assert_eq!(error["request_id"], json!(denied.header("x-orchestack-request-id")));
    assert!(error["message"].as_str().is_some_and(|message| message.contains("sim")), "{error}");
    let calls = simulator.log().len();
    // A model that nobody may call is not listed either.
    let list = models(&server, caller.key()).await;
    assert!(list.text.contains("\"data\":[]"), "{}", list.text);
    let commit = server.tree().remove("policies/forbid.cedar").commit("permit again");
    decided_by(&caller, &commit).await.assert_answered("sim");
    assert!(simulator.log().len() > calls);
    assert!(models(&server, caller.key()).await.text.contains("\"sim\""));
}

async fn models(server: &Server, key: &str) -> Answer {
    let url = format!("{}/v1/models", server.gateway());
    Answer::read(Client::new().0.get(url).bearer_auth(key)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_commit_leaves_the_last_good_one_and_its_faults_are_told() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let caller = Caller::new(&server, "default");
    let good = caller.ask(&hello()).await.header("x-orchestack-commit").to_owned();
    assert_eq!(status(&server).0, Some(0));
    let spoiled = "@id(\"spoiled\")\nforbid (\n  principal,\n  action == Orchestack::Action::\"callModle\",\n  resource\n);\n";
    let bad = server.tree().write("policies/spoiled.cedar", spoiled).commit("spoiled");
    let told = eventually("the bad commit is refused", SWAP_MAX, async || {
        let (code, told) = status(&server);
        (told["rejected"] == json!(bad)).then_some((code, told))
    });
    let (code, told) = told.await;
    assert_eq!(code, Some(1), "a script sees it too");
    assert_eq!(told["commit"], json!(good));
    let fault = told["faults"][0].clone();
    assert_eq!(fault["file"], json!("policies/spoiled.cedar"), "{told}");
    assert_eq!(fault["line"], json!(4), "{told}");
    assert!(fault["message"].as_str().is_some_and(|m| m.contains("callModle")), "{told}");
    assert!(fault["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{told}");
    let answer = caller.ask(&hello()).await;
    answer.assert_answered("sim");
    assert_eq!(answer.header("x-orchestack-commit"), good);
    // The rest of the bad commit does not count either: a commit is taken whole or not at all.
    server
        .tree()
        .write("models/more.toml", "id = \"more\"\nprovider = \"nobody\"\n")
        .commit("more");
    let unknown = caller.ask(&chat("more", "Hello.")).await;
    unknown.assert_refused(404, "model_not_found");
    let tree = server.tree();
    let mended = tree.remove("policies/spoiled.cedar").remove("models/more.toml").commit("mended");
    decided_by(&caller, &mended).await.assert_answered("sim");
    assert_eq!(status(&server).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_revoked_at_once_even_while_the_newest_commit_is_bad() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let made = server.json(&["key", "create", "--agent", "default"]);
    let caller = Caller::with_key(&server, made["key"].as_str().unwrap());
    caller.ask(&hello()).await.assert_answered("sim");
    let bad = server.tree().write("policies/spoiled.cedar", "forbid (").commit("spoiled");
    eventually("the bad commit is refused", SWAP_MAX, async || {
        (status(&server).1["rejected"] == json!(bad)).then_some(())
    })
    .await;
    let calls = simulator.log().len();
    server.json(&["key", "revoke", made["id"].as_str().unwrap()]);
    caller.ask(&hello()).await.assert_refused(401, "unauthenticated");
    assert_eq!(simulator.log().len(), calls);
    assert_eq!(status(&server).1["rejected"], json!(bad), "the bad commit is still told");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_permits_is_denied() {
    let (server, simulator) = stage(Database::Sqlite).await;
    let tree = server.tree();
    // One agent without policies of its own; in the next commit none of the organisation's.
    let bare = tree.write("agents/bare/agent.toml", "owner = \"tests\"\n").commit("a bare agent");
    let default = Caller::new(&server, "default");
    decided_by(&default, &bare).await.assert_answered("sim");
    let calls = simulator.log().len();
    let caller = Caller::new(&server, "bare");
    let denied = caller.ask(&hello()).await;
    denied.assert_refused(403, "policy_denied");
    assert_eq!(denied.json()["error"]["policies"], json!([]));
    assert_eq!(denied.json()["error"]["commit"], json!(bare));
    assert_eq!(simulator.log().len(), calls);
    let commit = tree
        .write(
            "policies/models.cedar",
            "@id(\"admins\")\npermit (principal in Orchestack::Group::\"infra-admin\", action == \
             Orchestack::Action::\"administer\", resource);\n",
        )
        .commit("no permits");
    decided_by(&default, &commit).await.assert_refused(403, "policy_denied");
    let calls = simulator.log().len();
    default.ask(&hello()).await.assert_refused(403, "policy_denied");
    assert_eq!(simulator.log().len(), calls);
}

async fn revoking_and_rotating(database: Database) {
    let (server, simulator) = stage(database).await;
    let made = server.json(&["key", "create", "--agent", "default"]);
    let id = made["id"].as_str().unwrap().to_owned();
    let old = Caller::with_key(&server, made["key"].as_str().unwrap());
    old.ask(&hello()).await.assert_answered("sim");

    let rotated = server.json(&["key", "rotate", &id, "--overlap", "1h"]);
    let new = Caller::with_key(&server, rotated["key"].as_str().unwrap());
    assert_ne!(old.key(), new.key());
    for caller in [&old, &new] {
        caller.ask(&hello()).await.assert_answered("sim");
    }
    let new_id = rotated["id"].as_str().unwrap();
    let last = server.json(&["key", "rotate", new_id, "--overlap", "0s"]);
    new.ask(&hello()).await.assert_refused(401, "unauthenticated");
    let last = Caller::with_key(&server, last["key"].as_str().unwrap());
    last.ask(&hello()).await.assert_answered("sim");

    let calls = simulator.log().len();
    server.json(&["key", "revoke", &id]);
    // The very next request: the command returns when it counts.
    old.ask(&hello()).await.assert_refused(401, "unauthenticated");
    assert_eq!(models(&server, old.key()).await.status, 401);
    assert_eq!(simulator.log().len(), calls);
    last.ask(&hello()).await.assert_answered("sim");

    let short = server.json(&["key", "create", "--agent", "default", "--expires", "3s"]);
    let short = Caller::with_key(&server, short["key"].as_str().unwrap());
    short.ask(&hello()).await.assert_answered("sim");
    eventually("the key ends", SWAP_MAX, async || {
        let answer = short.ask(&hello()).await;
        (answer.status == 401).then(|| answer.assert_refused(401, "unauthenticated"))
    })
    .await;
    let listed = server.json(&["key", "list"]).to_string();
    for state in ["live", "expired", "revoked"] {
        assert!(listed.contains(&format!("\"{state}\"")), "{state}: {listed}");
    }
    for caller in [&old, &new, &last, &short] {
        assert!(!listed.contains(caller.secret()), "the list tells a secret");
        assert!(!server.log().contains(caller.secret()), "the log tells a secret");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_at_once_or_after_its_overlap_on_sqlite() {
    revoking_and_rotating(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_at_once_or_after_its_overlap_on_postgres() {
    revoking_and_rotating(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_agent_does_not_spend_or_call_as_another() {
    let (server, _simulator) = stage(Database::Sqlite).await;
    let tree = server.tree();
    let file = "agents/narrow/models.cedar";
    tree.agent("narrow", "1.00").write(
        file,
        "@id(\"narrow\")\npermit (principal, action == \
        Orchestack::Action::\"callModel\", resource == Orchestack::Model::\"other\");\n",
    );
    tree.model(ModelSpec { id: "other", provider: "sim", price: None });
    let commit = tree.commit("a narrow agent");
    decided_by(&Caller::new(&server, "default"), &commit).await.assert_answered("sim");
    let narrow = Caller::new(&server, "narrow");
    narrow.ask(&chat("other", "Hello.")).await.assert_answered("other");
    narrow.ask(&hello()).await.assert_refused(403, "policy_denied");
    let list = models(&server, narrow.key()).await;
    let ids: Vec<String> = list.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|model| Some(model["id"].as_str()?.to_owned()))
        .collect();
    assert_eq!(ids, ["other"]);
}
