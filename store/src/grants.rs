//! Capability grants that were issued, so that they can be listed and revoked. A gateway checks a
//! grant by its signature; of these rows it needs only those that are revoked.

use std::sync::Arc;

use policy::AdminPermit;
use serde_json::Value;
use sqlx::{AnyConnection, any::AnyRow};
use types::{AgentId, GrantId, RunId, SessionId, TaskId, TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    change::Change,
    error::is_taken,
    rows::{self, Get, Statement},
    store::Inner,
};

/// One grant.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The agent's tenant.
    pub tenant: TenantId,
    /// The agent on whose behalf its holder acts.
    pub agent: AgentId,
    /// The task that it is bound to.
    pub task: Option<TaskId>,
    /// The run that it is bound to.
    pub run: Option<RunId>,
    /// The session that it is bound to.
    pub session: Option<SessionId>,
    /// What it claims; never the signed token.
    pub body: Value,
    /// Who issued it.
    pub issued_by: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Which grants to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this tenant only.
    pub tenant: Option<TenantId>,
    /// Of this agent only.
    pub agent: Option<AgentId>,
    /// Bound to this task only.
    pub task: Option<TaskId>,
}

/// The most grants that one list shows.
const LIST_MAX: u32 = 1000;

/// The most grants that one call removes.
const PURGE_MAX: i64 = 1000;

/// The table of grants.
#[derive(Clone)]
pub struct Grants {
    pub(crate) inner: Arc<Inner>,
}

impl Grants {
    /// Adds a grant that was signed. It raises no revision: its signature is what admits it.
    ///
    /// # Errors
    /// [`Error::Missing`] where the agent is not of the tenant, [`Error::Exists`],
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn issue(
        &self,
        permit: &AdminPermit,
        grant: &Grant,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, grant.tenant).await?;
        insert(change.conn(), grant).await?;
        change.commit_quietly(record).await
    }

    /// Revokes a grant for good. Revoking it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn revoke(
        &self,
        permit: &AdminPermit,
        grant: GrantId,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let done = sqlx::query(
            "update grants set revoked_at = coalesce(revoked_at, $1) \
             where id = $2 and tenant_id = $3",
        )
        .bind(now.0)
        .bind(grant.to_string())
        .bind(permit.tenant().to_string())
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(missing(grant));
        }
        change.commit(record).await
    }

    /// Revokes every grant of a task that is neither revoked nor expired. Returns how many; the
    /// record is written also where there is none, since somebody did ask for it.
    ///
    /// # Errors
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn revoke_of_task(
        &self,
        permit: &AdminPermit,
        task: TaskId,
        record: &Record,
    ) -> Result<u64, Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let done = sqlx::query(
            "update grants set revoked_at = $1 \
             where task = $2 and tenant_id = $3 and revoked_at is null and expires_at > $1",
        )
        .bind(now.0)
        .bind(task.to_string())
        .bind(permit.tenant().to_string())
        .execute(change.conn())
        .await?;
        let revoked = done.rows_affected();
        if revoked == 0 {
            change.commit_quietly(record).await?;
        } else {
            change.commit(record).await?;
        }
        Ok(revoked)
    }

    /// The grants of every tenant that are revoked and would not have expired at `now`. A caller
    /// whose clock is behind the issuer's gives an earlier time, so that none is forgotten early.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn revoked(&self, now: Timestamp) -> Result<Vec<GrantId>, Error> {
        let rows = sqlx::query(
            "select id from grants where revoked_at is not null and expires_at > $1 order by id",
        )
        .bind(now.0)
        .fetch_all(&self.inner.read)
        .await?;
        rows.iter().map(|row| Get { row, table: "grants" }.parse("id")).collect()
    }

    /// One grant.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn get(&self, grant: GrantId) -> Result<Grant, Error> {
        let row = sqlx::query("select * from grants where id = $1")
            .bind(grant.to_string())
            .fetch_optional(&self.inner.read)
            .await?;
        row.as_ref().map_or_else(|| Err(missing(grant)), read)
    }

    /// The grants that match, newest first, revoked and expired ones included; at most 1,000.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn list(&self, filter: &Filter, limit: u32) -> Result<Vec<Grant>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let mut query = Statement::new(&conn, "select * from grants where created_at >= ");
        query.bind(0_i64)?;
        if let Some(tenant) = filter.tenant {
            query.push(" and tenant_id = ").bind(tenant.to_string())?;
        }
        if let Some(agent) = filter.agent {
            query.push(" and agent_id = ").bind(agent.to_string())?;
        }
        if let Some(task) = filter.task {
            query.push(" and task = ").bind(task.to_string())?;
        }
        query.push(" order by created_at desc, id desc limit ");
        query.bind(i64::from(limit.min(LIST_MAX)))?;
        let rows = query.fetch(&mut conn).await?;
        rows.iter().map(read).collect()
    }

    /// Removes grants that expired before a time: at most 1,000 a call. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn purge(&self, before: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query(
            "delete from grants where id in (select id from grants \
             where expires_at < $1 order by expires_at limit $2)",
        )
        .bind(before.0)
        .bind(PURGE_MAX)
        .execute(&self.inner.write)
        .await?;
        Ok(done.rows_affected())
    }
}

/// Adds a grant to an agent of the same tenant: the tenant is checked by the statement itself.
pub(crate) async fn insert(conn: &mut AnyConnection, grant: &Grant) -> Result<(), Error> {
    let done = sqlx::query(
        "insert into grants (id, tenant_id, agent_id, task, run, session, body, issued_by, \
           created_at, expires_at, revoked_at) \
         select $1, tenant_id, id, cast($2 as text), cast($3 as text), cast($4 as text), $5, $6, \
           cast($7 as bigint), cast($8 as bigint), cast($9 as bigint) \
         from agents where id = $10 and tenant_id = $11",
    )
    .bind(grant.id.to_string())
    .bind(grant.task.map(|id| id.to_string()))
    .bind(grant.run.map(|id| id.to_string()))
    .bind(grant.session.map(|id| id.to_string()))
    .bind(rows::json(&grant.body)?)
    .bind(grant.issued_by.clone())
    .bind(grant.created_at.0)
    .bind(grant.expires_at.0)
    .bind(grant.revoked_at.map(|at| at.0))
    .bind(grant.agent.to_string())
    .bind(grant.tenant.to_string())
    .execute(conn)
    .await
    .map_err(|error| {
        if is_taken(&error) {
            Error::Exists { noun: "grant", name: grant.id.to_string() }
        } else {
            error.into()
        }
    })?;
    if done.rows_affected() == 0 {
        return Err(Error::Missing { noun: "agent", name: grant.agent.to_string() });
    }
    Ok(())
}

fn read(row: &AnyRow) -> Result<Grant, Error> {
    let get = Get { row, table: "grants" };
    Ok(Grant {
        id: get.parse("id")?,
        tenant: get.parse("tenant_id")?,
        agent: get.parse("agent_id")?,
        task: get.maybe("task")?,
        run: get.maybe("run")?,
        session: get.maybe("session")?,
        body: get.json("body")?,
        issued_by: get.text("issued_by")?,
        created_at: get.time("created_at")?,
        expires_at: get.time("expires_at")?,
        revoked_at: get.maybe_time("revoked_at")?,
    })
}

fn missing(grant: GrantId) -> Error {
    Error::Missing { noun: "grant", name: grant.to_string() }
}
