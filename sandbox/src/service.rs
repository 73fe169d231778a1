//! Sandboxes as a tool server. A gateway calls it over MCP and says with each call which sandbox the call works in
//! and where that one may connect to now; whether it may at all, the gateway has decided.
//!
//! A call has a key. Who calls with the same one again, after whatever broke in between, finds the command that runs
//! or ran.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        StatusCode,
        header::{AUTHORIZATION, CONTENT_LENGTH},
    },
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    serve::ListenerExt as _,
};
use futures::future::BoxFuture;
use ring::digest::{SHA256, digest};
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, PaginatedRequestParams, RequestMetaObject, ServerCapabilities,
        ServerConfig,
    },
    service::RequestContext,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, sync::OnceCell};
use tokio_util::sync::CancellationToken;
use types::{KEY_META, SANDBOX_META, SandboxOrder, Secret};

use crate::{
    Allow, Driver, Error, Handle, Limits, Name, Spec, Trust,
    tools::{self, Report},
};

/// Makes the driver. It is asked again where it failed.
pub type Opener = Arc<dyn Fn() -> BoxFuture<'static, Result<Arc<dyn Driver>, Error>> + Send + Sync>;

/// What the service is made of.
pub struct ServiceOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What its callers show.
    pub token: Secret,
    /// What sandboxes are made of.
    pub image: Option<String>,
    /// Makes the driver.
    pub opener: Opener,
    /// Whether the driver is made at once, for there are sandboxes from before; else with the first call.
    pub begins: bool,
    /// Whether sandboxes that nobody has used for long are removed from here; not where their maker does it.
    pub sweeps: bool,
}

/// The service, bound and not yet running.
pub struct Service {
    listener: TcpListener,
    address: SocketAddr,
    token: Secret,
    begins: bool,
    sweeps: bool,
    rooms: Rooms,
}

/// What all calls share.
#[derive(Clone)]
struct Rooms {
    opener: Opener,
    driver: Arc<OnceCell<Arc<dyn Driver>>>,
    image: Option<String>,
    /// The sandboxes that calls work in now.
    busy: Arc<Mutex<BTreeMap<Name, Busy>>>,
    /// The calls that run now, by their keys, each with how many wait for it.
    calls: Arc<Mutex<BTreeMap<String, (usize, CancellationToken)>>>,
}

/// A sandbox that calls work in now.
#[derive(Default)]
struct Busy {
    /// What each of these calls lets it reach.
    visits: Vec<Vec<Allow>>,
    /// Held while its way out is set: whoever comes last has counted everybody.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// How long calls that run may end after the signal to stop.
const DRAIN: Duration = Duration::from_secs(3);
/// How long after a withdrawn command that is not there yet it is looked for again.
const CANCEL_AGAIN: Duration = Duration::from_millis(100);
/// How often what nobody uses is looked for.
const SWEEP: Duration = Duration::from_secs(20);
/// The largest request: arguments have a file's text in them.
const BODY_BYTES_MAX: usize = 4 << 20;
/// The path that gateways call.
const PATH: &str = "/mcp";
/// The longest word that a call is withdrawn, in bytes.
const WITHDRAWAL_BYTES_MAX: usize = 8 << 10;
/// The longest key of a call.
const KEY_BYTES_MAX: usize = 256;

impl Service {
    /// Binds the listener.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub async fn bind(options: ServiceOptions) -> Result<Self, Error> {
        let at = || format!("cannot listen on {} for sandboxes", options.listen);
        let listener = TcpListener::bind(options.listen).await.map_err(Error::io(at()))?;
        let address = listener.local_addr().map_err(Error::io(at()))?;
        let rooms = Rooms {
            opener: options.opener,
            driver: Arc::default(),
            image: options.image,
            busy: Arc::default(),
            calls: Arc::default(),
        };
        let ServiceOptions { token, begins, sweeps, .. } = options;
        Ok(Self { listener, address, token, begins, sweeps, rooms })
    }

