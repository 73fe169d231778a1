//! What reached the simulator.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// One request that was seen, whatever came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Position since the start or the last reset, from 1.
    pub seq: u64,
    /// Path of the request, such as `/v1/chat/completions`.
    pub path: String,
    /// The model asked for; empty when the body could not be read.
    pub model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Length of the body.
    pub body_bytes: usize,
    /// SHA-256 of the body, lower-case hex.
    pub body_sha256: String,
    /// SHA-256 of the key in `authorization` or `x-api-key`, lower-case hex; none without a key.
    pub key_sha256: Option<String>,
    /// The `traceparent` header.
    pub traceparent: Option<String>,
    /// The status that was answered; 0 when the script lets the caller have none.
    pub status: u16,
    /// Id of the call in the bill, when it was billed.
    pub call: Option<String>,
    /// The body as text, when bodies are kept.
    pub body: Option<String>,
}

/// The last requests, up to a bound.
#[derive(Debug)]
pub(crate) struct Log {
    max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    seq: u64,
    seen: VecDeque<Seen>,
}

impl Log {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, kept: Mutex::default() }
    }

    /// Adds a request; its `seq` is set here. The oldest goes when the log is full.
    pub(crate) fn add(&self, mut seen: Seen) {
        let mut kept = self.lock();
        kept.seq = kept.seq.saturating_add(1);
        seen.seq = kept.seq;
        if kept.seen.len() >= self.max {
            kept.seen.pop_front();
        }
        if self.max > 0 {
            kept.seen.push_back(seen);
        }
    }

    /// What is kept, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.iter().cloned().collect()
    }

    /// How many requests came since the start or the last reset, kept or not.
    pub(crate) fn count(&self) -> u64 {
        self.lock().seq
    }

    pub(crate) fn reset(&self) {
        *self.lock() = Kept::default();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// SHA-256 as lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
        text
    })
}
