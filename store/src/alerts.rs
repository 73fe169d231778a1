//! Alerts: budgets that reach a threshold. Each is one row for each account and threshold, and so is
//! told once however many processes see it.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use budget::{Account, AccountKey, Books};
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AssertSqlSafe};
use types::{Correlation, Envelope, EventId, Nanos, Priority, Schema, TenantId, Timestamp};

use crate::{
    Error, accounts,
    outbox::{self, Event},
    rows::{self, Get},
    store::Inner,
};

/// The event's type, and what the webhook is told it is.
pub const THRESHOLD: &str = "budget.threshold";

/// The threshold at which calls are refused, in percent.
const FULL: u8 = 100;
/// How many alerts this process remembers as told.
const TOLD_MAX: usize = 16_384;
/// How long one process may take over what it claimed, in seconds.
const CLAIM_SECONDS: i64 = 60;
/// After how long an alert that nobody took is given up, in seconds.
const KEEP_SECONDS: i64 = 24 * 60 * 60;

/// One threshold of one budget that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The event's id: what comes twice is told apart by it.
    pub id: EventId,
    /// [`THRESHOLD`].
    pub event: String,
    /// Whose budget it is.
    pub tenant: TenantId,
    /// The kind of spender.
    pub scope: budget::Scope,
    /// The spender.
    pub scope_id: String,
    /// How long the window is.
    pub period: budget::Period,
    /// When the window began.
    pub starts: String,
    /// When it ends.
    pub ends: Option<String>,
    /// The threshold: how much of the cap was spent, in percent. At 100 calls are refused.
    pub percent: u8,
    /// The cap, in nano-dollars.
    pub cap_nanos: Nanos,
    /// What was spent, in nano-dollars.
    pub spent_nanos: Nanos,
    /// When it was reached.
    pub at: String,
}

/// An alert that waits for the webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: EventId,
    /// What is sent: an [`Alert`] as JSON.
    pub body: String,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// The table of alerts.
#[derive(Clone)]
pub struct Alerts {
    pub(crate) inner: Arc<Inner>,
}

/// Alerts that this process knows to be in the table.
#[derive(Default)]
pub(crate) struct Told(Mutex<HashSet<(AccountKey, u8)>>);

impl Alerts {
    /// Takes alerts that nobody delivers now, oldest first, so that of several processes one does.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn claim(&self, limit: u32) -> Result<Vec<Waiting>, Error> {
        let dialect = self.inner.dialect;
        let waiting = "select id, body, tries from alerts \
                       where delivered_at is null and at > $1 and claimed_until <= $2 \
                       order by at, id limit $3";
        // Asked of a connection that reads: whoever only looks must not keep the writer waiting.
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, dialect).await?;
        let oldest = now.plus_seconds(-KEEP_SECONDS);
        let any = sqlx::query(waiting).bind(oldest.0).bind(now.0).bind(1_i64);
        if any.fetch_optional(&mut *conn).await?.is_none() {
            return Ok(Vec::new());
        }
        drop(conn);
        let mut tx = self.inner.write.begin_with(dialect.begin()).await?;
        let now = crate::store::now(&mut tx, dialect).await?;
        let query = format!("{waiting}{}", dialect.for_update_skip_locked());
        let rows = sqlx::query(AssertSqlSafe(query))
            .bind(oldest.0)
            .bind(now.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await?;
        let mut claimed = Vec::new();
        for row in &rows {
            let get = Get { row, table: "alerts" };
            let tries = get.count("tries")?.saturating_add(1);
            let one = Waiting {
                id: get.parse("id")?,
                body: get.text("body")?,
                tries: u32::try_from(tries).unwrap_or(u32::MAX),
            };
            sqlx::query("update alerts set claimed_until = $1, tries = tries + 1 where id = $2")
                .bind(now.plus_seconds(CLAIM_SECONDS).0)
                .bind(one.id.to_string())
                .execute(&mut *tx)
                .await?;
            claimed.push(one);
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// The webhook took it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn delivered(&self, id: EventId) -> Result<(), Error> {
        self.set("delivered_at", id, 0).await
    }

    /// The webhook did not take it: it is tried again, this many seconds later at the earliest.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn later(&self, id: EventId, seconds: u32) -> Result<(), Error> {
        self.set("claimed_until", id, i64::from(seconds)).await
    }

    /// Waits until there may be a new one of this process.
    pub async fn rung(&self) {
        self.inner.alerted.notified().await;
    }

    async fn set(&self, column: &'static str, id: EventId, seconds: i64) -> Result<(), Error> {
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        let query = format!("update alerts set {column} = $1 where id = $2");
        sqlx::query(AssertSqlSafe(query))
            .bind(now.plus_seconds(seconds).0)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes alerts of windows that ended before a time.
    pub(crate) async fn purge(&self, before: Timestamp) -> Result<(), Error> {
        sqlx::query(
            "delete from alerts where id in (select id from alerts where ends < $1 limit 1000)",
        )
        .bind(before.0)
        .execute(&self.inner.write)
        .await?;
        Ok(())
    }
}

/// What a batch has reached, once its rows are written.
pub(crate) struct Noted {
    pub(crate) events: Vec<Event>,
    reached: Vec<(AccountKey, u8)>,
}

