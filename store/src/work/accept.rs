//! A message comes in: once it is accepted it is not lost, and however often it comes it is one.

use serde_json::json;
use sqlx::AnyConnection;
use types::{AgentId, Correlation, Payload, Priority, SessionId, TenantId, Trace, work::EventKind};

use super::{
    Error, Work,
    error::bounded,
    session::{self, OF_CONVERSATION, Session},
    transcript,
    tx::{self, News, Tx},
};
use crate::rows::{self, Get};

/// A message to an agent, as its connector got it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// Whose the agent is.
    pub tenant: TenantId,
    /// Such as `webchat`.
    pub connector: String,
    /// The connector's own name of the conversation.
    pub conversation: String,
    /// Who is written to.
    pub agent: AgentId,
    /// The connector's own id of the message, the same at every delivery. It counts within its conversation
    /// with that agent, so that nobody can take the id of somebody else's message.
    pub message_id: String,
    /// Who wrote.
    pub person: String,
    /// Whether that is somebody whose words may be followed.
    pub trusted: bool,
    /// What was written.
    pub body: Payload,
    /// The trace that it came in.
    pub trace: Option<Trace>,
}

/// A message that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its session.
    pub session: SessionId,
    /// Its number among the session's messages, from 1.
    pub seq: i64,
    /// Its number among the session's events.
    pub event_no: i64,
    /// Whether it was kept now; `false` for one that came before.
    pub fresh: bool,
}

/// The most bytes of a name that a connector gives.
const NAME_BYTES_MAX: usize = 256;

impl Work {
    /// Keeps a message, gives it its place in its session, and tells. Only then may whoever brought it be
    /// told that it arrived. A message that came before changes nothing.
    ///
    /// # Errors
    /// [`Error::TooLong`]; [`Error::Missing`] where there is no such agent, or it is disabled and was never
    /// written to here; [`Error::Full`]; [`Error::Store`].
    pub async fn accept(&self, message: &NewMessage) -> Result<Accepted, Error> {
        for (field, text) in [
            ("name of the connector", &message.connector),
            ("name of the conversation", &message.conversation),
            ("id of the message", &message.message_id),
            ("name of the sender", &message.person),
        ] {
            bounded(field, text.len(), NAME_BYTES_MAX)?;
        }
        let body = tx::payload("message", &message.body)?;
        let mut tx = Tx::begin(&self.inner).await?;
        let session = lock(&mut tx, message).await?;
        let id = message.message_id.as_str();
        if let Some(known) = known(tx.conn(), session.id, id).await? {
            return Ok(known);
        }
        let waiting = session.last_seq - session.taken_seq;
        let max = self.inner.options.work.waiting_max;
        if waiting >= i64::from(max) {
            return Err(Error::Full { max });
        }
        tx.name(message.tenant, &message.body).await?;
        let accepted = Accepted {
            session: session.id,
            seq: session.last_seq + 1,
            event_no: session.last_event + 1,
            fresh: true,
        };
        write(&mut tx, message, &accepted, &body).await?;
        let event = (accepted.event_no, EventKind::User, body);
        transcript::insert(&mut tx, (message.tenant, session.id), None, &[event]).await?;
        tx.tell(News {
            subject: format!("ingress.{}.message", token(&message.connector)),
            tenant: message.tenant,
            correlation: Correlation {
                session: Some(session.id.to_string()),
                ..Correlation::default()
            },
            priority: Priority::Interactive,
            trace: message.trace.clone(),
            body: json!({ "seq": accepted.seq, "event": accepted.event_no }),
        })?;
        tx.commit(("work.accept", "work.accepted")).await?;
        Ok(accepted)
    }

    /// What became of a message of a session, where it came before.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn accepted(
        &self,
        session: SessionId,
        message_id: &str,
    ) -> Result<Option<Accepted>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        known(&mut conn, session, message_id).await
    }
}

/// The session of the message's conversation, locked; it is begun where there is none.
async fn lock(tx: &mut Tx, message: &NewMessage) -> Result<Session, Error> {
    let select = format!("{OF_CONVERSATION}{}", tx.inner.dialect.for_update());
    for attempt in 0..2 {
        let row = sqlx::query(sqlx::AssertSqlSafe(select.clone()))
            .bind(message.tenant.to_string())
            .bind(rows::plain(&message.connector))
            .bind(rows::plain(&message.conversation))
            .bind(message.agent.to_string())
            .fetch_optional(tx.conn())
            .await?;
        if let Some(row) = row {
            return session::read(&row);
        }
        if attempt == 0 {
            begin(tx, message).await?;
        }
    }
    Err(Error::missing("agent", message.agent))
}

/// Begins a session with an agent of the same tenant: the tenant is checked by the statement itself.
async fn begin(tx: &mut Tx, message: &NewMessage) -> Result<(), Error> {
    let now = tx.now.0;
    sqlx::query(
        "insert into sessions (id, tenant_id, agent_id, connector, conversation, person, trusted, \
           last_seq, taken_seq, last_event, created_at, active_at) \
         select $1, tenant_id, id, $2, $3, $4, cast($5 as bigint), 0, 0, 0, \
           cast($6 as bigint), cast($6 as bigint) \
         from agents where id = $7 and tenant_id = $8 and disabled_at is null \
         on conflict (tenant_id, connector, conversation, agent_id) do nothing",
    )
    .bind(SessionId::generate().to_string())
    .bind(rows::plain(&message.connector))
    .bind(rows::plain(&message.conversation))
    .bind(rows::plain(&message.person))
    .bind(i64::from(message.trusted))
    .bind(now)
    .bind(message.agent.to_string())
    .bind(message.tenant.to_string())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What became of the message when it came before.
async fn known(
    conn: &mut AnyConnection,
    session: SessionId,
    message_id: &str,
) -> Result<Option<Accepted>, Error> {
    let select = "select seq, event_no from inbox where session_id = $1 and message_id = $2";
    let row = sqlx::query(select)
        .bind(session.to_string())
        .bind(rows::plain(message_id))
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let get = Get { row: &row, table: "inbox" };
    Ok(Some(Accepted {
        session,
        seq: get.int("seq")?,
        event_no: get.int("event_no")?,
        fresh: false,
    }))
}

async fn write(
    tx: &mut Tx,
    message: &NewMessage,
    accepted: &Accepted,
    body: &str,
) -> Result<(), Error> {
    let now = tx.now.0;
    sqlx::query(
        "update sessions set last_seq = $1, last_event = $2, active_at = $3, closed_at = null, \
           trusted = trusted * $4 \
         where id = $5",
    )
    .bind(accepted.seq)
    .bind(accepted.event_no)
    .bind(now)
    .bind(i64::from(message.trusted))
    .bind(accepted.session.to_string())
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "insert into inbox (tenant_id, connector, conversation, message_id, session_id, seq, \
           event_no, person, trusted, body, trace, received_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(message.tenant.to_string())
    .bind(rows::plain(&message.connector))
    .bind(rows::plain(&message.conversation))
    .bind(rows::plain(&message.message_id))
    .bind(accepted.session.to_string())
    .bind(accepted.seq)
    .bind(accepted.event_no)
    .bind(rows::plain(&message.person))
    .bind(i64::from(message.trusted))
    .bind(body.to_owned())
    .bind(message.trace.as_ref().map(rows::json).transpose()?)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A connector's name as a part of a subject, where dots and spaces mean something.
fn token(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let token: String = name.chars().map(plain).collect();
    if token.is_empty() { "_".to_owned() } else { token }
}
