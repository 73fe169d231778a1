//! What a new window begins with: the cap in force, the raises that have not ended, what the window before
//! did not use where that rolls over, and what was spent in its time already where the tenant's time zone has
//! changed.

use budget::{Account, AccountKey, CapSpec, Rollover};
use sqlx::{AnyConnection, AssertSqlSafe};
use types::{Nanos, Timestamp};

use crate::{
    Error, accounts, rollover,
    rows::{self, Get},
};

/// What a new window begins with.
pub(crate) struct Opening {
    /// Its target is the cap in force.
    pub(crate) spec: CapSpec,
    /// What comes on top of the cap but for what is rolled over; below zero where more is taken off.
    added: i64,
    /// What the next window has of the ones before it already.
    moved_on: Nanos,
}

/// What a missing row is created from. `lock` is [`crate::Dialect::for_update`] in a transaction that
/// creates it, and empty where somebody only looks.
///
/// INVARIANT: a raise is in the target of a live row if and only if it has not ended. Whoever creates
/// a row locks the raises that it counts, and whoever ends one looks for rows once more when it is locked.
pub(crate) async fn opening(
    conn: &mut AnyConnection,
    lock: &'static str,
    spec: &CapSpec,
) -> Result<Opening, Error> {
    let spec = overridden(conn, spec).await?;
    adjusted(conn, lock, spec).await
}

/// The spec, what raises add to its target, less what its time has seen already and what a later
/// window has of it.
pub(crate) async fn adjusted(
    conn: &mut AnyConnection,
    lock: &'static str,
    spec: CapSpec,
) -> Result<Opening, Error> {
    if spec.target.is_none() {
        return Ok(Opening { spec, added: 0, moved_on: Nanos::ZERO });
    }
    let raised = raised(conn, lock, &spec).await?;
    let moved_on = moved_on(conn, &spec).await?;
    let carried = carried(conn, &spec).await?.saturating_add(moved_on.0);
    Ok(Opening { spec, added: raised.saturating_sub(carried), moved_on })
}

/// The account of a window that has no row, for somebody who only looks.
pub(crate) async fn looked(conn: &mut AnyConnection, spec: &CapSpec) -> Result<Account, Error> {
    let opening = opening(conn, "", spec).await?;
    let before = match rollover::before(conn, &spec.key).await? {
        Some(key) if opening.spec.rollover > Nanos::ZERO => accounts::one(conn, &key).await?,
        _ => None,
    };
    opening.begin(conn, before.as_ref()).await.map(|(account, _)| account)
}

impl Opening {
    /// The account that begins, and the one before it as it is after what was moved out of it.
    pub(crate) async fn begin(
        self,
        conn: &mut AnyConnection,
        before: Option<&Account>,
    ) -> Result<(Account, Option<Account>), Error> {
        let Some(before) = before else { return Ok((Account::new(self.with(Nanos::ZERO)), None)) };
        let raised = raised_in(conn, before).await?;
        let Rollover { amount, before } = budget::rollover(&self.spec, before, raised);
        let cap = self.spec.target.unwrap_or_default();
        let rolled = budget::passed_on(cap, self.moved_on, amount);
        let account = Account { rolled, ..Account::new(self.with(rolled)) };
        Ok((account, Some(before)))
    }

    /// The spec of a window with so much of the window before.
    pub(crate) fn with(self, rolled: Nanos) -> CapSpec {
        let target = self.spec.target.map(|cap| budget::opening_target(cap, self.added, rolled));
        CapSpec { target, ..self.spec }
    }
}

/// What the next window that has a row got of the ones before it. A window that is made after it, for a
/// call that began before midnight, or for a gateway whose clock is late, must not spend that again.
async fn moved_on(conn: &mut AnyConnection, spec: &CapSpec) -> Result<Nanos, Error> {
    let Some(ends) = spec.key.window.ends else { return Ok(Nanos::ZERO) };
    let row = sqlx::query(
        "select rolled from accounts where tenant_id = $1 and scope = $2 and scope_id = $3 \
         and period = $4 and starts >= $5 order by starts limit 1",
    )
    .bind(spec.key.tenant.to_string())
    .bind(spec.key.scope.as_str())
    .bind(spec.key.scope_id.clone())
    .bind(spec.key.window.period.as_str())
    .bind(ends.0)
    .fetch_optional(conn)
    .await?;
    row.map_or(Ok(Nanos::ZERO), |row| Get { row: &row, table: "accounts" }.nanos("rolled"))
}

/// The spec with the cap that was set at run time, if one was.
async fn overridden(conn: &mut AnyConnection, spec: &CapSpec) -> Result<CapSpec, Error> {
    let row = sqlx::query(
        "select target, hard, rollover from caps \
         where tenant_id = $1 and scope = $2 and scope_id = $3 and period = $4",
    )
    .bind(spec.key.tenant.to_string())
    .bind(spec.key.scope.as_str())
    .bind(spec.key.scope_id.clone())
    .bind(spec.key.window.period.as_str())
    .fetch_optional(conn)
    .await?;
    let mut spec = spec.clone();
    if let Some(row) = &row {
        let get = Get { row, table: "caps" };
        spec.target = get.maybe_int("target")?.map(Nanos);
        spec.hard = get.int("hard")? == 1;
        spec.rollover = get.nanos("rollover")?;
    }
    Ok(spec)
}

