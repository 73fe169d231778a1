//! Streamable HTTP with a client of our own: it follows no redirect, asks no proxy, keeps no
//! cookie, connects to checked addresses only, and sends the server's credential to nobody else.

use std::{
    collections::HashMap,
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _};
use http::{HeaderName, HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage},
    transport::{
        StreamableHttpClientTransport,
        common::client_side_sse::{BoxedSseResponse, ExponentialBackoff},
        streamable_http_client::{
            AuthRequiredError, StreamableHttpClient, StreamableHttpClientTransportConfig,
            StreamableHttpError, StreamableHttpPostResponse, StreamableHttpResponseLimits,
        },
    },
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use crate::{
    Error, Limits,
    address::{Lookup, NotPublic, Reach, Resolver},
    oauth::Tokens,
    watch::Watch,
};

/// How long a connection may take to stand.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Between the openings of two streams: a server that closes each at once is not asked faster.
const STREAM_PACE: Duration = Duration::from_millis(100);
/// How long a server may take to open the stream of its own.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(2);
/// What is read of a page that says what went wrong. Nobody reads it.
const ERROR_BYTES_MAX: usize = 4 << 10;
/// How often a broken stream is opened anew before it is given up.
const STREAM_RETRIES_MAX: usize = 8;

/// The client of one server.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    tokens: Arc<Tokens>,
    streams: Arc<Mutex<Option<Instant>>>,
    greeted: Arc<AtomicBool>,
    /// The server's own stream has been asked for and answered, or there is none.
    settled: CancellationToken,
    watch: Option<Arc<Watch>>,
    /// See [`Limits::resumes`].
    resumes: bool,
}

type Failure = StreamableHttpError<reqwest::Error>;

impl Http {
    pub(crate) fn new(client: reqwest::Client, tokens: Arc<Tokens>) -> Self {
        let (streams, greeted, settled) = Default::default();
        Self { client, tokens, streams, greeted, settled, watch: None, resumes: true }
    }

    /// The same client for one connection, whose `watch` hears when the server begins a new session
    /// in it.
    pub(crate) fn watched(mut self, watch: Arc<Watch>) -> Self {
        (self.greeted, self.settled) = Default::default();
        self.watch = Some(watch);
        self
    }

    /// The transport to `url` over this client.
    pub(crate) fn transport(
        mut self,
        url: &Url,
        limits: &Limits,
    ) -> StreamableHttpClientTransport<Self> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
            .max_concurrent_requests(limits.concurrent_max);
        config.max_sse_event_size = limits.message_bytes_max();
        config.max_json_response_size = limits.message_bytes_max();
        config.max_error_response_size = ERROR_BYTES_MAX;
        let mut again = ExponentialBackoff::default();
        again.max_times = Some(STREAM_RETRIES_MAX);
        again.max_delay = Some(Duration::from_secs(30));
        config.retry_config = Arc::new(again);
        self.resumes = limits.resumes;
        StreamableHttpClientTransport::with_client(self, config)
    }

    /// Waits until the server has somewhere to say and ask things of its own: what it says before that,
    /// many servers lose.
    pub(crate) async fn settle(&self) {
        let _ = timeout(SETTLE_TIME_MAX, self.settled.cancelled()).await;
    }

    /// Waits for this stream's turn.
    async fn pace(&self) {
        let turn = {
            let mut next = self.streams.lock().await;
            let turn = next.map_or_else(Instant::now, |at| at.max(Instant::now()));
            *next = Some(turn + STREAM_PACE);
            turn
        };
        sleep_until(turn).await;
    }

    /// A new token, if the server did not take the one that was `used`.
    async fn renewed(&self, used: Option<&str>, challenge: Option<String>) -> Option<String> {
        self.tokens.renew(used, &challenge?).await
    }
}

