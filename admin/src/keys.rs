//! API keys: shown once when they are made, kept as keyed hashes.

use axum::{Json, extract::Path, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use types::{AgentId, KeyId, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{
    agents,
    body::{Ask, Body},
    desk::{Act, Desk},
    error::{Error, Refusal},
    owner::Of,
};
use policy::Operation;

/// How long a rotated key goes on where nothing is said: a day.
const OVERLAP_SECONDS: u32 = 24 * 60 * 60;

/// Whose key to make.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The agent's name.
    pub agent: String,
    /// Seconds until it is refused; never where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_seconds: Option<u32>,
}

/// How to replace a key.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Seconds for which the old key goes on; a day where absent, 0 ends it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_seconds: Option<u32>,
}

/// A key that was just made. This is the only time that it is shown.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeKey {
    /// Its public half.
    pub id: String,
    /// The key itself: `Authorization: Bearer <key>`.
    pub key: String,
    /// The name of the agent it speaks for.
    pub agent: String,
}

/// One key, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    /// Its public half.
    pub id: String,
    /// The name of the agent it speaks for.
    pub agent: String,
    /// `live`, `expired` or `revoked`.
    pub state: String,
    /// When it was made.
    pub created_at: String,
    /// From when on it is refused.
    pub expires_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// The key that it replaced.
    pub rotated_from: Option<String>,
}

/// Keys.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeyList {
    /// Oldest first within an agent.
    pub keys: Vec<KeyView>,
}

/// Which keys to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct KeyFilter {
    /// Only of this agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// Makes a key for an agent.
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "keys", request_body = NewKey,
    responses((status = 201, body = MadeKey), (status = "4XX", body = Refusal))
)]
pub(crate) async fn create(
    desk: Desk,
    Body(ask): Body<NewKey>,
) -> Result<(StatusCode, Json<MadeKey>), Error> {
    let of = Of::Agent(&ask.agent);
    let act = desk.showing(&ask).permit_of(Operation::KeyCreate, &ask.agent, of).await?;
    let store = &act.control().store;
    let agent = agents::defined(&act, &ask.agent).await?;
    let (mut key, made) = mint(&act, agent.id, agent.name)?;
    let wished = ask.expires_seconds.map(|s| key.created_at.plus_seconds(i64::from(s)));
    key.expires_at = act.ends_at(wished);
    let record = act.record(json!({ "key": made.id, "agent": made.agent }));
    store.keys().create(act.permit(), &key, &record).await?;
    act.reload().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Replaces a key: makes a new one for the same agent and lets the old one end later.
#[utoipa::path(
    post, path = "/api/v1/keys/{id}/rotate", tag = "keys", request_body = Rotation,
    params(("id" = String, Path, description = "The old key's id, `key_...`")),
    responses((status = 201, body = MadeKey), (status = "4XX", body = Refusal))
)]
pub(crate) async fn rotate(
    desk: Desk,
    Path(id): Path<String>,
    Body(ask): Body<Rotation>,
) -> Result<(StatusCode, Json<MadeKey>), Error> {
    let old = parse(&id)?;
    let act = desk.showing(&ask).permit_of(Operation::KeyRotate, &id, Of::Key(old)).await?;
    let store = &act.control().store;
    let held = store.keys().load_all().await?;
    let held = held.into_iter().find(|key| key.id == old && key.tenant == act.tenant());
    let held = held.ok_or_else(|| store::Error::Missing { noun: "key", name: id.clone() })?;
    let agents = store.agents().load_all().await?;
    let agent = agents.into_iter().find(|agent| agent.id == held.agent);
    let name = agent.map(|agent| agent.name).unwrap_or_default();
    let (mut key, made) = mint(&act, held.agent, name)?;
    key.rotated_from = Some(old);
    let overlap = ask.overlap_seconds.unwrap_or(OVERLAP_SECONDS);
    let ends = key.created_at.plus_seconds(i64::from(overlap));
    let detail = json!({ "key": made.id, "agent": made.agent, "old": id, "overlap_s": overlap });
    store.keys().rotate(act.permit(), &key, ends, &act.record(detail)).await?;
    act.reload().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revokes a key for good. It is refused from the answer on.
#[utoipa::path(
    delete, path = "/api/v1/keys/{id}", tag = "keys",
    params(("id" = String, Path, description = "The key's id, `key_...`")),
    responses((status = 204), (status = "4XX", body = Refusal))
)]
pub(crate) async fn revoke(desk: Desk, Path(id): Path<String>) -> Result<StatusCode, Error> {
    let key = parse(&id)?;
    let act = desk.permit_of(Operation::KeyRevoke, &id, Of::Key(key)).await?;
    let record = act.record(json!({ "key": id }));
    act.control().store.keys().revoke(act.permit(), key, &record).await?;
    act.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists keys, revoked ones included; never the keys themselves.
#[utoipa::path(
    get, path = "/api/v1/keys", tag = "keys", params(KeyFilter),
    responses((status = 200, body = KeyList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk, Ask(filter): Ask<KeyFilter>) -> Result<Json<KeyList>, Error> {
    let of = filter.agent.as_deref().map_or(Of::Tenant, Of::Agent);
    let agent = filter.agent.as_deref().unwrap_or_default();
    let act = desk.permit_of(Operation::KeyList, agent, of).await?;
    let store = &act.control().store;
    let agents = match &filter.agent {
        Some(name) => vec![store.agents().by_name(act.tenant(), name).await?],
        None => store.agents().load_all().await?,
    };
    let now = Timestamp::now();
    let mut keys = Vec::new();
    for agent in agents.iter().filter(|agent| agent.tenant == act.tenant()) {
        let found = store.keys().of_agent(agent.id).await?;
        keys.extend(found.into_iter().map(|key| view(key, &agent.name, now)));
    }
    Ok(Json(KeyList { keys }))
}

fn mint(act: &Act, agent: AgentId, name: String) -> Result<(store::keys::Key, MadeKey), Error> {
    let id = KeyId::generate();
    let minted = act.control().pepper.mint_key(id)?;
    let key = store::keys::Key {
        id,
        agent,
        tenant: act.tenant(),
        hash: minted.hash,
        created_at: Timestamp::now(),
        expires_at: act.ends_at(None),
        revoked_at: None,
        rotated_from: None,
    };
    let text = minted.text.expose().to_owned();
    Ok((key, MadeKey { id: id.to_string(), key: text, agent: name }))
}

fn parse(id: &str) -> Result<KeyId, Error> {
    // The text is not repeated, and this comes before policy and its record: somebody may have
    // given the key itself.
    id.parse().map_err(|error: types::ParseIdError| {
        Error::invalid(error.to_string(), "give the id that `orchestack key list` shows")
    })
}

fn view(key: store::keys::Key, agent: &str, now: Timestamp) -> KeyView {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(ends)) if ends <= now => "expired",
        (None, _) => "live",
    };
    KeyView {
        id: key.id.to_string(),
        agent: agent.to_owned(),
        state: state.to_owned(),
        created_at: key.created_at.to_string(),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
        rotated_from: key.rotated_from.map(|id| id.to_string()),
    }
}
