//! The store: opens a database and hands out one cheap handle per noun.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{AnyConnection, AnyPool, Row as _};
use tokio::sync::Notify;
use types::Timestamp;

use crate::{
    Dialect, Error, Outbox,
    accounts::Seen,
    admin_tokens::AdminTokens,
    agents::Agents,
    alerts::{Alerts, Told},
    alone,
    approvals::Approvals,
    audit::Audit,
    calls::Calls,
    caps::Caps,
    console_sessions::ConsoleSessions,
    fleet::{self, Fleet},
    flows::{Flows, Memory, Trust},
    grants::Grants,
    identities::Identities,
    journal::{self, Journal},
    keys::Keys,
    ledger::Ledger,
    mcp_sessions::McpSessions,
    models::{Models, Providers},
    owners,
    raises::Raises,
    relay::Carriers,
    responses::Responses,
    session_labels::SessionLabels,
    slices::Slices,
    spend::Spend,
    tenants::Tenants,
    tool_definitions::ToolDefinitions,
    vault::{MasterKey, Vault},
    work::{self, Work},
    writer,
};

/// How a store behaves. Every bound has its name here.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:///path/file.db` (created where missing) or `postgres://...`.
    pub url: String,
    /// The most connections for reading; SQLite has at most two.
    pub read_connections_max: u32,
    /// The most connections for writing; SQLite always has one.
    pub write_connections_max: u32,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
    /// How long a statement may run or wait for a lock.
    pub statement_timeout: Duration,
    /// How long an admission may wait in the writer's queue before it is refused.
    pub admission_timeout: Duration,
    /// How many entries may wait in the writer's queue.
    pub queue_max: usize,
    /// How many calls may be admitted ahead of the database.
    pub behind_max: usize,
    /// How many sessions are in memory at the same time, where no other process has the database: some KiB each.
    pub sessions_max: usize,
    /// How many entries go into one transaction.
    pub batch_max: usize,
    /// How long a hold lives without progress.
    pub lease: Duration,
    /// How often expired holds are looked for.
    pub reaper_period: Duration,
    /// How long published events and ended holds are kept for replays.
    pub retention: Duration,
    /// How long approvals and grants are kept after everything about them is over, and a process that is
    /// gone with its slices.
    pub approvals_retention: Duration,
    /// How long responses are kept for callers that go on from them.
    pub responses_retention: Duration,
    /// How long the values behind redaction tokens are kept.
    pub tokens_retention: Duration,
    /// How many approvals of a tenant may wait.
    pub approvals_max: u32,
    /// How many of them may be one requester's.
    pub approvals_per_requester_max: u32,
    /// The share of a cap, in percent from 1 to 100, at which its spender's owner is warned. At 100
    /// everybody is.
    pub warn_percent: u8,
    /// Who this process is, in the rows that it owns.
    pub owner: String,
    /// The folder of this process's journal. With it calls are admitted from slices in memory; without
    /// it each one waits for the database.
    pub journal: Option<PathBuf>,
    /// Whether no other server has the database, which with SQLite and a journal keeps what it knows of sessions
    /// in memory then. It is refused where another one has it. Postgres is shared whatever this says.
    pub alone: bool,
    /// Whether a SQLite is opened without its lock, beside a server that has it alone: whoever does so writes no session,
    /// as tests that play a connector.
    pub beside: bool,
    /// The most bytes that the journal may have on the disk. They are needed while the database is away.
    pub journal_bytes_max: u64,
    /// A slice that nobody used for this long is given back: another gateway may need its money.
    pub slice_idle: Duration,
    /// The Redis that the gateways of this database share, where there is one.
    pub redis: Option<fleet::Options>,
    /// The bounds of durable work.
    pub work: work::Bounds,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "sqlite://orchestack.db".to_owned(),
            read_connections_max: 4,
            write_connections_max: 4,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            admission_timeout: Duration::from_millis(500),
            queue_max: 8192,
            behind_max: 2048,
            sessions_max: 4096,
            batch_max: 256,
            lease: Duration::from_secs(60),
            reaper_period: Duration::from_secs(15),
            retention: Duration::from_secs(24 * 60 * 60),
            approvals_retention: Duration::from_secs(90 * 24 * 60 * 60),
            responses_retention: Duration::from_secs(7 * 24 * 60 * 60),
            tokens_retention: Duration::from_secs(24 * 60 * 60),
            approvals_max: 1000,
            approvals_per_requester_max: 100,
            warn_percent: 80,
            owner: "orchestack".to_owned(),
            journal: None,
            alone: false,
            beside: false,
            journal_bytes_max: 1 << 30,
            slice_idle: Duration::from_secs(1),
            redis: None,
            work: work::Bounds::default(),
        }
    }
}

