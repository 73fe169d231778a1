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

/// Neither count nor hold, nor record, nor what was seen.
#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_known_session_wait_for_no_sqlite() {
    let (server, upstream, known) = stage("").await;
    let unknown = client(&server).await;
    let read = json!({ "url": "https://example.org/" });
    let called = async |page: &str| {
        upstream.says("read", page);
        let answer = known.call("read", read.clone()).await;
        assert_eq!(text(&answer), page, "{answer}");
    };
    called("page 0").await;
    called("page 1").await;
    let rows = Rows::of(&server).await;
    let lock = rows.locked().await;
    let calls = async {
        for page in 2..7 {
            called(&format!("page {page}")).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(4), calls).await.expect("they wait for the database");
    // Of a session that nobody knows yet, nobody can say what it has seen.
    refused(&unknown.call("read", read.clone()).await, "dependency_unavailable");
    lock.rollback().await.unwrap();
    // Each decision and each end, of those that were made.
    let records = records(&server, "desk.read", 16).await;
    assert_eq!(records.len(), 16);
    let session = records[0]["detail"]["session"].as_str().unwrap();
    let shown = server.json(&["session", "show", session]);
    assert_eq!(
        (&shown["flow"]["tool_calls"], &shown["integrity"]),
        (&json!(7), &json!("untrusted"))
    );
    assert_eq!(rows.number("select max(seq) from session_prints").await, 7);
}
