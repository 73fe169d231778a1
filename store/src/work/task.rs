//! Tasks: one piece of work each.

use serde_json::{Value, json};
use sqlx::{AnyConnection, any::AnyRow};
use types::{
    AgentId, Correlation, Payload, Priority, RunId, SessionId, TaskId, TenantId, Timestamp, Trace,
    work::{Move, TaskKind, TaskState},
};

use super::{
    Error, Work,
    tx::{News, Tx},
};
use crate::rows::Get;

/// One piece of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Who is to do it.
    pub agent: AgentId,
    /// What it came from.
    pub kind: TaskKind,
    /// The conversation that it belongs to.
    pub session: Option<SessionId>,
    /// The run that asked for it.
    pub parent_run: Option<RunId>,
    /// On whose behalf it is done; empty where nobody's.
    pub person: String,
    /// Whether that is somebody whose words may be followed.
    pub trusted: bool,
    /// What is to be done.
    pub input: Payload,
    /// Where it stands.
    pub state: TaskState,
    /// Why it was denied, failed, stopped or waits.
    pub reason: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// How often it was put into the queue since a person last asked for it.
    pub attempts: i64,
    /// From when on it may be put into the queue.
    pub available_at: Timestamp,
    /// When it fails by itself.
    pub deadline_at: Option<Timestamp>,
    /// What its run may use, as policy's evaluator wrote it.
    pub limits: Value,
    /// The commit whose policies permitted it.
    pub commit: String,
    /// What came of it.
    pub result: Option<Payload>,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
    /// The approval or `children` that it waits for; none where people must say themselves.
    pub waiting_for: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
}

impl Work {
    /// A task of a tenant.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn task(&self, tenant: TenantId, task: TaskId) -> Result<Option<Task>, Error> {
        let row = sqlx::query("select * from tasks where id = $1 and tenant_id = $2")
            .bind(task.to_string())
            .bind(tenant.to_string())
            .fetch_optional(&self.inner.read)
            .await?;
        row.as_ref().map(read).transpose()
    }
}

/// Reads a task.
pub(super) async fn find(conn: &mut AnyConnection, task: TaskId) -> Result<Option<Task>, Error> {
    let row = sqlx::query("select * from tasks where id = $1")
        .bind(task.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Reads a task and locks it until the transaction ends. Of a run and its task, the run is locked first.
pub(super) async fn lock(tx: &mut Tx, task: TaskId) -> Result<Option<Task>, Error> {
    let select = format!("select * from tasks where id = $1{}", tx.inner.dialect.for_update());
    let row = sqlx::query(sqlx::AssertSqlSafe(select))
        .bind(task.to_string())
        .fetch_optional(tx.conn())
        .await?;
    row.as_ref().map(read).transpose()
}

/// Moves a locked task along its table and writes where it stands. A task that is over lets its session
/// go on.
pub(super) async fn advance(
    tx: &mut Tx,
    task: &mut Task,
    step: Move,
    reason: Option<&str>,
) -> Result<(), Error> {
    task.state = task.state.after(step)?;
    task.reason = reason.map(crate::rows::plain);
    task.ended_at = task.state.is_over().then_some(tx.now);
    if task.state != TaskState::Waiting {
        task.waiting_for = None;
    }
    sqlx::query(
        "update tasks set state = $1, reason = $2, ended_at = $3, waiting_for = $4, attempts = $5, \
           available_at = $6 \
         where id = $7",
    )
    .bind(task.state.as_str())
    .bind(task.reason.clone())
    .bind(task.ended_at.map(|at| at.0))
    .bind(task.waiting_for.clone())
    .bind(task.attempts)
    .bind(task.available_at.0)
    .bind(task.id.to_string())
    .execute(tx.conn())
    .await?;
    if let (true, Some(session)) = (task.state.is_over(), task.session) {
        sqlx::query("update sessions set active_task = null where id = $1 and active_task = $2")
            .bind(session.to_string())
            .bind(task.id.to_string())
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

impl Task {
    /// News of this task.
    pub(super) fn news(&self, subject: &str, run: Option<RunId>, step: Option<u32>) -> News {
        News {
            subject: subject.to_owned(),
            tenant: self.tenant,
            correlation: Correlation {
                session: self.session.map(|id| id.to_string()),
                task: Some(self.id.to_string()),
                run: run.map(|id| id.to_string()),
                step: step.map(|no| no.to_string()),
                parent: self.parent_run.map(|id| id.to_string()),
            },
            priority: self.priority,
            trace: self.trace.clone(),
            body: json!({ "state": self.state, "agent": self.agent }),
        }
    }
}

/// A priority as its rows have it: the lowest number goes first.
pub(super) const fn rank(priority: Priority) -> i64 {
    match priority {
        Priority::Interactive => 0,
        Priority::Batch => 1,
        Priority::System => 2,
    }
}

pub(super) fn read(row: &AnyRow) -> Result<Task, Error> {
    let get = Get { row, table: "tasks" };
    let priority = match get.int("priority")? {
        0 => Priority::Interactive,
        1 => Priority::Batch,
        _ => Priority::System,
    };
    Ok(Task {
        id: get.parse("id")?,
        tenant: get.parse("tenant_id")?,
        agent: get.parse("agent_id")?,
        kind: get.parse("kind")?,
        session: get.maybe("session_id")?,
        parent_run: get.maybe("parent_run")?,
        person: get.text("person")?,
        trusted: get.int("trusted")? == 1,
        input: get.json("input")?,
        state: get.parse("state")?,
        reason: get.maybe_text("reason")?,
        priority,
        attempts: get.int("attempts")?,
        available_at: get.time("available_at")?,
        deadline_at: get.maybe_time("deadline_at")?,
        limits: get.json("limits")?,
        commit: get.text("policy_commit")?,
        result: get.maybe_json("result")?,
        trace: get.maybe_json("trace")?,
        waiting_for: get.maybe_text("waiting_for")?,
        created_at: get.time("created_at")?,
        ended_at: get.maybe_time("ended_at")?,
    })
}
