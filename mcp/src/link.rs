//! One live connection: from the handshake until it breaks.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleClient,
    model::{ErrorCode, ProtocolVersion, ServerCapabilities, SubscriptionFilter},
    service::{
        ClientInitializeError, ClientLifecycleMode, ClientServiceExt, Peer, RunningService,
        ServiceError,
    },
    transport::{DynamicTransportError, Transport, streamable_http_client::StreamableHttpError},
};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::{
    Error, Events, Refused, Spec, child,
    handler::Handler,
    http::{self, Http},
    watch::{Watch, Watched},
};

/// What a server says that it is. Nothing of it is trusted: it is shown and recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// The version of the protocol that both speak.
    pub protocol: String,
    /// The name that it gives itself.
    pub name: Option<String>,
    /// The version that it gives itself.
    pub version: Option<String>,
    /// What it says that a model should know of it.
    pub instructions: Option<String>,
    /// What it can do.
    pub capabilities: ServerCapabilities,
}

/// How a server is reached, checked once.
pub(crate) enum Dial {
    Http { http: Http, url: Url },
    Stdio(child::Recipe),
}

/// One live connection.
pub(crate) struct Link {
    pub(crate) peer: Peer<RoleClient>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) server: Server,
    pub(crate) since: Instant,
    service: RunningService<RoleClient, Handler>,
    _listener: Option<AbortOnDropHandle<()>>,
}

impl Link {
    /// Connects and shakes hands, within the time of one request.
    pub(crate) async fn open(
        spec: &Spec,
        dial: &Dial,
        events: Arc<dyn Events>,
    ) -> Result<Self, Error> {
        let after = spec.limits.timeout;
        let late = |_| Error::Timeout { server: spec.name.clone(), after };
        timeout(after, Self::shake(spec, dial, events)).await.map_err(late)?
    }

    /// Today's servers are asked in the way that all of them know, and one that does not know it
    /// any more in the way of 2026-07-28.
    async fn shake(spec: &Spec, dial: &Dial, events: Arc<dyn Events>) -> Result<Self, Error> {
        let first = Self::greet(spec, dial, &events, ClientLifecycleMode::Initialize).await;
        match first {
            Err(Error::Refused { refused, .. }) if is_too_old_for(&refused) => {
                let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
                let later = ClientLifecycleMode::Discover { preferred_versions };
                Self::greet(spec, dial, &events, later).await
            }
            other => other,
        }
    }

    async fn greet(
        spec: &Spec,
        dial: &Dial,
        events: &Arc<dyn Events>,
        lifecycle: ClientLifecycleMode,
    ) -> Result<Self, Error> {
        let watch = Watch::new(&spec.name, events.clone());
        match dial {
            Dial::Http { http, url } => {
                let http = http.clone().watched(watch.clone());
                let transport = http.clone().transport(url, &spec.limits);
                let modern = lifecycle != ClientLifecycleMode::Initialize;
                let link = Self::serve(spec, transport, watch, lifecycle).await?;
                if !modern {
                    http.settle().await;
                }
                Ok(link)
            }
            Dial::Stdio(recipe) => {
                let transport = recipe.start(&spec.name, &spec.limits)?;
                Self::serve(spec, transport, watch, lifecycle).await
            }
        }
    }

    async fn serve<T: Transport<RoleClient> + 'static>(
        spec: &Spec,
        transport: T,
        watch: Arc<Watch>,
        lifecycle: ClientLifecycleMode,
    ) -> Result<Self, Error> {
        let handler = Handler { asks: spec.asks };
        let transport = Watched { inner: transport, watch: watch.clone() };
        let service = handler.serve_with_lifecycle(transport, lifecycle).await;
        let service = service.map_err(|error| failed_to_open(&spec.name, error))?;
        let peer = service.peer().clone();
        let said = peer.peer_info().ok_or_else(|| Error::Closed { server: spec.name.clone() })?;
        let us = said.server_info.as_ref();
        let server = Server {
            protocol: said.protocol_version.as_str().to_owned(),
            name: us.map(|info| info.name.clone()),
            version: us.map(|info| info.version.clone()),
            instructions: said.instructions.clone(),
            capabilities: said.capabilities.clone(),
        };
        let modern = !said.protocol_version.has_initialize();
        let listener = modern.then(|| AbortOnDropHandle::new(tokio::spawn(listen(peer.clone()))));
        Ok(Self { peer, watch, server, since: Instant::now(), service, _listener: listener })
    }

    /// Whether it still stands, as far as we know.
    pub(crate) fn is_up(&self) -> bool {
        !self.watch.ended.is_cancelled()
            && !self.service.is_closed()
            && !self.peer.is_transport_closed()
    }

    /// Ends it: the session is deleted, the process has ended or is killed.
    pub(crate) fn close(&self) {
        self.service.cancellation_token().cancel();
    }
}

