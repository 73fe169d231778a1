//! Responses that their callers may go on from: what was said, for as long as it is kept.

use std::sync::Arc;

use types::{AgentId, Label, SessionId, TenantId, Timestamp};

use crate::{Error, rows::Get, store::Inner};

/// The most bytes of a response and its conversation that are kept.
pub const CONVERSATION_BYTES_MAX: usize = 4 << 20;

/// How many responses, and how many bytes of them, an agent has at most after a clearing: the oldest
/// go first.
const PER_AGENT_MAX: i64 = 10_000;
const PER_AGENT_BYTES_MAX: i64 = 1 << 30;

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
    /// The session that it was asked in, if one was named.
    pub session: Option<SessionId>,
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
    /// Keeps a response for [`crate::Options::responses_retention`].
    ///
    /// # Errors
    /// [`Error::TooLong`] beyond [`CONVERSATION_BYTES_MAX`]; [`Error::Unavailable`].
    pub async fn keep(&self, kept: &Kept) -> Result<(), Error> {
        let bytes = kept.items.len().saturating_add(kept.body.len());
        if bytes > CONVERSATION_BYTES_MAX {
            return Err(Error::TooLong { bytes });
        }
        let mut tx = self.inner.write.begin().await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        let keep = self.inner.options.responses_retention.as_secs();
        let expires = now.plus_seconds(i64::try_from(keep).unwrap_or(i64::MAX));
        sqlx::query(
            "insert into responses \
               (id, tenant_id, agent_id, session_id, label, body, items, bytes, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(kept.id.clone())
        .bind(kept.tenant.to_string())
        .bind(kept.agent.to_string())
        .bind(kept.session.map(|session| session.to_string()))
        .bind(kept.label.as_str())
        .bind(kept.body.clone())
        .bind(kept.items.clone())
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(now.0)
        .bind(expires.0)
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
            "select session_id, label, body, items from responses \
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
            session: get.maybe("session_id")?,
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

    /// Removes what is over, then each agent's oldest beyond 10,000 and beyond 1 GiB: at most 1,000
    /// of each a call. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn purge(&self, now: Timestamp) -> Result<u64, Error> {
        let over = sqlx::query(
            "delete from responses where id in (select id from responses \
             where expires_at <= $1 order by expires_at limit $2)",
        )
        .bind(now.0)
        .bind(PURGE_MAX)
        .execute(&self.inner.write)
        .await?;
        let beyond = sqlx::query(
            "delete from responses where id in (select id from ( \
               select id, row_number() over newest as place, sum(bytes) over newest as total \
               from responses \
               window newest as (partition by agent_id order by created_at desc, id desc) \
             ) as counted where place > $1 or total > $2 limit $3)",
        )
        .bind(PER_AGENT_MAX)
        .bind(PER_AGENT_BYTES_MAX)
        .bind(PURGE_MAX)
        .execute(&self.inner.write)
        .await?;
        Ok(over.rows_affected() + beyond.rows_affected())
    }
}
