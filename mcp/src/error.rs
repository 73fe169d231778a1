//! Why a tool server gave no answer.

use std::time::Duration;

use serde_json::Value;

/// Why a tool server gave no answer. No text has anything that a server said but [`Refused`]'s
/// fields.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Its definition cannot be used.
    #[error("tool server `{server}` cannot be used: {why}")]
    Unusable {
        /// The server's name.
        server: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Its address is one that it may not be reached at.
    #[error(
        "tool server `{server}` is at no public address; if that is meant, set `private = true`"
    )]
    Private {
        /// The server's name.
        server: String,
    },
    /// It did not start, or nobody listens there.
    #[error("tool server `{server}` cannot be reached: {why}")]
    Unreachable {
        /// The server's name.
        server: String,
        /// Which step failed.
        why: String,
    },
    /// It broke down lately and is not asked before a while.
    #[error("tool server `{server}` broke down and is asked again in {} ms", again.as_millis())]
    Resting {
        /// The server's name.
        server: String,
        /// How long it rests still.
        again: Duration,
    },
    /// Who asked withdrew the call. A server that had it already was told.
    #[error("the call of tool server `{server}` was withdrawn")]
    Withdrawn {
        /// The server's name.
        server: String,
        /// Whether the server may have it.
        sent: bool,
    },
    /// It wants a credential that we do not have.
    #[error(
        "tool server `{server}` does not accept our credential; see `credential` and `server.oauth`"
    )]
    Unauthorized {
        /// The server's name.
        server: String,
    },
    /// It does not keep to the protocol.
    #[error("tool server `{server}` does not keep to the protocol: {why}")]
    Protocol {
        /// The server's name.
        server: String,
        /// Which rule is broken.
        why: &'static str,
    },
    /// It answered with an error of JSON-RPC.
    #[error("tool server `{server}` refused with code {}", refused.code)]
    Refused {
        /// The server's name.
        server: String,
        /// What it said.
        refused: Box<Refused>,
    },
    /// It gave no answer in time, and was told that nobody waits any more.
    #[error("tool server `{server}` gave no answer within {} ms", after.as_millis())]
    Timeout {
        /// The server's name.
        server: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// Its answer is too large.
    #[error("tool server `{server}`: an answer has more than {bytes_max} bytes")]
    TooLarge {
        /// The server's name.
        server: String,
        /// The most that it may have.
        bytes_max: usize,
    },
    /// Too many requests are on their way to it.
    #[error(
        "tool server `{server}` has {concurrent_max} requests under way and none ended in time"
    )]
    Busy {
        /// The server's name.
        server: String,
        /// How many it may have.
        concurrent_max: usize,
    },
    /// The connection ended before the answer. Whether the request was carried out is not known.
    #[error("the connection to tool server `{server}` ended before an answer")]
    Closed {
        /// The server's name.
        server: String,
    },
}

/// A server's error answer. Its words are the server's: they are searched before anybody reads
/// them, and never logged.
#[derive(Clone, PartialEq)]
pub struct Refused {
    /// JSON-RPC's code.
    pub code: i32,
    /// What the server says of it.
    pub message: String,
    /// What else it says.
    pub data: Option<Value>,
}

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refused").field("code", &self.code).finish_non_exhaustive()
    }
}
