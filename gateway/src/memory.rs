//! What is kept of responses, so that their callers can go on from them: looked up before a request is
//! inspected, written before its answer ends, read and removed at `/v1/responses/{id}`.

use std::time::Duration;

use bytes::Bytes;
use dlp::Findings;
use http::Method;
use policy::Permit;
use providers::{Api, Echo, Endpoint};
use serde_json::{Value, json};
use store::{
    fault,
    responses::{CONVERSATION_BYTES_MAX, Kept},
};
use types::{Code, Label, Request, RequestId, Timestamp};

use crate::{
    attempt::Order,
    caller::{self, Known},
    downstream::{Downstream, Left},
    gate::Gate,
    metrics, models,
    refusal::Refusal,
    screen::Screen,
    serve,
    serve::work_on,
    trail::Trail,
    wishes::Wishes,
};

/// Where responses are asked for.
const RESPONSES: Endpoint = Endpoint::Chat(Api::Responses);

/// What the path of one response begins with.
pub(crate) const RESPONSE: &str = "/v1/responses/";

/// As much of an id that a caller made up as a record has.
const ID_CHARS_MAX: usize = 128;

/// How long the end of an answer waits for it to be kept.
const KEEP_TIME: Duration = Duration::from_secs(1);

/// A conversation that a request goes on from.
pub(crate) struct Recalled {
    /// Its label, which the request's joins: what was said does not get less confidential by being
    /// kept.
    pub(crate) label: Label,
    /// How long it is.
    pub(crate) bytes: usize,
}

/// Puts the conversation that a request goes on from before it.
pub(crate) async fn recall(
    gate: &Gate,
    known: &Known<'_>,
    request: &mut Request,
    echo: &mut Echo,
) -> Result<Recalled, Refusal> {
    let (Some(previous), Request::Chat(request)) = (echo.previous.clone(), request) else {
        return Ok(Recalled { label: Label::Public, bytes: 0 });
    };
    let field = |message: &str| Refusal {
        param: Some("previous_response_id".to_owned()),
        ..Refusal::new(Code::InvalidRequest, message)
    };
    let Some(kept) = find(gate, known, &previous).await? else {
        return Err(field("no such response is kept for this agent; send the conversation itself"));
    };
    let bytes = kept.items.len();
    work_on(bytes, || {
        echo.go_on(request, &kept.items)?;
        if echo.store && echo.bytes() > CONVERSATION_BYTES_MAX {
            return Err(field("the conversation is too long to be kept; set `store` to false"));
        }
        Ok(Recalled { label: kept.label, bytes })
    })
}

/// Whether what is said may be kept: the settings have a highest label, and what a model must not see
/// is not kept either.
pub(crate) fn may_keep(gate: &Gate, permit: &Permit, findings: &Findings, label: Label) -> bool {
    let kinds = |kind: &str| findings.findings.iter().any(|found| found.kind.as_str() == kind);
    let redacted =
        permit.models().any(|allowed| allowed.obligations().redact.iter().any(|kind| kinds(kind)));
    gate.options.kept_label_max.is_some_and(|most| label <= most) && !redacted
}

/// The response of that id, as far as the caller reaches: it is its agent's, and a grant that is bound
/// to a session reaches no other. Nothing but letters, digits and underscores is an id of ours.
async fn find(gate: &Gate, known: &Known<'_>, id: &str) -> Result<Option<Kept>, Refusal> {
    if !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(None);
    }
    let found = gate.store.responses().find(known.caller.tenant, known.agent.id, id).await;
    let bound = known.caller.grant.as_ref().and_then(|grant| grant.session);
    let reaches = |kept: &Kept| bound.is_none() || kept.session == bound;
    Ok(found.map_err(|error| away(&error))?.filter(reaches))
}

