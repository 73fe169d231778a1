//! What is reached under which name and number.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{Asks, Connection, Error, Limits, Spec, Transport, connection::connect_with};

#[track_caller]
fn check(address: &str, public: bool, private: bool) {
    let ip: IpAddr = address.parse().unwrap();
    let allowed = (Reach::Public.allows(ip), Reach::Private.allows(ip));
    assert_eq!(allowed, (public, private), "{address}");
}

#[test]
fn only_public_addresses_are_reached_unless_private_ones_are_meant() {
    for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::8a"] {
        check(public, true, true);
    }
    check("64:ff9b::1.1.1.1", true, true);
    for private in [
        "10.0.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "::1",
        "fc00::1",
        "fd12::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:0a00:0001::1",
        "2001:db8::1",
        "2001::1",
    ] {
        check(private, false, true);
    }
}

#[test]
fn metadata_services_are_never_reached() {
    for never in [
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "100.100.100.200",
        "fd00:ec2::254",
        "fe80::1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "ff02::1",
    ] {
        check(never, false, false);
    }
}

/// Answers each connection once, as a server that closes it does, and counts them.
async fn server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(stream));
        }
    });
    (port, count)
}

async fn answer(mut stream: TcpStream) {
    let (mut asked, mut piece) = (Vec::new(), [0; 4096]);
    while !asked.ends_with(b"}") {
        let read = stream.read(&mut piece).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        asked.extend_from_slice(&piece[..read]);
    }
    let asked = String::from_utf8(asked).unwrap();
    let body = match asked.contains("\"initialize\"") {
        true => {
            r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},
            "serverInfo":{"name":"a","version":"1"}}}"#
        }
        false => r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#,
    };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// Says `first` of a name for the handshake's two requests, and `then` from the third look on.
fn changing(first: &'static str, then: &'static str) -> Lookup {
    let looks = AtomicUsize::new(0);
    Arc::new(move |_| {
        let address = if looks.fetch_add(1, Ordering::SeqCst) < 2 { first } else { then };
        let address = SocketAddr::new(address.parse().unwrap(), 0);
        Box::pin(async move { Ok(vec![address]) })
    })
}

async fn connect(port: u16, private: bool, lookup: Lookup) -> Result<Connection, Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scheme = if private { "http" } else { "https" };
    let url = format!("{scheme}://tools.example:{port}/mcp");
    let transport = Transport::Http { url, private, credential: None };
    let name = "rebound".to_owned();
    let spec = Spec { name, transport, asks: Asks::default(), limits: Limits::default() };
    connect_with(&spec, Arc::new(()), lookup).await
}

#[tokio::test]
async fn a_name_that_moves_after_it_was_looked_at_is_not_followed() {
    let (port, count) = server().await;
    let connection = connect(port, true, changing("127.0.0.1", "169.254.169.254")).await.unwrap();
    let error = connection.tools().await.unwrap_err();
    assert!(matches!(error, Error::Private { .. }), "{error:?}");
    assert_eq!(count.load(Ordering::SeqCst), 2);

    // The control: the same name that stays where it is.
    let connection = connect(port, true, changing("127.0.0.1", "127.0.0.1")).await.unwrap();
    assert_eq!(connection.tools().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_public_name_of_a_private_address_is_not_connected_to() {
    let (port, count) = server().await;
    let error = connect(port, false, changing("127.0.0.1", "127.0.0.1")).await.unwrap_err();
    assert!(matches!(error, Error::Private { .. }), "{error:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}
