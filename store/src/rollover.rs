//! Accounts that are about to be made, and the ones before them whose rest they begin with.

use budget::{AccountKey, CapSpec};
use sqlx::AnyConnection;

use crate::{Error, accounts, rows, rows::Get};

/// By the account that is missing, the last one of the same spender and length before it.
///
/// INVARIANT: of two who make windows of one spender, the second one sees the row of the first. Both lock
/// the row before, together with all other rows and in their order, and look again then.
#[derive(Default)]
pub(crate) struct Rolling(Vec<(AccountKey, AccountKey)>);

impl Rolling {
    /// What those of `specs` begin with that are missing and may get something.
    pub(crate) async fn find(
        conn: &mut AnyConnection,
        specs: impl Iterator<Item = &CapSpec>,
    ) -> Result<Self, Error> {
        let rolls = |spec: &&CapSpec| spec.rollover.0 > 0 && spec.key.window.ends.is_some();
        let mut found = Self::default();
        for key in missing(conn, specs.filter(rolls).map(|spec| &spec.key)).await? {
            if let Some(before) = before(conn, &key).await? {
                found.0.push((key, before));
            }
        }
        Ok(found)
    }

    /// Forgets what is no longer so, once the rows before are locked.
    pub(crate) async fn check(&mut self, conn: &mut AnyConnection) -> Result<(), Error> {
        let still = missing(conn, self.0.iter().map(|(key, _)| key)).await?;
        for (key, known) in std::mem::take(&mut self.0) {
            if still.contains(&key) && before(conn, &key).await?.as_ref() == Some(&known) {
                self.0.push((key, known));
            }
        }
        Ok(())
    }

    /// The accounts before.
    pub(crate) fn all_before(&self) -> impl Iterator<Item = &AccountKey> {
        self.0.iter().map(|(_, before)| before)
    }

    /// The account before one.
    pub(crate) fn before(&self, key: &AccountKey) -> Option<&AccountKey> {
        self.0.iter().find(|(new, _)| new == key).map(|(_, before)| before)
    }
}

/// Those that have no row.
async fn missing<'k>(
    conn: &mut AnyConnection,
    keys: impl Iterator<Item = &'k AccountKey>,
) -> Result<Vec<AccountKey>, Error> {
    let mut keys: Vec<AccountKey> = keys.cloned().collect();
    if keys.is_empty() {
        return Ok(keys);
    }
    let ids: Vec<String> = keys.iter().map(accounts::id).collect();
    let rows = rows::select_in(conn, "select id from accounts where id in", "", &ids).await?;
    let there: Result<Vec<String>, Error> =
        rows.iter().map(|row| Get { row, table: "accounts" }.text("id")).collect();
    let there = there?;
    keys.retain(|key| !there.contains(&accounts::id(key)));
    Ok(keys)
}

/// The last account of the same spender and length that ended when this one begins, or before. None
/// where another one lies across it, of the time zone before: what that has left nobody can tell.
pub(crate) async fn before(
    conn: &mut AnyConnection,
    key: &AccountKey,
) -> Result<Option<AccountKey>, Error> {
    let Some(ends) = key.window.ends else { return Ok(None) };
    let row = sqlx::query(
        "select * from accounts where tenant_id = $1 and scope = $2 and scope_id = $3 \
         and period = $4 and starts < $5 and (starts <> $6 or ends <> $7) \
         order by ends desc limit 1",
    )
    .bind(key.tenant.to_string())
    .bind(key.scope.as_str())
    .bind(key.scope_id.clone())
    .bind(key.window.period.as_str())
    .bind(ends.0)
    .bind(key.window.starts.0)
    .bind(ends.0)
    .fetch_optional(conn)
    .await?;
    let last = row.as_ref().map(accounts::read).transpose()?.map(|account| account.key);
    Ok(last.filter(|last| last.window.ends.is_some_and(|ends| ends <= key.window.starts)))
}
