//! Capability grants: what a task gets in place of a key. A grant only narrows what the agent's
//! policies permit, ends by the clock, and can be revoked.

use std::collections::BTreeSet;

use axum::{Json, extract::Path, http::StatusCode};
use policy::{Limits, Operation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use snapshot::Snapshot;
use types::{GrantId, Label, TaskId, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    agents,
    body::{Ask, Body},
    desk::Desk,
    error::{Error, Refusal},
    money,
    owner::Of,
};

/// How long a grant lasts where nothing is said, and at most.
const SECONDS_DEFAULT: u32 = 60 * 60;
const SECONDS_MAX: u32 = 24 * 60 * 60;
/// The most grants of one answer.
const LIST_MAX: u32 = 1000;
/// The memory layers that there are.
const LAYERS: &[&str] = &["L0", "L1", "L2", "L3", "L4"];

/// What to grant. What is absent is limited by the agent's policies alone; an empty list grants none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// The agent on whose behalf its holder acts.
    pub agent: String,
    /// The task that it is bound to, `tsk_...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The run that it is bound to, `run_...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The session that it is bound to, `ses_...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Ids or aliases of models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<BTreeSet<String>>,
    /// Ids of tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<BTreeSet<String>>,
    /// Memory layers, `L0` to `L4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<BTreeSet<String>>,
    /// The sandbox profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// The highest label of content that it may be used with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What all its calls together may cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<String>,
    /// The most output tokens of one call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Seconds until it ends: 1 to 86400; an hour where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_seconds: Option<u32>,
}

/// A grant that was just made. This is the only time that it is shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeGrant {
    /// Its id, by which it is revoked.
    pub id: String,
    /// The grant itself: `Authorization: Bearer <grant>`.
    pub grant: String,
    /// The name of the agent.
    pub agent: String,
    /// When it ends.
    pub expires_at: String,
}

/// One grant, without its signature.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GrantView {
    /// Its id.
    pub id: String,
    /// The agent's name.
    pub agent: String,
    /// The task that it is bound to.
    pub task: Option<String>,
    /// The run that it is bound to.
    pub run: Option<String>,
    /// The session that it is bound to.
    pub session: Option<String>,
    /// What it limits.
    #[schema(value_type = Object)]
    pub limits: Value,
    /// `live`, `expired` or `revoked`.
    pub state: String,
    /// Who made it.
    pub issued_by: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

/// Grants.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GrantList {
    /// Newest first.
    pub grants: Vec<GrantView>,
}

/// Which grants to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GrantFilter {
    /// Only of this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Only of this task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
}

/// Whose grants to revoke.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TaskOfGrants {
    /// The task, `tsk_...`.
    pub task: String,
}

/// How many grants were revoked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct RevokedGrants {
    /// How many.
    pub revoked: u64,
}

