//! Redis: what the gateways of one installation share beside the database.

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

use types::Secret;

use crate::reader::Reader;

/// How Redis is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redis {
    /// `redis://..` or, for TLS, `rediss://..`, which may carry a password.
    pub url: Secret,
    /// What every key begins with.
    pub prefix: String,
    /// How long one answer may take before a gateway goes on alone.
    pub timeout: Duration,
}

/// What a call may wait for Redis at most, as documented in `docs/limits.md`.
const TIMEOUT: Duration = Duration::from_millis(5);
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(10);

impl Redis {
    pub(super) fn read(mut from: Reader<'_>) -> Option<Self> {
        let url: Option<RedisUrl> = from.optional(
            "url",
            "redis://127.0.0.1:6379",
            "`redis://HOST:PORT` or `rediss://..` for TLS; each gateway counts alone where not set.",
        );
        let prefix: Prefix = from.parsed(
            "prefix",
            "orchestack",
            Prefix("orchestack".to_owned()),
            "What every key begins with: one for each installation that shares this Redis.",
        );
        let timeout = from.duration(
            "timeout",
            TIMEOUT,
            TIMEOUTS,
            "How long one answer may take before this gateway goes on alone.",
        );
        from.finish();
        let url = Secret::new(url?.0);
        Some(Self { url, prefix: prefix.0, timeout })
    }
}

/// The address of a Redis. A faulty one is never repeated: it may carry a password.
struct RedisUrl(String);

impl FromStr for RedisUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("redis://").or_else(|| text.strip_prefix("rediss://"));
        let rest = rest.ok_or("the address does not begin with `redis://` or `rediss://`")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        if host.is_empty() || host.starts_with(':') {
            return Err("the address names no host");
        }
        if rest.contains(['?', '#']) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the address carries a query, a fragment or white space");
        }
        Ok(Self(text.to_owned()))
    }
}

struct Prefix(String);

impl FromStr for Prefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
        if text.is_empty() || text.len() > 64 || !text.bytes().all(plain) {
            return Err("a prefix is letters, digits and any of - _ . :, at most 64");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_host_and_nothing_that_could_weaken_it() {
        for text in [
            "redis://127.0.0.1:6379",
            "redis://redis.internal",
            "redis://user:hunter2@redis.internal:6380/2",
            "rediss://:hunter2@[::1]:6379",
        ] {
            assert_eq!(text.parse::<RedisUrl>().map(|url| url.0), Ok(text.to_owned()));
        }
        for text in [
            "",
            "hunter2",
            "http://hunter2",
            "redis://",
            "redis://:6379",
            "redis://user:hunter2@",
            "redis+unix:///run/hunter2.sock",
            // Takes any certificate.
            "rediss://host/#insecure",
            "redis://host/?password=hunter2",
            "redis://host /hunter2",
        ] {
            let error = text.parse::<RedisUrl>().map(|url| url.0).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_prefix_is_plain() {
        for text in ["", "a b", "a*", "a\n", "é"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
        assert!("a".repeat(65).parse::<Prefix>().is_err());
        assert_eq!(
            "prod:eu-1".parse::<Prefix>().map(|prefix| prefix.0),
            Ok("prod:eu-1".to_owned())
        );
    }
}
