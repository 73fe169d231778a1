//! The rows of slices.

use std::collections::BTreeSet;

use budget::{Books, Slice};
use sqlx::{AnyConnection, AssertSqlSafe, any::AnyRow};
use types::{AgentId, HoldId, KeyId, Timestamp};

use crate::{
    Error, accounts,
    batch::{self, Askers},
    rows::{self, Get, signed},
    store::Inner,
};

/// The most expired slices that one transaction lets lapse.
pub(crate) const LAPSE_MAX: i64 = 256;

/// A slice with who asked for it first.
pub(crate) type Loaded = (Slice, (AgentId, Option<KeyId>));

/// Loads slices, locked in the order of their ids.
pub(crate) async fn load(
    conn: &mut AnyConnection,
    lock: &'static str,
    ids: &BTreeSet<String>,
) -> Result<Vec<Loaded>, Error> {
    let ids: Vec<String> = ids.iter().cloned().collect();
    let tail = if lock.is_empty() { "" } else { " order by id for update" };
    let rows = rows::select_in(conn, "select * from slices where id in", tail, &ids).await?;
    rows.iter().map(read).collect()
}

/// The slices of other processes whose lease ran out.
pub(crate) async fn expired(
    conn: &mut AnyConnection,
    now: Timestamp,
    own: u64,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query(
        "select id from slices where state = 'open' and lease_until <= $1 and fence <> $2 \
         and amount > 0 order by lease_until limit $3",
    )
    .bind(now.0)
    .bind(signed(own))
    .bind(LAPSE_MAX)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Get { row, table: "slices" }.text("id")).collect()
}

/// Slices of a process, at most 1,000: those for which `is` holds, a condition on `state`.
pub(crate) async fn of(inner: &Inner, fence: u64, is: &'static str) -> Result<Vec<HoldId>, Error> {
    // The index has those that are not closed.
    let query =
        format!("select id from slices where fence = $1 and state <> 'closed' and {is} limit 1000");
    let rows = sqlx::query(AssertSqlSafe(query)).bind(signed(fence)).fetch_all(&inner.read).await?;
    rows.iter().map(|row| Get { row, table: "slices" }.parse("id")).collect()
}

/// Writes what changed.
pub(crate) async fn write(
    conn: &mut AnyConnection,
    books: &Books,
    askers: &Askers,
) -> Result<(), Error> {
    let mut changed = Vec::new();
    for slice in books.changed_slices() {
        let asker = batch::asker(askers, slice.id)?;
        changed.push((slice, asker, accounts::path_text(&slice.path)?));
    }
    let head = "insert into slices (id, tenant_id, agent_id, key_id, path, taken, amount, charged, \
                state, lease_until, owner, fence)";
    let update = " on conflict (id) do update set amount = excluded.amount, \
                  charged = excluded.charged, state = excluded.state";
    rows::insert(conn, head, update, &changed, |row, (slice, (agent, key), path)| {
        row.item(slice.id.to_string())?;
        row.item(slice.tenant.to_string())?;
        row.item(agent.to_string())?;
        row.item(key.map(|key| key.to_string()))?;
        row.item(path.clone())?;
        row.item(slice.taken.0)?;
        row.item(slice.amount.0)?;
        row.item(slice.charged.0)?;
        row.item(slice.state.as_str())?;
        row.item(slice.lease_until.0)?;
        row.item(slice.owner.clone())?;
        row.item(signed(slice.fence))?;
        Ok(())
    })
    .await
}

fn read(row: &AnyRow) -> Result<Loaded, Error> {
    let get = Get { row, table: "slices" };
    let tenant = get.parse("tenant_id")?;
    let slice = Slice {
        id: get.parse("id")?,
        tenant,
        path: accounts::path(&get, tenant)?,
        taken: get.nanos("taken")?,
        amount: get.nanos("amount")?,
        charged: get.nanos("charged")?,
        state: get.parse("state")?,
        lease_until: get.time("lease_until")?,
        owner: get.text("owner")?,
        fence: get.count("fence")?,
    };
    Ok((slice, (get.parse("agent_id")?, get.maybe("key_id")?)))
}
