//! Streams that no request waits for, sessions of clients that have none, and the versions of the protocol.

use super::*;

/// Waits until a stream ends in order.
async fn ended(stream: &mut client::Stream) {
    let all = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(SOON, all).await.expect("the stream ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_another_gateway_ends_has_no_stream_any_more() {
    let (mut setup, _upstream) = prepared(Database::Postgres).await;
    setup.set("mcp.session_idle", "6s");
    let server = setup.start().await;
    let second = server.another().await;
    let client = Client::begin(&server, "/mcp", &server.key("default")).await;
    let there = client.moved(&second);
    eventually("the other gateway knows the key", SOON, async || {
        (there.list().await.status == 200).then_some(())
    })
    .await;
    let mut stream = there.listen().await;
    assert_eq!(stream.status, 200);
    // An open stream is use: the session is not over after its time of rest.
    let rest = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(10), rest).await.unwrap_err();
    assert_eq!(there.list().await.status, 200);
    assert!(client.send("DELETE", &Value::Null).await.status < 300);
    ended(&mut stream).await;
    assert_eq!(there.list().await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_are_no_requests_that_run() {
    let (mut setup, _upstream) = prepared(Database::Sqlite).await;
    setup.set("gateway.max_concurrent_requests", "2");
    let mut server = setup.start().await;
    let key = server.key("default");
    let client = Client::begin(&server, "/mcp", &key).await;
    let other = Client::begin(&server, "/mcp", &key).await;
    let mut streams = Vec::new();
    for client in [&client, &client, &client, &other] {
        streams.push(client.listen().await);
    }
    assert!(streams.iter().all(|stream| stream.status == 200));
    eventually("they are counted as streams", SOON, async || {
        (server.metric("orchestack_mcp_streams").await == 4).then_some(())
    })
    .await;
    assert_eq!(client.list().await.status, 200, "there is room for requests");
    // Of one session there are so many.
    let statuses = [client.listen().await, client.listen().await].map(|stream| stream.status);
    assert!(statuses.contains(&429), "{statuses:?}");
    let begun = std::time::Instant::now();
    assert!(server.sigterm().await.success());
    assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits for them");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_without_a_session_have_so_many_flows_for_each_credential() {
    let (mut setup, _upstream) = prepared(Database::Sqlite).await;
    setup.set("mcp.max_sessions_per_credential", "2");
    let server = setup.start().await;
    let (own, other) = (server.key("default"), server.key("other"));
    let flow = |number: u8| format!("ses_01ARZ3NDEKTSV4RRFFQ69G5F{number:02}");
    let call = async |key: &str, number: u8| {
        let flow = flow(number);
        Latest::new(&server, key).call(&[("x-orchestack-session", &flow)]).await.status
    };
    assert_eq!((call(&own, 10).await, call(&own, 11).await), (200, 200));
    assert_eq!(call(&own, 12).await, 429);
    assert_eq!((call(&own, 10).await, call(&other, 12).await), (200, 200), "known, and another's");
}

/// A client of 2026-07-28, whose every message says what others say once.
struct Latest {
    client: Client,
}

impl Latest {
    fn new(server: &Server, key: &str) -> Self {
        Self { client: Client::without(server, "/mcp", key) }
    }

    async fn ask(&self, method: &str, params: Value, headers: &[(&str, &str)]) -> support::Answer {
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let said = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut all = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        all.extend(headers);
        self.client.send_text(&said.to_string(), &all).await
    }

    async fn call(&self, headers: &[(&str, &str)]) -> support::Answer {
        let params = json!({ "name": "mail__send", "arguments": { "text": "hi" } });
        let headers = [&[("mcp-name", "mail__send")], headers].concat();
        self.ask("tools/call", params, &headers).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_that_we_speak_lists_and_calls() {
    let (server, upstream) = started(Database::Sqlite).await;
    upstream.says("send", "sent");
    let key = server.key("default");
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        let client = Client::begin_as(&server, "/mcp", &key, version).await;
        assert_eq!(client.tools().await, ["mail__burn", "mail__send"], "{version}");
        let sent = client.call("mail__send", json!({ "text": "hi" })).await;
        assert_eq!(sent.pointer("/result/content/0/text"), Some(&json!("sent")), "{sent}");
    }
    let latest = Latest::new(&server, &key);
    let found = latest.ask("server/discover", json!({}), &[]).await;
    assert!(found.text.contains("2026-07-28"), "{}", found.text);
    let listed = latest.ask("tools/list", json!({}), &[]).await;
    assert!(listed.text.contains("mail__send"), "{}", listed.text);
    let sent = latest.call(&[]).await;
    assert!(sent.text.contains("\"sent\""), "{}", sent.text);
    assert_eq!(sent.header("mcp-session-id"), "", "this version has no sessions");
    // An unknown version is told which there are.
    let old = latest.client.send_text("{}", &[("mcp-protocol-version", "1999-01-01")]).await;
    assert!((400..500).contains(&old.status), "{}", old.text);
}
