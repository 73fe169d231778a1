//! The connections of one listener: so many at once, a part of them of one address, and none that takes
//! its time with the head of a request. All of that is before anybody is known.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, serve::Listener};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What strangers may take of a listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Connections at once; more wait in the kernel's backlog.
    pub(crate) connections_max: usize,
    /// Those of one address; more are closed at once.
    pub(crate) of_address_max: usize,
    /// How long the head of a request may take, and the pause before it.
    pub(crate) head_time: Duration,
}

/// Answers whoever connects until `shutdown`, then lets what is being answered end. `address` is what the
/// connections of one sender have in common, where they come from different ones.
pub(crate) async fn serve<L: Listener>(
    mut listener: L,
    address: fn(&L::Addr) -> Option<IpAddr>,
    (router, bounds): (Router, Bounds),
    shutdown: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(bounds.connections_max));
    let addresses = Addresses::default();
    let open = TaskTracker::new();
    loop {
        // A place first: what was accepted is never left waiting.
        let place = tokio::select! {
            () = shutdown.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let (stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let counted = address(&peer).map(|ip| addresses.enter(ip, bounds.of_address_max));
        if matches!(counted, Some(None)) {
            tracing::debug!("an address has too many connections to the admin API");
            continue;
        }
        let answered = answer(stream, (router.clone(), bounds.head_time), shutdown.clone());
        open.spawn(async move {
            answered.await;
            drop((place, counted));
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
}

/// Answers the requests of one connection, one after the other.
async fn answer<S>(stream: S, (router, head_time): (Router, Duration), shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    // What a client does wrong is its own affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection of an address, which counts until this is dropped.
struct Counted {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// Counts a connection, or nothing where the address has its part already.
    fn enter(&self, ip: IpAddr, most: usize) -> Option<Counted> {
        let address = network(ip);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Counted { addresses: self.clone(), address })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: of version 6, everybody has a network of 64 bits for themselves.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from(u128::from(six) & (u128::MAX << 64))),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        task::JoinHandle,
        time::timeout,
    };

    use super::*;

    const SOON: Duration = Duration::from_secs(20);
    const BOUNDS: Bounds =
        Bounds { connections_max: 100, of_address_max: 100, head_time: Duration::from_secs(60) };

    async fn start(bounds: Bounds) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "ok"));
        let shutdown = CancellationToken::new();
        let ip = |peer: &SocketAddr| Some(peer.ip());
        let served = tokio::spawn(serve(listener, ip, (router, bounds), shutdown.clone()));
        (address, shutdown, served)
    }

    /// Whether a request is answered. A connection that is closed answers nothing.
    async fn is_answered(stream: &mut TcpStream) -> bool {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut read = [0; 12];
        let answered = timeout(SOON, stream.read_exact(&mut read)).await.unwrap();
        if answered.is_ok() {
            // The rest of this answer, up to its body.
            let mut rest = Vec::new();
            while !rest.ends_with(b"\r\n\r\nok") {
                rest.push(timeout(SOON, stream.read_u8()).await.unwrap().unwrap());
            }
        }
        answered.is_ok() && read == *b"HTTP/1.1 200"
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_its_connection() {
        let bounds = Bounds { head_time: Duration::from_secs(1), ..BOUNDS };
        let (address, _shutdown, _served) = start(bounds).await;
        for begun in ["", "GET / HTTP/1.1\r\nhost:"] {
            let mut slow = TcpStream::connect(address).await.unwrap();
            slow.write_all(begun.as_bytes()).await.unwrap();
            let mut told = Vec::new();
            let ended = timeout(SOON, slow.read_to_end(&mut told)).await;
            assert!(ended.is_ok(), "{begun:?} waits for good");
        }
        assert!(is_answered(&mut TcpStream::connect(address).await.unwrap()).await);
    }

    #[tokio::test]
    async fn an_address_has_its_part_and_no_more() {
        let (address, _shutdown, _served) = start(Bounds { of_address_max: 2, ..BOUNDS }).await;
        let connect = async || TcpStream::connect(address).await.unwrap();
        let (mut one, mut two) = (connect().await, connect().await);
        assert!(is_answered(&mut one).await && is_answered(&mut two).await);
        assert!(!is_answered(&mut connect().await).await, "a third");
        assert!(is_answered(&mut one).await, "the others are none the worse for it");
        drop(two);
        let again = async {
            while !is_answered(&mut connect().await).await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(SOON, again).await.unwrap();
    }

    #[tokio::test]
    async fn the_end_waits_for_no_connection_that_is_idle() {
        let (address, shutdown, served) = start(Bounds { connections_max: 1, ..BOUNDS }).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        assert!(is_answered(&mut idle).await);
        shutdown.cancel();
        timeout(SOON, served).await.unwrap().unwrap();
    }

    #[test]
    fn a_network_of_version_6_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
