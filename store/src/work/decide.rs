//! Policy's answer to a task, with its record.

use std::time::Duration;

use serde_json::Value;
use types::{
    Priority, TaskId, TenantId,
    audit::Record,
    work::{EventKind, Move, TaskState},
};

use super::{
    Error, Work,
    task::{self, Task},
    transcript::{self, NewEvent},
    tx::Tx,
};
use crate::rows;

/// On what terms a task may be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The commit whose policies permit it.
    pub commit: String,
    /// JSON: what its run may use.
    pub limits: Value,
    /// How long it may take, waiting included; `None` where no time is set.
    pub within: Option<Duration>,
    /// How urgent it is.
    pub priority: Priority,
}

/// The most bytes of limits as JSON.
const LIMITS_BYTES_MAX: usize = 64 * 1024;

impl Work {
    /// Tasks that policy has not been asked about, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn created(&self, limit: u32) -> Result<Vec<Task>, Error> {
        let found = sqlx::query("select * from tasks where state = 'created' order by id limit $1")
            .bind(i64::from(limit))
            .fetch_all(&self.inner.read)
            .await?;
        found.iter().map(task::read).collect()
    }

    /// Writes that policy permits a task, with the record of the decision. Of several evaluators one gets
    /// `true`; for the others nothing is written.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::TooLong`] or [`Error::Store`].
    pub async fn permit(
        &self,
        tenant: TenantId,
        task: TaskId,
        terms: &Terms,
        record: &Record,
    ) -> Result<bool, Error> {
        let limits = rows::json(&terms.limits)?;
        super::error::bounded("limits", limits.len(), LIMITS_BYTES_MAX)?;
        let mut tx = Tx::begin(&self.inner).await?;
        let Some(mut task) = undecided(&mut tx, tenant, task).await? else { return Ok(false) };
        let deadline = terms.within.map(|within| after(tx.now, within));
        sqlx::query(
            "update tasks set limits = $1, policy_commit = $2, deadline_at = $3, priority = $4 \
             where id = $5",
        )
        .bind(limits)
        .bind(terms.commit.clone())
        .bind(deadline.map(|at| at.0))
        .bind(task::rank(terms.priority))
        .bind(task.id.to_string())
        .execute(tx.conn())
        .await?;
        task.priority = terms.priority;
        task::advance(&mut tx, &mut task, Move::Permit, None).await?;
        // TASKS is a queue of work: the dispatcher is woken by it.
        tx.tell(task.news("tasks.dispatch", None, None))?;
        tx.commit_recorded(record, ("work.permit", "work.permitted")).await?;
        Ok(true)
    }

    /// Writes that policy denies a task, with the record of the decision, and tells its session.
    ///
    /// # Errors
    /// As [`Work::permit`].
    pub async fn deny(
        &self,
        tenant: TenantId,
        task: TaskId,
        reason: &str,
        record: &Record,
    ) -> Result<bool, Error> {
        super::error::bounded("reason", reason.len(), REASON_BYTES_MAX)?;
        let mut tx = Tx::begin(&self.inner).await?;
        let Some(mut task) = undecided(&mut tx, tenant, task).await? else { return Ok(false) };
        task::advance(&mut tx, &mut task, Move::Deny, Some(reason)).await?;
        tell_session(&mut tx, &task, EventKind::Error, reason).await?;
        tx.tell(task.news("tasks.run.failed", None, None))?;
        tx.commit_recorded(record, ("work.deny", "work.denied")).await?;
        Ok(true)
    }
}

/// The most bytes of a reason.
pub(super) const REASON_BYTES_MAX: usize = 4096;

/// A task of a tenant that policy has not been asked about, locked.
async fn undecided(tx: &mut Tx, tenant: TenantId, id: TaskId) -> Result<Option<Task>, Error> {
    let found = task::lock(tx, id).await?.filter(|task| task.tenant == tenant);
    let task = found.ok_or_else(|| Error::missing("task", id))?;
    Ok(Some(task).filter(|task| task.state == TaskState::Created))
}

/// Says in the task's session what became of it.
pub(super) async fn tell_session(
    tx: &mut Tx,
    task: &Task,
    kind: EventKind,
    reason: &str,
) -> Result<(), Error> {
    let Some(session) = task.session else { return Ok(()) };
    let body = serde_json::json!({ "task": task.id, "state": task.state, "reason": reason });
    let event = NewEvent { kind, body: inline(body) };
    transcript::append(tx, (task.tenant, session), task.id, &[event]).await
}

/// A small value as a payload.
pub(super) fn inline(value: Value) -> types::Payload {
    let size_bytes = value.to_string().len() as u64;
    types::Payload::Inline {
        content_type: "application/json".to_owned(),
        size_bytes,
        inline: value,
    }
}

/// A time that is this much later.
pub(super) fn after(now: types::Timestamp, wait: Duration) -> types::Timestamp {
    let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    types::Timestamp(now.0.saturating_add(micros))
}
