//! Tokens of the admin API, stored as keyed hashes.

use std::{fmt, sync::Arc};

use policy::AdminPermit;
use sqlx::{AnyConnection, any::AnyRow};
use types::{TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    change::Change,
    error::is_taken,
    rows::{self, Get},
    store::Inner,
};

/// One admin token.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken {
    /// Its public half.
    pub id: String,
    /// Its tenant.
    pub tenant: TenantId,
    /// The person it speaks for, as policies name them.
    pub name: String,
    /// That person's groups.
    pub groups: Vec<String>,
    /// The keyed hash of its secret half, in hexadecimal.
    pub hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// A token as it is shown to whoever looks after them: without its hash, revoked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its public half.
    pub id: String,
    /// Its tenant.
    pub tenant: TenantId,
    /// The person it speaks for.
    pub name: String,
    /// That person's groups.
    pub groups: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminToken").field("id", &self.id).field("name", &self.name).finish()
    }
}

/// The table of admin tokens.
#[derive(Clone)]
pub struct AdminTokens {
    pub(crate) inner: Arc<Inner>,
}

impl AdminTokens {
    /// Every token that is neither revoked nor over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load_all(&self) -> Result<Vec<AdminToken>, Error> {
        let rows = sqlx::query(
            "select * from admin_tokens \
             where revoked_at is null and (expires_at is null or expires_at > $1) order by id",
        )
        .bind(Timestamp::now().0)
        .fetch_all(&self.inner.read)
        .await?;
        let read = |row| {
            let get = Get { row, table: "admin_tokens" };
            Ok(AdminToken {
                id: get.text("id")?,
                tenant: get.parse("tenant_id")?,
                name: get.text("name")?,
                groups: get.json("groups")?,
                hash: get.text("hash")?,
                created_at: get.time("created_at")?,
                expires_at: get.maybe_time("expires_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Every token of a tenant, also those that are revoked or over, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<Issued>, Error> {
        let rows = sqlx::query(
            "select id, tenant_id, name, groups, created_at, expires_at, revoked_at \
             from admin_tokens where tenant_id = $1 order by created_at, id",
        )
        .bind(tenant.to_string())
        .fetch_all(&self.inner.read)
        .await?;
        let read = |row: &AnyRow| {
            let get = Get { row, table: "admin_tokens" };
            Ok(Issued {
                id: get.text("id")?,
                tenant: get.parse("tenant_id")?,
                name: get.text("name")?,
                groups: get.json("groups")?,
                created_at: get.time("created_at")?,
                expires_at: get.maybe_time("expires_at")?,
                revoked_at: get.maybe_time("revoked_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Adds a token.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn create(
        &self,
        permit: &AdminPermit,
        token: &AdminToken,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, token.tenant).await?;
        insert(change.conn(), token).await?;
        change.commit(record).await
    }

    /// Revokes a token of the permit's tenant for good.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn revoke(
        &self,
        permit: &AdminPermit,
        id: &str,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let done = sqlx::query(
            "update admin_tokens set revoked_at = coalesce(revoked_at, $1) \
             where id = $2 and tenant_id = $3",
        )
        .bind(now.0)
        .bind(id.to_owned())
        .bind(permit.tenant().to_string())
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::Missing { noun: "admin token", name: id.to_owned() });
        }
        change.commit(record).await
    }
}

pub(crate) async fn insert(conn: &mut AnyConnection, token: &AdminToken) -> Result<(), Error> {
    sqlx::query(
        "insert into admin_tokens (id, tenant_id, name, groups, hash, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(token.id.clone())
    .bind(token.tenant.to_string())
    .bind(token.name.clone())
    .bind(rows::json(&token.groups)?)
    .bind(token.hash.clone())
    .bind(token.created_at.0)
    .bind(token.expires_at.map(|at| at.0))
    .execute(conn)
    .await
    .map_err(|error| {
        if is_taken(&error) {
            Error::Exists { noun: "admin token", name: token.id.clone() }
        } else {
            error.into()
        }
    })?;
    Ok(())
}
