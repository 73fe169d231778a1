//! The closed set of codes that a refused or failed request can carry.

use serde::{Deserialize, Serialize};

/// Why a request got no answer. Stable names and HTTP statuses: callers program against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No credential, or one that is unknown, expired or revoked.
    Unauthenticated,
    /// Policy does not permit it.
    PolicyDenied,
    /// Policy blocks the kind of data that was found.
    DlpBlocked,
    /// A person must approve it first.
    ApprovalRequired,
    /// The hard cap is reached.
    BudgetExhausted,
    /// The rest of the cap is reserved by running requests; it may come back.
    BudgetHeld,
    /// Too many requests.
    RateLimited,
    /// Models exist, but none that is permitted can serve this request.
    NoRoute,
    /// No model of that name, or none that the caller may know of.
    ModelNotFound,
    /// No such session of an MCP client, or one that is over: begin a new one.
    SessionNotFound,
    /// The request is malformed or asks for what is not supported.
    InvalidRequest,
    /// The conversation is longer than the model's context, as a provider says.
    ContextLengthExceeded,
    /// The body is beyond the limit.
    BodyTooLarge,
    /// Every upstream that was tried failed.
    UpstreamFailed,
    /// The upstream did not answer in time.
    UpstreamTimeout,
    /// This gateway is shedding load or shutting down.
    Overloaded,
    /// The ledger or another dependency that must answer is away.
    DependencyUnavailable,
}

impl Code {
    /// Every code, in the order in which a request can fail.
    pub const ALL: [Self; 17] = [
        Self::Unauthenticated,
        Self::PolicyDenied,
        Self::DlpBlocked,
        Self::ApprovalRequired,
        Self::BudgetExhausted,
        Self::BudgetHeld,
        Self::RateLimited,
        Self::NoRoute,
        Self::ModelNotFound,
        Self::SessionNotFound,
        Self::InvalidRequest,
        Self::ContextLengthExceeded,
        Self::BodyTooLarge,
        Self::UpstreamFailed,
        Self::UpstreamTimeout,
        Self::Overloaded,
        Self::DependencyUnavailable,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::PolicyDenied => "policy_denied",
            Self::DlpBlocked => "dlp_blocked",
            Self::ApprovalRequired => "approval_required",
            Self::BudgetExhausted => "budget_exhausted",
            Self::BudgetHeld => "budget_held",
            Self::RateLimited => "rate_limited",
            Self::NoRoute => "no_route",
            Self::ModelNotFound => "model_not_found",
            Self::SessionNotFound => "session_not_found",
            Self::InvalidRequest => "invalid_request",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::BodyTooLarge => "body_too_large",
            Self::UpstreamFailed => "upstream_failed",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::Overloaded => "overloaded",
            Self::DependencyUnavailable => "dependency_unavailable",
        }
    }

    /// The HTTP status that always goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::ContextLengthExceeded => 400,
            Self::Unauthenticated => 401,
            Self::BudgetExhausted => 402,
            Self::PolicyDenied | Self::DlpBlocked | Self::ApprovalRequired => 403,
            Self::ModelNotFound | Self::SessionNotFound => 404,
            Self::BodyTooLarge => 413,
            Self::NoRoute => 422,
            Self::BudgetHeld | Self::RateLimited => 429,
            Self::UpstreamFailed => 502,
            Self::Overloaded | Self::DependencyUnavailable => 503,
            Self::UpstreamTimeout => 504,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
