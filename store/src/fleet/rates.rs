//! Rate limits in Redis: one script for all limits of a request, which takes from all of them or from
//! none.
//!
//! A rate is GCRA's arrival time, in microseconds of Redis's clock, `ARRIVAL:NOW`: when all of the limit is
//! there again, and when that was said, so that a clock that is set back moves both.
//! Who uses it tells in the same breath what it let through itself lately, so that a Redis that forgot
//! everything knows at least that. Places are a hash of how many each gateway has taken: each tells its
//! whole number every time, so that a number that was lost is right again with the next one, and one
//! that is not told again is void after a while.

use std::time::Duration;

use redis::{RedisError, Script, aio::MultiplexedConnection};
use ring::digest::{SHA256, digest};

use super::Fleet;

/// How long the places of a gateway count without news of it.
pub(super) const PLACES_LEASE: Duration = Duration::from_secs(15);

/// One limit as a request meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// [`name`] of the limit.
    pub name: String,
    /// How many there may be, a minute or at once.
    pub max: u32,
    /// What is wanted of it.
    pub wanted: Use,
}

/// What is wanted of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// So much of a minute's worth.
    Take {
        /// How much; more than a whole minute's worth becomes a debt.
        count: u64,
        /// Until when what this process took itself is there again, as if it were alone.
        own: Duration,
    },
    /// A place, the last of those that this process has then.
    Place(Places),
}

/// The places that a process has taken of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// How many.
    pub count: u32,
    /// Grows with each change; what comes late is told apart by it.
    pub version: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// All of it was taken; what is left of each.
    Passed(Vec<Left>),
    /// Nothing was taken: there is no room in one of them.
    Full {
        /// Which.
        index: usize,
        /// When there is; zero where nobody can tell.
        wait: Duration,
    },
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many.
    pub remaining: u32,
    /// Until all of it is there again; zero for places.
    pub reset: Duration,
}

/// What was used beyond what was taken, or below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// [`name`] of the limit.
    pub name: String,
    /// How many there may be a minute.
    pub max: u32,
    /// How many more; fewer where negative.
    pub count: i64,
}

/// A limit's key without the prefix. It is a hash: ids may be people's names.
pub fn name(scope: &str, scope_id: &str, kind: &str) -> String {
    let hash = digest(&SHA256, format!("{scope}/{kind}/{scope_id}").as_bytes());
    let short = hash.as_ref().iter().take(16);
    let short: String = short.map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}:{short}")
}

impl Fleet {
    /// Takes from all limits, or from none. `None` where Redis does not answer; it may have taken then.
    pub async fn take(&self, asks: &[Ask]) -> Option<Answer> {
        let own = self.own();
        let mut call = self.scripts().take.prepare_invoke();
        call.arg(&*own.name).arg(millis(PLACES_LEASE));
        for ask in asks {
            call.key(self.key(&ask.name));
            match ask.wanted {
                Use::Take { count, own } => {
                    call.arg("take").arg(ask.max).arg(count).arg(micros(own));
                }
                Use::Place(Places { count, version }) => {
                    call.arg("place").arg(ask.max).arg(count).arg(version);
                }
            }
        }
        let told: Vec<i64> = self.ask(async |mut conn| call.invoke_async(&mut conn).await).await?;
        read(&told, asks.len())
    }

    /// Charges what is known afterwards. What cannot be told is lost here.
    pub async fn charge(&self, charges: &[Charge]) {
        let mut call = self.scripts().charge.prepare_invoke();
        for Charge { name, max, count } in charges {
            call.key(self.key(name)).arg(*max).arg(*count);
        }
        let _: Option<()> = self.ask(async |mut conn| call.invoke_async(&mut conn).await).await;
    }

    /// Tells how many places this process has, of limits by name. Whether that was heard.
    pub async fn places(&self, places: &[(String, Places)]) -> bool {
        let own = self.own();
        let mut call = self.scripts().places.prepare_invoke();
        call.arg(&*own.name).arg(millis(PLACES_LEASE));
        for (name, Places { count, version }) in places {
            call.key(self.key(name)).arg(*count).arg(*version);
        }
        let told: Option<()> = self.ask(async |mut conn| call.invoke_async(&mut conn).await).await;
        told.is_some()
    }

    fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.own().prefix)
    }
}

/// Reads what the script says: `0` and two numbers for each limit, or which is full and the wait.
fn read(told: &[i64], asked: usize) -> Option<Answer> {
    let micros = |us: i64| Duration::from_micros(u64::try_from(us).unwrap_or_default());
    match *told {
        [0, ref left @ ..] if left.len() == asked.saturating_mul(2) => {
            let left = left.chunks_exact(2).filter_map(|pair| match *pair {
                [remaining, reset] => {
                    let remaining = u32::try_from(remaining.max(0)).unwrap_or(u32::MAX);
                    Some(Left { remaining, reset: micros(reset) })
                }
                _ => None,
            });
            Some(Answer::Passed(left.collect()))
        }
        [full, wait] => {
            let index =
                usize::try_from(full).ok()?.checked_sub(1).filter(|index| *index < asked)?;
            Some(Answer::Full { index, wait: micros(wait) })
        }
        _ => None,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The scripts, by their hashes.
pub(super) struct Scripts {
    take: Script,
    charge: Script,
    places: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            take: Script::new(include_str!("take.lua")),
            charge: Script::new(include_str!("charge.lua")),
            places: Script::new(include_str!("places.lua")),
        }
    }

    /// Loads them, so that no call has to.
    pub(super) async fn load(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), RedisError> {
        for script in [&self.take, &self.charge, &self.places] {
            script.load_async(connection).await?;
        }
        Ok(())
    }
}