async fn raised(
    conn: &mut AnyConnection,
    lock: &'static str,
    spec: &CapSpec,
) -> Result<i64, Error> {
    let query = format!(
        "select amount from raises where tenant_id = $1 and scope = $2 and scope_id = $3 \
         and period = $4 and ended_at is null{lock}"
    );
    let rows = sqlx::query(AssertSqlSafe(query))
        .bind(spec.key.tenant.to_string())
        .bind(spec.key.scope.as_str())
        .bind(spec.key.scope_id.clone())
        .bind(spec.key.window.period.as_str())
        .fetch_all(conn)
        .await?;
    let mut sum = 0_i64;
    for row in &rows {
        sum = sum.saturating_add(Get { row, table: "raises" }.int("amount")?);
    }
    Ok(sum)
}

/// What the target of a window had of raises when it ended. They are not its own: what is left of one
/// that has ended is nobody's, and any other is in the next window by itself.
async fn raised_in(conn: &mut AnyConnection, account: &Account) -> Result<Nanos, Error> {
    let AccountKey { tenant, scope, scope_id, window } = &account.key;
    let Some(ends) = window.ends else { return Ok(Nanos::ZERO) };
    let row = sqlx::query(
        "select cast(coalesce(sum(amount), 0) as bigint) as amount from raises \
         where tenant_id = $1 and scope = $2 and scope_id = $3 and period = $4 \
         and made_at < $5 and (ended_at is null or ended_at >= $6)",
    )
    .bind(tenant.to_string())
    .bind(scope.as_str())
    .bind(scope_id.clone())
    .bind(window.period.as_str())
    .bind(ends.0)
    .bind(ends.0)
    .fetch_one(conn)
    .await?;
    Get { row: &row, table: "raises" }.nanos("amount")
}

/// What was spent since the window began, and is held, in windows of the same spender and length
/// whose edges are others: those of the time zone before. A reset never resurrects spent money.
async fn carried(conn: &mut AnyConnection, spec: &CapSpec) -> Result<i64, Error> {
    let window = spec.key.window;
    let Some(ends) = window.ends else { return Ok(0) };
    let rows = sqlx::query(
        "select * from accounts where tenant_id = $1 and scope = $2 and scope_id = $3 \
         and period = $4 and starts < $5 and ends > $6 and (starts <> $7 or ends <> $8)",
    )
    .bind(spec.key.tenant.to_string())
    .bind(spec.key.scope.as_str())
    .bind(spec.key.scope_id.clone())
    .bind(window.period.as_str())
    .bind(ends.0)
    .bind(window.starts.0)
    .bind(window.starts.0)
    .bind(ends.0)
    .fetch_all(&mut *conn)
    .await?;
    let mut sum = 0_i64;
    for row in &rows {
        let before = accounts::read(row)?;
        let spent = spent_in(conn, &before, (window.starts, ends)).await?;
        // What lies in slices goes back unspent: calls of the new window are not admitted from it.
        let held = before.held.0.saturating_sub(sliced(conn, &before).await?).max(0);
        sum = sum.saturating_add(spent).saturating_add(held);
    }
    Ok(sum)
}

/// What lies in open slices of an account.
async fn sliced(conn: &mut AnyConnection, account: &Account) -> Result<i64, Error> {
    let row = sqlx::query(
        "select cast(coalesce(sum(amount), 0) as bigint) as amount from slices \
         where tenant_id = $1 and state = 'open' and path like $2 escape '!'",
    )
    .bind(account.key.tenant.to_string())
    .bind(in_path(account)?)
    .fetch_one(conn)
    .await?;
    Get { row: &row, table: "slices" }.int("amount")
}

/// A pattern that the paths with an account match.
fn in_path(account: &Account) -> Result<String, Error> {
    let name = rows::json(&accounts::within(&account.key))?;
    let name = name.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    Ok(format!("%{name}%"))
}

/// What the ledger has of an account between two instants.
async fn spent_in(
    conn: &mut AnyConnection,
    account: &Account,
    (from, to): (Timestamp, Timestamp),
) -> Result<i64, Error> {
    let row = sqlx::query(
        "select cast(coalesce(sum(amount + overrun), 0) as bigint) as spent from ledger \
         where tenant_id = $1 and at >= $2 and at < $3 and path like $4 escape '!'",
    )
    .bind(account.key.tenant.to_string())
    .bind(from.0)
    .bind(to.0)
    .bind(in_path(account)?)
    .fetch_one(conn)
    .await?;
    Get { row: &row, table: "ledger" }.int("spent")
}
