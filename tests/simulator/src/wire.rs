//! The TCP side of the faults: a listener whose connections can be cut, reset, silenced or half
//! closed from inside a handler, below what an HTTP library lets a handler do.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What a connection does from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Line {
    /// Works.
    Open,
    /// Every write fails, so that the HTTP library closes it.
    Cut,
    /// As `Cut`, and the close is a TCP reset.
    Reset,
    /// Reads nothing and writes nothing, whatever the other side does.
    Silent,
    /// The sending side is shut down; reading goes on.
    Finished,
}

/// The handle with which a handler governs its own connection.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Arc<AtomicU8>);

impl Wire {
    /// Changes what the connection does. It takes effect when the connection is next polled, so
    /// a caller yields once after it.
    pub(crate) fn set(&self, line: Line) {
        self.0.store(line as u8, Ordering::Release);
    }

    fn line(&self) -> Line {
        let now = self.0.load(Ordering::Acquire);
        [Line::Cut, Line::Reset, Line::Silent, Line::Finished]
            .into_iter()
            .find(|line| *line as u8 == now)
            .unwrap_or(Line::Open)
    }
}

impl Connected<IncomingStream<'_, WireListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, WireListener>) -> Self {
        stream.io().wire.clone()
    }
}

/// Accepts connections and counts the bytes that they bring.
pub(crate) struct WireListener {
    listener: TcpListener,
    received: Arc<AtomicU64>,
}

impl WireListener {
    pub(crate) const fn new(listener: TcpListener, received: Arc<AtomicU64>) -> Self {
        Self { listener, received }
    }
}

impl Listener for WireListener {
    type Io = WireStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (WireStream, SocketAddr) {
        loop {
            if let Ok((tcp, peer)) = self.listener.accept().await {
                // Small chunks must leave at once; where this fails they only leave later.
                let _ = tcp.set_nodelay(true);
                let wire = Wire(Arc::new(AtomicU8::new(Line::Open as u8)));
                return (WireStream { tcp, wire, received: Arc::clone(&self.received) }, peer);
            }
            // Out of file descriptors or a caller that left early: let others finish first.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// One connection.
pub(crate) struct WireStream {
    tcp: TcpStream,
    wire: Wire,
    received: Arc<AtomicU64>,
}

impl WireStream {
    fn broken() -> io::Error {
        io::Error::new(io::ErrorKind::BrokenPipe, "cut by the script")
    }
}

impl AsyncRead for WireStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.wire.line() {
            Line::Open | Line::Cut | Line::Reset => {}
            Line::Silent => return Poll::Pending,
            Line::Finished => ready!(Pin::new(&mut self.tcp).poll_shutdown(context))?,
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(context, buffer);
        let bytes = buffer.filled().len().saturating_sub(before);
        self.received.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.wire.line() {
            Line::Open => Pin::new(&mut self.tcp).poll_write(context, bytes),
            Line::Silent => Poll::Pending,
            Line::Cut | Line::Reset | Line::Finished => Poll::Ready(Err(Self::broken())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.wire.line() {
            Line::Open => Pin::new(&mut self.tcp).poll_write_vectored(context, slices),
            Line::Silent => Poll::Pending,
            Line::Cut | Line::Reset | Line::Finished => Poll::Ready(Err(Self::broken())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.wire.line() {
            Line::Finished => Pin::new(&mut self.tcp).poll_shutdown(context),
            Line::Silent => Poll::Pending,
            Line::Open | Line::Cut | Line::Reset => Pin::new(&mut self.tcp).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.wire.line() {
            Line::Cut | Line::Reset => Poll::Ready(Ok(())),
            Line::Silent => Poll::Pending,
            Line::Open | Line::Finished => Pin::new(&mut self.tcp).poll_shutdown(context),
        }
    }
}

impl Drop for WireStream {
    fn drop(&mut self) {
        if self.wire.line() == Line::Reset {
            // Closing with a linger of zero is what makes the kernel send RST instead of FIN.
            let _ = self.tcp.set_zero_linger();
        }
    }
}
