//! The caller's side of one request: what was asked, and the one place that answers.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use pingora_core::protocols::http::ServerSession;
use pingora_http::{RequestHeader, ResponseHeader};
use ring::digest::{Context, SHA256};
use snapshot::keys::to_hex;
use types::Code;

use crate::{conn::Conn, ingress, refusal::Refusal};

/// Why the caller can no longer be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller left")]
pub(crate) struct Left;

/// The caller's connection for the length of one request.
pub(crate) struct Downstream<'s> {
    session: &'s mut ServerSession,
    /// Whether the answer's head is out; from then on a failure can only be an error event.
    started: bool,
    gone: bool,
    cut: bool,
    /// Whether the client holds its body back until it hears `100 Continue`.
    waits: bool,
    /// Of the bodies' bytes that were sent.
    sent: Context,
}

impl<'s> Downstream<'s> {
    pub(crate) fn new(session: &'s mut ServerSession) -> Self {
        let waits = ingress::expects_continue(session.req_header());
        let sent = Context::new(&SHA256);
        Self { session, started: false, gone: false, cut: false, waits, sent }
    }

    /// The head of the request.
    pub(crate) fn request(&self) -> &RequestHeader {
        self.session.req_header()
    }

    /// All values of a request header, in order.
    pub(crate) fn headers(&self, name: &'static str) -> impl Iterator<Item = &HeaderValue> {
        self.session.req_header().headers.get_all(name).iter()
    }

