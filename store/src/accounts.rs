//! Account rows: loading them locked, creating missing ones, writing them back, and the last known
//! state of each for whoever only wants to look.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use budget::{Account, AccountKey, CapSpec, Window};
use sqlx::{AnyConnection, any::AnyRow};
use types::{Nanos, TenantId, Timestamp};

use crate::{
    Dialect, Error,
    ledger::Room,
    rollover::Rolling,
    rows::{self, Get},
    store::Inner,
    windows,
};

/// How old what [`room`] answers may be. Other gateways write to the same accounts.
const FRESH: Duration = Duration::from_secs(2);

/// How many accounts are remembered.
const SEEN_MAX: usize = 16_384;

/// Accounts as they were seen last, with when, and what this process's slices have free on them.
#[derive(Default)]
pub(crate) struct Seen {
    accounts: Mutex<HashMap<AccountKey, (Account, Instant)>>,
    free: Mutex<HashMap<AccountKey, Nanos>>,
}

impl Seen {
    /// Remembers accounts, as of a moment before they were read.
    pub(crate) fn put<'a>(&self, accounts: impl Iterator<Item = &'a Account>, at: Instant) {
        let mut seen = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() > SEEN_MAX {
            // Windows pass and sessions end; what is still in use comes back at its next use.
            seen.clear();
        }
        for account in accounts {
            seen.insert(account.key.clone(), (account.clone(), at));
        }
    }

    /// Replaces what is known to be free in slices.
    pub(crate) fn put_free(&self, free: HashMap<AccountKey, Nanos>) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) = free;
    }

    /// The account with what slices of this process have free counted as free.
    fn with_free(&self, mut account: Account) -> Account {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(free) = free.get(&account.key) {
            account.held = Nanos(account.held.0.saturating_sub(free.0).max(0));
        }
        account
    }

    /// The hard target of an account that was seen lately.
    pub(crate) fn target(&self, key: &AccountKey) -> Option<Option<Nanos>> {
        self.fresh(key).map(|account| account.limit())
    }

    fn fresh(&self, key: &AccountKey) -> Option<Account> {
        let seen = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).filter(|(_, at)| at.elapsed() < FRESH).map(|(account, _)| account.clone())
    }
}

/// What is left in accounts, in the order asked. Reads the database only for what was not seen
/// lately, in one query for all.
pub(crate) async fn room(inner: &Inner, specs: &[CapSpec]) -> Result<Vec<Room>, Error> {
    let mut known: HashMap<&AccountKey, Account> = HashMap::new();
    let mut wanted = BTreeMap::new();
    for spec in specs {
        match inner.seen.fresh(&spec.key) {
            Some(account) => {
                known.insert(&spec.key, account);
            }
            None => {
                wanted.insert(id(&spec.key), spec);
            }
        }
    }
    if !wanted.is_empty() {
        let at = Instant::now();
        let mut conn = inner.read.acquire().await?;
        let mut found = load(&mut conn, "", wanted.keys().cloned().collect()).await?;
        for (id, spec) in wanted {
            let account = match found.remove(&id) {
                Some(account) => account,
                None => windows::looked(&mut conn, spec).await?,
            };
            inner.seen.put(std::iter::once(&account), at);
            known.insert(&spec.key, account);
        }
    }
    let room = |spec: &CapSpec| {
        let account = known.get(&spec.key).cloned().map(|account| inner.seen.with_free(account));
        let account = account.as_ref();
        Room {
            remaining: account.map_or(Some(Nanos::ZERO), Account::room),
            used_percent: account.and_then(Account::used_percent).unwrap_or_default(),
        }
    };
    Ok(specs.iter().map(room).collect())
}

/// Loads accounts, locked in the order of their ids, and creates those of `specs` that are missing.
/// Keys without a spec that are missing stay missing: the books refuse what needs them.
pub(crate) async fn lock(
    conn: &mut AnyConnection,
    dialect: Dialect,
    keys: impl Iterator<Item = &AccountKey>,
    specs: impl Iterator<Item = &CapSpec>,
) -> Result<Vec<Account>, Error> {
    let specs: BTreeMap<String, &CapSpec> = specs.map(|spec| (id(&spec.key), spec)).collect();
    let mut rolling = Rolling::find(conn, specs.values().copied()).await?;
    let asked: BTreeSet<String> = keys.map(id).chain(specs.keys().cloned()).collect();
    let mut ids = asked.clone();
    ids.extend(rolling.all_before().map(id));
    let mut found = load(conn, dialect.for_update(), ids.into_iter().collect()).await?;
    rolling.check(conn).await?;
    let missing: Vec<(&String, &CapSpec)> =
        specs.iter().filter(|(id, _)| !found.contains_key(*id)).map(|(id, s)| (id, *s)).collect();
    if !missing.is_empty() {
        let (mut fresh, mut lowered) = (Vec::with_capacity(missing.len()), Vec::new());
        for (_, spec) in &missing {
            let opening = windows::opening(conn, dialect.for_update(), spec).await?;
            let before = rolling.before(&spec.key).and_then(|key| found.get(&id(key)));
            let (account, before) = opening.begin(conn, before).await?;
            fresh.push(account);
            lowered.extend(before);
        }
        write(conn, &lowered).await?;
        found.extend(lowered.into_iter().map(|account| (id(&account.key), account)));
        // Another gateway may create it in between: then its row stands and is loaded below. One that
        // begins with something of an earlier one it cannot: that one is locked.
        insert(conn, " on conflict (id) do nothing", &fresh).await?;
        let ids = missing.iter().map(|(id, _)| (*id).clone()).collect();
        found.extend(load(conn, dialect.for_update(), ids).await?);
    }
    found.retain(|id, _| asked.contains(id));
    Ok(found.into_values().collect())
}