/// A database with its writer and its reaper. Clones share one; the tasks end with the last clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    writer: writer::Handle,
    fast: Option<Fast>,
    /// Beside others that have the same SQLite and keep nothing of it in memory.
    shared: Option<Arc<std::fs::File>>,
}

/// The fast path of the ledger.
#[derive(Clone)]
struct Fast {
    journal: Arc<Journal>,
    slices: Arc<Slices>,
    /// Where no other process has the database.
    memory: Option<Arc<Memory>>,
}

/// What every noun needs to reach the database.
pub(crate) struct Inner {
    pub(crate) dialect: Dialect,
    pub(crate) read: AnyPool,
    pub(crate) write: AnyPool,
    /// Rung when outbox rows were committed.
    pub(crate) outbox: Notify,
    /// Rung when an approval was decided, cancelled or revoked, or a budget was changed by people.
    pub(crate) decided: Notify,
    /// Rung when people changed a budget, or a raise ended.
    pub(crate) budgets: Notify,
    /// Rung when anything of durable work changed.
    pub(crate) worked: Notify,
    /// Rung when a budget reached a threshold.
    pub(crate) alerted: Notify,
    /// Thresholds that this process knows to be told.
    pub(crate) told: Told,
    /// The buses that running relays carry to.
    pub(crate) carriers: Carriers,
    pub(crate) options: Options,
    /// This process's fence: what another process holds, it cannot change.
    pub(crate) fence: u64,
    /// Accounts as the writer saw them last.
    pub(crate) seen: Seen,
    /// What the gateways of this database share in Redis.
    pub(crate) fleet: Option<Fleet>,
}

impl Store {
    /// Opens a database, brings its schema up to date, carries what earlier processes left in their
    /// journals into it, and starts the writer and the reaper. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Taken`], [`Error::Unavailable`], [`Error::Migrate`] or [`Error::Journal`].
    pub async fn open(options: &Options) -> Result<Self, Error> {
        let dialect = Dialect::of(&options.url)?;
        let is_alone = options.alone && options.journal.is_some() && dialect == Dialect::Sqlite;
        let mut lock = match dialect {
            Dialect::Sqlite if is_alone || !options.beside => {
                alone::lock(&options.url, is_alone).await?
            }
            Dialect::Sqlite | Dialect::Postgres => None,
        };
        let pools = dialect.connect(options).await?;
        let started = now(&mut *pools.read.acquire().await?, dialect).await?;
        let fleet = options.redis.as_ref().map(|redis| Fleet::begin(redis, &options.owner));
        let inner = Arc::new(Inner {
            dialect,
            fence: fence(started),
            seen: Seen::default(),
            read: pools.read,
            write: pools.write,
            outbox: Notify::new(),
            decided: Notify::new(),
            alerted: Notify::new(),
            worked: Notify::new(),
            budgets: Notify::new(),
            told: Told::default(),
            carriers: Carriers::default(),
            fleet: fleet.transpose()?,
            options: options.clone(),
        });
        let journal = match &options.journal {
            Some(folder) => Some(Arc::new(journal(&inner, folder).await?)),
            None => None,
        };
        let writer = writer::start(Arc::clone(&inner), journal.clone());
        let fast = journal.map(|journal| {
            let slices = Slices::begin(&inner, writer.clone(), Arc::clone(&journal));
            // INVARIANT: nobody else writes sessions of a database that is locked. `orchestack serve` has all services
            // in one process, and commands beside it ask its admin API.
            let memory =
                is_alone.then(|| Arc::new(Memory::new(&inner, &writer, &journal, lock.take())));
            Fast { journal, slices, memory }
        });
        Ok(Self { inner, writer, fast, shared: lock.map(Arc::new) })
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// Whether the database answers now and the writer still writes: what readiness asks.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it does not answer, [`Error::Busy`] where the writer stopped.
    pub async fn ping(&self) -> Result<(), Error> {
        if !self.writer.is_running() {
            return Err(Error::Busy);
        }
        sqlx::query("select 1").execute(&self.inner.read).await?;
        Ok(())
    }

    /// The number of control changes so far. When it differs from what a snapshot was loaded at,
    /// load again.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn revision(&self) -> Result<i64, Error> {
        let row = sqlx::query("select revision from revisions where id = 1")
            .fetch_one(&self.inner.read)
            .await?;
        Ok(row.try_get("revision")?)
    }

