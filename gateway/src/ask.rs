//! One try at one model, from its hold until its answer is there: the first events of a stream, or the
//! whole of one that is not streamed. Nothing here reaches the caller, so that several may run at once.

use std::time::Duration;

use bytes::Bytes;
use router::{Outcome, Took};
use store::fault;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use types::{Code, Nanos, answer::Event};

use crate::{
    asked::{self, Answer},
    attempt::{Destination, Lost, Next, Order, lost},
    bill::{Bill, Known as Used},
    deliver::{check_limit, read_body},
    gate::{ANSWER_BYTES_MAX, Gate, Place},
    head::head,
    limits::Passes,
    metrics, quote,
    reserve::reserve,
    serve::work_on,
    source::{Source, recycle},
    tally,
    trail::Trail,
    upstream::{Failure, Response},
};

/// What an intermediary answers where the provider did not in time: 504 of RFC 9110, and 524 of Cloudflare.
const LATE: [u16; 2] = [504, 524];
/// The largest error body that is read from a provider.
const ERROR_BYTES_MAX: usize = 64 << 10;
/// How the bill of an attempt ends that another one overtook.
pub(crate) const OVERTAKEN: &str = "overtaken";

/// A try that is paid for and ready to go out.
pub(crate) struct Prepared<'a> {
    to: Destination<'a>,
    bill: Bill,
    body: Bytes,
    places: Places<'a>,
    /// About how long its input is, in tokens.
    input_tokens: u64,
    /// When the caller's request came.
    arrived: Instant,
    /// Whether it goes out beside another one, or is asked for by the gateway itself: then it is not
    /// what its caller's request waited for.
    beside: bool,
}

/// What a try keeps for as long as it runs.
struct Places<'a> {
    _place: Place<'a>,
    _passes: Passes,
}

/// A try whose answer is there, of which the caller has nothing yet.
pub(crate) struct Ready<'a> {
    pub(crate) to: Destination<'a>,
    pub(crate) bill: Bill,
    pub(crate) answer: Arrived,
    _places: Places<'a>,
}

/// An answer as it begins.
pub(crate) enum Arrived {
    /// A stream with its first events.
    Stream(Box<Source>, Vec<Event>),
    /// A whole one.
    Whole(Box<Answer>),
}

/// What ends a try before its answer is there.
#[derive(Default)]
pub(crate) struct Stop {
    /// The caller left. What was asked goes on to where its use is known.
    pub(crate) left: CancellationToken,
    /// Another model answered first.
    pub(crate) overtaken: CancellationToken,
}

impl Stop {
    async fn either(&self) {
        tokio::select! {
            () = self.overtaken.cancelled() => {}
            () = self.left.cancelled() => {}
        }
    }
}

/// How a try ended without an answer: what is known of its use, and the word for its record.
type Ended = (Used, &'static str, Lost);

/// Takes a place, the passes of rate limits and the hold. `beside` is what another try of the same
/// request holds meanwhile: both together stay within the request's ceiling.
pub(crate) async fn prepare<'a>(
    gate: &'a Gate,
    order: &Order<'_>,
    to: Destination<'a>,
    beside: Option<Nanos>,
    trail: &mut Trail,
) -> Result<Prepared<'a>, Lost> {
    let full =
        || lost(Code::Overloaded, "the provider has as many requests as it may", Next::Other);
    let place = gate.place(to.provider).ok_or_else(full)?;
    let limits = order.snapshot.upstream_limits(&to.provider.name, &to.model.id);
    let passes = gate.limits.enter(&limits).await;
    let mut passes = passes.map_err(|full| to.limited(&full, trail))?;
    let tokens = gate.limits.tokens(&mut passes, asked::estimate(&to.request)).await;
    let tokens = tokens.map_err(|full| to.limited(&full, trail))?;
    let (bill, body) = reserve(gate, order, &to, (tokens, beside), trail).await?;
    let places = Places { _place: place, _passes: passes };
    let (input_tokens, arrived) = (order.input_tokens, trail.started);
    let beside = beside.is_some() || trail.part_of.is_some();
    Ok(Prepared { to, bill, body, places, input_tokens, arrived, beside })
}

impl<'a> Prepared<'a> {
    /// What is held for it.
    pub(crate) const fn held(&self) -> Nanos {
        self.bill.amount()
    }

    /// Gives everything back: not one byte went out.
    pub(crate) fn withdraw(self) {
        self.bill.close(Used::Refused, OVERTAKEN);
    }

