//! What is kept of responses, so that their callers can go on from them: looked up before a request is
//! inspected, written before its answer ends, read and removed at `/v1/responses/{id}`.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use providers::{Api, Echo};
use serde_json::{Value, json};
use store::{
    fault,
    responses::{CONVERSATION_BYTES_MAX, Kept},
};
use types::{Code, Label, RequestId, Timestamp, chat::ChatRequest};

use crate::{
    attempt::Order,
    caller::{self, Known},
    downstream::{Downstream, Left},
    gate::Gate,
    metrics,
    refusal::Refusal,
    trail::Trail,
};

/// What the path of one response begins with.
pub(crate) const RESPONSE: &str = "/v1/responses/";

/// How long the end of an answer waits for it to be kept.
const KEEP_TIME: Duration = Duration::from_secs(1);

/// Puts the conversation that a request goes on from before it. Returns that conversation's label,
/// which the request's joins: what was said does not get less confidential by being kept.
pub(crate) async fn recall(
    gate: &Gate,
    known: &Known<'_>,
    request: &mut ChatRequest,
    echo: &mut Echo,
) -> Result<Label, Refusal> {
    let Some(previous) = echo.previous.clone() else { return Ok(Label::Public) };
    let field = |message: &str| Refusal {
        param: Some("previous_response_id".to_owned()),
        ..Refusal::new(Code::InvalidRequest, message)
    };
    let found = gate.store.responses().find(known.caller.tenant, known.agent.id, &previous).await;
    let Some(kept) = found.map_err(|error| away(&error))? else {
        return Err(field("no such response is kept for this agent; send the conversation itself"));
    };
    echo.go_on(request, &kept.items)?;
    if echo.store && echo.bytes() > CONVERSATION_BYTES_MAX {
        return Err(field("the conversation is too long to be kept; set `store` to false"));
    }
    Ok(kept.label)
}

/// Keeps the response of this body, where its caller wants it. One that cannot be kept is told all the
/// same: going on from it is refused then.
pub(crate) async fn keep(gate: &Gate, order: &Order<'_>, trail: &Trail, body: &[u8]) {
    if trail.api != Api::Responses || !order.echo.store {
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
        label: trail.label.unwrap_or(Label::Restricted),
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
    let found = look(gate, method, id, down).await;
    let outcome = Trail::outcome(found.as_ref().err().map(|refusal| refusal.code));
    metrics::REQUESTS.with_label_values(&[RESPONSE, "", "", outcome]).inc();
    let headers = vec![("x-orchestack-request-id", request.to_string())];
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
        Err(refusal) => refusal.tell(down, (Api::Responses, request), "", headers).await,
    }
}

async fn look(
    gate: &Gate,
    method: &Method,
    id: &str,
    down: &Downstream<'_>,
) -> Result<Option<String>, Refusal> {
    let snapshot = gate.snapshots.load();
    let known = caller::authenticate(gate, &snapshot, down, Timestamp::now())?;
    let limits = snapshot.limits(known.agent, &known.caller);
    let _passes = gate.limits.enter(&limits).await.map_err(|full| full.refusal())?;
    let (responses, tenant, agent) = (gate.store.responses(), known.caller.tenant, known.agent.id);
    if method == Method::DELETE {
        let removed = responses.remove(tenant, agent, id).await.map_err(|error| away(&error))?;
        let body = json!({ "id": id, "object": "response", "deleted": true });
        return Ok(removed.then(|| body.to_string()));
    }
    let found = responses.find(tenant, agent, id).await.map_err(|error| away(&error))?;
    Ok(found.map(|kept| kept.body))
}

fn away(error: &store::Error) -> Refusal {
    tracing::warn!(%error, "a kept response could not be reached");
    Refusal::new(Code::DependencyUnavailable, "the database that keeps responses is away")
}
