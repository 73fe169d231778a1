//! A tool server that speaks MCP by the official SDK, and whose tools and answers a test sets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{extract::Request, middleware::map_request, serve::ListenerExt as _};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CustomRequest, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, ServerRequest, Tool,
    },
    service::{Peer, RequestContext},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};

/// A tool server on a port of its own. It ends with the test's runtime.
#[derive(Clone, Debug)]
pub struct ToolServer {
    url: String,
    inner: Handler,
}

#[derive(Clone, Debug, Default)]
struct Handler(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    tools: Vec<Tool>,
    answers: HashMap<String, (Value, Duration)>,
    /// What a tool asks its client's model before it answers.
    questions: HashMap<String, Value>,
    got: Vec<(String, Value)>,
    /// The headers and the addresses of all requests, one a line.
    heard: String,
    clients: Vec<Peer<RoleServer>>,
}

impl ToolServer {
    /// One that has these tools, as `tools/list` gives them.
    ///
    /// # Panics
    /// When it cannot listen, or one of them is no tool.
    pub async fn start(tools: Value) -> Self {
        let inner = Handler::default();
        let handler = inner.clone();
        let service = StreamableHttpService::new(
            move || Ok(handler.clone()),
            Arc::new(LocalSessionManager::default()),
            StreamableHttpServerConfig::default(),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port is known");
        let ear = inner.clone();
        let app = axum::Router::new().nest_service("/mcp", service).layer(map_request(
            move |request: Request| {
                ear.hear(&request);
                std::future::ready(request)
            },
        ));
        // An answer is two writes: without this the second waits for the first one's acknowledgement.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let server = Self { url: format!("http://{address}/mcp"), inner };
        server.has(tools);
        server
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The tools that it has from now on. It tells nobody that they changed.
    ///
    /// # Panics
    /// When one of them is no tool.
    pub fn has(&self, tools: Value) {
        self.inner.lock().tools = serde_json::from_value(tools).expect("a list of tools");
    }

    /// As [`ToolServer::has`], and tells every client so.
    ///
    /// # Panics
    /// When one of them is no tool.
    pub async fn changes(&self, tools: Value) {
        self.has(tools);
        let clients = self.inner.lock().clients.clone();
        for client in clients {
            // One that is gone need not hear of it.
            let _ = client.notify_tool_list_changed().await;
        }
    }

    /// What a tool answers from now on: a whole result.
    pub fn answers(&self, tool: &str, result: Value) {
        self.answers_after(tool, result, Duration::ZERO);
    }

    /// What a tool answers from now on: text.
    pub fn says(&self, tool: &str, text: &str) {
        self.answers(tool, json!({ "content": [{ "type": "text", "text": text }] }));
    }

    /// With so long a pause before it.
    pub fn answers_after(&self, tool: &str, result: Value, pause: Duration) {
        self.inner.lock().answers.insert(tool.to_owned(), (result, pause));
    }

    /// The calls that came, each with its arguments.
    pub fn got(&self) -> Vec<(String, Value)> {
        self.inner.lock().got.clone()
    }

    /// What a tool asks its client's model from now on, before it answers: a user's message of this text.
    pub fn asks(&self, tool: &str, text: &str) {
        let content = json!({ "type": "text", "text": text });
        let question =
            json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": 16 });
        self.inner.lock().questions.insert(tool.to_owned(), question);
    }

    /// The lines and headers of all requests that came, as text.
    pub fn heard(&self) -> String {
        self.inner.lock().heard.clone()
    }

    /// What the tree pins of it as it is now: the text of `tools/NAME.json`.
    pub fn pins(&self) -> String {
        let tools = &self.inner.lock().tools;
        json!({ "server": { "name": "test" }, "tools": tools }).to_string()
    }
}

impl Handler {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, request: &Request) {
        let line = format!("{} {}\n{:?}\n", request.method(), request.uri(), request.headers());
        self.lock().heard.push_str(&line);
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(
            ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build(),
        )
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut state = self.lock();
        state.clients.push(context.peer);
        Ok(ListToolsResult::with_all_items(state.tools.clone()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.to_string();
        let arguments = request.arguments.map(Value::Object).unwrap_or_default();
        let (answer, question) = {
            let mut state = self.lock();
            state.got.push((name.clone(), arguments));
            (state.answers.get(&name).cloned(), state.questions.get(&name).cloned())
        };
        if let Some(question) = question {
            let question = CustomRequest::new("sampling/createMessage", Some(question));
            let answered = context.peer.send_request(ServerRequest::CustomRequest(question)).await;
            answered.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        }
        let nothing =
            || (json!({ "content": [{ "type": "text", "text": "done" }] }), Duration::ZERO);
        let (result, pause) = answer.unwrap_or_else(nothing);
        tokio::time::sleep(pause).await;
        let result: CallToolResult = serde_json::from_value(result).expect("a result");
        Ok(result.into())
    }
}
