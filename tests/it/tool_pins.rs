//! Definitions of a real tool server: pinned, compared, rejected and approved by commands.

use serde_json::{Value, json};
use support::{Database, Server, Setup, ToolServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_pinned_and_a_person_has_the_last_word_on_sqlite() {
    a_server_is_pinned_and_a_person_has_the_last_word(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_pinned_and_a_person_has_the_last_word_on_postgres() {
    a_server_is_pinned_and_a_person_has_the_last_word(Database::Postgres).await;
}

fn tool(description: &str) -> Value {
    json!([{
        "name": "send", "description": description,
        "inputSchema": {"type": "object", "properties": {"to": {"type": "string"}}},
    }])
}

/// What a command answers, and its exit code.
fn told(server: &Server, words: &[&str]) -> (Option<i32>, Value) {
    let output = server.run(&[words, &["--json"]].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(json!({ "stderr": told }));
    (output.status.code(), answer)
}

fn offered(server: &Server) -> String {
    let (_, list) = told(server, &["tool", "list", "--server", "mail"]);
    list["tools"][0]["offered"].as_str().unwrap_or_default().to_owned()
}

async fn started(database: Database, tools: &ToolServer) -> Server {
    let setup = Setup::new(database).await;
    let url = tools.url();
    let file =
        format!("[server]\nurl = \"{url}\"\nprivate = true\n[tools.send]\neffect = \"egress\"\n");
    setup.tree().starter().write("tools/mail.toml", &file);
    setup.tree().commit("a tool server");
    setup.start().await
}

async fn a_server_is_pinned_and_a_person_has_the_last_word(database: Database) {
    let tools = ToolServer::start(tool("Sends.")).await;
    let server = started(database, &tools).await;
    assert_eq!(offered(&server), "none", "nobody read it");
    let tree = server.tree().folder().display().to_string();
    let (code, pinned) = told(&server, &["tool", "pin", "mail", "--tree", &tree]);
    assert_eq!((code, &pinned["tools"]), (Some(0), &json!(1)), "{pinned}");
    server.tree().commit("pinned");
    let (code, status) = told(&server, &["policy", "reload"]);
    assert_eq!((code, offered(&server).as_str()), (Some(0), "pinned"), "{status}");

    let diff = ["tool", "diff", "mail", "--tree", &tree];
    assert_eq!(told(&server, &diff).0, Some(0));
    tools.has(tool("Sends, and tells others."));
    let (code, drift) = told(&server, &diff);
    assert_eq!(code, Some(1), "{drift}");
    assert!(drift.to_string().contains("+ Sends, and tells others."), "{drift}");

    let (_, shown) = told(&server, &["tool", "show", "mail.send"]);
    let hash = shown["hash"].as_str().unwrap_or_default().to_owned();
    let decide = |decision: &str, hash: &str| {
        let words = ["tool", decision, "mail.send", "--hash", hash, "--reason", "read all of it"];
        told(&server, &words)
    };
    let (code, shown) = decide("reject", &hash);
    assert_eq!((code, &shown["offered"]), (Some(0), &json!("none")), "{shown}");
    let (code, shown) = decide("approve", &hash);
    assert_eq!((code, offered(&server).as_str()), (Some(0), "pinned"), "{shown}");
    assert_eq!(decide("approve", "0000").0, Some(2), "no definition has that hash");
    assert_eq!(told(&server, &["tool", "show", "mail"]).0, Some(2));
    assert_eq!(told(&server, &["tool", "show", "mail.none"]).0, Some(1));
}
