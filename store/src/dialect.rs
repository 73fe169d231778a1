//! Everything in which the two databases differ. All other SQL is one text for both.

use std::{str::FromStr, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::Migrator,
};

use crate::{Error, Options, nodelay};

/// The database behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One file, one writer.
    Sqlite,
    /// A server that several gateways share.
    Postgres,
}

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// Connections for reading, and a separate few for writing, so that a crowd of readers cannot keep
/// an admission waiting for a connection.
pub(crate) struct Pools {
    pub(crate) read: AnyPool,
    pub(crate) write: AnyPool,
}

/// The most connections that read one SQLite file: what they ask is short.
const SQLITE_READS_MAX: u32 = 2;

impl Dialect {
    /// The kind of database that an address names.
    ///
    /// # Errors
    /// [`Error::Address`] where it is none of them.
    pub fn of(url: &str) -> Result<Self, Error> {
        if url.starts_with("sqlite:") {
            Ok(Self::Sqlite)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Self::Postgres)
        } else {
            // Only the scheme is shown: the rest may carry a password.
            Err(Error::Address(url.split(':').next().unwrap_or_default().to_owned()))
        }
    }

    /// Opens both pools and brings the schema up to date.
    pub(crate) async fn connect(self, options: &Options) -> Result<Pools, Error> {
        sqlx::any::install_default_drivers();
        // Statements are not logged: they would be noise, and the question whether somebody wants
        // them spoils the filters of the process's other log lines (tokio-rs/tracing 2519).
        let url =
            AnyConnectOptions::from_str(&self.address(&options.url))?.disable_statement_logging();
        let write = self.pool(options, false).connect_with(url.clone()).await?;
        match self {
            Self::Sqlite => SQLITE.run(&write).await?,
            Self::Postgres => POSTGRES.run(&write).await?,
        }
        let read = self.pool(options, true).connect_with(url).await?;
        Ok(Pools { read, write })
    }

    /// A SQLite file is created where it does not exist.
    fn address(self, url: &str) -> String {
        match self {
            Self::Sqlite if !url.contains('?') => format!("{url}?mode=rwc"),
            Self::Sqlite | Self::Postgres => url.to_owned(),
        }
    }

    fn pool(self, options: &Options, reads: bool) -> AnyPoolOptions {
        let session = self.session(options.statement_timeout, reads);
        let (most, wait) = match (self, reads) {
            // SQLite has one writer at a time anyway: a second connection would only spin on it.
            (Self::Sqlite, false) => (1, options.statement_timeout),
            // One for the batching writer, the others for control changes and the relay.
            (Self::Postgres, false) => {
                (options.write_connections_max.max(2), options.acquire_timeout)
            }
            // Each is a thread with a cache of its own.
            (Self::Sqlite, true) => {
                let most = options.read_connections_max.clamp(1, SQLITE_READS_MAX);
                (most, options.acquire_timeout)
            }
            (Self::Postgres, true) => {
                (options.read_connections_max.max(1), options.acquire_timeout)
            }
        };
        AnyPoolOptions::new().max_connections(most).acquire_timeout(wait).after_connect(
            move |conn: &mut AnyConnection, _meta| {
                let session = session.clone();
                if self == Self::Postgres
                    && let Err(error) = nodelay::everywhere()
                {
                    tracing::warn!(%error, "what is sent to the database may wait for 40 ms");
                }
                Box::pin(async move {
                    for statement in session {
                        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *conn).await?;
                    }
                    Ok(())
                })
            },
        )
    }

    /// What every new connection is told. Times are in milliseconds on both.
    fn session(self, timeout: Duration, reads: bool) -> Vec<String> {
        let ms = timeout.as_millis();
        match self {
            Self::Sqlite => {
                let mut all = vec![
                    format!("pragma busy_timeout = {ms}"),
                    "pragma journal_mode = wal".to_owned(),
                    // An acknowledged hold must survive a power cut.
                    "pragma synchronous = full".to_owned(),
                    "pragma foreign_keys = on".to_owned(),
                    // In pages: a checkpoint writes a page once however often it was changed.
                    "pragma wal_autocheckpoint = 10000".to_owned(),
                ];
                if reads {
                    // In KiB, for each connection: the system's cache is behind it.
                    all.push("pragma cache_size = -1024".to_owned());
                    all.push("pragma query_only = on".to_owned());
                }
                all
            }
            Self::Postgres => vec![
                format!("set statement_timeout = {ms}"),
                format!("set lock_timeout = {ms}"),
                format!("set idle_in_transaction_session_timeout = {ms}"),
                "set application_name = 'orchestack'".to_owned(),
            ],
        }
    }

    /// How a transaction that writes begins. SQLite takes the write lock at once, since a lock
    /// that is upgraded later can fail in the middle.
    pub(crate) const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "begin immediate",
            Self::Postgres => "begin",
        }
    }

    /// Appended to a `select` whose rows are about to be changed.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " for update",
        }
    }

    /// The same, passing over rows that another process is changing.
    pub(crate) const fn for_update_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " for update skip locked",
        }
    }

    /// The database's clock in microseconds since the epoch. Leases are measured on it alone.
    pub(crate) const fn now(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "select cast((julianday('now') - 2440587.5) * 86400000 as bigint) * 1000 as at"
            }
            // Not `now()`, which stands still during a transaction.
            Self::Postgres => {
                "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) as at"
            }
        }
    }
}
