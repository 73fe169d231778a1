//! Responses that their callers may go on from: what was said, for as long as it is kept.

use std::sync::Arc;

use types::{AgentId, Label, TenantId, Timestamp};

use crate::{Error, rows::Get, store::Inner};

/// The most bytes of a conversation that are kept.
pub const CONVERSATION_BYTES_MAX: usize = 4 << 20;

/// How many responses an agent has at most: the oldest go first.
const PER_AGENT_MAX: i64 = 10_000;

/// How many rows one call removes.
const PURGE_MAX: i64 = 1_000;

/// A response and the conversation that it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id, as the caller was told.
    pub id: String,
    /// Whose it is: nobody else finds it.
    pub tenant: TenantId,
    /// The agent that it answered.
    pub agent: AgentId,
    /// The label of the request that it answered.
    pub label: Label,
    /// The response as it was told, in JSON.
    pub body: String,
    /// All items of the conversation, this response's included: a JSON array.
    pub items: String,
}

/// The table of responses.
#[derive(Clone)]
pub struct Responses {
    pub(crate) inner: Arc<Inner>,
}

impl Responses {
    /// Keeps a response for [`crate::Options::responses_retention`], and removes the agent's oldest
    /// beyond 10,000.
    ///
    /// # Errors
    /// [`Error::TooLong`] beyond [`CONVERSATION_BYTES_MAX`]; [`Error::Unavailable`].
    pub async fn keep(&self, kept: &Kept) -> Result<(), Error> {
        if kept.items.len() > CONVERSATION_BYTES_MAX {
            return Err(Error::TooLong { bytes: kept.items.len() });
        }
        let mut tx = self.inner.write.begin().await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        let keep = self.inner.options.responses_retention.as_secs();
        let expires = now.plus_seconds(i64::try_from(keep).unwrap_or(i64::MAX));
        sqlx::query(
            "insert into responses \
               (id, tenant_id, agent_id, label, body, items, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(kept.id.clone())
        .bind(kept.tenant.to_string())
        .bind(kept.agent.to_string())
        .bind(kept.label.as_str())
        .bind(kept.body.clone())
        .bind(kept.items.clone())
        .bind(now.0)
        .bind(expires.0)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "delete from responses where id in (select id from responses where agent_id = $1 \
             order by created_at desc, id desc limit $2 offset $3)",
        )
        .bind(kept.agent.to_string())
        .bind(PURGE_MAX)
        .bind(PER_AGENT_MAX)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The response of that id, if it is this agent's and still kept.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn find(
        &self,
        tenant: TenantId,
        agent: AgentId,
        id: &str,
    ) -> Result<Option<Kept>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let row = sqlx::query(
            "select label, body, items from responses \
             where id = $1 and tenant_id = $2 and agent_id = $3 and expires_at > $4",
        )
        .bind(id.to_owned())
        .bind(tenant.to_string())
        .bind(agent.to_string())
        .bind(now.0)
        .fetch_optional(&mut *conn)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let get = Get { row: &row, table: "responses" };
        Ok(Some(Kept {
            id: id.to_owned(),
            tenant,
            agent,
            label: get.parse("label")?,
            body: get.text("body")?,
            items: get.text("items")?,
        }))
    }

    /// Removes this agent's response of that id. False where there is none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove(&self, tenant: TenantId, agent: AgentId, id: &str) -> Result<bool, Error> {
        let done =
            sqlx::query("delete from responses where id = $1 and tenant_id = $2 and agent_id = $3")
                .bind(id.to_owned())
                .bind(tenant.to_string())
                .bind(agent.to_string())
                .execute(&self.inner.write)
                .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes what is over: at most 1,000 a call. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn purge(&self, now: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query(
            "delete from responses where id in (select id from responses \
             where expires_at <= $1 order by expires_at limit $2)",
        )
        .bind(now.0)
        .bind(PURGE_MAX)
        .execute(&self.inner.write)
        .await?;
        Ok(done.rows_affected())
    }
}
