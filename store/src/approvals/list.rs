//! What is asked about approvals without changing them, and their end.

use types::{ApprovalId, TenantId, Timestamp};

use super::{
    Approvals,
    approval::{Approval, Kind, Subject},
    error::Error,
    status::Status,
    table,
};
use crate::rows::Statement;

/// Which approvals to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this tenant only.
    pub tenant: Option<TenantId>,
    /// Those that stand there now.
    pub status: Option<Status>,
    /// Of this kind only.
    pub kind: Option<Kind>,
    /// Asked by a principal of this name only.
    pub requester: Option<String>,
}

/// The most approvals that one list shows.
const LIST_MAX: u32 = 1000;

/// The most approvals that one call removes, so that none holds the database for long.
const PURGE_MAX: i64 = 1000;

impl Approvals {
    /// The approval that counts for a subject now: one that can be used, else the one that waits,
    /// else the latest.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn find(&self, subject: &Subject) -> Result<Option<Approval>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        Ok(table::of_subject(&mut conn, subject, now).await?)
    }

    /// One approval with its votes.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Store`].
    pub async fn get(&self, id: ApprovalId) -> Result<Approval, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let rows = sqlx::query("select * from approvals where id = $1")
            .bind(id.to_string())
            .fetch_all(&mut *conn)
            .await?;
        let found = table::with_votes(&mut conn, &rows, now).await?;
        found.into_iter().next().ok_or(Error::Missing { id })
    }

    /// The approvals that match, with their votes, newest first; at most 1,000.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn list(&self, filter: &Filter, limit: u32) -> Result<Vec<Approval>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let mut query = Statement::new(&conn, "select * from approvals where created_at >= ");
        query.bind(0_i64)?;
        if let Some(tenant) = filter.tenant {
            query.push(" and tenant_id = ").bind(tenant.to_string())?;
        }
        if let Some(kind) = filter.kind {
            query.push(" and kind = ").bind(kind.as_str())?;
        }
        if let Some(requester) = &filter.requester {
            query.push(" and requester = ").bind(requester.clone())?;
        }
        if let Some(status) = filter.status {
            standing(&mut query, status, now)?;
        }
        query.push(" order by created_at desc, id desc limit ");
        query.bind(i64::from(limit.min(LIST_MAX)))?;
        let rows = query.fetch(&mut conn).await?;
        Ok(table::with_votes(&mut conn, &rows, now).await?)
    }

    /// Break-glass that is in force now by the database's clock, of every tenant. It ends without
    /// a new revision: compare [`Approval::ends_at`] at each use.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn active_break_glass(&self) -> Result<Vec<Approval>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let rows = sqlx::query(
            "select * from approvals where kind = 'break_glass' and status = 'approved' \
               and ends_at > $1 order by ends_at, id",
        )
        .bind(now.0)
        .fetch_all(&mut *conn)
        .await?;
        Ok(table::with_votes(&mut conn, &rows, now).await?)
    }

    /// Removes approvals of which everything happened before a time, with their votes: at most
    /// 1,000 a call. Returns how many. The audit chain keeps what was decided.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn purge(&self, before: Timestamp) -> Result<u64, Error> {
        // Each time is compared: break-glass may end long after its question expired.
        let done = sqlx::query(
            "delete from approvals where id in (select id from approvals \
             where expires_at < $1 and coalesce(decided_at, expires_at) < $1 \
               and coalesce(used_at, expires_at) < $1 and coalesce(ends_at, expires_at) < $1 \
             order by expires_at limit $2)",
        )
        .bind(before.0)
        .bind(PURGE_MAX)
        .execute(&self.inner.write)
        .await?;
        Ok(done.rows_affected())
    }
}

/// Asks for rows that stand somewhere now: the same rule as [`Status::at`], in SQL.
fn standing(query: &mut Statement, status: Status, now: Timestamp) -> Result<(), crate::Error> {
    match status {
        Status::Pending | Status::Approved => {
            query.push(" and status = ").bind(status.as_str())?;
            query.push(" and coalesce(ends_at, expires_at) > ").bind(now.0)?;
        }
        Status::Expired => {
            query.push(" and (status = 'expired' or (status in ('pending', 'approved')");
            query.push(" and coalesce(ends_at, expires_at) <= ").bind(now.0)?.push("))");
        }
        Status::Denied | Status::Used | Status::Cancelled | Status::Revoked => {
            query.push(" and status = ").bind(status.as_str())?;
        }
    }
    Ok(())
}