    /// Waits until the database has everything that happened before. Without a journal it does.
    ///
    /// # Errors
    /// [`Error::Busy`] where the writer stopped.
    pub async fn catch_up(&self) -> Result<(), Error> {
        if self.fast.is_some() { self.writer.catch_up().await } else { Ok(()) }
    }

    /// Gives every slice back, ends the writer after what is queued and closes every connection. What
    /// the database did not take stays in the journal for the next start.
    pub async fn close(&self) {
        if let Some(fast) = &self.fast {
            fast.journal.seal();
            fast.slices.retire_all();
        }
        self.writer.stop().await;
        if let Some(fast) = &self.fast
            && let Err(error) = end(&self.inner, &fast.journal).await
        {
            tracing::warn!(%error, "the journal is carried at the next start");
        }
        self.inner.read.close().await;
        self.inner.write.close().await;
        if let Some(memory) = self.memory() {
            memory.give_up_database();
        }
        if let Some(shared) = &self.shared {
            // Without this, once the last handle is gone.
            let _ = shared.unlock();
        }
    }

    /// Tenants.
    pub fn tenants(&self) -> Tenants {
        Tenants { inner: Arc::clone(&self.inner) }
    }

    /// Agents.
    pub fn agents(&self) -> Agents {
        Agents { inner: Arc::clone(&self.inner) }
    }

    /// API keys.
    pub fn keys(&self) -> Keys {
        Keys { inner: Arc::clone(&self.inner) }
    }

    /// Models registered at run time.
    pub fn models(&self) -> Models {
        Models { inner: Arc::clone(&self.inner) }
    }

    /// Providers registered at run time.
    pub fn providers(&self) -> Providers {
        Providers { inner: Arc::clone(&self.inner) }
    }

    /// Caps set at run time.
    pub fn caps(&self) -> Caps {
        Caps { inner: Arc::clone(&self.inner) }
    }

    /// Calls as the ledger has them, beside what providers say.
    pub fn calls(&self) -> Calls {
        Calls { inner: Arc::clone(&self.inner), writer: self.writer.clone() }
    }

    /// Raises of caps, each with its end.
    pub fn raises(&self) -> Raises {
        Raises { inner: Arc::clone(&self.inner) }
    }

    /// Budgets that reached a threshold.
    pub fn alerts(&self) -> Alerts {
        Alerts { inner: Arc::clone(&self.inner) }
    }

    /// Approvals.
    pub fn approvals(&self) -> Approvals {
        Approvals { inner: Arc::clone(&self.inner) }
    }

    /// Responses that callers may go on from.
    pub fn responses(&self) -> Responses {
        Responses { inner: Arc::clone(&self.inner) }
    }

    /// Sessions of MCP clients.
    pub fn mcp_sessions(&self) -> McpSessions {
        McpSessions { inner: Arc::clone(&self.inner) }
    }

    /// How confidential sessions are.
    pub fn session_labels(&self) -> SessionLabels {
        SessionLabels { inner: Arc::clone(&self.inner), memory: self.memory() }
    }

    /// Sessions in memory, where no other process has the database.
    fn memory(&self) -> Option<Arc<Memory>> {
        self.fast.as_ref().and_then(|fast| fast.memory.clone())
    }

    /// Definitions of tools as their servers gave them.
    pub fn tool_definitions(&self) -> ToolDefinitions {
        ToolDefinitions { inner: Arc::clone(&self.inner) }
    }

    /// What sessions have seen, with prints that are salted under this key.
    pub fn flows(&self, master: MasterKey) -> Flows {
        Flows { inner: Arc::clone(&self.inner), memory: self.memory(), master }
    }

