//! MCP clients at the gateway: sessions that are worth nothing to others, and whose names and pages are taken.

mod client;
mod conformance;
mod streams;

use serde_json::{Value, json};
use std::time::Duration;
use support::{Database, Server, Setup, ToolServer, eventually};

pub(crate) use client::Client;

/// What every agent of these tests may do.
pub(crate) const TOOLS: &str = r#"@id("agents-use-tools")
permit (
  principal in Orchestack::Tenant::"default",
  action in [Orchestack::Action::"callTool", Orchestack::Action::"listTool"],
  resource
);

@id("nobody-burns")
forbid (principal, action == Orchestack::Action::"callTool", resource == Orchestack::Tool::"mail.burn");
"#;

/// The agent layer's word on it.
pub(crate) const AGENT: &str = r#"@id("default-uses-tools")
permit (
  principal,
  action in [Orchestack::Action::"callTool", Orchestack::Action::"listTool"],
  resource
);
"#;

/// Longer than any test waits for what should be there at once.
const SOON: Duration = Duration::from_secs(30);

fn tool(name: &str) -> Value {
    let text = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
    json!({ "name": name, "description": format!("{name} it"), "inputSchema": text })
}

/// A setup whose tree has a server `mail` with two tools, and two agents.
async fn prepared(database: Database) -> (Setup, ToolServer) {
    let upstream = ToolServer::start(json!([tool("send"), tool("burn")])).await;
    let setup = Setup::new(database).await;
    let tree = setup.tree();
    tree.agent("other", "1.00");
    for agent in ["default", "other"] {
        tree.write(&format!("agents/{agent}/tools.cedar"), AGENT);
    }
    tree.write("policies/tools.cedar", TOOLS)
        .write(
            "tools/mail.toml",
            &format!("[server]\nurl = \"{}\"\nprivate = true\n", upstream.url()),
        )
        .write("tools/mail.json", &upstream.pins());
    (setup, upstream)
}

