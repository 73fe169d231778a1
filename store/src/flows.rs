//! What sessions have seen: whether anything in them is from somebody that nobody vouches for, the servers
//! that it came from, and prints of the texts. Trust falls by itself; only a person restores it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use policy::AdminPermit;
use sqlx::AnyConnection;
use tools::flow::{Origin, Print, Salt, Seen};
use types::{Integrity, RequestId, SessionId, TenantId, Timestamp, audit::Record};

use crate::{
    Error,
    change::Change,
    rows::{Get, signed},
    store::Inner,
    vault::MasterKey,
};

/// The texts of one origin that a session remembers: the newest.
pub const PRINTS_MAX: u64 = 64;

/// How many rows one call removes.
const PURGE_MAX: i64 = 10_000;

/// What is known of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Untrusted once a text was seen that nobody vouches for.
    pub integrity: Integrity,
    /// Since when, by the database's clock.
    pub since: Timestamp,
    /// The request that it was for; none where a person said so.
    pub request: Option<RequestId>,
    /// Who vouched for what was seen.
    pub set_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Tool calls that were permitted.
    pub tool_calls: u64,
    /// The tool servers whose results were seen.
    pub sources: BTreeSet<String>,
    /// The numbers of the texts that are remembered, by origin and digest.
    pub texts: HashMap<(Origin, String), u64>,
    /// The number of the last text that a person vouched for.
    pub endorsed: u64,
}

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
    /// Tool calls that were permitted.
    pub tool_calls: u64,
}

/// Whether sessions may be trusted, for those who look and those who vouch.
#[derive(Clone)]
pub struct Trust {
    pub(crate) inner: Arc<Inner>,
}

impl Trust {
    /// What is known of a session; `None` before anything was seen in it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn find(&self, tenant: TenantId, session: SessionId) -> Result<Option<Flow>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let row = sqlx::query(
            "select integrity, since, request_id, set_by, reason, tool_calls, endorsed \
             from session_flows where tenant_id = $1 and session_id = $2",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .fetch_optional(&mut *conn)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let get = Get { row: &row, table: "session_flows" };
        Ok(Some(Flow {
            integrity: get.parse("integrity")?,
            since: get.time("since")?,
            request: get.maybe("request_id")?,
            set_by: get.maybe_text("set_by")?,
            reason: get.maybe_text("reason")?,
            tool_calls: get.count("tool_calls")?,
            endorsed: get.count("endorsed")?,
            sources: sources(&mut conn, tenant, session).await?,
            texts: texts(&mut conn, tenant, session).await?,
        }))
    }

    /// Puts a session's trust back, as a person decided, for all that was seen in it so far.
    ///
    /// # Errors
    /// [`Error::Permit`]; [`Error::Missing`] where nothing was seen in such a session; [`Error::Trusted`]
    /// where it is trusted; [`Error::Unavailable`].
    pub async fn endorse(
        &self,
        permit: &AdminPermit,
        session: SessionId,
        reason: &str,
        record: &Record,
    ) -> Result<(), Error> {
        let tenant = permit.tenant();
        let mut change = Change::begin(&self.inner, permit, tenant).await?;
        let now = crate::store::now(change.conn(), self.inner.dialect).await?;
        let done = sqlx::query(
            "update session_flows set integrity = 'trusted', endorsed = prints, since = $3, \
               request_id = null, set_by = $4, reason = $5 \
             where tenant_id = $1 and session_id = $2 and integrity = 'untrusted'",
        )
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(now.0)
        .bind(permit.actor().to_owned())
        .bind(crate::rows::plain(reason))
        .execute(change.conn())
        .await?;
        if done.rows_affected() == 0 {
            drop(change);
            return Err(match self.find(tenant, session).await? {
                None => Error::Missing { noun: "session", name: session.to_string() },
                Some(_) => Error::Trusted,
            });
        }
        change.commit_quietly(record).await
    }
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
        Trust { inner: Arc::clone(&self.inner) }.find(tenant, session).await
    }

    /// Takes note of what a request has: trust falls, counts rise, and nothing else happens to what another
    /// gateway wrote meanwhile.
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

impl Flow {
    /// Whether a person vouched for the text of this origin and digest.
    pub fn vouches(&self, text: &(Origin, String)) -> bool {
        self.texts.get(text).is_some_and(|seq| *seq <= self.endorsed)
    }
}

/// Whose session it is.
type Of = (TenantId, SessionId);

/// Has trust fall and the calls counted. Gives the number of the last text.
async fn raise(
    conn: &mut AnyConnection,
    (tenant, session): Of,
    saw: &Saw<'_>,
    now: Timestamp,
) -> Result<u64, Error> {
    let row = sqlx::query(
        "insert into session_flows (tenant_id, session_id, integrity, since, request_id, \
           tool_calls, prints, endorsed) values ($1, $2, $3, $4, $5, $6, 0, 0) \
         on conflict (tenant_id, session_id) do update set \
           tool_calls = session_flows.tool_calls + excluded.tool_calls \
         returning prints",
    )
    .bind(tenant.to_string())
    .bind(session.to_string())
    .bind(saw.integrity.as_str())
    .bind(now.0)
    .bind(saw.request.to_string())
    .bind(signed(saw.tool_calls))
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

async fn sources(
    conn: &mut AnyConnection,
    tenant: TenantId,
    session: SessionId,
) -> Result<BTreeSet<String>, Error> {
    let rows =
        sqlx::query("select source from session_sources where tenant_id = $1 and session_id = $2")
            .bind(tenant.to_string())
            .bind(session.to_string())
            .fetch_all(conn)
            .await?;
    rows.iter().map(|row| Get { row, table: "session_sources" }.text("source")).collect()
}

async fn texts(
    conn: &mut AnyConnection,
    tenant: TenantId,
    session: SessionId,
) -> Result<HashMap<(Origin, String), u64>, Error> {
    let rows = sqlx::query(
        "select seq, origin, digest from session_prints where tenant_id = $1 and session_id = $2",
    )
    .bind(tenant.to_string())
    .bind(session.to_string())
    .fetch_all(conn)
    .await?;
    let read = |row| {
        let get = Get { row, table: "session_prints" };
        Ok(((origin(get.text("origin")?), get.text("digest")?), get.count("seq")?))
    };
    rows.iter().map(read).collect()
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
