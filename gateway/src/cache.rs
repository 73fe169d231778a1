//! Answers that are given again: looked for after policy said yes and the inspection is done, in place
//! of the call that would bring the same. Held and settled at nothing and on record as any attempt,
//! so neither ledger nor audit is passed by.

use bytes::Bytes;
use types::{
    Code, Label, Nanos, Request,
    answer::{ChatAnswer, Event},
};

mod answers;
mod key;

pub(crate) use answers::{ANSWER_BYTES_MAX, Answers, Given};
pub(crate) use key::Key;

use crate::{
    asked::Answer,
    attempt::{Destination, Lost, Next, Order, lost},
    bill::{Bill, Known as Used},
    deliver,
    downstream::Downstream,
    gate::Gate,
    memory, metrics,
    reserve::for_nothing,
    trail::{Looked, Served, Trail},
    wishes::Cache,
};

/// Where the answer of this attempt is kept; `None` where it is not to be.
pub(crate) fn key(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    request: &Request,
    trail: &Trail,
) -> Option<Key> {
    let label = trail.label.unwrap_or(Label::Restricted);
    let may = gate.answers.takes(label) && is_wanted(order) && may_be_kept(gate, order, to);
    may.then(|| key::of(gate, order, to, request, (trail.endpoint, label))).flatten()
}

/// Whether agent and caller want an answer that was given before.
fn is_wanted(order: &Order<'_>) -> bool {
    use config::tree::Reuse;
    // Who wants the answer stored at its provider wants the call.
    let stored = order.request.as_chat().and_then(|chat| chat.extra.get("store")?.as_bool());
    match (order.known.agent.reuse, order.wishes.cache) {
        (Reuse::Off, _) | (_, Some(Cache::Off)) => false,
        _ if stored == Some(true) => false,
        (_, Some(Cache::On | Cache::Refresh)) | (Reuse::All, None) => true,
        (Reuse::Deterministic, None) => key::is_deterministic(order.request),
    }
}

/// Whether the content may be kept as long as answers are. Policy says so for providers, and we are
/// not to keep it longer than they may.
fn may_be_kept(gate: &Gate, order: &Order<'_>, to: &Destination<'_>) -> bool {
    const DAY: u64 = 24 * 60 * 60;
    let allowed = order.permit.allowed(&to.model.id).map(|allowed| allowed.obligations());
    let days = allowed.and_then(|obligations| obligations.retention_days);
    days.is_none_or(|days| gate.answers.ttl().as_secs() <= u64::from(days) * DAY)
}

/// The answer that is kept there, unless the caller wants a new one.
pub(crate) fn look(
    gate: &Gate,
    order: &Order<'_>,
    key: Option<&Key>,
    trail: &mut Trail,
) -> Option<Given> {
    trail.cache = None;
    let key = key?;
    let fresh = order.wishes.cache == Some(Cache::Refresh);
    let found = if fresh { None } else { gate.answers.find(key) };
    trail.cache = Some(found.as_ref().map_or(Looked::Miss, |given| Looked::Hit(given.request)));
    metrics::CACHE.with_label_values(&[if found.is_some() { "hit" } else { "miss" }]).inc();
    found
}

/// Gives the caller an answer that was given before.
pub(crate) async fn give(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    request: &Request,
    given: Given,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    let mut bill = for_nothing(gate, order, to, request, trail).await?;
    let (model, provider) = (to.model.id.clone(), to.provider.name.clone());
    trail.served = Some(Served { model, provider, cost: None, usage: None });
    given.answer.meter(&mut bill.meter);
    let used = Used::Given(given.cost);
    let answer = match (given.answer, request) {
        (Answer::Chat(mut answer), Request::Chat(chat)) => {
            answer.id = trail.api().answer_id("", trail.request);
            answer.created = order.now.seconds();
            if chat.stream {
                return stream(gate, order, to, (bill, answer, used), trail, down).await;
            }
            Answer::Chat(answer)
        }
        // It is told in the form that is asked for now.
        (Answer::Embed(vectors, _), Request::Embed(embed)) => {
            Answer::Embed(vectors, embed.encoding)
        }
        (Answer::Chat(_), Request::Embed(_)) | (Answer::Embed(..), Request::Chat(_)) => {
            return Err(cannot_be_told(bill));
        }
    };
    deliver::deliver(gate, order, to, (bill, answer, used), trail, down).await;
    Ok(())
}

/// Tells an answer in one piece of a stream.
async fn stream(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    (mut bill, mut answer, used): (Bill, ChatAnswer, Used),
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    answer.model.clone_from(&to.model.id);
    let Some(events) = answer.events() else { return Err(cannot_be_told(bill)) };
    deliver::charged(&bill, used, trail);
    let include_usage = order.request.as_chat().is_some_and(|chat| chat.include_usage);
    let asked = (include_usage, order.echo);
    let mut encoder = trail.api().stream_encoder((answer.id, answer.created), answer.model, asked);
    let mut out = Vec::new();
    for event in &events {
        bill.transcribe(event);
        encoder.push(event, &mut out);
    }
    encoder.push(&Event::Usage(bill.told()), &mut out);
    encoder.done(&mut out);
    if let Some(body) = encoder.kept() {
        memory::keep(gate, order, trail, &body).await;
    }
    let told = down.start_events(&trail.headers(), true).await.is_ok()
        && down.end_events(Bytes::from(out)).await.is_ok();
    bill.output_hash = down.sent_sha256();
    bill.close(used, if told { "ok" } else { "caller_left" });
    Ok(())
}

/// Of an answer that is not what was asked for; none is kept under such a key.
fn cannot_be_told(bill: Bill) -> Lost {
    bill.close(Used::Refused, Code::UpstreamFailed.as_str());
    lost(Code::UpstreamFailed, "a kept answer cannot be told", Next::Other)
}

/// Keeps an answer that came whole, with what its caller heard of its use and what it cost.
pub(crate) fn keep(
    gate: &Gate,
    key: Option<&Key>,
    answer: impl FnOnce() -> Option<Answer>,
    cost: Nanos,
    trail: &Trail,
) {
    let Some(key) = key else { return };
    if let Some(answer) = answer() {
        gate.answers.keep(key.clone(), Given { answer, cost, request: trail.request });
    }
}
