//! Requests: which there were, which come in now, and the whole story of one.

pub(crate) mod live;
pub(crate) mod story;

use axum::Json;
use policy::Operation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use snapshot::{Agent, Snapshot};
use store::requests::{Request, Wanted};
use types::{AgentId, GrantId, KeyId, Nanos};
use utoipa::{IntoParams, ToSchema};

pub use self::story::{ChargeView, RequestStory, StoryRecord};
use crate::{
    body::Ask,
    desk::Desk,
    error::{Error, Refusal},
    money::Money,
    time,
};

/// The most lines of one answer, and how many there are where nobody says.
const LINES_MAX: u32 = 1_000;
const LINES: u32 = 100;

/// Which requests.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RequestFilter {
    /// From this day or instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to and without this day or instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of this agent, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// `callModel` or `callTool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// To this model or tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// `ok`, or the code of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Answered by this provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// With this label: `public`, `internal`, `sensitive` or `restricted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Of this session, `ses_...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Of the agents that this person answers for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// By this API key, `key_...`, or this capability grant, `grt_...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Before this place in the audit chain: `next` of the answer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// How many; 100 where absent, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Some requests.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RequestList {
    /// Newest first.
    pub lines: Vec<RequestLine>,
    /// What `before` of the next call is; absent where there are no more.
    pub next: Option<i64>,
}

/// A request that ended or was refused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RequestLine {
    /// The place of its last record in the audit chain.
    pub seq: i64,
    /// Its id, `req_...`.
    pub id: String,
    /// When it ended.
    pub at: String,
    /// Who asked, by name where it is an agent of the tree.
    pub agent: String,
    /// Who answers for the agent, where the tree still has it.
    pub user: Option<String>,
    /// The API key or the capability grant that it called with, by its id.
    pub credential: Option<String>,
    /// `callModel` or `callTool`.
    pub action: String,
    /// The model or the tool.
    pub resource: String,
    /// The provider that answered.
    pub provider: Option<String>,
    /// `ok`, or the code of an error.
    pub outcome: String,
    /// The label of what was asked.
    pub label: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// What it cost.
    pub cost: Option<Money>,
    /// From the first byte to the end, in milliseconds.
    pub ms: Option<u64>,
    /// Input tokens.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
    /// Whether an earlier answer was given again.
    pub cached: bool,
}

/// Lists requests that ended or were refused, newest first. Looks through 200,000 records at most: with filters,
/// an answer may have few lines or none and still name a next one.
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "requests", params(RequestFilter),
    responses((status = 200, body = RequestList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(
    desk: Desk,
    Ask(ask): Ask<RequestFilter>,
) -> Result<Json<RequestList>, Error> {
    let act = desk.permit(Operation::RequestShow, "").await?;
    let snapshot = act.control().snapshots.load();
    let Some(wanted) = wanted(&snapshot, &ask)? else {
        return Ok(Json(RequestList { lines: Vec::new(), next: None }));
    };
    let limit = ask.limit.unwrap_or(LINES).clamp(1, LINES_MAX);
    let page = act.control().store.audit().requests(act.tenant(), &wanted, limit).await?;
    let lines = page.requests.iter().filter_map(|request| line(&snapshot, request)).collect();
    Ok(Json(RequestList { lines, next: page.next }))
}

/// What a filter asks for; `None` where nothing can match.
fn wanted(snapshot: &Snapshot, ask: &RequestFilter) -> Result<Option<Wanted>, Error> {
    let named = |agent: &&Agent| {
        ask.agent.as_ref().is_none_or(|name| agent.name == *name)
            && ask.user.as_ref().is_none_or(|user| agent.owner == *user)
    };
    let narrowed = ask.agent.is_some() || ask.user.is_some();
    let agents: Vec<AgentId> = match narrowed {
        true => snapshot.agents().filter(named).map(|agent| agent.id).collect(),
        false => Vec::new(),
    };
    if narrowed && agents.is_empty() {
        return Ok(None);
    }
    let label = ask.label.as_deref().map(str::parse).transpose();
    let session = ask.session.as_deref().map(str::parse).transpose();
    Ok(Some(Wanted {
        before: ask.before,
        after: None,
        from: ask.from.as_deref().map(time::parse).transpose()?,
        to: ask.to.as_deref().map(time::parse).transpose()?,
        agents,
        auth: ask.credential.as_deref().map(auth).transpose()?,
        action: ask.action.clone(),
        resource: ask.resource.clone(),
        outcome: ask.outcome.clone(),
        provider: ask.provider.clone(),
        label: label.map_err(|error: types::UnknownName| {
            Error::invalid(error.to_string(), "name one of the four labels")
        })?,
        session: session.map_err(|error: types::ParseIdError| {
            Error::invalid(error.to_string(), "give the id that the session's page shows")
        })?,
    }))
}

/// How a record names what a caller called with.
fn auth(credential: &str) -> Result<String, Error> {
    let key = credential.parse::<KeyId>().map(|id| format!("key:{id}"));
    key.or_else(|_| credential.parse::<GrantId>().map(|id| format!("grant:{id}"))).map_err(|_| {
        let fix = "give the id of an API key or of a capability grant, and never the key itself";
        Error::invalid("`credential` is not an id", fix)
    })
}

/// The line of a request.
fn line(snapshot: &Snapshot, request: &Request) -> Option<RequestLine> {
    let record = &request.end.record;
    let detail = record.detail.value();
    let usage = |key: &str| detail.get("usage").and_then(|usage| usage.get(key)?.as_u64());
    let cost = detail.get("cost_nanos").and_then(Value::as_i64);
    let owner = known(snapshot, &record.actor.id).map(|agent| agent.owner.clone());
    Some(RequestLine {
        seq: request.end.seq,
        id: record.request?.to_string(),
        at: record.at.to_string(),
        agent: agent(snapshot, &record.actor.id),
        user: owner.filter(|owner| !owner.is_empty()),
        credential: record.actor.auth.split_once(':').map(|(_, id)| id.to_owned()),
        action: record.action.clone(),
        resource: record.resource.clone(),
        provider: request.text("provider"),
        outcome: record.outcome.clone(),
        label: request.label(),
        session: request.text("session"),
        cost: cost.map(|nanos| Nanos(nanos).into()),
        ms: detail.get("ms").and_then(Value::as_u64),
        input_tokens: usage("input"),
        output_tokens: usage("output"),
        cached: detail.get("answer_of").is_some_and(Value::is_string),
    })
}

/// The name of an agent; its id where the tree no longer has it.
fn agent(snapshot: &Snapshot, id: &str) -> String {
    known(snapshot, id).map_or_else(|| id.to_owned(), |agent| agent.name.clone())
}

fn known<'s>(snapshot: &'s Snapshot, id: &str) -> Option<&'s Agent> {
    snapshot.agent(id.parse().ok()?)
}
