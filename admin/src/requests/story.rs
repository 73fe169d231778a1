//! One request from its first record to its last, with what it was charged.

use axum::{Json, extract::Path};
use policy::Operation;
use serde::{Deserialize, Serialize};
use store::requests::Charge;
use types::RequestId;
use utoipa::ToSchema;

use super::agent;
use crate::{
    audit::{self, AuditView},
    desk::Desk,
    error::{Error, Refusal},
    money::Money,
};

/// A request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RequestStory {
    /// Its id.
    pub id: String,
    /// Who asked, by name where it is an agent of the tree.
    pub agent: String,
    /// Its records in their order: what was decided and why, each attempt, how it ended. Texts of a request are in
    /// them only where policy has them recorded (`@log("full")`).
    pub records: Vec<StoryRecord>,
    /// The rows of the ledger that it was charged with, corrections included.
    pub charges: Vec<ChargeView>,
}

/// A record of the audit chain with its proof.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StoryRecord {
    /// The record.
    #[serde(flatten)]
    pub record: AuditView,
    /// Whether its hash is that of its content. `GET /api/v1/audit/verify` checks its place in the chain as well.
    pub whole: bool,
}

/// A row of the ledger.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChargeView {
    /// Its number.
    pub seq: i64,
    /// What it is.
    pub kind: String,
    /// The attempt.
    pub attempt: String,
    /// The provider that was called.
    pub provider: String,
    /// The model that was called.
    pub model: String,
    /// What was charged.
    pub amount: Money,
    /// The part beyond what was held.
    pub overrun: Money,
    /// What it was computed from.
    pub basis: String,
    /// When.
    pub at: String,
}

/// Tells the story of a request.
#[utoipa::path(
    get, path = "/api/v1/requests/{id}", tag = "requests",
    params(("id" = String, Path, description = "Its id, `req_...`, as in the answer's header")),
    responses((status = 200, body = RequestStory), (status = "4XX", body = Refusal))
)]
pub(crate) async fn show(desk: Desk, Path(id): Path<String>) -> Result<Json<RequestStory>, Error> {
    let act = desk.permit(Operation::RequestShow, &id).await?;
    let request: RequestId = id.parse().map_err(|error: types::ParseIdError| {
        Error::invalid(error.to_string(), "give the id of the answer's header")
    })?;
    let chain = act.control().store.audit();
    let found = chain.story(act.tenant(), request).await?;
    let (Some(first), Some(last)) = (found.first(), found.last()) else {
        return Err(store::Error::Missing { noun: "request", name: id }.into());
    };
    let told = (first.0.record.at, last.0.record.at);
    let agent = agent(&act.control().snapshots.load(), &first.0.record.actor.id);
    let charges = chain.charges(act.tenant(), request, told).await?;
    let records =
        found.into_iter().map(|(entry, whole)| StoryRecord { record: audit::view(entry), whole });
    Ok(Json(RequestStory {
        agent,
        records: records.collect(),
        charges: charges.into_iter().map(view).collect(),
        id,
    }))
}

fn view(charge: Charge) -> ChargeView {
    ChargeView {
        seq: charge.seq,
        kind: charge.kind,
        attempt: charge.attempt,
        provider: charge.provider,
        model: charge.model,
        amount: charge.amount.into(),
        overrun: charge.overrun.into(),
        basis: charge.basis,
        at: charge.at.to_string(),
    }
}
