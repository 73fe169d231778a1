//! Simulated providers as tests want them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use simulator::{Model, Price, Simulator, SimulatorOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A simulator that keeps the bodies it gets, with one model of that price for each id.
///
/// # Panics
/// When it cannot listen.
pub async fn provider(models: &[(&str, Price)]) -> Simulator {
    let models = models.iter().map(|(id, price)| Model::new(id, *price)).collect();
    let options = SimulatorOptions { models, keep_bodies: true, ..SimulatorOptions::default() };
    let started = Simulator::start(options).await;
    started.unwrap_or_else(|error| panic!("the simulator does not start: {error}"))
}

/// A provider that gives every request this body, head and all in one write. It is an
/// OpenAI-compatible one at the URL that is returned, and ends with the test's runtime.
///
/// # Panics
/// When it cannot listen.
pub async fn one_answer(content_type: &str, body: &str) -> String {
    let answer = whole(content_type, body);
    format!("{}/v1", serve(move |_, _| answer.clone()).await)
}

/// Where traces go: the base URL of an OTLP collector, and the bodies that it gets.
///
/// # Panics
/// When it cannot listen.
pub async fn collector() -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    let url = serve(move |_, body| {
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        whole("application/x-protobuf", "")
    });
    (url.await, got)
}

/// A request as a receiver of webhooks got it: its head, and its body.
pub type Received = (String, String);

/// A receiver of webhooks: its URL, and what it got. The first requests are answered with these
/// statuses, all others with 200.
///
/// # Panics
/// When it cannot listen.
pub async fn receiver(first: &[u16]) -> (String, Arc<Mutex<Vec<Received>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let (kept, first) = (Arc::clone(&got), first.to_vec());
    let url = serve(move |head, body| {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let status = first.get(kept.len()).copied().unwrap_or(200);
        kept.push((head, String::from_utf8_lossy(&body).into_owned()));
        format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n")
    });
    (url.await, got)
}

fn whole(content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// A server that answers each head and body with the bytes that it is told.
async fn serve(answer: impl Fn(String, Vec<u8>) -> String + Send + Sync + 'static) -> String {
    serve_after(move |head, body| (answer(head, body), Duration::ZERO)).await
}

/// As [`serve`], each answer after a while.
pub(crate) async fn serve_after(
    answer: impl Fn(String, Vec<u8>) -> (String, Duration) + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                while let Some((head, body)) = request(&mut stream).await {
                    let (bytes, delay) = answer(head, body);
                    tokio::time::sleep(delay).await;
                    if stream.write_all(bytes.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// Reads one request with a length; nobody here sends another before it is answered.
async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut read, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(piece.get(..count)?);
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(read.get(..end)?).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let body = read.get(end + 4..)?;
        if body.len() >= length.unwrap_or(0_usize) {
            return Some((head, body.to_vec()));
        }
    }
}