/// Writes an alert for each threshold that an account of a batch has reached, and that is not in the
/// table. `full` are the accounts that refused somebody: what is left of them pays for nobody, even
/// if it is not nothing.
pub(crate) async fn note(
    conn: &mut AnyConnection,
    inner: &Inner,
    books: &Books,
    full: &BTreeSet<AccountKey>,
    now: Timestamp,
) -> Result<Noted, Error> {
    let mut noted = Noted { events: Vec::new(), reached: Vec::new() };
    // A window that is over tells nothing: its cap may have moved on to the next one, and nobody can do
    // anything about it.
    let running = |account: &&Account| account.key.window.ends.is_none_or(|ends| now < ends);
    for account in books.accounts().filter(running) {
        for percent in reached(account, inner.options.warn_percent, full) {
            if inner.told.has(&account.key, percent) {
                continue;
            }
            let alert = alert(account, percent, now);
            if insert(conn, account, &alert, now).await? {
                noted.events.push(event(&alert, now)?);
            }
            noted.reached.push((account.key.clone(), percent));
        }
    }
    Ok(noted)
}

/// The thresholds that an account is at or beyond.
fn reached(account: &Account, warn: u8, full: &BTreeSet<AccountKey>) -> Vec<u8> {
    let Some(target) = account.target else { return Vec::new() };
    let share = i128::from(account.spent().0).saturating_mul(100);
    let beyond = |percent: u8| {
        account.spent() > Nanos::ZERO && share >= i128::from(target.0) * i128::from(percent)
    };
    let mut all = Vec::new();
    if beyond(warn) {
        all.push(warn);
    }
    if warn != FULL && (beyond(FULL) || full.contains(&account.key)) {
        all.push(FULL);
    }
    all
}

fn alert(account: &Account, percent: u8, now: Timestamp) -> Alert {
    let AccountKey { tenant, scope, scope_id, window } = &account.key;
    Alert {
        id: EventId::generate(),
        event: THRESHOLD.to_owned(),
        tenant: *tenant,
        scope: *scope,
        scope_id: scope_id.clone(),
        period: window.period,
        starts: window.starts.to_string(),
        ends: window.ends.map(|at| at.to_string()),
        percent,
        cap_nanos: account.target.unwrap_or_default(),
        spent_nanos: account.spent(),
        at: now.to_string(),
    }
}

/// Writes an alert; `false` where it is there already.
async fn insert(
    conn: &mut AnyConnection,
    account: &Account,
    alert: &Alert,
    now: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "insert into alerts (account_id, percent, tenant_id, id, at, ends, body, claimed_until, \
         tries) values ($1, $2, $3, $4, $5, $6, $7, 0, 0) \
         on conflict (account_id, percent) do nothing",
    )
    .bind(accounts::id(&account.key))
    .bind(i64::from(alert.percent))
    .bind(alert.tenant.to_string())
    .bind(alert.id.to_string())
    .bind(now.0)
    .bind(account.key.window.ends.map(|at| at.0))
    .bind(rows::json(alert)?)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn event(alert: &Alert, now: Timestamp) -> Result<Event, Error> {
    let envelope = Envelope {
        event_id: alert.id,
        event_type: alert.event.clone(),
        occurred_at: now,
        tenant_id: alert.tenant,
        workspace_id: None,
        actor: outbox::system_actor(),
        trace: None,
        correlation: Correlation::default(),
        idempotency_key: alert.id.to_string(),
        priority: Priority::System,
        payload_ref: outbox::nothing(),
        schema: Schema { name: "orchestack.budget.alert".to_owned(), version: 1 },
    };
    Event::new(envelope, &rows::json(alert)?)
}

impl Told {
    fn has(&self, key: &AccountKey, percent: u8) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.contains(&(key.clone(), percent))
    }

    /// Remembers what a committed batch has reached: the table need not be asked again.
    pub(crate) fn keep(&self, noted: Noted) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > TOLD_MAX {
            // What is asked again is found in the table.
            told.clear();
        }
        told.extend(noted.reached);
    }
}

#[cfg(test)]
mod tests {
    use budget::{CapSpec, Period, Scope, Zone};

    use super::*;

    #[track_caller]
    fn check((target, spent): (Option<i64>, i64), refused: bool, expected: &[u8]) {
        let window = Period::Total.window(Timestamp(0), &Zone::UTC);
        let tenant = TenantId::from_parts(1, 1);
        let spec = CapSpec::new(tenant, Scope::Agent, "a", window, target.map(Nanos), true);
        let mut account = Account::new(spec);
        account.settled = Nanos(spent);
        let full = refused.then(|| account.key.clone()).into_iter().collect();
        assert_eq!(reached(&account, 80, &full), expected, "{spent} of {target:?}");
    }

    #[test]
    fn thresholds_are_reached_by_what_is_spent() {
        check((Some(1000), 0), false, &[]);
        check((Some(1000), 799), false, &[]);
        check((Some(1000), 800), false, &[80]);
        check((Some(1000), 999), false, &[80]);
        check((Some(1000), 1000), false, &[80, 100]);
        check((Some(i64::MAX), i64::MAX - 1), false, &[80]);
        check((None, 1000), false, &[]);
        // Nothing was ever allowed, so that nothing runs out.
        check((Some(0), 0), false, &[]);
        // What is left pays for nobody.
        check((Some(1000), 900), true, &[80, 100]);
        check((Some(1000), 100), true, &[100]);
    }
}
