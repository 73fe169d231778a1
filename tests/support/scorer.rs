//! An external scorer that answers what a test tells it, and keeps what it was asked.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;

use crate::{Received, upstream::serve_after};

/// A scorer on a port of its own. It ends with the test's runtime.
#[derive(Clone, Debug)]
pub struct Scorer {
    url: String,
    says: Arc<Mutex<Says>>,
}

#[derive(Debug)]
struct Says {
    status: u16,
    body: String,
    delay: Duration,
    got: Vec<Received>,
}

impl Scorer {
    /// One that has no opinion of anything, yet.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start() -> Self {
        let (status, body, delay) = (200, "{}".to_owned(), Duration::ZERO);
        let says = Arc::new(Mutex::new(Says { status, body, delay, got: Vec::new() }));
        let kept = Arc::clone(&says);
        let url = serve_after(move |head, body| {
            let mut says = kept.lock().unwrap_or_else(PoisonError::into_inner);
            says.got.push((head, String::from_utf8_lossy(&body).into_owned()));
            let Says { status, body, delay, .. } = &*says;
            let length = body.len();
            let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n\r\n");
            (format!("{head}{body}"), *delay)
        });
        Self { url: format!("{}/score", url.await), says }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it answers from now on.
    pub fn says(&self, answer: &str) {
        self.answers(200, answer, Duration::ZERO);
    }

    /// With which status, and after how long.
    pub fn answers(&self, status: u16, body: &str, delay: Duration) {
        let mut says = self.lock();
        (says.status, says.body, says.delay) = (status, body.to_owned(), delay);
    }

    /// The heads and bodies that it got.
    pub fn got(&self) -> Vec<Received> {
        self.lock().got.clone()
    }

    /// The last question.
    ///
    /// # Panics
    /// When there was none, or it is no JSON.
    pub fn question(&self) -> Value {
        let got = self.got();
        let (_, body) = got.last().expect("the scorer was asked");
        serde_json::from_str(body).expect("a question is JSON")
    }

    fn lock(&self) -> MutexGuard<'_, Says> {
        self.says.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
