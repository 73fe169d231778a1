//! One request: its whole body in, the same bytes out, the answer's pieces back as they come.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::Method;
use pingora_core::{
    BError,
    apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream},
    connectors::{ConnectorOptions, http::Connector},
    protocols::http::{ServerSession, client::HttpSession},
    server::ShutdownWatch,
    upstreams::peer::HttpPeer,
};
use pingora_http::{RequestHeader, ResponseHeader};

/// Idle connections that are kept to the upstream, as many as the gateway keeps.
const POOL_SIZE: usize = 1024;
/// The longest request body, as the gateway's default.
const BODY_BYTES_MAX: usize = 32 << 20;
/// How long an idle connection is kept, on both sides.
const IDLE: Duration = Duration::from_secs(50);
/// How long the whole exchange with the upstream may take, as the gateway's default.
const TOTAL: Duration = Duration::from_secs(600);

/// Forwards everything to one address.
pub(crate) struct Forward {
    connector: Connector,
    peer: HttpPeer,
    authority: String,
}

impl Forward {
    pub(crate) fn to(upstream: SocketAddr) -> Self {
        Self {
            connector: Connector::new(Some(ConnectorOptions::new(POOL_SIZE))),
            peer: HttpPeer::new(upstream, false, String::new()),
            authority: upstream.to_string(),
        }
    }

    async fn exchange(&self, down: &mut ServerSession) -> Result<(), BError> {
        let body = read_body(down).await?;
        let head = self.head(down, body.len())?;
        let (mut up, _) = self.connector.get_http_session(&self.peer).await?;
        up.write_request_header(Box::new(head)).await?;
        up.write_request_body(body, true).await?;
        up.finish_request_body().await?;
        up.read_response_header().await?;
        relay(&mut up, down).await?;
        self.connector.release_http_session(up, &self.peer, Some(IDLE)).await;
        Ok(())
    }

    /// The caller's path, key and content type; everything else is this connection's own.
    fn head(&self, down: &ServerSession, length: usize) -> Result<RequestHeader, BError> {
        let from = down.req_header();
        let path = from.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut head = RequestHeader::build(Method::POST, path.as_bytes(), Some(4))?;
        head.insert_header("host", self.authority.as_str())?;
        head.insert_header("content-length", length.to_string())?;
        for name in ["content-type", "authorization"] {
            if let Some(value) = from.headers.get(name) {
                head.insert_header(name, value)?;
            }
        }
        Ok(head)
    }
}

#[async_trait]
impl HttpServerApp for Forward {
    async fn process_new_http(
        self: &Arc<Self>,
        mut down: ServerSession,
        _stop: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        down.set_read_timeout(Some(IDLE));
        if !matches!(down.read_request().await, Ok(true)) {
            return None;
        }
        if !matches!(tokio::time::timeout(TOTAL, self.exchange(&mut down)).await, Ok(Ok(()))) {
            // The bench counts it: an answer that breaks off is an error to the load generator.
            down.shutdown().await;
            return None;
        }
        let settings = HttpPersistentSettings::for_session(&down);
        let stream = down.finish().await.ok()??;
        Some(ReusedHttpStream::from_reusable_stream(stream, settings))
    }
}

/// The whole body, as the gateway must have it before it can decide. One read needs no copy.
async fn read_body(down: &mut ServerSession) -> Result<Bytes, BError> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = down.read_request_body().await? {
        if rest.len() + first.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(pingora_core::Error::new_str("the body is too large"));
        }
        if first.is_empty() && rest.is_empty() {
            first = chunk;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&chunk);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// The answer's head and pieces, each as it comes, while an eye is kept on the caller.
async fn relay(up: &mut HttpSession, down: &mut ServerSession) -> Result<(), BError> {
    let from = up.response_header().ok_or_else(|| pingora_core::Error::new_str("no head"))?;
    let mut head = ResponseHeader::build(from.status, Some(4))?;
    for name in ["content-type", "content-length"] {
        if let Some(value) = from.headers.get(name) {
            head.insert_header(name, value)?;
        }
    }
    if !from.headers.contains_key("content-length") {
        head.insert_header("transfer-encoding", "chunked")?;
    }
    down.write_response_header(Box::new(head)).await?;
    loop {
        let piece = tokio::select! {
            biased;
            piece = up.read_response_body() => piece?,
            error = left(down) => return Err(error),
        };
        let Some(piece) = piece else { break };
        down.write_response_body(piece, false).await?;
    }
    down.write_response_body(Bytes::new(), true).await
}

/// Resolves when the caller leaves; never otherwise.
async fn left(down: &mut ServerSession) -> BError {
    loop {
        match down.read_body_or_idle(true).await {
            Ok(Some(_)) => {}
            Ok(None) => std::future::pending::<()>().await,
            Err(error) => return error,
        }
    }
}
