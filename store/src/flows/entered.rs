//! A session as a call of a tool finds it, and the count of its calls.

use sqlx::{AnyPool, AssertSqlSafe, any::AnyRow};
use types::{Integrity, Label, RequestId};

use super::{Entered, Of};
use crate::{Error, rows::Get, store::Inner};

/// What a call is told of its session beside the row itself. Names of servers have no blank in them.
const BESIDE: &str = "(select label from session_labels \
       where tenant_id = $1 and session_id = $2) as label, \
     (select string_agg(source, ' ') from session_sources \
       where tenant_id = $1 and session_id = $2) as sources";

/// Counts one call and reads the session.
pub(super) async fn enter(
    inner: &Inner,
    (tenant, session): Of,
    request: RequestId,
) -> Result<Entered, Error> {
    let clock = inner.dialect.now();
    // INVARIANT: one statement, so that no other call is between the count and what is read.
    let statement = format!(
        "insert into session_flows (tenant_id, session_id, integrity, since, request_id, \
           tool_calls, prints, endorsed) \
         select $1, $2, 'trusted', clock.at, $3, 1, 0, 0 from ({clock}) clock where 1 = 1 \
         on conflict (tenant_id, session_id) do update set \
           tool_calls = session_flows.tool_calls + 1 \
         returning integrity, tool_calls, prints, {BESIDE}"
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(tenant.to_string())
        .bind(session.to_string())
        .bind(request.to_string())
        .fetch_one(&inner.write)
        .await?;
    let found = read(&row)?;
    Ok(Entered { calls: found.calls.saturating_sub(1), ..found })
}

/// Reads the session alone.
pub(super) async fn look(pool: &AnyPool, (tenant, session): Of) -> Result<Entered, Error> {
    let statement = format!(
        "select f.integrity, f.tool_calls, f.prints, {BESIDE} \
         from (select 1 as one) always left join session_flows f \
           on f.tenant_id = $1 and f.session_id = $2"
    );
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(tenant.to_string())
        .bind(session.to_string())
        .fetch_one(pool)
        .await?;
    read(&row)
}

/// Takes one call back.
pub(super) async fn leave(inner: &Inner, (tenant, session): Of) -> Result<(), Error> {
    sqlx::query(
        "update session_flows set tool_calls = tool_calls - 1 \
         where tenant_id = $1 and session_id = $2 and tool_calls > 0",
    )
    .bind(tenant.to_string())
    .bind(session.to_string())
    .execute(&inner.write)
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<Entered, Error> {
    let get = Get { row, table: "session_flows" };
    let count = |column| {
        let n = get.maybe_int(column)?.unwrap_or_default();
        u64::try_from(n).map_err(|_| Error::corrupt(get.table, format!("`{column}` is negative")))
    };
    let sources = get.maybe_text("sources")?.unwrap_or_default();
    Ok(Entered {
        label: get.maybe("label")?.unwrap_or(Label::Public),
        integrity: get.maybe("integrity")?.unwrap_or(Integrity::Trusted),
        calls: count("tool_calls")?,
        sources: sources.split_whitespace().map(str::to_owned).collect(),
        last_text: count("prints")?,
    })
}
