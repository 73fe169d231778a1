//! What was spent, by provider, model, agent or day.

use axum::Json;
use serde::{Deserialize, Serialize};
use store::spend::Group;
use types::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::Ask,
    desk::Desk,
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
    /// `provider`, `model`, `agent` or `day`; `model` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// From this day (`2026-11-22`) or instant (RFC 3339) on; the last 30 days where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to and without this day or instant; now where absent.
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
    /// Days in order, all else dearest first.
    pub lines: Vec<SpendLine>,
}

/// One line of a report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendLine {
    /// The provider, model, agent or day.
    pub name: String,
    /// Attempts that were charged.
    pub calls: u64,
    /// What they cost.
    pub amount: Money,
    /// The part of it beyond what was held.
    pub overrun: Money,
    /// Input tokens, cached ones included.
    pub input_tokens: u64,
    /// Input tokens read from a cache.
    pub cached_tokens: u64,
    /// Output tokens, reasoning included.
    pub output_tokens: u64,
}

const DEFAULT_SECONDS: i64 = 30 * 24 * 60 * 60;

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
    let group = group(&by)?;
    let now = Timestamp::now();
    let to = ask.to.as_deref().map(time::parse).transpose()?.unwrap_or(now.plus_seconds(1));
    let from = ask.from.as_deref().map(time::parse).transpose()?;
    let from = from.unwrap_or_else(|| to.plus_seconds(-DEFAULT_SECONDS));
    let lines = act.control().store.spend().by(group, act.tenant(), from, to).await?;
    let total = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount.0));
    let line = |line: store::spend::Line| SpendLine {
        name: line.name,
        calls: line.calls,
        amount: line.amount.into(),
        overrun: line.overrun.into(),
        input_tokens: line.input_tokens,
        cached_tokens: line.cached_tokens,
        output_tokens: line.output_tokens,
    };
    Ok(Json(SpendReport {
        by,
        from: from.to_string(),
        to: to.to_string(),
        total: types::Nanos(total).into(),
        lines: lines.into_iter().map(line).collect(),
    }))
}

fn group(by: &str) -> Result<Group, Error> {
    match by {
        "provider" => Ok(Group::Provider),
        "model" => Ok(Group::Model),
        "agent" => Ok(Group::Agent),
        "day" => Ok(Group::Day),
        other => {
            let fix = "use `provider`, `model`, `agent` or `day`";
            Err(Error::invalid(format!("there is no report by `{other}`"), fix))
        }
    }
}
