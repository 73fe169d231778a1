//! The audit chain: its newest records, its proof, all of it as JSON lines.

use axum::{
    Json,
    body::Body as HttpBody,
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::audit::Audit;
use tokio_util::io::ReaderStream;
use types::{Timestamp, audit::Kind};
use utoipa::{IntoParams, ToSchema};

use crate::{
    body::Ask,
    desk::Desk,
    error::{Error, Refusal},
    time,
};
use policy::Operation;

/// The most records of one answer.
const TAIL_MAX: u32 = 1000;
/// How many records one call looks through for those of an actor.
const LOOKED_MAX: i64 = 200_000;
/// Bytes of an export that wait for a slow reader.
const EXPORT_BUFFER_BYTES: usize = 64 * 1024;

/// Which records to show.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditFilter {
    /// How many, newest; 20 where absent, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only of this kind: `decision`, `completion`, `admin` or `system`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only of this request: `req_...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Only those after this number, oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Only those before this number, the newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// Only what this person or agent did: a person's name, an agent's name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// From this day or instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to and without this day or instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// One record with its place in the chain.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// Its number, from 1 without a gap.
    pub seq: i64,
    /// When.
    pub at: String,
    /// `decision`, `completion`, `admin` or `system`.
    pub kind: String,
    /// The request it belongs to.
    pub request: Option<String>,
    /// Who acted.
    pub actor: String,
    /// How the actor proved who it is.
    pub auth: String,
    /// The Cedar action.
    pub action: String,
    /// What it was done to.
    pub resource: String,
    /// `permit`, `ok` or a code.
    pub outcome: String,
    /// The commit whose policies decided.
    pub commit: String,
    /// Everything else.
    pub detail: Value,
    /// The hash of the record before it.
    pub prev_hash: String,
    /// Its hash in the chain.
    pub hash: String,
}

/// Records.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditList {
    /// Oldest first.
    pub records: Vec<AuditView>,
    /// What `before` of the next call is, where records of an actor may be further back than was looked.
    #[serde(default)]
    pub next: Option<i64>,
}

/// Whether the chain is whole.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditVerdict {
    /// Whether every record is as it was written.
    pub ok: bool,
    /// How many records were checked.
    pub checked: u64,
    /// The number of the last record.
    pub seq: i64,
    /// The hash of the last record: keep it elsewhere, and a cut at the end shows too.
    pub hash: String,
    /// The first record that is wrong.
    pub first_bad: Option<AuditBad>,
}

/// A record that is not as it was written.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditBad {
    /// Its number.
    pub seq: i64,
    /// What is wrong with it.
    pub why: String,
}

/// Shows the newest records of the tenant. With `actor` it looks through 200,000 records at most: an answer may have
/// few records or none and still name a next one.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", params(AuditFilter),
    responses((status = 200, body = AuditList), (status = "4XX", body = Refusal))
)]
pub(crate) async fn tail(desk: Desk, Ask(ask): Ask<AuditFilter>) -> Result<Json<AuditList>, Error> {
    let act = desk.permit(Operation::AuditTail, "").await?;
    let request = ask.request.as_deref().map(str::parse).transpose();
    // Records have the id of an agent, and people its name.
    let snapshot = act.control().snapshots.load();
    let id =
        |name: String| snapshot.agent_by_name(&name).map_or(name, |agent| agent.id.to_string());
    let filter = store::audit::Filter {
        tenant: Some(act.tenant()),
        kind: ask.kind.as_deref().map(kind).transpose()?,
        request: request.map_err(|error: types::ParseIdError| {
            Error::invalid(error.to_string(), "give the id of the answer's header")
        })?,
        after: ask.after,
        before: ask.before,
        actor: ask.actor.map(id),
        from: ask.from.as_deref().map(time::parse).transpose()?,
        to: ask.to.as_deref().map(time::parse).transpose()?,
    };
    let limit = ask.limit.unwrap_or(20).min(TAIL_MAX);
    let audit = act.control().store.audit();
    let begin = if filter.actor.is_some() { Some(begin(&audit, &filter).await?) } else { None };
    // Nothing before this place can match.
    let first = audit.before(filter.from).await?.max(filter.after.unwrap_or_default());
    let after = first.max(begin.unwrap_or_default());
    let filter = store::audit::Filter { after: Some(after), ..filter };
    let mut entries = audit.tail(&filter, limit).await?;
    entries.sort_by_key(|entry| entry.seq);
    let full = u32::try_from(entries.len()).is_ok_and(|count| count >= limit);
    let next = match (entries.first(), begin) {
        (Some(oldest), Some(_)) if full => Some(oldest.seq),
        (_, Some(begin)) if begin > first => Some(begin.saturating_add(1)),
        (_, _) => None,
    };
    Ok(Json(AuditList { records: entries.into_iter().map(view).collect(), next }))
}

