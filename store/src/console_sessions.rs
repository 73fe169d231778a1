//! Sessions of the console: who is signed in, by what a browser's cookie has. Whoever is signed in is the person of
//! an admin token, for as long as that one is neither revoked nor over.

use std::{sync::Arc, time::Duration};

use policy::AdminPermit;
use types::{TenantId, Timestamp, audit::Record};

use crate::{Error, admin_tokens::AdminToken, change::Change, rows::Get, store::Inner};

/// Sessions of one token at once; the one that was used longest ago ends first.
const SESSIONS_MAX: i64 = 32;
/// How exactly the time of the last use is kept, in seconds.
const USED_SECONDS: i64 = 60;
/// How many rows one call removes.
const PURGE_MAX: i64 = 1_000;

/// How long a session lasts.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// From its beginning.
    pub whole: Duration,
    /// From its last use.
    pub idle: Duration,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleSession {
    /// The token that it was opened with.
    pub token: AdminToken,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// The table of sessions of the console.
#[derive(Clone)]
pub struct ConsoleSessions {
    pub(crate) inner: Arc<Inner>,
}

impl ConsoleSessions {
    /// Opens a session for the person of a token, and gives the time at which it ends. `hash` is what is kept of the
    /// cookie.
    ///
    /// # Errors
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn open(
        &self,
        permit: &AdminPermit,
        (tenant, token): (TenantId, &str),
        hash: &str,
        lifetime: Lifetime,
        record: &Record,
    ) -> Result<Timestamp, Error> {
        let mut change = Change::begin(&self.inner, permit, tenant).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let expires_at = now.plus_seconds(seconds(lifetime.whole));
        sqlx::query(
            "insert into console_sessions \
             (hash, tenant_id, token_id, opened_at, used_at, expires_at) \
             values ($1, $2, $3, $4, $4, $5)",
        )
        .bind(hash.to_owned())
        .bind(tenant.to_string())
        .bind(token.to_owned())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(change.conn())
        .await?;
        sqlx::query(
            "delete from console_sessions where token_id = $1 and hash not in (\
             select hash from console_sessions where token_id = $1 \
             order by used_at desc, opened_at desc, hash limit $2)",
        )
        .bind(token.to_owned())
        .bind(SESSIONS_MAX)
        .execute(change.conn())
        .await?;
        change.commit_quietly(record).await?;
        Ok(expires_at)
    }

    /// The session of a cookie's hash, if it has not ended; takes note that it is used.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn find(
        &self,
        hash: &str,
        lifetime: Lifetime,
    ) -> Result<Option<ConsoleSession>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let idle = now.plus_seconds(-seconds(lifetime.idle));
        let row = sqlx::query(
            "select s.used_at, s.expires_at, t.id, t.tenant_id, t.name, t.groups, t.hash, t.created_at, \
               t.expires_at as token_ends \
             from console_sessions s join admin_tokens t on t.id = s.token_id \
             where s.hash = $1 and t.revoked_at is null and s.expires_at > $2 and s.used_at > $3 \
               and (t.expires_at is null or t.expires_at > $2)",
        )
        .bind(hash.to_owned())
        .bind(now.0)
        .bind(idle.0)
        .fetch_optional(&mut *conn)
        .await?;
        drop(conn);
        let Some(row) = row else { return Ok(None) };
        let get = Get { row: &row, table: "console_sessions" };
        if get.time("used_at")?.plus_seconds(USED_SECONDS) < now {
            let noted = sqlx::query("update console_sessions set used_at = $1 where hash = $2")
                .bind(now.0)
                .bind(hash.to_owned())
                .execute(&self.inner.write)
                .await;
            // Where nothing can be written, such as on a full disk, people can still look.
            if let Err(error) = noted {
                tracing::debug!(%error, "that a session of the console is used was not noted");
            }
        }
        let token = AdminToken {
            id: get.text("id")?,
            tenant: get.parse("tenant_id")?,
            name: get.text("name")?,
            groups: get.json("groups")?,
            hash: get.text("hash")?,
            created_at: get.time("created_at")?,
            expires_at: get.maybe_time("token_ends")?,
        };
        Ok(Some(ConsoleSession { token, expires_at: get.time("expires_at")? }))
    }

    /// Ends the session of a hash, or every session of its person where `everywhere` is set.
    ///
    /// # Errors
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn end(
        &self,
        permit: &AdminPermit,
        (person, hash): (&str, &str),
        everywhere: bool,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let tenant = permit.tenant().to_string();
        if everywhere {
            sqlx::query(
                "delete from console_sessions where tenant_id = $1 and token_id in (\
                 select id from admin_tokens where tenant_id = $1 and name = $2)",
            )
            .bind(tenant)
            .bind(person.to_owned())
            .execute(change.conn())
            .await?;
        } else {
            sqlx::query("delete from console_sessions where tenant_id = $1 and hash = $2")
                .bind(tenant)
                .bind(hash.to_owned())
                .execute(change.conn())
                .await?;
        }
        change.commit_quietly(record).await
    }

    /// Removes sessions that are over.
    pub(crate) async fn purge(&self, now: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query(
            "delete from console_sessions where hash in (\
             select hash from console_sessions where expires_at < $1 order by expires_at limit $2)",
        )
        .bind(now.0)
        .bind(PURGE_MAX)
        .execute(&self.inner.write)
        .await?;
        Ok(done.rows_affected())
    }
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