    /// A request header as text, the first one where there are several; `None` for one that is not
    /// ASCII.
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.session.get_header(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the answer's head is out.
    pub(crate) const fn started(&self) -> bool {
        self.started
    }

    /// Whether the caller is known to have left.
    pub(crate) const fn gone(&self) -> bool {
        self.gone
    }

    /// Whether the answer was ended before it was whole.
    pub(crate) const fn cut(&self) -> bool {
        self.cut
    }

    /// Says that the answer is not whole, so that the connection must not look as if it were.
    pub(crate) fn mark_cut(&mut self) {
        self.cut = true;
        self.session.set_keepalive(None);
    }

    /// Reads the body to its end, at most `max` bytes, at no less than `rate_min` bytes a second
    /// after a grace of ten seconds.
    pub(crate) async fn body(&mut self, max: usize, rate_min: u64) -> Result<Bytes, Refusal> {
        let declared = match self.header("content-length").map(str::parse::<usize>) {
            Some(Ok(length)) if length > max => return Err(self.too_large(max).await),
            Some(Ok(length)) => length,
            Some(Err(_)) => return Err(Refusal::invalid("the content-length is not a number")),
            None => 0,
        };
        if std::mem::take(&mut self.waits) && self.session.write_continue_response().await.is_err()
        {
            self.gone = true;
            return Err(Refusal::invalid("the connection ended before its body"));
        }
        let budget = 10 + (max as u64).checked_div(rate_min).unwrap_or(0);
        let started = tokio::time::Instant::now();
        // One read is the common case and needs no copy.
        let mut first: Option<Bytes> = None;
        let mut rest = BytesMut::new();
        loop {
            let received = rest.len().max(first.as_ref().map_or(0, Bytes::len)) as u64;
            let allowed = 10 + received.checked_div(rate_min).unwrap_or(budget).min(budget);
            let deadline = started + Duration::from_secs(allowed);
            let read = tokio::time::timeout_at(deadline, self.session.read_request_body()).await;
            let chunk = match read {
                Err(_) => return Err(Refusal::slow_body()),
                Ok(Err(_)) => {
                    self.gone = true;
                    return Err(Refusal::invalid("the body ended before its announced length"));
                }
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => chunk,
            };
            if rest.len() + first.as_ref().map_or(0, Bytes::len) + chunk.len() > max {
                return Err(self.too_large(max).await);
            }
            match first.take() {
                None if rest.is_empty() => first = Some(chunk),
                None => rest.extend_from_slice(&chunk),
                Some(start) => {
                    rest.reserve(declared.max(start.len() + chunk.len()));
                    rest.extend_from_slice(&start);
                    rest.extend_from_slice(&chunk);
                }
            }
        }
        ingress::check_chunks(self.session)?;
        Ok(first.unwrap_or_else(|| rest.freeze()))
    }

    /// Reads on for a bounded while, so that a client that still writes sees the 413 and not a
    /// broken pipe.
    async fn too_large(&mut self, max: usize) -> Refusal {
        const DRAIN_BYTES: usize = 64 << 20;
        const DRAIN_TIME: Duration = Duration::from_secs(5);
        // A client that announced a body and sends none is not waited for.
        const PAUSE_MAX: Duration = Duration::from_millis(500);
        let waits = self.waits;
        let drain = async {
            let mut drained = 0;
            // A client that waits for `100 Continue` has sent nothing yet, and now need not.
            while !waits && drained < DRAIN_BYTES {
                let read = self.session.read_request_body();
                match tokio::time::timeout(PAUSE_MAX, read).await {
                    Ok(Ok(Some(chunk))) => drained += chunk.len(),
                    Ok(Ok(None) | Err(_)) | Err(_) => break,
                }
            }
        };
        let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
        self.session.set_keepalive(None);
        Refusal::new(
            Code::BodyTooLarge,
            format!(
                "the body is larger than the limit of {max} bytes; send less, or raise `gateway.max_body_bytes`"
            ),
        )
    }

    /// Answers at once with a whole body.
    pub(crate) async fn reply(
        &mut self,
        status: u16,
        content_type: &'static str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<(), Left> {
        let mut head = self.head(status, content_type, headers)?;
        head.insert_header("content-length", body.len().to_string()).map_err(|_| Left)?;
        self.started = true;
        if self.waits {
            // It may send its body now or not at all: what follows on this connection is unclear.
            self.session.set_keepalive(None);
        }
        let bodiless = self.session.req_header().method == http::Method::HEAD;
        let body = if bodiless { Bytes::new() } else { body };
        self.sent.update(&body);
        let sent = async {
            self.hold();
            self.session.write_response_header(Box::new(head)).await?;
            self.release();
            self.session.write_response_body(body, true).await
        };
        sent.await.map_err(|_| self.left())
    }

    /// Sends the head of a stream of server-sent events; with the first of them, where that follows
    /// at once.
    pub(crate) async fn start_events(
        &mut self,
        headers: &[(&'static str, String)],
        at_once: bool,
    ) -> Result<(), Left> {
        let mut head = self.head(200, "text/event-stream; charset=utf-8", headers)?;
        let _ = head.insert_header("cache-control", "no-cache");
        // Proxies in front of us must not hold events back.
        let _ = head.insert_header("x-accel-buffering", "no");
        if !self.session.is_http2() {
            // Pingora does not choose a framing for an unknown length on HTTP/1.
            let _ = head.insert_header("transfer-encoding", "chunked");
        }
        self.started = true;
        if at_once {
            self.hold();
        }
        let sent = self.session.write_response_header(Box::new(head)).await;
        self.release();
        sent.map_err(|_| self.left())
    }

    /// Sends a piece of a stream.
    pub(crate) async fn send(&mut self, piece: Bytes) -> Result<(), Left> {
        if self.gone {
            return Err(Left);
        }
        self.sent.update(&piece);
        let sent = self.session.write_response_body(piece, false).await;
        sent.map_err(|_| self.left())
    }

    /// SHA-256 of what was sent as the answer's body, in hexadecimal; `None` before an answer began.
    /// A caller that left may have got less of it.
    pub(crate) fn sent_sha256(&self) -> Option<String> {
        self.started.then(|| to_hex(self.sent.clone().finish().as_ref()))
    }

    /// Ends a stream in order, with its last piece. A stream that is not ended so is seen as cut by
    /// the client.
    pub(crate) async fn end_events(&mut self, piece: Bytes) -> Result<(), Left> {
        if self.gone {
            return Err(Left);
        }
        self.sent.update(&piece);
        let sent = if self.session.is_http2() {
            self.session.write_response_body(piece, true).await
        } else {
            self.hold();
            let sent = self.session.write_response_body(piece, false).await;
            self.release();
            match sent {
                // The last chunk is one of its own.
                Ok(()) => self.session.write_response_body(Bytes::new(), true).await,
                failed => failed,
            }
        };
        sent.map_err(|_| self.left())
    }

    /// Resolves when the caller leaves; never otherwise. Safe to drop and ask again.
    pub(crate) async fn until_left(&mut self) {
        if self.gone {
            return;
        }
        loop {
            match self.session.read_body_or_idle(true).await {
                // Bytes after the body belong to nobody; a pipelined request is kept by Pingora.
                Ok(Some(_)) => {}
                Ok(None) => std::future::pending::<()>().await,
                Err(_) => break,
            }
        }
        self.left();
    }

    /// Forbids the connection's reuse, for answers that leave its state unclear.
    pub(crate) fn close_after(&mut self) {
        self.session.set_keepalive(None);
    }

    fn head(
        &self,
        status: u16,
        content_type: &'static str,
        headers: &[(&'static str, String)],
    ) -> Result<ResponseHeader, Left> {
        let mut head = ResponseHeader::build(status, Some(8 + headers.len())).map_err(|_| Left)?;
        head.insert_header("content-type", content_type).map_err(|_| Left)?;
        for (name, value) in headers {
            // Our own values: ids, labels and names that were checked at load. One that is not a
            // legal header value is left out rather than failing the answer.
            if head.insert_header(*name, value.as_str()).is_err() {
                tracing::warn!(header = name, "a response header's value is not legal");
            }
        }
        Ok(head)
    }

    /// Holds back what is written to an HTTP/1 connection until the next piece after
    /// [`Self::release`].
    fn hold(&self) {
        if let Some(conn) = self.conn() {
            conn.hold();
        }
    }

    fn release(&self) {
        if let Some(conn) = self.conn() {
            conn.release();
        }
    }

    fn conn(&self) -> Option<&Conn> {
        self.session.as_http1().and_then(|h1| Conn::within(h1.stream()))
    }

    fn left(&mut self) -> Left {
        self.gone = true;
        self.session.set_keepalive(None);
        Left
    }
}
