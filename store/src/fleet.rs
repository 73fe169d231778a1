//! What the gateways of one installation share in Redis: how far rate limits are used up, and which
//! budgets are known to be exhausted.
//!
//! INVARIANT: nothing here is needed. Redis may be away, stalled, empty or old at any instant: then
//! [`Fleet`] answers nothing, and whoever asked decides as if there were no Redis. It never lets a call
//! through that the ledger would refuse.

mod denials;
mod link;
mod rates;

use std::{sync::Arc, time::Duration};

use types::Secret;

pub(crate) use denials::Denial;
pub use link::{Changes, Fleet};
pub use rates::{Answer, Ask, Charge, Left, Places, Use, name};

/// How Redis is reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS.
    pub url: Secret,
    /// What every key begins with: one for each installation that shares this Redis.
    pub prefix: String,
    /// How long one answer may take. Later it is as good as none.
    pub timeout: Duration,
}

/// Why there is no [`Fleet`].
#[derive(Debug, thiserror::Error)]
#[error("the address of Redis cannot be read: {0}; write `redis.url` as `redis://HOST:6379`")]
pub struct Unreadable(&'static str);

/// What this process is called in Redis, and how often it asks again; see [`link`].
#[derive(Debug, Clone)]
struct Own {
    name: Arc<str>,
    prefix: Arc<str>,
    timeout: Duration,
}
