//! What nobody works on and something happened to: decided approvals, ended children, deadlines.

use types::{
    TaskId,
    work::{Move, RunState, TaskState},
};

use super::{Error, Work, finish::CHILDREN, stop, task, tx::Tx};
use crate::rows::Get;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Tasks that are queued again: what they waited for is there.
    pub woken: Vec<TaskId>,
    /// Tasks whose time was over before they were.
    pub late: Vec<TaskId>,
}

/// The most tasks of each kind that one call finds.
const REAP_MAX: i64 = 256;

/// An approval that is not answered and still can be keeps its task waiting.
const DECIDED: &str = "select t.id from tasks t left join approvals a on a.id = t.waiting_for \
    where t.state = 'waiting' and t.waiting_for is not null and t.waiting_for <> 'children' \
      and (a.id is null or a.status <> 'pending' or a.expires_at <= $1) order by t.id limit $2";

const ALONE: &str = "select t.id from tasks t join runs r on r.task_id = t.id \
    where t.state = 'waiting' and t.waiting_for = 'children' and t.created_at <= $1 \
      and not exists (select 1 from tasks c where c.parent_run = r.id and c.ended_at is null) \
    order by t.id limit $2";

const LATE: &str = "select id from tasks where ended_at is null and deadline_at is not null \
    and deadline_at <= $1 order by deadline_at limit $2";

impl Work {
    /// Queues the tasks again whose approval was decided or whose children are over, and ends those whose
    /// time is over. Any number of dispatchers may do so at once.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn reap(&self) -> Result<Reaped, Error> {
        let mut reaped = Reaped::default();
        for (query, children) in [(DECIDED, false), (ALONE, true)] {
            for task in self.found(query).await? {
                if self.wake(task, children).await? {
                    reaped.woken.push(task);
                }
            }
        }
        for task in self.found(LATE).await? {
            if self.end_late(task).await? {
                reaped.late.push(task);
            }
        }
        Ok(reaped)
    }

    async fn found(&self, query: &'static str) -> Result<Vec<TaskId>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let found = sqlx::query(query).bind(now.0).bind(REAP_MAX).fetch_all(&mut *conn).await?;
        let id = |row| Get { row, table: "tasks" }.parse("id").map_err(Error::Store);
        found.iter().map(id).collect()
    }

    /// Queues a task again. `false` where it does not wait for that any more.
    async fn wake(&self, id: TaskId, children: bool) -> Result<bool, Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        if !queue_again(&mut tx, id, children).await? {
            return Ok(false);
        }
        tx.commit(("work.wake", "work.woken")).await?;
        Ok(true)
    }

    async fn end_late(&self, id: TaskId) -> Result<bool, Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        if !stop::close(&mut tx, id, Move::Fail, "its time was over").await? {
            return Ok(false);
        }
        tx.commit(("work.late", "work.ended_late")).await?;
        Ok(true)
    }
}

async fn queue_again(tx: &mut Tx, id: TaskId, children: bool) -> Result<bool, Error> {
    let run = stop::lock_run(tx, id).await?;
    let (Some(run), Some(mut task)) = (run, task::lock(tx, id).await?) else { return Ok(false) };
    let waits = match task.waiting_for.as_deref() {
        None => false,
        Some(what) => (what == CHILDREN) == children,
    };
    if task.state != TaskState::Waiting || !waits {
        return Ok(false);
    }
    resume(tx, run, &mut task).await?;
    Ok(true)
}

/// Queues a locked task and its run again.
pub(super) async fn resume(
    tx: &mut Tx,
    (run, state): (types::RunId, RunState),
    task: &mut super::Task,
) -> Result<(), Error> {
    sqlx::query("update runs set state = $1, reason = null where id = $2")
        .bind(state.after(Move::Wake)?.as_str())
        .bind(run.to_string())
        .execute(tx.conn())
        .await?;
    task::advance(tx, task, Move::Wake, None).await?;
    tx.tell(task.news("tasks.run.queued", Some(run), None))
}
