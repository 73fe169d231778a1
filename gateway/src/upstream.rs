//! Connections to providers: names resolved without blocking, one pool, one request and its
//! response head at a time.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Uri, Version, uri::PathAndQuery};
use pingora_core::{
    connectors::{ConnectorOptions, http::Connector},
    protocols::{
        ALPN,
        http::{client::HttpSession, v1::client::HttpSession as Http1Session},
    },
    upstreams::peer::{HttpPeer, Peer as _},
};
use pingora_http::RequestHeader;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    conn::Conn,
    pool::{self, Pool},
};

/// Time limits towards providers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) total: Duration,
}

impl Limits {
    /// These limits with a provider's own in their place.
    pub(crate) fn with(self, own: &router::Timeouts) -> Self {
        Self {
            connect: own.connect.unwrap_or(self.connect),
            first_byte: own.first_byte.unwrap_or(self.first_byte),
            idle: own.idle.unwrap_or(self.idle),
            total: own.total.unwrap_or(self.total),
        }
    }
}

/// How long a resolved name is used before it is looked up again.
const NAME_TTL: Duration = Duration::from_secs(30);
/// Names remembered.
const NAMES_MAX: u64 = 1024;

/// Why an upstream gave no response head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The base URL of the provider cannot be used.
    #[error("the provider's base URL is not usable: {0}")]
    BadAddress(String),
    /// No connection: nothing was sent.
    #[error("could not connect")]
    Connect,
    /// A pooled connection turned out dead before one byte of a response came.
    #[error("a pooled connection had been closed")]
    Stale,
    /// The connection broke after the request was sent.
    #[error("the connection broke before an answer")]
    Broken,
    /// No head within the time limit.
    #[error("no answer within the time limit")]
    Timeout,
}

/// A provider's address, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    tls: bool,
    host: String,
    port: u16,
    authority: String,
    prefix: String,
}

impl Endpoint {
    /// Reads `http(s)://host[:port][/prefix]`.
    pub(crate) fn parse(base_url: &str) -> Result<Self, Failure> {
        let bad = || Failure::BadAddress(base_url.to_owned());
        let uri: Uri = base_url.parse().map_err(|_| bad())?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad()),
        };
        let host = uri.host().ok_or_else(bad)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let authority = uri.authority().ok_or_else(bad)?.as_str().to_owned();
        let prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { tls, host: bare, port, authority, prefix })
    }

    /// Separates pooled connections: authority and TLS of the address are in the key, because
    /// certificates and protocol are not in Pingora's own.
    fn group_key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.authority, self.tls).hash(&mut hasher);
        hasher.finish()
    }
}

/// All connections to all providers. One per gateway.
pub(crate) struct Upstreams {
    connector: Connector,
    /// Idle connections of HTTP/1; those of HTTP/2 are the connector's.
    pool: Arc<Pool>,
    _sweep: AbortOnDropHandle<()>,
    peers: moka::sync::Cache<(String, u16, bool), Arc<Known>>,
    limits: Limits,
}

/// An address that was looked up, and the key of its connections.
struct Known {
    peer: HttpPeer,
    key: u64,
}

/// A response whose head has come. The session is on the heap: it is handed on from step to step.
pub(crate) struct Response {
    session: Box<HttpSession>,
    to: Arc<Known>,
    pub(crate) status: u16,
    /// The provider's `retry-after` in seconds.
    pub(crate) retry_after: Option<u64>,
    /// From the start of sending to the head.
    pub(crate) first_byte: Duration,
    started: Instant,
}

/// A connection on which nothing has been sent yet.
pub(crate) struct Connection {
    session: Box<HttpSession>,
    to: Arc<Known>,
    reused: bool,
}

