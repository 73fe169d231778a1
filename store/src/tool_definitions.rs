//! Definitions of tools as their servers gave them, and what was decided of each. Those that are pinned in the
//! git tree need no row.

use std::sync::Arc;

use policy::AdminPermit;
use sqlx::{AnyConnection, any::AnyRow};
use tools::{Definition, DefinitionHash, TOOLS_MAX};
use types::{TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    change::Change,
    rows::{self, Get, signed},
    store::Inner,
};

types::names! {
    /// What was decided of a definition.
    State {
        /// Nothing: a server gave it, and nobody looked at it.
        Seen = "seen",
        /// It may be called.
        Approved = "approved",
        /// It may not be called, even where it is pinned.
        Rejected = "rejected",
    }
}

/// A definition that a server gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// The server's name in the tree.
    pub server: String,
    /// The definition, with the tool's own name.
    pub definition: Definition,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Whose server it is.
    pub tenant: TenantId,
    /// What was seen.
    pub sighting: Sighting,
    /// What was decided.
    pub state: State,
    /// Whether it was taken because it was the first of its tool.
    pub first_use: bool,
    /// When a gateway saw it first, by the database's clock.
    pub first_seen_at: Timestamp,
    /// When one saw it last, to the minute.
    pub last_seen_at: Timestamp,
    /// Who decided; none while nobody has.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
}

/// The most definitions of one server that wait for a decision. Beyond it the one that was not seen for the
/// longest time goes: a server that gives others at every look fills no disk.
const WAITING_MAX: usize = TOOLS_MAX;

/// The most rows that one list shows.
const LIST_MAX: i64 = 10_000;

/// How long a row's last sight may lie behind, in microseconds: not every look is a write.
const SIGHT_AGE_MAX: i64 = 60_000_000;

/// Who decided where a server's file takes what is seen first.
const FIRST_USE: &str = "first_use";

/// The table of definitions.
#[derive(Clone)]
pub struct ToolDefinitions {
    pub(crate) inner: Arc<Inner>,
}

impl Sighting {
    /// What a decision about it is bound to.
    pub fn hash(&self) -> DefinitionHash {
        self.definition.hash(&self.server)
    }
}

impl ToolDefinitions {
    /// Everything that was decided, of every tenant: what snapshots hold.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn decided(&self) -> Result<Vec<Known>, Error> {
        let query = "select * from tool_definitions where state <> 'seen' \
                     order by tenant_id, server, tool, decided_at, hash";
        sqlx::query(query).fetch_all(&self.inner.read).await?.iter().map(known).collect()
    }

    /// Every definition of a tenant, or of one of its servers: by tool, what was seen last first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn list(&self, tenant: TenantId, server: Option<&str>) -> Result<Vec<Known>, Error> {
        let rows = sqlx::query(
            "select * from tool_definitions where tenant_id = $1 and (server = $2 or $3 = 1) \
             order by server, tool, last_seen_at desc, hash limit $4",
        )
        .bind(tenant.to_string())
        .bind(server.unwrap_or_default().to_owned())
        .bind(i64::from(server.is_none()))
        .bind(LIST_MAX)
        .fetch_all(&self.inner.read)
        .await?;
        rows.iter().map(known).collect()
    }

    /// Notes what a server of a tenant gives now. What is known stays as it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn saw(&self, tenant: TenantId, sightings: &[Sighting]) -> Result<(), Error> {
        // In one order everywhere: two gateways that see the same do not wait for each other in a ring.
        let mut hashed: Vec<_> = sightings.iter().map(|seen| (seen.hash(), seen)).collect();
        hashed.sort_by(|a, b| a.0.cmp(&b.0));
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        for (hash, seen) in &hashed {
            let row = Row { tenant, seen, hash, now, state: State::Seen, first_use: false };
            row.insert(&mut tx).await?;
        }
        let mut servers: Vec<&str> = hashed.iter().map(|(_, seen)| seen.server.as_str()).collect();
        servers.sort_unstable();
        servers.dedup();
        for server in servers {
            forget(&mut tx, tenant, server).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Takes a definition if it is the first that is known of its tool. False where another one is, and then
    /// nothing was written.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_first(
        &self,
        tenant: TenantId,
        seen: &Sighting,
        record: &Record,
    ) -> Result<bool, Error> {
        let mut change = Change::begin_unpermitted(&self.inner).await?;
        let known = sqlx::query(
            "select 1 as one from tool_definitions where tenant_id = $1 and server = $2 and tool = $3 limit 1",
        )
        .bind(tenant.to_string())
        .bind(seen.server.clone())
        .bind(seen.definition.name.clone())
        .fetch_optional(change.conn())
        .await?;
        if known.is_some() {
            return Ok(false);
        }
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let (hash, state) = (seen.hash(), State::Approved);
        let row = Row { tenant, seen, hash: &hash, now, state, first_use: true };
        // Another gateway may have taken one meanwhile: the key of first uses lets one of them in.
        if row.insert(change.conn()).await? == 0 {
            return Ok(false);
        }
        change.commit(record).await?;
        Ok(true)
    }

    /// Approves or rejects a definition, whether or not a gateway saw it.
    ///
    /// # Errors
    /// [`Error::Permit`] or [`Error::Unavailable`].
    pub async fn decide(
        &self,
        permit: &AdminPermit,
        (seen, state): (&Sighting, State),
        reason: &str,
        record: &Record,
    ) -> Result<(), Error> {
        let tenant = permit.tenant();
        let mut change = Change::begin(&self.inner, permit, tenant).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let hash = seen.hash();
        let row = Row { tenant, seen, hash: &hash, now, state: State::Seen, first_use: false };
        row.insert(change.conn()).await?;
        sqlx::query(
            "update tool_definitions set state = $1, decided_by = $2, decided_at = $3, reason = $4 \
             where tenant_id = $5 and server = $6 and tool = $7 and hash = $8",
        )
        .bind(state.as_str())
        .bind(permit.actor().to_owned())
        .bind(now.0)
        .bind(rows::plain(reason))
        .bind(tenant.to_string())
        .bind(seen.server.clone())
        .bind(seen.definition.name.clone())
        .bind(hash.to_string())
        .execute(change.conn())
        .await?;
        change.commit(record).await
    }

    /// Removes definitions that nobody decided about and that no gateway has seen since `before`. Returns how
    /// many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn purge(&self, before: Timestamp) -> Result<u64, Error> {
        let gone =
            sqlx::query("delete from tool_definitions where state = 'seen' and last_seen_at < $1")
                .bind(before.0)
                .execute(&self.inner.write)
                .await?;
        Ok(gone.rows_affected())
    }
}

