//! Requests into the house: through an argument in any spelling, and through a server that sends the gateway elsewhere.

use std::net::Ipv4Addr;

use axum::response::Redirect;

use super::*;

/// Addresses that only those inside reach.
const INSIDE: [[u8; 4]; 7] = [
    [127, 0, 0, 1],
    [10, 0, 0, 5],
    [172, 16, 9, 1],
    [192, 168, 1, 1],
    [169, 254, 169, 254],
    [100, 64, 0, 1],
    [0, 0, 0, 0],
];

/// Names and addresses of other kinds.
const NAMED: [&str; 22] = [
    "http://localhost/",
    "http://LOCALHOST:8080/",
    "http://localhost./",
    "http://a.localhost/",
    "http://ip6-localhost/",
    "http://printer.local/",
    "http://db.internal/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://lo%63alhost/",
    "http://local\thost/",
    "http://localhost#@example.org/",
    "http://localhost?@example.org/",
    "http://example.org:80@localhost/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "file:///etc/passwd",
];

/// An address in the ways that programs read one.
fn spellings([a, b, c, d]: [u8; 4]) -> Vec<String> {
    let number = u32::from(Ipv4Addr::new(a, b, c, d));
    let (high, low) = (number >> 16, number & 0xffff);
    let wide: String = format!("{a}.{b}.{c}.{d}")
        .chars()
        .map(|one| one.to_digit(10).map_or(one, |n| char::from_u32(0xff10 + n).unwrap_or(one)))
        .collect();
    let percent: String = format!("{a}.{b}.{c}.{d}").bytes().map(|b| format!("%{b:02x}")).collect();
    let hosts = [
        format!("{a}.{b}.{c}.{d}"),
        format!("{a}.{b}.{c}.{d}."),
        format!("{a}.{b}.{c}.{d}:8080"),
        format!("{number}"),
        format!("0x{number:08x}"),
        format!("0X{number:X}"),
        format!("0{number:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a}.{b:#x}.0{c:o}.{d}"),
        format!("{a}.{}", number & 0x00ff_ffff),
        format!("{a}.{b}.{low}"),
        format!("{a}。{b}。{c}。{d}"),
        wide,
        percent,
        format!("[::ffff:{a}.{b}.{c}.{d}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:04x}:{low:04x}]"),
        format!("[64:ff9b::{high:x}:{low:x}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!("{a}.{b}.{c}.{d}.nip.io"),
        format!("example.org@{a}.{b}.{c}.{d}"),
        format!("example.org:80@{a}.{b}.{c}.{d}"),
        format!("example.org\\@{a}.{b}.{c}.{d}"),
    ];
    let mut urls: Vec<String> = hosts.iter().map(|host| format!("http://{host}/x")).collect();
    urls.extend([
        format!("{a}.{b}.{c}.{d}"),
        format!("{a}.{b}.{c}.{d}:80/x"),
        format!("//{a}.{b}.{c}.{d}/x"),
        format!("HTTP:\\\\{a}.{b}.{c}.{d}\\x"),
        format!("https:{a}.{b}.{c}.{d}"),
        format!("https://example.org, http://{a}.{b}.{c}.{d}/"),
    ]);
    urls
}

/// How many calls reach the server of how many that were made.
async fn arrive(guarded: bool) -> (Vec<String>, usize) {
    let upstream = ToolServer::start(tools()).await;
    let setup = setup(&upstream, SERVER).await;
    if !guarded {
        setup.tree().write("policies/tools.cedar", crate::mcp::TOOLS);
        setup.tree().remove("invariants/starter.toml").remove("tests/starter.toml");
    }
    let server = setup.start().await;
    let client = client(&server).await;
    let named = NAMED.iter().map(|url| (*url).to_owned());
    let urls: Vec<String> = INSIDE.into_iter().flat_map(spellings).chain(named).collect();
    for url in &urls {
        let answer = client.call("read", json!({ "url": url })).await.to_string();
        assert!(!guarded || answer.contains("tools-reach-no-private-place"), "{url}: {answer}");
    }
    let arrived = upstream.got().into_iter();
    let arrived = arrived.map(|(_, arguments)| arguments["url"].as_str().unwrap().to_owned());
    let (arrived, made) = (arrived.collect(), urls.len());
    for url in ["https://example.org/", "https://93.184.215.14/", "https://[2606:2800:21f::1]/"] {
        let client = super::client(&server).await;
        let answer = client.call("read", json!({ "url": url })).await;
        assert!(!is_refused(&answer), "what is outside is read: {url}: {answer}");
    }
    (arrived, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_private_place_reaches_a_tool() {
    let (arrived, made) = arrive(true).await;
    println!("{} of {made} requests into the house arrived", arrived.len());
    assert!(made >= 150, "{made}");
    assert_eq!(arrived, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_guardrail_every_spelling_reaches_the_tool() {
    let (arrived, made) = arrive(false).await;
    assert_eq!(arrived.len(), made);
}

/// A server that sends everybody to another address.
async fn sends_to(target: String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app =
        axum::Router::new().fallback(move || std::future::ready(Redirect::temporary(&target)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/mcp")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_sends_the_gateway_nowhere() {
    let inside = ToolServer::start(tools()).await;
    let setup = setup(&inside, SERVER).await;
    let url = sends_to(inside.url().to_owned()).await;
    setup.tree().write("tools/desk.toml", &format!("[server]\nurl = \"{url}\"\n{SERVER}"));
    let server = setup.start().await;
    let answer = client(&server).await.call("send", json!({ "to": "bob" })).await;
    assert!(is_refused(&answer), "{answer}");
    assert_eq!(inside.heard(), "", "nobody asked where it leads to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_name_that_leads_inside_is_not_called() {
    let inside = ToolServer::start(tools()).await;
    let port = inside.url().rsplit(':').next().unwrap().to_owned();
    let setup = setup(&inside, SERVER).await;
    let file = SERVER.replace("private = true\n", "");
    let file = format!("[server]\nurl = \"https://localtest.localhost:{port}\"\n{file}");
    setup.tree().write("tools/desk.toml", &file);
    let server = setup.start().await;
    let answer = client(&server).await.call("send", json!({ "to": "bob" })).await;
    assert!(is_refused(&answer), "{answer}");
    assert_eq!(inside.heard(), "");
}
