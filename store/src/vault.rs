//! What the tokens of sessions stand for: values that were redacted, encrypted, each for its time.

use std::sync::Arc;

use types::{AgentId, SessionId, TenantId, Timestamp};

mod seal;

use seal::Keys;
pub use seal::{MasterKey, Sealed};

use crate::{
    Error,
    rows::{Get, Statement, chunks},
    store::Inner,
};

/// How many rows one call removes.
const PURGE_MAX: i64 = 10_000;

/// The most entries of one session that are loaded: the newest.
pub const SESSION_ENTRIES_MAX: i64 = 100_000;

/// Whose tokens they are: a session of an agent. Another agent that names the same session has a map
/// of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The tenant.
    pub tenant: TenantId,
    /// The agent.
    pub agent: AgentId,
    /// The session.
    pub session: SessionId,
}

impl Owner {
    fn name(&self) -> String {
        let Self { tenant, agent, session } = self;
        format!("{tenant}/{agent}/{session}")
    }
}

/// A token and what it stands for. Its text is for a request alone: it has no `Debug`.
pub struct Entry {
    /// The name of its kind.
    pub kind: String,
    /// The token, with its brackets.
    pub token: String,
    /// The value.
    pub value: String,
}

/// The entries of one session.
pub struct Entries {
    /// Those that could be opened.
    pub entries: Vec<Entry>,
    /// How many could not: another key sealed them, or somebody changed them.
    pub broken: usize,
    /// When the first of them is over, by the database's clock.
    pub until: Option<Timestamp>,
    /// The database's clock.
    pub now: Timestamp,
}

/// The table of tokens.
#[derive(Clone)]
pub struct Vault {
    pub(crate) inner: Arc<Inner>,
    pub(crate) master: MasterKey,
}

impl Vault {
    /// All entries of a session that are not over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn load(&self, of: &Owner) -> Result<Entries, Error> {
        let keys = Keys::of(&self.master, of.tenant)?;
        let mut conn = self.inner.read.acquire().await?;
        let now = crate::store::now(&mut conn, self.inner.dialect).await?;
        let rows = sqlx::query(
            "select kind, token, sealed, expires_at from dlp_tokens \
             where tenant_id = $1 and session_id = $2 and agent_id = $3 and expires_at > $4 \
             order by expires_at desc limit $5",
        )
        .bind(of.tenant.to_string())
        .bind(of.session.to_string())
        .bind(of.agent.to_string())
        .bind(now.0)
        .bind(SESSION_ENTRIES_MAX)
        .fetch_all(&mut *conn)
        .await?;
        let mut all = Entries { entries: Vec::new(), broken: 0, until: None, now };
        for row in &rows {
            let get = Get { row, table: "dlp_tokens" };
            let (kind, token) = (get.text("kind")?, get.text("token")?);
            all.until = Some(get.time("expires_at")?);
            match keys.open(of, (&kind, &token), &get.text("sealed")?) {
                Some(value) => all.entries.push(Entry { kind, token, value }),
                None => all.broken += 1,
            }
        }
        Ok(all)
    }

    /// Keeps new entries of a session for [`crate::Options::tokens_retention`]: all or none. False
    /// where another process has given one of the values, or one of the tokens, an entry meanwhile:
    /// load the session again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Sealing`].
    pub async fn keep(&self, of: &Owner, fresh: &[Entry]) -> Result<bool, Error> {
        let keys = Keys::of(&self.master, of.tenant)?;
        let sealed = |entry: &Entry| {
            let Entry { kind, token, value } = entry;
            let sealed = keys.seal(of, (kind, token), value)?;
            Ok((keys.hash(of, kind, value), token.clone(), kind.clone(), sealed))
        };
        let rows = fresh.iter().map(sealed).collect::<Result<Vec<_>, Error>>()?;
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        let keep = i64::try_from(self.inner.options.tokens_retention.as_secs());
        let expires = now.plus_seconds(keep.unwrap_or(i64::MAX));
        // What is over keeps no value from having a new token.
        for chunk in rows.chunks(256) {
            let mut over = Statement::new(&tx, "delete from dlp_tokens where tenant_id = ");
            over.bind(of.tenant.to_string())?.push(" and session_id = ");
            over.bind(of.session.to_string())?.push(" and agent_id = ");
            over.bind(of.agent.to_string())?.push(" and expires_at <= ");
            over.bind(now.0)?.push(" and value_hash in ").open();
            for (hash, ..) in chunk {
                over.item(hash.clone())?;
            }
            over.close();
            over.execute(&mut tx).await?;
        }
        let mut kept = 0;
        for chunk in chunks(&rows) {
            let mut insert = Statement::new(
                &tx,
                "insert into dlp_tokens (tenant_id, agent_id, session_id, value_hash, token, kind, \
                 sealed, created_at, expires_at) values ",
            );
            for (place, (hash, token, kind, sealed)) in chunk.iter().enumerate() {
                insert.push(if place == 0 { "" } else { ", " }).open();
                insert.item(of.tenant.to_string())?.item(of.agent.to_string())?;
                insert.item(of.session.to_string())?.item(hash.clone())?.item(token.clone())?;
                insert.item(kind.clone())?.item(sealed.clone())?.item(now.0)?.item(expires.0)?;
                insert.close();
            }
            insert.push(" on conflict do nothing");
            kept += insert.execute(&mut tx).await?;
        }
        if kept < rows.len() as u64 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Removes what is over, at most 10,000 entries a call. Returns how many.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub(crate) async fn purge(inner: &Inner, now: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query(
            "delete from dlp_tokens where (tenant_id, session_id, agent_id, value_hash) in \
             (select tenant_id, session_id, agent_id, value_hash from dlp_tokens \
              where expires_at <= $1 order by expires_at limit $2)",
        )
        .bind(now.0)
        .bind(PURGE_MAX)
        .execute(&inner.write)
        .await?;
        Ok(done.rows_affected())
    }
}
