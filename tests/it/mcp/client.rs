//! A client that says what a test wants it to, where the official ones would not.

use serde_json::{Value, json};
use support::{Answer, Server};

/// A client with a session.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    url: String,
    key: String,
    pub(crate) session: String,
}

impl Client {
    /// Says hello with a key, and is given a session.
    pub(crate) async fn begin(server: &Server, path: &str, key: &str) -> Self {
        Self::greeted(server, (path, key), Self::hello(server, path, key).await).await
    }

    /// As [`Client::begin`], in the session of model calls of this id.
    pub(crate) async fn begin_in(server: &Server, path: &str, key: &str, session: &str) -> Self {
        let headers = [("x-orchestack-session", session)];
        let client = Self::without(server, path, key);
        let hello = client.send_text(&initialize().to_string(), &headers).await;
        Self::greeted(server, (path, key), hello).await
    }

    /// The client with the session that it was given.
    async fn greeted(server: &Server, (path, key): (&str, &str), hello: Answer) -> Self {
        assert_eq!(hello.status, 200, "{}", hello.text);
        let session = hello.header("mcp-session-id").to_owned();
        assert!(session.len() >= 32, "{session}");
        let client = Self { session, ..Self::without(server, path, key) };
        let said = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(client.send("POST", &said).await.status, 202);
        client
    }

    /// Says hello with a key.
    pub(crate) async fn hello(server: &Server, path: &str, key: &str) -> Answer {
        Self::without(server, path, key).send("POST", &initialize()).await
    }

    fn without(server: &Server, path: &str, key: &str) -> Self {
        let url = format!("{}{path}", server.gateway());
        Self { url, key: key.to_owned(), session: String::new() }
    }

    /// This session in the hands of somebody with that key, at that path.
    pub(crate) fn stolen(&self, path: &str, key: &str) -> Self {
        let host = self.url.split("/mcp").next().unwrap();
        Self { url: format!("{host}{path}"), key: key.to_owned(), session: self.session.clone() }
    }

    /// The same client with the id of another session.
    pub(crate) fn in_session(&self, id: &str) -> Self {
        Self { session: id.to_owned(), ..self.clone() }
    }

    /// The same client after the server was started again, on another port.
    pub(crate) fn moved(&self, server: &Server) -> Self {
        let path = self.url.find("/mcp").and_then(|at| self.url.get(at..)).unwrap();
        Self { url: format!("{}{path}", server.gateway()), ..self.clone() }
    }

    pub(crate) async fn send(&self, method: &str, message: &Value) -> Answer {
        let method: reqwest::Method = method.parse().unwrap();
        let request = self.request(method.clone(), &[]);
        let posted = method == reqwest::Method::POST;
        Answer::read(if posted { request.body(message.to_string()) } else { request }).await
    }

    pub(crate) async fn send_text(&self, body: &str, headers: &[(&str, &str)]) -> Answer {
        Answer::read(self.request(reqwest::Method::POST, headers).body(body.to_owned())).await
    }

    pub(crate) async fn list(&self) -> Answer {
        self.list_with(&[]).await
    }

    pub(crate) async fn list_with(&self, headers: &[(&str, &str)]) -> Answer {
        self.send_text(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, headers).await
    }

    /// The names of the tools that it sees, in order.
    pub(crate) async fn tools(&self) -> Vec<String> {
        let listed = message(&self.list().await);
        let tools = listed.pointer("/result/tools").and_then(Value::as_array).unwrap().clone();
        let mut names: Vec<_> =
            tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect();
        names.sort_unstable();
        names
    }

    pub(crate) async fn call_raw(&self, tool: &str, arguments: Value) -> Answer {
        let params = json!({ "name": tool, "arguments": arguments });
        let said = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params });
        self.send("POST", &said).await
    }

    /// The answer to a call of a tool.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        message(&self.call_raw(tool, arguments).await)
    }

    fn request(
        &self,
        method: reqwest::Method,
        headers: &[(&str, &str)],
    ) -> reqwest::RequestBuilder {
        let accept = if method == reqwest::Method::GET {
            "text/event-stream"
        } else {
            "application/json, text/event-stream"
        };
        let usual = [
            ("accept", accept),
            ("content-type", "application/json"),
            ("mcp-protocol-version", "2025-11-25"),
            ("mcp-session-id", &self.session),
        ];
        let mut request = reqwest::Client::new().request(method, &self.url).bearer_auth(&self.key);
        let own = |name: &str| headers.iter().any(|(own, _)| *own == name);
        for (name, value) in usual.iter().filter(|(name, value)| !own(name) && !value.is_empty()) {
            request = request.header(*name, *value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
    }
}

/// The first message of a client.
fn initialize() -> Value {
    let params = json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    });
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params })
}

/// The message of an answer, whether it came as JSON or as an event.
fn message(answer: &Answer) -> Value {
    answer.events().pop().unwrap_or_else(|| answer.json())
}
