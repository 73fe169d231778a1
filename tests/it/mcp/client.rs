//! A client that says what a test wants it to, where the official ones would not.

use serde_json::{Value, json};
use support::{Answer, Server};

/// A client with a session.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    url: String,
    key: String,
    pub(crate) session: String,
    version: String,
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

    /// As [`Client::begin`], in this version of the protocol.
    pub(crate) async fn begin_as(server: &Server, path: &str, key: &str, version: &str) -> Self {
        let mut hello = initialize();
        hello["params"]["protocolVersion"] = version.into();
        let headers = [("mcp-protocol-version", version)];
        let client = Self::without(server, path, key);
        let answer = client.send_text(&hello.to_string(), &headers).await;
        let said = answer.events().pop().unwrap_or_else(|| answer.json());
        assert_eq!(said["result"]["protocolVersion"], version, "{said}");
        let client = Self::greeted(server, (path, key), answer).await;
        Self { version: version.to_owned(), ..client }
    }

    /// As [`Client::begin`], of a client that answers what servers ask.
    pub(crate) async fn begin_able(server: &Server, path: &str, key: &str) -> Self {
        let answer = Self::without(server, path, key).send("POST", &able()).await;
        Self::greeted(server, (path, key), answer).await
    }

    /// As [`Client::begin_able`], in the session of this id.
    pub(crate) async fn begin_able_in(
        server: &Server,
        path: &str,
        key: &str,
        session: &str,
    ) -> Self {
        let headers = [("x-orchestack-session", session)];
        let answer =
            Self::without(server, path, key).send_text(&able().to_string(), &headers).await;
        Self::greeted(server, (path, key), answer).await
    }

    /// Calls a tool and gives every message that comes until its answer does. `answers` gives the results of
    /// what is asked meanwhile, by the method.
    pub(crate) async fn call_heard(
        &self,
        tool: &str,
        arguments: Value,
        answers: impl Fn(&str) -> Value,
    ) -> Vec<Value> {
        let meta = json!({ "progressToken": "heard" });
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        let said = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params });
        let request = self.request(reqwest::Method::POST, &[]).body(said.to_string());
        let mut heard = Vec::new();
        // What is asked beside the call may come on the stream of its own.
        let (mut aside, mut stream) = (self.listen().await, Stream::open(request).await);
        loop {
            let message = tokio::select! {
                message = stream.next() => message,
                message = aside.next() => message,
            };
            let Some(message) = message else { break };
            if let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) {
                let answer = json!({ "jsonrpc": "2.0", "id": id, "result": answers(method) });
                assert_eq!(self.send("POST", &answer).await.status, 202);
            }
            heard.push(message);
        }
        heard
    }

    /// The stream of what servers say by themselves.
    pub(crate) async fn listen(&self) -> Stream {
        Stream::open(self.request(reqwest::Method::GET, &[])).await
    }

    /// The answer to a message with these parameters.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let said = json!({ "jsonrpc": "2.0", "id": 3, "method": method, "params": params });
        message(&self.send("POST", &said).await)
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

    pub(crate) fn without(server: &Server, path: &str, key: &str) -> Self {
        let url = format!("{}{path}", server.gateway());
        let version = "2025-11-25".to_owned();
        Self { url, key: key.to_owned(), session: String::new(), version }
    }

    /// This session in the hands of somebody with that key, at that path.
    pub(crate) fn stolen(&self, path: &str, key: &str) -> Self {
        let host = self.url.split("/mcp").next().unwrap();
        Self { url: format!("{host}{path}"), key: key.to_owned(), ..self.clone() }
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
            ("mcp-protocol-version", &self.version),
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

/// Messages as they come.
pub(crate) struct Stream {
    pub(crate) status: u16,
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self { status: response.status().as_u16(), response, text: String::new() }
    }

    /// The next message; none where the stream ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.text.split_once('\n') {
                let data = line.strip_prefix("data:").map(str::trim);
                let message = data.and_then(|data| serde_json::from_str(data).ok());
                self.text = rest.to_owned();
                if let Some(message) = message {
                    return Some(message);
                }
                continue;
            }
            let piece = self.response.chunk().await.ok()??;
            self.text.push_str(&String::from_utf8_lossy(&piece));
        }
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

/// The first message of a client that answers what servers ask.
fn able() -> Value {
    let mut hello = initialize();
    hello["params"]["capabilities"] = json!({ "elicitation": {}, "sampling": {}, "roots": {} });
    hello
}

/// The message of an answer, whether it came as JSON or as an event.
fn message(answer: &Answer) -> Value {
    answer.events().pop().unwrap_or_else(|| answer.json())
}
