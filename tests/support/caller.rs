//! A caller of the gateway: bodies, and answers as they came.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{Client, Server};

/// A chat request of one message.
pub fn chat(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": text }] })
}

/// As [`chat`], streamed, with the usage at the end.
pub fn streamed(model: &str, text: &str) -> Value {
    json!({
        "model": model,
        "messages": [{ "role": "user", "content": text }],
        "stream": true,
        "stream_options": { "include_usage": true },
    })
}

/// How long the books may be busy.
const BUSY_MAX: Duration = Duration::from_secs(60);
const BUSY_PERIOD: Duration = Duration::from_millis(50);

/// Somebody with a key.
#[derive(Clone, Debug)]
pub struct Caller {
    client: Client,
    url: String,
    key: String,
}

impl Caller {
    /// A caller of this server with a new key for an agent.
    pub fn new(server: &Server, agent: &str) -> Self {
        Self::with_key(server, &server.key(agent))
    }

    /// A caller with that key.
    pub fn with_key(server: &Server, key: &str) -> Self {
        let url = format!("{}/v1/chat/completions", server.gateway());
        Self { client: Client::new(), url, key: key.to_owned() }
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The part of the key that nobody may see: what follows the id in `ork_<id>_<secret>`. It may
    /// have underscores of its own.
    ///
    /// # Panics
    /// When the key has another form.
    pub fn secret(&self) -> &str {
        self.key.splitn(3, '_').nth(2).expect("a key has an id and a secret")
    }

    /// The same caller after the server was started again, on another port.
    pub fn moved(&mut self, server: &Server) {
        self.url = format!("{}/v1/chat/completions", server.gateway());
    }

    /// The same caller at another path, such as `/v1/embeddings`.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        let host = self.url.trim_end_matches("/v1/chat/completions");
        Self { url: format!("{host}{path}"), ..self.clone() }
    }

    /// The request, to be given headers or to be sent in another way.
    pub fn request(&self, body: &Value) -> RequestBuilder {
        self.client.0.post(&self.url).bearer_auth(&self.key).json(body)
    }

    /// Sends it and reads the answer to its end.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn ask(&self, body: &Value) -> Answer {
        Answer::read(self.request(body)).await
    }

    /// As [`Caller::ask`], again for as long as the books are busy or hold money that may come back:
    /// what a test of a loaded machine is told of its budget in the end.
    ///
    /// # Panics
    /// When that does not end.
    pub async fn ask_books(&self, body: &Value) -> Answer {
        self.ask_books_with(&[], body).await
    }

    /// As [`Caller::ask_books`] with more headers.
    ///
    /// # Panics
    /// When that does not end.
    pub async fn ask_books_with(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        let end = Instant::now() + BUSY_MAX;
        loop {
            let mut request = self.request(body);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = Answer::read(request).await;
            if !matches!(answer.status, 429 | 503) {
                return answer;
            }
            assert!(Instant::now() < end, "the books are busy for {BUSY_MAX:?}: {}", answer.text);
            tokio::time::sleep(BUSY_PERIOD).await;
        }
    }

    /// As [`Caller::ask`] with one more header.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn ask_with(&self, header: (&str, &str), body: &Value) -> Answer {
        Answer::read(self.request(body).header(header.0, header.1)).await
    }
}

/// An answer, read as far as it came.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers by their names in small letters.
    pub headers: HashMap<String, String>,
    /// The body.
    pub text: String,
    /// Whether the body broke off.
    pub cut: bool,
}

impl Answer {
    /// Sends a request and reads its answer.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn read(request: RequestBuilder) -> Self {
        let sent = request.send().await;
        let mut response = sent.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        let pair =
            |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
        let headers = response.headers().iter().map(pair).collect();
        let (mut bytes, mut cut) = (Vec::new(), false);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => {
                    cut = true;
                    break;
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: response.status().as_u16(), headers, text, cut }
    }

    /// A header; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The code of an error; empty where there is none.
    pub fn code(&self) -> String {
        let body = self.json();
        body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The events of a stream, without the terminator.
    pub fn events(&self) -> Vec<Value> {
        let data = self.text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter_map(|data| serde_json::from_str(data).ok()).collect()
    }

    /// The text of a plain or streamed answer.
    pub fn content(&self) -> String {
        let body = self.json();
        if let Some(content) = body.pointer("/choices/0/message/content").and_then(Value::as_str) {
            return content.to_owned();
        }
        let events = self.events();
        let delta =
            |event: &Value| Some(event.pointer("/choices/0/delta/content")?.as_str()?.to_owned());
        events.iter().filter_map(delta).collect()
    }

    /// The usage of a plain or streamed answer, as prompt and completion tokens.
    pub fn usage(&self) -> Option<(u64, u64)> {
        let events = self.events();
        let body = self.json();
        let usage = body.get("usage").filter(|usage| usage.is_object());
        let usage = usage.or_else(|| events.iter().rev().find_map(|e| e.get("usage")))?;
        let number = |name| usage.get(name)?.as_u64();
        Some((number("prompt_tokens")?, number("completion_tokens")?))
    }

    /// Whether a stream came to its terminator.
    pub fn is_done(&self) -> bool {
        self.text.lines().any(|line| line == "data: [DONE]")
    }

    /// Checks the status and the code of a refusal.
    ///
    /// # Panics
    /// When they are others.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text);
    }

    /// Checks that it is a whole answer of that model.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn assert_answered(&self, model: &str) {
        assert_eq!(self.status, 200, "{}", self.text);
        assert!(!self.cut, "the answer was cut: {}", self.text);
        assert_eq!(self.header("x-orchestack-model"), model, "{:?}", self.headers);
    }
}