/// Behind which number records of an actor are looked for.
async fn begin(audit: &Audit, filter: &store::audit::Filter) -> Result<i64, Error> {
    let end = match filter.before {
        Some(before) => before,
        None => {
            let last = audit.tail(&store::audit::Filter::default(), 1).await?;
            last.first().map_or(0, |entry| entry.seq).saturating_add(1)
        }
    };
    Ok(end.saturating_sub(LOOKED_MAX).max(0))
}

/// Checks every record's hash and place.
#[utoipa::path(
    get, path = "/api/v1/audit/verify", tag = "audit",
    responses((status = 200, body = AuditVerdict), (status = "4XX", body = Refusal))
)]
pub(crate) async fn verify(desk: Desk) -> Result<Json<AuditVerdict>, Error> {
    let act = desk.permit(Operation::AuditVerify, "").await?;
    let verdict = act.control().store.audit().verify().await?;
    Ok(Json(AuditVerdict {
        ok: verdict.ok,
        checked: verdict.checked,
        seq: verdict.seq,
        hash: verdict.hash,
        first_bad: verdict.first_bad.map(|bad| AuditBad { seq: bad.seq, why: bad.why }),
    }))
}

/// Hands out the whole chain as JSON lines, oldest first, in the bytes that were hashed.
#[utoipa::path(
    get, path = "/api/v1/audit/export", tag = "audit",
    responses(
        (status = 200, body = String, content_type = "application/x-ndjson"),
        (status = "4XX", body = Refusal)
    )
)]
pub(crate) async fn export(desk: Desk) -> Result<Response, Error> {
    let act = desk.permit(Operation::AuditExport, "").await?;
    // Who took all records away is worth a record, although nothing changes.
    let audit = act.control().store.audit();
    audit.append(act.record(serde_json::json!({}))).await?;
    let (write, read) = tokio::io::duplex(EXPORT_BUFFER_BYTES);
    tokio::spawn(async move {
        // The reader sees a cut body, which HTTP tells from a whole one only by its length; the
        // last line's number does, together with `audit verify`.
        if let Err(error) = audit.export(write).await {
            tracing::warn!(%error, "an export of audit records ended early");
        }
    });
    let body = HttpBody::from_stream(ReaderStream::new(read));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

fn kind(text: &str) -> Result<Kind, Error> {
    [Kind::Decision, Kind::Completion, Kind::Admin, Kind::System]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| {
            let fix = "use `decision`, `completion`, `admin` or `system`";
            Error::invalid(format!("`{text}` is not a kind of record"), fix)
        })
}

pub(crate) fn view(entry: store::audit::Entry) -> AuditView {
    let record = entry.record;
    AuditView {
        seq: entry.seq,
        at: Timestamp::to_string(&record.at),
        kind: record.kind.as_str().to_owned(),
        request: record.request.map(|id| id.to_string()),
        actor: record.actor.id,
        auth: record.actor.auth,
        action: record.action,
        resource: record.resource,
        outcome: record.outcome,
        commit: record.commit,
        detail: record.detail.value(),
        prev_hash: entry.prev_hash,
        hash: entry.hash,
    }
}
