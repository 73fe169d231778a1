//! Why work could not be taken, given out or written down.

use types::work::BadMove;

/// Why work could not be taken, given out or written down.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A text is beyond its limit.
    #[error("the {field} has {bytes} bytes, the limit is {max}; shorten it")]
    TooLong {
        /// Such as `message id`.
        field: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Too many messages of a session wait for their turn.
    #[error("{max} messages of this conversation wait already; send more once they are answered")]
    Full {
        /// The limit.
        max: u32,
    },
    /// No such row, or not of the tenant.
    #[error("there is no {noun} `{id}`; list what exists first")]
    Missing {
        /// Such as `task`.
        noun: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The claim is no longer the latest on its run, or the run is over: stop at once.
    #[error("the run was taken over, stopped or ended; nothing more may be written for it")]
    Lost,
    /// A step was begun with another input, or under another key, than its journal has.
    #[error("step {step} of the run is not the one that its journal has; the run cannot go on")]
    Diverged {
        /// Its number.
        step: u32,
    },
    /// What was tried is in no table of states.
    #[error(transparent)]
    Move(#[from] BadMove),
    /// A session works on another task.
    #[error("the conversation of the task works on another one; try again once that has ended")]
    Occupied,
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] crate::Error),
}

impl Error {
    /// Whether the same call may succeed a moment later.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::TooLong { .. }
            | Self::Full { .. }
            | Self::Missing { .. }
            | Self::Lost
            | Self::Diverged { .. }
            | Self::Move(_)
            | Self::Occupied => false,
        }
    }

    pub(super) fn missing(noun: &'static str, id: impl ToString) -> Self {
        Self::Missing { noun, id: id.to_string() }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Refuses what is too long to keep.
pub(super) const fn bounded(field: &'static str, bytes: usize, max: usize) -> Result<(), Error> {
    if bytes > max { Err(Error::TooLong { field, bytes, max }) } else { Ok(()) }
}