/// From 2026-07-28 a server says what changed only to whoever listens. [`Watch`] has heard each
/// word before this does, so it only keeps the stream.
async fn listen(peer: Peer<RoleClient>) {
    let mut all = SubscriptionFilter::default();
    all.tools_list_changed = Some(true);
    all.prompts_list_changed = Some(true);
    all.resources_list_changed = Some(true);
    if let Ok(mut stream) = peer.listen(all).await {
        while let Ok(Some(_)) = stream.next().await {}
    }
}

/// Whether a refusal of the handshake may come from a server that has none.
fn is_too_old_for(refused: &Refused) -> bool {
    let codes = [ErrorCode::UNSUPPORTED_PROTOCOL_VERSION, ErrorCode::METHOD_NOT_FOUND];
    codes.iter().any(|code| code.0 == refused.code)
}

fn failed_to_open(server: &str, error: ClientInitializeError) -> Error {
    let server = server.to_owned();
    let unreachable = |server, status: Option<u16>| {
        let ended = "it ended before it was ready".to_owned();
        Error::Unreachable {
            server,
            why: status.map_or(ended, |status| format!("status {status}")),
        }
    };
    match error {
        ClientInitializeError::TransportError { error, .. } => match broken(server, &error) {
            // Nothing but a greeting was sent, so nothing can have been done.
            Error::Closed { server } => unreachable(server, status(&error)),
            other => other,
        },
        ClientInitializeError::JsonRpcError(error) => refused(server, error),
        ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::Cancelled => {
            unreachable(server, None)
        }
        _ => Error::Protocol { server, why: "its answer to the handshake is none" },
    }
}

/// What the SDK says in the server's place of a request that a session before this one had. Whether the server did what
/// was asked, nobody knows.
const SESSION_GONE: &str = "streamable HTTP session was re-initialized before the response arrived";

/// What a failed request means.
pub(crate) fn failed(server: &str, error: ServiceError) -> Error {
    let server = server.to_owned();
    match error {
        ServiceError::McpError(error) if error.message == SESSION_GONE => Error::Closed { server },
        ServiceError::McpError(error) => refused(server, error),
        ServiceError::TransportSend(error) => broken(server, &error),
        ServiceError::UnexpectedResponse => {
            Error::Protocol { server, why: "its answer is to another question" }
        }
        _ => Error::Closed { server },
    }
}

pub(crate) fn refused(server: String, error: ErrorData) -> Error {
    let (code, message, data) = (error.code.0, error.message.into_owned(), error.data);
    Error::Refused { server, refused: Box::new(Refused { code, message, data }) }
}

type Failure = StreamableHttpError<reqwest::Error>;

/// The status of a refusal that says no more.
fn status(error: &DynamicTransportError) -> Option<u16> {
    match error.error.downcast_ref::<Failure>()? {
        Failure::HttpStatus(said) => Some(said.status),
        _ => None,
    }
}

fn broken(server: String, error: &DynamicTransportError) -> Error {
    let Some(failure) = error.error.downcast_ref::<Failure>() else {
        return Error::Closed { server };
    };
    match failure {
        Failure::Client(error) => http::failed(&server, error),
        // What else a proxy may say for a server, it may say after the server has begun.
        Failure::HttpStatus(said) if matches!(said.status, 429 | 503) => {
            Error::Unreachable { server, why: format!("status {}", said.status) }
        }
        Failure::AuthRequired(_) | Failure::InsufficientScope(_) => Error::Unauthorized { server },
        Failure::ResponseBodyTooLarge { max_size } => {
            Error::TooLarge { server, bytes_max: *max_size }
        }
        Failure::UnexpectedServerResponse(_) | Failure::UnexpectedContentType(_) => {
            Error::Protocol { server, why: "its answer is no message of the protocol" }
        }
        _ => Error::Closed { server },
    }
}
