//! What a text means: a vector of the agent's local model of embeddings. Getting it is a request of its
//! own, with its own inspection, decision, hold and records.

use std::time::Duration;

use config::tree::Similar;
use providers::Endpoint;
use router::Purpose;
use types::{
    Code, Locality, Request, RequestId,
    embed::{EmbedRequest, Encoding, Inputs},
};

use super::similar::Vector;
use crate::{
    ask::{Arrived, Stop, prepare},
    asked::{self, Answer},
    attempt::{Destination, Order},
    authorize::{Call, authorize},
    bill::Known as Used,
    gate::Gate,
    refusal::Refusal,
    serve::{inspect, record},
    trail::Trail,
};

/// How long a request waits to hear what it means. It asks its provider then.
const MEANING_TIME: Duration = Duration::from_millis(500);

/// The vector of a text; `None` where there is none in time: the model is not there or not local, or
/// policy, money or the model says no.
pub(super) async fn of(
    gate: &Gate,
    order: &Order<'_>,
    similar: &Similar,
    text: String,
    of: &Trail,
) -> Option<Vector> {
    let model = order.snapshot.registry.resolve(&similar.model)?;
    if model.locality != Locality::Local || model.purpose() != Purpose::Embeddings {
        return None;
    }
    let request = Request::Embed(EmbedRequest {
        model: similar.model.clone(),
        inputs: Inputs::Texts(vec![text]),
        dimensions: None,
        user: None,
        encoding: Encoding::Float,
    });
    let mut trail = Trail::new(RequestId::generate(), Endpoint::Embeddings);
    trail.enter(order.snapshot, order.known);
    trail.part_of = Some(of.request);
    (trail.session, trail.label) = (of.session.clone(), of.label);
    trail.asked.clone_from(&similar.model);
    let asked = Box::pin(ask(gate, order, request, &mut trail));
    let refusal = match tokio::time::timeout(MEANING_TIME, asked).await {
        Ok(Ok(vector)) => return vector,
        Ok(Err(refusal)) => refusal,
        Err(_) => Refusal::new(Code::UpstreamTimeout, "the model of embeddings took too long"),
    };
    if !trail.decided {
        record(gate, &trail, refusal.code.as_str(), &refusal.policies).await;
    }
    None
}

/// As any request is answered, but for the caller.
async fn ask(
    gate: &Gate,
    order: &Order<'_>,
    mut request: Request,
    trail: &mut Trail,
) -> Result<Option<Vector>, Refusal> {
    let snapshot = order.snapshot;
    let findings = inspect(snapshot, &mut request, 0, trail);
    let label = trail.label.map_or(findings.label, |label| label.join(findings.label));
    trail.label = Some(label);
    let found = router::candidates(&snapshot.registry, Purpose::Embeddings, request.model());
    let candidates = found.map_err(|e| Refusal::new(Code::ModelNotFound, e.to_string()))?;
    let call = Call {
        now: order.now,
        label,
        known: order.known,
        wishes: order.wishes,
        request: &request,
        findings: &findings,
        input_bound: asked::input_bound(&request),
        input_tokens: asked::input_tokens(&request),
    };
    let authorized = authorize(gate, trail, snapshot, &call, &candidates, None).await;
    let authorized = authorized.map_err(|unmet| unmet.refusal)?;
    trail.plan(&authorized.permit, &authorized.plan);
    // The caller's limits are for what it asks itself.
    let mut passes = trail.within(gate.limits.enter(&[]).await)?;
    let tokens = trail.within(gate.limits.tokens(&mut passes, 0).await)?;
    let order = Order {
        permit: &authorized.permit,
        request: &request,
        findings: &findings,
        tokens: &tokens,
        input_tokens: call.input_tokens,
        ..*order
    };
    let Some(choice) = authorized.plan.attempts().first() else { return Ok(None) };
    let ready = async {
        let to = Destination::of(gate, &order, choice, trail)?;
        let prepared = prepare(gate, &order, to, None, trail).await?;
        prepared.exchange(gate, &Stop::default()).await
    };
    let mut ready = ready.await.map_err(|lost| lost.refusal)?;
    let Arrived::Whole(answer) = ready.answer else { return Ok(None) };
    answer.meter(&mut ready.bill.meter);
    ready.bill.close(Used::Whole, "ok");
    let Answer::Embed(mut embeddings, _) = *answer else { return Ok(None) };
    Ok(embeddings.vectors.pop().and_then(Vector::of))
}
