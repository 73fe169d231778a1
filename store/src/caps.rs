//! Caps set at run time. They win over those of the git tree.

use std::{sync::Arc, time::Instant};

use budget::{Account, AccountKey, Books, CapSpec, Op, Outcome, Period, Scope};
use policy::AdminPermit;
use sqlx::AnyConnection;
use types::{Nanos, TenantId, Timestamp, audit::Record};

use crate::{Error, accounts, change::Change, denied, rows::Get, store::Inner, windows};

/// One cap that was set at run time: for every window of its period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Whose it is.
    pub tenant: TenantId,
    /// The kind of spender.
    pub scope: Scope,
    /// The spender.
    pub scope_id: String,
    /// How long a window is.
    pub period: Period,
    /// The limit; `None` meters only.
    pub target: Option<Nanos>,
    /// Whether the limit refuses or is only shown.
    pub hard: bool,
    /// The most that a window gets of what the one before did not use.
    pub rollover: Nanos,
    /// When it was set.
    pub set_at: Timestamp,
    /// Who set it.
    pub set_by: String,
}

/// The table of caps, and the accounts they limit.
#[derive(Clone)]
pub struct Caps {
    pub(crate) inner: Arc<Inner>,
}

impl Caps {
    /// Every cap of every tenant that was set at run time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load_all(&self) -> Result<Vec<Cap>, Error> {
        let rows = sqlx::query("select * from caps order by tenant_id, scope, scope_id, period")
            .fetch_all(&self.inner.read)
            .await?;
        let read = |row| {
            let get = Get { row, table: "caps" };
            Ok(Cap {
                tenant: get.parse("tenant_id")?,
                scope: get.parse("scope")?,
                scope_id: get.text("scope_id")?,
                period: get.parse("period")?,
                target: get.maybe_int("target")?.map(Nanos),
                hard: get.int("hard")? == 1,
                rollover: get.nanos("rollover")?,
                set_at: get.time("set_at")?,
                set_by: get.text("set_by")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Every account of a tenant whose window holds `now`, that is: what is spent and held. Those of
    /// sessions, tasks and grants are not among them, since there is no end to their number.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn accounts(&self, tenant: TenantId, now: Timestamp) -> Result<Vec<Account>, Error> {
        let rows = sqlx::query(
            "select * from accounts where tenant_id = $1 and starts <= $2 \
             and (ends is null or ends > $3) \
             and scope not in ('session', 'task', 'grant') order by id",
        )
        .bind(tenant.to_string())
        .bind(now.0)
        .bind(now.0)
        .fetch_all(&self.inner.read)
        .await?;
        rows.iter().map(accounts::read).collect()
    }

    /// The accounts of one scope whose window holds `now`: at most 1,000.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn accounts_of(
        &self,
        tenant: TenantId,
        scope: Scope,
        now: Timestamp,
    ) -> Result<Vec<Account>, Error> {
        let rows = sqlx::query(
            "select * from accounts where tenant_id = $1 and scope = $2 and starts <= $3 \
             and (ends is null or ends > $4) order by scope_id, period limit 1000",
        )
        .bind(tenant.to_string())
        .bind(scope.as_str())
        .bind(now.0)
        .bind(now.0)
        .fetch_all(&self.inner.read)
        .await?;
        rows.iter().map(accounts::read).collect()
    }

    /// Sets a cap for the window of `spec`, at once, and for every later one of its period. Raises
    /// that have not ended come on top, and what rolled over into this window. Lowering it below what is spent stops admission and takes
    /// nothing back. A cap per request has no account: what is returned is its figures alone.
    ///
    /// # Errors
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn set(
        &self,
        permit: &AdminPermit,
        spec: &CapSpec,
        record: &Record,
    ) -> Result<Account, Error> {
        let mut change = Change::begin(&self.inner, permit, spec.key.tenant).await?;
        let at = crate::store::now(change.conn(), self.inner.dialect).await?;
        sqlx::query(
            "insert into caps \
             (tenant_id, scope, scope_id, period, target, hard, rollover, set_at, set_by) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             on conflict (tenant_id, scope, scope_id, period) do update set \
             target = excluded.target, hard = excluded.hard, rollover = excluded.rollover, \
             set_at = excluded.set_at, set_by = excluded.set_by",
        )
        .bind(spec.key.tenant.to_string())
        .bind(spec.key.scope.as_str())
        .bind(spec.key.scope_id.clone())
        .bind(spec.key.window.period.as_str())
        .bind(spec.target.map(|target| target.0.max(0)))
        .bind(i64::from(spec.hard))
        .bind(spec.rollover.0.max(0))
        .bind(at.0)
        .bind(permit.actor().to_owned())
        .execute(change.conn())
        .await?;
        if spec.key.window.period == Period::Request {
            change.commit(record).await?;
            return Ok(Account::new(spec.clone()));
        }
        let seen_at = Instant::now();
        let lock = self.inner.dialect.for_update();
        // INVARIANT: accounts are locked before raises, as by the writer; and nothing is read before both are.
        let one = std::iter::once(spec);
        let live =
            accounts::lock(change.conn(), self.inner.dialect, std::iter::empty(), one).await?;
        let wanted = windows::adjusted(change.conn(), lock, spec.clone()).await?;
        let wanted = wanted.with(live.first().map_or(Nanos::ZERO, |account| account.rolled));
        let account = retarget(change.conn(), &self.inner, &wanted, at).await?;
        change.commit(record).await?;
        self.inner.seen.put(std::iter::once(&account), seen_at);
        self.inner.decided.notify_waiters();
        self.inner.budgets.notify_waiters();
        Ok(account)
    }

    /// One account as it is now; `None` where nothing was ever held in it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn account(&self, key: &AccountKey) -> Result<Option<Account>, Error> {
        let seen_at = Instant::now();
        let row = sqlx::query("select * from accounts where id = $1")
            .bind(accounts::id(key))
            .fetch_optional(&self.inner.read)
            .await?;
        let account = row.as_ref().map(accounts::read).transpose()?;
        self.inner.seen.put(account.iter(), seen_at);
        Ok(account)
    }

