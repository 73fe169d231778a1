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
use crate::{
    Dialect,
    rows::{Get, Statement},
};

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
        for _ in 0..PAGES_MAX {
            let left = room.left(begun.len());
            if left == 0 {
                break;
            }
            let found = due(&mut tx, tenant, (&room.full(), left)).await?;
            let is_last = i64::try_from(found.len()).is_ok_and(|count| count < left);
            for mut task in found {
                if room.take(task.agent) {
                    begun.push(queue(&mut tx, &mut task).await?);
                }
            }
            if is_last {
                break;
            }
        }
        if !begun.is_empty() {
            tx.commit(("work.dispatch", "work.dispatched")).await?;
        }
        Ok(begun)
    }
}

/// How often one call looks further: each time an agent had more tasks than room.
const PAGES_MAX: usize = 16;

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

    /// How many more the call takes that has begun so many.
    fn left(&self, begun: usize) -> i64 {
        let begun = i64::try_from(begun).unwrap_or(i64::MAX);
        i64::from(self.quotas.batch_max).saturating_sub(begun).min(self.tenant).max(0)
    }

    /// Agents without room: their tasks are not even looked at, so that however many wait keep no other agent's
    /// waiting.
    fn full(&self) -> Vec<String> {
        let running = |agent: &str| self.agents.get(agent).copied().unwrap_or_default();
        let named = self.quotas.agents.keys().map(AgentId::to_string);
        let mut known: Vec<String> = self.agents.keys().cloned().chain(named).collect();
        known.sort_unstable();
        known.dedup();
        known.retain(|agent| running(agent) >= self.own(agent.parse().ok()));
        known
    }

    fn own(&self, agent: Option<AgentId>) -> i64 {
        let own = agent.and_then(|agent| self.quotas.agents.get(&agent)).copied();
        i64::from(own.unwrap_or(self.quotas.per_agent_max))
    }

    fn take(&mut self, agent: AgentId) -> bool {
        let own = self.own(Some(agent));
        let running = self.agents.entry(agent.to_string()).or_default();
        if self.tenant <= 0 || *running >= own {
            return false;
        }
        *running += 1;
        self.tenant -= 1;
        true
    }
}

/// Tasks whose time has come, locked; none of the agents that are full.
async fn due(
    tx: &mut Tx,
    tenant: TenantId,
    (full, limit): (&[String], i64),
) -> Result<Vec<Task>, Error> {
    let (now, lock) = (tx.now.0, tx.inner.dialect.for_update_skip_locked());
    let head = "select * from tasks where state = 'permitted' and tenant_id = ";
    let mut query = Statement::new(tx.conn(), head);
    query.bind(tenant.to_string())?.push(" and available_at <= ").bind(now)?;
    if !full.is_empty() {
        query.push(" and agent_id not in ").open();
        for agent in full {
            query.item(agent.clone())?;
        }
        query.close();
    }
    query.push(" order by priority, id limit ").bind(limit)?.push(lock);
    let rows = query.fetch(tx.conn()).await?;
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
