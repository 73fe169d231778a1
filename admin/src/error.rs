//! What goes wrong at the admin API, and how it is told.

mod cause;
mod wire;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use policy::{Denial, DenyReason};

use cause::{approval, git, mend, store, work};
pub use wire::{Fault, Refusal, Waiting};

use crate::policies::FaultView;

/// Why an operation was not done, in the order in which operations fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No token, or one that is unknown or revoked.
    #[error("the admin token is missing or unknown")]
    Unauthenticated,
    /// A change over a cookie that does not show that it comes from the console's own page.
    #[error("this change does not come from the console's own page")]
    Csrf,
    /// The request is of no session of the console.
    #[error("this request is of no session of the console")]
    NoSession,
    /// The `Host` header names something that this listener is not.
    #[error("this listener does not answer for that host")]
    Host,
    /// Too many operations run.
    #[error("too many operations are running")]
    Overloaded,
    /// The request cannot be understood.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// What to do.
        fix: String,
    },
    /// The body is beyond the limit.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// No such path, or not with this method.
    #[error("the admin API has no such operation")]
    NoOperation,
    /// Policy does not permit it.
    #[error("{}", refusal(.0))]
    Denied(Denial),
    /// Policy permits it once people have approved it.
    #[error("{}; the approval {} waits for them", refusal(.denial), .approval.id)]
    ApprovalRequired {
        /// What policy said.
        denial: Denial,
        /// The question to people.
        approval: Box<Waiting>,
    },
    /// People denied it.
    #[error("people denied this act (approval {})", .0.id)]
    ApprovalDenied(Box<Waiting>),
    /// The approval cannot be asked for or decided.
    #[error(transparent)]
    Approval(#[from] store::approvals::Error),
    /// The work is not there, or not where this can be done to it.
    #[error(transparent)]
    Work(#[from] store::work::Error),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Git refused or failed.
    #[error(transparent)]
    Git(#[from] snapshot::git::Error),
    /// The change would make a tree that cannot be loaded.
    #[error("the tree would be refused: {}", list(.0))]
    Tree(Vec<config::Fault>),
    /// The tree has moved on since whoever edits it looked.
    #[error("the tree is at commit {head} by now, and the change was made on {base}")]
    Moved {
        /// The commit that the change was made on.
        base: String,
        /// The commit that runs.
        head: String,
    },
    /// The call of the webhook is not signed with its secret.
    #[error("the call is not signed with the webhook's secret")]
    Signature,
    /// The webhook's secret cannot be read.
    #[error("the secret of the webhook cannot be read")]
    WebhookSecret(#[source] config::SecretError),
    /// The handler broke: a fault of ours.
    #[error("the operation broke")]
    Broke,
    /// The snapshot could not be loaded again.
    #[error(transparent)]
    Snapshot(#[from] snapshot::Error),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Randomness(#[from] snapshot::keys::NoRandomness),
    /// The grant is too long to travel.
    #[error(transparent)]
    Grant(#[from] snapshot::grants::TooLong),
}

/// The code of a refusal, within its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told(pub(crate) &'static str);

impl Error {
    /// A request that cannot be understood, with what to do instead.
    pub(crate) fn invalid(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), fix: fix.into() }
    }

    /// The status and the stable code that go with it.
    const fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::Csrf => (StatusCode::FORBIDDEN, "foreign_origin"),
            Self::NoSession => (StatusCode::NOT_FOUND, "no_session"),
            Self::Host => (StatusCode::MISDIRECTED_REQUEST, "wrong_host"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
            Self::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::NoOperation => (StatusCode::NOT_FOUND, "no_such_operation"),
            Self::Denied(_) | Self::ApprovalDenied(_) => (StatusCode::FORBIDDEN, "policy_denied"),
            Self::ApprovalRequired { .. } => (StatusCode::FORBIDDEN, "approval_required"),
            Self::Approval(error) => approval(error),
            Self::Work(error) => work(error),
            Self::Store(error) => store(error),
            Self::Git(error) | Self::Snapshot(snapshot::Error::Git(error)) => {
                let (status, code, _) = git(error);
                (status, code)
            }
            Self::Tree(_) | Self::Snapshot(_) => (StatusCode::UNPROCESSABLE_ENTITY, "tree_refused"),
            Self::Moved { .. } => (StatusCode::CONFLICT, "tree_conflict"),
            Self::Signature => (StatusCode::UNAUTHORIZED, "bad_signature"),
            Self::WebhookSecret(_) => (StatusCode::SERVICE_UNAVAILABLE, "dependency_unavailable"),
            Self::Grant(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::Randomness(_) | Self::Broke => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        }
    }

    fn fix(&self) -> String {
        let fixed = match self {
            Self::Invalid { fix, .. } => return fix.clone(),
            Self::Unauthenticated => {
                "send `Authorization: Bearer ora_...`; the first start printed the token, and the \
                 command line reads it from ORCHESTACK_ADMIN_TOKEN"
            }
            Self::Csrf => {
                "load the page again; programs send `Authorization: Bearer ora_...` and no cookie"
            }
            Self::NoSession => "sign in at `/`; a token needs no session",
            Self::Host => "use the address itself, such as http://127.0.0.1:8081, or `localhost`",
            Self::Overloaded => "try again in a second",
            Self::TooLarge(_) => "send less",
            Self::NoOperation => "GET /api/v1/openapi.json lists every operation",
            Self::Denied(_) => {
                "ask an administrator to permit it in `policies/administration.cedar` of the tree"
            }
            Self::ApprovalRequired { approval, .. } => {
                return format!(
                    "others approve it with `orchestack approval approve {}`; then ask again, exactly \
                     as now",
                    approval.id
                );
            }
            Self::ApprovalDenied(_) => {
                "see their reasons with `orchestack approval show`; it can be asked again when the \
                 question's time is over"
            }
            Self::Approval(store::approvals::Error::Store(error))
            | Self::Work(store::work::Error::Store(error))
            | Self::Store(error) => mend(error),
            Self::Work(_) => "`orchestack task list` shows where every task stands",
            Self::Approval(_) => "`orchestack approval list` shows where every approval stands",
            Self::Moved { .. } => "look at what is new there, then make the change on it",
            Self::Signature => {
                "give the remote's webhook the secret that `policy.webhook_secret` names"
            }
            Self::WebhookSecret(_) => "see the server's log for the cause",
            Self::Grant(_) => "name fewer models and tools",
            Self::Broke => "see the server's log for the cause",
            Self::Git(error) | Self::Snapshot(snapshot::Error::Git(error)) => git(error).2,
            Self::Tree(_) | Self::Snapshot(_) => {
                "mend the tree and commit; `orchestack policy check` lists every mistake"
            }
            Self::Randomness(_) => "try again",
        };
        fixed.to_owned()
    }

    /// The body that the caller gets.
    pub fn refusal(&self) -> Refusal {
        let approval = match self {
            Self::ApprovalRequired { approval, .. } | Self::ApprovalDenied(approval) => {
                Some(Waiting::clone(approval))
            }
            _ => None,
        };
        let faults = match self {
            Self::Tree(faults) | Self::Git(snapshot::git::Error::Contents { faults, .. }) => {
                faults.iter().cloned().map(FaultView::from).collect()
            }
            _ => Vec::new(),
        };
        Refusal {
            error: Fault {
                code: self.status().1.to_owned(),
                message: self.to_string(),
                fix: self.fix(),
                approval,
                faults,
            },
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code) = self.status();
        if status.is_server_error() {
            let source = std::error::Error::source(&self).map(ToString::to_string);
            tracing::warn!(code, error = %self, source, "an operation of the admin API failed");
        }
        let mut response = (status, Json(self.refusal())).into_response();
        response.extensions_mut().insert(Told(code));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn refusal(denial: &Denial) -> String {
    let why = match &denial.reason {
        DenyReason::Error => "a policy could not be evaluated".to_owned(),
        DenyReason::Forbidden { .. } => "a policy forbids it".to_owned(),
        DenyReason::NoPermit { .. } => "no policy permits it".to_owned(),
        DenyReason::Blocked { kinds } => format!("policy blocks {}", join(kinds)),
        DenyReason::ApprovalRequired { need } => format!("approval by {need} is needed"),
        other @ (DenyReason::OutsideGrant
        | DenyReason::NotLocal
        | DenyReason::Retention { .. }
        | DenyReason::TooDear { .. }
        | DenyReason::DryRunOnly) => other.to_string(),
    };
    let commit: String = denial.commit.chars().take(12).collect();
    if denial.policies.is_empty() {
        return format!("{why} (commit {commit})");
    }
    format!("{why}: {} (commit {commit})", denial.policies.join(", "))
}

fn list(faults: &[config::Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn join(names: &std::collections::BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
