//! Which accounts of other services are people of ours.
//!
//! A person gets a code and says it from the account: whoever holds both is the person. A code is worth one
//! pairing, a person has one at a time, and an account has few tries.

use std::{sync::Arc, time::Duration};

use sqlx::AnyConnection;
use types::{TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    change::Change,
    rows::{self, Get},
    store::Inner,
};

/// Tries of one account before it must wait.
const TRIES_MAX: i64 = 5;
/// How long tries are remembered, in seconds.
const TRIES_SECONDS: i64 = 60 * 60;
/// How many rows one call removes.
const PURGE_MAX: i64 = 1_000;

/// An account of another service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose the connector is.
    pub tenant: TenantId,
    /// Such as `discord`.
    pub connector: String,
    /// The service's own unchangeable id of it.
    pub id: String,
}

/// What a try to pair came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pairing {
    /// The account is this person's from now on.
    Paired(String),
    /// No such code, or its time is over.
    Wrong,
    /// The account tried too often.
    TooMany,
}

/// The tables of identities.
#[derive(Clone)]
pub struct Identities {
    pub(crate) inner: Arc<Inner>,
}

impl Identities {
    /// Offers a code to a person, in place of an earlier one. `hash` is what is kept of it.
    ///
    /// # Errors
    /// [`Error::Exists`] where another person has the same code; [`Error::Unavailable`].
    pub async fn offer(
        &self,
        tenant: TenantId,
        person: &str,
        hash: &str,
        open: Duration,
    ) -> Result<(), Error> {
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        let seconds = i64::try_from(open.as_secs()).unwrap_or(i64::MAX);
        let done = sqlx::query(
            "insert into pairings (tenant_id, person, code_hash, expires_at) \
             values ($1, $2, $3, $4) on conflict (tenant_id, person) do update \
             set code_hash = excluded.code_hash, expires_at = excluded.expires_at",
        )
        .bind(tenant.to_string())
        .bind(rows::plain(person))
        .bind(hash.to_owned())
        .bind(now.plus_seconds(seconds).0)
        .execute(&mut *tx)
        .await;
        done.map_err(|error| match error {
            error if crate::error::is_taken(&error) => {
                Error::Exists { noun: "pairing code", name: String::new() }
            }
            error => error.into(),
        })?;
        Ok(tx.commit().await?)
    }

    /// Pairs an account with the person who was offered the code, which is used up by it. `record` tells of
    /// it and is written where it comes to that alone; an account that was somebody else's changes hands.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn pair(
        &self,
        account: &Account,
        hash: &str,
        record: impl FnOnce(&str) -> Record,
    ) -> Result<Pairing, Error> {
        let mut change = Change::begin_unpermitted(&self.inner).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let tries = count_try(change.conn(), account, now).await?;
        let person = match tries {
            tries if tries > TRIES_MAX => Err(Pairing::TooMany),
            _ => take(change.conn(), account.tenant, hash, now).await?.ok_or(Pairing::Wrong),
        };
        match person {
            Ok(person) => {
                keep(change.conn(), account, &person, now).await?;
                change.commit_quietly(&record(&person)).await?;
                Ok(Pairing::Paired(person))
            }
            // The try counts all the same.
            Err(pairing) => {
                change.commit_unrecorded().await?;
                Ok(pairing)
            }
        }
    }

    /// The person whose account it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn person(&self, account: &Account) -> Result<Option<String>, Error> {
        let row = sqlx::query(
            "select person from identities \
             where tenant_id = $1 and connector = $2 and external_id = $3",
        )
        .bind(account.tenant.to_string())
        .bind(account.connector.clone())
        .bind(account.id.clone())
        .fetch_optional(&self.inner.read)
        .await?;
        row.map(|row| Get { row: &row, table: "identities" }.text("person")).transpose()
    }

    /// Parts an account from its person. False where it was nobody's.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn part(&self, account: &Account, record: &Record) -> Result<bool, Error> {
        let mut change = Change::begin_unpermitted(&self.inner).await?;
        let done = sqlx::query(
            "delete from identities where tenant_id = $1 and connector = $2 and external_id = $3",
        )
        .bind(account.tenant.to_string())
        .bind(account.connector.clone())
        .bind(account.id.clone())
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        change.commit_quietly(record).await?;
        Ok(true)
    }

    /// Removes codes and tries that are over: at most 1,000 each a call.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn purge(&self, now: Timestamp) -> Result<(), Error> {
        for (delete, before) in [
            (
                "delete from pairings where (tenant_id, person) in \
                 (select tenant_id, person from pairings where expires_at <= $1 limit $2)",
                now,
            ),
            (
                "delete from pairing_tries where (tenant_id, connector, external_id) in \
                 (select tenant_id, connector, external_id from pairing_tries \
                 where since <= $1 limit $2)",
                now.plus_seconds(-TRIES_SECONDS),
            ),
        ] {
            let query = sqlx::query(delete).bind(before.0).bind(PURGE_MAX);
            query.execute(&self.inner.write).await?;
        }
        Ok(())
    }
}

/// Counts a try. Returns how many there were within the hour, this one included.
async fn count_try(
    conn: &mut AnyConnection,
    account: &Account,
    now: Timestamp,
) -> Result<i64, Error> {
    let row = sqlx::query(
        "insert into pairing_tries (tenant_id, connector, external_id, tries, since) \
         values ($1, $2, $3, 1, $4) on conflict (tenant_id, connector, external_id) do update \
         set tries = case when pairing_tries.since <= $5 then 1 else pairing_tries.tries + 1 end, \
             since = case when pairing_tries.since <= $5 then $4 else pairing_tries.since end \
         returning tries",
    )
    .bind(account.tenant.to_string())
    .bind(rows::plain(&account.connector))
    .bind(rows::plain(&account.id))
    .bind(now.0)
    .bind(now.plus_seconds(-TRIES_SECONDS).0)
    .fetch_one(conn)
    .await?;
    Get { row: &row, table: "pairing_tries" }.int("tries")
}

/// Uses a code up.
async fn take(
    conn: &mut AnyConnection,
    tenant: TenantId,
    hash: &str,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let row = sqlx::query(
        "delete from pairings where tenant_id = $1 and code_hash = $2 and expires_at > $3 \
         returning person",
    )
    .bind(tenant.to_string())
    .bind(hash.to_owned())
    .bind(now.0)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Get { row: &row, table: "pairings" }.text("person")).transpose()
}

async fn keep(
    conn: &mut AnyConnection,
    account: &Account,
    person: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "insert into identities (tenant_id, connector, external_id, person, paired_at) \
         values ($1, $2, $3, $4, $5) on conflict (tenant_id, connector, external_id) do update \
         set person = excluded.person, paired_at = excluded.paired_at",
    )
    .bind(account.tenant.to_string())
    .bind(rows::plain(&account.connector))
    .bind(rows::plain(&account.id))
    .bind(person.to_owned())
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(())
}