/// Writes changed accounts back.
pub(crate) async fn write(conn: &mut AnyConnection, changed: &[Account]) -> Result<(), Error> {
    let update = " on conflict (id) do update set target = excluded.target, \
                  hard = excluded.hard, cap = excluded.cap, settled = excluded.settled, \
                  held = excluded.held, overrun = excluded.overrun";
    insert(conn, update, changed).await
}

async fn insert(
    conn: &mut AnyConnection,
    tail: &'static str,
    accounts: &[Account],
) -> Result<(), Error> {
    let head = "insert into accounts (id, tenant_id, scope, scope_id, period, starts, ends, \
                target, hard, cap, settled, held, overrun, rolled)";
    rows::insert(conn, head, tail, accounts, |row, account| {
        let AccountKey { tenant, scope, scope_id, window } = &account.key;
        row.item(id(&account.key))?;
        row.item(tenant.to_string())?;
        row.item(scope.as_str())?;
        row.item(scope_id.clone())?;
        row.item(window.period.as_str())?;
        row.item(window.starts.0)?;
        row.item(window.ends.map(|at| at.0))?;
        row.item(account.target.map(|target| target.0))?;
        row.item(i64::from(account.hard))?;
        row.item(account.cap.0)?;
        row.item(account.settled.0)?;
        row.item(account.held.0)?;
        row.item(account.overrun.0)?;
        row.item(account.rolled.0)?;
        Ok(())
    })
    .await
}

/// One account, where it has a row.
pub(crate) async fn one(
    conn: &mut AnyConnection,
    key: &AccountKey,
) -> Result<Option<Account>, Error> {
    Ok(load(conn, "", vec![id(key)]).await?.into_values().next())
}

async fn load(
    conn: &mut AnyConnection,
    lock: &'static str,
    ids: Vec<String>,
) -> Result<BTreeMap<String, Account>, Error> {
    let tail = if lock.is_empty() { " order by id" } else { " order by id for update" };
    let rows = rows::select_in(conn, "select * from accounts where id in", tail, &ids).await?;
    rows.iter().map(|row| read(row).map(|account| (id(&account.key), account))).collect()
}

pub(crate) fn read(row: &AnyRow) -> Result<Account, Error> {
    let get = Get { row, table: "accounts" };
    Ok(Account {
        key: AccountKey {
            tenant: get.parse("tenant_id")?,
            scope: get.parse("scope")?,
            scope_id: get.text("scope_id")?,
            window: Window {
                period: get.parse("period")?,
                starts: get.time("starts")?,
                ends: get.maybe_time("ends")?,
            },
        },
        target: get.maybe_int("target")?.map(Nanos),
        hard: get.int("hard")? == 1,
        cap: get.nanos("cap")?,
        settled: get.nanos("settled")?,
        held: get.nanos("held")?,
        overrun: get.nanos("overrun")?,
        rolled: get.nanos("rolled")?,
    })
}

/// The primary key of an account's row.
pub(crate) fn id(key: &AccountKey) -> String {
    format!("{}/{}", key.tenant, within(key))
}

/// An account's name within its tenant. What anybody may choose stands last.
pub(crate) fn within(key: &AccountKey) -> String {
    let AccountKey { tenant: _, scope, scope_id, window } = key;
    let ends = window.ends.map(|at| at.0.to_string()).unwrap_or_default();
    format!("{scope}/{}/{}/{ends}/{scope_id}", window.period, window.starts.0)
}

/// The accounts of a hold as its row has them: a JSON array of their names within the tenant.
pub(crate) fn path_text(path: &[AccountKey]) -> Result<String, Error> {
    rows::json(&path.iter().map(within).collect::<Vec<_>>())
}

/// Reads [`path_text`].
pub(crate) fn path(row: &Get<'_>, tenant: TenantId) -> Result<Vec<AccountKey>, Error> {
    let names: Vec<String> = row.json("path")?;
    let bad = || Error::corrupt(row.table, "`path` has a name that is no account's");
    names.iter().map(|name| named(name, tenant).ok_or_else(bad)).collect()
}

/// The account with a name within a tenant.
fn named(name: &str, tenant: TenantId) -> Option<AccountKey> {
    let mut parts = name.splitn(5, '/');
    let mut part = || parts.next();
    let (scope, period, starts, ends) = (part()?, part()?, part()?, part()?);
    let ends = match ends {
        "" => None,
        ends => Some(Timestamp(ends.parse().ok()?)),
    };
    let starts = Timestamp(starts.parse().ok()?);
    let window = Window { period: period.parse().ok()?, starts, ends };
    Some(AccountKey { tenant, scope: scope.parse().ok()?, scope_id: part()?.to_owned(), window })
}

#[cfg(test)]
mod tests {
    use budget::{Period, Scope, Zone};

    use super::*;

    #[track_caller]
    fn check(period: Period, scope_id: &str) {
        let tenant = TenantId::from_parts(1, 1);
        let window = period.window(Timestamp(1_763_800_000_000_000), &Zone::UTC);
        let scope_id = scope_id.to_owned();
        let key = AccountKey { tenant, scope: Scope::Agent, scope_id, window };
        assert_eq!(named(&within(&key), tenant), Some(key));
    }

    #[test]
    fn an_account_is_found_by_its_name() {
        check(Period::Total, "agent_1");
        check(Period::Day, "agent_1");
        check(Period::Month, "a/b//c \n\"");
        check(Period::Total, "");
    }
}
