//! What the gateway adds to a call of a tool with everything on: `make bench-tools` runs it in release.

use std::time::Instant;

use reqwest::header::HeaderMap;

use super::*;

/// Calls of each way, one after the other: a direct one, then one through the gateway.
const WARM: usize = 20;
const CALLS: usize = 200;
const CALLS_FULL: usize = 5_000;

/// A client that keeps its connection.
struct Line {
    http: reqwest::Client,
    url: String,
    headers: HeaderMap,
}

impl Line {
    async fn begin(url: &str, key: &str) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
            ("mcp-protocol-version", "2025-11-25"),
            ("authorization", &format!("Bearer {key}")),
        ] {
            headers.insert(
                reqwest::header::HeaderName::try_from(name).unwrap(),
                value.parse().unwrap(),
            );
        }
        let http = reqwest::Client::builder().tcp_nodelay(true).build().unwrap();
        let mut line = Self { http, url: url.to_owned(), headers };
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "bench", "version": "1" } });
        let hello = line
            .post(json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }));
        let hello = hello.await;
        let session = hello.headers().get("mcp-session-id").cloned().expect("a session");
        line.headers.insert("mcp-session-id", session);
        line.post(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        line
    }

    async fn post(&self, message: Value) -> reqwest::Response {
        let post = self.http.post(&self.url).headers(self.headers.clone());
        post.body(message.to_string()).send().await.expect("an answer")
    }

    /// How long a call takes, in microseconds.
    async fn call(&self) -> u128 {
        let arguments =
            json!({ "to": "carla@example.org", "body": "The figures of May are ready." });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "send", "arguments": arguments } });
        let begun = Instant::now();
        let text = self.post(call).await.text().await.expect("the whole answer");
        let took = begun.elapsed().as_micros();
        assert!(text.contains("done") && !text.contains("isError"), "{text}");
        took
    }
}

#[expect(clippy::disallowed_methods, reason = "a person asks for the full run by a variable")]
fn calls() -> usize {
    if std::env::var_os("ORCHESTACK_FULL").is_some() { CALLS_FULL } else { CALLS }
}

fn at(sorted: &[i128], percent: usize) -> i128 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_through_one_connection_one_after_the_other() {
    let (setup, upstream) = setup(Database::Sqlite, "").await;
    let server = setup.start().await;
    let key = server.key("default");
    let direct = Line::begin(upstream.url(), "none").await;
    let through = Line::begin(&format!("{}/mcp/desk", server.gateway()), &key).await;
    let count = calls();
    for _ in 0..WARM {
        direct.call().await;
        through.call().await;
    }
    let (mut alone, mut both) = (Vec::new(), Vec::new());
    for _ in 0..count {
        alone.push(i128::try_from(direct.call().await).unwrap());
        both.push(i128::try_from(through.call().await).unwrap());
    }
    let mut added: Vec<i128> = both.iter().zip(&alone).map(|(both, alone)| both - alone).collect();
    for sorted in [&mut alone, &mut both, &mut added] {
        sorted.sort_unstable();
    }
    let told = |name: &str, all: &[i128]| {
        println!("{name}: p50 {} us, p99 {} us", at(all, 50), at(all, 99));
    };
    told("direct", &alone);
    told("through the gateway", &both);
    told("added, call by call", &added);
}
