//! Sessions: one conversation of people with an agent.

use sqlx::{AnyConnection, any::AnyRow};
use types::{AgentId, SessionId, TaskId, TenantId, Timestamp};

use super::{Error, Work};
use crate::rows::Get;

/// One conversation of people with an agent, over one connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The agent.
    pub agent: AgentId,
    /// Such as `webchat`.
    pub connector: String,
    /// The connector's own name of it.
    pub conversation: String,
    /// Who began it.
    pub person: String,
    /// Whether everybody who wrote in it is trusted.
    pub trusted: bool,
    /// The number of the last message that came.
    pub last_seq: i64,
    /// The number of the last message that became a task.
    pub taken_seq: i64,
    /// The number of the last event.
    pub last_event: i64,
    /// The task that is worked on.
    pub active_task: Option<TaskId>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When something last happened in it.
    pub active_at: Timestamp,
}

impl Work {
    /// A session of a tenant.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn session(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<Option<Session>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        find(&mut conn, tenant, session).await
    }

    /// The session of a conversation, where somebody has written in it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn session_of(
        &self,
        tenant: TenantId,
        connector: &str,
        conversation: &str,
        agent: AgentId,
    ) -> Result<Option<Session>, Error> {
        let row = sqlx::query(OF_CONVERSATION)
            .bind(tenant.to_string())
            .bind(crate::rows::plain(connector))
            .bind(crate::rows::plain(conversation))
            .bind(agent.to_string())
            .fetch_optional(&self.inner.read)
            .await?;
        row.as_ref().map(read).transpose()
    }
}

/// Selects the session of a conversation.
pub(super) const OF_CONVERSATION: &str = "select * from sessions \
    where tenant_id = $1 and connector = $2 and conversation = $3 and agent_id = $4";

pub(super) async fn find(
    conn: &mut AnyConnection,
    tenant: TenantId,
    session: SessionId,
) -> Result<Option<Session>, Error> {
    let row = sqlx::query("select * from sessions where id = $1 and tenant_id = $2")
        .bind(session.to_string())
        .bind(tenant.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

pub(super) fn read(row: &AnyRow) -> Result<Session, Error> {
    let get = Get { row, table: "sessions" };
    Ok(Session {
        id: get.parse("id")?,
        tenant: get.parse("tenant_id")?,
        agent: get.parse("agent_id")?,
        connector: get.text("connector")?,
        conversation: get.text("conversation")?,
        person: get.text("person")?,
        trusted: get.int("trusted")? == 1,
        last_seq: get.int("last_seq")?,
        taken_seq: get.int("taken_seq")?,
        last_event: get.int("last_event")?,
        active_task: get.maybe("active_task")?,
        created_at: get.time("created_at")?,
        active_at: get.time("active_at")?,
    })
}
