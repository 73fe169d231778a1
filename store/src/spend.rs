//! Reports of what was spent, from the rows of the ledger.

use std::sync::Arc;

use types::{Nanos, TenantId, Timestamp};

use crate::{Error, rows::Get, store::Inner};

/// What a report has a line for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Each provider.
    Provider,
    /// Each model.
    Model,
    /// Each agent, by its name where it has one.
    Agent,
    /// Each day in UTC.
    Day,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The provider, model, agent or day (`2026-11-22`).
    pub name: String,
    /// Attempts that were charged, those that cost nothing included.
    pub calls: u64,
    /// Everything that was charged, corrections and overrun included.
    pub amount: Nanos,
    /// The part of it that was beyond the holds.
    pub overrun: Nanos,
    /// The part of it that is provisional or was corrected from a provisional charge.
    pub provisional: Nanos,
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    /// Input tokens read from a cache.
    pub cached_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: u64,
}

/// The reports.
#[derive(Clone)]
pub struct Spend {
    pub(crate) inner: Arc<Inner>,
}

/// The most lines of a report.
const LINES_MAX: i64 = 10_000;

impl Spend {
    /// What a tenant spent from `from` (included) to `to` (excluded): days in order, all else
    /// dearest first; at most 10,000 lines.
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
        let query = format!(
            "select {key} as name, \
               cast(count(distinct hold_id) as bigint) as calls, \
               cast(sum(amount) + sum(overrun) as bigint) as amount, \
               cast(sum(overrun) as bigint) as overrun, \
               cast(sum(case when kind = 'settlement' then 0 else amount end) as bigint) \
                 as provisional, \
               cast(sum(input_tokens) as bigint) as input_tokens, \
               cast(sum(cached_tokens) as bigint) as cached_tokens, \
               cast(sum(output_tokens) as bigint) as output_tokens, \
               cast(sum(reasoning_tokens) as bigint) as reasoning_tokens \
             from ledger \
             where tenant_id = $1 and at >= $2 and at < $3 \
             group by 1 order by {order} limit $4",
            key = group.key(),
            order = group.order(),
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(tenant.to_string())
            .bind(from.0)
            .bind(to.0)
            .bind(LINES_MAX)
            .fetch_all(&self.inner.read)
            .await?;
        rows.iter().map(|row| line(group, &Get { row, table: "ledger" })).collect()
    }
}

impl Group {
    const fn key(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Agent => {
                "coalesce((select name from agents where agents.id = ledger.agent_id), agent_id)"
            }
            // Microseconds of a day.
            Self::Day => "at / 86400000000",
        }
    }

    const fn order(self) -> &'static str {
        match self {
            Self::Provider | Self::Model | Self::Agent => "3 desc, 1",
            Self::Day => "1",
        }
    }
}

fn line(group: Group, get: &Get<'_>) -> Result<Line, Error> {
    let name = match group {
        Group::Provider | Group::Model | Group::Agent => get.text("name")?,
        Group::Day => {
            let start = Timestamp(get.int("name")?.saturating_mul(86_400_000_000));
            start.to_string().chars().take(10).collect()
        }
    };
    Ok(Line {
        name,
        calls: get.count("calls")?,
        amount: get.nanos("amount")?,
        overrun: get.nanos("overrun")?,
        provisional: get.nanos("provisional")?,
        input_tokens: get.count("input_tokens")?,
        cached_tokens: get.count("cached_tokens")?,
        output_tokens: get.count("output_tokens")?,
        reasoning_tokens: get.count("reasoning_tokens")?,
    })
}
