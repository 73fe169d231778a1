//! Why a query failed.

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is of no kind that is known.
    #[error(
        "`{0}` is not a database address; write `sqlite:///path/file.db` or \
         `postgres://user@host/name`"
    )]
    Address(String),
    /// The database did not answer, or not in time. Worth a retry.
    #[error("the database is not available; check that it runs and can be reached")]
    Unavailable(#[source] sqlx::Error),
    /// The disk did not keep what was written. What a later flush says cannot be trusted any more
    /// (the kernel may have dropped the page), so nothing more is written until a restart.
    #[error("the disk failed to keep what was written; check it, then restart")]
    Disk(#[source] sqlx::Error),
    /// The folder of the journal, or a file in it, cannot be used.
    #[error("the journal `{}` cannot be used: {why}", .path.display())]
    Journal {
        /// The folder or the file.
        path: std::path::PathBuf,
        /// What is wrong and what to do.
        why: String,
    },
    /// The database cannot be had by this server alone.
    #[error("the database cannot be locked by `{}`: {why}", .path.display())]
    Taken {
        /// The file of the lock.
        path: std::path::PathBuf,
        /// What is wrong and what to do.
        why: String,
    },
    /// The address of Redis cannot be read.
    #[error(transparent)]
    Redis(#[from] crate::fleet::Unreadable),
    /// The migrations could not be applied.
    #[error("the database's schema could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// No such row, or not in the permit's tenant.
    #[error("there is no {noun} `{name}`; list what exists first")]
    Missing {
        /// Such as `agent`.
        noun: &'static str,
        /// What was asked for.
        name: String,
    },
    /// A row of that name exists.
    #[error("a {noun} `{name}` exists already; choose another name or remove it first")]
    Exists {
        /// Such as `agent`.
        noun: &'static str,
        /// The name that is taken.
        name: String,
    },
    /// The window of an account ended meanwhile: what is asked for would be in the next one as well.
    #[error("the window of that cap is over; ask again for the present one")]
    Over,
    /// The permit is for another tenant or for reading only.
    #[error("the permit for `{operation}` does not cover this change; ask policy for this one")]
    Permit {
        /// The operation that was permitted.
        operation: String,
    },
    /// A label is not above the one that it was to be lowered to.
    #[error("the label is {label} already, which is not above that; name a lower one")]
    NotLower {
        /// The label.
        label: &'static str,
    },
    /// A session has seen nothing that a person would have to vouch for.
    #[error("the session is trusted already; there is nothing to endorse")]
    Trusted,
    /// A value could not be encrypted: the system has no randomness.
    #[error("a value could not be encrypted; the operating system gave no random bytes")]
    Sealing,
    /// A conversation is longer than what is kept.
    #[error("a conversation of {bytes} bytes is beyond what is kept of one; start a new one")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// An audit record is beyond the limit of 256 KiB.
    #[error("an audit record of {bytes} bytes is beyond the limit of 262144; shorten its detail")]
    RecordTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// A stored row cannot be read: somebody changed it, or a newer version wrote it.
    #[error("a row of `{table}` cannot be read: {why}; check who else writes to this database")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong, without the row's content.
        why: String,
    },
    /// The queue of the writer is full, or the writer has stopped.
    #[error("the writer is busy or stopped; try again in a second")]
    Busy,
    /// The query is wrong for this database: a fault of ours.
    #[error("a query failed")]
    Query(#[source] sqlx::Error),
}

impl Error {
    /// Whether the database stopped a transaction because another one had what it needed: a deadlock or a
    /// serialisation failure (SQLSTATE class 40). Nothing of it was written.
    pub(crate) fn is_conflict(&self) -> bool {
        let Self::Unavailable(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| code.len() == 5 && code.starts_with("40"))
    }

    /// Whether the same call may succeed a moment later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Busy)
    }

    pub(crate) fn corrupt(table: &'static str, why: impl ToString) -> Self {
        Self::Corrupt { table, why: why.to_string() }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(_)
            | E::Tls(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::Protocol(_) => Self::Unavailable(error),
            // 08: connection, 40: serialisation or deadlock, 53: resources, 57: shut down or
            // cancelled by a time-out, 58: the server's disk. SQLite: 5 busy, 6 locked, 10 disk
            // I/O, 13 full, 14 cannot open; extended codes keep the low byte.
            E::Database(db) => {
                let code = db.code().unwrap_or_default().into_owned();
                let postgres = code.len() == 5
                    && ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class));
                let sqlite = code.len() < 5
                    && code.parse().is_ok_and(|n: u32| matches!(n & 255, 5 | 6 | 10 | 13 | 14));
                // SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC.
                if matches!(&*code, "1034" | "1290") {
                    Self::Disk(error)
                } else if postgres || sqlite {
                    Self::Unavailable(error)
                } else {
                    Self::Query(error)
                }
            }
            _ => Self::Query(error),
        }
    }
}

/// Whether an error says that a unique key is taken.
pub(crate) fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
