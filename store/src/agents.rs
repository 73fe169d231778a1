//! Agents: the principals of model calls.

use std::sync::Arc;

use policy::{AdminPermit, AgentKind};
use sqlx::{AnyConnection, any::AnyRow};
use types::{AgentId, TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    change::Change,
    error::is_taken,
    rows::{self, Get},
    store::Inner,
};

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its name, unique in the tenant.
    pub name: String,
    /// Its entity type in policies.
    pub kind: AgentKind,
    /// Groups and capabilities.
    pub groups: Vec<String>,
    /// Who answers for it; may be empty.
    pub owner: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when its keys are refused.
    pub disabled_at: Option<Timestamp>,
}

/// The table of agents.
#[derive(Clone)]
pub struct Agents {
    pub(crate) inner: Arc<Inner>,
}

impl Agents {
    /// Every agent of every tenant, disabled ones included.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load_all(&self) -> Result<Vec<Agent>, Error> {
        let rows =
            sqlx::query("select * from agents order by id").fetch_all(&self.inner.read).await?;
        rows.iter().map(read).collect()
    }

    /// The agent of that name.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn by_name(&self, tenant: TenantId, name: &str) -> Result<Agent, Error> {
        let row = sqlx::query("select * from agents where tenant_id = $1 and name = $2")
            .bind(tenant.to_string())
            .bind(name.to_owned())
            .fetch_optional(&self.inner.read)
            .await?;
        row.as_ref().map_or_else(|| Err(missing(name)), read)
    }

    /// Adds an agent.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn add(
        &self,
        permit: &AdminPermit,
        agent: &Agent,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, agent.tenant).await?;
        insert(change.conn(), agent).await?;
        change.commit(record).await
    }

    /// Gives an agent that the git tree defines its row, so that it has an id and can have keys.
    /// Needs no permit because the tree is the authority for it. Where a row of that name exists
    /// nothing changes, nothing is audited, and that row is returned.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn adopt(&self, agent: &Agent, record: &Record) -> Result<Agent, Error> {
        match self.by_name(agent.tenant, &agent.name).await {
            Err(Error::Missing { .. }) => {}
            found => return found,
        }
        let mut change = Change::begin_unpermitted(&self.inner).await?;
        match insert(change.conn(), agent).await {
            Ok(()) => change.commit(record).await?,
            // Another process adopted it in between.
            Err(Error::Exists { .. }) => drop(change),
            Err(error) => return Err(error),
        }
        self.by_name(agent.tenant, &agent.name).await
    }

    /// Disables an agent at the database's present time: its keys are refused from the next
    /// snapshot on.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn disable(
        &self,
        permit: &AdminPermit,
        agent: AgentId,
        record: &Record,
    ) -> Result<(), Error> {
        let mut change = Change::begin(&self.inner, permit, permit.tenant()).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let done = sqlx::query(
            "update agents set disabled_at = coalesce(disabled_at, $1) \
             where id = $2 and tenant_id = $3",
        )
        .bind(now.0)
        .bind(agent.to_string())
        .bind(permit.tenant().to_string())
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(missing(&agent.to_string()));
        }
        change.commit(record).await
    }
}

pub(crate) async fn insert(conn: &mut AnyConnection, agent: &Agent) -> Result<(), Error> {
    sqlx::query(
        "insert into agents (id, tenant_id, name, kind, groups, owner, created_at, disabled_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(agent.id.to_string())
    .bind(agent.tenant.to_string())
    .bind(agent.name.clone())
    .bind(kind_name(agent.kind))
    .bind(rows::json(&agent.groups)?)
    .bind(agent.owner.clone())
    .bind(agent.created_at.0)
    .bind(agent.disabled_at.map(|at| at.0))
    .execute(conn)
    .await
    .map_err(|error| {
        if is_taken(&error) {
            Error::Exists { noun: "agent", name: agent.name.clone() }
        } else {
            error.into()
        }
    })?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Agent, Error> {
    let get = Get { row, table: "agents" };
    Ok(Agent {
        id: get.parse("id")?,
        tenant: get.parse("tenant_id")?,
        name: get.text("name")?,
        kind: if get.text("kind")? == kind_name(AgentKind::System) {
            AgentKind::System
        } else {
            AgentKind::User
        },
        groups: get.json("groups")?,
        owner: get.text("owner")?,
        created_at: get.time("created_at")?,
        disabled_at: get.maybe_time("disabled_at")?,
    })
}

const fn kind_name(kind: AgentKind) -> &'static str {
    match kind {
        AgentKind::User => "user",
        AgentKind::System => "system",
    }
}

fn missing(name: &str) -> Error {
    Error::Missing { noun: "agent", name: name.to_owned() }
}
