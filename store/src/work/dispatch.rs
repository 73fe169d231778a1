//! Permitted tasks get their place among what runs, as far as quotas have room.

use std::collections::HashMap;

use sqlx::Row as _;
use types::{
    AgentId, RunId, TenantId,
    work::{Move, RunState},
};

use super::{
    Error, Work,
    task::{self, Task},
    tx::Tx,
};
use crate::{Dialect, rows::Get};

/// How much may run at once. What waits for people has no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas {
    /// Runs of a tenant that wait for a worker or have one.
    pub per_tenant_max: u32,
    /// The same, of one agent.
    pub per_agent_max: u32,
    /// The same, of agents that say so themselves.
    pub agents: HashMap<AgentId, u32>,
    /// How many tasks one call takes.
    pub batch_max: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { per_tenant_max: 1000, per_agent_max: 1000, agents: HashMap::new(), batch_max: 256 }
    }
}

impl Work {
    /// Puts permitted tasks into the queue whose time has come: the most urgent first, then the oldest, as
    /// far as quotas have room. A task that was tried before goes on with its run. Any number of dispatchers
    /// may do so at once.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn dispatch(&self, quotas: &Quotas) -> Result<Vec<RunId>, Error> {
        let tenants = sqlx::query("select distinct tenant_id from tasks where state = 'permitted'")
            .fetch_all(&self.inner.read)
            .await?;
        let mut begun = Vec::new();
        for row in &tenants {
            let tenant: TenantId = Get { row, table: "tasks" }.parse("tenant_id")?;
            begun.extend(self.dispatch_tenant(tenant, quotas).await?);
        }
        Ok(begun)
    }

    async fn dispatch_tenant(
        &self,
        tenant: TenantId,
        quotas: &Quotas,
    ) -> Result<Vec<RunId>, Error> {
        let mut tx = Tx::begin(&self.inner).await?;
        lock_tenant(&mut tx, tenant).await?;
        let mut room = Room::count(&mut tx, tenant, quotas).await?;
        let mut begun = Vec::new();
        for mut task in due(&mut tx, tenant, quotas.batch_max).await? {
            if room.take(task.agent) {
                begun.push(queue(&mut tx, &mut task).await?);
            }
        }
        if !begun.is_empty() {
            tx.commit(("work.dispatch", "work.dispatched")).await?;
        }
        Ok(begun)
    }
}

/// Lets one dispatcher count a tenant's runs at a time. Not `for update`: whoever writes a row that refers to
/// the tenant would wait as well.
async fn lock_tenant(tx: &mut Tx, tenant: TenantId) -> Result<(), Error> {
    if tx.inner.dialect == Dialect::Postgres {
        sqlx::query("select 1 from tenants where tenant_id = $1 for no key update")
            .bind(tenant.to_string())
            .fetch_optional(tx.conn())
            .await?;
    }
    Ok(())
}

/// How many more runs may begin.
struct Room<'q> {
    tenant: i64,
    agents: HashMap<String, i64>,
    quotas: &'q Quotas,
}

impl<'q> Room<'q> {
    async fn count(tx: &mut Tx, tenant: TenantId, quotas: &'q Quotas) -> Result<Self, Error> {
        let rows = sqlx::query(
            "select agent_id, cast(count(*) as bigint) as runs from runs \
             where tenant_id = $1 and state in ('queued', 'running') group by agent_id",
        )
        .bind(tenant.to_string())
        .fetch_all(tx.conn())
        .await?;
        let mut agents = HashMap::new();
        for row in &rows {
            agents.insert(row.try_get("agent_id")?, row.try_get("runs")?);
        }
        let all: i64 = agents.values().sum();
        let tenant = i64::from(quotas.per_tenant_max) - all;
        Ok(Self { tenant, agents, quotas })
    }

    fn take(&mut self, agent: AgentId) -> bool {
        let own = self.quotas.agents.get(&agent).copied().unwrap_or(self.quotas.per_agent_max);
        let running = self.agents.entry(agent.to_string()).or_default();
        if self.tenant <= 0 || *running >= i64::from(own) {
            return false;
        }
        *running += 1;
        self.tenant -= 1;
        true
    }
}

/// Tasks whose time has come, locked.
async fn due(tx: &mut Tx, tenant: TenantId, limit: u32) -> Result<Vec<Task>, Error> {
    let select = format!(
        "select * from tasks where tenant_id = $1 and state = 'permitted' and available_at <= $2 \
         order by priority, id limit $3{}",
        tx.inner.dialect.for_update_skip_locked()
    );
    let now = tx.now.0;
    let rows = sqlx::query(sqlx::AssertSqlSafe(select))
        .bind(tenant.to_string())
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(tx.conn())
        .await?;
    rows.iter().map(task::read).collect()
}

/// Puts a task into the queue: with a new run, or with the one that it has.
async fn queue(tx: &mut Tx, task: &mut Task) -> Result<RunId, Error> {
    task.attempts += 1;
    task::advance(tx, task, Move::Queue, None).await?;
    let known = sqlx::query("select id, state from runs where task_id = $1")
        .bind(task.id.to_string())
        .fetch_optional(tx.conn())
        .await?;
    let run = match known {
        None => begin(tx, task).await?,
        Some(row) => {
            let get = Get { row: &row, table: "runs" };
            let state: RunState = get.parse("state")?;
            let run: RunId = get.parse("id")?;
            sqlx::query("update runs set state = $1, reason = null where id = $2")
                .bind(state.after(Move::Wake)?.as_str())
                .bind(run.to_string())
                .execute(tx.conn())
                .await?;
            run
        }
    };
    tx.tell(task.news("tasks.run.queued", Some(run), None))?;
    Ok(run)
}

async fn begin(tx: &mut Tx, task: &Task) -> Result<RunId, Error> {
    let (run, now) = (RunId::generate(), tx.now.0);
    sqlx::query(
        "insert into runs (id, tenant_id, task_id, agent_id, state, priority, policy_commit, \
           lease_owner, lease_epoch, lease_until, losses, created_at, cost, input_tokens, \
           output_tokens, tool_calls) \
         values ($1, $2, $3, $4, $5, $6, $7, '', 0, 0, 0, $8, 0, 0, 0, 0)",
    )
    .bind(run.to_string())
    .bind(task.tenant.to_string())
    .bind(task.id.to_string())
    .bind(task.agent.to_string())
    .bind(RunState::Queued.as_str())
    .bind(task::rank(task.priority))
    .bind(task.commit.clone())
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(run)
}
