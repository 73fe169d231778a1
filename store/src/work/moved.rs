//! Which sessions of a connector have news: what wakes those who listen to one.

use types::{AgentId, SessionId, Timestamp};

use super::{Error, Work};
use crate::rows::Get;

/// A session in which something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The session.
    pub id: SessionId,
    /// Its agent.
    pub agent: AgentId,
    /// The connector's own name of it.
    pub conversation: String,
    /// The number of its last event.
    pub last_event: i64,
    /// When it was written, by the database's clock.
    pub active_at: Timestamp,
}

impl Work {
    /// The sessions of a connector, of all tenants, in which something happened since a time: the latest
    /// first, and `limit` of them at most. A transaction that began before that time may still be missing;
    /// whoever asks again asks for a little more than what is new.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn moved(
        &self,
        connector: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Moved>, Error> {
        let rows = sqlx::query(
            "select id, agent_id, conversation, last_event, active_at from sessions \
             where connector = $1 and active_at >= $2 order by active_at desc limit $3",
        )
        .bind(connector.to_owned())
        .bind(since.0)
        .bind(i64::from(limit))
        .fetch_all(&self.inner.read)
        .await?;
        let read = |row| {
            let get = Get { row, table: "sessions" };
            Ok(Moved {
                id: get.parse("id")?,
                agent: get.parse("agent_id")?,
                conversation: get.text("conversation")?,
                last_event: get.int("last_event")?,
                active_at: get.time("active_at")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
