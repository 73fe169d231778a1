//! Simulated providers as tests want them.

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
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/v1", listener.local_addr().expect("its address"));
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_all(stream, answer.clone()));
        }
    });
    url
}

async fn answer_all(mut stream: TcpStream, answer: String) {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut piece).await {
        read.extend_from_slice(piece.get(..count).unwrap_or_default());
        // The gateway sends a length, and nothing more before the answer.
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            read.clear();
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}
