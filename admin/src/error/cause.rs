//! How callers are told what the store, approvals and git refused.

use axum::http::StatusCode;

/// The status and the code of what the store refused.
pub(super) const fn store(error: &store::Error) -> (StatusCode, &'static str) {
    use store::Error as S;
    match error {
        S::Permit { .. } => (StatusCode::FORBIDDEN, "policy_denied"),
        S::Missing { .. } => (StatusCode::NOT_FOUND, "not_found"),
        S::Exists { .. } => (StatusCode::CONFLICT, "exists"),
        S::Over => (StatusCode::CONFLICT, "window_over"),
        S::NotLower { .. } => (StatusCode::CONFLICT, "not_lower"),
        S::Trusted => (StatusCode::CONFLICT, "trusted"),
        S::Unavailable(_) | S::Busy => (StatusCode::SERVICE_UNAVAILABLE, "dependency_unavailable"),
        S::Address(_)
        | S::Redis(_)
        | S::Disk(_)
        | S::Journal { .. }
        | S::Taken { .. }
        | S::Migrate(_)
        | S::RecordTooLarge { .. }
        | S::Sealing
        | S::TooLong { .. }
        | S::Corrupt { .. }
        | S::Query(_) => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
    }
}

/// The status and the code of work that is not where something can be done to it.
pub(super) const fn work(error: &store::work::Error) -> (StatusCode, &'static str) {
    use store::work::Error as W;
    match error {
        W::TooLong { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
        W::Missing { .. } => (StatusCode::NOT_FOUND, "not_found"),
        W::Full { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_messages"),
        W::Move(_) | W::Lost | W::Diverged { .. } => (StatusCode::CONFLICT, "wrong_state"),
        W::Occupied => (StatusCode::CONFLICT, "session_occupied"),
        W::Store(error) => store(error),
    }
}

pub(super) fn mend(error: &store::Error) -> &'static str {
    match error {
        error if error.is_transient() => "check the database, then try again",
        store::Error::Missing { .. } => "check the name; the list shows all",
        store::Error::Exists { .. } => "choose another name",
        store::Error::Over => "try again",
        store::Error::NotLower { .. } => "a label is lowered here, and rises by itself",
        store::Error::Trusted => "it needs nobody's word",
        _ => "see the server's log for the cause",
    }
}

/// The status and the code of an approval that could not be asked for or decided.
pub(super) const fn approval(error: &store::approvals::Error) -> (StatusCode, &'static str) {
    use store::approvals::Error as A;
    match error {
        A::TooLong { .. } => (StatusCode::BAD_REQUEST, "invalid_request"),
        A::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_approvals"),
        A::Missing { .. } => (StatusCode::NOT_FOUND, "not_found"),
        A::Expired { .. } => (StatusCode::GONE, "approval_expired"),
        A::AlreadyDecided { .. } => (StatusCode::CONFLICT, "already_decided"),
        A::AlreadyVoted { .. } => (StatusCode::CONFLICT, "already_voted"),
        A::SelfApproval => (StatusCode::FORBIDDEN, "self_approval"),
        A::NoRole { .. } => (StatusCode::FORBIDDEN, "policy_denied"),
        A::Store(error) => store(error),
    }
}

/// The status, the code and the fix of what git refused.
pub(super) const fn git(error: &snapshot::git::Error) -> (StatusCode, &'static str, &'static str) {
    use snapshot::git::Error as G;
    match error {
        G::Revision(_) => {
            let fix = "give the hexadecimal id that `git log` shows, a branch, a tag, or `HEAD`";
            (StatusCode::BAD_REQUEST, "invalid_request", fix)
        }
        G::Clash(_) => {
            let fix = "nothing was changed: choose another path, or remove what is in its place";
            (StatusCode::BAD_REQUEST, "invalid_request", fix)
        }
        G::Unchanged
        | G::Dirty { .. }
        | G::ReadOnly(_)
        | G::Running(_)
        | G::NotAncestor { .. }
        | G::PushRefused { .. } => {
            let fix = "nothing was changed: do what the message says, then try again";
            (StatusCode::CONFLICT, "tree_conflict", fix)
        }
        G::Contents { .. } | G::Unsigned { .. } => {
            let fix = "mend the tree and commit; `orchestack policy check` lists every mistake";
            (StatusCode::UNPROCESSABLE_ENTITY, "tree_refused", fix)
        }
        G::Remote { .. }
        | G::NeverFetched { .. }
        | G::NoRef { .. }
        | G::NoCommit { .. }
        | G::AmbiguousRef { .. }
        | G::Secret(_) => {
            let fix = "the last fetched commit stays in force; check the remote and the settings \
                       in `[policy]`, then try again";
            (StatusCode::SERVICE_UNAVAILABLE, "remote_unavailable", fix)
        }
        G::NoGit(_) | G::Timeout(..) | G::Failed { .. } | G::Occupied { .. } | G::Write { .. } => {
            let fix = "check the tree's folder with `git status`, then try again";
            (StatusCode::INTERNAL_SERVER_ERROR, "git_failed", fix)
        }
    }
}
