//! Tasks that no message asked for: a run's, a schedule's.

use types::{
    AgentId, Payload, Priority, RunId, TaskId, TenantId, Timestamp, Trace,
    work::{TaskKind, TaskState},
};

use super::{
    Claim, Error, Task, Work, schedule, task,
    tx::{self, Tx},
};
use crate::rows::Get;

/// A task that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Whose the agent is.
    pub tenant: TenantId,
    /// Who is to do it.
    pub agent: AgentId,
    /// On whose behalf it is done; empty where nobody's.
    pub person: String,
    /// Whether that is somebody whose words may be followed.
    pub trusted: bool,
    /// What is to be done.
    pub input: Payload,
    /// How urgent it is.
    pub priority: Priority,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
}

/// How far a schedule has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurred {
    /// The database's clock: all who claim times go by it.
    pub now: Timestamp,
    /// The last time that was claimed.
    pub last: Option<Timestamp>,
    /// Whether any of its tasks is not over: one that must not overlap waits for those.
    pub open: bool,
}

impl Work {
    /// Makes a task that a run's step asks for; asked again, it is the one that was made. It ends with the
    /// run at the latest.
    ///
    /// # Errors
    /// [`Error::Lost`]; [`Error::Missing`] where there is no such agent in the claim's tenant;
    /// [`Error::TooLong`] or [`Error::Store`].
    pub async fn spawn(&self, claim: &Claim, step: u32, new: &NewTask) -> Result<TaskId, Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        claim.hold(&mut tx).await?;
        let known = sqlx::query("select id from tasks where parent_run = $1 and parent_step = $2")
            .bind(claim.run.to_string())
            .bind(i64::from(step))
            .fetch_optional(tx.conn())
            .await?;
        if let Some(row) = known {
            return Ok(Get { row: &row, table: "tasks" }.parse("id")?);
        }
        if new.tenant != claim.tenant {
            return Err(Error::missing("agent", new.agent));
        }
        let task = write(&mut tx, TaskKind::Subagent, new, Some((claim.run, step))).await?;
        tx.commit(("work.spawn", "work.spawned")).await?;
        Ok(task)
    }

    /// The tasks that a run asked for, in the order in which it did.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn children(&self, tenant: TenantId, run: RunId) -> Result<Vec<Task>, Error> {
        let found = sqlx::query(
            "select * from tasks where parent_run = $1 and tenant_id = $2 \
             order by parent_step limit 10000",
        )
        .bind(run.to_string())
        .bind(tenant.to_string())
        .fetch_all(&self.inner.read)
        .await?;
        found.iter().map(task::read).collect()
    }

    /// Claims a time at which a schedule was due, and makes its task: of any number of callers one gets
    /// `true`. Nobody gets a time that has not come, by the clock of the database. Without a task the time is passed over, as a schedule's policy for missed times may want.
    ///
    /// # Errors
    /// [`Error::Missing`] where there is no such agent; [`Error::TooLong`] or [`Error::Store`].
    pub async fn occur(
        &self,
        tenant: TenantId,
        (schedule, due_at): (&str, Timestamp),
        new: Option<&NewTask>,
    ) -> Result<bool, Error> {
        super::error::bounded("name of the schedule", schedule.len(), 256)?;
        let mut tx = Tx::begin(&self.inner).await?;
        let now = tx.now.0;
        if due_at > tx.now {
            return Ok(false);
        }
        let claimed = sqlx::query(
            "insert into occurrences (tenant_id, schedule_id, due_at, claimed_at) \
             values ($1, $2, $3, $4) on conflict (tenant_id, schedule_id, due_at) do nothing",
        )
        .bind(tenant.to_string())
        .bind(schedule.to_owned())
        .bind(due_at.0)
        .bind(now)
        .execute(tx.conn())
        .await?;
        if claimed.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(new) = new.filter(|new| new.tenant == tenant) {
            let task = write(&mut tx, TaskKind::Schedule, new, None).await?;
            sqlx::query(
                "update occurrences set task_id = $1 \
                 where tenant_id = $2 and schedule_id = $3 and due_at = $4",
            )
            .bind(task.to_string())
            .bind(tenant.to_string())
            .bind(schedule.to_owned())
            .bind(due_at.0)
            .execute(tx.conn())
            .await?;
        }
        tx.commit(("work.occur", "work.occurred")).await?;
        Ok(true)
    }

    /// How far a schedule has come.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn occurred(&self, tenant: TenantId, schedule: &str) -> Result<Occurred, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        // A time that has not come was claimed by a clock that was ahead. SQLite looks at the tables of a cross join in
        // this order: few tasks are open, and a schedule has all times that it ever had.
        let row = sqlx::query(
            "select (select max(due_at) from occurrences \
                 where tenant_id = $1 and schedule_id = $2 and due_at <= $3) as due_at, \
               (select count(*) from (select 1 from tasks t cross join occurrences o \
                 where t.kind = 'schedule' and t.ended_at is null and o.task_id = t.id \
                   and o.tenant_id = $1 and o.schedule_id = $2 limit 1) as found) as open",
        )
        .bind(tenant.to_string())
        .bind(schedule.to_owned())
        .bind(now.0)
        .fetch_one(&mut *conn)
        .await?;
        let get = Get { row: &row, table: "occurrences" };
        Ok(Occurred { now, last: get.maybe_time("due_at")?, open: get.int("open")? > 0 })
    }
}

async fn write(
    tx: &mut Tx,
    kind: TaskKind,
    new: &NewTask,
    parent: Option<(RunId, u32)>,
) -> Result<TaskId, Error> {
    tx::payload("input", &new.input)?;
    tx.name(new.tenant, &new.input).await?;
    let agent = sqlx::query("select 1 from agents where id = $1 and tenant_id = $2")
        .bind(new.agent.to_string())
        .bind(new.tenant.to_string())
        .fetch_optional(tx.conn())
        .await?;
    if agent.is_none() {
        return Err(Error::missing("agent", new.agent));
    }
    let task = Task {
        id: TaskId::generate(),
        tenant: new.tenant,
        agent: new.agent,
        kind,
        session: None,
        parent_run: parent.map(|(run, _)| run),
        person: crate::rows::plain(&new.person),
        trusted: new.trusted,
        input: new.input.clone(),
        state: TaskState::Created,
        reason: None,
        priority: new.priority,
        attempts: 0,
        available_at: tx.now,
        deadline_at: None,
        limits: serde_json::json!({}),
        commit: String::new(),
        result: None,
        trace: new.trace.clone(),
        waiting_for: None,
        created_at: tx.now,
        ended_at: None,
    };
    schedule::insert(tx, std::slice::from_ref(&task)).await?;
    if let Some((run, step)) = parent {
        sqlx::query("update tasks set parent_run = $1, parent_step = $2 where id = $3")
            .bind(run.to_string())
            .bind(i64::from(step))
            .bind(task.id.to_string())
            .execute(tx.conn())
            .await?;
    }
    tx.tell(task.news("tasks.create", None, None))?;
    Ok(task.id)
}
