//! MCP's Streamable HTTP in front of tool servers: `/mcp` for all of them, `/mcp/{server}` for one.
//!
//! ```text
//! Host, Origin -> caller -> its session, or a new one -> body -> rmcp -> handler: one message -> out
//! ```
//!
//! INVARIANT: a session's id is worth nothing without the credential that it was begun with, and nothing of a
//! caller's credential goes further than this file.

mod bridge;
mod call;
mod ears;
mod handler;
mod list;
mod note;
mod offers;
mod origin;
mod reads;
mod route;
mod sampling;
mod session;
mod told;
mod withdrawals;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use pingora_core::server::ShutdownWatch;
use rmcp::transport::streamable_http_server::{
    SessionManager, StreamableHttpServerConfig, StreamableHttpService,
    session::local::LocalSessionManager,
};
use snapshot::Snapshot;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;
use types::{Code, RequestId, Timestamp};

pub(crate) use self::route::Route;
use self::{
    bridge::SESSION,
    handler::Handler,
    note::Note,
    session::{Owner, Session, Sessions},
    told::Told,
};
use crate::{
    app::stopped,
    caller,
    downstream::{Downstream, Left},
    gate::Gate,
    metrics,
    refusal::Refusal,
    wishes::Wishes,
};

/// How often sessions that nobody uses are let go of, and clients are told of a new snapshot.
const LOOK: Duration = Duration::from_secs(1);

/// How often, at least, a stream asks whether it may go on.
const STANDING_LOOK: Duration = Duration::from_secs(5);

type Service = StreamableHttpService<Handler, LocalSessionManager>;

/// The tool gateway, as MCP clients see it.
pub(crate) struct Mcp {
    gate: Arc<Gate>,
    service: Service,
    manager: Arc<LocalSessionManager>,
    sessions: Arc<Sessions>,
    _watch: AbortOnDropHandle<()>,
}

/// Who sends a message, with what wishes and in which session: it goes beside the message to its handler.
#[derive(Clone)]
struct Sender {
    request: RequestId,
    caller: policy::Caller,
    wishes: Wishes,
    session: Arc<Session>,
}

impl Mcp {
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        let mut manager = LocalSessionManager::default();
        // Sessions rest as long as `Sessions` says, and an open stream is use.
        manager.session_config.keep_alive = None;
        let manager = Arc::new(manager);
        let sessions = Arc::new(Sessions::new(Arc::clone(&gate), Arc::clone(&manager)));
        let mut config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .with_max_request_body_bytes(gate.options.body_bytes_max);
        config.session_store = Some(sessions.clone());
        let handler = Handler::new(Arc::clone(&gate));
        let service = Service::new(move || Ok(handler.clone()), Arc::clone(&manager), config);
        let watch = watch(Arc::clone(&gate), Arc::clone(&sessions), Arc::clone(&manager));
        let watch = AbortOnDropHandle::new(tokio::spawn(watch));
        Self { gate, service, manager, sessions, _watch: watch }
    }

    /// Serves one request of a client and leaves its traces: span, metrics, and an audit record where it is
    /// refused. A stream that no request waits for does not count as `running`.
    pub(crate) async fn serve<R: Send>(
        &self,
        (route, request): (&Route, RequestId),
        down: &mut Downstream<'_>,
        running: R,
        shutdown: &ShutdownWatch,
    ) -> Result<(), Left> {
        let mut note = Note::new(request, route);
        let span = note.span(down.header("traceparent"));
        let answered = self.answer(&mut note, route, down, running, shutdown);
        let answered = answered.instrument(span.clone()).await;
        note.end(&self.gate, &span, answered.as_ref().err()).await;
        let told = Told { request, commit: &note.commit };
        match answered {
            Ok(()) if down.gone() => Err(Left),
            Ok(()) => Ok(()),
            Err(refusal) => told.refuse(down, &refusal).await,
        }
    }

    async fn answer<R: Send>(
        &self,
        note: &mut Note,
        route: &Route,
        down: &mut Downstream<'_>,
        running: R,
        shutdown: &ShutdownWatch,
    ) -> Result<(), Refusal> {
        origin::check(&self.gate.mcp, down)?;
        let snapshot = self.gate.snapshots.load();
        let known = caller::authenticate(&self.gate, &snapshot, down, Timestamp::now())?;
        note.enter(&snapshot, &known);
        if route.only().is_some_and(|server| !is_served(&snapshot, server)) {
            let message = "there is no such tool server for this agent";
            return Err(Refusal::new(Code::PolicyDenied, message));
        }
        let wishes = Wishes::of(down, &known)?;
        let owner = Owner::new(&known, route);
        let id = named(down)?.map(str::to_owned);
        let session = match &id {
            Some(id) => Some(self.sessions.of(id, &owner).await?),
            None => None,
        };
        let posted = down.request().method == Method::POST;
        let body = if posted { self.body(down).await? } else { Bytes::new() };
        let session = match session {
            Some(session) => session,
            None => self.other(owner, &wishes, &body)?,
        };
        session.ears.know(&known.caller);
        note.session = Some(session.flow);
        check_flow(&session, &wishes)?;
        if let (true, Some(id)) = (down.request().method == Method::DELETE, &id) {
            self.sessions.end(id).await?;
        }
        let sender = Sender {
            request: note.request,
            caller: known.caller.clone(),
            wishes,
            session: Arc::clone(&session),
        };
        let is_stream = down.request().method == Method::GET;
        let _stream = if is_stream { Some(session.stream()?) } else { None };
        let response = self.service.handle(bridge::request(down, body, sender)).await;
        if id.is_none() {
            self.begun(&response, &session).await?;
        }
        let told = Told { request: note.request, commit: &note.commit };
        let standing = Standing { mcp: self, id: id.as_deref(), owner: &session.owner };
        // A stream that no request waits for would hold up the end of the process.
        let stops =
            async { if posted { std::future::pending().await } else { stopped(shutdown).await } };
        let _running = (!is_stream).then_some(running);
        let _open = is_stream.then(Open::new);
        let _ = bridge::answer(down, response, &told, &standing, stops).await;
        Ok(())
    }

    async fn body(&self, down: &mut Downstream<'_>) -> Result<Bytes, Refusal> {
        let options = &self.gate.options;
        down.body(options.body_bytes_max, options.body_rate_min).await
    }

    /// The session of a request that names none: a new one where it begins one.
    fn other(&self, owner: Owner, wishes: &Wishes, body: &[u8]) -> Result<Arc<Session>, Refusal> {
        if begins(body) {
            Ok(self.sessions.new_one(owner, wishes.session))
        } else {
            self.sessions.without(owner, wishes.session)
        }
    }

    /// Writes a session down that was begun just now. One that cannot be kept is none.
    async fn begun<B>(
        &self,
        response: &Response<B>,
        session: &Arc<Session>,
    ) -> Result<(), Refusal> {
        let id = response.headers().get(SESSION).and_then(|id| id.to_str().ok());
        let Some(id) = id.filter(|_| response.status() == StatusCode::OK) else { return Ok(()) };
        let begun = self.sessions.begin(id, session).await;
        if begun.is_err() {
            let _ = self.manager.close_session(&id.into()).await;
        }
        begun
    }
}

