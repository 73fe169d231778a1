//! A person has a task tried again that was given up, failed, or waits for exactly that.

use policy::AdminPermit;
use types::{
    RunId, TaskId,
    audit::Record,
    work::{Move, RunState, TaskState},
};

use super::{Error, Task, Work, stop, task, tx::Tx};

impl Work {
    /// Has a task tried again: it goes on with its journal, and its tries and its time begin anew. What was
    /// done is not done again; where nobody knows whether a step happened, that is asked first.
    ///
    /// # Errors
    /// [`Error::Missing`]; [`Error::Move`] where it is not dead, failed or parked; [`Error::Occupied`] where
    /// its session works on another task; [`Error::Store`], also where the permit is for reading only.
    pub async fn retry(
        &self,
        permit: &AdminPermit,
        id: TaskId,
        record: &Record,
    ) -> Result<(), Error> {
        let mut tx = Tx::begin_permitted(&self.inner, permit).await?;
        let run = stop::lock_run(&mut tx, id).await?;
        let task = task::lock(&mut tx, id).await?;
        let mut task = task
            .filter(|task| task.tenant == permit.tenant())
            .ok_or_else(|| Error::missing("task", id))?;
        again(&mut tx, run, &mut task, permit.actor()).await?;
        tx.commit_recorded(record, ("work.retry", "work.retried")).await
    }
}

/// Lets a locked task be tried again.
pub(super) async fn again(
    tx: &mut Tx,
    run: Option<(RunId, RunState)>,
    task: &mut Task,
    by: &str,
) -> Result<(), Error> {
    // Whoever works on it must not be passed by, and a question must be answered and not passed over.
    if task.state == TaskState::Running || task.waiting_for.is_some() {
        return Err(bad(task));
    }
    if task.state.is_over() {
        occupy(tx, task).await?;
    }
    let (now, age) = (tx.now, task.created_at);
    task.attempts = 0;
    task.available_at = now;
    let deadline = task.deadline_at.map(|at| now.0.saturating_add(at.0.saturating_sub(age.0)));
    task::advance(tx, task, Move::Retry, None).await?;
    sqlx::query("update tasks set deadline_at = $1 where id = $2")
        .bind(deadline)
        .bind(task.id.to_string())
        .execute(tx.conn())
        .await?;
    if let Some((run, state)) = run {
        sqlx::query(
            "update runs set state = $1, reason = null, ended_at = null, losses = 0 where id = $2",
        )
        .bind(state.after(Move::Retry)?.as_str())
        .bind(run.to_string())
        .execute(tx.conn())
        .await?;
        sqlx::query(
            "update steps set attempts = 0 where run_id = $1 and state in ('started', 'failed')",
        )
        .bind(run.to_string())
        .execute(tx.conn())
        .await?;
    }
    sqlx::query(
        "update dead_letters set resolved_at = $1, resolution = 'retried', resolved_by = $2 \
         where task_id = $3 and resolved_at is null",
    )
    .bind(now.0)
    .bind(by.to_owned())
    .bind(task.id.to_string())
    .execute(tx.conn())
    .await?;
    tx.tell(task.news("tasks.dispatch", run.map(|(run, _)| run), None))
}

fn bad(task: &Task) -> Error {
    Error::Move(types::work::BadMove {
        noun: "task",
        from: task.state.as_str(),
        step: Move::Retry.as_str(),
    })
}

/// Gives a task that was over its place in its session again.
async fn occupy(tx: &mut Tx, task: &Task) -> Result<(), Error> {
    let Some(session) = task.session else { return Ok(()) };
    let done =
        sqlx::query("update sessions set active_task = $1 where id = $2 and active_task is null")
            .bind(task.id.to_string())
            .bind(session.to_string())
            .execute(tx.conn())
            .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Occupied) }
}
