//! `[mcp]`: who may talk to the tool gateway, and how many sessions there may be.

use std::{str::FromStr, time::Duration};

use crate::reader::Reader;

/// What MCP clients are taken in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mcp {
    /// The names that it may be called by, beside addresses and `localhost`, in lower case.
    pub hosts: Vec<String>,
    /// The web pages that may call it, beside those of this machine.
    pub origins: Vec<String>,
    /// Sessions at once, of all clients and gateways together.
    pub max_sessions: usize,
    /// Sessions at once with one credential.
    pub max_sessions_per_credential: usize,
    /// How long a session may rest between requests.
    pub session_idle: Duration,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Mcp {
    pub(super) fn read(mut from: Reader<'_>) -> Self {
        let hosts: Vec<HostName> = from.list(
            "hosts",
            "gateway.example.com",
            "Names that clients call it by, beside `localhost` and plain addresses.",
        );
        let origins: Vec<Origin> = from.list(
            "origins",
            "https://app.example.com",
            "Web pages that may call it, beside those of this machine.",
        );
        let read = Self {
            hosts: hosts.into_iter().map(|HostName(host)| host).collect(),
            origins: origins.into_iter().map(|Origin(origin)| origin).collect(),
            max_sessions: from.count(
                "max_sessions",
                10_000,
                1..=1_000_000,
                "Sessions at once, of all clients.",
            ),
            max_sessions_per_credential: from.count(
                "max_sessions_per_credential",
                100,
                1..=100_000,
                "Sessions at once with one API key or grant.",
            ),
            session_idle: from.duration(
                "session_idle",
                30 * MINUTE,
                Duration::from_secs(1)..=1440 * MINUTE,
                "How long a session may rest between requests.",
            ),
        };
        from.finish();
        read
    }
}

/// A host's name, without a port.
pub(super) struct HostName(pub(super) String);

impl FromStr for HostName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let may = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if text.is_empty() || !text.bytes().all(may) {
            return Err("a host's name has letters, digits, `-` and `.`, and no port");
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// What a browser says that a page is from.
pub(super) struct Origin(pub(super) String);

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', '*', ' ']) => {
                Ok(Self(text.to_ascii_lowercase()))
            }
            _ => {
                Err("an origin is `https://` or `http://` and a host, with its port if it has one")
            }
        }
    }
}
