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
        CallToolRequestParams, CallToolResponse, CallToolResult, CustomNotification, CustomRequest,
        ListPromptsResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ProgressNotificationParam, ServerCapabilities, ServerConfig, ServerNotification,
        ServerRequest, SubscribeRequestParams, Tool,
    },
    service::{Peer, RequestContext},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};
use types::KEY_META;

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
    /// What a tool says to its client before it answers.
    words: HashMap<String, Vec<Said>>,
    /// What clients answered.
    answered: Vec<Value>,
    resources: Vec<Value>,
    prompts: Vec<Value>,
    got: Vec<(String, Value)>,
    /// The keys of the calls that came with one.
    keys: Vec<String>,
    /// The headers and the addresses of all requests, one a line.
    heard: String,
    clients: Vec<Peer<RoleServer>>,
}

/// What a tool says to its client beside its answer.
#[derive(Clone, Debug)]
pub enum Said {
    /// A line of its log.
    Log(String),
    /// How far it is, in words.
    Progress(String),
    /// A question to the client's user, by its text.
    Elicit(String),
    /// A question to the client's model, by its text.
    Sample(String),
    /// A question for the client's folders.
    Roots,
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

    /// The keys of the calls that came, by which a receiver tells repetitions apart.
    pub fn keys(&self) -> Vec<String> {
        self.inner.lock().keys.clone()
    }

    /// What a tool asks its client's model from now on, before it answers: a user's message of this text.
    pub fn asks(&self, tool: &str, text: &str) {
        let content = json!({ "type": "text", "text": text });
        let question =
            json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": 16 });
        self.inner.lock().questions.insert(tool.to_owned(), question);
    }

    /// What a tool says from now on, before it answers.
    pub fn tells(&self, tool: &str, words: &[Said]) {
        self.inner.lock().words.insert(tool.to_owned(), words.to_vec());
    }

    /// What clients answered to its questions, as results of the protocol or as errors.
    pub fn answered(&self) -> Vec<Value> {
        self.inner.lock().answered.clone()
    }

    /// The resources and prompts that it lists from now on.
    pub fn lists(&self, resources: &[Value], prompts: &[Value]) {
        let mut state = self.inner.lock();
        (state.resources, state.prompts) = (resources.to_vec(), prompts.to_vec());
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

    /// Says something to the client of a call.
    async fn say(&self, context: &RequestContext<RoleServer>, word: Said, number: f64) {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let (method, params) = match word {
            Said::Log(line) => {
                let said = Some(json!({ "level": "error", "data": line }));
                let said = CustomNotification::new("notifications/message", said);
                let said = ServerNotification::CustomNotification(said);
                let _ = context.peer.send_notification(said).await;
                return;
            }
            Said::Progress(words) => {
                let token = context.meta.get_progress_token().expect("a token");
                let said = ProgressNotificationParam::new(token, number).with_message(words);
                let _ = context.peer.notify_progress(said).await;
                return;
            }
            Said::Elicit(message) => {
                let schema =
                    json!({ "type": "object", "properties": { "said": { "type": "string" } } });
                ("elicitation/create", json!({ "message": message, "requestedSchema": schema }))
            }
            Said::Sample(words) => {
                let messages = json!([{ "role": "user", "content": text(&words) }]);
                ("sampling/createMessage", json!({ "messages": messages, "maxTokens": 16 }))
            }
            Said::Roots => ("roots/list", json!({})),
        };
        let question = ServerRequest::CustomRequest(CustomRequest::new(method, Some(params)));
        let answered = match context.peer.send_request(question).await {
            Ok(answered) => serde_json::to_value(answered).expect("an answer"),
            Err(error) => json!({ "error": error.to_string() }),
        };
        self.lock().answered.push(answered);
    }

    fn hear(&self, request: &Request) {
        let line = format!("{} {}\n{:?}\n", request.method(), request.uri(), request.headers());
        self.lock().heard.push_str(&line);
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let can = ServerCapabilities::builder()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed();
        ServerConfig::new(can.build())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = Value::from(self.lock().resources.clone());
        let resources = serde_json::from_value(resources).expect("a list of resources");
        Ok(ListResourcesResult::with_all_items(resources))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = Value::from(self.lock().prompts.clone());
        let prompts = serde_json::from_value(prompts).expect("a list of prompts");
        Ok(ListPromptsResult::with_all_items(prompts))
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.lock().got.push(("resources/subscribe".to_owned(), request.uri.into()));
        Ok(())
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
            let key = context.meta.0.0.get(KEY_META).and_then(Value::as_str);
            state.keys.extend(key.map(str::to_owned));
            (state.answers.get(&name).cloned(), state.questions.get(&name).cloned())
        };
        if let Some(question) = question {
            let question = CustomRequest::new("sampling/createMessage", Some(question));
            let answered = context.peer.send_request(ServerRequest::CustomRequest(question)).await;
            answered.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        }
        let words = self.lock().words.get(&name).cloned().unwrap_or_default();
        for (word, number) in words.into_iter().zip(1_u32..) {
            self.say(&context, word, number.into()).await;
        }
        let nothing =
            || (json!({ "content": [{ "type": "text", "text": "done" }] }), Duration::ZERO);
        let (result, pause) = answer.unwrap_or_else(nothing);
        tokio::time::sleep(pause).await;
        let result: CallToolResult = serde_json::from_value(result).expect("a result");
        Ok(result.into())
    }
}
