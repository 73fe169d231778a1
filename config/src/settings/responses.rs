//! What is kept of `/v1/responses`, so that callers can go on from one.

use std::time::Duration;

use types::Label;

use crate::reader::Reader;

/// What is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responses {
    /// How long a response can be gone on from; zero keeps none.
    pub retention: Duration,
    /// The highest label that is kept.
    pub max_label: Label,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Responses {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let read = Self {
            retention: from.duration(
                "retention",
                7 * DAY,
                Duration::ZERO..=365 * DAY,
                "How long a response can be gone on from; `0s` keeps none.",
            ),
            max_label: from.parsed(
                "max_label",
                "sensitive",
                Label::Sensitive,
                "The highest label of what is kept: public, internal, sensitive or restricted.",
            ),
        };
        from.finish();
        read
    }
}