impl Upstreams {
    pub(crate) fn new(limits: Limits) -> Self {
        let peers =
            moka::sync::Cache::builder().max_capacity(NAMES_MAX).time_to_live(NAME_TTL).build();
        let connector = Connector::new(Some(ConnectorOptions::new(pool::SIZE_MAX)));
        let pool = Arc::new(Pool::default());
        let sweep = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&pool).sweep()));
        Self { connector, pool, _sweep: sweep, peers, limits }
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    /// A connection to `endpoint`, pooled or new.
    pub(crate) async fn connect(
        &self,
        endpoint: &Endpoint,
        limit: Duration,
    ) -> Result<Connection, Failure> {
        let to = self.known(endpoint).await?;
        if let Some(stream) = self.pool.take(to.key) {
            let session = HttpSession::H1(Http1Session::new_with_options(stream, &to.peer));
            return Ok(Connection { session: Box::new(session), to, reused: true });
        }
        // On the heap, because it carries a whole TLS handshake.
        let connecting = Box::pin(self.connector.get_http_session(&to.peer));
        match timeout(limit, connecting).await {
            Ok(Ok((session, reused))) => {
                let session = if reused { session } else { joined(session, &to.peer) };
                Ok(Connection { session: Box::new(session), to, reused })
            }
            Ok(Err(_)) | Err(_) => {
                // The address may have moved: look it up again next time.
                self.peers.invalidate(&endpoint.key());
                Err(Failure::Connect)
            }
        }
    }

    /// Gives a fully read connection back to the pool.
    pub(crate) async fn release(&self, response: Response) {
        let Response { session, to, .. } = response;
        match *session {
            HttpSession::H1(mut session) => {
                session.respect_keepalive();
                if let Some(stream) = session.reuse().await {
                    self.pool.put(to.key, stream);
                }
            }
            session => {
                let idle = Some(pool::IDLE_MAX);
                Box::pin(self.connector.release_http_session(session, &to.peer, idle)).await;
            }
        }
    }

    async fn known(&self, endpoint: &Endpoint) -> Result<Arc<Known>, Failure> {
        if let Some(known) = self.peers.get(&endpoint.key()) {
            return Ok(known);
        }
        // Not `HttpPeer::new` with a name: that resolves on this thread and panics on failure.
        let lookup = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port));
        let address: SocketAddr = timeout(self.limits.connect, lookup)
            .await
            .ok()
            .and_then(Result::ok)
            .and_then(|mut found| found.next())
            .ok_or(Failure::Connect)?;
        let mut peer = HttpPeer::new(address, endpoint.tls, endpoint.host.clone());
        peer.group_key = endpoint.group_key();
        peer.options.connection_timeout = Some(self.limits.connect);
        peer.options.total_connection_timeout = Some(self.limits.connect);
        peer.options.alpn = if endpoint.tls { ALPN::H2H1 } else { ALPN::H1 };
        let known = Arc::new(Known { key: peer.reuse_hash(), peer });
        self.peers.insert(endpoint.key(), Arc::clone(&known));
        Ok(known)
    }
}

impl Connection {
    /// Sends a POST and reads the response's head, which must come within `limit`.
    pub(crate) async fn post(
        self,
        endpoint: &Endpoint,
        full_path: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
        limit: Duration,
    ) -> Result<Response, Failure> {
        let Self { mut session, to, reused } = self;
        let started = Instant::now();
        let h2 = matches!(*session, HttpSession::H2(_));
        let head = request_head(endpoint, full_path, headers, body.len(), h2)?;
        let exchange = async {
            if let Some(conn) = conn(&session) {
                conn.hold();
            }
            session.write_request_header(Box::new(head)).await?;
            if let Some(conn) = conn(&session) {
                conn.release();
            }
            session.write_request_body(body, true).await?;
            session.finish_request_body().await?;
            loop {
                session.read_response_header().await?;
                match session.response_header().map(|head| head.status.as_u16()) {
                    Some(100..=199) => {}
                    _ => return Ok::<(), pingora_core::BError>(()),
                }
            }
        };
        match timeout_at(started + limit, exchange).await {
            Err(_) => {
                session.shutdown().await;
                return Err(Failure::Timeout);
            }
            Ok(Err(_)) => {
                let none_came = session.response_header().is_none();
                session.shutdown().await;
                return Err(if reused && none_came { Failure::Stale } else { Failure::Broken });
            }
            Ok(Ok(())) => {}
        }
        let head = session.response_header().ok_or(Failure::Broken)?;
        let status = head.status.as_u16();
        let retry_after = head
            .headers
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        let first_byte = started.elapsed();
        Ok(Response { session, to, status, retry_after, first_byte, started })
    }
}