/// A row to be.
struct Row<'a> {
    tenant: TenantId,
    seen: &'a Sighting,
    hash: &'a DefinitionHash,
    now: Timestamp,
    state: State,
    first_use: bool,
}

impl Row<'_> {
    /// Writes it, or notes that it was seen again. Returns how many rows that changed.
    async fn insert(&self, conn: &mut AnyConnection) -> Result<u64, Error> {
        let insert = "insert into tool_definitions (tenant_id, server, tool, hash, definition, state, \
                        first_use, first_seen_at, last_seen_at, decided_by, decided_at) \
                      values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10) on conflict ";
        let again = "(tenant_id, server, tool, hash) do update set last_seen_at = excluded.last_seen_at \
                     where tool_definitions.last_seen_at < $11";
        let text = format!("{insert}{}", if self.first_use { "do nothing" } else { again });
        let mut query = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(self.tenant.to_string())
            .bind(self.seen.server.clone())
            .bind(self.seen.definition.name.clone())
            .bind(self.hash.to_string())
            .bind(rows::json(&self.seen.definition)?)
            .bind(self.state.as_str())
            .bind(self.first_use.then_some(1_i64))
            .bind(self.now.0)
            .bind(self.first_use.then(|| FIRST_USE.to_owned()))
            .bind(self.first_use.then_some(self.now.0));
        if !self.first_use {
            query = query.bind(self.now.0.saturating_sub(SIGHT_AGE_MAX));
        }
        Ok(query.execute(conn).await?.rows_affected())
    }
}

/// Removes what is beyond [`WAITING_MAX`].
async fn forget(conn: &mut AnyConnection, tenant: TenantId, server: &str) -> Result<(), Error> {
    let max = signed(u64::try_from(WAITING_MAX).unwrap_or(u64::MAX));
    sqlx::query(
        "delete from tool_definitions where tenant_id = $1 and server = $2 and state = 'seen' and hash in ( \
           select hash from ( \
             select hash, row_number() over (order by last_seen_at desc, first_seen_at desc, hash) as place \
             from tool_definitions where tenant_id = $1 and server = $2 and state = 'seen' \
           ) as counted where place > $3)",
    )
    .bind(tenant.to_string())
    .bind(server.to_owned())
    .bind(max)
    .execute(conn)
    .await?;
    Ok(())
}

fn known(row: &AnyRow) -> Result<Known, Error> {
    let get = Get { row, table: "tool_definitions" };
    let sighting = Sighting { server: get.text("server")?, definition: get.json("definition")? };
    // What was approved is what the hash says, whoever changed the row.
    if sighting.hash().as_str() != get.text("hash")? {
        return Err(Error::corrupt("tool_definitions", "a definition is not the one of its hash"));
    }
    Ok(Known {
        tenant: get.parse("tenant_id")?,
        sighting,
        state: get.parse("state")?,
        first_use: get.maybe_int("first_use")?.is_some(),
        first_seen_at: get.time("first_seen_at")?,
        last_seen_at: get.time("last_seen_at")?,
        decided_by: get.maybe_text("decided_by")?,
        decided_at: get.maybe_time("decided_at")?,
        reason: get.maybe_text("reason")?,
    })
}