    /// Whether sessions may be trusted.
    pub fn trust(&self) -> Trust {
        Trust { inner: Arc::clone(&self.inner), memory: self.memory() }
    }

    /// What redaction tokens of sessions stand for, under this key.
    pub fn vault(&self, master: MasterKey) -> Vault {
        Vault { inner: Arc::clone(&self.inner), master }
    }

    /// Durable work: sessions, tasks and their runs.
    pub fn work(&self) -> Work {
        Work { inner: Arc::clone(&self.inner) }
    }

    /// Capability grants.
    pub fn grants(&self) -> Grants {
        Grants { inner: Arc::clone(&self.inner) }
    }

    /// Accounts of other services that are people of ours.
    pub fn identities(&self) -> Identities {
        Identities { inner: Arc::clone(&self.inner) }
    }

    /// Sessions of the console.
    pub fn console_sessions(&self) -> ConsoleSessions {
        ConsoleSessions { inner: Arc::clone(&self.inner) }
    }

    /// Admin tokens.
    pub fn admin_tokens(&self) -> AdminTokens {
        AdminTokens { inner: Arc::clone(&self.inner) }
    }

    /// The budget ledger.
    pub fn ledger(&self) -> Ledger {
        let slices = self.fast.as_ref().map(|fast| Arc::clone(&fast.slices));
        Ledger { inner: Arc::clone(&self.inner), writer: self.writer.clone(), slices }
    }

    /// The audit chain.
    pub fn audit(&self) -> Audit {
        Audit { inner: Arc::clone(&self.inner), writer: self.writer.clone() }
    }

    /// Reports of what was spent.
    pub fn spend(&self) -> Spend {
        Spend { inner: Arc::clone(&self.inner) }
    }

    /// What the gateways of this database share in Redis; `None` where it is not configured.
    pub fn fleet(&self) -> Option<Fleet> {
        self.inner.fleet.clone()
    }

    /// How many gateways of this database are alive, this one included: those that have a journal, by their
    /// leases. SQLite is one gateway's.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn gateways(&self) -> Result<u64, Error> {
        if self.inner.dialect == Dialect::Sqlite {
            return Ok(1);
        }
        let mut conn = self.inner.read.acquire().await?;
        let now = now(&mut conn, self.inner.dialect).await?;
        Ok(owners::alive(&mut conn, now).await?.max(1))
    }

    /// Events that wait for the bus.
    pub fn outbox(&self) -> Outbox {
        Outbox { inner: Arc::clone(&self.inner) }
    }
}

/// Carries what is left of earlier journals and begins the one of this process.
async fn journal(inner: &Inner, folder: &Path) -> Result<Journal, Error> {
    let lock = journal::lock(folder)?;
    journal::replay::all(inner, folder).await?;
    owners::begin(inner).await?;
    let begun = Journal::begin(folder, lock, inner.fence, inner.options.journal_bytes_max);
    begun.map_err(|error| Error::Journal { path: folder.to_owned(), why: error.to_string() })
}

/// Ends the journal of this process, and the process itself in the database if that has all of it.
async fn end(inner: &Inner, journal: &Journal) -> Result<(), Error> {
    let last = journal.seal();
    let carried = owners::carried(inner, inner.fence).await?.unwrap_or_default();
    if carried == last {
        owners::end(inner, inner.fence, true).await?;
    }
    journal.end(carried);
    Ok(())
}

/// A number that no other process has, and that is higher for one that started later.
fn fence(started: Timestamp) -> u64 {
    let milliseconds = u64::try_from(started.0 / 1000).unwrap_or_default();
    let mut random = [0_u8; 2];
    // Without randomness the time alone must do.
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random);
    // 41 bits of milliseconds last until 2039, with 16 bits below them until 2^57.
    (milliseconds << 16) | u64::from(u16::from_be_bytes(random))
}

/// The database's clock.
pub(crate) async fn now(conn: &mut AnyConnection, dialect: Dialect) -> Result<Timestamp, Error> {
    let row = sqlx::query(dialect.now()).fetch_one(conn).await?;
    Ok(Timestamp(row.try_get("at")?))
}
