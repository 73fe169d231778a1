//! Work is stopped: by people, by its deadline, or because what asked for it is over. What a task asked for
//! never outlives it.

use std::collections::VecDeque;

use policy::AdminPermit;
use types::{
    RunId, SessionId, TaskId, TenantId,
    audit::Record,
    work::{EventKind, Move, RunState},
};

use super::{
    Error, Task, Work,
    decide::{REASON_BYTES_MAX, tell_session},
    error::bounded,
    step, task,
    tx::Tx,
};
use crate::rows::Get;

/// What the tasks are told that a task asked for and that outlived it.
pub(super) const PARENT_ENDED: &str = "the task that asked for it is over";

/// The most tasks that one stop reaches: no limit of subagents is near it.
const TASKS_MAX: usize = 10_000;

impl Work {
    /// Stops a task and everything that it asked for: whoever works on them is refused at the next write,
    /// and their grants are revoked. Returns whether it was not over already; where it was, nothing is
    /// written.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::TooLong`], or [`Error::Store`], also where the permit is for reading
    /// only.
    pub async fn cancel(
        &self,
        permit: &AdminPermit,
        task: TaskId,
        reason: &str,
        record: &Record,
    ) -> Result<bool, Error> {
        let tx = Tx::begin_permitted(&self.inner, permit).await?;
        stop(tx, (permit.tenant(), None), task, reason, record).await
    }

    /// The same for a task of a session, as somebody of that session asks: that needs no permit, since it is
    /// their own.
    ///
    /// # Errors
    /// As [`Work::cancel`].
    pub async fn cancel_own(
        &self,
        (tenant, session): (TenantId, SessionId),
        task: TaskId,
        reason: &str,
        record: &Record,
    ) -> Result<bool, Error> {
        let tx = Tx::begin(&self.inner).await?;
        stop(tx, (tenant, Some(session)), task, reason, record).await
    }
}

async fn stop(
    mut tx: Tx,
    (tenant, session): (TenantId, Option<SessionId>),
    id: TaskId,
    reason: &str,
    record: &Record,
) -> Result<bool, Error> {
    bounded("reason", reason.len(), REASON_BYTES_MAX)?;
    let known = task::find(tx.conn(), id).await?;
    let own = known.filter(|task| task.tenant == tenant);
    let own = own.filter(|task| session.is_none() || task.session == session);
    if own.is_none() {
        return Err(Error::missing("task", id));
    }
    if !close(&mut tx, id, Move::Cancel, reason).await? {
        return Ok(false);
    }
    tx.commit_recorded(record, ("work.cancel", "work.cancelled")).await?;
    Ok(true)
}

/// Ends a task that is not over, with its run and with all that it asked for. Returns whether it was not.
pub(super) async fn close(
    tx: &mut Tx,
    id: TaskId,
    step: Move,
    reason: &str,
) -> Result<bool, Error> {
    let Some(task) = close_one(tx, id, step, reason).await? else { return Ok(false) };
    children(tx, id, reason).await?;
    revoke_grants(tx, &task).await?;
    Ok(true)
}

/// Stops what a task asked for, and what that asked for.
pub(super) async fn children(tx: &mut Tx, of: TaskId, reason: &str) -> Result<(), Error> {
    let mut parents = VecDeque::from([of]);
    let mut reached = 0;
    while let Some(parent) = parents.pop_front() {
        let found = sqlx::query(
            "select t.id from tasks t join runs r on t.parent_run = r.id \
             where r.task_id = $1 and t.ended_at is null order by t.id",
        )
        .bind(parent.to_string())
        .fetch_all(tx.conn())
        .await?;
        reached += found.len();
        bounded("list of tasks", reached, TASKS_MAX)?;
        for row in &found {
            let child: TaskId = Get { row, table: "tasks" }.parse("id")?;
            if let Some(task) = close_one(tx, child, Move::Cancel, reason).await? {
                revoke_grants(tx, &task).await?;
            }
            parents.push_back(child);
        }
    }
    Ok(())
}

async fn close_one(
    tx: &mut Tx,
    id: TaskId,
    step: Move,
    reason: &str,
) -> Result<Option<Task>, Error> {
    let run = lock_run(tx, id).await?;
    let Some(mut task) = task::lock(tx, id).await? else { return Ok(None) };
    if task.state.after(step).is_err() {
        return Ok(None);
    }
    if let Some((run, state)) = run {
        end_run(tx, run, state.after(step)?, reason).await?;
    }
    task::advance(tx, &mut task, step, Some(reason)).await?;
    let run = run.map(|(run, _)| run);
    let (kind, subject) = match step {
        Move::Cancel => (EventKind::Status, "tasks.cancel"),
        _ => (EventKind::Error, "tasks.run.failed"),
    };
    tell_session(tx, &task, kind, reason).await?;
    tx.tell(task.news(subject, run, None))?;
    Ok(Some(task))
}

/// The run of a task, locked. It is locked before its task, as by whoever works on it.
pub(super) async fn lock_run(
    tx: &mut Tx,
    task: TaskId,
) -> Result<Option<(RunId, RunState)>, Error> {
    let select =
        format!("select id, state from runs where task_id = $1{}", tx.inner.dialect.for_update());
    let row = sqlx::query(sqlx::AssertSqlSafe(select))
        .bind(task.to_string())
        .fetch_optional(tx.conn())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let get = Get { row: &row, table: "runs" };
    Ok(Some((get.parse("id")?, get.parse("state")?)))
}

async fn end_run(tx: &mut Tx, run: RunId, state: RunState, reason: &str) -> Result<(), Error> {
    step::leave(tx, run).await?;
    let now = tx.now.0;
    sqlx::query("update runs set state = $1, reason = $2, ended_at = $3 where id = $4")
        .bind(state.as_str())
        .bind(crate::rows::plain(reason))
        .bind(now)
        .bind(run.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Revokes what the task's workers may still do elsewhere.
async fn revoke_grants(tx: &mut Tx, task: &Task) -> Result<(), Error> {
    let now = tx.now.0;
    let done = sqlx::query(
        "update grants set revoked_at = $1 \
         where task = $2 and tenant_id = $3 and revoked_at is null and expires_at > $1",
    )
    .bind(now)
    .bind(task.id.to_string())
    .bind(task.tenant.to_string())
    .execute(tx.conn())
    .await?;
    if done.rows_affected() > 0 {
        tx.raise_revision(task.tenant).await?;
    }
    Ok(())
}
