//! The two databases that everything must work on, and where the services are.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in the server's state folder.
    Sqlite,
    /// A database of its own on the test machine's PostgreSQL.
    Postgres,
}

impl Database {
    /// Both, for tests that must pass on each.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// An empty database. It is dropped with the returned value.
    pub async fn fresh(self) -> FreshDatabase {
        match self {
            Self::Sqlite => FreshDatabase { url: None, name: None },
            Self::Postgres => FreshDatabase::postgres().await,
        }
    }
}

/// An empty database for one test.
#[derive(Debug)]
pub struct FreshDatabase {
    url: Option<String>,
    name: Option<String>,
}

impl FreshDatabase {
    async fn postgres() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let since = std::time::UNIX_EPOCH.elapsed().expect("the clock is after 1970").as_micros();
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("orchestack_it_{}_{since}_{next}", std::process::id());
        run(format!("create database {name}")).await.unwrap_or_else(|error| {
            panic!("cannot make a database on PostgreSQL; run scripts/services.sh first: {error}")
        });
        Self { url: Some(postgres_url(&name)), name: Some(name) }
    }

    /// The same database for another server; it is dropped with this one.
    pub fn shared(&self) -> Self {
        Self { url: self.url.clone(), name: None }
    }

    /// The value of `store.url`; `None` is the default, a SQLite file in the state folder.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        // A drop cannot await, and may run inside a runtime: the thread has a runtime of its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let statement = format!("drop database if exists {name} with (force)");
            runtime.map(|runtime| runtime.block_on(run(statement)))
        });
        // What is left behind is a small database with a telling name, not a failed test.
        let _ = dropped.join();
    }
}

async fn run(statement: String) -> Result<(), sqlx::Error> {
    let options: sqlx::postgres::PgConnectOptions = postgres_url("postgres").parse()?;
    let mut connection = options.disable_statement_logging().connect().await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await
}

/// The address of a database on the test machine's PostgreSQL.
fn postgres_url(database: &str) -> String {
    let url = service("ORCHESTACK_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres");
    let (server, _) = url.rsplit_once('/').expect("the address names a database");
    format!("{server}/{database}")
}

/// The address of NATS with JetStream.
pub fn nats_url() -> String {
    service("ORCHESTACK_TEST_NATS", "nats://127.0.0.1:4222")
}

/// The address of Redis.
pub fn redis_url() -> String {
    service("ORCHESTACK_TEST_REDIS", "redis://127.0.0.1:6379")
}

#[expect(clippy::disallowed_methods, reason = "scripts/services.sh tells tests by variables")]
fn service(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}