    /// The address that gateways on this machine call.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Serves until the end. Commands that run then run on, and whoever asks for them later finds them.
    pub async fn run(self, end: CancellationToken) {
        let rooms = self.rooms.clone();
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            // Who may call is known by the token, whatever name it calls us by.
            .disable_allowed_hosts()
            .with_max_request_body_bytes(BODY_BYTES_MAX)
            .with_cancellation_token(end.clone());
        let service = StreamableHttpService::new(
            move || Ok(rooms.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        let shown = Arc::new(hash(&format!("Bearer {}", self.token.expose())));
        let app = Router::new()
            .nest_service(PATH, service)
            .layer(from_fn_with_state(self.rooms.clone(), withdrawn))
            .layer(from_fn_with_state(shown, known));
        // An answer is two writes: without this the second waits for the first one's acknowledgement.
        let listener = self.listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let served =
            axum::serve(listener, app).with_graceful_shutdown(end.clone().cancelled_owned());
        let swept = async {
            if self.begins
                && let Err(error) = self.rooms.driver().await
            {
                tracing::warn!(%error, "sandboxes cannot be made");
            }
            if !self.sweeps {
                return;
            }
            loop {
                tokio::time::sleep(SWEEP).await;
                self.rooms.sweep().await;
            }
        };
        tokio::select! {
            served = async { served.await } => {
                if let Err(error) = served {
                    tracing::error!(%error, "the service of sandboxes broke");
                }
            }
            () = async { swept.await; std::future::pending().await } => {}
            // Commands run on without us; who waits for one asks again.
            () = async { end.cancelled().await; tokio::time::sleep(DRAIN).await } => {}
        }
    }
}

/// Lets in whoever shows the token. Hashes are compared: their first difference says nothing of the token.
async fn known(State(shown): State<Arc<[u8; 32]>>, request: Request, next: Next) -> Response {
    let says = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match says.is_some_and(|says| hash(says) == *shown) {
        true => next.run(request).await,
        false => (StatusCode::UNAUTHORIZED, "only the gateway may call").into_response(),
    }
}

/// Hears that a call is withdrawn: it ends with all that it started. Each message comes alone, so that the call is known
/// by its key, which is in the `_meta` of `notifications/cancelled`.
async fn withdrawn(State(rooms): State<Rooms>, request: Request, next: Next) -> Response {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|value| value.parse::<usize>().ok());
    if length.is_none_or(|length| length > WITHDRAWAL_BYTES_MAX) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, WITHDRAWAL_BYTES_MAX).await else {
        return (StatusCode::BAD_REQUEST, "the message ended early").into_response();
    };
    let said = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    if said.get("method").and_then(Value::as_str) != Some("notifications/cancelled") {
        return next.run(Request::from_parts(parts, Body::from(bytes))).await;
    }
    let key = said.pointer("/params/_meta").and_then(|meta| meta.get(KEY_META)?.as_str());
    if let Some((_, withdrawal)) = key.and_then(|key| rooms.calls().get(key).cloned()) {
        withdrawal.cancel();
    }
    StatusCode::ACCEPTED.into_response()
}

fn hash(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}

/// The definitions of the built-in tools, as `tools/list` gives them.
pub fn definitions() -> Vec<Value> {
    let one = |tool: tools::Tool| json!({ "name": tool.name, "description": tool.description, "inputSchema": tool.input });
    tools::all().into_iter().map(one).collect()
}

impl ServerHandler for Rooms {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let us = Implementation::new("orchestack-sandbox", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(us)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let all = serde_json::from_value(Value::Array(definitions()));
        let all = all.map_err(|_| ErrorData::internal_error("the tools cannot be told", None))?;
        Ok(ListToolsResult::with_all_items(all))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (order, key) = ordered(&context.meta)?;
        let arguments = request.arguments.unwrap_or_default();
        let called = Box::pin(self.call(&request.name, arguments, &order, &key)).await;
        Ok(CallToolResponse::Complete(match called {
            Ok(report) => result(&report),
            // Nothing of it is the gateway's fault: a model reads why, and may do something else.
            Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
        }))
    }
}

/// Which sandbox a call works in, and its key.
fn ordered(meta: &RequestMetaObject) -> Result<(SandboxOrder, String), ErrorData> {
    let missing = |what: &str| ErrorData::invalid_params(what.to_owned(), None);
    let order = meta.0.0.get(SANDBOX_META).cloned();
    let order = order.and_then(|order| serde_json::from_value(order).ok());
    let order = order.ok_or_else(|| missing("the call names no sandbox in `_meta`"))?;
    let key = meta.0.0.get(KEY_META).and_then(Value::as_str);
    let key = key.filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    let key = key.ok_or_else(|| missing("the call has no key in `_meta`"))?;
    Ok((order, key.to_owned()))
}

/// What a model reads of a report.
fn result(report: &Report) -> CallToolResult {
    let mut text = report.text.clone();
    let mut line = |words: String| {
        text.push_str(if text.is_empty() || text.ends_with('\n') { "" } else { "\n" });
        text.push_str(&words);
    };
    if report.cut {
        line("[more was written than is here]".to_owned());
    }
    for refused in &report.refused {
        line(format!("[{refused}]"));
    }
    let text = vec![ContentBlock::text(text)];
    if report.ok { CallToolResult::success(text) } else { CallToolResult::error(text) }
}

impl Rooms {
    async fn driver(&self) -> Result<&Arc<dyn Driver>, Error> {
        self.driver.get_or_try_init(|| (self.opener)()).await
    }

