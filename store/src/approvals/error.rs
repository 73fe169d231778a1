//! Why an approval could not be asked for or decided.

use types::ApprovalId;

use super::status::{BadStep, Status};

/// Why an approval could not be asked for or decided.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A text is beyond its limit.
    #[error("the {field} of an approval has {bytes} bytes, the limit is {max}; shorten it")]
    TooLong {
        /// Such as `reason`.
        field: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Too many questions wait already.
    #[error("{whose} has {max} approvals that wait already; decide or cancel some first")]
    TooMany {
        /// `the tenant`, or the requester's name.
        whose: String,
        /// The limit.
        max: u32,
    },
    /// No such approval, or not in the permit's tenant.
    #[error("there is no approval `{id}`; list what waits first")]
    Missing {
        /// What was asked for.
        id: ApprovalId,
    },
    /// Its time is over, by the database's clock.
    #[error("the approval `{id}` has expired; ask again")]
    Expired {
        /// Which.
        id: ApprovalId,
    },
    /// It is not open any more: the first decision won. Or it was not decided when it should be.
    #[error("the approval `{id}` is {status}, so this cannot be done to it")]
    AlreadyDecided {
        /// Which.
        id: ApprovalId,
        /// Where it stands.
        status: Status,
    },
    /// Nobody decides what they asked for themselves.
    #[error("nobody decides their own request; ask another person, or cancel it")]
    SelfApproval,
    /// None of the person's roles is asked for.
    #[error("none of your roles is asked for; it waits for {}", .roles.join(", "))]
    NoRole {
        /// The roles that are.
        roles: Vec<String>,
    },
    /// A person has one vote.
    #[error("`{person}` has voted on it already; somebody else must")]
    AlreadyVoted {
        /// Who.
        person: String,
    },
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] crate::Error),
}

impl Error {
    /// A step that is none, as whoever tried it is told.
    pub(super) const fn bad_step(id: ApprovalId, step: BadStep) -> Self {
        match step.from {
            Status::Expired => Self::Expired { id },
            Status::Pending
            | Status::Approved
            | Status::Denied
            | Status::Used
            | Status::Cancelled
            | Status::Revoked => Self::AlreadyDecided { id, status: step.from },
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
