//! The numbered events of a session: what a client reads again after it was away.

use sqlx::any::AnyRow;
use types::{Payload, SessionId, TaskId, TenantId, Timestamp, work::EventKind};

use super::{Error, Work, error::bounded, tx, tx::Tx};
use crate::rows::{self, Get};

/// One event of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in the session, from 1 without a gap.
    pub no: i64,
    /// What it tells.
    pub kind: EventKind,
    /// What it says.
    pub body: Payload,
    /// The task that it belongs to.
    pub task: Option<TaskId>,
    /// When it was written, by the database's clock.
    pub at: Timestamp,
}

/// An event that is about to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// What it tells.
    pub kind: EventKind,
    /// What it says.
    pub body: Payload,
}

/// The most events that one call reads or writes.
const EVENTS_MAX: u32 = 1000;

impl Work {
    /// The events of a session behind a number, in order; at most 1,000.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn events(
        &self,
        tenant: TenantId,
        session: SessionId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>, Error> {
        let found = sqlx::query(
            "select * from transcript where session_id = $1 and tenant_id = $2 and event_no > $3 \
             order by event_no limit $4",
        )
        .bind(session.to_string())
        .bind(tenant.to_string())
        .bind(after)
        .bind(i64::from(limit.min(EVENTS_MAX)))
        .fetch_all(&self.inner.read)
        .await?;
        found.iter().map(read).collect()
    }
}

/// Adds events to a session, whose row is locked by it until the transaction ends.
pub(super) async fn append(
    tx: &mut Tx,
    (tenant, session): (TenantId, SessionId),
    task: TaskId,
    events: &[NewEvent],
) -> Result<(), Error> {
    bounded("list of events", events.len(), EVENTS_MAX as usize)?;
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let row = sqlx::query(
        "update sessions set last_event = last_event + $1, active_at = $2 \
         where id = $3 and tenant_id = $4 returning last_event",
    )
    .bind(count)
    .bind(tx.now.0)
    .bind(session.to_string())
    .bind(tenant.to_string())
    .fetch_optional(tx.conn())
    .await?;
    let row = row.ok_or_else(|| Error::missing("session", session))?;
    let first = Get { row: &row, table: "sessions" }.int("last_event")? - count + 1;
    let mut written = Vec::with_capacity(events.len());
    for (no, event) in (first..).zip(events) {
        tx.name(tenant, &event.body).await?;
        written.push((no, event.kind, tx::payload("event", &event.body)?));
    }
    insert(tx, (tenant, session), Some(task), &written).await
}

/// Writes events with their numbers.
pub(super) async fn insert(
    tx: &mut Tx,
    (tenant, session): (TenantId, SessionId),
    task: Option<TaskId>,
    events: &[(i64, EventKind, String)],
) -> Result<(), Error> {
    let now = tx.now;
    let head = "insert into transcript (session_id, event_no, tenant_id, kind, body, task_id, at)";
    rows::insert(tx.conn(), head, "", events, |row, (no, kind, body)| {
        row.item(session.to_string())?;
        row.item(*no)?;
        row.item(tenant.to_string())?;
        row.item(kind.as_str())?;
        row.item(body.clone())?;
        row.item(task.map(|task| task.to_string()))?;
        row.item(now.0)?;
        Ok(())
    })
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Event, Error> {
    let get = Get { row, table: "transcript" };
    Ok(Event {
        no: get.int("event_no")?,
        kind: get.parse("kind")?,
        body: get.json("body")?,
        task: get.maybe("task_id")?,
        at: get.time("at")?,
    })
}