    /// Calls a tool in its sandbox, which is made where it is not there.
    async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        order: &SandboxOrder,
        key: &str,
    ) -> Result<Report, Error> {
        // From the start: a withdrawal may come while the sandbox is made.
        let under_way = UnderWay::begin(self, key);
        let spec = spec(order, self.image.clone())?;
        let driver = self.driver().await?.as_ref();
        let visit = Visit::enter(self, &spec);
        let handle = driver.create(&spec).await?;
        visit.reach(driver, &handle).await?;
        if under_way.withdrawal.is_cancelled() {
            return Err(Error::Spec { why: "the call was withdrawn".to_owned() });
        }
        let call = tools::call(driver, &handle, tool, Value::Object(arguments), key);
        let mut call = std::pin::pin!(call);
        tokio::select! {
            report = &mut call => return report,
            () = under_way.withdrawal.cancelled() => {}
        }
        // A command that is being begun is there in a moment; what is no command is over by itself.
        while let Err(Error::NoCommand { .. }) = driver.cancel(&handle, key).await {
            tokio::select! {
                report = &mut call => return report,
                () = tokio::time::sleep(CANCEL_AGAIN) => {}
            }
        }
        call.await
    }

    /// Removes what nobody has used for as long as it is kept.
    async fn sweep(&self) {
        let Some(driver) = self.driver.get() else { return };
        let busy: BTreeSet<Name> = self.busy().keys().cloned().collect();
        match driver.sweep(&busy).await {
            Ok(swept) => {
                for (name, why) in swept.failed {
                    tracing::warn!(name, why, "a sandbox that nobody uses could not be removed");
                }
            }
            Err(error) => tracing::warn!(%error, "sandboxes could not be looked through"),
        }
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (usize, CancellationToken)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, Busy>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that can be withdrawn, for as long as somebody waits for it.
struct UnderWay<'r> {
    rooms: &'r Rooms,
    key: &'r str,
    withdrawal: CancellationToken,
}

impl<'r> UnderWay<'r> {
    fn begin(rooms: &'r Rooms, key: &'r str) -> Self {
        let mut calls = rooms.calls();
        let (waiting, withdrawal) = calls.entry(key.to_owned()).or_default();
        *waiting += 1;
        let withdrawal = withdrawal.clone();
        Self { rooms, key, withdrawal }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut calls = self.rooms.calls();
        if let Some((waiting, _)) = calls.get_mut(self.key) {
            *waiting -= 1;
            if *waiting == 0 {
                calls.remove(self.key);
            }
        }
    }
}

/// A call that works in a sandbox, for as long as it does.
struct Visit<'r> {
    rooms: &'r Rooms,
    name: Name,
    allow: Vec<Allow>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl<'r> Visit<'r> {
    fn enter(rooms: &'r Rooms, spec: &Spec) -> Self {
        let (name, allow) = (spec.name.clone(), spec.egress.clone());
        let mut busy = rooms.busy();
        let here = busy.entry(name.clone()).or_default();
        here.visits.push(allow.clone());
        let turn = Arc::clone(&here.turn);
        Self { rooms, name, allow, turn }
    }

    /// Opens the way out to what every call that works here now may reach: one that was decided when its session
    /// knew less opens nothing for one that knows more.
    async fn reach(&self, driver: &dyn Driver, handle: &Handle) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let others = self.rooms.busy().get(&self.name).map(|here| here.visits.clone());
        let others = others.unwrap_or_default();
        let by_all = |place: &&Allow| others.iter().all(|other| other.contains(place));
        let allow: Vec<Allow> = self.allow.iter().filter(by_all).cloned().collect();
        driver.reach(handle, &allow).await
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let mut busy = self.rooms.busy();
        if let Some(here) = busy.get_mut(&self.name) {
            if let Some(at) = here.visits.iter().position(|visit| *visit == self.allow) {
                here.visits.swap_remove(at);
            }
            if here.visits.is_empty() {
                busy.remove(&self.name);
            }
        }
    }
}

/// What the driver makes of an order. What an agent writes there nobody vouches for.
fn spec(order: &SandboxOrder, image: Option<String>) -> Result<Spec, Error> {
    let defaults = Limits::default();
    let limits = Limits {
        cpu_milli: order.cpu_milli,
        memory_bytes: order.memory_bytes,
        processes: order.processes,
        disk_bytes: order.disk_bytes,
        disk_bytes_a_second: order.disk_bytes_a_second,
        output_bytes: order.output_bytes,
        wall: Duration::from_secs(order.command_s),
        ..defaults
    };
    let allow =
        |(host, port): &(String, u16)| Allow { host: host.clone(), port: *port, private: false };
    Ok(Spec {
        persistent: order.persistent,
        trust: Trust::Untrusted,
        limits,
        egress: order.hosts.iter().map(allow).collect(),
        idle: order.idle(),
        image,
        ..Spec::new(order.name.parse()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_with_what_was_refused() {
        let report = Report {
            ok: false,
            text: "curl: (56)".to_owned(),
            cut: true,
            refused: vec!["egress to a.org:443 is not on the list".to_owned()],
        };
        let told = serde_json::to_value(result(&report)).unwrap();
        let text =
            "curl: (56)\n[more was written than is here]\n[egress to a.org:443 is not on the list]";
        assert_eq!(told["content"][0]["text"], text);
        assert_eq!(told["isError"], true);
    }
}
