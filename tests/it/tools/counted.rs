//! How many calls a session has made: those beside each other count for each other.

use support::Rows;

use super::*;

/// No more than two calls a session.
const TWO_CALLS: &str = r#"@id("two-calls")
forbid (principal, action == Orchestack::Action::"callTool", resource)
when { context.session.calls >= 2 };
"#;

async fn counting(database: Database) -> (Server, ToolServer, Client) {
    let (setup, upstream) = setup(database, "").await;
    setup.tree().write("policies/count.cedar", TWO_CALLS);
    let server = setup.start().await;
    let client = client(&server).await;
    (server, upstream, client)
}

/// The session of the last call.
async fn session(server: &Server) -> String {
    let records = records(server, "desk.count", 1).await;
    records[0]["detail"]["session"].as_str().unwrap().to_owned()
}

async fn calls_beside_each_other_cannot_pass_a_count(database: Database) {
    let (server, upstream, client) = counting(database).await;
    // Each has an id of its own: they are answered beside each other.
    let calls = (10..18).map(|id| {
        let client = client.clone();
        let params = json!({ "name": "count", "arguments": {} });
        let said = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        tokio::spawn(async move {
            let answer = client.send("POST", &said).await;
            answer.events().pop().unwrap_or_else(|| answer.json())
        })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.unwrap();
        match answer.pointer("/result/isError") {
            Some(Value::Bool(true)) => drop(refused(&answer, "policy_denied").to_owned()),
            _ => made += 1,
        }
    }
    assert_eq!((made, upstream.got().len()), (2, 2));
    let session = session(&server).await;
    let shown = server.json(&["session", "show", &session]);
    assert_eq!(shown["flow"]["tool_calls"], 2, "what was denied is not counted: {shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beside_each_other_cannot_pass_a_count_on_sqlite() {
    calls_beside_each_other_cannot_pass_a_count(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beside_each_other_cannot_pass_a_count_on_postgres() {
    calls_beside_each_other_cannot_pass_a_count(Database::Postgres).await;
}

/// Of a session in memory SQLite is not asked.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_nobody_can_count_are_beyond_every_count() {
    let (server, upstream, client) = counting(Database::Postgres).await;
    assert!(client.call("count", json!({})).await.pointer("/result/isError").is_none());
    let rows = Rows::of(&server).await;
    rows.execute("alter table session_flows rename to gone").await;
    refused(&client.call("count", json!({})).await, "policy_denied");
    assert_eq!(upstream.got().len(), 1);
    rows.execute("alter table gone rename to session_flows").await;
    assert!(client.call("count", json!({})).await.pointer("/result/isError").is_none());
}
