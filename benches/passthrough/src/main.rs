//! A proxy that only forwards, in the gateway's own pattern: Pingora's `HttpServerApp` in front, its
//! `Connector` behind, the same accept loop and allocator. What the gateway costs beyond it is the
//! price of policy, inspection, translation, budget and audit.
//!
//! `passthrough LISTEN UPSTREAM` prints `{"addr":"127.0.0.1:NNN"}` and runs until it is killed.

mod forward;

use std::{error::Error, io::Write as _, net::SocketAddr, os::fd::AsRawFd as _, sync::Arc};

use pingora_core::{
    apps::ServerApp as _,
    protocols::{GetSocketDigest as _, SocketDigest, l4::stream::Stream},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::forward::Forward;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(listen), Some(upstream)) = (words.next(), words.next()) else {
        return Err("usage: passthrough LISTEN UPSTREAM, both such as 127.0.0.1:9100".into());
    };
    let forward = Arc::new(Forward::to(upstream.parse::<SocketAddr>()?));
    let listener = TcpListener::bind(listen).await?;
    writeln!(std::io::stdout(), r#"{{"addr":"{}"}}"#, listener.local_addr()?)?;
    let (_stopping, stop) = watch::channel(false);
    loop {
        let (socket, _) = listener.accept().await?;
        let (forward, stop) = (Arc::clone(&forward), stop.clone());
        tokio::spawn(async move {
            if let Some(stream) = wrapped(socket) {
                forward.process_new(Box::new(stream), &stop).await;
            }
        });
    }
}

/// An accepted socket as Pingora wants it.
fn wrapped(socket: TcpStream) -> Option<Stream> {
    let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
    let mut stream = Stream::from(socket);
    stream.set_socket_digest(digest);
    stream.set_nodelay().ok()?;
    Some(stream)
}
