//! What a text means: a vector of the agent's local model of embeddings. Getting it is a request of its
//! own, with its own inspection, decision, hold and records.

use std::time::Duration;

use config::tree::Similar;
use providers::Endpoint;
use router::{Choice, Model, Purpose};
use snapshot::keys::sha256_hex;
use tracing::Instrument;
use types::{
    Code, Locality, Nanos, Request, RequestId,
    embed::{EmbedRequest, Encoding, Inputs},
};

use super::{key, similar::Vector};
use crate::{
    ask::{Arrived, Ready, Stop, prepare},
    asked::{self, Answer},
    attempt::{Destination, Lost, Order, lost},
    authorize::{Call, authorize},
    bill::Known as Used,
    gate::Gate,
    refusal::Refusal,
    serve::{inspect, record},
    span, tally,
    trail::Trail,
};

/// How long a request waits to hear what it means once that is asked. It asks its provider then.
const MEANING_TIME: Duration = Duration::from_millis(500);

/// What was heard of a text's meaning.
#[derive(Debug, Clone)]
pub(crate) struct Meaning {
    /// SHA-256 of the text.
    text: String,
    vector: Option<Vector>,
}

/// The model that texts are compared by.
pub(super) struct Comparing<'a> {
    model: &'a Model,
    /// What tells its vectors from those of another.
    pub(super) at: String,
}

/// The model that is to compare this text, if it is there, runs on the organisation's own hardware, and
/// reads so much at once: no token is shorter than a byte.
pub(super) fn model<'a>(order: &Order<'a>, similar: &Similar, text: &str) -> Option<Comparing<'a>> {
    let registry = &order.snapshot.registry;
    let model = registry.resolve(&similar.model)?;
    let fits = u64::try_from(text.len()).is_ok_and(|bytes| bytes <= model.context_tokens);
    let may = model.locality == Locality::Local && model.purpose() == Purpose::Embeddings && fits;
    let at = key::endpoint_of(registry.provider(&model.provider)?, model);
    may.then_some(Comparing { model, at })
}

/// The vector of a text; `None` where there is none in time: policy, money or the model says no.
pub(super) async fn of(
    gate: &Gate,
    order: &Order<'_>,
    comparing: &Comparing<'_>,
    text: &str,
    trail: &mut Trail,
) -> Option<Vector> {
    let hash = sha256_hex(text.as_bytes());
    if gate.answers.rests(&comparing.model.id) {
        return None;
    }
    if let Some(known) = trail.meaning.as_ref().filter(|known| known.text == hash) {
        return known.vector.clone();
    }
    let mut own = Trail::new(RequestId::generate(), Endpoint::Embeddings);
    own.enter(order.snapshot, order.known);
    own.part_of = Some(trail.request);
    (own.session, own.label) = (trail.session.clone(), trail.label);
    own.asked.clone_from(&comparing.model.id);
    let request = Request::Embed(EmbedRequest {
        model: comparing.model.id.clone(),
        inputs: Inputs::Texts(vec![text.to_owned()]),
        dimensions: None,
        user: None,
        encoding: Encoding::Float,
    });
    let asked = Box::pin(ask(gate, order, comparing.model, request, &mut own)).await;
    let vector = match asked {
        Ok(vector) => vector,
        Err(refusal) if own.decided => {
            tracing::debug!(code = refusal.code.as_str(), "no vector came of a text");
            None
        }
        Err(refusal) => {
            record(gate, &own, refusal.code.as_str(), &refusal.policies).await;
            None
        }
    };
    trail.meaning = Some(Meaning { text: hash, vector: vector.clone() });
    vector
}

/// As any request is answered, but for the caller.
async fn ask(
    gate: &Gate,
    order: &Order<'_>,
    model: &Model,
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
        flow: order.flow,
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
    let elsewhere = || Refusal::new(Code::NoRoute, "the model that compares texts cannot be asked");
    let choice = authorized.plan.attempts().first().filter(|choice| choice.model == model.id);
    let choice = choice.ok_or_else(elsewhere)?;
    if choice.cost > Nanos::ZERO && order.wishes.max_cost.is_some() {
        let message = "the caller's cost limit is for its own call";
        return Err(Refusal::new(Code::BudgetExhausted, message));
    }
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
    let span = span::of_attempt(choice, Endpoint::Embeddings);
    let ready = in_time(gate, &order, choice, trail).instrument(span).await;
    let mut ready = ready.map_err(|lost| lost.refusal)?;
    let Arrived::Whole(answer) = ready.answer else { return Ok(None) };
    answer.meter(&mut ready.bill.meter);
    tally::count(&mut ready.bill.meter, &ready.to.request).await;
    ready.bill.close(Used::Whole, "ok");
    let Answer::Embed(mut embeddings, _) = *answer else { return Ok(None) };
    Ok(embeddings.vectors.pop().and_then(Vector::of))
}

/// The answer, if it comes in time from when it is asked. One that is too slow for this may be fast enough
/// for those who ask it themselves, so that only this is not asked of it for a while.
async fn in_time<'a>(
    gate: &'a Gate,
    order: &Order<'a>,
    choice: &Choice,
    trail: &mut Trail,
) -> Result<Ready<'a>, Lost> {
    let to = Destination::of(gate, order, choice, trail).await?;
    let prepared = prepare(gate, order, to, None, trail).await?;
    let stop = Stop::default();
    let mut answered = std::pin::pin!(prepared.exchange(gate, &stop));
    tokio::select! {
        answered = &mut answered => return answered,
        () = tokio::time::sleep(MEANING_TIME) => stop.overtaken.cancel(),
    }
    gate.answers.rest(&choice.model);
    match answered.await {
        Ok(ready) => {
            ready.discard(gate).await;
            let late = "the model that compares texts took too long";
            Err(lost(Code::UpstreamTimeout, late, crate::attempt::Next::Nothing))
        }
        Err(lost) => Err(lost),
    }
}
