//! A streamed answer on its way through: metered, encoded, at the caller's own pace.

use std::time::Duration;

use bytes::Bytes;
use providers::{Api, StreamEncoder};
use tokio::time::{Instant, timeout_at};
use types::{
    Code, Request, RequestId,
    answer::{Event, Finish, Gatherer},
};

use crate::{
    asked::Answer,
    attempt::Order,
    bill::{Bill, Known},
    cache,
    downstream::Downstream,
    gate::Gate,
    memory, metrics,
    screen::Screen,
    source::{Read, Source},
    tally,
    tool::function::Judge,
    trail::Trail,
};

/// A caller that got nothing for this long gets a ping: clients and proxies give up a connection that they
/// hear nothing from.
const PING_PAUSE: Duration = Duration::from_secs(15);

/// How a stream ended for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Whole, with its terminator.
    Whole {
        /// What the provider took from the first events to the last; nothing where the caller held
        /// it up, which tells nothing of the provider.
        rest: Duration,
    },
    /// Cut by us at the output limit, which the provider ignored; ended in order.
    Limit,
    /// The caller left; how much of the use is known.
    Left(Known),
    /// Stopped by us: something was in it that policy does not want there, and the caller got an error
    /// event; how much of the use is known.
    Stopped(Known),
    /// The provider failed in the middle, and the caller got an error event; how much of the use is
    /// known.
    Failed(Code, Known),
}

/// One streamed answer between its two sides. It is relayed from the heap, since each of its ends
/// takes it over.
pub(crate) struct Stream<'s, 'd, 'c> {
    pub(crate) gate: &'s Gate,
    pub(crate) source: Box<Source>,
    /// What it passes on its way.
    pub(crate) screen: &'c mut Screen<'s>,
    /// Who decides the calls of functions in it.
    pub(crate) judge: &'c mut Judge<'s>,
    pub(crate) down: &'c mut Downstream<'d>,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// What the caller speaks, and asked.
    pub(crate) api: Api,
    pub(crate) order: Order<'s>,
    /// The request as the provider got it.
    pub(crate) sent: &'s Request,
    /// The model's name as the caller knows it.
    pub(crate) model: String,
    /// The request's id and its seconds since the epoch, for an answer whose provider gives none.
    pub(crate) stamp: (RequestId, i64),
    /// The provider's name and the request's arrival, for the time to the first byte.
    pub(crate) provider: &'s str,
    pub(crate) arrived: Instant,
    /// Where the answer is kept to be given again, and what puts it together for that, if it is.
    pub(crate) kept_at: Option<&'s cache::Place>,
    pub(crate) gatherer: Option<Gatherer>,
    /// Events on their way to the encoder: with their values back, and with their calls decided.
    pub(crate) told: [Vec<Event>; 2],
}

/// Why an answer goes no further, as its caller is told.
type Stop = (Code, String);

/// What ends an answer before its provider does.
enum Cut {
    /// The provider ignored the output limit.
    Limit,
    /// It says that it failed.
    Failed(Stop),
    /// Policy does not want the answer told.
    Stopped(Stop),
}

