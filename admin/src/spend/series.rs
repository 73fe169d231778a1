//! What was spent over time, for curves.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use budget::{Period, Zone};
use serde::{Deserialize, Serialize};
use store::spend::{Bucket, Group, POINTS_MAX, Point};
use types::Timestamp;
use utoipa::{IntoParams, ToSchema};

use super::{DAY_SECONDS, DEFAULT_DAYS, owners};
use crate::{
    body::Ask,
    desk::{Act, Desk},
    error::{Error, Refusal},
    time,
};
use policy::Operation;

/// Which curves.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SeriesFilter {
    /// `provider`, `model`, `agent`, `user` (who answers for the agent), `key` or `tenant`; `provider` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// From this day or instant on; the last 30 days where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to and without this day or instant; today included where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `hour` or `day`, in UTC; where absent, hours for up to four days and days beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
}

/// Curves over the same instants.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SpendSeries {
    /// What the curves are of.
    pub by: String,
    /// `hour` or `day`.
    pub bucket: String,
    /// The first instant of each stretch, in order and without a gap.
    pub starts: Vec<String>,
    /// Dearest first: at most twelve, and `other` for the rest together.
    pub series: Vec<SpendCurve>,
}

/// One curve.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SpendCurve {
    /// The provider, model, agent, person, key or tenant; `-` where there is no person or key, `other` for the rest.
    pub name: String,
    /// Nano-dollars in each stretch.
    pub nanos: Vec<i64>,
    /// Attempts that were charged in each stretch.
    pub calls: Vec<u64>,
}

/// Curves that are told apart.
const CURVES_MAX: usize = 12;
/// Stretches of one answer.
const STARTS_MAX: i64 = 1_000;
/// Up to so many days are told by the hour where nobody says otherwise.
const HOURLY_DAYS: i64 = 4;

