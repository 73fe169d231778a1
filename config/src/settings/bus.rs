//! `[bus]`: where events go, and what a NATS must do with them.

use std::str::FromStr;

use types::Secret;

use super::HttpUrl;
use crate::reader::Reader;

/// The event bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bus {
    /// In this process.
    Embedded,
    /// NATS JetStream.
    Nats(Nats),
}

/// A NATS, and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nats {
    /// Its address, which may carry a password.
    pub url: Secret,
    /// The monitoring addresses of its servers: they alone tell how messages are kept.
    pub monitoring: Vec<String>,
    /// What is wanted of its disk.
    pub sync: NatsSync,
}

types::names! {
    /// When a NATS must have flushed a message to its disk.
    NatsSync {
        /// Before it acknowledges the message.
        Always = "always",
        /// Whenever it does.
        Any = "any",
    }
}

impl Bus {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let address =
            from.parsed("url", "embedded", Address::Embedded, "`embedded` or `nats://HOST:PORT`.");
        let monitoring: Vec<HttpUrl> = from.list(
            "nats_monitoring",
            "http://127.0.0.1:8222",
            "The monitoring address (`http_port`) of each server of NATS, which are asked for nats_sync.",
        );
        let sync = from.parsed(
            "nats_sync",
            "always",
            NatsSync::Always,
            "`always`: nothing starts on a NATS that acknowledges what its disk may lose; `any`.",
        );
        from.finish();
        match address {
            Address::Embedded => Self::Embedded,
            Address::Nats(url) => {
                let monitoring = monitoring.into_iter().map(|HttpUrl(url)| url).collect();
                Self::Nats(Nats { url, monitoring, sync })
            }
        }
    }
}

enum Address {
    Embedded,
    Nats(Secret),
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "embedded" => Ok(Self::Embedded),
            url if url.starts_with("nats://") || url.starts_with("tls://") => {
                Ok(Self::Nats(Secret::new(url)))
            }
            _ => Err("the address is neither `embedded` nor begins with `nats://`"),
        }
    }
}
