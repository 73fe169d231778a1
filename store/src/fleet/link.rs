//! The connection to Redis, and the circuit that keeps its troubles away from calls: after the first
//! answer that does not come in time nobody asks, until one that is asked in the background does.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{AsyncConnectionConfig, Client, RedisError, aio::MultiplexedConnection};
use tokio::sync::{Notify, watch};
use tokio_util::task::AbortOnDropHandle;

use super::{Options, Own, Unreadable, rates::Scripts};

/// How long a connection may take to be made, in the background.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// How long nobody asks after a failure; doubled for each that follows soon, so that a Redis that is
/// slow now and then costs one late answer in that time.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A connection that answered for so long is trusted anew.
const STEADY: Duration = Duration::from_secs(10);
/// Commands that may wait for their turn. Beyond it they wait here, and for no longer than any answer.
const WAITING_MAX: usize = 1024;

/// A handle of what is shared; clones share one connection, which ends with the last.
#[derive(Clone)]
pub struct Fleet {
    core: Arc<Core>,
    _keeper: Arc<AbortOnDropHandle<()>>,
}

struct Core {
    client: Client,
    own: Own,
    scripts: Scripts,
    connection: Mutex<Option<MultiplexedConnection>>,
    /// Rung when an answer did not come.
    failed: Notify,
    /// How often it went away.
    turns: AtomicU64,
    /// Calls that were refused because another gateway knew that there is no money.
    denied: AtomicU64,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Untried,
    Up,
    Away,
}

impl Fleet {
    /// Connects in the background, and again for as long as a handle lives. `name` is this process's.
    ///
    /// # Errors
    /// [`Unreadable`] where the address cannot be read.
    pub fn begin(options: &Options, name: &str) -> Result<Self, Unreadable> {
        let client = Client::open(options.url.expose()).map_err(|error| {
            // Not the error's text: it may repeat the address, which may carry a password.
            match error.kind() {
                redis::ErrorKind::InvalidClientConfig => "its options do not fit together",
                _ => "it is no address",
            }
        });
        let own = Own {
            name: name.into(),
            prefix: options.prefix.as_str().into(),
            timeout: options.timeout,
        };
        let core = Arc::new(Core {
            client: client.map_err(Unreadable)?,
            own,
            scripts: Scripts::new(),
            connection: Mutex::default(),
            failed: Notify::new(),
            turns: AtomicU64::new(0),
            denied: AtomicU64::new(0),
            state: watch::Sender::new(State::Untried),
        });
        let keeper = tokio::spawn(keep(Arc::clone(&core)));
        Ok(Self { core, _keeper: Arc::new(AbortOnDropHandle::new(keeper)) })
    }

    /// Waits until Redis was tried once.
    pub async fn tried(&self) {
        let mut state = self.core.state.subscribe();
        // An error means that the keeper is gone; then it is tried no more.
        let _ = state.wait_for(|state| *state != State::Untried).await;
    }

    /// Whether it answers, as far as is known.
    pub fn is_up(&self) -> bool {
        *self.core.state.borrow() == State::Up
    }

    /// How often it went away so far: what was counted without it belongs to one such time.
    pub fn turns(&self) -> u64 {
        self.core.turns.load(Ordering::Acquire)
    }

    /// Hears from now on when it comes or goes.
    pub fn changes(&self) -> Changes {
        Changes(self.core.state.subscribe())
    }

    /// How many calls were refused early so far, on another gateway's word.
    pub fn denied(&self) -> u64 {
        self.core.denied.load(Ordering::Relaxed)
    }

    pub(crate) fn count_denied(&self) {
        self.core.denied.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn own(&self) -> &Own {
        &self.core.own
    }

    pub(super) fn scripts(&self) -> &Scripts {
        &self.core.scripts
    }

    /// Asks, if Redis answers at all. `None` where it does not, or not in time.
    pub(super) async fn ask<T>(
        &self,
        ask: impl AsyncFnOnce(MultiplexedConnection) -> Result<T, RedisError>,
    ) -> Option<T> {
        let connection = self.core.connection().clone()?;
        match tokio::time::timeout(self.core.own.timeout, ask(connection)).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                self.core.away(&error.category());
                None
            }
            Err(_) => {
                self.core.away(&"no answer in time");
                None
            }
        }
    }
}

/// When Redis came or went.
pub struct Changes(watch::Receiver<State>);

impl Changes {
    /// Waits until it came or went since the last time, if it did not already. It may be dropped and asked
    /// for again.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody keeps the connection any more.
            std::future::pending().await
        }
    }
}

impl Core {
    fn connection(&self) -> std::sync::MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody asks any more. Of many that fail together one says so.
    fn away(&self, why: &dyn std::fmt::Display) {
        if self.connection().take().is_none() {
            return;
        }
        self.turns.fetch_add(1, Ordering::AcqRel);
        self.state.send_replace(State::Away);
        tracing::warn!(%why, "Redis does not answer; this gateway goes on without it");
        self.failed.notify_one();
    }

    fn up(&self, connection: MultiplexedConnection) {
        *self.connection() = Some(connection);
        self.state.send_replace(State::Up);
        tracing::info!("Redis answers");
    }

    /// A connection that takes writes and answers in time. Its address may also be a replica's, or the
    /// server may be full: then it is of no use.
    async fn connect(&self) -> Result<MultiplexedConnection, String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIME))
            // What is asked for has a shorter or longer limit of its own.
            .set_response_timeout(Some(CONNECT_TIME.max(self.own.timeout)))
            .set_pipeline_buffer_size(WAITING_MAX)
            .set_concurrency_limit(WAITING_MAX);
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let told = |error: RedisError| error.category().to_owned();
        let mut connection = connected.map_err(told)?;
        self.scripts.load(&mut connection).await.map_err(told)?;
        let mut probe = redis::cmd("SET");
        let key = format!("{}:probe", self.own.prefix);
        probe.arg(key).arg(&*self.own.name).arg("PX").arg(1000);
        let probed = probe.query_async::<()>(&mut connection);
        match tokio::time::timeout(self.own.timeout, probed).await {
            Ok(Ok(())) => Ok(connection),
            Ok(Err(error)) => Err(told(error)),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }
}

/// Connects, and again after each failure.
async fn keep(core: Arc<Core>) {
    let mut pause = PAUSE_MIN;
    loop {
        match core.connect().await {
            Ok(connection) => {
                let since = Instant::now();
                core.up(connection);
                core.failed.notified().await;
                if since.elapsed() >= STEADY {
                    pause = PAUSE_MIN;
                }
            }
            Err(why) => {
                let first = core.state.send_replace(State::Away) == State::Untried;
                if first {
                    tracing::warn!(%why, "Redis does not answer; this gateway begins without it");
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
