//! Processes that admit from slices: their fences, their leases, and how far their journals are
//! carried into the database.

use sqlx::{AnyConnection, AssertSqlSafe};
use types::Timestamp;

use crate::{
    Dialect, Error, batch,
    rows::{Get, signed},
    slices,
    store::Inner,
    writer::{Ask, Entry},
};

/// Writes the row of this process, before its journal has a record.
pub(crate) async fn begin(inner: &Inner) -> Result<(), Error> {
    let mut tx = inner.write.begin_with(inner.dialect.begin()).await?;
    let now = crate::store::now(&mut tx, inner.dialect).await?;
    sqlx::query(
        "insert into owners (fence, tenant_id, owner, started_at, lease_until, carried) \
         values ($1, '', $2, $3, $4, 0)",
    )
    .bind(signed(inner.fence))
    .bind(inner.options.owner.clone())
    .bind(now.0)
    .bind(batch::lease(inner, now).0)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The last record of a journal that the database has; `None` for a process that it does not know.
pub(crate) async fn carried(inner: &Inner, fence: u64) -> Result<Option<u64>, Error> {
    let row = sqlx::query("select carried from owners where fence = $1")
        .bind(signed(fence))
        .fetch_optional(&inner.read)
        .await?;
    row.map(|row| Get { row: &row, table: "owners" }.count("carried")).transpose()
}

/// Notes within a batch that the records up to one are written with it.
pub(crate) async fn carry(conn: &mut AnyConnection, fence: u64, seq: u64) -> Result<(), Error> {
    sqlx::query("update owners set carried = $1 where fence = $2")
        .bind(signed(seq))
        .bind(signed(fence))
        .execute(conn)
        .await?;
    Ok(())
}

/// Locks the row of a process and gives the last record of its journal that the database has.
pub(crate) async fn lock(
    conn: &mut AnyConnection,
    dialect: Dialect,
    fence: u64,
) -> Result<u64, Error> {
    let query = format!("select carried from owners where fence = $1{}", dialect.for_update());
    let row = sqlx::query(AssertSqlSafe(query)).bind(signed(fence)).fetch_one(conn).await?;
    Get { row: &row, table: "owners" }.count("carried")
}

/// Vouches for this process and its slices.
///
/// INVARIANT: two transactions, and slices in the order of their ids, so that this waits for whoever
/// has one of them and nobody waits for both.
pub(crate) async fn renew(inner: &Inner) -> Result<(), Error> {
    let slices = format!(
        "update slices set lease_until = $1 where id in \
         (select id from slices where fence = $2 and state = 'open' order by id{})",
        inner.dialect.for_update()
    );
    let owner = "update owners set lease_until = $1 where fence = $2 and ended_at is null";
    for query in [slices, owner.to_owned()] {
        let mut tx = inner.write.begin_with(inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, inner.dialect).await?;
        sqlx::query(AssertSqlSafe(query))
            .bind(batch::lease(inner, now).0)
            .bind(signed(inner.fence))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// How many processes are alive.
pub(crate) async fn alive(conn: &mut AnyConnection, now: Timestamp) -> Result<u64, Error> {
    let query = "select cast(count(*) as bigint) as alive from owners \
                 where ended_at is null and lease_until > $1";
    let row = sqlx::query(query).bind(now.0).fetch_one(conn).await?;
    Get { row: &row, table: "owners" }.count("alive")
}

/// Ends a process whose journal is carried. `known`: nothing that it did can be missing, so what is
/// left of its slices is given back.
pub(crate) async fn end(inner: &Inner, fence: u64, known: bool) -> Result<(), Error> {
    let mut left = known;
    while left {
        let slices = slices::rows::of(inner, fence, "state <> 'closed'").await?;
        left = !slices.is_empty();
        let close = |id| Entry::unanswered(Ask::CloseSlice { slice: id });
        let entries: Vec<Entry> = slices.into_iter().map(close).collect();
        let applied = batch::write(inner, &entries, fence).await.map_err(|failed| failed.error)?;
        if let Some(refusal) = applied.iter().find_map(|applied| applied.as_ref().err()) {
            tracing::error!(%refusal, "a slice of an ended process could not be closed");
            left = false;
        }
    }
    sqlx::query("update owners set ended_at = lease_until where fence = $1 and ended_at is null")
        .bind(signed(fence))
        .execute(&inner.write)
        .await?;
    Ok(())
}

/// Removes closed slices that ended before `before`, and processes whose lease did before `long_before`,
/// with the slices that they left: until then a process may come back with its journal, and a journal
/// that could not be removed is known for what it is. What is charged for such a slice stays charged.
pub(crate) async fn prune(
    inner: &Inner,
    before: Timestamp,
    long_before: Timestamp,
) -> Result<(), Error> {
    let closed = "delete from slices where id in (select id from slices \
                  where state = 'closed' and lease_until < $1 and not exists \
                  (select 1 from holds where slice_id = slices.id \
                   and state in ('held', 'dispatched')) limit 1000)";
    let owners = "delete from owners where lease_until < $1";
    // One with money in it is open, and lapses first.
    let left = "delete from slices where id in (select id from slices \
                where state <> 'closed' and amount = 0 and lease_until < $1 and not exists \
                (select 1 from owners where fence = slices.fence) and not exists \
                (select 1 from holds where slice_id = slices.id \
                 and state in ('held', 'dispatched')) limit 1000)";
    for (query, before) in [(closed, before), (owners, long_before), (left, long_before)] {
        sqlx::query(query).bind(before.0).execute(&inner.write).await?;
    }
    Ok(())
}
