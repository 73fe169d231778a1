//! What a request adds to its session, written to the database.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use sqlx::{AnyConnection, AssertSqlSafe};

use super::{Of, PRINTS_MAX, Saw, Text, Told, name};
use crate::{
    Dialect, Error,
    rows::{Get, signed},
    store::Inner,
};

/// Trust falls, and nothing else happens to what another gateway wrote meanwhile.
const FALL: &str = "integrity = case when excluded.integrity = 'untrusted' then 'untrusted' \
         else session_flows.integrity end, \
       since = case when excluded.integrity = 'untrusted' \
         and session_flows.integrity = 'trusted' \
         then excluded.since else session_flows.since end, \
       request_id = case when excluded.integrity = 'untrusted' \
         and session_flows.integrity = 'trusted' \
         then excluded.request_id else session_flows.request_id end, \
       set_by = case when excluded.integrity = 'untrusted' \
         and session_flows.integrity = 'trusted' then null else session_flows.set_by end, \
       reason = case when excluded.integrity = 'untrusted' \
         and session_flows.integrity = 'trusted' then null else session_flows.reason end";

/// Takes note of what a request has. Gives the numbers of its texts.
pub(super) async fn see(inner: &Inner, of: Of, saw: &Saw<'_>) -> Result<Told, Error> {
    // What one result of one server adds, as a rule.
    if let (Dialect::Postgres, [text]) = (inner.dialect, saw.texts)
        && saw.sources.len() <= 1
    {
        return one(inner, of, saw, text).await;
    }
    let mut tx = inner.write.begin_with(inner.dialect.begin()).await?;
    // The row stays locked until the end, so that no two texts get one number.
    let last = fall(&mut tx, inner.dialect, of, saw).await?;
    for source in saw.sources {
        sqlx::query(
            "insert into session_sources (tenant_id, session_id, source) values ($1, $2, $3) \
             on conflict do nothing",
        )
        .bind(of.0.to_string())
        .bind(of.1.to_string())
        .bind(source.clone())
        .execute(&mut *tx)
        .await?;
    }
    let mut seq = last;
    for text in saw.texts {
        let (origin, print) = (name(&text.seen.origin), printed(text));
        let row = Row { seq: seq + 1, origin, digest: &text.digest, print: &print };
        seq = seq.max(insert(&mut tx, inner.dialect, of, &row).await?.unwrap_or_default());
    }
    if seq > last {
        number(&mut tx, of, seq).await?;
        forget(&mut tx, of, seq, saw.texts.iter().map(|text| name(&text.seen.origin))).await?;
    }
    tx.commit().await?;
    Ok(Told { before: last, after: seq })
}

/// One text, by one statement: its round trip is what a call waits for.
async fn one(inner: &Inner, of: Of, saw: &Saw<'_>, text: &Text) -> Result<Told, Error> {
    let clock = inner.dialect.now();
    // INVARIANT: all else is written for the row of `flow`, so that it is locked first by everybody. A text that
    // another gateway writes meanwhile leaves a number that no text has.
    let statement = format!(
        "with clock as ({clock}), \
         known as (select 1 from session_prints \
           where tenant_id = $1 and session_id = $2 and origin = $6 and digest = $7), \
         flow as ( \
           insert into session_flows (tenant_id, session_id, integrity, since, request_id, \
             tool_calls, prints, endorsed) \
           select $1, $2, $3, clock.at, $4, 0, \
             case when exists (select 1 from known) then 0 else 1 end, 0 from clock \
           on conflict (tenant_id, session_id) do update set {FALL}, \
             prints = session_flows.prints + excluded.prints \
           returning prints), \
         source as ( \
           insert into session_sources (tenant_id, session_id, source) \
           select $1, $2, $5 from flow where $5 <> '' on conflict do nothing), \
         text as ( \
           insert into session_prints \
             (tenant_id, session_id, seq, origin, digest, print, created_at) \
           select $1, $2, flow.prints, $6, $7, $8, clock.at from flow, clock \
           where not exists (select 1 from known) \
           on conflict (tenant_id, session_id, origin, digest) do nothing) \
         select flow.prints, (select count(*) from known) as known from flow"
    );
    let origin = name(&text.seen.origin);
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(of.0.to_string())
        .bind(of.1.to_string())
        .bind(saw.integrity.as_str())
        .bind(saw.request.to_string())
        .bind(saw.sources.first().cloned().unwrap_or_default())
        .bind(origin.to_owned())
        .bind(text.digest.clone())
        .bind(printed(text))
        .fetch_one(&inner.write)
        .await?;
    let get = Get { row: &row, table: "session_flows" };
    let (after, known) = (get.count("prints")?, get.count("known")?);
    if known == 0 && after > PRINTS_MAX {
        forget(&mut *inner.write.acquire().await?, of, after, [origin].into_iter()).await?;
    }
    Ok(Told { before: if known == 0 { after.saturating_sub(1) } else { after }, after })
}

