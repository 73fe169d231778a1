//! API keys: the public half and a keyed hash of the secret half, never the secret.

use std::{fmt, sync::Arc};

use policy::AdminPermit;
use sqlx::{AnyConnection, any::AnyRow};
use types::{AgentId, KeyId, TenantId, Timestamp, audit::Record};

use crate::{Error, change::Change, error::is_taken, rows::Get, store::Inner};

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public half.
    pub id: KeyId,
    /// The agent that it speaks for.
    pub agent: AgentId,
    /// The agent's tenant.
    pub tenant: TenantId,
    /// The keyed hash of its secret half, in hexadecimal.
    pub hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that it replaces.
    pub rotated_from: Option<KeyId>,
}

impl fmt::Debug for Key {
    /// Without the hash: it is no secret, but nothing that a log should carry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("agent", &self.agent).finish()
    }
}

/// The table of keys.
#[derive(Clone)]
pub struct Keys {
    pub(crate) inner: Arc<Inner>,
}

impl Keys {
    /// Every key that is not revoked, of every tenant. The caller checks `expires_at` against its
    /// clock at each use, because a key expires without a new revision.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load_all(&self) -> Result<Vec<Key>, Error> {
        let rows = sqlx::query("select * from agent_keys where revoked_at is null order by id")
            .fetch_all(&self.inner.read)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Every key of an agent, revoked ones included, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn of_agent(&self, agent: AgentId) -> Result<Vec<Key>, Error> {
        let rows = sqlx::query("select * from agent_keys where agent_id = $1 order by id")
            .bind(agent.to_string())
            .fetch_all(&self.inner.read)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`Error::Missing`] where the agent is not of the tenant, [`Error::Exists`],
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn create(
        &self,
        permit: &AdminPermit,
        key: &Key,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, key.tenant).await?;
        insert(change.conn(), key).await?;
        change.commit(record).await
    }

    /// Adds a key that replaces another of the same agent. The old one goes on until `overlap_end`
    /// at the latest, so that callers have time to change over.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is no such live key of the same agent, [`Error::Exists`],
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn rotate(
        &self,
        permit: &AdminPermit,
        new: &Key,
        overlap_end: Timestamp,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, new.tenant).await?;
        let old = new.rotated_from.ok_or_else(|| missing("of no id"))?;
        let done = sqlx::query(
            "update agent_keys set expires_at = case \
               when expires_at is not null and expires_at < $1 then expires_at else $1 end \
             where id = $2 and tenant_id = $3 and agent_id = $4 and revoked_at is null",
        )
        .bind(overlap_end.0)
        .bind(old.to_string())
        .bind(new.tenant.to_string())
        .bind(new.agent.to_string())
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(missing(&old.to_string()));
        }
        insert(change.conn(), new).await?;
        change.commit(record).await
    }

    /// Revokes a key for good. Revoking it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn revoke(
        &self,
        permit: &AdminPermit,
        key: KeyId,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let done = sqlx::query(
            "update agent_keys set revoked_at = coalesce(revoked_at, $1) \
             where id = $2 and tenant_id = $3",
        )
        .bind(now.0)
        .bind(key.to_string())
        .bind(permit.tenant().to_string())
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(missing(&key.to_string()));
        }
        change.commit(record).await
    }
}

/// Inserts a key where its agent is one of its tenant.
pub(crate) async fn insert(conn: &mut AnyConnection, key: &Key) -> Result<(), Error> {
    let done = sqlx::query(
        "insert into agent_keys (id, tenant_id, agent_id, hash, created_at, expires_at, \
           revoked_at, rotated_from) \
         select $1, tenant_id, id, $2, cast($3 as bigint), cast($4 as bigint), \
           cast($5 as bigint), cast($6 as text) \
         from agents where id = $7 and tenant_id = $8",
    )
    .bind(key.id.to_string())
    .bind(key.hash.clone())
    .bind(key.created_at.0)
    .bind(key.expires_at.map(|at| at.0))
    .bind(key.revoked_at.map(|at| at.0))
    .bind(key.rotated_from.map(|id| id.to_string()))
    .bind(key.agent.to_string())
    .bind(key.tenant.to_string())
    .execute(conn)
    .await
    .map_err(|error| {
        if is_taken(&error) {
            Error::Exists { noun: "key", name: key.id.to_string() }
        } else {
            error.into()
        }
    })?;
    if done.rows_affected() == 0 {
        return Err(Error::Missing { noun: "agent", name: key.agent.to_string() });
    }
    Ok(())
}

fn read(row: &AnyRow) -> Result<Key, Error> {
    let get = Get { row, table: "agent_keys" };
    Ok(Key {
        id: get.parse("id")?,
        agent: get.parse("agent_id")?,
        tenant: get.parse("tenant_id")?,
        hash: get.text("hash")?,
        created_at: get.time("created_at")?,
        expires_at: get.maybe_time("expires_at")?,
        revoked_at: get.maybe_time("revoked_at")?,
        rotated_from: get.maybe("rotated_from")?,
    })
}

fn missing(name: &str) -> Error {
    Error::Missing { noun: "key", name: name.to_owned() }
}
