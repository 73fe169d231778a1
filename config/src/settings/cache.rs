//! Answers that are kept in memory, to be given again to the same request.

use std::time::Duration;

use types::Label;

use crate::reader::Reader;

/// How many answers are kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// How many bytes of them; zero keeps none.
    pub max_bytes: usize,
    /// How long an answer is given again.
    pub ttl: Duration,
    /// The highest label of requests whose answers are kept.
    pub max_label: Label,
}

impl Cache {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            max_bytes: from.bytes(
                "max_bytes",
                16 << 20,
                0..=64 << 30,
                "How much memory the answers take; 0 keeps none.",
            ),
            ttl: from.duration(
                "ttl",
                Duration::from_secs(60 * 60),
                Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 60 * 60),
                "How long an answer is given again.",
            ),
            max_label: from.parsed(
                "max_label",
                "sensitive",
                Label::Sensitive,
                "The highest label of requests whose answers are kept: public, internal, sensitive or restricted.",
            ),
        };
        from.finish();
        read
    }
}
