//! The answer of a provider on its way to the caller, streamed or whole, and the end of its bill.

use std::time::Duration;

use bytes::Bytes;
use router::{Outcome, Took};
use store::fault;
use types::{
    Code,
    answer::{Event, Gatherer},
};

use crate::{
    ask::{Arrived, Ready},
    asked::Answer,
    attempt::{Destination, Lost, Next, Order, lost},
    bill::{Bill, Known as Used},
    cache,
    downstream::Downstream,
    gate::Gate,
    memory, metrics,
    screen::Screen,
    source::Source,
    stream::{End, Stream},
    tally,
    tool::function::Judge,
    trail::{Served, Trail},
    upstream::{Failure, Response},
};

/// Passes an answer that is there on to the caller, and closes its bill by how that ended.
pub(crate) async fn deliver(
    gate: &Gate,
    order: &Order<'_>,
    ready: Ready<'_>,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    let to = &ready.to;
    trail.served = Some(Served {
        model: to.model.id.clone(),
        provider: to.provider.name.clone(),
        cost: None,
        usage: None,
    });
    match ready.answer {
        Arrived::Stream(source, events) => {
            streamed(gate, order, to, ready.bill, (source, events), trail, down).await;
            Ok(())
        }
        Arrived::Whole(answer) => {
            let mut bill = ready.bill;
            to.took(trail.started);
            answer.meter(&mut bill.meter);
            tally::count(&mut bill.meter, &to.request).await;
            check_limit(gate, to, &bill);
            let seconds = trail.started.elapsed().as_secs_f64();
            metrics::FIRST_BYTE.with_label_values(&[to.provider.name.as_str()]).observe(seconds);
            whole(gate, order, to, (bill, *answer, Used::Whole), trail, down).await
        }
    }
}

/// Relays a streamed answer that has begun.
async fn streamed(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    mut bill: Bill,
    (source, events): (Box<Source>, Vec<Event>),
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) {
    let mut screen = Screen::of(gate, order, to);
    let mut judge = Judge::of(gate, order);
    let stream = Stream {
        gate,
        screen: &mut screen,
        judge: &mut judge,
        source,
        down,
        headers: trail.headers(),
        api: trail.api(),
        order: *order,
        sent: &to.request,
        model: to.model.id.clone(),
        stamp: (trail.request, order.now.seconds()),
        provider: &to.provider.name,
        arrived: trail.started,
        kept_at: to.kept_at.as_ref(),
        gatherer: to.kept_at.as_ref().map(|_| Gatherer::new(cache::ANSWER_BYTES_MAX)),
        told: <[Vec<Event>; 2]>::default(),
    };
    let end = Box::new(stream).relay(&mut bill, events, trail).await;
    bill.output_hash = down.sent_sha256();
    bill.findings = screen.found().cloned();
    screen.tell(gate, order, trail).await;
    to.took(trail.started);
    match end {
        End::Whole { rest } => {
            let output_tokens = bill.told().output;
            to.note(gate, Outcome::Answered(Took::Streamed { rest, output_tokens }));
            check_limit(gate, to, &bill);
            close(bill, Used::Whole, "ok", trail);
        }
        End::Limit => {
            // It was stopped before its end.
            let took = Took::Streamed { rest: Duration::ZERO, output_tokens: 0 };
            to.note(gate, Outcome::Answered(took));
            gate.distrust(&to.model.id);
            close(bill, Used::Cut, "limit_ignored", trail);
        }
        End::Left(used) => {
            to.note(gate, Outcome::Nothing);
            close(bill, used, "caller_left", trail);
        }
        End::Stopped(used) => {
            to.note(gate, Outcome::Nothing);
            down.mark_cut();
            close(bill, used, Code::DlpBlocked.as_str(), trail);
        }
        End::Failed(code, used) => {
            to.note(gate, Outcome::Failed);
            down.mark_cut();
            close(bill, used, code.as_str(), trail);
        }
    }
}

/// Sends a whole answer that is metered, and closes its bill.
pub(crate) async fn whole(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    (mut bill, mut answer, used): (Bill, Answer, Used),
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    charged(&bill, used, trail);
    let mut screen = Screen::of(gate, order, to);
    // What is kept is what the provider said: it is searched again whenever it is given.
    let said = (to.kept_at.is_some() && screen.alters()).then(|| answer.clone());
    let searched = screen.search_whole(&mut answer);
    bill.findings = screen.found().cloned();
    screen.tell(gate, order, trail).await;
    if let Err(stopped) = searched {
        let (code, message) = stopped.told();
        bill.close(used, code.as_str());
        return Err(lost(code, message, Next::Nothing));
    }
    let told = (said.as_ref().unwrap_or(&answer), bill.told());
    cache::keep(gate, to.kept_at.as_ref(), told, &bill, (trail, &screen));
    if to.log_full && screen.restores() {
        let unrestored = answer.clone().tell(order, trail, &to.model.id, bill.told());
        bill.write_down(&String::from_utf8_lossy(&unrestored));
    }
    screen.restore_whole(&mut answer);
    if let Err(refusal) = Judge::of(gate, order).whole(trail, &mut answer).await {
        bill.close(used, refusal.code.as_str());
        return Err(Lost { refusal, next: Next::Nothing });
    }
    let body = Bytes::from(answer.tell(order, trail, &to.model.id, bill.told()));
    if to.log_full && !screen.restores() {
        bill.write_down(&String::from_utf8_lossy(&body));
    }
    memory::keep(gate, order, (trail, &screen), &body).await;
    fault::point("answer.last");
    let sent = down.reply(200, "application/json", &trail.headers(), body).await;
    fault::point("answer.ended");
    bill.output_hash = down.sent_sha256();
    bill.close(used, if sent.is_ok() { "ok" } else { "caller_left" });
    Ok(())
}

/// Closes the bill of what served the request.
fn close(bill: Bill, used: Used, outcome: &str, trail: &mut Trail) {
    fault::point("answer.ended");
    charged(&bill, used, trail);
    bill.close(used, outcome);
}

/// Takes note of what is charged, for the caller's headers and the request's span.
pub(crate) fn charged(bill: &Bill, used: Used, trail: &mut Trail) {
    if let Some(served) = &mut trail.served {
        let (cost, usage) = bill.cost(used);
        (served.cost, served.usage) = (Some(cost), usage);
    }
}

/// A provider whose own figure is beyond the limit that we sent cannot be trusted with a hard cap.
pub(crate) fn check_limit(gate: &Gate, to: &Destination<'_>, bill: &Bill) {
    if bill.meter.reported_beyond_limit() {
        gate.distrust(&to.model.id);
    }
}

/// Reads a body to its end, at most `max` bytes.
pub(crate) async fn read_body(response: &mut Response, max: usize) -> Result<Bytes, Failure> {
    let mut whole: Option<Bytes> = None;
    let mut rest = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if rest.len() + whole.as_ref().map_or(0, Bytes::len) + chunk.len() > max {
            return Err(Failure::Broken);
        }
        match whole.take() {
            None if rest.is_empty() => whole = Some(chunk),
            Some(first) => {
                rest.extend_from_slice(&first);
                rest.extend_from_slice(&chunk);
            }
            None => rest.extend_from_slice(&chunk),
        }
    }
    Ok(whole.unwrap_or_else(|| Bytes::from(rest)))
}
