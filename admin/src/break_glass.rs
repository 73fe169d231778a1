//! Emergency rights: two others give them, the clock ends them, and everything done under them is
//! marked in the audit chain.

use std::num::NonZeroU32;

use axum::{Json, extract::Path, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use snapshot::keys::sha256_hex;
use store::approvals::{
    Filter, Kind, NewApproval, REASON_BYTES_MAX, RequesterKind, Status, Subject,
};
use types::ApprovalId;
use utoipa::ToSchema;

use crate::{
    approvals::{self, ApprovalList, ApprovalView},
    body::Body,
    control::ADMINISTRATORS,
    desk::Desk,
    error::{Error, Refusal},
    owner::Of,
};
use policy::Operation;

/// The fewest characters of a reason: a word is none.
const REASON_CHARS_MIN: usize = 10;
/// How long the question waits.
const OPEN_SECONDS: u32 = 60 * 60;
/// How long the rights last. No setting makes it longer.
const TERM_SECONDS: u32 = 4 * 60 * 60;
/// How many others must agree.
const QUORUM: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// Why emergency rights are needed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBreakGlass {
    /// At least ten characters; it stays on record.
    pub reason: String,
}

/// Asks two administrators for emergency rights. Asked again, it is the same question.
#[utoipa::path(
    post, path = "/api/v1/break-glass", tag = "break-glass", request_body = NewBreakGlass,
    responses(
        (status = 200, body = ApprovalView, description = "It was asked before"),
        (status = 201, body = ApprovalView),
        (status = "4XX", body = Refusal)
    )
)]
pub(crate) async fn request(
    desk: Desk,
    Body(ask): Body<NewBreakGlass>,
) -> Result<(StatusCode, Json<ApprovalView>), Error> {
    let person = desk.person();
    let act = desk.showing(&ask).permit(Operation::BreakGlassRequest, &person).await?;
    let reason = ask.reason.trim();
    if reason.chars().count() < REASON_CHARS_MIN || reason.len() > REASON_BYTES_MAX {
        let message = format!("a reason has {REASON_CHARS_MIN} characters or more");
        let fix = "say what is broken and what you are going to do; it stays on record";
        return Err(Error::invalid(message, fix));
    }
    let new = NewApproval {
        id: ApprovalId::generate(),
        subject: Subject {
            tenant: act.tenant(),
            kind: Kind::BreakGlass,
            requester_kind: RequesterKind::User,
            requester: person,
            // One person has one question at a time: no second term runs beside the first, whatever
            // else changes meanwhile.
            subject_hash: sha256_hex(b"break-glass"),
            policy_hash: sha256_hex(b""),
        },
        owner: String::new(),
        roles: [ADMINISTRATORS.to_owned()].into(),
        quorum: QUORUM,
        reason: reason.to_owned(),
        detail: json!({ "rights": "every operation of the admin API", "term_s": TERM_SECONDS }),
        arguments: None,
        open_seconds: OPEN_SECONDS,
        term_seconds: Some(TERM_SECONDS),
    };
    let record = act.record(json!({ "approval": new.id, "reason": reason }));
    let (found, made) = act.control().store.approvals().request(&new, &record).await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(approvals::view(&act.control().snapshots.load(), &found))))
}

/// Lists emergency rights that are in force, and requests for them that wait.
#[utoipa::path(
    get, path = "/api/v1/break-glass", tag = "break-glass",
    responses((status = 200, body = ApprovalList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn list(desk: Desk) -> Result<Json<ApprovalList>, Error> {
    let act = desk.permit(Operation::BreakGlassList, "").await?;
    let snapshot = act.control().snapshots.load();
    let mut found = Vec::new();
    for status in [Status::Approved, Status::Pending] {
        let filter = Filter {
            tenant: Some(act.tenant()),
            status: Some(status),
            kind: Some(Kind::BreakGlass),
            requester: None,
        };
        let some = act.control().store.approvals().list(&filter, u32::MAX).await?;
        found.extend(some.iter().map(|approval| approvals::view(&snapshot, approval)));
    }
    Ok(Json(ApprovalList { approvals: found }))
}

/// Ends emergency rights at once, or withdraws a request for them.
#[utoipa::path(
    delete, path = "/api/v1/break-glass/{id}", tag = "break-glass",
    params(("id" = String, Path, description = "Its id, `apr_...`")),
    responses((status = 200, body = ApprovalView), (status = "4XX", body = Refusal))
)]
pub(crate) async fn revoke(
    desk: Desk,
    Path(id): Path<String>,
) -> Result<Json<ApprovalView>, Error> {
    let approval = approvals::parse(&id)?;
    let act = desk.permit_of(Operation::BreakGlassRevoke, &id, Of::Approval(approval)).await?;
    let known = act.control().store.approvals().get(approval).await?;
    if known.subject.tenant != act.tenant() || known.subject.kind != Kind::BreakGlass {
        return Err(store::approvals::Error::Missing { id: approval }.into());
    }
    let ended = approvals::end(&act, approval).await?;
    act.reload().await?;
    Ok(Json(approvals::view(&act.control().snapshots.load(), &ended)))
}
