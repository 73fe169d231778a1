//! Reports of what was spent, from the sums that are kept beside the ledger; see `rollup.rs`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use sqlx::AnyConnection;
use types::{AgentId, Nanos, TenantId, Timestamp};

use crate::{
    Error,
    dimension::Dimension,
    latency::{Latency, QUARTERS, Quarters},
    rollup::{COLUMNS, Sums},
    rows::Get,
    span::{DAY, Piece, Span, pieces, up},
    store::Inner,
};

pub use crate::span::whole_hours;

/// What a report has a line for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Each provider.
    Provider,
    /// Each model.
    Model,
    /// Each agent, by its name where it has one.
    Agent,
    /// Each API key, by its id; `-` for calls without one.
    Key,
    /// Each day in UTC.
    Day,
    /// The tenant as a whole, by its name.
    Tenant,
}

/// How long the stretches of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight, in UTC.
    Day,
}

/// What was spent on something within one stretch of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The id of what it was spent on.
    pub name: String,
    /// The first instant of the stretch.
    pub starts: Timestamp,
    /// Everything that was charged.
    pub amount: Nanos,
    /// Attempts that were charged.
    pub calls: u64,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The provider, model, agent, key, day (`2026-11-22`) or tenant.
    pub name: String,
    /// Attempts that were charged, those that cost nothing included.
    pub calls: u64,
    /// Those of them that ended without an answer or with a broken one.
    pub errors: u64,
    /// Everything that was charged, corrections and overrun included.
    pub amount: Nanos,
    /// The part of it that was beyond the holds.
    pub overrun: Nanos,
    /// The part of it that is provisional or was corrected from a provisional charge.
    pub provisional: Nanos,
    /// What input from the providers' caches would have cost more as plain input.
    pub saved: Nanos,
    /// What the same tokens would have cost more at the models that were asked for, or where the router was asked to
    /// choose, at the dearest that it might have chosen.
    pub routed: Nanos,
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    /// Input tokens read from a cache.
    pub cached_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// What half of the calls that were answered took at most, in milliseconds, on the days that
    /// the report touches; at most a quarter too high. `None` where no time was measured.
    pub p50_ms: Option<u64>,
    /// The same of 99 in a hundred.
    pub p99_ms: Option<u64>,
}

/// The reports.
#[derive(Clone)]
pub struct Spend {
    pub(crate) inner: Arc<Inner>,
}

/// The most points of a series.
pub const POINTS_MAX: usize = 200_000;
/// The most lines of a report.
const LINES_MAX: usize = 10_000;

/// What stands for a key or an owner where there is none.
const NOBODY: &str = "-";

