//! What a public listener must bear: raw bytes, one TCP connection, and what comes back.

use std::time::Duration;

use serde_json::json;
use simulator::{Price, Simulator};
use support::{Client, Database, ModelSpec, Server, Setup, chat, provider};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// No answer here takes longer.
const ANSWER_MAX: Duration = Duration::from_secs(20);
const BODY_BYTES_MAX: usize = 64 << 10;

/// A gateway with small limits, in front of a free model.
struct Stage {
    simulator: Simulator,
    server: Server,
    key: String,
}

/// One response off the wire.
#[derive(Debug, Default)]
struct Response {
    status: u16,
    #[expect(dead_code, reason = "a failed test shows it")]
    head: String,
    body: String,
}

/// A connection that bytes are written to as they are.
struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Stage {
    async fn new() -> Self {
        let simulator = provider(&[("sim", Price::FREE)]).await;
        let mut setup = Setup::new(Database::Sqlite).await;
        setup
            .set("gateway.max_body_bytes", &BODY_BYTES_MAX.to_string())
            .set("gateway.header_timeout", "700ms")
            .tree()
            .openai_provider("sim", &simulator, "local")
            .model(ModelSpec { id: "sim", provider: "sim", price: None });
        let server = setup.start().await;
        let key = server.key("default");
        Self { simulator, server, key }
    }

    async fn wire(&self) -> Wire {
        let address = self.server.gateway().trim_start_matches("http://");
        Wire { stream: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    /// A whole request with a body.
    fn request(&self, body: &str) -> String {
        self.with_headers(&format!("content-length: {}\r\n", body.len()), body)
    }

    /// As [`Stage::request`] with these headers beside `host`, which end in a line break.
    fn with_headers(&self, headers: &str, body: &str) -> String {
        let key = &self.key;
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\n\
             authorization: Bearer {key}\r\n{headers}\r\n{body}"
        )
    }

    /// Sends bytes on a new connection and reads one response.
    async fn send(&self, bytes: &str) -> Response {
        let mut wire = self.wire().await;
        wire.write(bytes.as_bytes()).await;
        wire.response().await
    }

    #[track_caller]
    fn assert_nothing_sent(&self) {
        assert!(self.simulator.log().is_empty(), "{:?}", self.simulator.log());
    }

    async fn assert_alive(&self) {
        let answer = self.send(&self.request(&chat("sim", "Hello.").to_string())).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

impl Wire {
    async fn write(&mut self, bytes: &[u8]) {
        // A server that has answered and closed may refuse the rest; the answer is what counts.
        let _ = self.stream.write_all(bytes).await;
    }

    /// Reads one response by its own framing. A default one where the connection was closed.
    async fn response(&mut self) -> Response {
        let read = tokio::time::timeout(ANSWER_MAX, self.framed()).await;
        read.unwrap_or_else(|_| panic!("no response within {ANSWER_MAX:?}")).unwrap_or_default()
    }

    async fn framed(&mut self) -> Option<Response> {
        let end = loop {
            if let Some(at) = find(&self.read, b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
        self.read.drain(..end);
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap_or(0));
        while self.read.len() < length {
            self.more().await?;
        }
        let body = String::from_utf8_lossy(&self.read[..length]).into_owned();
        self.read.drain(..length);
        Some(Response { status, head, body })
    }

    async fn more(&mut self) -> Option<()> {
        let mut piece = [0; 4096];
        let count = self.stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        self.read.extend_from_slice(&piece[..count]);
        Some(())
    }

    /// Whether the server closes the connection without another byte.
    async fn is_closed(&mut self) -> bool {
        let more = tokio::time::timeout(ANSWER_MAX, self.more()).await;
        matches!(more, Ok(None))
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// `body` in chunks of `size` bytes.
fn chunked(body: &str, size: usize) -> String {
    let chunks = body
        .as_bytes()
        .chunks(size)
        .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)));
    chunks.collect::<String>() + "0\r\n\r\n"
}

impl Response {
    #[track_caller]
    fn assert_refused(&self, status: u16, code: &str, case: &str) {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        let told = body.pointer("/error/code").and_then(|code| code.as_str()).unwrap_or("none");
        assert_eq!((self.status, told), (status, code), "{case}: {self:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_limit_gets_a_whole_413() {
    let stage = Stage::new().await;
    let long = chat("sim", &"x".repeat(4 * BODY_BYTES_MAX)).to_string();
    let declared = stage.send(&stage.request(&long)).await;
    declared.assert_refused(413, "body_too_large", "declared");
    let body = chunked(&long, 1000);
    let undeclared = stage.with_headers("transfer-encoding: chunked\r\n", &body);
    stage.send(&undeclared).await.assert_refused(413, "body_too_large", "chunked");
    // Announced and not sent: the refusal does not wait for it.
    let head = stage.with_headers("content-length: 900000000\r\n", "");
    stage.send(&head).await.assert_refused(413, "body_too_large", "announced");
    // A number that no computer has so much memory for.
    let head = stage.with_headers("content-length: 99999999999999999999999\r\n", "");
    let huge = stage.send(&head).await;
    assert!([400, 413].contains(&huge.status), "{huge:?}");
    let exact = chat("sim", "").to_string();
    let exact = chat("sim", &"x".repeat(BODY_BYTES_MAX - exact.len())).to_string();
    assert_eq!(exact.len(), BODY_BYTES_MAX);
    stage.assert_nothing_sent();
    assert_eq!(stage.send(&stage.request(&exact)).await.status, 200);
    let chunks = stage.with_headers("transfer-encoding: chunked\r\n", &chunked(&exact, 777));
    assert_eq!(stage.send(&chunks).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_can_be_read_two_ways_is_refused() {
    let stage = Stage::new().await;
    let message = r#""messages":[{"role":"user","content":"Hello."}]"#;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (case, body) in [
        ("two models", format!(r#"{{"model":"sim","model":"other",{message}}}"#)),
        ("an escaped twin", format!(r#"{{"model":"sim","m\u006fdel":"other",{message}}}"#)),
        (
            "two contents",
            r#"{"model":"sim","messages":[{"role":"user","content":"a","content":"b"}]}"#.into(),
        ),
        ("deep", format!(r#"{{"model":"sim",{message},"metadata":{deep}}}"#)),
        (
            "a lone surrogate",
            r#"{"model":"sim","messages":[{"role":"user","content":"\ud800"}]}"#.into(),
        ),
        ("a tail", format!(r#"{{"model":"sim",{message}}} {{}}"#)),
        ("a huge number", format!(r#"{{"model":"sim",{message},"max_tokens":1e400}}"#)),
        ("a negative limit", format!(r#"{{"model":"sim",{message},"max_tokens":-1}}"#)),
        ("a comment", format!(r#"{{"model":"sim",/* x */{message}}}"#)),
        ("a single quote", "{'model':'sim'}".into()),
        ("an array", "[]".into()),
        ("nothing", String::new()),
        ("half", format!(r#"{{"model":"sim",{message}"#)),
        ("no messages", r#"{"model":"sim","messages":[]}"#.into()),
    ] {
        stage.send(&stage.request(&body)).await.assert_refused(400, "invalid_request", case);
    }
    stage.assert_nothing_sent();
    stage.assert_alive().await;
}

fn by_chunks(stage: &Stage, chunks: &str) -> String {
    stage.with_headers("transfer-encoding: chunked\r\n", chunks)
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_chunk_lines_that_can_be_read_two_ways_are_refused() {
    let stage = Stage::new().await;
    let body = chat("sim", "Hello.").to_string();
    let (key, length) = (&stage.key, body.len());
    let start = "POST /v1/chat/completions HTTP/1.1\r\n";
    let auth = format!("authorization: Bearer {key}\r\n");
    let chunks = chunked(&body, 1000);
    for (case, request) in [
        ("no host", format!("{start}{auth}content-length: {length}\r\n\r\n{body}")),
        (
            "two hosts",
            format!("{start}host: a\r\nhost: b\r\n{auth}content-length: {length}\r\n\r\n{body}"),
        ),
        (
            "two lengths",
            stage
                .with_headers(&format!("content-length: {length}\r\ncontent-length: 5\r\n"), &body),
        ),
        (
            "length and coding",
            stage.with_headers(
                &format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
                &chunks,
            ),
        ),
        ("two codings", stage.with_headers("transfer-encoding: gzip, chunked\r\n", &chunks)),
        ("an odd coding", stage.with_headers("transfer-encoding: xchunked\r\n", &chunks)),
        ("a signed length", stage.with_headers(&format!("content-length: +{length}\r\n"), &body)),
        (
            "a bare line feed",
            format!("{start}host: a\n{auth}content-length: {length}\r\n\r\n{body}"),
        ),
        (
            "a space before the colon",
            stage.with_headers(&format!("content-length : {length}\r\n"), &body),
        ),
        (
            "a folded header",
            stage.with_headers(&format!("x-a: b\r\n c\r\ncontent-length: {length}\r\n"), &body),
        ),
        (
            "a compressed body",
            stage.with_headers(
                &format!("content-encoding: gzip\r\ncontent-length: {length}\r\n"),
                &body,
            ),
        ),
        ("a chunk extension", by_chunks(&stage, &chunks.replacen("\r\n", ";a=b\r\n", 1))),
        ("an empty chunk extension", by_chunks(&stage, &chunks.replacen("\r\n", ";\r\n", 1))),
        ("a quoted line feed", by_chunks(&stage, &chunks.replacen("\r\n", ";a=\"\n\"\r\n", 1))),
        ("a chunk line's bare line feed", by_chunks(&stage, &chunks.replacen("\r\n", "\n", 1))),
        (
            "a bare line feed in an extension",
            by_chunks(&stage, &chunks.replacen("\r\n", ";\nabc\r\n", 1)),
        ),
        ("a space in a chunk line", by_chunks(&stage, &chunks.replacen("\r\n", " \r\n", 1))),
        (
            "a last chunk's extension",
            by_chunks(&stage, &chunks.replace("0\r\n\r\n", "0;a\r\n\r\n")),
        ),
        ("no HTTP at all", "\x16\x03\x01\x02\0\x01\0\r\n\r\n".to_owned()),
    ] {
        let mut wire = stage.wire().await;
        wire.write(request.as_bytes()).await;
        let answer = wire.response().await;
        // A refusal, or a closed connection where there is nothing to answer to.
        assert!([0, 400].contains(&answer.status), "{case}: {answer:?}");
        assert!(wire.is_closed().await, "{case}: the connection is still open");
        stage.assert_nothing_sent();
    }
    stage.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_too_slowly_is_given_up() {
    let stage = Stage::new().await;
    let mut slow = Vec::new();
    for start in ["", "POST /v1/chat", "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx-a: "] {
        let mut wire = stage.wire().await;
        wire.write(start.as_bytes()).await;
        slow.push(wire);
    }
    // One byte at a time is no way to stay for ever either.
    let mut dripping = stage.wire().await;
    let started = tokio::time::Instant::now();
    for byte in b"POST /v1/chat/completions HTTP/1.1\r\nx-long: ".iter().cycle() {
        if dripping.stream.write_all(&[*byte]).await.is_err() || started.elapsed() > ANSWER_MAX {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(started.elapsed() < ANSWER_MAX, "a dripping head is served for ever");
    for mut wire in slow {
        wire.response().await;
        assert!(wire.is_closed().await);
    }
    stage.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_one_packet_are_answered_in_order_on_a_connection_that_stays() {
    let stage = Stage::new().await;
    let mut wire = stage.wire().await;
    let (one, two) = (chat("sim", "One."), chat("sim", "Two, which is longer."));
    let both = stage.request(&one.to_string()) + &stage.request(&two.to_string());
    wire.write(both.as_bytes()).await;
    let answers = [wire.response().await, wire.response().await];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 200], "{answers:?}");
    let asked: Vec<String> = stage.simulator.log().into_iter().filter_map(|s| s.body).collect();
    assert!(asked[0].contains("One.") && asked[1].contains("Two,"), "{asked:?}");
    // The connection goes on, also after a refusal and after bytes that come one by one.
    wire.write(stage.request("{}").as_bytes()).await;
    wire.response().await.assert_refused(400, "invalid_request", "in between");
    for byte in stage.request(&one.to_string()).as_bytes() {
        wire.write(&[*byte]).await;
    }
    assert_eq!(wire.response().await.status, 200);
    wire.write(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert_eq!(wire.response().await.status, 200);
    assert!(wire.is_closed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_methods_and_keys_have_their_statuses() {
    let stage = Stage::new().await;
    let key = &stage.key;
    for (line, status) in [
        ("GET /healthz", 200),
        ("GET /readyz", 200),
        ("HEAD /healthz", 200),
        ("HEAD /readyz", 200),
        ("GET /v1/models", 200),
        ("GET /v1/models/sim", 200),
        ("GET /v1/models/s%69m", 200),
        ("GET /v1/models/none", 404),
        ("GET /v1/models/sim%2", 404),
        ("GET /v1/models/%ff", 404),
        ("GET /", 404),
        ("GET /v1/chat/completions/../../metrics", 404),
        ("GET /metrics", 404),
        ("GET /api/v1/keys", 404),
        ("GET /v1/chat/completions", 405),
        ("DELETE /v1/models", 405),
        ("OPTIONS /v1/chat/completions", 405),
    ] {
        let request = format!(
            "{line} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
        );
        let mut wire = stage.wire().await;
        wire.write(request.as_bytes()).await;
        let mut answer = Response::default();
        if line.starts_with("HEAD") {
            // No body follows, whatever the length says.
            while find(&wire.read, b"\r\n\r\n").is_none() && wire.more().await.is_some() {}
            assert!(wire.read.ends_with(b"\r\n\r\n"), "{line}");
            let head = String::from_utf8_lossy(&wire.read).into_owned();
            answer.status = head.split(' ').nth(1).unwrap().parse().unwrap();
        } else {
            answer = wire.response().await;
        }
        assert_eq!(answer.status, status, "{line}: {answer:?}");
        assert!(!answer.body.contains(env!("CARGO_PKG_VERSION")), "{line}: {answer:?}");
    }
    // A key that is known, with the first or the last character of its secret changed.
    let (start, end) = (key.len() - key.splitn(3, '_').nth(2).unwrap().len(), key.len() - 1);
    let changed = |at: usize| {
        let other = if key[at..].starts_with('A') { "B" } else { "A" };
        format!("authorization: Bearer {}{other}{}\r\n", &key[..at], &key[at + 1..])
    };
    let [first, last] = [start, end].map(changed);
    for credential in [
        "",
        &first,
        &last,
        "authorization: Basic eDp5\r\n",
        "authorization: Bearer\r\n",
        "authorization: Bearer ork_x_y\r\n",
        "authorization: Bearer sk-something\r\n",
        "x-api-key: ork_01ARZ3NDEKTSV4RRFFQ69G5FAV_nope\r\n",
    ] {
        let body = chat("sim", "Hello.").to_string();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n{credential}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stage.send(&request).await.assert_refused(401, "unauthenticated", credential);
    }
    stage.assert_nothing_sent();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_is_there_twice_or_cannot_be_read_is_refused_by_its_name() {
    let stage = Stage::new().await;
    let body = chat("sim", "Hello.").to_string();
    for name in
        ["session", "sensitivity", "max-cost", "dry-run"].map(|n| format!("x-orchestack-{n}"))
    {
        let value = match name.as_str() {
            "x-orchestack-session" => "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "x-orchestack-sensitivity" => "public",
            "x-orchestack-max-cost" => "1.00",
            _ => "false",
        };
        let length = format!("content-length: {}\r\n", body.len());
        let once = format!("{name}: {value}\r\n{length}");
        assert_eq!(stage.send(&stage.with_headers(&once, &body)).await.status, 200, "{name}");
        for more in [value, "restricted"] {
            let twice = format!("{name}: {value}\r\n{name}: {more}\r\n{length}");
            let refused = stage.send(&stage.with_headers(&twice, &body)).await;
            refused.assert_refused(400, "invalid_request", &name);
            assert!(refused.body.contains(&name), "{refused:?}");
        }
        let odd = format!("{name}: r\u{e9}stricted\r\n{length}");
        let refused = stage.send(&stage.with_headers(&odd, &body)).await;
        refused.assert_refused(400, "invalid_request", &name);
        assert!(refused.body.contains(&name), "{refused:?}");
    }
    assert_eq!(stage.simulator.log().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_for_100_gets_it_only_where_its_body_is_wanted() {
    let stage = Stage::new().await;
    let body = chat("sim", "Hello.").to_string();
    let expecting = |length: usize| format!("expect: 100-continue\r\ncontent-length: {length}\r\n");
    let mut wire = stage.wire().await;
    wire.write(stage.with_headers(&expecting(body.len()), "").as_bytes()).await;
    assert_eq!(wire.response().await.status, 100);
    wire.write(body.as_bytes()).await;
    assert_eq!(wire.response().await.status, 200);
    // Refused by its head alone: no `100 Continue` before the final answer, and no wait for a body.
    let mut wire = stage.wire().await;
    wire.write(stage.with_headers(&expecting(100 << 20), "").as_bytes()).await;
    wire.response().await.assert_refused(413, "body_too_large", "expected");
    let request = stage.with_headers(&expecting(body.len()), "").replace("Bearer ork", "Bearer no");
    stage.send(&request).await.assert_refused(401, "unauthenticated", "expected");
}

/// An authority with a certificate of its own for the server and one for a client.
struct Authority {
    pem: String,
    folder: tempfile::TempDir,
    client: String,
}

impl Authority {
    fn new() -> Self {
        use rcgen::{
            BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
        };
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let issue = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.subject_alt_names.push(rcgen::SanType::IpAddress([127, 0, 0, 1].into()));
            (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
        };
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = issue("localhost");
        std::fs::write(folder.path().join("cert.pem"), cert).unwrap();
        std::fs::write(folder.path().join("key.pem"), key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), &pem).unwrap();
        let (cert, key) = issue("client");
        Self { pem, folder, client: format!("{cert}{key}") }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn client(&self, identity: Option<&str>) -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes()).unwrap();
        let mut builder = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
        if let Some(identity) = identity {
            builder = builder.identity(reqwest::Identity::from_pem(identity.as_bytes()).unwrap());
        }
        builder.build().unwrap()
    }
}

async fn secure(authority: &Authority, mutual: bool) -> (Server, Simulator) {
    let simulator = provider(&[("sim", Price::FREE)]).await;
    let mut setup = Setup::new(Database::Sqlite).await;
    setup
        .set("gateway.tls.cert", &authority.file("cert.pem"))
        .set("gateway.tls.key", &authority.file("key.pem"));
    if mutual {
        setup.set("gateway.tls.client_ca", &authority.file("ca.pem"));
    }
    let identity = mutual.then_some(authority.client.as_str());
    setup.client(Client(authority.client(identity)));
    setup.tree().openai_provider("sim", &simulator, "local").model(ModelSpec {
        id: "sim",
        provider: "sim",
        price: None,
    });
    (setup.start().await, simulator)
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_gateway_speaks_http_2_with_many_streams_at_once() {
    let authority = Authority::new();
    let (server, simulator) = secure(&authority, false).await;
    assert!(server.gateway().starts_with("https://"));
    let client = authority.client(None);
    let key = server.key("default");
    let url = format!("{}/v1/chat/completions", server.gateway());
    let asks = (0..20).map(|number| {
        let mut body = chat("sim", &format!("Number {number}."));
        body["stream"] = json!(number % 2 == 0);
        let request = client.post(&url).bearer_auth(&key).json(&body);
        async move {
            let response = request.send().await.unwrap();
            assert_eq!(response.version(), reqwest::Version::HTTP_2);
            assert_eq!(response.status(), 200);
            response.text().await.unwrap()
        }
    });
    for text in futures::future::join_all(asks).await {
        assert!(text.contains("simulator") || text.contains("[DONE]"), "{text}");
    }
    assert_eq!(simulator.log().len(), 20);
    // A body beyond the limit and a wrong key are told in HTTP/2 as well.
    let long = chat("sim", &"x".repeat(33 << 20));
    let refused = client.post(&url).bearer_auth(&key).json(&long).send().await.unwrap();
    assert_eq!(refused.status(), 413);
    assert!(refused.text().await.unwrap().contains("body_too_large"));
    let refused = client.post(&url).bearer_auth("ork_x_y").json(&chat("sim", "Hello.")).send();
    assert_eq!(refused.await.unwrap().status(), 401);
    // Without TLS nobody gets in.
    let plain = url.replace("https://", "http://");
    assert!(Client::new().0.get(plain).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn mutual_tls_lets_in_only_certificates_of_its_authority() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let (server, _simulator) = secure(&authority, true).await;
    let url = format!("{}/v1/chat/completions", server.gateway());
    let key = server.key("default");
    let known = authority.client(Some(&authority.client));
    let body = chat("sim", "Hello.");
    let answer = known.post(&url).bearer_auth(&key).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    for identity in [None, Some(stranger.client.as_str())] {
        let client = authority.client(identity);
        let refused = client.post(&url).bearer_auth(&key).json(&body).send().await;
        assert!(refused.is_err(), "{refused:?}");
    }
}
