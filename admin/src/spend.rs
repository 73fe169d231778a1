//! What was spent, by provider, model, agent, person, key, tenant or day.

pub(crate) mod series;

use std::collections::HashMap;

use axum::Json;
use budget::{Period, Window, Zone};
use serde::{Deserialize, Serialize};
use snapshot::Snapshot;
use store::spend::{Group, Line, whole_hours};
use types::{AgentId, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::Ask,
    desk::{Act, Desk},
    error::{Error, Refusal},
    money::Money,
    time,
};
use policy::Operation;

/// Which report.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SpendFilter {
    /// `provider`, `model`, `agent`, `user` (who answers for the agent), `key`, `tenant` or `day`;
    /// `model` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// From this day (`2026-11-22`) or the hour of this instant (RFC 3339) on; the last 30 days where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to and without this day, or the hour after this instant; today included where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendReport {
    /// What the lines are of.
    pub by: String,
    /// The first instant that counts.
    pub from: String,
    /// The first instant that does not count any more.
    pub to: String,
    /// Everything together.
    pub total: Money,
    /// What the running month will have cost at its end.
    pub forecast: SpendForecast,
    /// Days in order, all else dearest first.
    pub lines: Vec<SpendLine>,
}

/// One line of a report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendLine {
    /// The provider, model, agent, person, key, tenant or day; `-` where there is no person or key.
    pub name: String,
    /// Attempts that were charged.
    pub calls: u64,
    /// Those of them that ended without an answer or with a broken one.
    pub errors: u64,
    /// What they cost.
    pub amount: Money,
    /// The part of it beyond what was held.
    pub overrun: Money,
    /// The part of it that is provisional or was corrected from a provisional charge.
    pub provisional: Money,
    /// What input from the providers' caches would have cost more as plain input.
    pub saved: Money,
    /// What the same tokens would have cost more at the models that were asked for, or where the router was asked to
    /// choose, at the dearest that it might have chosen; less than nothing where fallbacks were dearer.
    pub routed: Money,
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    /// Input tokens read from a cache.
    pub cached_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
    /// Output tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// What half of the calls that were answered took at most, in milliseconds, on the days that
    /// the report touches; at most a quarter too high. Absent where no time was measured.
    pub p50_ms: Option<u64>,
    /// The same of 99 in a hundred.
    pub p99_ms: Option<u64>,
}

/// What a window will have cost at its end.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendForecast {
    /// How long the window is: `month`.
    pub period: String,
    /// Its first instant.
    pub starts: String,
    /// The first instant after it.
    pub ends: String,
    /// What was spent in it so far.
    pub spent: Money,
    /// What will have been spent at its end, if the rest goes on as the last whole days did, at
    /// most seven of them; as the window so far, where there is no whole day yet.
    pub amount: Money,
}

/// How many days before today a report begins where nothing is said.
const DEFAULT_DAYS: i64 = 30;
/// How many whole days a forecast looks back on.
const FORECAST_DAYS: i64 = 7;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Reports what was spent.
#[utoipa::path(
    get, path = "/api/v1/spend", tag = "spend", params(SpendFilter),
    responses((status = 200, body = SpendReport), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(
    desk: Desk,
    Ask(ask): Ask<SpendFilter>,
) -> Result<Json<SpendReport>, Error> {
    let act = desk.permit(Operation::SpendShow, "").await?;
    let by = ask.by.unwrap_or_else(|| "model".to_owned());
    let today = Period::Day.window(Timestamp::now(), &Zone::UTC);
    // The whole of today: its end is in the future, and nothing was spent there.
    let end = today.ends.unwrap_or(today.starts);
    let to = ask.to.as_deref().map(time::parse).transpose()?.unwrap_or(end);
    let from = ask.from.as_deref().map(time::parse).transpose()?;
    let from = from.unwrap_or_else(|| to.plus_seconds(-DEFAULT_DAYS * DAY_SECONDS));
    let lines = lines(&act, &by, from, to).await?;
    let total = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount.0));
    let (from, to) = whole_hours(from, to);
    Ok(Json(SpendReport {
        by,
        from: from.to_string(),
        to: to.to_string(),
        total: types::Nanos(total).into(),
        forecast: forecast(&act, today).await?,
        lines: lines.into_iter().map(view).collect(),
    }))
}

async fn lines(act: &Act, by: &str, from: Timestamp, to: Timestamp) -> Result<Vec<Line>, Error> {
    let group = match by {
        "provider" => Group::Provider,
        "model" => Group::Model,
        "agent" => Group::Agent,
        "key" => Group::Key,
        "tenant" => Group::Tenant,
        "day" => Group::Day,
        "user" => {
            let owners = owners(&act.control().snapshots.load());
            let spend = act.control().store.spend();
            return Ok(spend.by_owner(&owners, act.tenant(), from, to).await?);
        }
        other => {
            let fix = "use `provider`, `model`, `agent`, `user`, `key`, `tenant` or `day`";
            return Err(Error::invalid(format!("there is no report by `{other}`"), fix));
        }
    };
    Ok(act.control().store.spend().by(group, act.tenant(), from, to).await?)
}

/// Who answers for each agent now.
fn owners(snapshot: &Snapshot) -> HashMap<AgentId, String> {
    snapshot.agents().map(|agent| (agent.id, agent.owner.clone())).collect()
}

/// What the running month will have cost, at the pace of the last whole days.
async fn forecast(act: &Act, today: Window) -> Result<SpendForecast, Error> {
    let now = Timestamp::now();
    let month = Period::Month.window(now, &Zone::UTC);
    let first = today.starts.plus_seconds(-FORECAST_DAYS * DAY_SECONDS);
    let end = today.ends.unwrap_or(now);
    let spend = act.control().store.spend();
    let days = spend.days(act.tenant(), first.min(month.starts), end).await?;
    let spent = days.range(month.starts..).fold(0_i64, |sum, (_, day)| sum.saturating_add(day.0));
    // Days without a call count from the first with one on.
    let begun = days.keys().find(|day| **day >= first).copied().unwrap_or(today.starts);
    let whole: Vec<types::Nanos> = (0..FORECAST_DAYS)
        .map(|day| first.plus_seconds(day * DAY_SECONDS))
        .filter(|day| *day >= begun)
        .map(|day| days.get(&day).copied().unwrap_or_default())
        .collect();
    let amount = budget::forecast(types::Nanos(spent), month, now, &whole);
    Ok(SpendForecast {
        period: month.period.as_str().to_owned(),
        starts: month.starts.to_string(),
        ends: month.ends.unwrap_or(now).to_string(),
        spent: types::Nanos(spent).into(),
        amount: amount.into(),
    })
}

fn view(line: Line) -> SpendLine {
    SpendLine {
        name: line.name,
        calls: line.calls,
        errors: line.errors,
        amount: line.amount.into(),
        overrun: line.overrun.into(),
        provisional: line.provisional.into(),
        saved: line.saved.into(),
        routed: line.routed.into(),
        input_tokens: line.input_tokens,
        cached_tokens: line.cached_tokens,
        output_tokens: line.output_tokens,
        reasoning_tokens: line.reasoning_tokens,
        p50_ms: line.p50_ms,
        p99_ms: line.p99_ms,
    }
}