/// Has trust fall. Gives the number of the last text.
async fn fall(
    conn: &mut AnyConnection,
    dialect: Dialect,
    (tenant, session): Of,
    saw: &Saw<'_>,
) -> Result<u64, Error> {
    let clock = dialect.now();
    let statement = format!(
        "insert into session_flows (tenant_id, session_id, integrity, since, request_id, \
           tool_calls, prints, endorsed) \
         select $1, $2, $3, clock.at, $4, 0, 0, 0 from ({clock}) clock where 1 = 1 \
         on conflict (tenant_id, session_id) do update set {FALL} \
         returning prints"
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(saw.integrity.as_str())
        .bind(saw.request.to_string())
        .fetch_one(&mut *conn)
        .await?;
    Get { row: &row, table: "session_flows" }.count("prints")
}

/// A text as a row has it.
pub(super) struct Row<'a> {
    pub(super) seq: u64,
    pub(super) origin: &'a str,
    pub(super) digest: &'a str,
    pub(super) print: &'a str,
}

/// What is remembered of a text, as a row has it.
pub(super) fn printed(text: &Text) -> String {
    STANDARD_NO_PAD.encode(text.seen.print.to_bytes())
}

/// Keeps a text under its number, unless it is known, and gives the number that it has. Another text may have the number
/// where somebody wrote around memory: then it gets the next one, for a text that is not kept is not traced.
pub(super) async fn insert(
    conn: &mut AnyConnection,
    dialect: Dialect,
    (tenant, session): Of,
    row: &Row<'_>,
) -> Result<Option<u64>, Error> {
    let clock = dialect.now();
    let statement = format!(
        "insert into session_prints (tenant_id, session_id, seq, origin, digest, print, created_at) \
         select $1, $2, case when exists (select 1 from session_prints taken \
             where taken.tenant_id = $1 and taken.session_id = $2 and taken.seq = $3) \
           then (select max(seq) + 1 from session_prints where tenant_id = $1 and session_id = $2) \
           else $3 end, $4, $5, $6, clock.at from ({clock}) clock where 1 = 1 \
         on conflict (tenant_id, session_id, origin, digest) do nothing returning seq"
    );
    let done = sqlx::query(AssertSqlSafe(statement))
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(signed(row.seq))
        .bind(row.origin.to_owned())
        .bind(row.digest.to_owned())
        .bind(row.print.to_owned())
        .fetch_optional(conn)
        .await?;
    done.map(|row| Get { row: &row, table: "session_prints" }.count("seq")).transpose()
}

pub(super) async fn number(
    conn: &mut AnyConnection,
    (tenant, session): Of,
    seq: u64,
) -> Result<(), Error> {
    sqlx::query("update session_flows set prints = $3 where tenant_id = $1 and session_id = $2")
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(signed(seq))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets what is beyond [`PRINTS_MAX`] of these origins, where the last text of all has this number.
pub(super) async fn forget(
    conn: &mut AnyConnection,
    (tenant, session): Of,
    last: u64,
    origins: impl Iterator<Item = &str>,
) -> Result<(), Error> {
    if last <= PRINTS_MAX {
        return Ok(());
    }
    let origins: std::collections::BTreeSet<&str> = origins.collect();
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