impl StreamableHttpClient for Http {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(
            uri,
            message,
            session_id,
            auth_header,
            custom_headers,
            limits,
        )
        .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let greets = is_greeting(&message);
        if greets
            && self.greeted.swap(true, Ordering::AcqRel)
            && let Some(watch) = &self.watch
        {
            watch.renewed();
        }
        let post = |token| {
            let (uri, message, session) = (uri.clone(), message.clone(), session_id.clone());
            let headers = custom_headers.clone();
            let client = &self.client;
            client.post_message_with_response_limits(uri, message, session, token, headers, limits)
        };
        let token = self.tokens.bearer().await;
        let answer = challenged(post(token.clone()).await);
        let answer = match self.renewed(token.as_deref(), challenge(&answer)).await {
            Some(new) => challenged(post(Some(new)).await),
            None => answer,
        };
        if greets && !has_session(&answer) {
            self.settled.cancel();
        }
        match answer {
            Ok(StreamableHttpPostResponse::Sse(events, session)) if !self.resumes => {
                Ok(StreamableHttpPostResponse::Sse(without_ids(events), session))
            }
            other => other,
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failure> {
        let token = self.tokens.bearer().await;
        self.client.delete_session(uri, session_id, token, custom_headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxedSseResponse, Failure> {
        let bytes_max = StreamableHttpResponseLimits::default().max_sse_event_size;
        self.get_stream_with_max_sse_event_size(
            uri,
            session_id,
            last_event_id,
            auth_header,
            custom_headers,
            bytes_max,
        )
        .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
        bytes_max: usize,
    ) -> Result<BoxedSseResponse, Failure> {
        self.pace().await;
        let get = |token| {
            let (uri, session, last) = (uri.clone(), session_id.clone(), last_event_id.clone());
            let (headers, client) = (custom_headers.clone(), &self.client);
            client.get_stream_with_max_sse_event_size(uri, session, last, token, headers, bytes_max)
        };
        let token = self.tokens.bearer().await;
        let answer = challenged(get(token.clone()).await);
        let answer = match self.renewed(token.as_deref(), challenge(&answer)).await {
            Some(new) => challenged(get(Some(new)).await),
            None => answer,
        };
        self.settled.cancel();
        answer
    }
}

/// A stream that nobody can take up again: where it breaks, the answer that it would have brought is lost.
fn without_ids(events: BoxedSseResponse) -> BoxedSseResponse {
    events
        .map_ok(|mut event| {
            event.id = None;
            event
        })
        .boxed()
}

/// An answer whose status is 401 is a challenge, also where the server does not say what it wants (RFC 9110, 11.6.1
/// says that it must).
fn challenged<T>(answer: Result<T, Failure>) -> Result<T, Failure> {
    // The SDK has the status of such a refusal in its text only.
    const REFUSED: &str = "HTTP 401 ";
    let unsaid = match &answer {
        Err(StreamableHttpError::UnexpectedServerResponse(text)) => text.starts_with(REFUSED),
        Err(StreamableHttpError::Client(error)) => error.status() == Some(StatusCode::UNAUTHORIZED),
        _ => false,
    };
    match unsaid {
        true => Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(String::new()))),
        false => answer,
    }
}

/// What a server says when it does not take a credential.
fn challenge<T>(answer: &Result<T, Failure>) -> Option<String> {
    match answer {
        Err(StreamableHttpError::AuthRequired(refused)) => {
            Some(refused.www_authenticate_header.clone())
        }
        _ => None,
    }
}

/// Whether an answer begins a session, for which the server has a stream of its own.
fn has_session(answer: &Result<StreamableHttpPostResponse, Failure>) -> bool {
    use StreamableHttpPostResponse::{Json, Sse};
    matches!(answer, Ok(Json(_, Some(_)) | Sse(_, Some(_))))
}

/// Whether a message begins a session.
fn is_greeting(message: &ClientJsonRpcMessage) -> bool {
    let JsonRpcMessage::Request(request) = message else { return false };
    matches!(request.request, ClientRequest::InitializeRequest(_))
}

/// A client that connects to what is in reach and to nothing else. One that is `plain` speaks no TLS: it does not
/// read all that the system trusts, which takes longer than most calls do.
pub(crate) fn client(
    reach: Reach,
    lookup: Lookup,
    plain: bool,
) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder();
    let builder = if plain { builder.tls_certs_only([]) } else { builder };
    builder
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .https_only(reach == Reach::Public)
        .connect_timeout(CONNECT_TIME_MAX)
        .dns_resolver(Arc::new(Resolver { reach, lookup }))
        .build()
}

/// Reads a server's address. A host that is an address itself is looked up by nobody, so it is
/// checked here.
pub(crate) fn address(server: &str, url: &str, reach: Reach) -> Result<Url, Error> {
    let unusable = |why: &str| Error::Unusable { server: server.to_owned(), why: why.to_owned() };
    let url = Url::parse(url).map_err(|_| unusable("its `url` cannot be read"))?;
    match (url.scheme(), reach) {
        ("https", _) | ("http", Reach::Private) => {}
        ("http", Reach::Public) => {
            return Err(unusable("`http://` is for private addresses: use `https://`"));
        }
        _ => return Err(unusable("its `url` must begin with `https://`")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unusable("its `url` has a password in it: use `credential`"));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(v4)) => Some(v4.into()),
        Some(Host::Ipv6(v6)) => Some(v6.into()),
        Some(Host::Domain(_)) => None,
        None => return Err(unusable("its `url` names no host")),
    };
    if literal.is_some_and(|ip| !reach.allows(ip)) {
        return Err(Error::Private { server: server.to_owned() });
    }
    Ok(url)
}

/// What a failed exchange means. Nothing of its text is kept: libraries put what they read into it.
pub(crate) fn failed(server: &str, error: &reqwest::Error) -> Error {
    let server = server.to_owned();
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<NotPublic>() {
            return Error::Private { server };
        }
        source = inner.source();
    }
    match error {
        e if e.is_timeout() => {
            Error::Unreachable { server, why: "no connection in time".to_owned() }
        }
        e if e.is_connect() => Error::Unreachable { server, why: "no connection".to_owned() },
        _ => Error::Closed { server },
    }
}
