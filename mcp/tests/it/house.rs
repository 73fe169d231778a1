//! A tool server over HTTP whose every answer a test writes, and what it was sent.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode},
};
use futures::{StreamExt, channel::mpsc::UnboundedReceiver, stream};
use mcp::{Asks, Call, Caller, Connection, Credential, Error, Events, Limits, Spec, Transport};
use serde_json::{Map, Value, json};
use tokio_util::task::AbortOnDropHandle;

/// In a stream of messages, the id of the request that is answered.
pub const HELD: &str = "the request";

/// What a server does with a request.
pub enum Reply {
    /// One message as JSON.
    Json(Value),
    /// The result of the request.
    Result(Value),
    /// Messages as a stream that ends with its sender.
    Stream(UnboundedReceiver<Value>),
    /// Bytes as a stream of events, whatever they are.
    Events(Body),
    /// A status, headers and a text.
    Status(u16, Vec<(&'static str, String)>, String),
    /// Nothing, ever.
    Never,
    /// A status, after a while.
    Later(Duration, u16),
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Sent {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Sent {
    /// What is at a place of the message; null where nothing is.
    pub fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Whether it asks for this method of the protocol.
    pub fn is(&self, method: &str) -> bool {
        self.at("/method") == method
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The tool that it calls, or nothing.
    pub fn tool(&self) -> &str {
        self.at("/params/name").as_str().unwrap_or_default()
    }
}

type Script = Arc<dyn Fn(&Sent) -> Option<Reply> + Send + Sync>;

struct Rooms {
    script: Script,
    sent: Mutex<Vec<Sent>>,
    sessions: AtomicUsize,
    late: AtomicUsize,
}

/// A running server.
pub struct House {
    pub address: SocketAddr,
    rooms: Arc<Rooms>,
    _serves: AbortOnDropHandle<()>,
}

impl House {
    /// Starts a server that answers by `script`, and where that says nothing as any server would.
    pub async fn start(script: impl Fn(&Sent) -> Option<Reply> + Send + Sync + 'static) -> House {
        let rooms = Arc::new(Rooms {
            script: Arc::new(script),
            sent: Mutex::default(),
            sessions: AtomicUsize::new(0),
            late: AtomicUsize::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(serve).with_state(rooms.clone());
        let serves = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        House { address, rooms, _serves: AbortOnDropHandle::new(serves) }
    }

    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub fn spec(&self) -> Spec {
        self.spec_with(None)
    }

    pub fn spec_with(&self, credential: Option<Credential>) -> Spec {
        spec(Transport::Http { url: self.url(), private: true, credential })
    }

    pub async fn connect(&self) -> Connection {
        mcp::connect(&self.spec(), Arc::new(())).await.unwrap()
    }

    /// How many answers came later than they could.
    pub fn late(&self) -> usize {
        self.rooms.late.load(Ordering::SeqCst)
    }

    /// All that came so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.rooms.sent.lock().unwrap().clone()
    }

    /// The requests of one method of the protocol.
    pub fn asked(&self, method: &str) -> Vec<Sent> {
        self.sent().into_iter().filter(|sent| sent.is(method)).collect()
    }
}

/// A server's definition with limits for tests, which wait for no one.
pub fn spec(transport: Transport) -> Spec {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let limits = Limits {
        timeout: Duration::from_secs(5),
        total_max: Duration::from_secs(20),
        result_bytes_max: 64 << 10,
        concurrent_max: 4,
        ..Limits::default()
    };
    Spec { name: "house".to_owned(), transport, asks: Asks::default(), limits }
}

/// Calls a tool for nobody.
pub async fn call(connection: &Connection, name: &str) -> Result<Value, Error> {
    call_for(connection, name, Arc::new(())).await
}

/// Calls a tool for a caller.
pub async fn call_for(
    connection: &Connection,
    name: &str,
    caller: Arc<dyn Caller>,
) -> Result<Value, Error> {
    let call = Call::new(name, Map::new(), caller);
    connection.call(call).await.map(mcp::CallResult::into_value)
}

/// A result of one text.
pub fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let what = what.to_owned();
    async move {
        for _ in 0..500 {
            if is() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not so after five seconds: {what}");
    }
}

/// Events as lines of a test's own.
#[derive(Default)]
pub struct Heard(Mutex<Vec<String>>);

impl Heard {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Events for Heard {
    fn log(&self, level: &str, logger: Option<&str>, data: &Value) {
        self.push(format!("log {level} {} {data}", logger.unwrap_or("-")));
    }

    fn list_changed(&self, list: mcp::List) {
        self.push(format!("changed {list:?}"));
    }

    fn resource_updated(&self, uri: &str) {
        self.push(format!("updated {uri}"));
    }
}

impl Caller for Heard {
    fn progress(&self, progress: mcp::Progress) {
        let message = progress.message.as_deref().unwrap_or("-");
        self.push(format!("progress {} {message}", progress.done));
    }
}

async fn serve(
    State(rooms): State<Arc<Rooms>>,
    method: Method,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let sent = Sent { method, path: uri.path().to_owned(), headers, body };
    rooms.sent.lock().unwrap().push(sent.clone());
    let id = sent.at("/id");
    let reply = (rooms.script)(&sent).unwrap_or_else(|| usual(&sent));
    let greets = sent.is("initialize");
    let answer = Response::builder();
    let answer = match greets {
        true => {
            let number = rooms.sessions.fetch_add(1, Ordering::SeqCst);
            answer.header("mcp-session-id", format!("session-{number}"))
        }
        false => answer,
    };
    match reply {
        Reply::Json(message) => {
            answer.header("content-type", "application/json").body(Body::from(message.to_string()))
        }
        Reply::Result(result) => {
            let message = json!({"jsonrpc": "2.0", "id": id, "result": result});
            answer.header("content-type", "application/json").body(Body::from(message.to_string()))
        }
        Reply::Stream(messages) => {
            let id = id.clone();
            let events = messages.map(move |mut message| {
                if let Some(held) = message.get_mut("id").filter(|held| *held == HELD) {
                    *held = id.clone();
                }
                Ok::<_, std::io::Error>(format!("data: {message}\n\n"))
            });
            answer.header("content-type", "text/event-stream").body(Body::from_stream(events))
        }
        Reply::Events(body) => answer.header("content-type", "text/event-stream").body(body),
        Reply::Status(status, headers, text) => {
            let with = headers
                .into_iter()
                .fold(answer, |answer, (name, value)| answer.header(name, value));
            with.status(status).body(Body::from(text))
        }
        Reply::Later(after, status) => {
            tokio::time::sleep(after).await;
            rooms.late.fetch_add(1, Ordering::SeqCst);
            answer.status(status).body(Body::empty())
        }
        Reply::Never => {
            std::future::pending::<()>().await;
            answer.body(Body::empty())
        }
    }
    .unwrap()
}

fn usual(sent: &Sent) -> Reply {
    if sent.method != Method::POST {
        return Reply::Status(405, Vec::new(), String::new());
    }
    match sent.at("/method").as_str() {
        Some("initialize") => Reply::Result(json!({
            "protocolVersion": sent.at("/params/protocolVersion"),
            "capabilities": {"tools": {"listChanged": true}},
            "serverInfo": {"name": "house", "version": "1.2.3"},
        })),
        Some("tools/list") => Reply::Result(json!({"tools": [
            {"name": "ping", "description": "Pings.", "inputSchema": {"type": "object"}},
        ]})),
        Some("tools/call") => Reply::Result(text("pong")),
        Some("resources/subscribe" | "logging/setLevel") => Reply::Result(json!({})),
        _ => Reply::Status(StatusCode::ACCEPTED.as_u16(), Vec::new(), String::new()),
    }
}

/// Many events, made as they are read.
pub fn flood(event: impl Fn(usize) -> Value + Send + 'static, count: usize) -> Body {
    let events = stream::iter(0..count)
        .map(move |number| Ok::<_, std::io::Error>(format!("data: {}\n\n", event(number))));
    Body::from_stream(events)
}
