//! One connection's requests, one after the other: ingress checks, the table of routes, reuse.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use pingora_core::{
    apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream},
    protocols::http::{ServerSession, v2::server::H2Options},
    server::ShutdownWatch,
};
use providers::{Api, Endpoint};
use serde_json::json;
use tokio::sync::Notify;
use types::{Code, RequestId};

use crate::{
    count,
    downstream::Downstream,
    gate::Gate,
    ingress,
    mcp::{Mcp, Route},
    memory, metrics, models,
    refusal::Refusal,
    serve,
};

/// The data plane as Pingora sees it.
pub(crate) struct App {
    gate: Arc<Gate>,
    mcp: Mcp,
    running: AtomicUsize,
    ended: Notify,
}

/// Marks a connection that has carried a request before: waiting on it is not slowness.
struct Reused;

/// Counts a request for as long as it runs.
struct Running<'a>(&'a App);

impl App {
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        let mcp = Mcp::new(Arc::clone(&gate));
        Self { gate, mcp, running: AtomicUsize::new(0), ended: Notify::new() }
    }

    /// Resolves once no request runs.
    pub(crate) async fn until_idle(&self) {
        loop {
            let ended = self.ended.notified();
            if self.running.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }

    fn enter(&self) -> (Running<'_>, usize) {
        let before = self.running.fetch_add(1, Ordering::AcqRel);
        metrics::RUNNING.set(i64::try_from(before + 1).unwrap_or(i64::MAX));
        (Running(self), before)
    }

    /// Answers one request on `down`. Local routes are here; everything that costs money or needs
    /// a caller is in `serve`.
    async fn route(
        &self,
        (method, path): (&Method, &str),
        down: &mut Downstream<'_>,
        (running, shed): (Running<'_>, bool),
        shutdown: &ShutdownWatch,
    ) {
        let request = RequestId::generate();
        let api = api(path, down);
        let answered = match (method, path) {
            (&Method::GET | &Method::HEAD, "/healthz") => plain(down, 200, "ok\n").await,
            (&Method::GET | &Method::HEAD, "/readyz") => match self.gate.ready().await {
                Ok(()) => plain(down, 200, "ready\n").await,
                Err(why) => plain(down, 503, why).await,
            },
            _ if shed => {
                let refusal = Refusal::new(Code::Overloaded, "too many requests are running here")
                    .with_retry_after(1);
                refusal.tell(down, (api, request), "", Vec::new()).await
            }
            (_, path) if let Some(route) = Route::at(path) => {
                Box::pin(self.mcp.serve((&route, request), down, running, shutdown)).await
            }
            (&Method::POST, count::COUNT) => {
                Box::pin(count::count(&self.gate, request, down)).await
            }
            (&Method::GET, models::MODELS) => {
                models::models(&self.gate, (api, request), None, down).await
            }
            (&Method::GET, path) if path.starts_with(models::MODEL) => match models::name(path) {
                Some(name) => models::models(&self.gate, (api, request), Some(&name), down).await,
                None => unknown(down, (api, request), path).await,
            },
            (&Method::GET | &Method::DELETE, path) if path.starts_with(memory::RESPONSE) => {
                let id = path.trim_start_matches(memory::RESPONSE);
                memory::response(&self.gate, request, (method, id), down).await
            }
            (method, path) => match Endpoint::at(path).filter(|_| method == Method::POST) {
                // On the heap, so that a connection that rests does not carry a request's state.
                Some(endpoint) => {
                    Box::pin(serve::serve(&self.gate, (endpoint, request), down)).await
                }
                None => unknown(down, (api, request), path).await,
            },
        };
        // A caller that left is no error of ours; the connection is already marked.
        let _ = answered;
    }
}

#[async_trait]
impl HttpServerApp for App {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let options = &self.gate.options;
        let reused = session.take_connection_user_context().is_some();
        let idle = if reused { options.idle_timeout } else { Duration::ZERO };
        session.set_read_timeout(Some(options.header_timeout));
        session.set_pipelining_enabled(true);
        if !*shutdown.borrow() {
            session.set_keepalive(Some(options.idle_timeout.as_secs()));
        }
        let read = session.read_request();
        let read = tokio::select! {
            read = tokio::time::timeout(options.header_timeout + idle, read) => read,
            () = stopped(shutdown), if reused => return None,
        };
        match read {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) | Err(_) => return None,
            Ok(Err(_)) => {
                let _ = session.respond_error(400).await;
                return None;
            }
        }
        let (running, before) = self.enter();
        session.set_read_timeout(Some(options.read_timeout));
        session.set_write_timeout(Some(options.write_timeout));
        if let Err(refusal) = ingress::check(&session) {
            let path = session.req_header().uri.path().to_owned();
            let mut down = Downstream::new(&mut session);
            let told = (api(&path, &down), RequestId::generate());
            let _ = refusal.tell(&mut down, told, "", Vec::new()).await;
            return None;
        }
        if *shutdown.borrow() {
            session.set_keepalive(None);
        }
        let head = session.req_header();
        let (method, path) = (head.method.clone(), head.uri.path().to_owned());
        let shed = before >= options.concurrent_max;
        let cut = {
            let mut down = Downstream::new(&mut session);
            self.route((&method, &path), &mut down, (running, shed), shutdown).await;
            down.gone() || down.cut()
        };
        if cut {
            // Not finished in order: the client must see that the answer is not whole.
            session.shutdown().await;
            return None;
        }
        if *shutdown.borrow() {
            session.set_keepalive(None);
        }
        let mut settings = HttpPersistentSettings::for_session(&session);
        settings.set_user_context(Box::new(Reused) as Box<dyn Any + Send + Sync>);
        let stream = session.finish().await.ok()??;
        Some(ReusedHttpStream::from_reusable_stream(stream, settings))
    }

    fn h2_options(&self) -> Option<H2Options> {
        let mut options = H2Options::new();
        options
            .max_concurrent_streams(100)
            .max_header_list_size(64 << 10)
            .initial_window_size(256 << 10)
            .initial_connection_window_size(1 << 20)
            .max_concurrent_reset_streams(20);
        Some(options)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let before = self.0.running.fetch_sub(1, Ordering::AcqRel);
        metrics::RUNNING.set(i64::try_from(before.saturating_sub(1)).unwrap_or(i64::MAX));
        if before == 1 {
            self.0.ended.notify_waiters();
        }
    }
}