    /// Asks, and waits until the answer is there. The bill of a try without one is closed.
    pub(crate) async fn exchange(self, gate: &Gate, stop: &Stop) -> Result<Ready<'a>, Lost> {
        let body = self.body.clone();
        match self.answer(gate, body, stop).await {
            Ok(answer) => {
                let Self { to, bill, places, .. } = self;
                Ok(Ready { to, bill, answer, _places: places })
            }
            Err((used, told, lost)) => {
                self.bill.close(used, told);
                Err(lost)
            }
        }
    }

    async fn answer(&self, gate: &Gate, body: Bytes, stop: &Stop) -> Result<Arrived, Ended> {
        let response = self.send(gate, body, stop).await?;
        let answer = if self.to.request.streams() {
            self.first_events(gate, response, stop).await
        } else {
            self.whole(gate, response, stop).await
        };
        if answer.is_err() {
            self.to.took(self.arrived);
        }
        answer
    }

    /// Connects, sends, and reads the head of the answer. The hold is marked as dispatched already;
    /// where not one byte went out its charge is nothing.
    async fn send(&self, gate: &Gate, body: Bytes, stop: &Stop) -> Result<Response, Ended> {
        let to = &self.to;
        let refused = |lost| ended(Used::Refused, lost);
        let (path, headers) = head(to, &body).map_err(refused)?;
        let connection = tokio::select! {
            biased;
            () = stop.overtaken.cancelled() => return Err(overtaken(Used::Refused)),
            connected = gate.upstreams.connect(&to.endpoint, to.limits.connect) => {
                connected.map_err(|failure| {
                    to.note(gate, Outcome::Failed);
                    refused(to.failed(&failure))
                })?
            }
        };
        to.note(gate, Outcome::Dispatched);
        let sent = Instant::now();
        if !self.beside {
            metrics::ADDED.observe(self.arrived.elapsed().as_secs_f64());
        }
        // An answer that is not streamed has its first byte when it is done.
        let limit = if to.request.streams() { to.limits.first_byte } else { to.limits.total };
        let posted = tokio::select! {
            biased;
            posted = connection.post(&to.endpoint, &path, &headers, body, limit) => posted,
            // Its connection is closed with it.
            () = stop.overtaken.cancelled() => {
                return Err(self.overtaken(gate, sent, Used::Nothing));
            }
        };
        let response = posted.map_err(|failure| {
            let used = match failure {
                Failure::Connect | Failure::BadAddress(_) => Used::Refused,
                // A pooled connection may have died before the request or after its work was done.
                // Nobody can tell, and a books' figure below the bill is the worse of the two errors.
                Failure::Stale | Failure::Broken | Failure::Timeout => Used::Nothing,
            };
            let stale = failure == Failure::Stale;
            to.note(gate, if stale { Outcome::Nothing } else { Outcome::Failed });
            ended(used, to.failed(&failure))
        })?;
        if response.status == 200 {
            return Ok(response);
        }
        // Whoever stands before the provider gave up waiting: as with our own time limit, it may have done it all.
        let used = if LATE.contains(&response.status) { Used::Nothing } else { Used::Refused };
        Err(ended(used, self.refused(gate, response, stop).await))
    }

    /// Waits for the first events. Until then a provider which accepts and fails can be replaced.
    async fn first_events(
        &self,
        gate: &Gate,
        response: Response,
        stop: &Stop,
    ) -> Result<Arrived, Ended> {
        let Self { to, input_tokens, .. } = self;
        let (first_byte, input_tokens) = (response.first_byte, *input_tokens);
        let sent = response.started();
        fault::point("answer.before");
        let decoder = quote::dialect(to.provider).stream_decoder();
        let source = Box::new(Source::new(response, decoder, to.limits));
        match source.begin(stop.either()).await {
            Ok((source, events)) => {
                to.note(gate, Outcome::Began { first_byte, input_tokens });
                fault::point("answer.begun");
                Ok(Arrived::Stream(source, events))
            }
            // The provider accepted the request and may have worked on it.
            Err(silent) if silent.stopped && stop.overtaken.is_cancelled() => {
                Err(self.overtaken(gate, sent, Used::Cut))
            }
            Err(silent) => {
                let (next, outcome) = if silent.stopped {
                    (Next::Nothing, Outcome::Nothing)
                } else {
                    (Next::Other, Outcome::Failed)
                };
                to.note(gate, outcome);
                let told = if silent.stopped { "caller_left" } else { silent.code.as_str() };
                let message = format!("provider `{}`: {}", to.provider.name, silent.message);
                Err((Used::Cut, told, lost(silent.code, message, next)))
            }
        }
    }

    /// Reads a whole answer. A caller that leaves does not stop the reading: the usage at its end is
    /// what the settlement needs.
    async fn whole(
        &self,
        gate: &Gate,
        mut response: Response,
        stop: &Stop,
    ) -> Result<Arrived, Ended> {
        let Self { to, input_tokens, .. } = self;
        let deadline = response.deadline(to.limits);
        let sent = response.started();
        let read = tokio::select! {
            biased;
            read = tokio::time::timeout_at(deadline, read_body(&mut response, ANSWER_BYTES_MAX)) => {
                Some(read)
            }
            () = stop.overtaken.cancelled() => None,
        };
        let Some(read) = read else {
            response.stop().await;
            return Err(self.overtaken(gate, sent, Used::Nothing));
        };
        let name = &to.provider.name;
        let (code, message) = match read {
            Ok(Ok(body)) => match decoded(to, &body) {
                Ok(answer) => {
                    let took = Took::Whole { all: response.took(), input_tokens: *input_tokens };
                    to.note(gate, Outcome::Answered(took));
                    recycle(&gate.upstreams, response).await;
                    return Ok(Arrived::Whole(Box::new(answer)));
                }
                Err(bad) => (Code::UpstreamFailed, format!("provider `{name}`: {bad}")),
            },
            Ok(Err(failure)) => (Code::UpstreamFailed, format!("provider `{name}`: {failure}")),
            Err(_) => (Code::UpstreamTimeout, format!("provider `{name}` did not finish in time")),
        };
        response.stop().await;
        to.note(gate, Outcome::Failed);
        Err(ended(Used::Nothing, lost(code, message, Next::Other)))
    }

    /// Takes note of an endpoint that did not answer before another one.
    fn overtaken(&self, gate: &Gate, sent: Instant, used: Used) -> Ended {
        let (waited, streaming) = (sent.elapsed(), self.to.request.streams());
        let input_tokens = self.input_tokens;
        self.to.note(gate, Outcome::Overtaken { waited, input_tokens, streaming });
        overtaken(used)
    }

    /// Reads what a provider refused with, and decides whether another model may be tried.
    async fn refused(&self, gate: &Gate, mut response: Response, stop: &Stop) -> Lost {
        let to = &self.to;
        let (status, retry_after) = (response.status, response.retry_after);
        let read = read_body(&mut response, ERROR_BYTES_MAX);
        let body = tokio::select! {
            biased;
            read = tokio::time::timeout(to.limits.idle, read) => read.ok().and_then(Result::ok),
            () = stop.overtaken.cancelled() => None,
        };
        match body {
            Some(_) => recycle(&gate.upstreams, response).await,
            None => response.stop().await,
        }
        let error = quote::dialect(to.provider).decode_error(status, &body.unwrap_or_default());
        let retry_after = retry_after.or(error.retry_after);
        let name = &to.provider.name;
        let told = if error.message.is_empty() { &error.kind } else { &error.message };
        let outcome = match status {
            429 | 503 | 529 => Outcome::Busy { retry_after: retry_after.map(Duration::from_secs) },
            500.. => Outcome::Failed,
            _ => Outcome::Nothing,
        };
        to.note(gate, outcome);
        let message = format!("provider `{name}` answered {status}: {told}");
        if error.retryable || error.context_length_exceeded {
            let too_long = error.context_length_exceeded;
            let code = if too_long { Code::ContextLengthExceeded } else { Code::UpstreamFailed };
            let mut lost = lost(code, message, Next::Other);
            lost.refusal.retry_after = retry_after;
            return lost;
        }
        match error.status {
            // Our own credential, account or registration is at fault: another provider may do.
            401..=405 => lost(Code::UpstreamFailed, message, Next::Other),
            400..=499 => lost(Code::InvalidRequest, message, Next::Nothing),
            _ => lost(Code::UpstreamFailed, message, Next::Other),
        }
    }
}

impl Ready<'_> {
    /// Ends an answer that came behind another one. What the provider sent of it is on its bill.
    pub(crate) async fn discard(self, gate: &Gate) {
        let Self { to, mut bill, answer, .. } = self;
        let used = match answer {
            Arrived::Stream(source, events) => {
                events.iter().for_each(|event| bill.meter.observe(event));
                to.note(gate, Outcome::Nothing);
                source.catch_up(&mut bill.meter).await
            }
            Arrived::Whole(answer) => {
                answer.meter(&mut bill.meter);
                Used::Whole
            }
        };
        if used == Used::Whole {
            tally::count(&mut bill.meter, &to.request).await;
        }
        check_limit(gate, &to, &bill);
        bill.close(used, OVERTAKEN);
    }
}

fn decoded(to: &Destination<'_>, body: &[u8]) -> Result<Answer, providers::BadAnswer> {
    work_on(body.len(), || asked::decode(quote::dialect(to.provider), &to.request, body))
}

fn ended(used: Used, lost: Lost) -> Ended {
    (used, lost.refusal.code.as_str(), lost)
}

fn overtaken(used: Used) -> Ended {
    let message = "another model answered first";
    (used, OVERTAKEN, lost(Code::UpstreamTimeout, message, Next::Other))
}
