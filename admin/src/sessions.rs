//! Sessions: how confidential each is and whether it may be trusted, and a person's word on both.

use axum::{Json, extract::Path};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{flows::Flow, session_labels::SessionLabel};
use types::{Integrity, Label, SessionId};
use utoipa::ToSchema;

use crate::{
    body::Body,
    desk::{Act, Desk},
    error::{Error, Refusal},
};
use policy::Operation;

/// The shortest and the longest reason, in characters.
const REASON_CHARS: std::ops::RangeInclusive<usize> = 10..=1000;

/// What a person says of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSessionLabel {
    /// The label that it gets, which is below the one that it has: `public`, `internal` or `sensitive`.
    pub lower_to: String,
    /// Why; at least ten characters. It stays on record.
    pub reason: String,
}

/// A person's word that what a session has seen may be trusted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Endorsement {
    /// Why; at least ten characters. It stays on record.
    pub reason: String,
}

/// What a session has seen of others.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FlowView {
    /// Since when its integrity is what it is.
    pub since: String,
    /// The request that had what nobody vouches for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Who vouched for what was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The tool servers whose results it has seen.
    pub sources: Vec<String>,
    /// Tool calls that were permitted.
    pub tool_calls: u64,
}

/// What is known of a session.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// The highest of what was seen in it, or what a person said since.
    pub label: String,
    /// Whether what it has seen may be trusted: `trusted` or `untrusted`.
    pub integrity: String,
    /// Since when it has its label; nothing where it is that of every session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The request that raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Who lowered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it has seen of others; nothing before its first request to a model or a tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowView>,
}

/// Shows the label of a session, and what it has seen.
#[utoipa::path(
    get, path = "/api/v1/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session's id, `ses_...`")),
    responses((status = 200, body = SessionView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(desk: Desk, Path(id): Path<String>) -> Result<Json<SessionView>, Error> {
    let session = parse(&id)?;
    let act = desk.permit(Operation::SessionShow, &id).await?;
    found(&act, session).await.map(Json)
}

/// Lowers the label of a session. It rises again with what is seen next.
#[utoipa::path(
    post, path = "/api/v1/sessions/{id}/label", tag = "sessions", request_body = NewSessionLabel,
    params(("id" = String, Path, description = "The session's id, `ses_...`")),
    responses((status = 200, body = SessionView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn lower(
    desk: Desk,
    Path(id): Path<String>,
    Body(ask): Body<NewSessionLabel>,
) -> Result<Json<SessionView>, Error> {
    let session = parse(&id)?;
    let act = desk.showing(&ask).permit(Operation::SessionLower, &id).await?;
    let label: Label = ask.lower_to.parse().map_err(|error: types::UnknownName| {
        Error::invalid(error.to_string(), "name a label below the session's")
    })?;
    let reason = reason(&ask.reason, "say why its content is less confidential")?;
    let before = found(&act, session).await?;
    let detail = json!({
        "session": id, "from": before.label, "to": label, "raised_by": before.request,
        "reason": reason,
    });
    let labels = act.control().store.session_labels();
    labels.lower(act.permit(), (session, label), reason, &act.record(detail)).await?;
    found(&act, session).await.map(Json)
}

/// Vouches for everything that a session has seen. What it sees next is nobody's word again.
#[utoipa::path(
    post, path = "/api/v1/sessions/{id}/endorse", tag = "sessions", request_body = Endorsement,
    params(("id" = String, Path, description = "The session's id, `ses_...`")),
    responses((status = 200, body = SessionView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn endorse(
    desk: Desk,
    Path(id): Path<String>,
    Body(ask): Body<Endorsement>,
) -> Result<Json<SessionView>, Error> {
    let session = parse(&id)?;
    let act = desk.showing(&ask).permit(Operation::SessionEndorse, &id).await?;
    let reason = reason(&ask.reason, "say why what it has seen may be trusted")?;
    let before = found(&act, session).await?;
    let flow = before.flow.as_ref();
    let detail = json!({
        "session": id, "from": before.integrity, "to": Integrity::Trusted,
        "seen_by": flow.and_then(|flow| flow.request.as_ref()),
        "sources": flow.map(|flow| &flow.sources), "reason": reason,
    });
    let trust = act.control().store.trust();
    trust.endorse(act.permit(), session, reason, &act.record(detail)).await?;
    found(&act, session).await.map(Json)
}

async fn found(act: &Act, session: SessionId) -> Result<SessionView, Error> {
    let store = &act.control().store;
    let label = store.session_labels().find(act.tenant(), session).await?;
    let flow = store.trust().find(act.tenant(), session).await?;
    if label.is_none() && flow.is_none() {
        let name = session.to_string();
        return Err(store::Error::Missing { noun: "session", name }.into());
    }
    Ok(view(session, label, flow))
}

fn reason<'a>(given: &'a str, fix: &'static str) -> Result<&'a str, Error> {
    let reason = given.trim();
    if REASON_CHARS.contains(&reason.chars().count()) {
        return Ok(reason);
    }
    Err(Error::invalid("the reason must have 10 to 1000 characters", fix))
}

fn parse(id: &str) -> Result<SessionId, Error> {
    id.parse().map_err(|error: types::ParseIdError| {
        Error::invalid(error.to_string(), "give an id such as ses_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    })
}

fn view(session: SessionId, label: Option<SessionLabel>, flow: Option<Flow>) -> SessionView {
    let integrity = flow.as_ref().map_or(Integrity::Trusted, |flow| flow.integrity);
    let known = label.as_ref();
    SessionView {
        id: session.to_string(),
        label: known.map_or(Label::Public, |known| known.label).to_string(),
        integrity: integrity.to_string(),
        since: known.map(|known| known.since.to_string()),
        request: known.and_then(|known| known.request).map(|id| id.to_string()),
        set_by: known.and_then(|known| known.set_by.clone()),
        reason: known.and_then(|known| known.reason.clone()),
        flow: flow.map(|flow| FlowView {
            since: flow.since.to_string(),
            request: flow.request.map(|id| id.to_string()),
            set_by: flow.set_by,
            reason: flow.reason,
            sources: flow.sources.into_iter().collect(),
            tool_calls: flow.tool_calls,
        }),
    }
}