/// The API whose words a request is answered in: the path's, and Anthropic's where its clients ask for
/// what several APIs have.
fn api(path: &str, down: &Downstream<'_>) -> Api {
    let theirs = path == count::COUNT || down.header("anthropic-version").is_some();
    let asked = Endpoint::at(path).map(Endpoint::api);
    asked.unwrap_or(if theirs { Api::Messages } else { Api::Chat })
}

/// Resolves once the listener stops.
pub(crate) async fn stopped(shutdown: &ShutdownWatch) {
    let mut shutdown = shutdown.clone();
    if shutdown.wait_for(|stopping| *stopping).await.is_err() {
        // The listener is gone, which is the same thing.
    }
}

async fn plain(
    down: &mut Downstream<'_>,
    status: u16,
    text: &'static str,
) -> Result<(), crate::downstream::Left> {
    down.reply(status, "text/plain; charset=utf-8", &[], Bytes::from_static(text.as_bytes())).await
}

/// A path or verb that this gateway does not have. It carries no `code`: the closed set is for
/// requests that could be served.
async fn unknown(
    down: &mut Downstream<'_>,
    (api, request): (Api, RequestId),
    path: &str,
) -> Result<(), crate::downstream::Left> {
    let known = Endpoint::at(path).is_some()
        || [count::COUNT, models::MODELS].contains(&path)
        || path.starts_with(memory::RESPONSE);
    let (status, message) = if known {
        (405, "this path does not take that method".to_owned())
    } else {
        let apis = Endpoint::ALL.map(Endpoint::path).join(", ");
        (404, format!("unknown path; this gateway serves POST {apis} and GET /v1/models"))
    };
    let (request, kind) = (request.to_string(), "invalid_request_error");
    let body = match api {
        Api::Messages => json!({
            "type": "error", "request_id": request,
            "error": { "type": if known { kind } else { "not_found_error" }, "message": message },
        }),
        Api::Chat | Api::Completions | Api::Responses => json!({ "error": {
            "message": message, "type": kind, "param": null, "code": null, "request_id": request,
        }}),
    };
    // The body was not read, and whoever sends one here may send it for long.
    down.close_after();
    down.reply(status, "application/json", &[], Bytes::from(body.to_string())).await
}
