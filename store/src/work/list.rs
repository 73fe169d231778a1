//! What there is: sessions, tasks, and how far a task's run is.

use sqlx::{AnyConnection, any::AnyRow};
use types::{
    AgentId, GrantId, RunId, SessionId, TaskId, TenantId, Timestamp,
    work::{RunState, TaskState},
};

use super::{Error, Session, Step, Task, Usage, Work, session, step, task};
use crate::rows::{Get, Statement};

/// Which tasks to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that stand there.
    pub state: Option<TaskState>,
    /// Of this agent only.
    pub agent: Option<AgentId>,
    /// Of this session only.
    pub session: Option<SessionId>,
}

/// How far a task's run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// The worker that has it, or had it last; empty where none did.
    pub owner: String,
    /// How often it was taken.
    pub epoch: i64,
    /// Until when its worker has it.
    pub lease_until: Timestamp,
    /// When it was first taken.
    pub started_at: Option<Timestamp>,
    /// What it used so far.
    pub used: Usage,
    /// The capability grant that it calls with, once it has one.
    pub grant: Option<GrantId>,
    /// Its journal, in order.
    pub steps: Vec<Step>,
}

/// The most rows that one list shows.
const LIST_MAX: u32 = 1000;

impl Work {
    /// The sessions of a tenant, those first in which something happened last; at most 1,000.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn sessions(&self, tenant: TenantId, limit: u32) -> Result<Vec<Session>, Error> {
        let found = sqlx::query(
            "select * from sessions where tenant_id = $1 order by active_at desc, id limit $2",
        )
        .bind(tenant.to_string())
        .bind(i64::from(limit.min(LIST_MAX)))
        .fetch_all(&self.inner.read)
        .await?;
        found.iter().map(session::read).collect()
    }

    /// The tasks of a tenant that match, newest first; at most 1,000.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn tasks(
        &self,
        tenant: TenantId,
        filter: &Filter,
        limit: u32,
    ) -> Result<Vec<Task>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let mut query = Statement::new(&conn, "select * from tasks where tenant_id = ");
        query.bind(tenant.to_string())?;
        if let Some(state) = filter.state {
            query.push(" and state = ").bind(state.as_str())?;
        }
        if let Some(agent) = filter.agent {
            query.push(" and agent_id = ").bind(agent.to_string())?;
        }
        if let Some(session) = filter.session {
            query.push(" and session_id = ").bind(session.to_string())?;
        }
        query.push(" order by created_at desc, id desc limit ");
        query.bind(i64::from(limit.min(LIST_MAX)))?;
        let found = query.fetch(&mut conn).await?;
        found.iter().map(task::read).collect()
    }

    /// The run of a task, where it has one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn run_of(&self, tenant: TenantId, task: TaskId) -> Result<Option<Run>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let row = sqlx::query("select * from runs where task_id = $1 and tenant_id = $2")
            .bind(task.to_string())
            .bind(tenant.to_string())
            .fetch_optional(&mut *conn)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut run = read(&row)?;
        run.steps = step::journal(&mut conn, run.id).await?;
        run.grant = grant(&mut conn, &run).await?;
        Ok(Some(run))
    }
}

fn read(row: &AnyRow) -> Result<Run, Error> {
    let get = Get { row, table: "runs" };
    Ok(Run {
        id: get.parse("id")?,
        state: get.parse("state")?,
        owner: get.text("lease_owner")?,
        epoch: get.int("lease_epoch")?,
        lease_until: get.time("lease_until")?,
        started_at: get.maybe_time("started_at")?,
        used: used(&get)?,
        grant: None,
        steps: Vec::new(),
    })
}

/// The grant that a run has, or had last.
async fn grant(conn: &mut AnyConnection, run: &Run) -> Result<Option<GrantId>, Error> {
    let row = sqlx::query("select id from grants where run = $1 order by id desc limit 1")
        .bind(run.id.to_string())
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| Get { row: &row, table: "grants" }.parse("id")).transpose()?)
}

/// What a run used, from its row.
pub(super) fn used(get: &Get<'_>) -> Result<Usage, Error> {
    Ok(Usage {
        cost: get.nanos("cost")?,
        input_tokens: get.count("input_tokens")?,
        output_tokens: get.count("output_tokens")?,
        tool_calls: get.count("tool_calls")?,
    })
}
