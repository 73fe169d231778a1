//! The accept loop: sockets in, connections handed to the HTTP application, an orderly end.
//!
//! One tokio listener per address, so that port 0 works and shutdown has one path. Pingora's own
//! `run_forever` is not used: it ends the process.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use pingora_core::{
    apps::ServerApp,
    listeners::tls::Acceptor,
    protocols::{ALPN, GetSocketDigest, SocketDigest, Stream, l4::stream::Stream as L4Stream},
};
use std::os::fd::AsRawFd;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{app::App, conn::Conn};

/// How long a client may take for the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A bound socket and what is spoken on it.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Acceptor>>,
    connections: Arc<Semaphore>,
}

impl Listener {
    /// Binds `address`; with `tls` the listener speaks nothing else.
    pub(crate) async fn bind(
        address: SocketAddr,
        tls: Option<Acceptor>,
        connections_max: usize,
    ) -> std::io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let connections = Arc::new(Semaphore::new(connections_max));
        Ok(Self { socket, tls: tls.map(Arc::new), connections })
    }

    /// The address in force, with the port that was really taken.
    pub(crate) fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until `shutdown`, then gives running requests `drain` to end and cuts the rest.
    ///
    /// A cut request still settles: its money is in the hands of a drop guard.
    pub(crate) async fn run(self, app: Arc<App>, shutdown: CancellationToken, drain: Duration) {
        let (stopping, stop) = watch::channel(false);
        let tracker = TaskTracker::new();
        let cut = CancellationToken::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let Some((stream, permit)) = accepted else { continue };
            let (app, tls, stop, cut) =
                (Arc::clone(&app), self.tls.clone(), stop.clone(), cut.clone());
            tracker.spawn(async move {
                let serve = async {
                    if let Some(stream) = secure(stream, tls).await {
                        app.process_new(stream, &stop).await;
                    }
                };
                tokio::select! { () = serve => {}, () = cut.cancelled() => {} }
                drop(permit);
            });
        }
        drop(self.socket);
        // Nobody may be listening any more, which is fine.
        let _ = stopping.send(true);
        tracker.close();
        let idle = app.until_idle();
        tokio::select! {
            () = tracker.wait() => {}
            () = idle => {}
            () = tokio::time::sleep(drain) => {}
        }
        cut.cancel();
        tracker.wait().await;
    }

    /// The next connection, or `None` after an error that another try may get over.
    async fn accept(&self) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        // A place first: beyond the bound, connections wait in the kernel's backlog.
        let permit = Arc::clone(&self.connections).acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((stream, _)) => Some((stream, permit)),
            Err(error) => {
                // Mostly too many open files. Waiting keeps the loop from spinning.
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                None
            }
        }
    }
}

/// Wraps an accepted socket for Pingora, after the TLS handshake where there is one.
async fn secure(socket: TcpStream, tls: Option<Arc<Acceptor>>) -> Option<Stream> {
    let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
    if let Ok(peer) = socket.peer_addr() {
        // Read now: after the peer left, the socket no longer tells.
        let _ = digest.peer_addr.set(Some(peer.into()));
    }
    let mut stream = L4Stream::from(socket);
    stream.set_socket_digest(digest);
    // Without it, small chunks of a stream wait for the client's acknowledgements.
    stream.set_nodelay().ok()?;
    let Some(acceptor) = tls else { return Some(Box::new(Conn::from_client(Box::new(stream)))) };
    // On the heap, so that the connection does not carry it for as long as it lives.
    let handshake = Box::pin(acceptor.tls_handshake(stream));
    match timeout(HANDSHAKE_TIMEOUT, handshake).await {
        Ok(Ok(stream)) => {
            let stream: Stream = Box::new(stream);
            // HTTP/2 frames its bodies itself.
            let framed = matches!(stream.selected_alpn_proto(), Some(ALPN::H2));
            Some(if framed { stream } else { Box::new(Conn::from_client(stream)) })
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "the TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}