impl Endpoint {
    /// The host, with a port where the address has one: the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// A path of an operation behind the path that the address has.
    pub(crate) fn full_path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    fn key(&self) -> (String, u16, bool) {
        (self.host.clone(), self.port, self.tls)
    }
}

impl Response {
    /// When the whole exchange must have ended.
    pub(crate) fn deadline(&self, limits: Limits) -> Instant {
        self.started + limits.total
    }

    /// When its sending began.
    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    /// From the start of sending until now.
    pub(crate) fn took(&self) -> Duration {
        self.started.elapsed()
    }

    /// The next piece of the body; `None` at its end. Safe to drop and ask again.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.session.read_response_body().await.map_err(|_| Failure::Broken)
    }

    /// Stops the provider: closes an HTTP/1 connection, resets an HTTP/2 stream.
    pub(crate) async fn stop(mut self) {
        self.session.shutdown().await;
    }
}

/// A new session on a connection that can write head and body in one. The pool keeps it so.
fn joined(session: HttpSession, peer: &HttpPeer) -> HttpSession {
    match session {
        HttpSession::H1(h1) => {
            let stream = Box::new(Conn::to_provider(h1.into_inner()));
            HttpSession::H1(Http1Session::new_with_options(stream, peer))
        }
        // It gathers its frames itself.
        other => other,
    }
}

/// The connection of an HTTP/1 session.
fn conn(session: &HttpSession) -> Option<&Conn> {
    match session {
        HttpSession::H1(h1) => Conn::within(h1.stream()),
        _ => None,
    }
}

fn request_head(
    endpoint: &Endpoint,
    full: &str,
    headers: &[(&'static str, String)],
    length: usize,
    h2: bool,
) -> Result<RequestHeader, Failure> {
    let bad = || Failure::BadAddress(endpoint.authority.clone());
    let mut head = RequestHeader::build(Method::POST, full.as_bytes(), Some(headers.len() + 4))
        .map_err(|_| bad())?;
    if h2 {
        head.set_version(Version::HTTP_2);
        let uri = Uri::builder()
            .scheme(if endpoint.tls { "https" } else { "http" })
            .authority(endpoint.authority.as_str())
            .path_and_query(full.parse::<PathAndQuery>().map_err(|_| bad())?)
            .build()
            .map_err(|_| bad())?;
        head.set_uri(uri);
    } else {
        head.insert_header("host", endpoint.authority.as_str()).map_err(|_| bad())?;
    }
    head.insert_header("content-type", "application/json").map_err(|_| bad())?;
    head.insert_header("content-length", length.to_string()).map_err(|_| bad())?;
    // Compressed answers would have to be opened before they can be metered and inspected.
    head.insert_header("accept-encoding", "identity").map_err(|_| bad())?;
    for (name, value) in headers {
        head.insert_header(*name, value.as_str()).map_err(|_| bad())?;
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, host: &str, port: u16, prefix: &str) {
        let endpoint = Endpoint::parse(url).unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), (host, port));
        assert_eq!(endpoint.prefix, prefix);
    }

    #[test]
    fn addresses_are_taken_apart() {
        check("https://api.openai.com/v1", "api.openai.com", 443, "/v1");
        check("http://127.0.0.1:11434/v1/", "127.0.0.1", 11434, "/v1");
        check("http://[::1]:8000", "::1", 8000, "");
    }

    #[test]
    fn an_address_without_scheme_or_host_is_refused() {
        for url in ["api.openai.com/v1", "ftp://host/", "https://", ""] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
    }
}