/// Keeps the response of this body, where its caller wants it. One that cannot be kept is told all the
/// same: going on from it is refused then.
/// What has values in it that came back is not kept, nor what is more confidential than what is kept.
pub(crate) async fn keep(
    gate: &Gate,
    order: &Order<'_>,
    (trail, screen): (&Trail, &Screen<'_>),
    body: &[u8],
) {
    let label = trail.label.unwrap_or(Label::Restricted).join(screen.label());
    let may = gate.options.kept_label_max.is_some_and(|most| label <= most);
    if trail.endpoint != RESPONSES || !order.echo.store || !may || screen.has_restored() {
        return;
    }
    let Ok(response) = serde_json::from_slice::<Value>(body) else { return };
    let id = response.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let items = order.echo.with_output(response.get("output"));
    fault::point("response.keep");
    let kept = Kept {
        id,
        tenant: order.known.caller.tenant,
        agent: order.known.agent.id,
        session: order.wishes.session,
        label,
        body: String::from_utf8_lossy(body).into_owned(),
        items,
    };
    let responses = gate.store.responses();
    let written = tokio::time::timeout(KEEP_TIME, responses.keep(&kept)).await;
    let error = match written {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the database did not answer in time".to_owned(),
    };
    metrics::UNWRITTEN.with_label_values(&["response"]).inc();
    tracing::warn!(%error, "a response could not be kept");
}

/// Answers `GET` and `DELETE` of one response.
pub(crate) async fn response(
    gate: &Gate,
    request: RequestId,
    (method, id): (&Method, &str),
    down: &mut Downstream<'_>,
) -> Result<(), Left> {
    let mut trail = Trail::new(request, RESPONSES);
    trail.action = if method == Method::DELETE { "deleteResponse" } else { "readResponse" };
    id.chars().take(ID_CHARS_MAX).for_each(|c| trail.asked.push(c));
    let found = look(gate, &mut trail, (method, id), down).await;
    let outcome = Trail::outcome(found.as_ref().err().map(|refusal| refusal.code));
    metrics::REQUESTS.with_label_values(&[RESPONSE, "", "", outcome]).inc();
    let told = if matches!(found, Ok(None)) { "not_found" } else { outcome };
    serve::record(gate, &trail, told, &[]).await;
    let headers = trail.headers();
    match found {
        Ok(Some(body)) => down.reply(200, "application/json", &headers, Bytes::from(body)).await,
        // The closed set of codes is for requests of models; this is a resource that is not there.
        Ok(None) => {
            let body = json!({ "error": {
                "message": "no such response is kept for this agent",
                "type": "invalid_request_error", "param": null, "code": null,
                "request_id": request.to_string(),
            }});
            down.reply(404, "application/json", &headers, Bytes::from(body.to_string())).await
        }
        Err(refusal) => refusal.tell(down, (Api::Responses, request), &trail.commit, headers).await,
    }
}

/// The response as it was told, or what is told of its removal. It is its agent's own, and yet policy
/// is asked: what the caller may show no model any more it does not get back either.
async fn look(
    gate: &Gate,
    trail: &mut Trail,
    (method, id): (&Method, &str),
    down: &Downstream<'_>,
) -> Result<Option<String>, Refusal> {
    let (snapshot, now) = (gate.snapshots.load(), Timestamp::now());
    let known = caller::authenticate(gate, &snapshot, down, now)?;
    trail.enter(&snapshot, &known);
    let wishes = Wishes::of(down, &known)?;
    trail.session = wishes.session.map(|id| id.to_string());
    let limits = snapshot.limits(known.agent, &known.caller);
    let passes = trail.within(gate.limits.enter(&limits).await)?;
    trail.limits.clone_from(&passes.told);
    let Some(kept) = find(gate, &known, id).await? else { return Ok(None) };
    let label = kept.label.join(known.agent.label.unwrap_or(Label::Public)).join(wishes.label);
    trail.label = Some(label);
    if models::permitted(&snapshot, &known, trail.request, (label, now)).is_empty() {
        let message = "policy permits this caller no model for content of this response's label";
        return Err(Refusal::new(Code::PolicyDenied, message));
    }
    if method == Method::DELETE {
        let responses = gate.store.responses();
        let removed = responses.remove(kept.tenant, kept.agent, id).await;
        let body = json!({ "id": id, "object": "response", "deleted": true });
        return Ok(removed.map_err(|error| away(&error))?.then(|| body.to_string()));
    }
    Ok(Some(kept.body))
}

fn away(error: &store::Error) -> Refusal {
    tracing::warn!(%error, "a kept response could not be reached");
    Refusal::new(Code::DependencyUnavailable, "the database that keeps responses is away")
}
