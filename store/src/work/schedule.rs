//! Messages become tasks: in each session one after the other, the next when the one before is over.

use sqlx::any::AnyRow;
use types::{
    Priority, SessionId, TaskId,
    work::{TaskKind, TaskState},
};

use super::{
    Error, Work,
    task::{self, Task},
    tx::Tx,
};
use crate::{
    Dialect,
    rows::{self, Get},
};

impl Work {
    /// Makes a task of the next message of each session that has one and works on nothing, for at most
    /// `limit` sessions: those that waited longest. Any number of schedulers may do so at once.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn schedule(&self, limit: u32) -> Result<Vec<TaskId>, Error> {
        if !self.any(READY).await? {
            return Ok(Vec::new());
        }
        let mut tx = Tx::begin(&self.inner).await?;
        let select = format!(
            "{NEXT}{}",
            match self.inner.dialect {
                Dialect::Sqlite => "",
                Dialect::Postgres => " for update of s skip locked",
            }
        );
        let found = sqlx::query(sqlx::AssertSqlSafe(select))
            .bind(i64::from(limit))
            .fetch_all(tx.conn())
            .await?;
        let now = tx.now;
        let made: Result<Vec<(Task, i64)>, Error> =
            found.iter().map(|row| made_of(row, now)).collect();
        let made = made?;
        let tasks: Vec<Task> = made.iter().map(|(task, _)| task.clone()).collect();
        insert(&mut tx, &tasks).await?;
        for (task, seq) in &made {
            take(&mut tx, task, *seq).await?;
            tx.tell(task.news("tasks.create", None, None))?;
        }
        tx.commit(("work.schedule", "work.scheduled")).await?;
        Ok(tasks.iter().map(|task| task.id).collect())
    }

    /// Whether a query finds anything. Asked of a connection that reads: whoever only looks must not keep
    /// those who write waiting.
    pub(super) async fn any(&self, query: &'static str) -> Result<bool, Error> {
        Ok(sqlx::query(query).fetch_optional(&self.inner.read).await?.is_some())
    }
}

const READY: &str =
    "select 1 from sessions where active_task is null and taken_seq < last_seq limit 1";

const NEXT: &str = "select i.*, s.agent_id from sessions s \
    join inbox i on i.session_id = s.id and i.seq = s.taken_seq + 1 \
    where s.active_task is null and s.taken_seq < s.last_seq order by s.active_at limit $1";

/// The task of a message, and the message's number.
fn made_of(row: &AnyRow, now: types::Timestamp) -> Result<(Task, i64), Error> {
    let get = Get { row, table: "inbox" };
    let session: SessionId = get.parse("session_id")?;
    let task = Task {
        id: TaskId::generate(),
        tenant: get.parse("tenant_id")?,
        agent: get.parse("agent_id")?,
        kind: TaskKind::Message,
        session: Some(session),
        parent_run: None,
        person: get.text("person")?,
        trusted: get.int("trusted")? == 1,
        input: get.json("body")?,
        state: TaskState::Created,
        reason: None,
        priority: Priority::Interactive,
        attempts: 0,
        available_at: now,
        deadline_at: None,
        limits: serde_json::json!({}),
        commit: String::new(),
        result: None,
        trace: get.maybe_json("trace")?,
        waiting_for: None,
        created_at: now,
        ended_at: None,
    };
    Ok((task, get.int("seq")?))
}

/// Notes in the session and its message that the task has it. The session is locked.
async fn take(tx: &mut Tx, task: &Task, seq: i64) -> Result<(), Error> {
    let session = task.session.map(|id| id.to_string());
    sqlx::query("update sessions set taken_seq = $1, active_task = $2 where id = $3")
        .bind(seq)
        .bind(task.id.to_string())
        .bind(session.clone())
        .execute(tx.conn())
        .await?;
    let row = sqlx::query(
        "update inbox set task_id = $1 where session_id = $2 and seq = $3 returning event_no",
    )
    .bind(task.id.to_string())
    .bind(session.clone())
    .bind(seq)
    .fetch_one(tx.conn())
    .await?;
    let event = Get { row: &row, table: "inbox" }.int("event_no")?;
    sqlx::query("update transcript set task_id = $1 where session_id = $2 and event_no = $3")
        .bind(task.id.to_string())
        .bind(session)
        .bind(event)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes new tasks.
pub(super) async fn insert(tx: &mut Tx, tasks: &[Task]) -> Result<(), Error> {
    let head = "insert into tasks (id, tenant_id, agent_id, kind, session_id, person, trusted, \
         input, state, priority, attempts, available_at, deadline_at, limits, policy_commit, \
         trace, created_at)";
    rows::insert(tx.conn(), head, "", tasks, |row, task| {
        row.item(task.id.to_string())?;
        row.item(task.tenant.to_string())?;
        row.item(task.agent.to_string())?;
        row.item(task.kind.as_str())?;
        row.item(task.session.map(|id| id.to_string()))?;
        row.item(task.person.clone())?;
        row.item(i64::from(task.trusted))?;
        row.item(rows::json(&task.input)?)?;
        row.item(task.state.as_str())?;
        row.item(task::rank(task.priority))?;
        row.item(task.attempts)?;
        row.item(task.available_at.0)?;
        row.item(task.deadline_at.map(|at| at.0))?;
        row.item(rows::json(&task.limits)?)?;
        row.item(task.commit.clone())?;
        row.item(task.trace.as_ref().map(rows::json).transpose()?)?;
        row.item(task.created_at.0)?;
        Ok(())
    })
    .await?;
    Ok(())
}
