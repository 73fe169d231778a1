//! The answer of a provider on its way to the caller, streamed or whole, and the end of its bill.

use std::time::Duration;

use bytes::Bytes;
use router::{Outcome, Took};
use store::fault;
use types::{Code, answer::Gatherer};

use crate::{
    asked::{self, Answer},
    attempt::{Destination, Lost, Next, Order, lost},
    bill::{Bill, Known as Used},
    cache,
    downstream::Downstream,
    gate::{ANSWER_BYTES_MAX, Gate},
    memory, metrics, quote,
    serve::work_on,
    source::{Source, recycle},
    stream::{End, Silent, Stream},
    trail::Trail,
    upstream::{Failure, Response},
};

/// Relays a streamed answer and closes the bill by how it ended.
pub(crate) async fn streamed(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    mut bill: Bill,
    response: Response,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    let (first_byte, input_tokens) = (response.first_byte, order.input_tokens);
    let began = Outcome::Began { first_byte, input_tokens };
    fault::point("answer.before");
    let decoder = quote::dialect(to.provider).stream_decoder();
    let stream = Stream {
        gate,
        source: Source::new(response, decoder, to.limits),
        down,
        headers: trail.headers(),
        api: trail.api(),
        order: *order,
        model: to.model.id.clone(),
        stamp: (trail.request, order.now.seconds()),
        provider: &to.provider.name,
        arrived: trail.started,
        kept_at: to.kept_at.as_ref(),
        gatherer: to.kept_at.as_ref().map(|_| Gatherer::new(cache::ANSWER_BYTES_MAX)),
    };
    let relayed = match Box::new(stream).begin().await {
        Ok(begun) => {
            to.note(gate, began);
            fault::point("answer.begun");
            Ok(begun.relay(&mut bill, trail).await)
        }
        Err(silent) => Err(silent),
    };
    bill.output_hash = down.sent_sha256();
    metrics::UPSTREAM
        .with_label_values(&[to.provider.name.as_str()])
        .observe(trail.started.elapsed().as_secs_f64());
    match relayed {
        Ok(End::Whole { rest }) => {
            let output_tokens = bill.told().output;
            to.note(gate, Outcome::Answered(Took::Streamed { rest, output_tokens }));
            check_limit(gate, to, &bill);
            close(bill, Used::Whole, "ok", trail);
            Ok(())
        }
        Ok(End::Limit) => {
            // It was stopped before its end.
            let took = Took::Streamed { rest: Duration::ZERO, output_tokens: 0 };
            to.note(gate, Outcome::Answered(took));
            gate.distrust(&to.model.id);
            close(bill, Used::Cut, "limit_ignored", trail);
            Ok(())
        }
        Ok(End::Left(used)) => {
            to.note(gate, Outcome::Nothing);
            close(bill, used, "caller_left", trail);
            Ok(())
        }
        Ok(End::Failed(code, used)) => {
            to.note(gate, Outcome::Failed);
            down.mark_cut();
            close(bill, used, code.as_str(), trail);
            Ok(())
        }
        Err(silent) => Err(gave_nothing(gate, to, bill, silent, trail)),
    }
}

/// Closes the bill of a stream that ended before its first events. The provider accepted the request
/// and may have worked on it.
fn gave_nothing(
    gate: &Gate,
    to: &Destination<'_>,
    bill: Bill,
    silent: Silent,
    trail: &mut Trail,
) -> Lost {
    let (next, outcome, told) = if silent.left {
        (Next::Nothing, Outcome::Nothing, "caller_left")
    } else {
        (Next::Other, Outcome::Failed, silent.code.as_str())
    };
    to.note(gate, outcome);
    bill.close(Used::Cut, told);
    trail.served = None;
    lost(silent.code, format!("provider `{}`: {}", to.provider.name, silent.message), next)
}

/// Reads a whole answer, meters it, and passes it on. A caller that leaves does not stop the
/// reading: the usage at its end is what the settlement needs.
pub(crate) async fn whole(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    bill: Bill,
    response: Response,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    let taken = taken(gate, order, to, (bill, response), down.until_left()).await;
    metrics::UPSTREAM
        .with_label_values(&[to.provider.name.as_str()])
        .observe(trail.started.elapsed().as_secs_f64());
    match taken {
        // On the heap: an answer that is still being read need not carry it.
        Ok((bill, answer)) => {
            let taken = (bill, answer, Used::Whole);
            Box::pin(deliver(gate, order, to, taken, trail, down)).await;
            Ok(())
        }
        Err(lost) => {
            trail.served = None;
            Err(if down.gone() { Lost { next: Next::Nothing, ..lost } } else { lost })
        }
    }
}

/// Reads a whole answer and meters it; whoever gets it closes its bill. `left` is waited for beside it
/// and changes nothing.
pub(crate) async fn taken(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    (mut bill, mut response): (Bill, Response),
    left: impl Future<Output = ()>,
) -> Result<(Bill, Answer), Lost> {
    let deadline = response.deadline(to.limits);
    let read = {
        let reading = tokio::time::timeout_at(deadline, read_body(&mut response, ANSWER_BYTES_MAX));
        tokio::pin!(reading);
        tokio::select! {
            biased;
            read = &mut reading => read,
            () = left => reading.await,
        }
    };
    let name = &to.provider.name;
    let (code, message) = match read {
        Ok(Ok(body)) => {
            let dialect = quote::dialect(to.provider);
            match work_on(body.len(), || asked::decode(dialect, order.request, &body)) {
                Ok(answer) => {
                    let (all, input_tokens) = (response.took(), order.input_tokens);
                    to.note(gate, Outcome::Answered(Took::Whole { all, input_tokens }));
                    recycle(&gate.upstreams, response).await;
                    answer.meter(&mut bill.meter);
                    check_limit(gate, to, &bill);
                    return Ok((bill, answer));
                }
                Err(bad) => (Code::UpstreamFailed, format!("provider `{name}`: {bad}")),
            }
        }
        Ok(Err(failure)) => (Code::UpstreamFailed, format!("provider `{name}`: {failure}")),
        Err(_) => (Code::UpstreamTimeout, format!("provider `{name}` did not finish in time")),
    };
    response.stop().await;
    to.note(gate, Outcome::Failed);
    bill.meter.forget();
    bill.close(Used::Nothing, code.as_str());
    Err(lost(code, message, Next::Other))
}

/// Tells a whole answer to the caller and closes its bill.
pub(crate) async fn deliver(
    gate: &Gate,
    order: &Order<'_>,
    to: &Destination<'_>,
    (mut bill, answer, used): (Bill, Answer, Used),
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) {
    charged(&bill, used, trail);
    if used == Used::Whole {
        metrics::FIRST_BYTE
            .with_label_values(&[to.provider.name.as_str()])
            .observe(trail.started.elapsed().as_secs_f64());
        let kept = || Some(answer.clone().with_usage(bill.told()));
        cache::keep(gate, to.kept_at.as_ref(), kept, bill.cost(used).0, trail);
    }
    let body = Bytes::from(answer.tell(order, trail, &to.model.id, bill.told()));
    bill.write_down(&String::from_utf8_lossy(if to.log_full { &body } else { &[] }));
    memory::keep(gate, order, trail, &body).await;
    fault::point("answer.last");
    let sent = down.reply(200, "application/json", &trail.headers(), body).await;
    fault::point("answer.ended");
    bill.output_hash = down.sent_sha256();
    bill.close(used, if sent.is_ok() { "ok" } else { "caller_left" });
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
fn check_limit(gate: &Gate, to: &Destination<'_>, bill: &Bill) {
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
