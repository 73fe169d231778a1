//! Sessions: how confidential each is, and a person's word that one is less so.

use axum::{Json, extract::Path};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::session_labels::SessionLabel;
use types::{Label, SessionId};
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

/// What is known of a session.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// The highest of what was seen in it, or what a person said since.
    pub label: String,
    /// Since when.
    pub since: String,
    /// The request that raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Who lowered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Shows the label of a session.
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
    let reason = ask.reason.trim();
    if !REASON_CHARS.contains(&reason.chars().count()) {
        let message = "the reason must have 10 to 1000 characters";
        return Err(Error::invalid(message, "say why its content is less confidential"));
    }
    let before = found(&act, session).await?;
    let detail = json!({
        "session": id, "from": before.label, "to": label, "raised_by": before.request,
        "reason": reason,
    });
    let labels = act.control().store.session_labels();
    labels.lower(act.permit(), (session, label), reason, &act.record(detail)).await?;
    found(&act, session).await.map(Json)
}

async fn found(act: &Act, session: SessionId) -> Result<SessionView, Error> {
    let known = act.control().store.session_labels().find(act.tenant(), session).await?;
    let missing = || store::Error::Missing { noun: "session", name: session.to_string() };
    Ok(view(known.ok_or_else(missing)?))
}

fn parse(id: &str) -> Result<SessionId, Error> {
    id.parse().map_err(|error: types::ParseIdError| {
        Error::invalid(error.to_string(), "give an id such as ses_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    })
}

fn view(known: SessionLabel) -> SessionView {
    SessionView {
        id: known.session.to_string(),
        label: known.label.to_string(),
        since: known.since.to_string(),
        request: known.request.map(|id| id.to_string()),
        set_by: known.set_by,
        reason: known.reason,
    }
}
