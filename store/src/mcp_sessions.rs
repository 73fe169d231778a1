//! Sessions of MCP clients: each belongs to one credential on one route, and any gateway can go on with it.

use std::{sync::Arc, time::Duration};

use types::{AgentId, SessionId, TenantId, Timestamp};

use crate::{Error, rows::Get, store::Inner};

/// The most bytes of what a client says of itself.
pub const INITIALIZE_BYTES_MAX: usize = 64 << 10;

/// How many rows one call removes.
const PURGE_MAX: i64 = 1_000;

/// A session of an MCP client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpSession {
    /// SHA-256 of its id, in hexadecimal. The id itself is its client's alone.
    pub id_hash: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// The agent that the credential speaks for.
    pub agent: AgentId,
    /// The credential: `key:..` or `grant:..`.
    pub auth: String,
    /// The path that it was begun on.
    pub route: String,
    /// The session whose label and flow its calls have.
    pub session: SessionId,
    /// The parameters of `initialize`, in JSON.
    pub initialize: String,
}

/// How many sessions there may be, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// With one credential.
    pub per_credential_max: usize,
    /// With all credentials of all tenants.
    pub all_max: usize,
    /// After its last request.
    pub idle: Duration,
}

/// The table of MCP clients' sessions.
#[derive(Clone)]
pub struct McpSessions {
    pub(crate) inner: Arc<Inner>,
}

impl McpSessions {
    /// Begins a session. False where there are as many as there may be.
    ///
    /// # Errors
    /// [`Error::TooLong`] beyond [`INITIALIZE_BYTES_MAX`]; [`Error::Unavailable`].
    pub async fn begin(&self, session: &McpSession, bounds: Bounds) -> Result<bool, Error> {
        let bytes = session.initialize.len();
        if bytes > INITIALIZE_BYTES_MAX {
            return Err(Error::TooLong { bytes });
        }
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        let begun = sqlx::query(
            "insert into mcp_sessions \
               (id_hash, tenant_id, agent_id, auth, route, session_id, initialize, created_at, expires_at) \
             select $1, $2, $3, $4, $5, $6, $7, $8, $9 \
             where (select count(*) from mcp_sessions where expires_at > $8) < $11 \
               and (select count(*) from mcp_sessions where tenant_id = $2 and agent_id = $3 \
                 and auth = $4 and expires_at > $8) < $10",
        )
        .bind(session.id_hash.clone())
        .bind(session.tenant.to_string())
        .bind(session.agent.to_string())
        .bind(session.auth.clone())
        .bind(session.route.clone())
        .bind(session.session.to_string())
        .bind(session.initialize.clone())
        .bind(now.0)
        .bind(until(now, bounds.idle).0)
        .bind(count(bounds.per_credential_max))
        .bind(count(bounds.all_max))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(begun.rows_affected() > 0)
    }

    /// The session of that hash, if it goes on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn find(&self, id_hash: &str) -> Result<Option<McpSession>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let row = sqlx::query(
            "select tenant_id, agent_id, auth, route, session_id, initialize from mcp_sessions \
             where id_hash = $1 and expires_at > $2",
        )
        .bind(id_hash.to_owned())
        .bind(now.0)
        .fetch_optional(&mut *conn)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let get = Get { row: &row, table: "mcp_sessions" };
        Ok(Some(McpSession {
            id_hash: id_hash.to_owned(),
            tenant: get.parse("tenant_id")?,
            agent: get.parse("agent_id")?,
            auth: get.text("auth")?,
            route: get.text("route")?,
            session: get.parse("session_id")?,
            initialize: get.text("initialize")?,
        }))
    }

    /// Lets a session that is used go on. False where it is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn go_on(&self, id_hash: &str, idle: Duration) -> Result<bool, Error> {
        let mut conn = self.inner.write.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let done = sqlx::query(
            "update mcp_sessions set expires_at = $3 where id_hash = $1 and expires_at > $2",
        )
        .bind(id_hash.to_owned())
        .bind(now.0)
        .bind(until(now, idle).0)
        .execute(&mut *conn)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Ends a session for every gateway.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end(&self, id_hash: &str) -> Result<(), Error> {
        sqlx::query("delete from mcp_sessions where id_hash = $1")
            .bind(id_hash.to_owned())
            .execute(&self.inner.write)
            .await?;
        Ok(())
    }

    /// Removes what is over: at most 1,000 sessions a call. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn purge(&self, now: Timestamp) -> Result<u64, Error> {
        let over = sqlx::query(
            "delete from mcp_sessions where id_hash in (select id_hash from mcp_sessions \
             where expires_at <= $1 order by expires_at limit $2)",
        )
        .bind(now.0)
        .bind(PURGE_MAX)
        .execute(&self.inner.write)
        .await?;
        Ok(over.rows_affected())
    }
}

fn until(now: Timestamp, idle: Duration) -> Timestamp {
    now.plus_seconds(i64::try_from(idle.as_secs()).unwrap_or(i64::MAX))
}

fn count(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}