/// Whether an answer may go on that takes long.
struct Standing<'a> {
    mcp: &'a Mcp,
    id: Option<&'a str>,
    owner: &'a Owner,
}

impl Standing<'_> {
    /// Whether its credential is good still.
    fn is_known(&self, down: &Downstream<'_>) -> bool {
        let gate = &self.mcp.gate;
        caller::authenticate(gate, &gate.snapshots.load(), down, Timestamp::now()).is_ok()
    }

    /// How often that must be asked: a session whose stream is open does not rest.
    fn every(&self) -> Duration {
        STANDING_LOOK.min(self.mcp.gate.mcp.session_idle / 4)
    }

    /// Whether its session is not over.
    async fn lasts(&self) -> bool {
        match self.id {
            Some(id) => self.mcp.sessions.uses(id, self.owner).await,
            None => true,
        }
    }
}

/// Counts a stream that no request waits for, as long as it is open.
struct Open;

impl Open {
    fn new() -> Self {
        metrics::MCP_STREAMS.inc();
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::MCP_STREAMS.dec();
    }
}

/// Whether there is something to connect to behind a server's name.
fn is_served(snapshot: &Snapshot, server: &str) -> bool {
    snapshot.tools.server(server).is_some_and(|server| !server.is_functions())
}

/// Whether a message begins a session. What is none is refused by rmcp.
fn begins(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Message {
        method: String,
    }
    serde_json::from_slice(body).is_ok_and(|Message { method }| method == "initialize")
}

/// A session stays in the flow that it was begun in, and a grant's in the grant's.
fn check_flow(session: &Session, wishes: &Wishes) -> Result<(), Refusal> {
    if wishes.session.is_some_and(|flow| flow != session.flow) {
        let message =
            "`x-orchestack-session` names another session than the one that this was begun in";
        return Err(Refusal::invalid(message));
    }
    Ok(())
}

/// The id of the session that a request names.
fn named<'d>(down: &'d Downstream<'_>) -> Result<Option<&'d str>, Refusal> {
    let mut values = down.headers(SESSION);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(id), None) if id.to_str().is_ok() => Ok(id.to_str().ok()),
        _ => Err(Refusal::invalid("`mcp-session-id` is there twice, or is not ASCII")),
    }
}

/// Lets go of sessions that rest, and tells clients of every new snapshot: what they may use may be another.
async fn watch(gate: Arc<Gate>, sessions: Arc<Sessions>, manager: Arc<LocalSessionManager>) {
    let mut look = tokio::time::interval(LOOK);
    let mut before = gate.snapshots.load();
    loop {
        look.tick().await;
        for id in sessions.sweep() {
            let _ = manager.close_session(&id).await;
        }
        let now = gate.snapshots.load();
        if !Arc::ptr_eq(&before, &now) {
            sessions.say_tools_changed();
            before = now;
        }
    }
}
