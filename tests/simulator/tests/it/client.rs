//! A client that sees bytes: what a library would hide is what is tested.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Everything that came on a connection until it ended or was silent for a while.
pub(crate) struct Got {
    pub(crate) raw: Vec<u8>,
    /// How it ended.
    pub(crate) end: Ended,
    /// The pieces as single reads brought them.
    pub(crate) reads: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Closed,
    Reset,
    Silent,
}

impl Got {
    pub(crate) fn status(&self) -> u16 {
        let head = String::from_utf8_lossy(&self.raw);
        head.split(' ').nth(1).expect("a status line").parse().unwrap()
    }

    pub(crate) fn head(&self) -> String {
        let text = String::from_utf8_lossy(&self.raw).into_owned();
        text.split("\r\n\r\n").next().unwrap().to_lowercase()
    }

    /// The body, with chunked encoding undone. `None` when its end is missing.
    pub(crate) fn whole_body(&self) -> Option<Vec<u8>> {
        let at = self.raw.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let mut rest = &self.raw[at..];
        if !self.head().contains("transfer-encoding: chunked") {
            let length = self.head().split("content-length: ").nth(1)?.lines().next()?.to_owned();
            return (rest.len() == length.parse::<usize>().unwrap()).then(|| rest.to_vec());
        }
        let mut body = Vec::new();
        loop {
            let line = rest.windows(2).position(|window| window == b"\r\n")?;
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?, 16).ok()?;
            if size == 0 {
                return Some(body);
            }
            body.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
            rest = rest.get(line + 4 + size..)?;
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.whole_body().expect("a whole body")).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The data of the stream's events, `[DONE]` left out.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.text();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter(|data| *data != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }

    /// How many events are in what came, whole body or not.
    pub(crate) fn event_count(&self) -> usize {
        String::from_utf8_lossy(&self.raw).matches("data: ").count()
    }
}

pub(crate) async fn start() -> Simulator {
    Simulator::start(SimulatorOptions::default()).await.unwrap()
}

/// Posts and reads until the connection ends, or has been silent for 300 ms.
pub(crate) async fn post(addr: SocketAddr, path: &str, headers: &str, body: &str) -> Got {
    request(addr, &format!("POST {path} HTTP/1.1\r\nhost: sim\r\n{headers}"), body).await
}

pub(crate) async fn request(addr: SocketAddr, head: &str, body: &str) -> Got {
    let mut tcp = TcpStream::connect(addr).await.unwrap();
    let length = body.len();
    let text = format!("{head}connection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    tcp.write_all(text.as_bytes()).await.unwrap();
    read(&mut tcp).await
}

async fn read(tcp: &mut TcpStream) -> Got {
    let mut got = Got { raw: Vec::new(), end: Ended::Silent, reads: 0 };
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = tokio::time::timeout(Duration::from_millis(300), tcp.read(&mut buffer)).await;
        got.end = match read {
            Err(_) => Ended::Silent,
            Ok(Err(_)) => Ended::Reset,
            Ok(Ok(0)) => Ended::Closed,
            Ok(Ok(bytes)) => {
                got.raw.extend_from_slice(&buffer[..bytes]);
                got.reads += 1;
                continue;
            }
        };
        return got;
    }
}

pub(crate) async fn get(simulator: &Simulator, path: &str) -> Got {
    request(simulator.addr(), &format!("GET {path} HTTP/1.1\r\nhost: sim\r\n"), "").await
}

/// Asks for a chat completion.
pub(crate) async fn chat(simulator: &Simulator, body: &Value) -> Got {
    post(simulator.addr(), "/v1/chat/completions", "", &body.to_string()).await
}

/// Asks for a message in Anthropic's dialect.
pub(crate) async fn message(simulator: &Simulator, body: &Value) -> Got {
    let headers = "x-api-key: sk-ant-test\r\nanthropic-version: 2023-06-01\r\n";
    post(simulator.addr(), "/v1/messages", headers, &body.to_string()).await
}

/// The shortest request to a model.
pub(crate) fn ask(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "max_tokens": 64,
        "messages": [{"role": "user", "content": "Say something."}]})
}
