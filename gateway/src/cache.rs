//! Answers that are given again: looked for after policy said yes and the inspection is done, in place
//! of the call that would bring the same. Held and settled at nothing and on record as any attempt,
//! so neither ledger nor audit is passed by.

use std::sync::Arc;

use bytes::Bytes;
use config::tree::Answers as Reused;
use types::{
    Code, Label, Request,
    answer::{ChatAnswer, Event, Usage},
};

mod answers;
mod key;
mod meaning;
mod similar;

pub(crate) use answers::{ANSWER_BYTES_MAX, Answers, Given};
use key::Key;
pub(crate) use meaning::Meaning;
use similar::Message;

use crate::{
    asked::Answer,
    attempt::{Destination, Lost, Next, Order, lost},
    bill::{Bill, Known as Used},
    deliver,
    downstream::Downstream,
    gate::Gate,
    memory, metrics,
    reserve::for_nothing,
    screen::Screen,
    tool::function::Judge,
    trail::{Looked, Served, Trail},
    wishes::Cache,
};

/// What a look into the cache found.
pub(crate) enum Found {
    /// An answer that is given again.
    Given(Arc<Given>),
    /// None, and where the new one is kept, if it is to be.
    Nothing(Option<Place>),
}

/// Where an answer is kept.
pub(crate) struct Place {
    key: Key,
    /// How it is found by what its request means.
    near: Option<Near>,
}

/// A message as it is compared with others of its kind.
struct Near {
    kind: Key,
    message: Message,
}

/// Looks for the answer to what this model would be asked.
pub(crate) async fn look(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    trail: &mut Trail,
) -> Found {
    trail.cache = None;
    let label = trail.label.unwrap_or(Label::Restricted);
    let may = gate.answers.takes(label) && is_wanted(order) && may_be_kept(gate, order, to);
    let endpoint = trail.endpoint;
    let key = |request: &Request, more: &[&str]| {
        key::of(gate, order, to, request, (endpoint, label), more)
    };
    let Some(exact) = may.then(|| key(&to.request, &[])).flatten() else {
        return Found::Nothing(None);
    };
    let fresh = order.wishes.cache == Some(Cache::Refresh);
    let found = if fresh { None } else { gate.answers.find(&exact) };
    if let Some(given) = found {
        return hit(given, None, trail);
    }
    let near = match &order.known.agent.reuse.similar {
        Some(similar) => {
            let request = (&*to.request, &key);
            Box::pin(compared(gate, order, request, similar, trail)).await
        }
        None => None,
    };
    if let Some((Near { kind, message }, percent)) = &near
        && !fresh
        && let Some((given, similarity)) = gate.answers.like(kind, message, *percent)
    {
        return hit(given, Some(similarity), trail);
    }
    let near = near.map(|(near, _)| near);
    metrics::CACHE.with_label_values(&["miss"]).inc();
    trail.cache = Some(Looked::Miss);
    Found::Nothing(Some(Place { key: exact, near }))
}

/// The message as it is compared, and how near another must be; `None` where it is not.
async fn compared(
    gate: &Gate,
    order: &Order<'_>,
    (request, key): (&Request, &impl Fn(&Request, &[&str]) -> Option<Key>),
    similar: &config::tree::Similar,
    trail: &mut Trail,
) -> Option<(Near, u8)> {
    let (rest, text) = similar::split(request)?;
    let model = meaning::model(order, similar, &text)?;
    let particulars = similar::particulars(&text).join("\n");
    let kind = key(&rest, &[&model.at, &particulars])?;
    let Some(vector) = meaning::of(gate, order, &model, &text, trail).await else {
        metrics::CACHE.with_label_values(&["not_compared"]).inc();
        return None;
    };
    Some((Near { kind, message: Message::new(&text, vector) }, similar.percent))
}

fn hit(given: Arc<Given>, similarity: Option<u8>, trail: &mut Trail) -> Found {
    metrics::CACHE.with_label_values(&[if similarity.is_some() { "near" } else { "hit" }]).inc();
    trail.cache = Some(Looked::Hit { answer_of: given.request, similarity });
    Found::Given(given)
}

/// Whether agent and caller want an answer that was given before.
fn is_wanted(order: &Order<'_>) -> bool {
    // Who wants the answer stored at its provider wants the call.
    let stored = order.request.as_chat().and_then(|chat| chat.extra.get("store")?.as_bool());
    match (order.known.agent.reuse.answers, order.wishes.cache) {
        (Reused::Off, _) | (_, Some(Cache::Off)) => false,
        _ if stored == Some(true) => false,
        (_, Some(Cache::On | Cache::Refresh)) | (Reused::All, None) => true,
        (Reused::Deterministic, None) => key::is_deterministic(order.request),
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

/// Gives the caller an answer that was given before.
pub(crate) async fn give(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    given: Arc<Given>,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    let bill = for_nothing(gate, order, to, trail).await;
    let mut bill = bill.inspect_err(|_| trail.cache = None)?;
    let (model, provider) = (to.model.id.clone(), to.provider.name.clone());
    trail.served = Some(Served { model, provider, cost: None, usage: None });
    given.answer.meter(&mut bill.meter);
    let used = Used::Given(given.cost);
    let answer = match (given.answer.clone(), &*to.request) {
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
    deliver::whole(gate, order, to, (bill, answer, used), trail, down).await
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
    let mut screen = Screen::of(gate, order, to);
    let (mut searched, mut out) = (Vec::new(), Vec::new());
    let passed = events.into_iter().try_for_each(|event| screen.search(event, &mut searched));
    let passed = passed.and_then(|()| screen.end_search(&mut searched));
    bill.findings = screen.found().cloned();
    screen.tell(gate, order, trail).await;
    if let Err(stopped) = passed {
        let (code, message) = stopped.told();
        bill.close(used, code.as_str());
        return Err(lost(code, message, Next::Nothing));
    }
    let mut told = Vec::new();
    for event in searched {
        bill.transcribe(&event);
        screen.restore(event, &mut told);
    }
    screen.end_restore(&mut told);
    let told = match Judge::of(gate, order).events(trail, told).await {
        Ok(told) => told,
        Err(refusal) => {
            bill.close(used, refusal.code.as_str());
            return Err(Lost { refusal, next: Next::Nothing });
        }
    };
    told.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.push(&Event::Usage(bill.told()), &mut out);
    encoder.done(&mut out);
    if let Some(body) = encoder.kept() {
        memory::keep(gate, order, (trail, &screen), &body).await;
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
    place: Option<&Place>,
    (answer, told): (&Answer, Usage),
    bill: &Bill,
    (trail, screen): (&Trail, &Screen<'_>),
) {
    let Some(Place { key, near }) = place else { return };
    if !Answers::wants(answer) || !gate.answers.takes(screen.label()) {
        return;
    }
    let (cost, _) = bill.cost(Used::Whole);
    let answer = answer.clone().with_usage(told);
    gate.answers.keep(key.clone(), Given { answer, cost, request: trail.request });
    if let Some(Near { kind, message }) = near {
        gate.answers.remember(kind, message.clone(), key.clone());
    }
}
