//! The server's database as a stranger sees it: plain SQL, none of the server's own code.

use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, AssertSqlSafe, Row as _};

use crate::Server;

/// One writer holds SQLite's lock at a time; a reader of a busy test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The rows of one server.
#[derive(Clone, Debug)]
pub struct Rows {
    pool: AnyPool,
    /// The server's control API, by its socket.
    control: reqwest::Client,
}

/// A row of `accounts`, in nano-dollars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Such as `agent`.
    pub scope: String,
    /// `total`, `day`, ...
    pub period: String,
    /// The cap in force.
    pub cap: i64,
    /// Spent.
    pub settled: i64,
    /// Reserved.
    pub held: i64,
    /// Spent beyond the cap.
    pub overrun: i64,
}

/// A row of `holds`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// Its id.
    pub id: String,
    /// `held`, `dispatched`, `released` or `settled`.
    pub state: String,
    /// The model that it pays for.
    pub model: String,
    /// What it reserves, in nano-dollars.
    pub amount: i64,
    /// Whether the request ever went out.
    pub dispatched: bool,
}

/// A row of `ledger`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// The hold that it settles.
    pub hold: String,
    /// What kind of row.
    pub kind: String,
    /// The model that was called.
    pub model: String,
    /// Nano-dollars.
    pub amount: i64,
    /// Nano-dollars beyond the hold.
    pub overrun: i64,
    /// How the amount is known.
    pub basis: String,
    /// Input tokens.
    pub input: i64,
    /// Output tokens.
    pub output: i64,
}

impl Rows {
    /// Opens the server's database beside the server.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn of(server: &Server) -> Self {
        install_default_drivers();
        let file = server.state().join("orchestack.db");
        let url = server
            .store_url()
            .map_or_else(|| format!("sqlite://{}?mode=rw", file.display()), ToOwned::to_owned);
        let options = AnyPoolOptions::new().max_connections(2).acquire_timeout(PATIENCE);
        let pool = options.connect(&url).await;
        let pool =
            pool.unwrap_or_else(|error| panic!("cannot open the server's database: {error}"));
        let socket = server.state().with_file_name("admin.sock");
        let control = reqwest::Client::builder().unix_socket(socket).no_proxy().build();
        Self { pool, control: control.expect("a client of a socket can be made") }
    }

    /// Runs a statement and gives the number of rows that it changed.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn execute(&self, statement: &str) -> u64 {
        let done = sqlx::query(AssertSqlSafe(statement)).execute(&self.pool).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}")).rows_affected()
    }

    /// A transaction that keeps every writer of a SQLite waiting until it is rolled back.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn locked(&self) -> sqlx::Transaction<'static, sqlx::Any> {
        self.pool.begin_with("begin immediate").await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The one number that a query gives.
    ///
    /// # Panics
    /// When it gives none.
    pub async fn number(&self, query: &str) -> i64 {
        let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&self.pool).await;
        let row = row.unwrap_or_else(|error| panic!("{query}: {error}"));
        row.try_get(0).unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The first column of a query's rows as text.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&self.pool).await;
        let rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// All accounts with a hard cap.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn accounts(&self) -> Vec<Account> {
        let query = "select scope, period, cap, settled, held, overrun from accounts \
                     where hard = 1 order by id";
        let rows = sqlx::query(query).fetch_all(&self.pool).await;
        let rows = rows.unwrap_or_else(|error| panic!("accounts: {error}"));
        let account = |row: &sqlx::any::AnyRow| Account {
            scope: row.get(0),
            period: row.get(1),
            cap: row.get(2),
            settled: row.get(3),
            held: row.get(4),
            overrun: row.get(5),
        };
        rows.iter().map(account).collect()
    }

    /// All holds, oldest first.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn holds(&self) -> Vec<HoldRow> {
        let query = "select id, state, model, amount, \
                     cast(case when dispatched_at is null then 0 else 1 end as bigint) \
                     from holds order by id";
        let rows = sqlx::query(query).fetch_all(&self.pool).await;
        let rows = rows.unwrap_or_else(|error| panic!("holds: {error}"));
        let hold = |row: &sqlx::any::AnyRow| HoldRow {
            id: row.get(0),
            state: row.get(1),
            model: row.get(2),
            amount: row.get(3),
            dispatched: row.get::<i64, _>(4) == 1,
        };
        rows.iter().map(hold).collect()
    }

    /// The ledger, oldest row first.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn ledger(&self) -> Vec<LedgerRow> {
        let query = "select hold_id, kind, model, amount, overrun, basis, input_tokens, \
                     output_tokens from ledger order by seq";
        let rows = sqlx::query(query).fetch_all(&self.pool).await;
        let rows = rows.unwrap_or_else(|error| panic!("ledger: {error}"));
        let charge = |row: &sqlx::any::AnyRow| LedgerRow {
            hold: row.get(0),
            kind: row.get(1),
            model: row.get(2),
            amount: row.get(3),
            overrun: row.get(4),
            basis: row.get(5),
            input: row.get(6),
            output: row.get(7),
        };
        rows.iter().map(charge).collect()
    }

    /// Waits until the database has what the server did before: any report of the control API does. A
    /// server that is gone did nothing that is not there, or will be told by its journal.
    pub async fn catch_up(&self) {
        let _ = self.control.get("http://localhost/api/v1/spend").send().await;
    }

    /// Holds that are not resolved, those included that were made a moment ago.
    pub async fn open_holds(&self) -> i64 {
        self.catch_up().await;
        self.number("select count(*) from holds where state in ('held', 'dispatched')").await
    }
}
