//! What is kept of redacted values, and whether answers and whole sessions are searched.

use std::{str::FromStr, time::Duration};

use crate::{SecretRef, reader::Reader};

/// What is kept of redacted values, and whether answers and whole sessions are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dlp {
    /// Where the key is that values behind tokens are encrypted with; a file in the state folder where
    /// absent, which other gateways do not have.
    pub tokens_key: Option<SecretRef>,
    /// How long the values of a session are kept.
    pub tokens_ttl: Duration,
    /// How much memory the values of sessions take.
    pub tokens_max_bytes: usize,
    /// Whether answers are searched where no policy asks for it.
    pub answers: AnswerSearch,
    /// Whether sessions are searched as a whole, beside their requests.
    pub deep: bool,
    /// How many requests may wait for that.
    pub deep_queue_max: usize,
    /// How much memory their texts may take.
    pub deep_queue_max_bytes: usize,
    /// How many sessions are remembered for it.
    pub deep_sessions_max: usize,
}

/// Whether answers are searched where no policy asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerSearch {
    /// They are: what is found is on record and raises the session's label.
    Inspect,
    /// They are not.
    Off,
}

impl FromStr for AnswerSearch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "inspect" => Ok(Self::Inspect),
            "off" => Ok(Self::Off),
            _ => Err("it is neither `inspect` nor `off`"),
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Dlp {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            tokens_key: from.optional(
                "tokens_key",
                "env:ORCHESTACK_TOKENS_KEY",
                "Where the key is that redacted values are encrypted with, at least 32 characters; gateways of one database share it.",
            ),
            tokens_ttl: from.duration(
                "tokens_ttl",
                DAY,
                Duration::from_secs(60)..=30 * DAY,
                "How long a session's redacted values are kept, so that answers can have them back.",
            ),
            tokens_max_bytes: from.bytes(
                "tokens_max_bytes",
                64 << 20,
                1 << 20..=64 << 30,
                "How much memory they take; more are read from the database.",
            ),
            answers: from.parsed(
                "answers",
                "inspect",
                AnswerSearch::Inspect,
                "Whether answers are searched where no policy asks for it: inspect, or off.",
            ),
            deep: from.flag(
                "deep",
                true,
                "Search sessions as a whole, beside their requests, for what no request shows by itself.",
            ),
            deep_queue_max: from.count(
                "deep_queue_max",
                1_000,
                1..=1_000_000,
                "How many requests may wait for that; more are not searched by it.",
            ),
            deep_queue_max_bytes: from.bytes(
                "deep_queue_max_bytes",
                64 << 20,
                1 << 20..=4 << 30,
                "How much memory their texts may take; more are not searched by it.",
            ),
            deep_sessions_max: from.count(
                "deep_sessions_max",
                1_000,
                1..=1_000_000,
                "How many sessions it remembers, those used last; one takes up to about 200 KiB.",
            ),
        };
        from.finish();
        read
    }
}
