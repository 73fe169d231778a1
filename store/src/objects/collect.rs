//! What nothing names is removed after a while.

use std::time::Duration;

use object_store::{ObjectStoreExt as _, path::Path};
use types::{TenantId, Timestamp};

use super::{Error, Objects, path, place::within};
use crate::{Store, rows::Get};

/// The most objects that one round removes.
pub const ROUND_MAX: u32 = 100;

/// How long the place may take to say that it is there.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// How long it may take to remove an object. Meanwhile a transaction is open, which with SQLite is the only one.
const REMOVE_TIME: Duration = Duration::from_secs(2);

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Objects that were removed.
    pub removed: u64,
    /// Objects that the place did not remove. They are tried again as if they had been put in now.
    pub put_off: u64,
    /// Whether there may be more to remove.
    pub more: bool,
}

/// Objects that nothing names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unnamed {
    /// How many.
    pub count: u64,
    /// Their bytes together.
    pub bytes: u64,
}

impl Objects {
    /// Removes objects that were last put in longer ago than this and that nothing names; at most [`ROUND_MAX`] a call.
    /// One that the place does not remove ends the round, and is no reason for not removing the others in the next.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the place does not answer at all, or [`Error::Store`].
    pub async fn collect(&self, unused: Duration) -> Result<Round, Error> {
        let found = self.unnamed(unused).await?;
        if let Some((tenant, sha256)) = found.first() {
            self.answers(&path(*tenant, sha256)).await?;
        }
        let full = u32::try_from(found.len()).is_ok_and(|count| count >= ROUND_MAX);
        let mut round = Round { more: full, ..Round::default() };
        for (tenant, sha256) in found {
            match self.remove(tenant, &sha256, unused).await {
                Ok(removed) => round.removed += u64::from(removed),
                Err(Error::Unavailable(error)) => {
                    tracing::warn!(%error, sha256, "an object that nothing names was not removed");
                    self.put_off(tenant, &sha256).await?;
                    round.put_off += 1;
                    round.more = false;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(round)
    }

    async fn unnamed(&self, unused: Duration) -> Result<Vec<(TenantId, String)>, crate::Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let found = sqlx::query(
            "select tenant_id, sha256 from artifacts where named = 0 and used_at < $1 \
             order by used_at limit $2",
        )
        .bind(before(now, unused))
        .bind(i64::from(ROUND_MAX))
        .fetch_all(&mut *conn)
        .await?;
        let read = |row| {
            let get = Get { row, table: "artifacts" };
            Ok((get.parse("tenant_id")?, get.text("sha256")?))
        };
        found.iter().map(read).collect()
    }

    /// Whether the place answers. It is asked before there is a transaction, so that nobody waits behind one for a
    /// place that is away.
    async fn answers(&self, path: &Path) -> Result<(), Error> {
        match within(ANSWER_TIME, self.place.head(path)).await {
            // S3 says so of what is not there, to whoever may not list the bucket.
            Err(Error::Unavailable(
                object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. },
            ))
            | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes one if it still is what nothing names. Whoever puts the same in meanwhile waits for the row,
    /// so that its object is not taken away behind it.
    async fn remove(
        &self,
        tenant: TenantId,
        sha256: &str,
        unused: Duration,
    ) -> Result<bool, Error> {
        let store = crate::Error::from;
        let begin = self.inner.dialect.begin();
        let mut tx = self.inner.write.begin_with(begin).await.map_err(store)?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        let done = sqlx::query(
            "delete from artifacts \
             where tenant_id = $1 and sha256 = $2 and named = 0 and used_at < $3",
        )
        .bind(tenant.to_string())
        .bind(sha256.to_owned())
        .bind(before(now, unused))
        .execute(&mut *tx)
        .await
        .map_err(store)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        match within(REMOVE_TIME, self.place.delete(&path(tenant, sha256))).await {
            Ok(()) | Err(Error::Unavailable(object_store::Error::NotFound { .. })) => {}
            Err(error) => return Err(error),
        }
        tx.commit().await.map_err(store)?;
        Ok(true)
    }

    /// Puts one behind the others.
    async fn put_off(&self, tenant: TenantId, sha256: &str) -> Result<(), crate::Error> {
        let mut conn = self.inner.write.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        sqlx::query(
            "update artifacts set used_at = $3 \
             where tenant_id = $1 and sha256 = $2 and named = 0",
        )
        .bind(tenant.to_string())
        .bind(sha256.to_owned())
        .bind(now.0)
        .execute(&mut *conn)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Objects that nothing names: those that a message may still name, and those that are to be removed.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn unnamed_objects(&self) -> Result<Unnamed, crate::Error> {
        let row = sqlx::query(
            "select count(*) as n, cast(coalesce(sum(size_bytes), 0) as bigint) as size_bytes \
             from artifacts where named = 0",
        )
        .fetch_one(&self.inner.read)
        .await?;
        let get = Get { row: &row, table: "artifacts" };
        Ok(Unnamed { count: get.count("n")?, bytes: get.count("size_bytes")? })
    }
}

fn before(now: Timestamp, unused: Duration) -> i64 {
    now.0.saturating_sub(i64::try_from(unused.as_micros()).unwrap_or(i64::MAX))
}
