//! What goes wrong at the webchat, and how it is told.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::house::Refused;

/// Why something was not done, in the order in which requests fail.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The `Host` names something that this listener is not.
    #[error("this page does not answer for that host")]
    Host,
    /// A page of another site asks.
    #[error("pages of this origin may not use this chat")]
    Origin,
    /// No such path.
    #[error("there is nothing here")]
    NoSuchPath,
    /// The request cannot be understood.
    #[error("{0}")]
    Invalid(&'static str),
    /// No token of a conversation, or none of ours.
    #[error("the conversation's token is missing")]
    NoConversation,
    /// Nobody may write here who is not signed in.
    #[error("sign in to write here")]
    SignIn,
    /// The token is nobody's.
    #[error("this token is unknown or was revoked")]
    Unauthenticated,
    /// The conversation is somebody else's.
    #[error("this conversation belongs to somebody else")]
    NotYours,
    /// No such agent here.
    #[error("no agent of that name can be written to here")]
    NoAgent,
    /// Too much at once.
    #[error("that was too fast; wait a moment")]
    Limited {
        /// When trying again makes sense, in milliseconds.
        retry_after_ms: u64,
    },
    /// Too many connections.
    #[error("too many connections are open")]
    Crowded,
    /// Too many attachments wait for their messages.
    #[error("too many attachments were uploaded and not sent")]
    Unsent,
    /// What was sent is beyond its limit.
    #[error("what was sent is longer than {0} bytes")]
    TooLarge(usize),
    /// Too many messages wait for their answers.
    #[error("{0} messages wait for their answers already")]
    Full(u32),
    /// The house said no.
    #[error(transparent)]
    House(#[from] Refused),
    /// The database or the storage of objects cannot be used now.
    #[error("the message cannot be kept now")]
    Away,
    /// A fault of ours.
    #[error("this went wrong; the server's log says why")]
    Broke,
}

/// The body of a refusal, and the same as a frame.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Told {
    /// The stable code.
    pub(super) code: String,
    /// What happened.
    pub(super) message: String,
    /// What to do.
    pub(super) fix: String,
    /// When trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_ms: Option<u64>,
}

impl Error {
    fn status(&self) -> (StatusCode, &str, &str) {
        match self {
            Self::Host => (
                StatusCode::MISDIRECTED_REQUEST,
                "wrong_host",
                "use the address itself, or add the name to `webchat.hosts`",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "wrong_origin",
                "add the page's origin to `webchat.origins`",
            ),
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "not_found", "open the page at `/`"),
            Self::Invalid(_) => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "docs/webchat.md says what is understood",
            ),
            Self::NoConversation => (
                StatusCode::UNAUTHORIZED,
                "no_conversation",
                "begin one with POST /api/conversation",
            ),
            Self::SignIn => {
                (StatusCode::UNAUTHORIZED, "sign_in", "sign in with the token that you were given")
            }
            Self::Unauthenticated => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "ask an administrator for a token: `orchestack person add`",
            ),
            Self::NotYours => {
                (StatusCode::FORBIDDEN, "not_yours", "sign in as its person, or begin another one")
            }
            Self::NoAgent => (
                StatusCode::NOT_FOUND,
                "no_agent",
                "an administrator names agents in `webchat.agents`",
            ),
            Self::Limited { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "wait, then send it again")
            }
            Self::Crowded => {
                (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "try again in a minute")
            }
            Self::Unsent => (
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "try again later, or write without it",
            ),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "send less"),
            Self::Full(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_waiting",
                "wait for the answers, then go on",
            ),
            Self::House(refused) => (
                StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                &refused.code,
                &refused.fix,
            ),
            Self::Away => (
                StatusCode::SERVICE_UNAVAILABLE,
                "dependency_unavailable",
                "send it again with the same id: it is kept once",
            ),
            Self::Broke => (StatusCode::INTERNAL_SERVER_ERROR, "failed", "try again"),
        }
    }

    /// What whoever asked is told.
    pub(super) fn told(&self) -> Told {
        let (_, code, fix) = self.status();
        let retry_after_ms = match self {
            Self::Limited { retry_after_ms } => Some(*retry_after_ms),
            _ => None,
        };
        Told {
            code: code.to_owned(),
            message: self.to_string(),
            fix: fix.to_owned(),
            retry_after_ms,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, ..) = self.status();
        let told = self.told();
        let mut response = (status, Json(serde_json::json!({ "error": told }))).into_response();
        let seconds = told.retry_after_ms.map(|ms| ms.div_ceil(1000).max(1));
        if let Some(value) = seconds.and_then(|s| s.to_string().parse().ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

impl From<store::work::Error> for Error {
    fn from(error: store::work::Error) -> Self {
        use store::work::Error as W;
        match error {
            W::Full { max } => Self::Full(max),
            W::Missing { .. } => Self::NoAgent,
            W::TooLong { max, .. } => Self::TooLarge(max),
            error if error.is_transient() => {
                tracing::warn!(%error, "the webchat cannot use the database");
                Self::Away
            }
            error => {
                tracing::error!(%error, "the webchat failed");
                Self::Broke
            }
        }
    }
}

impl From<store::objects::Error> for Error {
    fn from(error: store::objects::Error) -> Self {
        use store::objects::Error as O;
        match error {
            O::TooLarge { max, .. } => Self::TooLarge(usize::try_from(max).unwrap_or(usize::MAX)),
            error @ (O::Place { .. } | O::Unavailable(_) | O::Store(_)) => {
                tracing::warn!(%error, "the webchat cannot use the place of objects");
                Self::Away
            }
            error @ (O::Missing { .. } | O::Changed { .. }) => {
                tracing::error!(%error, "an object of the webchat is gone");
                Self::Broke
            }
        }
    }
}