impl Spend {
    /// What a tenant spent from `from` (included) to `to` (excluded), each taken to whole hours by
    /// [`whole_hours`]: days in order, all else dearest first; at most 10,000 lines.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn by(
        &self,
        group: Group,
        tenant: TenantId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Line>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let names = names(&mut conn, group, tenant).await?;
        let name = |id: &str| match group {
            Group::Agent | Group::Tenant => names.get(id).cloned().unwrap_or_else(|| id.to_owned()),
            Group::Key if id.is_empty() => NOBODY.to_owned(),
            Group::Day => day(id),
            Group::Key | Group::Provider | Group::Model => id.to_owned(),
        };
        report(&mut conn, (group, tenant), (from, to), name).await
    }

    /// As [`Spend::by`] for each person, by who answers for the agents that called; `-` for those
    /// of nobody.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn by_owner(
        &self,
        owners: &HashMap<AgentId, String>,
        tenant: TenantId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Line>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let name = |id: &str| {
            let owner = id.parse().ok().and_then(|id: AgentId| owners.get(&id));
            owner.filter(|owner| !owner.is_empty()).map_or(NOBODY, String::as_str).to_owned()
        };
        report(&mut conn, (Group::Agent, tenant), (from, to), name).await
    }

    /// What a tenant spent in each hour or day in UTC, by what it was spent on; agents and tenants by their ids. Where
    /// there are more than [`POINTS_MAX`] points, one more than that is given, and the rest is missing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn series(
        &self,
        (group, bucket): (Group, Bucket),
        tenant: TenantId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Point>, Error> {
        let span = match bucket {
            Bucket::Hour => Span::Hour,
            Bucket::Day => Span::Day,
        };
        let rows = sqlx::query(
            "select value, starts, cast(sum(amount) as bigint) as amount, \
             cast(sum(overrun) as bigint) as overrun, cast(sum(calls) as bigint) as calls \
             from spend_sums where tenant_id = $1 and dimension = $2 and span = $3 \
             and starts >= $4 and starts < $5 group by 1, 2 order by 2, 1 limit $6",
        )
        .bind(tenant.to_string())
        .bind(group.dimension().as_str())
        .bind(span.as_str())
        .bind(span.start(from))
        .bind(to.0)
        .bind(POINTS_MAX as i64 + 1)
        .fetch_all(&self.inner.read)
        .await?;
        let read = |row| {
            let get = Get { row, table: "spend_sums" };
            let amount = get.int("amount")?.saturating_add(get.int("overrun")?);
            let calls = u64::try_from(get.int("calls")?).unwrap_or_default();
            Ok(Point {
                name: get.text("value")?,
                starts: get.time("starts")?,
                amount: Nanos(amount),
                calls,
            })
        };
        rows.iter().map(read).collect()
    }

    /// What a tenant spent on each day in UTC on which it spent anything, by its first instant.
    /// `from` and `to` are taken to whole hours.
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Corrupt`].
    pub async fn days(
        &self,
        tenant: TenantId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Timestamp, Nanos>, Error> {
        let mut conn = self.inner.read.acquire().await?;
        let mut days: BTreeMap<Timestamp, Nanos> = BTreeMap::new();
        for piece in pieces(from, to) {
            for (id, sums) in sums(&mut conn, (Group::Day, tenant), piece).await? {
                let spent = line(String::new(), sums, &Latency::default()).amount;
                let day = days.entry(Timestamp(id.parse().unwrap_or_default())).or_default();
                day.0 = day.0.saturating_add(spent.0);
            }
        }
        Ok(days)
    }
}

async fn report(
    conn: &mut AnyConnection,
    of: (Group, TenantId),
    (from, to): (Timestamp, Timestamp),
    name: impl Fn(&str) -> String,
) -> Result<Vec<Line>, Error> {
    let mut all: BTreeMap<String, (Sums, Latency)> = BTreeMap::new();
    let pieces = pieces(from, to);
    for piece in &pieces {
        for (id, sums) in sums(conn, of, *piece).await? {
            all.entry(name(&id)).or_default().0.add(&sums);
        }
    }
    if !pieces.is_empty() {
        for (id, octave, quarters) in counts(conn, of, from, to).await? {
            // Days that the report touches may have names that its hours do not.
            if let Some((_, latency)) = all.get_mut(&name(&id)) {
                latency.add(octave, quarters);
            }
        }
    }
    let mut lines: Vec<Line> =
        all.into_iter().map(|(name, (sums, latency))| line(name, sums, &latency)).collect();
    if !matches!(of.0, Group::Day) {
        lines.sort_by(|a, b| b.amount.cmp(&a.amount).then_with(|| a.name.cmp(&b.name)));
    }
    lines.truncate(LINES_MAX);
    Ok(lines)
}

fn line(name: String, sums: Sums, latency: &Latency) -> Line {
    let Sums([calls, errors, amount, overrun, provisional, saved, routed, tokens @ ..]) = sums;
    // A correction may take back a failure from before the report's first hour.
    let count = |sum: i64| u64::try_from(sum).unwrap_or(0);
    let [input_tokens, cached_tokens, output_tokens, reasoning_tokens] = tokens.map(count);
    Line {
        name,
        calls: count(calls),
        errors: count(errors),
        amount: Nanos(amount.saturating_add(overrun)),
        overrun: Nanos(overrun),
        provisional: Nanos(provisional),
        saved: Nanos(saved),
        routed: Nanos(routed),
        input_tokens,
        cached_tokens,
        output_tokens,
        reasoning_tokens,
        p50_ms: latency.at_most(500),
        p99_ms: latency.at_most(990),
    }
}

/// The sums of one piece by what they are of.
async fn sums(
    conn: &mut AnyConnection,
    (group, tenant): (Group, TenantId),
    (span, from, to): Piece,
) -> Result<Vec<(String, Sums)>, Error> {
    let query = format!(
        "select {key} as id, {sums} from spend_sums \
         where tenant_id = $1 and dimension = $2 and span = $3 and starts >= $4 and starts < $5 \
         group by 1",
        key = group.key("starts"),
        sums = summed(&COLUMNS),
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(tenant.to_string())
        .bind(group.dimension().as_str())
        .bind(span.as_str())
        .bind(from)
        .bind(to)
        .fetch_all(conn)
        .await?;
    let read = |row| {
        let get = Get { row, table: "spend_sums" };
        let mut sums = Sums::default();
        for (sum, name) in sums.0.iter_mut().zip(COLUMNS) {
            *sum = get.int(name)?;
        }
        Ok((get.text("id")?, sums))
    };
    rows.iter().map(read).collect()
}

/// How many calls took how long on the days that a stretch touches.
async fn counts(
    conn: &mut AnyConnection,
    (group, tenant): (Group, TenantId),
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(String, u64, Quarters)>, Error> {
    let query = format!(
        "select {key} as id, octave, {calls} from spend_latencies \
         where tenant_id = $1 and dimension = $2 and day >= $3 and day < $4 group by 1, 2",
        key = group.key("day"),
        calls = summed(&QUARTERS),
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(tenant.to_string())
        .bind(group.dimension().as_str())
        .bind(Span::Day.start(from))
        .bind(up(to.0, DAY))
        .fetch_all(conn)
        .await?;
    let read = |row| {
        let get = Get { row, table: "spend_latencies" };
        let mut quarters = [0; QUARTERS.len()];
        for (calls, name) in quarters.iter_mut().zip(QUARTERS) {
            *calls = get.count(name)?;
        }
        Ok((get.text("id")?, get.count("octave")?, quarters))
    };
    rows.iter().map(read).collect()
}

/// Columns added up, under their own names. Postgres adds up to `numeric`.
fn summed(columns: &[&str]) -> String {
    let sum = |name: &&str| format!("cast(sum({name}) as bigint) as {name}");
    columns.iter().map(sum).collect::<Vec<_>>().join(", ")
}

/// The names of what a report of a group has ids of.
async fn names(
    conn: &mut AnyConnection,
    group: Group,
    tenant: TenantId,
) -> Result<HashMap<String, String>, Error> {
    let query = match group {
        Group::Agent => "select id, name from agents where tenant_id = $1",
        Group::Tenant => "select tenant_id as id, name from tenants where tenant_id = $1",
        Group::Provider | Group::Model | Group::Key | Group::Day => return Ok(HashMap::new()),
    };
    let rows = sqlx::query(query).bind(tenant.to_string()).fetch_all(conn).await?;
    let read = |row| {
        let get = Get { row, table: "agents" };
        Ok((get.text("id")?, get.text("name")?))
    };
    rows.iter().map(read).collect()
}

impl Group {
    /// Whose sums a report reads.
    const fn dimension(self) -> Dimension {
        match self {
            Self::Provider => Dimension::Provider,
            Self::Model => Dimension::Model,
            Self::Agent => Dimension::Agent,
            Self::Key => Dimension::Key,
            Self::Day | Self::Tenant => Dimension::Tenant,
        }
    }

    /// What rows are grouped by; `instant` is the column with their time.
    fn key(self, instant: &str) -> String {
        match self {
            Self::Day => format!("cast({instant} - {instant} % {DAY} as text)"),
            Self::Provider | Self::Model | Self::Agent | Self::Key | Self::Tenant => {
                "value".to_owned()
            }
        }
    }
}

/// A day as text, from its first instant.
fn day(starts: &str) -> String {
    let starts = Timestamp(starts.parse().unwrap_or_default());
    starts.to_string().chars().take(10).collect()
}
