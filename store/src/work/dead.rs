//! Dead letters: what was given up, until a person says what becomes of it.

use policy::AdminPermit;
use serde_json::Value;
use sqlx::any::AnyRow;
use types::{DeadLetterId, Envelope, EventId, TaskId, TenantId, Timestamp, audit::Record};

use super::{Error, Work, retry, stop, task, tx::Tx};
use crate::rows::{self, Get, Statement};

types::names! {
    /// What became of a dead letter.
    Verdict {
        /// It was tried again.
        Retried = "retried",
        /// It was put away.
        Discarded = "discarded",
    }
}

/// What was given up.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// Its id.
    pub id: DeadLetterId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it was given up, such as `tasks.dispatch`.
    pub subject: String,
    /// The task, where it is one.
    pub task: Option<TaskId>,
    /// What is known of it: ids, or the event that nobody could handle.
    pub body: Value,
    /// Why it was given up.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was given up.
    pub at: Timestamp,
    /// When somebody said what becomes of it.
    pub resolved_at: Option<Timestamp>,
    /// What became of it.
    pub verdict: Option<Verdict>,
    /// Who said so.
    pub resolved_by: Option<String>,
}

/// The most dead letters that one list shows.
const LIST_MAX: u32 = 1000;

impl Work {
    /// The dead letters of a tenant, newest first; at most 1,000. `open`: those that nobody resolved.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn dead_letters(
        &self,
        tenant: TenantId,
        open: bool,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let mut query = Statement::new(&conn, "select * from dead_letters where tenant_id = ");
        query.bind(tenant.to_string())?;
        if open {
            query.push(" and resolved_at is null");
        }
        query.push(" order by at desc, id desc limit ").bind(i64::from(limit.min(LIST_MAX)))?;
        let found = query.fetch(&mut conn).await?;
        found.iter().map(read).collect()
    }

    /// One dead letter of a tenant.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Store`].
    pub async fn dead_letter(
        &self,
        tenant: TenantId,
        id: DeadLetterId,
    ) -> Result<DeadLetter, Error> {
        let row = sqlx::query("select * from dead_letters where id = $1 and tenant_id = $2")
            .bind(id.to_string())
            .bind(tenant.to_string())
            .fetch_optional(&self.inner.read)
            .await?;
        row.as_ref().map_or_else(|| Err(Error::missing("dead letter", id)), read)
    }

    /// Has what was given up tried again: a task goes on with its journal, an event is published anew.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none, or somebody resolved it; as [`Work::retry`] for its task.
    pub async fn retry_dead_letter(
        &self,
        permit: &AdminPermit,
        id: DeadLetterId,
        record: &Record,
    ) -> Result<(), Error> {
        let known = self.dead_letter(permit.tenant(), id).await?;
        let mut tx = Tx::begin_permitted(&self.inner, permit).await?;
        match known.task {
            Some(id) => {
                let run = stop::lock_run(&mut tx, id).await?;
                let task = task::lock(&mut tx, id).await?;
                let mut task = task.ok_or_else(|| Error::missing("task", id))?;
                retry::again(&mut tx, run, &mut task, permit.actor()).await?;
            }
            None => {
                settle(&mut tx, permit, id, Verdict::Retried).await?;
                tx.tell_again(&event(&known)?)?;
            }
        }
        tx.commit_recorded(record, ("work.dead.retry", "work.dead.retried")).await
    }

    /// Puts a dead letter away. Its task stays dead.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is none, or somebody resolved it; [`Error::Store`], also where the
    /// permit is for reading only.
    pub async fn discard(
        &self,
        permit: &AdminPermit,
        id: DeadLetterId,
        record: &Record,
    ) -> Result<(), Error> {
        let mut tx = Tx::begin_permitted(&self.inner, permit).await?;
        settle(&mut tx, permit, id, Verdict::Discarded).await?;
        tx.commit_recorded(record, ("work.dead.discard", "work.dead.discarded")).await
    }

    /// Keeps an event that nobody could handle for people. The same event again changes nothing.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn bury_event(
        &self,
        event: &Envelope,
        reason: &str,
        attempts: u32,
    ) -> Result<(), Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        let id = event.event_id.to_string().replacen(EventId::PREFIX, DeadLetterId::PREFIX, 1);
        let now = tx.now.0;
        let done = sqlx::query(
            "insert into dead_letters (id, tenant_id, subject, body, reason, attempts, at) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing",
        )
        .bind(id)
        .bind(event.tenant_id.to_string())
        .bind(event.event_type.clone())
        .bind(rows::json(event)?)
        .bind(rows::plain(reason))
        .bind(i64::from(attempts))
        .bind(now)
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        tx.tell(super::tx::News {
            subject: "tasks.deadletter".to_owned(),
            tenant: event.tenant_id,
            correlation: event.correlation.clone(),
            priority: event.priority,
            trace: event.trace.clone(),
            body: serde_json::json!({ "subject": event.event_type, "event": event.event_id }),
        })?;
        tx.commit(("work.dead.bury", "work.dead.buried")).await
    }
}

/// Writes what becomes of a dead letter that nobody resolved.
async fn settle(
    tx: &mut Tx,
    permit: &AdminPermit,
    id: DeadLetterId,
    verdict: Verdict,
) -> Result<(), Error> {
    let now = tx.now.0;
    let done = sqlx::query(
        "update dead_letters set resolved_at = $1, resolution = $2, resolved_by = $3 \
         where id = $4 and tenant_id = $5 and resolved_at is null",
    )
    .bind(now)
    .bind(verdict.as_str())
    .bind(permit.actor().to_owned())
    .bind(id.to_string())
    .bind(permit.tenant().to_string())
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::missing("dead letter", id)) }
}

/// The event that a dead letter keeps, under an id of its own: the bus knows the old one.
fn event(letter: &DeadLetter) -> Result<Envelope, Error> {
    let event: Envelope = serde_json::from_value(letter.body.clone())
        .map_err(|_| crate::Error::corrupt("dead_letters", "`body` is not an event"))?;
    Ok(Envelope { event_id: EventId::generate(), ..event })
}

fn read(row: &AnyRow) -> Result<DeadLetter, Error> {
    let get = Get { row, table: "dead_letters" };
    Ok(DeadLetter {
        id: get.parse("id")?,
        tenant: get.parse("tenant_id")?,
        subject: get.text("subject")?,
        task: get.maybe("task_id")?,
        body: get.json("body")?,
        reason: get.text("reason")?,
        attempts: get.int("attempts")?,
        at: get.time("at")?,
        resolved_at: get.maybe_time("resolved_at")?,
        verdict: get.maybe("resolution")?,
        resolved_by: get.maybe_text("resolved_by")?,
    })
}
