//! Hints on what of a request a provider should keep in its cache.
//!
//! They never change an answer. Formats with a cache that is asked for (Anthropic, Bedrock) get them;
//! all others cache on their own or not at all, and there they have no meaning.

/// For how long a provider keeps what was asked of it, after its last use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheTtl {
    /// Five minutes.
    #[default]
    Minutes,
    /// An hour. Writing it costs more.
    Hour,
}

/// A place in a message up to which the request should be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePoint {
    /// The piece that it stands behind: the message's content counts first, then its tool calls. The
    /// number of all of them stands for the message itself: the result of a tool as a whole.
    pub after: usize,
    /// For how long.
    pub ttl: CacheTtl,
}