/// Shows what was spent in each hour or day.
#[utoipa::path(
    get, path = "/api/v1/spend/series", tag = "spend", params(SeriesFilter),
    responses((status = 200, body = SpendSeries), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(
    desk: Desk,
    Ask(ask): Ask<SeriesFilter>,
) -> Result<Json<SpendSeries>, Error> {
    let act = desk.permit(Operation::SpendShow, "").await?;
    let by = ask.by.unwrap_or_else(|| "provider".to_owned());
    let today = Period::Day.window(Timestamp::now(), &Zone::UTC);
    let end = today.ends.unwrap_or(today.starts);
    let to = ask.to.as_deref().map(time::parse).transpose()?.unwrap_or(end);
    let from = ask.from.as_deref().map(time::parse).transpose()?;
    let from = from.unwrap_or_else(|| to.plus_seconds(-DEFAULT_DAYS * DAY_SECONDS));
    let short = to <= from.plus_seconds(HOURLY_DAYS * DAY_SECONDS);
    let (bucket, seconds) = match ask.bucket.as_deref() {
        Some("hour") => (Bucket::Hour, DAY_SECONDS / 24),
        None if short => (Bucket::Hour, DAY_SECONDS / 24),
        Some("day") | None => (Bucket::Day, DAY_SECONDS),
        Some(other) => {
            let message = format!("there are no stretches of a `{other:.32}`");
            return Err(Error::invalid(message, "use `hour` or `day`"));
        }
    };
    let starts = starts((from, to), seconds)?;
    let points = points(&act, &by, bucket, (from, to)).await?;
    let bucket = if bucket == Bucket::Hour { "hour" } else { "day" };
    let series = curves(&starts, points);
    let starts = starts.iter().map(Timestamp::to_string).collect();
    Ok(Json(SpendSeries { by, bucket: bucket.to_owned(), starts, series }))
}

/// The first instants of the stretches from one instant to another.
fn starts((from, to): (Timestamp, Timestamp), seconds: i64) -> Result<Vec<Timestamp>, Error> {
    let length = seconds * 1_000_000;
    let first = from.0.div_euclid(length) * length;
    let count = to.0.saturating_sub(first).max(0).saturating_add(length - 1) / length;
    if count > STARTS_MAX {
        let message = format!("these are {count} stretches");
        return Err(Error::invalid(message, format!("ask for at most {STARTS_MAX}")));
    }
    Ok((0..count).map(|at| Timestamp(first + at * length)).collect())
}

async fn points(
    act: &Act,
    by: &str,
    bucket: Bucket,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Point>, Error> {
    let group = match by {
        "provider" => Group::Provider,
        "model" => Group::Model,
        "agent" | "user" => Group::Agent,
        "key" => Group::Key,
        "tenant" => Group::Tenant,
        other => {
            let fix = "use `provider`, `model`, `agent`, `user`, `key` or `tenant`";
            return Err(Error::invalid(format!("there are no curves by `{other:.32}`"), fix));
        }
    };
    let spend = act.control().store.spend();
    let mut points = spend.series((group, bucket), act.tenant(), from, to).await?;
    if points.len() > POINTS_MAX {
        let message = format!("these are more than {POINTS_MAX} points");
        return Err(Error::invalid(message, "ask for a shorter time, or for days"));
    }
    let snapshot = act.control().snapshots.load();
    let names: HashMap<String, String> = match by {
        "agent" => snapshot.agents().map(|one| (one.id.to_string(), one.name.clone())).collect(),
        "user" => owners(&snapshot).into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        _ => HashMap::new(),
    };
    for point in &mut points {
        match names.get(&point.name) {
            Some(name) => point.name.clone_from(name),
            // Of agents that are gone nobody answers for any more.
            None if by == "user" => point.name.clear(),
            None if by == "tenant" => act.tenant_name().clone_into(&mut point.name),
            None => {}
        }
        if point.name.is_empty() {
            "-".clone_into(&mut point.name);
        }
    }
    Ok(points)
}

/// The points as curves: the dearest ones, and the rest as one.
fn curves(starts: &[Timestamp], points: Vec<Point>) -> Vec<SpendCurve> {
    let mut totals: BTreeMap<&str, i64> = BTreeMap::new();
    for point in &points {
        let total = totals.entry(&point.name).or_default();
        *total = total.saturating_add(point.amount.0);
    }
    let mut names: Vec<(&str, i64)> = totals.into_iter().collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let told: Vec<&str> = names.iter().take(CURVES_MAX).map(|(name, _)| *name).collect();
    let rest = names.len() > told.len();
    let empty = |name: &str| SpendCurve {
        name: name.to_owned(),
        nanos: vec![0; starts.len()],
        calls: vec![0; starts.len()],
    };
    let mut curves: Vec<SpendCurve> =
        told.iter().copied().chain(rest.then_some("other")).map(empty).collect();
    for point in &points {
        let Ok(at) = starts.binary_search(&point.starts) else { continue };
        let curve = told.iter().position(|name| *name == point.name).unwrap_or(told.len());
        let Some(curve) = curves.get_mut(curve) else { continue };
        if let (Some(nanos), Some(calls)) = (curve.nanos.get_mut(at), curve.calls.get_mut(at)) {
            *nanos = nanos.saturating_add(point.amount.0);
            *calls = calls.saturating_add(point.calls);
        }
    }
    curves
}

#[cfg(test)]
mod tests {
    use types::Nanos;

    use super::*;

    #[test]
    fn the_dearest_are_told_apart_and_the_rest_together() {
        let starts = starts((Timestamp(0), Timestamp(7_200_000_000)), 3_600).unwrap();
        assert_eq!(starts, [Timestamp(0), Timestamp(3_600_000_000)]);
        let point = |n: i64| Point {
            name: format!("m{n:02}"),
            starts: Timestamp((n % 2) * 3_600_000_000),
            amount: Nanos(n),
            calls: 1,
        };
        let curves = curves(&starts, (0..14).map(point).collect());
        assert_eq!(curves.len(), 13);
        assert_eq!((curves[0].name.as_str(), &curves[0].nanos[..]), ("m13", &[0, 13][..]));
        let other = curves.last().unwrap();
        assert_eq!((other.name.as_str(), &other.calls[..]), ("other", &[1, 1][..]));
    }
}
