//! Raises: more money for a spender until an instant. They come on top of caps and end by themselves.

use std::{sync::Arc, time::Instant};

use budget::{Account, AccountKey, CapSpec, Period, Scope};
use policy::AdminPermit;
use serde_json::json;
use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};
use types::{
    ApprovalId, AuditId, Nanos, RaiseId, TenantId, Timestamp,
    audit::{self, Record},
};

use crate::{Error, accounts, caps, change::Change, outbox, rows::Get, store::Inner};

/// A raise that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRaise {
    /// Its id.
    pub id: RaiseId,
    /// The account of the present window, as it is configured: where it has no row yet, that is what
    /// it begins with.
    pub spec: CapSpec,
    /// How much more; above zero.
    pub amount: Nanos,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// A raise that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raise {
    /// Its id.
    pub id: RaiseId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The kind of spender.
    pub scope: Scope,
    /// The spender.
    pub scope_id: String,
    /// Whose windows it is in.
    pub period: Period,
    /// How much more each of them has.
    pub amount: Nanos,
    /// Who made it.
    pub made_by: String,
    /// When, by the database's clock.
    pub made_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// The question to people that it answers.
    pub approval: Option<ApprovalId>,
}

/// The table of raises, and the accounts that they are in.
#[derive(Clone)]
pub struct Raises {
    pub(crate) inner: Arc<Inner>,
}

/// The most raises that one call ends.
const END_MAX: i64 = 256;
/// How often the end of one is tried while windows begin.
const TRIES: u32 = 8;

impl Raises {
    /// Raises a cap in the window of the spec, at once, and in every later one that begins before the
    /// raise ends. Returns the account as it is then.
    ///
    /// # Errors
    /// [`Error::Permit`], [`Error::Over`] where the window is over by the database's clock,
    /// [`Error::Exists`] where the approval was used for one already, or [`Error::Unavailable`].
    pub async fn add(
        &self,
        permit: &AdminPermit,
        new: &NewRaise,
        record: &Record,
    ) -> Result<Account, Error> {
        let seen_at = Instant::now();
        let mut change = Change::begin(&self.inner, permit, new.spec.key.tenant).await?;
        let account = apply(&mut change, &self.inner, new, None, permit.actor()).await?;
        change.commit_quietly(record).await?;
        self.inner.seen.put(std::iter::once(&account), seen_at);
        self.inner.decided.notify_waiters();
        self.inner.budgets.notify_waiters();
        Ok(account)
    }

    /// A tenant's raises that have not ended, in the order of their ends.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn live(&self, tenant: TenantId) -> Result<Vec<Raise>, Error> {
        let query = "select * from raises where tenant_id = $1 and ended_at is null \
                     order by ends_at, id";
        let rows = sqlx::query(query).bind(tenant.to_string()).fetch_all(&self.inner.read).await?;
        rows.iter().map(read).collect()
    }

    /// Takes raises whose time is over, by the database's clock, out of the caps again. The store
    /// does so by itself every [`crate::Options::reaper_period`]. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn end_due(&self) -> Result<usize, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let rows = sqlx::query(
            "select * from raises where ended_at is null and ends_at <= $1 \
             order by ends_at, id limit $2",
        )
        .bind(now.0)
        .bind(END_MAX)
        .fetch_all(&mut *conn)
        .await?;
        drop(conn);
        let mut ended = 0;
        for row in &rows {
            ended += usize::from(self.end(&read(row)?).await?);
        }
        Ok(ended)
    }

    /// Ends one raise; `false` where another process was faster, or where windows began all the time: then
    /// it is for the next look.
    async fn end(&self, raise: &Raise) -> Result<bool, Error> {
        for _ in 0..TRIES {
            match self.try_end(raise).await? {
                Some(ended) => return Ok(ended),
                None => tracing::debug!(raise = %raise.id, "a window began while it was ended"),
            }
        }
        Ok(false)
    }

    /// As [`Raises::end`]; `None` where a window began meanwhile, and nothing is done.
    async fn try_end(&self, raise: &Raise) -> Result<Option<bool>, Error> {
        let seen_at = Instant::now();
        let mut change = Change::begin_unpermitted(&self.inner).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        // INVARIANT: accounts are locked before raises, as by the writer. Whoever creates a row with the raise
        // has that locked: such a row is seen once it is locked here, and is not locked then any more.
        let lock = self.inner.dialect.for_update();
        let accounts = running(change.conn(), lock, raise, now).await?;
        let query = "update raises set ended_at = $1 where id = $2 and ended_at is null";
        let done = sqlx::query(query).bind(now.0).bind(raise.id.to_string());
        if done.execute(change.conn()).await?.rows_affected() == 0 {
            return Ok(Some(false));
        }
        let now_running = running(change.conn(), "", raise, now).await?;
        if !now_running.iter().map(|a| &a.key).eq(accounts.iter().map(|a| &a.key)) {
            return Ok(None);
        }
        let mut lowered = Vec::new();
        for account in accounts {
            let Some(target) = account.target else { continue };
            let target = Some(Nanos(target.0.saturating_sub(raise.amount.0).max(0)));
            let (key, hard) = (account.key, account.hard);
            let spec = CapSpec { key, target, hard, rollover: Nanos::ZERO };
            lowered.push(caps::retarget(change.conn(), &self.inner, &spec, now).await?);
        }
        change.commit_quietly(&ended(raise, now)).await?;
        self.inner.seen.put(lowered.iter(), seen_at);
        self.inner.budgets.notify_waiters();
        Ok(Some(true))
    }
}

