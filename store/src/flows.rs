//! What sessions have seen: whether anything in them is from somebody that nobody vouches for, the servers
//! that it came from, and prints of the texts. Trust falls by itself; only a person restores it.

mod entered;
mod flow;
mod memory;
mod note;
mod see;
mod trust;

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use tools::flow::{Origin, Print, Salt, Seen};
use types::{Integrity, Label, RequestId, SessionId, TenantId, Timestamp};

pub use self::{flow::Flow, trust::Trust};
pub(crate) use self::{
    memory::{Locked, Memory},
    note::{Note, write},
};
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

/// The numbers of the last text before and after something was seen: those between are its new texts, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Before it.
    pub before: u64,
    /// After it.
    pub after: u64,
}

/// The tables of what sessions have seen.
#[derive(Clone)]
pub struct Flows {
    pub(crate) inner: Arc<Inner>,
    /// Where no other process has the database.
    pub(crate) memory: Option<Arc<Memory>>,
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
        if let Some(memory) = &self.memory {
            memory.written((tenant, session), false).await?;
        }
        flow::find(&self.inner, (tenant, session)).await
    }

    /// Counts a call of a tool in its session before it is decided, and reads the session by the same
    /// statement: of calls beside each other each finds another number. One that is not made in the end is
    /// given back by [`Flows::leave`]. With a journal on SQLite this is memory and one `write`; the database
    /// follows.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn enter(
        &self,
        (tenant, session): (TenantId, SessionId),
        request: RequestId,
    ) -> Result<Entered, Error> {
        match &self.memory {
            Some(memory) => memory.enter((tenant, session), request).await,
            None => entered::enter(&self.inner, (tenant, session), request).await,
        }
    }

    /// Reads a session as [`Flows::enter`] does, and counts nothing.
    ///
    /// # Errors
    /// As [`Flows::enter`].
    pub async fn look(&self, (tenant, session): (TenantId, SessionId)) -> Result<Entered, Error> {
        match &self.memory {
            Some(memory) => memory.look((tenant, session)).await,
            None => entered::look(&self.inner.read, (tenant, session)).await,
        }
    }

    /// Takes back the count of a call that was not made.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn leave(&self, (tenant, session): (TenantId, SessionId)) -> Result<(), Error> {
        match &self.memory {
            Some(memory) => memory.leave((tenant, session)).await,
            None => entered::leave(&self.inner, (tenant, session)).await,
        }
    }

    /// Takes note of what a request has: trust falls, and nothing else happens to what another gateway wrote
    /// meanwhile. When this returns, the disk has what makes the session less trusted, also texts of others.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Busy`].
    pub async fn see(
        &self,
        tenant: TenantId,
        session: SessionId,
        saw: &Saw<'_>,
    ) -> Result<Told, Error> {
        match &self.memory {
            Some(memory) => memory.see((tenant, session), saw).await,
            None => see::see(&self.inner, (tenant, session), saw).await,
        }
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
        if let Some(memory) = &self.memory {
            memory.written((tenant, session), false).await?;
        }
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
