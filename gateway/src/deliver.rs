//! The answer of a provider on its way to the caller, streamed or whole, and the end of its bill.

use bytes::Bytes;
use router::Outcome;
use types::{Code, answer::ChatAnswer};

use crate::{
    attempt::{Destination, Lost, Next, Order, lost},
    bill::{Bill, Known as Used},
    downstream::Downstream,
    gate::{ANSWER_BYTES_MAX, Gate},
    metrics, quote,
    stream::{End, Stream, recycle},
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
    let stream = Stream {
        upstreams: &gate.upstreams,
        limits: to.limits,
        up: response,
        decoder: quote::dialect(to.provider).stream_decoder(),
        down,
        headers: trail.headers(),
        include_usage: order.request.include_usage,
        model: to.model.id.clone(),
        now: order.now.seconds(),
        choices: order.request.choices.max(1),
        provider: &to.provider.name,
        arrived: trail.started,
    };
    let relayed = Box::new(stream).relay(&mut bill).await;
    metrics::UPSTREAM
        .with_label_values(&[to.provider.name.as_str()])
        .observe(trail.started.elapsed().as_secs_f64());
    match relayed {
        Ok(End::Whole) => {
            check_limit(gate, to, &bill);
            bill.close(Used::Whole, "ok", trail);
            Ok(())
        }
        Ok(End::Limit) => {
            gate.distrust(&to.model.id);
            bill.close(Used::Cut, "limit_ignored", trail);
            Ok(())
        }
        Ok(End::Left(used)) => {
            bill.close(used, "caller_left", trail);
            Ok(())
        }
        Ok(End::Failed(code, _)) => {
            to.note(gate, Outcome::Failed);
            down.mark_cut();
            bill.close(Used::Cut, code.as_str(), trail);
            Ok(())
        }
        Err(silent) => {
            let next = if silent.left { Next::Nothing } else { Next::Other };
            if !silent.left {
                to.note(gate, Outcome::Failed);
            }
            // It accepted the request and may have worked on it: what was seen is nothing, so the
            // charge is what its input costs, with what may have been under way.
            bill.close(Used::Cut, silent.code.as_str(), trail);
            trail.served = None;
            Err(lost(
                silent.code,
                format!("provider `{}`: {}", to.provider.name, silent.message),
                next,
            ))
        }
    }
}

/// Reads a whole answer, meters it, and passes it on. A caller that leaves does not stop the
/// reading: the usage at its end is what the settlement needs.
pub(crate) async fn whole(
    gate: &Gate,
    to: &Destination<'_>,
    mut bill: Bill,
    mut response: Response,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    let deadline = response.deadline(to.limits);
    let read = {
        let reading = tokio::time::timeout_at(deadline, read_body(&mut response, ANSWER_BYTES_MAX));
        tokio::pin!(reading);
        tokio::select! {
            biased;
            read = &mut reading => read,
            () = down.until_left() => reading.await,
        }
    };
    metrics::UPSTREAM
        .with_label_values(&[to.provider.name.as_str()])
        .observe(trail.started.elapsed().as_secs_f64());
    let name = &to.provider.name;
    let (code, message) = match read {
        Ok(Ok(body)) => match quote::dialect(to.provider).decode_answer(&body) {
            Ok(answer) => {
                recycle(&gate.upstreams, response).await;
                // On the heap: an answer that is still being read need not carry it.
                return Box::pin(deliver(gate, to, bill, answer, trail, down)).await;
            }
            Err(bad) => (Code::UpstreamFailed, format!("provider `{name}`: {bad}")),
        },
        Ok(Err(failure)) => (Code::UpstreamFailed, format!("provider `{name}`: {failure}")),
        Err(_) => (Code::UpstreamTimeout, format!("provider `{name}` did not finish in time")),
    };
    response.stop().await;
    to.note(gate, Outcome::Failed);
    bill.meter.forget();
    bill.close(Used::Nothing, code.as_str(), trail);
    trail.served = None;
    Err(lost(code, message, if down.gone() { Next::Nothing } else { Next::Other }))
}

async fn deliver(
    gate: &Gate,
    to: &Destination<'_>,
    mut bill: Bill,
    mut answer: ChatAnswer,
    trail: &mut Trail,
    down: &mut Downstream<'_>,
) -> Result<(), Lost> {
    bill.meter.observe_answer(&answer);
    check_limit(gate, to, &bill);
    if let Some(served) = &mut trail.served {
        served.cost = Some(bill.cost(Used::Whole));
    }
    metrics::FIRST_BYTE
        .with_label_values(&[to.provider.name.as_str()])
        .observe(trail.started.elapsed().as_secs_f64());
    answer.model.clone_from(&to.model.id);
    if answer.usage.is_none() {
        answer.usage = Some(bill.meter.counted(false));
    }
    let body = Bytes::from(providers::openai::encode_answer(&answer));
    bill.write_down(&String::from_utf8_lossy(if to.log_full { &body } else { &[] }));
    let sent = down.reply(200, "application/json", &trail.headers(), body).await;
    bill.close(Used::Whole, if sent.is_ok() { "ok" } else { "caller_left" }, trail);
    Ok(())
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