/// Makes a grant.
#[utoipa::path(
    post, path = "/api/v1/grants", tag = "grants", request_body = NewGrant,
    responses((status = 201, body = MadeGrant), (status = "4XX", body = Refusal))
)]
pub(crate) async fn create(
    desk: Desk,
    Body(ask): Body<NewGrant>,
) -> Result<(StatusCode, Json<MadeGrant>), Error> {
    let of = Of::Agent(&ask.agent);
    let act = desk.showing(&ask).permit_of(Operation::GrantCreate, &ask.agent, of).await?;
    let agent = agents::defined(&act, &ask.agent).await?;
    let seconds = ask.expires_seconds.unwrap_or(SECONDS_DEFAULT);
    if !(1..=SECONDS_MAX).contains(&seconds) {
        let message = format!("a grant lasts 1 to {SECONDS_MAX} seconds");
        return Err(Error::invalid(message, "make a new one for what takes longer"));
    }
    let now = Timestamp::now();
    let wished = now.plus_seconds(i64::from(seconds));
    let grant = policy::Grant {
        id: GrantId::generate(),
        tenant: act.tenant(),
        agent: agent.id,
        task: id(ask.task.as_deref())?,
        run: id(ask.run.as_deref())?,
        epoch: None,
        session: id(ask.session.as_deref())?,
        limits: limits(&ask, &act.control().snapshots.load())?,
        issued_at: now,
        expires_at: act.ends_at(Some(wished)).unwrap_or(wished),
    };
    let text = act.control().pepper.signer().sign(&grant)?;
    let limits = serde_json::to_value(&grant.limits).unwrap_or_default();
    let row = store::grants::Grant {
        id: grant.id,
        tenant: grant.tenant,
        agent: grant.agent,
        task: grant.task,
        run: grant.run,
        session: grant.session,
        body: limits.clone(),
        issued_by: act.actor().to_owned(),
        created_at: grant.issued_at,
        expires_at: grant.expires_at,
        revoked_at: None,
    };
    let record = act.record(json!({
        "grant": grant.id, "agent": agent.name, "task": grant.task, "run": grant.run,
        "session": grant.session, "limits": limits, "expires_at": grant.expires_at.to_string(),
    }));
    act.control().store.grants().issue(act.permit(), &row, &record).await?;
    let made = MadeGrant {
        id: grant.id.to_string(),
        grant: text.expose().to_owned(),
        agent: agent.name,
        expires_at: grant.expires_at.to_string(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists grants, revoked and expired ones included; never the grants themselves.
#[utoipa::path(
    get, path = "/api/v1/grants", tag = "grants", params(GrantFilter),
    responses((status = 200, body = GrantList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk, Ask(ask): Ask<GrantFilter>) -> Result<Json<GrantList>, Error> {
    let of = ask.agent.as_deref().map_or(Of::Tenant, Of::Agent);
    let name = ask.agent.as_deref().unwrap_or_default();
    let act = desk.permit_of(Operation::GrantList, name, of).await?;
    let store = &act.control().store;
    let agent = match &ask.agent {
        Some(name) => Some(store.agents().by_name(act.tenant(), name).await?.id),
        None => None,
    };
    let task = id(ask.task.as_deref())?;
    let filter = store::grants::Filter { tenant: Some(act.tenant()), agent, task };
    let found = store.grants().list(&filter, LIST_MAX).await?;
    let agents = store.agents().load_all().await?;
    let name = |grant: &store::grants::Grant| {
        agents.iter().find(|a| a.id == grant.agent).map(|a| a.name.clone()).unwrap_or_default()
    };
    let now = Timestamp::now();
    let grants = found.into_iter().map(|grant| view(name(&grant), grant, now)).collect();
    Ok(Json(GrantList { grants }))
}

/// Revokes a grant for good. It is refused from the answer on.
#[utoipa::path(
    delete, path = "/api/v1/grants/{id}", tag = "grants",
    params(("id" = String, Path, description = "The grant's id, `grt_...`")),
    responses((status = 204), (status = "4XX", body = Refusal))
)]
pub(crate) async fn revoke(desk: Desk, Path(text): Path<String>) -> Result<StatusCode, Error> {
    let grant: GrantId = parse(&text)?;
    let act = desk.permit_of(Operation::GrantRevoke, &text, Of::Grant(grant)).await?;
    let record = act.record(json!({ "grant": grant }));
    act.control().store.grants().revoke(act.permit(), grant, &record).await?;
    act.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes every grant of a task.
#[utoipa::path(
    delete, path = "/api/v1/grants", tag = "grants", params(TaskOfGrants),
    responses((status = 200, body = RevokedGrants), (status = "4XX", body = Refusal))
)]
pub(crate) async fn revoke_of_task(
    desk: Desk,
    Ask(ask): Ask<TaskOfGrants>,
) -> Result<Json<RevokedGrants>, Error> {
    let task: TaskId = parse(&ask.task)?;
    let act = desk.permit_of(Operation::GrantRevoke, &ask.task, Of::Task(task)).await?;
    let record = act.record(json!({ "task": task }));
    let revoked = act.control().store.grants().revoke_of_task(act.permit(), task, &record).await?;
    act.reload().await?;
    Ok(Json(RevokedGrants { revoked }))
}

fn limits(ask: &NewGrant, snapshot: &Snapshot) -> Result<Limits, Error> {
    let models = ask.models.as_ref().map(|names| models(names, snapshot)).transpose()?;
    let layers = ask.memory.iter().flatten();
    if let Some(other) = layers.into_iter().find(|layer| !LAYERS.contains(&layer.as_str())) {
        let fix = "name some of L0, L1, L2, L3, L4";
        return Err(Error::invalid(format!("`{}` is no memory layer", short(other)), fix));
    }
    let named = ask.tools.iter().flatten().chain(&ask.sandbox);
    if let Some(other) = named.into_iter().find(|name| !is_name(name)) {
        let fix = "a name has 1 to 128 printable characters and no space";
        return Err(Error::invalid(format!("`{}` is no name", short(other)), fix));
    }
    if ask.max_tokens == Some(0) {
        return Err(Error::invalid("no call has 0 tokens", "grant 1 or more"));
    }
    let label = ask.label.as_deref().map(str::parse::<Label>).transpose();
    let label = label.map_err(|error| Error::invalid(error.to_string(), "name one of them"))?;
    let max_cost = ask.max_cost.as_deref().map(money::parse).transpose()?;
    if max_cost.is_some_and(|cost| cost.0 <= 0) {
        return Err(Error::invalid("a grant must be worth something", "grant more than 0"));
    }
    Ok(Limits {
        models,
        tools: ask.tools.clone(),
        memory: ask.memory.clone(),
        sandbox: ask.sandbox.clone(),
        label,
        max_cost,
        max_tokens: ask.max_tokens,
    })
}

/// The ids of models that the snapshot in force knows: what is misspelt would grant nothing, or
/// something once a model of that name comes.
fn models(names: &BTreeSet<String>, snapshot: &Snapshot) -> Result<BTreeSet<String>, Error> {
    let id = |name: &String| {
        let known = snapshot.registry.resolve(name).map(|model| model.id.clone());
        known.ok_or_else(|| {
            let fix = "`orchestack model list` shows all that are registered";
            Error::invalid(format!("there is no model `{}`", short(name)), fix)
        })
    };
    names.iter().map(id).collect()
}

fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn short(text: &str) -> String {
    text.chars().take(128).collect()
}

fn id<T>(text: Option<&str>) -> Result<Option<T>, Error>
where
    T: std::str::FromStr<Err = types::ParseIdError>,
{
    text.map(parse).transpose()
}

fn parse<T>(text: &str) -> Result<T, Error>
where
    T: std::str::FromStr<Err = types::ParseIdError>,
{
    // The text is not repeated: somebody may have given the grant itself.
    text.parse().map_err(|error: types::ParseIdError| {
        Error::invalid(error.to_string(), "give the id that `orchestack grant list` shows")
    })
}

fn view(agent: String, grant: store::grants::Grant, now: Timestamp) -> GrantView {
    let state = match grant.revoked_at {
        Some(_) => "revoked",
        None if grant.expires_at <= now => "expired",
        None => "live",
    };
    GrantView {
        id: grant.id.to_string(),
        agent,
        task: grant.task.map(|id| id.to_string()),
        run: grant.run.map(|id| id.to_string()),
        session: grant.session.map(|id| id.to_string()),
        limits: grant.body,
        state: state.to_owned(),
        issued_by: grant.issued_by,
        created_at: grant.created_at.to_string(),
        expires_at: grant.expires_at.to_string(),
        revoked_at: grant.revoked_at.map(|at| at.to_string()),
    }
}
