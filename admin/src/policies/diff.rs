//! What a change of policies newly permits and newly denies: for every possible request, and for the
//! calls on record.

use std::sync::Arc;

use axum::Json;
use policy::{Engine, Operation};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use snapshot::{Difference, Prover, Recorded, Replay};
use store::audit::{Entry, Filter};
use types::audit::{Kind, Record};
use utoipa::ToSchema;

use super::{PolicyCheck, files::NewText};
use crate::{
    body::Body,
    desk::{Act, Desk},
    error::{Error, Refusal},
};

/// The most decisions of one replay.
const REPLAY_MAX: u32 = 10_000;

/// What to compare.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiffQuestion {
    /// A commit or branch; what is in force where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// A commit or branch; the files as they lie in the tree's folder where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// In place of `after`: the commit that `changes` are laid over; the newest where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Changes that no commit has yet, at most 200 files. Nothing is kept of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<NewText>,
    /// How many recorded decisions to ask again, newest, at most 10000; none where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<u32>,
}

/// What a change of policies changes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PolicyDiff {
    /// What was compared: a commit or a folder.
    pub before: String,
    /// With what.
    pub after: String,
    /// Whether more may be permitted than before. What nobody knows counts.
    pub widens: bool,
    /// The layers that decide differently, or of which nobody knows.
    pub layers: Vec<LayerView>,
    /// What the decisions on record would have been.
    pub replay: Option<ReplayView>,
}

/// What changes in one layer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LayerView {
    /// `organisation`, or `agent NAME`.
    pub layer: String,
    /// Examples of what is newly permitted, one for each kind of request.
    pub permits: Vec<DifferenceView>,
    /// Examples of what is newly denied.
    pub denies: Vec<DifferenceView>,
    /// Where nobody knows, and why.
    pub unknown: Vec<String>,
}

/// One request that is decided differently.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DifferenceView {
    /// What the request asks for, such as `callModel by Agent on Model`.
    pub about: String,
    /// What it is newly free of, such as `without redacting email`; absent where it was denied.
    pub how: Option<String>,
    /// The request, in Cedar's JSON.
    #[schema(value_type = Object)]
    pub example: Value,
    /// The same in a few lines.
    pub shown: String,
}

/// What the decisions on record would have been.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ReplayView {
    /// Decisions that were asked again.
    pub replayed: u64,
    /// Decisions whose records do not say enough to.
    pub skipped: u64,
    /// Calls of models and tools that are newly permitted.
    pub permits: u64,
    /// Calls that are newly denied.
    pub denies: u64,
    /// Calls that are permitted under other obligations.
    pub obliges: u64,
    /// The first of them.
    pub told: Vec<ReplayedView>,
}

/// One recorded call that would be decided differently.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReplayedView {
    /// The request.
    pub request: String,
    /// The agent that called.
    pub agent: String,
    /// The model or tool.
    pub model: String,
    /// What the one set of policies says.
    pub before: String,
    /// What the other says.
    pub after: String,
}

/// A set of policies, with what it is called.
pub type Side = (String, Arc<Engine>);

/// Tells what a change of policies newly permits and newly denies.
#[utoipa::path(
    post, path = "/api/v1/policy/diff", tag = "policy", request_body = DiffQuestion,
    responses((status = 200, body = PolicyDiff), (status = "4XX", body = Refusal))
)]
pub(crate) async fn diff(
    desk: Desk,
    Body(ask): Body<DiffQuestion>,
) -> Result<Json<PolicyDiff>, Error> {
    let DiffQuestion { before, after, base, changes, replay: count } = ask;
    let after = PolicyCheck { commit: after, base, changes };
    let act = desk.permit(Operation::PolicyDiff, after.named()).await?;
    let before = match before {
        Some(named) => {
            side(&act, PolicyCheck { commit: Some(named), ..PolicyCheck::default() }).await?
        }
        None => {
            let snapshot = act.control().snapshots.load();
            (snapshot.commit.clone(), Arc::clone(&snapshot.policy))
        }
    };
    let after = side(&act, after).await?;
    let records = match count {
        Some(count) if count > 0 => decisions(&act, count).await?,
        Some(_) | None => Vec::new(),
    };
    let asked = count.is_some();
    let tenant = act.control().snapshots.load().tenant_name.clone();
    let sides = [before, after];
    let mut diff = compare(act.control().snapshots.prover(), &sides, &tenant).await;
    if asked {
        diff.take(replay(sides, records).await?);
    }
    Ok(Json(diff))
}

async fn side(act: &Act, tree: PolicyCheck) -> Result<Side, Error> {
    let (name, files) = tree.files(act).await?;
    // Whether its cases fail is another question.
    let engine = snapshot::untested(&name, &files).map_err(Error::Tree)?;
    Ok((name, Arc::new(engine)))
}

async fn decisions(act: &Act, count: u32) -> Result<Vec<Record>, Error> {
    let filter =
        Filter { tenant: Some(act.tenant()), kind: Some(Kind::Decision), ..Filter::default() };
    let found = act.control().store.audit().tail(&filter, count.min(REPLAY_MAX)).await?;
    Ok(found.into_iter().map(|Entry { record, .. }| record).collect())
}

/// Compares two sets of policies for every possible request.
pub async fn compare(prover: &Prover, sides: &[Side; 2], tenant: &str) -> PolicyDiff {
    let [(before, old), (after, new)] = sides;
    let found = snapshot::diff(prover, old, new, tenant).await;
    let widens = found.widens();
    let all = |list: Vec<Difference>| list.into_iter().map(view).collect();
    let layer = |layer: snapshot::LayerDiff| LayerView {
        layer: layer.layer,
        permits: all(layer.permits),
        denies: all(layer.denies),
        unknown: layer.unknown,
    };
    PolicyDiff {
        before: before.clone(),
        after: after.clone(),
        widens,
        layers: found.layers.into_iter().map(layer).collect(),
        replay: None,
    }
}

/// Asks recorded decisions again, where they keep no request waiting.
async fn replay(sides: [Side; 2], records: Vec<Record>) -> Result<ReplayView, Error> {
    let work = move || {
        let [(_, old), (_, new)] = &sides;
        let mut replay = Replay::default();
        for record in &records {
            let request = record.request.map(|id| id.to_string()).unwrap_or_default();
            let recorded = Recorded { request, at: record.at, detail: &record.detail };
            replay.add(&recorded, old, new);
        }
        replay
    };
    tokio::task::spawn_blocking(work).await.map(replayed).map_err(|_| Error::Broke)
}

impl PolicyDiff {
    /// Adds what a replay found.
    fn take(&mut self, replay: ReplayView) {
        self.widens |= replay.permits > 0;
        self.replay = Some(replay);
    }
}

fn replayed(replay: Replay) -> ReplayView {
    let told = |told: snapshot::Told| ReplayedView {
        request: told.request,
        agent: told.agent,
        model: told.model,
        before: told.before,
        after: told.after,
    };
    ReplayView {
        replayed: replay.replayed,
        skipped: replay.skipped,
        permits: replay.permits,
        denies: replay.denies,
        obliges: replay.obliges,
        told: replay.told.into_iter().map(told).collect(),
    }
}

fn view(difference: Difference) -> DifferenceView {
    DifferenceView {
        about: difference.about,
        how: difference.how,
        example: difference.example,
        shown: difference.shown,
    }
}
