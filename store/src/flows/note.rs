//! What a session has seen and how often it called, as the journal has it, and on its way into the database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AssertSqlSafe};
use types::{RequestId, SessionId, TenantId};

use super::{
    Of,
    see::{self, Row},
};
use crate::{Dialect, Error, rows::signed};

/// What a call adds to its session behind its back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) tenant: TenantId,
    pub(crate) session: SessionId,
    /// The request that it is for; none of what is taken back.
    pub(crate) request: Option<RequestId>,
    /// Calls that are counted, or below zero taken back.
    pub(crate) calls: i64,
    pub(crate) texts: Vec<Noted>,
}

/// A text with the number that memory gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) seq: u64,
    /// The tool server that said it; empty for what is trusted.
    pub(crate) origin: String,
    pub(crate) digest: String,
    /// The hashes in base64.
    pub(crate) print: String,
}

/// Writes notes within a transaction of the writer, which has each of them once.
pub(crate) async fn write(
    conn: &mut AnyConnection,
    dialect: Dialect,
    notes: &[&Note],
) -> Result<(), Error> {
    let mut sessions: BTreeMap<Of, Vec<&Note>> = BTreeMap::new();
    for note in notes {
        sessions.entry((note.tenant, note.session)).or_default().push(note);
    }
    for (of, notes) in sessions {
        let texts = || notes.iter().flat_map(|note| &note.texts);
        let mut last = texts().map(|text| text.seq).max().unwrap_or_default();
        add(conn, dialect, of, (&notes, last)).await?;
        for text in texts() {
            let Noted { seq, origin, digest, print } = text;
            let row = Row { seq: *seq, origin, digest, print };
            let given = see::insert(conn, dialect, of, &row).await?;
            if let Some(other) = given.filter(|given| given != seq) {
                last = last.max(other);
                see::number(conn, of, last).await?;
            }
        }
        see::forget(conn, of, last, texts().map(|text| text.origin.as_str())).await?;
    }
    Ok(())
}

/// Adds the calls, and the number of the last text.
async fn add(
    conn: &mut AnyConnection,
    dialect: Dialect,
    (tenant, session): Of,
    (notes, last): (&[&Note], u64),
) -> Result<(), Error> {
    let calls: i64 = notes.iter().map(|note| note.calls).sum();
    let clock = dialect.now();
    let statement = format!(
        "insert into session_flows (tenant_id, session_id, integrity, since, request_id, \
           tool_calls, prints, endorsed) \
         select $1, $2, 'trusted', clock.at, $3, $4, $5, 0 from ({clock}) clock where 1 = 1 \
         on conflict (tenant_id, session_id) do update set \
           tool_calls = case when session_flows.tool_calls + $6 < 0 then 0 \
             else session_flows.tool_calls + $6 end, \
           prints = case when session_flows.prints < excluded.prints then excluded.prints \
             else session_flows.prints end"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(notes.iter().find_map(|note| note.request).map(|request| request.to_string()))
        .bind(calls.max(0))
        .bind(signed(last))
        .bind(calls)
        .execute(conn)
        .await?;
    Ok(())
}