/// Makes a raise within a change.
pub(crate) async fn apply(
    change: &mut Change,
    inner: &Inner,
    new: &NewRaise,
    approval: Option<ApprovalId>,
    by: &str,
) -> Result<Account, Error> {
    let conn = change.conn();
    let now = crate::store::now(conn, inner.dialect).await?;
    let AccountKey { tenant, scope, scope_id, window } = &new.spec.key;
    // In a window that is over it would roll over, and be in the present one by itself.
    if window.ends.is_some_and(|ends| ends <= now) {
        return Err(Error::Over);
    }
    // Locked before the raise is there, so that a row which is made now has it once.
    let one = std::iter::once(&new.spec);
    let locked = accounts::lock(conn, inner.dialect, std::iter::empty(), one).await?;
    let missing = || Error::corrupt("accounts", "a row that was made is not there");
    let account = locked.into_iter().next().ok_or_else(missing)?;
    let target = account.target.map(|target| Nanos(target.0.saturating_add(new.amount.0)));
    let spec = CapSpec { key: account.key, target, hard: account.hard, ..new.spec.clone() };
    let raised = caps::retarget(conn, inner, &spec, now).await?;
    sqlx::query(
        "insert into raises (id, tenant_id, scope, scope_id, period, amount, made_by, made_at, \
         ends_at, approval_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(new.id.to_string())
    .bind(tenant.to_string())
    .bind(scope.as_str())
    .bind(scope_id.clone())
    .bind(window.period.as_str())
    .bind(new.amount.0)
    .bind(by.to_owned())
    .bind(now.0)
    .bind(new.ends_at.0)
    .bind(approval.map(|id| id.to_string()))
    .execute(conn)
    .await
    .map_err(|error| {
        if crate::error::is_taken(&error) {
            Error::Exists { noun: "raise", name: new.id.to_string() }
        } else {
            error.into()
        }
    })?;
    Ok(raised)
}

/// The accounts of the running windows that a raise is in, locked by `lock`.
async fn running(
    conn: &mut AnyConnection,
    lock: &'static str,
    raise: &Raise,
    now: Timestamp,
) -> Result<Vec<Account>, Error> {
    let query = format!(
        "select * from accounts where tenant_id = $1 and scope = $2 and scope_id = $3 \
         and period = $4 and (ends is null or ends > $5) order by id{lock}"
    );
    let rows = sqlx::query(AssertSqlSafe(query))
        .bind(raise.tenant.to_string())
        .bind(raise.scope.as_str())
        .bind(raise.scope_id.clone())
        .bind(raise.period.as_str())
        .bind(now.0)
        .fetch_all(conn)
        .await?;
    rows.iter().map(accounts::read).collect()
}

fn read(row: &AnyRow) -> Result<Raise, Error> {
    let get = Get { row, table: "raises" };
    Ok(Raise {
        id: get.parse("id")?,
        tenant: get.parse("tenant_id")?,
        scope: get.parse("scope")?,
        scope_id: get.text("scope_id")?,
        period: get.parse("period")?,
        amount: get.nanos("amount")?,
        made_by: get.text("made_by")?,
        made_at: get.time("made_at")?,
        ends_at: get.time("ends_at")?,
        approval: get.maybe("approval_id")?,
    })
}

fn ended(raise: &Raise, now: Timestamp) -> Record {
    Record {
        id: AuditId::generate(),
        at: now,
        tenant: raise.tenant,
        kind: audit::Kind::System,
        request: None,
        actor: outbox::system_actor(),
        action: "endRaise".to_owned(),
        resource: raise.id.to_string(),
        outcome: "ok".to_owned(),
        commit: String::new(),
        detail: json!({
            "scope": raise.scope.as_str(),
            "scope_id": raise.scope_id,
            "period": raise.period.as_str(),
            "amount_nanos": raise.amount,
            "made_by": raise.made_by,
            "approval": raise.approval,
        })
        .into(),
    }
}
