//! What sessions have seen: whether anything in them is from somebody that nobody vouches for, the servers
//! that it came from, and prints of the texts. Trust falls by itself; only a person restores it.

mod entered;
mod flow;
mod trust;

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use sqlx::AnyConnection;
use tools::flow::{Origin, Print, Salt, Seen};
use types::{Integrity, Label, RequestId, SessionId, TenantId, Timestamp};

pub use self::{flow::Flow, trust::Trust};
use crate::{
    Error,
    rows::{Get, signed},
    store::Inner,
    vault::MasterKey,
};

/// The texts of one origin that a session remembers: the newest.
pub const PRINTS_MAX: u64 = 64;

/// How many rows one call removes.
const PURGE_MAX: i64 = 10_000;

/// A text that a request of a session has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// [`Salt::digest`] of it.
    pub digest: String,
    /// What is remembered of it.
    pub seen: Seen,
}

/// What one request adds to its session.
#[derive(Debug, Clone)]
pub struct Saw<'a> {
    /// The request.
    pub request: RequestId,
    /// Untrusted where it has a text that nobody vouches for.
    pub integrity: Integrity,
    /// The tool servers whose results it has.
    pub sources: &'a BTreeSet<String>,
    /// Its texts; those that are remembered are not written again.
    pub texts: &'a [Text],
}

/// A session as a call of a tool finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// The label of what was seen in it.
    pub label: Label,
    /// Untrusted once a text was seen that nobody vouches for.
    pub integrity: Integrity,
    /// Calls of tools that are counted in it, without this one.
    pub calls: u64,
    /// The tool servers whose results were seen.
    pub sources: BTreeSet<String>,
    /// The number of the last text.
    pub last_text: u64,
}

/// The tables of what sessions have seen.
#[derive(Clone)]
pub struct Flows {
    pub(crate) inner: Arc<Inner>,
    pub(crate) master: MasterKey,
}

impl Flows {
    /// The salt of the prints of a session, or of a request without one.
    ///
    /// # Errors
    /// [`Error::Sealing`], which no id makes.
    pub fn salt(&self, tenant: TenantId, of: &str) -> Result<Salt, Error> {
        let key = self.master.derive(&format!("prints/{of}"), tenant).ok_or(Error::Sealing)?;
        Ok(Salt::new(&key))
    }

