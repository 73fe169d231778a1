//! Where a task comes from: what a message or a schedule began, and who has given what to whom since.

use serde_json::Value;
use types::{AgentId, SessionId, TaskId};

use super::{Claim, Error, Task, Work, task};
use crate::rows::Get;

/// Where a task comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The session in which all of it is done: what is seen there counts for every task of it. A task that no
    /// message began has one of its own.
    pub session: SessionId,
    /// How often the work was given to another agent: 0 for what a message or a schedule began.
    pub depth: u32,
    /// Who gave it.
    pub parent: Option<Parent>,
}

/// The task that another one is a part of.
#[derive(Debug, Clone, PartialEq)]
pub struct Parent {
    /// Whose it is.
    pub agent: AgentId,
    /// What its run may use.
    pub limits: Value,
}

/// From a task up to what began it. The bound ends what no table can have.
const UP: &str = "with recursive up (id, session_id, agent_id, limits, parent_run, depth) as ( \
      select id, session_id, agent_id, limits, parent_run, cast(0 as bigint) from tasks \
      where id = $1 and tenant_id = $2 \
    union all \
      select t.id, t.session_id, t.agent_id, t.limits, t.parent_run, up.depth + 1 \
      from up join runs r on r.id = up.parent_run join tasks t on t.id = r.task_id \
      where up.depth < 64 \
    ) select * from up order by depth";

impl Work {
    /// Where a task comes from.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn origin(&self, task: &Task) -> Result<Origin, Error> {
        let own = |id: TaskId| {
            let (ms, random) = id.parts();
            SessionId::from_parts(ms, random)
        };
        if task.parent_run.is_none() {
            let session = task.session.unwrap_or_else(|| own(task.id));
            return Ok(Origin { session, depth: 0, parent: None });
        }
        let rows = sqlx::query(UP)
            .bind(task.id.to_string())
            .bind(task.tenant.to_string())
            .fetch_all(&self.inner.read)
            .await?;
        let root = rows.last().ok_or_else(|| Error::missing("task", task.id))?;
        let get = Get { row: root, table: "tasks" };
        let session = match get.maybe("session_id")? {
            Some(session) => session,
            None => own(get.parse("id")?),
        };
        let parent = match rows.get(1) {
            Some(row) => {
                let get = Get { row, table: "tasks" };
                Some(Parent { agent: get.parse("agent_id")?, limits: get.json("limits")? })
            }
            None => None,
        };
        let depth = u32::try_from(rows.len().saturating_sub(1)).unwrap_or(u32::MAX);
        Ok(Origin { session, depth, parent })
    }

    /// The task that a step of a run asked for, if it did.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn child(&self, claim: &Claim, step: u32) -> Result<Option<Task>, Error> {
        let row = sqlx::query(
            "select * from tasks where parent_run = $1 and parent_step = $2 and tenant_id = $3",
        )
        .bind(claim.run.to_string())
        .bind(i64::from(step))
        .bind(claim.tenant.to_string())
        .fetch_optional(&self.inner.read)
        .await?;
        row.as_ref().map(task::read).transpose()
    }
}
