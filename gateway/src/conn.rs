//! A connection as Pingora has it, with what Pingora does not do: a caller's requests are watched,
//! and what is written in pieces can go out in one.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use pingora_core::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    Stream, TimingDigest, UniqueID, UniqueIDType, raw_connect::ProxyDigest, tls::SslDigest,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::framing::Watch;

/// What is held back at most; a piece beyond it goes out at once, and all before it.
const HELD_BYTES_MAX: usize = 16 << 10;

/// A client's or a provider's connection.
///
/// Pingora writes the head of a message and its body each for itself, and flushes between them where
/// it can. A system call, and a turn of the peer for a head alone, cost more than the copy of the
/// head that joins them.
#[derive(Debug)]
pub(crate) struct Conn {
    stream: Stream,
    /// The framing of what a client sends on HTTP/1.
    watch: Option<Watch>,
    holds: AtomicBool,
    held: BytesMut,
}

impl Conn {
    /// A client's connection, whose requests are watched.
    pub(crate) fn from_client(stream: Stream) -> Self {
        let watch = Some(Watch::new());
        Self { stream, watch, holds: AtomicBool::new(false), held: BytesMut::new() }
    }

    /// A provider's connection.
    pub(crate) fn to_provider(stream: Stream) -> Self {
        Self { stream, watch: None, holds: AtomicBool::new(false), held: BytesMut::new() }
    }

    /// What Pingora keeps as a stream of any kind.
    pub(crate) fn within(stream: &Stream) -> Option<&Self> {
        stream.as_any().downcast_ref()
    }

    /// Whether a request came that can be read in two ways. It stays so.
    pub(crate) fn is_odd(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::is_odd)
    }

    /// Holds back what is written from now on: more follows at once.
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::Relaxed);
    }

    /// Holds nothing back any more. What was goes out with the next write or flush.
    pub(crate) fn release(&self) {
        self.holds.store(false, Ordering::Relaxed);
    }

    fn holds(&self) -> bool {
        self.holds.load(Ordering::Relaxed)
    }

    /// Writes what was held, and the pieces after it; how many bytes went out of these.
    fn poll_join(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        while !self.held.is_empty() {
            let piece = |n: usize| IoSlice::new(pieces.get(n).map_or(&[], |piece| piece));
            // A chunk comes with its size and its line end. What does not fit is written after it.
            let all = [IoSlice::new(&self.held), piece(0), piece(1), piece(2)];
            let written = ready!(Pin::new(&mut *self.stream).poll_write_vectored(context, &all))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_held = written.min(self.held.len());
            self.held.advance(of_held);
            if written > of_held {
                return Poll::Ready(Ok(written - of_held));
            }
        }
        // Its room is given back: most of a connection's life it is not used.
        self.held = BytesMut::new();
        match pieces {
            [] => Poll::Ready(Ok(0)),
            [piece] => Pin::new(&mut *self.stream).poll_write(context, piece),
            pieces => Pin::new(&mut *self.stream).poll_write_vectored(context, pieces),
        }
    }
}

impl AsyncRead for Conn {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut *this.stream).poll_read(context, buffer))?;
        if let Some(watch) = &mut this.watch {
            watch.read(buffer.filled().get(before..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Conn {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.holds() && this.held.len() + bytes.len() <= HELD_BYTES_MAX {
            this.held.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        this.poll_join(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        if this.holds() && this.held.len() + length <= HELD_BYTES_MAX {
            pieces.iter().for_each(|piece| this.held.extend_from_slice(piece));
            return Poll::Ready(Ok(length));
        }
        this.poll_join(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.holds() {
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_join(context, &[]))?;
        Pin::new(&mut *this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_join(context, &[]))?;
        Pin::new(&mut *this.stream).poll_shutdown(context)
    }
}

#[async_trait]
impl Shutdown for Conn {
    async fn shutdown(&mut self) {
        self.stream.shutdown().await;
    }
}

#[async_trait]
impl Peek for Conn {
    async fn try_peek(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        self.stream.try_peek(buffer).await
    }
}

impl UniqueID for Conn {
    fn id(&self) -> UniqueIDType {
        self.stream.id()
    }
}

impl Ssl for Conn {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream.selected_alpn_proto()
    }
}

impl GetTimingDigest for Conn {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_timing_digest()
    }
}

impl GetProxyDigest for Conn {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }
}

impl GetSocketDigest for Conn {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }
}

#[cfg(test)]
mod tests {
    use pingora_core::protocols::l4::stream::Stream as L4Stream;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    async fn pair() -> (Conn, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        (Conn::to_provider(Box::new(L4Stream::from(near))), far)
    }

    /// What came, once all of it can have come.
    async fn received(far: &mut TcpStream, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        far.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn what_is_held_goes_out_before_what_is_written_after_it() {
        let (mut conn, mut far) = pair().await;
        conn.hold();
        conn.write_all(b"head").await.unwrap();
        conn.flush().await.unwrap();
        assert!(far.try_read(&mut [0; 1]).is_err(), "nothing is out yet");
        conn.release();
        conn.write_all(b"body").await.unwrap();
        assert_eq!(received(&mut far, 8).await, b"headbody");
        conn.hold();
        let pieces = [b"3\r\n".as_slice(), b"abc", b"\r\n"].map(IoSlice::new);
        assert_eq!(conn.write_vectored(&pieces).await.unwrap(), 8);
        conn.release();
        conn.flush().await.unwrap();
        assert_eq!(received(&mut far, 8).await, b"3\r\nabc\r\n");
    }

    #[tokio::test]
    async fn more_than_is_held_goes_out_whole_and_in_order() {
        let (mut conn, mut far) = pair().await;
        let long: Vec<u8> = (0..=255).cycle().take(4 << 20).collect();
        let reader = tokio::spawn(async move { received(&mut far, 4 + (4 << 20)).await });
        conn.hold();
        conn.write_all(b"head").await.unwrap();
        conn.write_all(&long).await.unwrap();
        conn.release();
        conn.flush().await.unwrap();
        let came = reader.await.unwrap();
        assert!(came.starts_with(b"head") && came[4..] == long);
    }
}