    /// What is known of a session; `None` before anything was seen in it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn find(&self, tenant: TenantId, session: SessionId) -> Result<Option<Flow>, Error> {
        flow::find(&self.inner, (tenant, session)).await
    }

    /// Counts a call of a tool in its session before it is decided, and reads the session by the same
    /// statement: of calls beside each other each finds another number. One that is not made in the end is
    /// given back by [`Flows::leave`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn enter(
        &self,
        (tenant, session): (TenantId, SessionId),
        request: RequestId,
    ) -> Result<Entered, Error> {
        entered::enter(&self.inner, (tenant, session), request).await
    }

    /// Reads a session as [`Flows::enter`] does, and counts nothing.
    ///
    /// # Errors
    /// As [`Flows::enter`].
    pub async fn look(&self, (tenant, session): (TenantId, SessionId)) -> Result<Entered, Error> {
        entered::look(&self.inner, (tenant, session)).await
    }

    /// Takes back the count of a call that was not made.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn leave(&self, (tenant, session): (TenantId, SessionId)) -> Result<(), Error> {
        entered::leave(&self.inner, (tenant, session)).await
    }

    /// Takes note of what a request has: trust falls, and nothing else happens to what another gateway wrote
    /// meanwhile.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn see(
        &self,
        tenant: TenantId,
        session: SessionId,
        saw: &Saw<'_>,
    ) -> Result<(), Error> {
        let mut tx = self.inner.write.begin_with(self.inner.dialect.begin()).await?;
        let now = crate::store::now(&mut tx, self.inner.dialect).await?;
        // The row stays locked until the end, so that no two texts get one number.
        let last = raise(&mut tx, (tenant, session), saw, now).await?;
        for source in saw.sources {
            sqlx::query(
                "insert into session_sources (tenant_id, session_id, source) values ($1, $2, $3) \
                 on conflict do nothing",
            )
            .bind(tenant.to_string())
            .bind(session.to_string())
            .bind(source.clone())
            .execute(&mut *tx)
            .await?;
        }
        let mut seq = last;
        for text in saw.texts {
            seq += insert(&mut tx, (tenant, session), (seq + 1, text), now).await?;
        }
        if seq > last {
            number(&mut tx, (tenant, session), seq).await?;
            forget(&mut tx, (tenant, session), saw.texts).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The texts of a session behind this number, each with its own, the oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn prints(
        &self,
        tenant: TenantId,
        session: SessionId,
        after: u64,
    ) -> Result<Vec<(u64, Seen)>, Error> {
        let rows = sqlx::query(
            "select seq, origin, print from session_prints \
             where tenant_id = $1 and session_id = $2 and seq > $3 order by seq",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(signed(after))
        .fetch_all(&self.inner.read)
        .await?;
        let read = |row| {
            let get = Get { row, table: "session_prints" };
            let bytes = STANDARD_NO_PAD.decode(get.text("print")?).ok();
            let print = bytes.and_then(|bytes| Print::from_bytes(&bytes));
            let print = print.ok_or_else(|| Error::corrupt(get.table, "`print` is none"))?;
            Ok((get.count("seq")?, Seen { origin: origin(get.text("origin")?), print }))
        };
        rows.iter().map(read).collect()
    }

    /// Removes texts that were seen before, at most 10,000 a call. Returns how many.
    pub(crate) async fn purge(inner: &Inner, before: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query(
            "delete from session_prints where (tenant_id, session_id, seq) in \
             (select tenant_id, session_id, seq from session_prints \
              where created_at < $1 order by created_at limit $2)",
        )
        .bind(before.0)
        .bind(PURGE_MAX)
        .execute(&inner.write)
        .await?;
        Ok(done.rows_affected())
    }
}

/// Whose session it is.
type Of = (TenantId, SessionId);

/// Has trust fall. Gives the number of the last text.
async fn raise(
    conn: &mut AnyConnection,
    (tenant, session): Of,
    saw: &Saw<'_>,
    now: Timestamp,
) -> Result<u64, Error> {
    let row = sqlx::query(
        "insert into session_flows (tenant_id, session_id, integrity, since, request_id, \
           tool_calls, prints, endorsed) values ($1, $2, $3, $4, $5, 0, 0, 0) \
         on conflict (tenant_id, session_id) do update set prints = session_flows.prints \
         returning prints",
    )
    .bind(tenant.to_string())
    .bind(session.to_string())
    .bind(saw.integrity.as_str())
    .bind(now.0)
    .bind(saw.request.to_string())
    .fetch_one(&mut *conn)
    .await?;
    if saw.integrity == Integrity::Untrusted {
        sqlx::query(
            "update session_flows set integrity = 'untrusted', since = $3, request_id = $4, \
               set_by = null, reason = null \
             where tenant_id = $1 and session_id = $2 and integrity = 'trusted'",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(now.0)
        .bind(saw.request.to_string())
        .execute(conn)
        .await?;
    }
    Get { row: &row, table: "session_flows" }.count("prints")
}

/// Keeps a text under this number, unless it is known. Gives how many were kept.
async fn insert(
    conn: &mut AnyConnection,
    (tenant, session): Of,
    (seq, text): (u64, &Text),
    now: Timestamp,
) -> Result<u64, Error> {
    let done = sqlx::query(
        "insert into session_prints (tenant_id, session_id, seq, origin, digest, print, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) \
         on conflict (tenant_id, session_id, origin, digest) do nothing",
    )
    .bind(tenant.to_string())
    .bind(session.to_string())
    .bind(signed(seq))
    .bind(name(&text.seen.origin).to_owned())
    .bind(text.digest.clone())
    .bind(STANDARD_NO_PAD.encode(text.seen.print.to_bytes()))
    .bind(now.0)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

async fn number(conn: &mut AnyConnection, (tenant, session): Of, seq: u64) -> Result<(), Error> {
    sqlx::query("update session_flows set prints = $3 where tenant_id = $1 and session_id = $2")
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets what is beyond [`PRINTS_MAX`] of the origins of these texts.
async fn forget(
    conn: &mut AnyConnection,
    (tenant, session): Of,
    texts: &[Text],
) -> Result<(), Error> {
    let origins: BTreeSet<&str> = texts.iter().map(|text| name(&text.seen.origin)).collect();
    for origin in origins {
        sqlx::query(
            "delete from session_prints where tenant_id = $1 and session_id = $2 and origin = $3 \
               and seq <= (select seq from session_prints \
                 where tenant_id = $1 and session_id = $2 and origin = $3 \
                 order by seq desc limit 1 offset $4)",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(origin.to_owned())
        .bind(signed(PRINTS_MAX))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// An origin as a row has it.
fn name(origin: &Origin) -> &str {
    match origin {
        Origin::Trusted => "",
        Origin::Tool(server) => server,
    }
}

fn origin(name: String) -> Origin {
    if name.is_empty() { Origin::Trusted } else { Origin::Tool(name) }
}
