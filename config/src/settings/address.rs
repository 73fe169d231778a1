//! Addresses that settings take. A faulty one is never repeated: it may carry a password.

use std::str::FromStr;

/// An `http(s)` address with a host and without user information.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl(pub String);

impl FromStr for HttpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return Err("the address does not begin with `http://` or `https://`");
        };
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() || host.starts_with(':') {
            return Err("the address names no host");
        }
        if host.contains('@') {
            return Err("the address carries a user or password; keep it in a secret");
        }
        if rest.contains(['?', '#']) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the address carries a query, a fragment or white space");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// A database.
pub(crate) struct StoreUrl(pub String);

impl FromStr for StoreUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        // An address may carry a password, so it is not repeated.
        if known.iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("the address does not begin with `sqlite:` or `postgres://`")
        }
    }
}