impl Stream<'_, '_, '_> {
    fn encoder(&self, events: &[Event]) -> StreamEncoder {
        let (given, created) = match events.first() {
            Some(Event::Start { id, created, .. }) => (id.as_str(), *created),
            _ => ("", 0),
        };
        let (request, now) = self.stamp;
        let created = if created == 0 { now } else { created };
        let stamp = (self.api.answer_id(given, request), created);
        let include_usage = self.order.request.as_chat().is_some_and(|chat| chat.include_usage);
        let asked = (include_usage, self.order.echo);
        self.api.stream_encoder(stamp, self.model.clone(), asked)
    }

    /// Relays the answer to its end, from its first events on.
    pub(crate) async fn relay(
        self: Box<Self>,
        bill: &mut Bill,
        events: Vec<Event>,
        trail: &Trail,
    ) -> End {
        let mut encoder = self.encoder(&events);
        // These events make the first piece of the answer.
        let at_once =
            events.iter().any(|event| matches!(event, Event::Delta { .. } | Event::Finish { .. }));
        if self.down.start_events(&self.headers, at_once).await.is_err() {
            events.iter().for_each(|event| bill.meter.observe(event));
            return self.leave(bill).await;
        }
        metrics::FIRST_BYTE
            .with_label_values(&[self.provider])
            .observe(self.arrived.elapsed().as_secs_f64());
        self.pump((bill, trail), &mut encoder, events).await
    }

    async fn pump(
        mut self: Box<Self>,
        (bill, trail): (&mut Bill, &Trail),
        encoder: &mut StreamEncoder,
        mut events: Vec<Event>,
    ) -> End {
        let (mut out, mut sent) = (Vec::new(), Instant::now());
        loop {
            match self.pass((bill, trail), encoder, &mut events, &mut out).await {
                Ok(()) => {}
                Err(Cut::Limit) => return self.cut_at_limit((bill, trail), encoder, out).await,
                Err(Cut::Failed(told)) => return self.fail(bill, encoder, out, told).await,
                Err(Cut::Stopped(stop)) => return self.stop(bill, encoder, out, stop).await,
            }
            if encoder.broken() {
                let told = "the caller's API cannot say what the provider sent".to_owned();
                return self.fail(bill, encoder, out, (Code::UpstreamFailed, told)).await;
            }
            bill.note_progress();
            if self.source.ended() {
                return self.finish((bill, trail), encoder, out).await;
            }
            if !out.is_empty() {
                let piece = Bytes::from(std::mem::take(&mut out));
                if self.down.send(piece).await.is_err() {
                    return self.leave(bill).await;
                }
                sent = Instant::now();
            }
            let read = self.source.read(self.down.until_left(), &mut events);
            let Ok(read) = timeout_at(sent + PING_PAUSE, read).await else {
                encoder.ping(&mut out);
                sent = Instant::now();
                continue;
            };
            let told = match read {
                Read::Events => continue,
                // Some servers forget the terminator; a finish reason for every choice will do.
                Read::End if self.source.finished() => {
                    return self.finish((bill, trail), encoder, out).await;
                }
                Read::End => {
                    let message = "the provider ended the stream before the answer";
                    (Code::UpstreamFailed, message.to_owned())
                }
                Read::Left => return self.leave(bill).await,
                Read::Failed(code, message) => (code, message),
            };
            return self.fail(bill, encoder, out, told).await;
        }
    }

    /// Passes on what one read brought, as far as it may go. All of it is metered: it is on the provider's bill.
    async fn pass(
        &mut self,
        (bill, trail): (&mut Bill, &Trail),
        encoder: &mut StreamEncoder,
        events: &mut Vec<Event>,
        out: &mut Vec<u8>,
    ) -> Result<(), Cut> {
        let (mut passed, mut cut) = (Vec::new(), None);
        for event in events.drain(..) {
            bill.meter.observe(&event);
            if cut.is_some() {
                continue;
            }
            // What breaks the limit goes no further, nor what came in the same read.
            if bill.meter.beyond_limit() {
                cut = Some(Cut::Limit);
                continue;
            }
            if let Some(gatherer) = &mut self.gatherer {
                gatherer.push(&event);
            }
            if let Event::Failed { kind, message } = event {
                cut = Some(Cut::Failed((Code::UpstreamFailed, format!("{kind}: {message}"))));
                continue;
            }
            let searched = self.screen.search(event, &mut passed).map_err(|s| s.told());
            let told = match searched {
                Ok(()) => self.tell((bill, trail), encoder, &mut passed, out).await,
                Err(stop) => Err(stop),
            };
            cut = told.err().map(Cut::Stopped);
        }
        cut.map_or(Ok(()), Err)
    }

    /// Ends the caller's stream in order and gives the upstream connection back.
    async fn finish(
        mut self: Box<Self>,
        (bill, trail): (&mut Bill, &Trail),
        encoder: &mut StreamEncoder,
        mut out: Vec<u8>,
    ) -> End {
        if let Err(stop) = self.tell_rest((bill, trail), encoder, &mut out).await {
            return self.stop(bill, encoder, out, stop).await;
        }
        self.screen.tell(self.gate, &self.order, trail).await;
        tally::count(&mut bill.meter, self.sent).await;
        // A caller that asked for usage hears what is charged.
        encoder.push(&Event::Usage(bill.told()), &mut out);
        // The worker of a run keeps account of what its run has used.
        let grant = self.order.permit.caller().grant.as_deref();
        if grant.is_some_and(|grant| grant.is_of_its_run()) {
            encoder.charge(bill.cost(Known::Whole).0);
        }
        encoder.done(&mut out);
        let rest = self.source.pace();
        if let Some(answer) = self.gatherer.take().and_then(Gatherer::whole).map(Answer::Chat) {
            let told = (&answer, bill.told());
            cache::keep(self.gate, self.kept_at, told, bill, (trail, self.screen));
        }
        if let Some(body) = encoder.kept() {
            memory::keep(self.gate, &self.order, (trail, self.screen), &body).await;
        }
        let ended = self.down.end_events(Bytes::from(out)).await.is_ok();
        self.source.recycle(&self.gate.upstreams).await;
        if ended { End::Whole { rest } } else { End::Left(Known::Whole) }
    }

    async fn leave(self: Box<Self>, bill: &mut Bill) -> End {
        let known = self.source.catch_up(&mut bill.meter).await;
        if known == Known::Whole {
            tally::count(&mut bill.meter, self.sent).await;
        }
        End::Left(known)
    }

    /// Tells what was searched: on record as it is, to the caller with the values that come back, and each call of
    /// a function once it is permitted.
    async fn tell(
        &mut self,
        (bill, trail): (&mut Bill, &Trail),
        encoder: &mut StreamEncoder,
        passed: &mut Vec<Event>,
        out: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        for event in passed.drain(..) {
            bill.transcribe(&event);
            let [restored, _] = &mut self.told;
            self.screen.restore(event, restored);
        }
        self.decide(trail, encoder, out).await
    }

    /// Passes on what is restored, once the calls in it are decided.
    async fn decide(
        &mut self,
        trail: &Trail,
        encoder: &mut StreamEncoder,
        out: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let [restored, decided] = &mut self.told;
        for event in restored.drain(..) {
            let passed = self.judge.pass(trail, event, decided).await;
            passed.map_err(|refusal| (refusal.code, refusal.message))?;
        }
        decided.drain(..).for_each(|event| encoder.push(&event, out));
        Ok(())
    }

    /// Tells what was held back.
    async fn tell_rest(
        &mut self,
        (bill, trail): (&mut Bill, &Trail),
        encoder: &mut StreamEncoder,
        out: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let mut rest = Vec::new();
        self.screen.end_search(&mut rest).map_err(|stopped| stopped.told())?;
        self.tell((bill, trail), encoder, &mut rest, out).await?;
        let [restored, _] = &mut self.told;
        self.screen.end_restore(restored);
        self.decide(trail, encoder, out).await?;
        let [_, decided] = &mut self.told;
        self.judge.end(trail, decided).await;
        decided.drain(..).for_each(|event| encoder.push(&event, out));
        Ok(())
    }

    async fn cut_at_limit(
        mut self: Box<Self>,
        (bill, trail): (&mut Bill, &Trail),
        encoder: &mut StreamEncoder,
        mut out: Vec<u8>,
    ) -> End {
        if let Err(stop) = self.tell_rest((bill, trail), encoder, &mut out).await {
            return self.stop(bill, encoder, out, stop).await;
        }
        // It ignored the limit: what it has sent beyond is on its bill too.
        self.source.catch_up(&mut bill.meter).await;
        for choice in 0..self.order.request.as_chat().map_or(1, |chat| chat.choices).max(1) {
            let (reason, stop_sequence) = (Finish::Length, None);
            encoder.push(&Event::Finish { choice, reason, stop_sequence }, &mut out);
        }
        encoder.done(&mut out);
        if let Some(body) = encoder.kept() {
            memory::keep(self.gate, &self.order, (trail, self.screen), &body).await;
        }
        let _ = self.down.end_events(Bytes::from(out)).await;
        End::Limit
    }

    /// Ends an answer that policy does not want told: an error event, no terminator.
    async fn stop(
        self: Box<Self>,
        bill: &mut Bill,
        encoder: &mut StreamEncoder,
        out: Vec<u8>,
        stop: Stop,
    ) -> End {
        match self.fail(bill, encoder, out, stop).await {
            End::Failed(_, known) => End::Stopped(known),
            end => end,
        }
    }

    /// Tells the caller honestly that the answer is not whole: an error event, no terminator. What the provider has
    /// sent meanwhile is metered.
    async fn fail(
        self: Box<Self>,
        bill: &mut Bill,
        encoder: &mut StreamEncoder,
        mut out: Vec<u8>,
        (code, message): (Code, String),
    ) -> End {
        encoder.error(code, &message, &mut out);
        // The body is not ended in order: a client that does not know the error event still sees
        // that the answer was cut.
        let _ = self.down.send(Bytes::from(out)).await;
        End::Failed(code, self.source.catch_up(&mut bill.meter).await)
    }
}
