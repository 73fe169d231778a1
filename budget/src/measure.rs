//! How long a text is in tokens: a byte each, which no vocabulary goes beyond, or as a published
//! vocabulary cuts it.

use std::fmt::{self, Write as _};

use serde_json::Value;
use types::Tokenizer;

/// A way to measure text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Measure {
    /// Every byte a token.
    Bytes,
    /// The tokens of a vocabulary. Whoever measures by one first waits a tenth of a second for it, and it
    /// stays in memory from then on.
    Tokens(Tokenizer),
}

impl Measure {
    /// How many tokens a text has. What looks like a control token in it is text like any other.
    pub(crate) fn text(self, text: &str) -> u64 {
        match self {
            Self::Bytes => bytes(text),
            Self::Tokens(tokenizer) => tiktoken::get_encoding(tokenizer.as_str())
                .and_then(|vocabulary| u64::try_from(vocabulary.count(text)).ok())
                .unwrap_or_else(|| bytes(text)),
        }
    }

    /// How many tokens the text of a JSON value has.
    pub(crate) fn json(self, value: &Value) -> u64 {
        match self {
            Self::Bytes => json_bytes(value),
            Self::Tokens(_) => self.text(&value.to_string()),
        }
    }
}

pub(crate) fn bytes(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// The length of a JSON value's text, without making it.
fn json_bytes(value: &Value) -> u64 {
    struct Counter(u64);
    impl fmt::Write for Counter {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.saturating_add(bytes(text));
            Ok(())
        }
    }
    let mut counter = Counter(0);
    match write!(counter, "{value}") {
        Ok(()) => counter.0,
        Err(fmt::Error) => u64::MAX,
    }
}