async fn started(database: Database) -> (Server, ToolServer) {
    let (setup, upstream) = prepared(database).await;
    (setup.start().await, upstream)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_lists_and_calls_tools_on_both_routes() {
    let (server, upstream) = started(Database::Sqlite).await;
    upstream.says("send", "sent");
    let key = server.key("default");
    for (path, prefix) in [("/mcp", "mail__"), ("/mcp/mail", "")] {
        let client = Client::begin(&server, path, &key).await;
        assert_eq!(client.tools().await, [format!("{prefix}burn"), format!("{prefix}send")]);
        let sent = client.call(&format!("{prefix}send"), json!({ "text": "hi" })).await;
        assert_eq!(sent.pointer("/result/content/0/text"), Some(&json!("sent")), "{sent}");
        let burnt = client.call(&format!("{prefix}burn"), json!({})).await;
        assert_eq!(burnt.pointer("/result/isError"), Some(&json!(true)), "{burnt}");
        let said = burnt.pointer("/result/content/0/text").and_then(Value::as_str).unwrap();
        assert!(said.contains("policy_denied") && said.contains("nobody-burns"), "{said}");
        let unknown = client.call(&format!("{prefix}nothing"), json!({})).await;
        assert!(unknown.pointer("/error/data/request_id").is_some(), "{unknown}");
    }
    let names: Vec<_> = upstream.got().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["send", "send"], "what is denied does not reach the server");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_worth_nothing_to_anybody_else() {
    let (server, _upstream) = started(Database::Sqlite).await;
    let (own, twin, other) = (server.key("default"), server.key("default"), server.key("other"));
    let client = Client::begin(&server, "/mcp", &own).await;
    for (path, key) in [("/mcp", &twin), ("/mcp", &other), ("/mcp/mail", &own)] {
        let thief = client.stolen(path, key);
        for method in ["POST", "GET", "DELETE"] {
            let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
            let refused = thief.send(method, &list).await;
            assert_eq!(refused.status, 403, "{method} {path}: {}", refused.text);
            assert_eq!(refused.json().pointer("/error/data/code"), Some(&json!("policy_denied")));
        }
    }
    assert_eq!(client.stolen("/mcp", "ork_wrong").list().await.status, 401);
    assert_eq!(client.list().await.status, 200, "it goes on for the one whose it is");
    let audit = server.json(&["audit", "tail", "--limit", "50"]).to_string();
    assert!(audit.contains("useMcpSession"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_over() {
    let (server, _upstream) = started(Database::Sqlite).await;
    let client = Client::begin(&server, "/mcp", &server.key("default")).await;
    assert_eq!(client.list().await.status, 200);
    assert!(client.send("DELETE", &Value::Null).await.status < 300);
    for method in ["POST", "GET", "DELETE"] {
        let over = client
            .send(method, &json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }))
            .await;
        assert_eq!(over.status, 404, "{method}: {}", over.text);
        assert_eq!(over.json().pointer("/error/data/code"), Some(&json!("session_not_found")));
    }
    let made_up = client.in_session("7f1d1bb0-0000-4000-8000-000000000000");
    assert_eq!(made_up.list().await.status, 404);
}

async fn a_session_goes_on_after_a_restart(database: Database) {
    let (mut server, upstream) = started(database).await;
    upstream.says("send", "sent");
    let client = Client::begin(&server, "/mcp", &server.key("default")).await;
    let other = server.key("other");
    server.kill9();
    server.restart().await;
    let client = client.moved(&server);
    assert_eq!(client.stolen("/mcp", &other).list().await.status, 403, "also before it is back");
    let sent = client.call("mail__send", json!({ "text": "hi" })).await;
    assert_eq!(sent.pointer("/result/content/0/text"), Some(&json!("sent")), "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_after_a_restart_on_sqlite() {
    a_session_goes_on_after_a_restart(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_after_a_restart_on_postgres() {
    a_session_goes_on_after_a_restart(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_gateway_goes_on_with_a_session() {
    let (server, upstream) = started(Database::Postgres).await;
    upstream.says("send", "sent");
    let client = Client::begin(&server, "/mcp", &server.key("default")).await;
    let other = server.key("other");
    let second = server.another().await;
    let there = client.moved(&second);
    let sent = there.call("mail__send", json!({ "text": "hi" })).await;
    assert_eq!(sent.pointer("/result/content/0/text"), Some(&json!("sent")), "{sent}");
    assert_eq!(there.stolen("/mcp", &other).list().await.status, 403);
    assert!(there.send("DELETE", &Value::Null).await.status < 300);
    assert_eq!(there.list().await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_ends_its_sessions_and_their_streams() {
    let (server, _upstream) = started(Database::Sqlite).await;
    let made = server.json(&["key", "create", "--agent", "default"]);
    let word = |name: &str| made.get(name).and_then(Value::as_str).unwrap().to_owned();
    let client = Client::begin(&server, "/mcp", &word("key")).await;
    let stream = tokio::spawn({
        let client = client.clone();
        async move { client.send("GET", &Value::Null).await }
    });
    server.json(&["key", "revoke", &word("id")]);
    eventually("the key is revoked", SOON, async || {
        (client.list().await.status == 401).then_some(())
    })
    .await;
    let ended = tokio::time::timeout(SOON, stream).await.expect("the stream ends").unwrap();
    assert_eq!(ended.status, 200, "it had begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_hosts_and_origins_are_refused() {
    let (server, _upstream) = started(Database::Sqlite).await;
    let client = Client::begin(&server, "/mcp", &server.key("default")).await;
    let port = server.gateway().rsplit(':').next().unwrap().to_owned();
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "localhost.evil.example"),
        ("host", "127.0.0.1.evil.example"),
        ("host", "evil.example:80"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost.evil.example"),
        ("origin", "file:///"),
    ] {
        let refused = client.list_with(&[(name, value)]).await;
        assert_eq!(refused.status, 403, "{name}: {value}: {}", refused.text);
    }
    for (name, value) in [
        ("host", format!("localhost:{port}")),
        ("host", format!("127.0.0.1:{port}")),
        ("origin", format!("http://localhost:{port}")),
        ("origin", "http://127.0.0.1:3000".to_owned()),
    ] {
        assert_eq!(client.list_with(&[(name, &value)]).await.status, 200, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_or_no_message_is_refused() {
    let (mut setup, upstream) = prepared(Database::Sqlite).await;
    setup.set("gateway.max_body_bytes", "64KiB").set("mcp.max_sessions_per_credential", "2");
    let server = setup.start().await;
    let key = server.key("default");
    let client = Client::begin(&server, "/mcp", &key).await;
    let long = client.call_raw("mail__send", json!({ "text": "x".repeat(70_000) })).await;
    assert_eq!(long.status, 413, "{}", long.text);
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let body = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"mail__send\",\"arguments\":{{\"text\":{deep}}}}}}}"
    );
    let deep = client.send_text(&body, &[]).await;
    assert!((400..500).contains(&deep.status), "{}: {}", deep.status, deep.text);
    for (body, headers) in [
        ("not JSON", &[][..]),
        ("[]", &[]),
        ("{}", &[("content-type", "text/plain")]),
        ("{}", &[("accept", "text/html")]),
        ("{}", &[("mcp-protocol-version", "1999-01-01")]),
    ] {
        let refused = client.send_text(body, headers).await;
        assert!((400..500).contains(&refused.status), "{body} {headers:?}: {}", refused.text);
        assert!(refused.json().pointer("/error/message").is_some(), "{}", refused.text);
    }
    assert!(upstream.got().is_empty());
    assert_eq!(client.list().await.status, 200, "the session is none the worse");
    let second = Client::begin(&server, "/mcp", &key).await;
    let third = Client::hello(&server, "/mcp", &key).await;
    assert_eq!(third.status, 429, "{}", third.text);
    assert!(second.send("DELETE", &Value::Null).await.status < 300);
    Client::begin(&server, "/mcp", &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_server_is_refused() {
    let (server, _upstream) = started(Database::Sqlite).await;
    let key = server.key("default");
    assert_eq!(Client::hello(&server, "/mcp/nobody", &key).await.status, 403);
    assert_eq!(Client::hello(&server, "/mcp/mail/more", &key).await.status, 404);
    assert_eq!(Client::hello(&server, "/mcp/mail", &key).await.status, 200);
}
