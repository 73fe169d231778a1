//! Agents: a definition and policies in the tree, an id in the store.

use axum::{Json, extract::Path, http::StatusCode};
use policy::{AgentKind, Operation};
use serde::{Deserialize, Serialize};
use serde_json::json;
use types::{AgentId, Nanos, Timestamp};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::{Act, Desk},
    error::{Error, Refusal},
    owner::Of,
    tree,
};

/// What a new agent is to be.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    /// Its name: small letters, digits, `-`, `_` and `.`, at most 64.
    pub name: String,
    /// Who answers for it; whoever makes it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// What it may spend in a day, in US dollars; the organisation's default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_day: Option<String>,
    /// Whether it runs by itself, so that policies know it as `SystemAgent`.
    #[serde(default)]
    pub system: bool,
}

/// One agent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `user` or `system`.
    pub kind: String,
    /// Who answers for it.
    pub owner: String,
    /// Its groups in policies.
    pub groups: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// Whether its keys are refused.
    pub disabled: bool,
    /// Whether the commit in force defines it. An agent that no tree defines has no policies of its
    /// own and so may do nothing.
    pub defined: bool,
}

/// Agents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentList {
    /// By name.
    pub agents: Vec<AgentView>,
}

/// Adds an agent: commits its definition and starter policies to the tree.
#[utoipa::path(
    post, path = "/api/v1/agents", tag = "agents", request_body = NewAgent,
    responses((status = 201, body = AgentView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn create(
    desk: Desk,
    Body(ask): Body<NewAgent>,
) -> Result<(StatusCode, Json<AgentView>), Error> {
    let act = desk.showing(&ask).permit(Operation::AgentCreate, &ask.name).await?;
    if !is_name(&ask.name) {
        let message = format!("`{}` is not a name of an agent", ask.name);
        let fix = "use small letters, digits, `-`, `_` and `.`, at most 64, not beginning with `.`";
        return Err(Error::invalid(message, fix));
    }
    let store = &act.control().store;
    let taken = store.agents().by_name(act.tenant(), &ask.name).await;
    if taken.is_ok() {
        return Err(store::Error::Exists { noun: "agent", name: ask.name }.into());
    }
    let owner = ask.owner.clone().unwrap_or_else(|| act.actor().to_owned());
    let definition = definition(&ask, &owner)?;
    let policies = policy::starter::agent_starter(&ask.name);
    let files = [
        (format!("agents/{}/agent.toml", ask.name), definition),
        (policy::starter::agent_file(&ask.name), policies),
    ];
    let commit = tree::add(&act, &files, &format!("agents: add {}", ask.name)).await?;
    let agent = store::agents::Agent {
        id: AgentId::generate(),
        tenant: act.tenant(),
        name: ask.name.clone(),
        kind: if ask.system { AgentKind::System } else { AgentKind::User },
        groups: Vec::new(),
        owner,
        created_at: Timestamp::now(),
        disabled_at: None,
    };
    let record = act.record(json!({ "agent": agent.name, "tree_commit": commit }));
    match store.agents().add(act.permit(), &agent, &record).await {
        Ok(()) => {}
        // The poll of the tree saw the commit first and gave the agent its id.
        Err(store::Error::Exists { .. }) => store.audit().append(record).await?,
        Err(error) => return Err(error.into()),
    }
    act.reload().await?;
    let made = store.agents().by_name(act.tenant(), &ask.name).await?;
    Ok((StatusCode::CREATED, Json(view(&act, made))))
}

/// Lists agents.
#[utoipa::path(
    get, path = "/api/v1/agents", tag = "agents",
    responses((status = 200, body = AgentList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk) -> Result<Json<AgentList>, Error> {
    let act = desk.permit(Operation::AgentList, "").await?;
    let mut agents = act.control().store.agents().load_all().await?;
    agents.retain(|agent| agent.tenant == act.tenant());
    agents.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(AgentList { agents: agents.into_iter().map(|agent| view(&act, agent)).collect() }))
}

/// Shows one agent.
#[utoipa::path(
    get, path = "/api/v1/agents/{name}", tag = "agents",
    params(("name" = String, Path, description = "The agent's name")),
    responses((status = 200, body = AgentView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(desk: Desk, Path(name): Path<String>) -> Result<Json<AgentView>, Error> {
    let act = desk.permit_of(Operation::AgentShow, &name, Of::Agent(&name)).await?;
    let agent = act.control().store.agents().by_name(act.tenant(), &name).await?;
    Ok(Json(view(&act, agent)))
}

/// An agent that can have a key: it has a row, and the commit in force defines it. One that was
/// committed a moment ago is taken up here instead of at the next look.
pub(crate) async fn defined(act: &Act, name: &str) -> Result<store::agents::Agent, Error> {
    let control = act.control();
    let known = || control.snapshots.load().agent_by_name(name).is_some();
    if !known() {
        act.reload().await?;
    }
    let agent = control.store.agents().by_name(act.tenant(), name).await?;
    if known() {
        return Ok(agent);
    }
    let message = format!("the agent `{name}` is disabled, or the tree does not define it");
    let fix = format!("commit `agents/{name}/agent.toml` and a policy to the tree");
    Err(Error::invalid(message, fix))
}

fn view(act: &Act, agent: store::agents::Agent) -> AgentView {
    let snapshot = act.control().snapshots.load();
    AgentView {
        defined: snapshot.agent_by_name(&agent.name).is_some(),
        id: agent.id.to_string(),
        kind: match agent.kind {
            AgentKind::User => "user",
            AgentKind::System => "system",
        }
        .to_owned(),
        name: agent.name,
        owner: agent.owner,
        groups: agent.groups,
        created_at: agent.created_at.to_string(),
        disabled: agent.disabled_at.is_some(),
    }
}

/// Whether a name may be that of a folder in the tree, of a policy id and of a metric's label.
fn is_name(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    first && text.len() <= 64 && text.bytes().all(plain)
}

/// The text of `agent.toml`. Values go through a TOML writer, so that none can end its string.
fn definition(ask: &NewAgent, owner: &str) -> Result<String, Error> {
    let mut table = toml::Table::new();
    table.insert("owner".to_owned(), owner.into());
    table.insert("description".to_owned(), ask.description.as_str().into());
    if ask.system {
        table.insert("kind".to_owned(), "system".into());
    }
    if let Some(day) = &ask.budget_day {
        let amount: Nanos = day.parse().map_err(|error: types::MoneyError| {
            Error::invalid(error.to_string(), "write `5.00`")
        })?;
        let mut budget = toml::Table::new();
        budget.insert("day".to_owned(), amount.to_usd().into());
        table.insert("budget".to_owned(), budget.into());
    }
    Ok(format!("# The agent `{}`.\n{table}", ask.name))
}