    /// Brings live accounts to the caps of the git tree, apart from those set at run time. Needs no
    /// permit because the tree is the authority for them. Returns how many changed; where none did,
    /// nothing is audited.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn adopt(&self, specs: &[CapSpec], record: &Record) -> Result<usize, Error> {
        let mut change = Change::begin_unpermitted(&self.inner).await?;
        let at = crate::store::now(change.conn(), self.inner.dialect).await?;
        let dialect = self.inner.dialect;
        let keys = specs.iter().map(|spec| &spec.key);
        let live = accounts::lock(change.conn(), dialect, keys, std::iter::empty()).await?;
        let mut changed = 0;
        for account in live {
            let Some(spec) = specs.iter().find(|spec| spec.key == account.key) else { continue };
            let wanted = windows::opening(change.conn(), dialect.for_update(), spec).await?;
            let wanted = wanted.with(account.rolled);
            if (wanted.target, wanted.hard) != (account.target, account.hard) {
                retarget(change.conn(), &self.inner, &wanted, at).await?;
                changed += 1;
            }
        }
        if changed > 0 {
            change.commit(record).await?;
        }
        Ok(changed)
    }
}

/// Sets the target of one account, creating its row where it is missing.
pub(crate) async fn retarget(
    conn: &mut AnyConnection,
    inner: &Inner,
    spec: &CapSpec,
    now: Timestamp,
) -> Result<Account, Error> {
    let mut books = Books::default();
    let one = std::iter::once(spec);
    for account in accounts::lock(conn, inner.dialect, std::iter::empty(), one).await? {
        books.insert_account(account);
    }
    let outcome = books
        .apply(&Op::SetTarget(spec.clone()), now)
        .map_err(|error| Error::corrupt("accounts", error))?;
    let changed: Vec<Account> = books.changed_accounts().cloned().collect();
    accounts::write(conn, &changed).await?;
    denied::make_room(inner, std::iter::once(&spec.key)).await;
    match outcome {
        Outcome::TargetSet(account) => Ok(*account),
        _ => Err(Error::corrupt("accounts", "the books answered another question")),
    }
}
