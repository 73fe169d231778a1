//! A streamed answer on its way through: decoded, metered, encoded, at the caller's own pace.

use bytes::Bytes;
use providers::{StreamDecoder, openai::StreamEncoder};
use tokio::time::{Instant, timeout, timeout_at};
use types::{
    Code,
    answer::{Event, Finish},
};

use crate::{
    bill::{Bill, Known},
    downstream::Downstream,
    metrics,
    upstream::{Failure, Limits, Response, Upstreams},
};

/// How long the end of a finished response is waited for before its connection is given up.
const TAIL_TIME: std::time::Duration = std::time::Duration::from_millis(500);

/// A provider that sends nothing for this long is no further than what came.
const CATCH_UP_PAUSE: std::time::Duration = std::time::Duration::from_millis(10);
/// How long what is under way is read after the caller left.
const CATCH_UP_TIME: std::time::Duration = std::time::Duration::from_secs(1);

/// How a stream ended for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Whole, with its terminator.
    Whole,
    /// Cut by us at the output limit, which the provider ignored; ended in order.
    Limit,
    /// The caller left; how much of the use is known.
    Left(Known),
    /// The provider failed in the middle; the caller got an error event.
    Failed(Code, String),
}

/// Why a stream gave nothing: another candidate may still be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silent {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Whether the caller left meanwhile.
    pub(crate) left: bool,
}

/// One streamed answer between its two sides. It is relayed from the heap, since each of its ends
/// takes it over.
pub(crate) struct Stream<'s, 'd> {
    pub(crate) upstreams: &'s Upstreams,
    pub(crate) limits: Limits,
    pub(crate) up: Response,
    pub(crate) decoder: StreamDecoder,
    pub(crate) down: &'s mut Downstream<'d>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) include_usage: bool,
    /// The model's name as the caller knows it.
    pub(crate) model: String,
    /// Seconds since the epoch, for providers that give none.
    pub(crate) now: i64,
    pub(crate) choices: u32,
    /// The provider's name and the request's arrival, for the time to the first byte.
    pub(crate) provider: &'s str,
    pub(crate) arrived: Instant,
}

/// What the next read brought.
enum Read {
    Events,
    End,
    Left,
    Failed(Code, String),
}

impl Stream<'_, '_> {
    /// Relays the answer to its end. The head goes out with the first event, so that a provider
    /// which accepts and then fails can still be replaced.
    pub(crate) async fn relay(mut self: Box<Self>, bill: &mut Bill) -> Result<End, Silent> {
        let limits = self.limits;
        let deadline = self.up.deadline(limits);
        let mut events = Vec::new();
        let mut progress = Instant::now();
        let mut encoder = loop {
            match self.read(&mut events, &mut progress, deadline, limits).await {
                Read::Events if events.is_empty() => {}
                Read::Events => break self.encoder(&events),
                Read::End if events.is_empty() => {
                    return Err(self.silent(Code::UpstreamFailed, "an empty stream").await);
                }
                Read::End => break self.encoder(&events),
                Read::Left => {
                    let mut silent = self.silent(Code::UpstreamFailed, "the caller left").await;
                    silent.left = true;
                    return Err(silent);
                }
                Read::Failed(code, message) => return Err(self.silent(code, &message).await),
            }
        };
        if let Some(Event::Failed { kind, message }) = events.first() {
            let message = format!("{kind}: {message}");
            return Err(self.silent(Code::UpstreamFailed, &message).await);
        }
        if self.down.start_events(&self.headers).await.is_err() {
            events.iter().for_each(|event| bill.meter.observe(event));
            return Ok(self.leave(bill).await);
        }
        metrics::FIRST_BYTE
            .with_label_values(&[self.provider])
            .observe(self.arrived.elapsed().as_secs_f64());
        Ok(self.pump(bill, &mut encoder, events, progress, deadline).await)
    }

    async fn pump(
        mut self: Box<Self>,
        bill: &mut Bill,
        encoder: &mut StreamEncoder,
        mut events: Vec<Event>,
        mut progress: Instant,
        deadline: Instant,
    ) -> End {
        let limits = self.limits;
        let mut out = Vec::new();
        loop {
            for event in events.drain(..) {
                bill.meter.observe(&event);
                bill.transcribe(&event);
                if let Event::Failed { kind, message } = event {
                    return self
                        .fail(encoder, Code::UpstreamFailed, format!("{kind}: {message}"))
                        .await;
                }
                encoder.push(&event, &mut out);
            }
            if bill.meter.beyond_limit() {
                return self.cut_at_limit(encoder, out).await;
            }
            bill.note_progress();
            if self.decoder.ended() {
                return self.finish(bill, encoder, out).await;
            }
            if !out.is_empty() {
                let piece = Bytes::from(std::mem::take(&mut out));
                if self.down.send(piece).await.is_err() {
                    return self.leave(bill).await;
                }
            }
            match self.read(&mut events, &mut progress, deadline, limits).await {
                Read::Events => {}
                // Some servers forget the terminator; a finish reason for every choice will do.
                Read::End if self.decoder.finished() => {
                    return self.finish(bill, encoder, out).await;
                }
                Read::End => {
                    let message = "the provider ended the stream before the answer".to_owned();
                    return self.fail(encoder, Code::UpstreamFailed, message).await;
                }
                Read::Left => return self.leave(bill).await,
                Read::Failed(code, message) => return self.fail(encoder, code, message).await,
            }
        }
    }

    /// Reads once. Only events count as progress: comments and pings keep nobody waiting longer.
    async fn read(
        &mut self,
        events: &mut Vec<Event>,
        progress: &mut Instant,
        deadline: Instant,
        limits: Limits,
    ) -> Read {
        let idle = (*progress + limits.idle).min(deadline);
        let read = tokio::select! {
            biased;
            read = timeout_at(idle, self.up.chunk()) => read,
            () = self.down.until_left() => return Read::Left,
        };
        match read {
            Err(_) => Read::Failed(
                Code::UpstreamTimeout,
                "the provider sent nothing within the time limit".to_owned(),
            ),
            Ok(Err(_)) => Read::Failed(
                Code::UpstreamFailed,
                "the connection to the provider broke".to_owned(),
            ),
            Ok(Ok(None)) => Read::End,
            Ok(Ok(Some(bytes))) => match self.decoder.push(&bytes, events) {
                Ok(()) => {
                    if !events.is_empty() {
                        *progress = Instant::now();
                    }
                    Read::Events
                }
                Err(fault) => Read::Failed(Code::UpstreamFailed, fault.to_string()),
            },
        }
    }

    fn encoder(&self, events: &[Event]) -> StreamEncoder {
        let (id, created) = match events.first() {
            Some(Event::Start { id, created, .. }) => (id.clone(), *created),
            _ => (String::new(), 0),
        };
        let created = if created == 0 { self.now } else { created };
        StreamEncoder::new(id, created, self.model.clone(), self.include_usage)
    }

    /// Ends the caller's stream in order and gives the upstream connection back.
    async fn finish(
        self: Box<Self>,
        bill: &Bill,
        encoder: &mut StreamEncoder,
        mut out: Vec<u8>,
    ) -> End {
        if bill.meter.reported().is_none() {
            // The caller asked for usage; what was counted is what is charged.
            encoder.push(&Event::Usage(bill.meter.counted(false)), &mut out);
        }
        encoder.done(&mut out);
        let sent = self.down.send(Bytes::from(out)).await.is_ok();
        let ended = sent && self.down.end_events().await.is_ok();
        recycle(self.upstreams, self.up).await;
        if ended { End::Whole } else { End::Left(Known::Whole) }
    }

    /// Stops the provider after the caller left. What it had already sent is on its bill, so it is
    /// read and metered first: up to the first pause, which a provider at its own pace makes at
    /// once, and for a bounded time. One that does not pause may have done all that was asked.
    async fn leave(mut self: Box<Self>, bill: &mut Bill) -> End {
        let end = Instant::now() + CATCH_UP_TIME;
        let mut events = Vec::new();
        let known = loop {
            let now = Instant::now();
            if now >= end {
                break Known::Nothing;
            }
            match timeout_at(now + CATCH_UP_PAUSE, self.up.chunk()).await {
                Err(_) | Ok(Ok(None) | Err(_)) => break Known::Cut,
                Ok(Ok(Some(bytes))) => {
                    let read = self.decoder.push(&bytes, &mut events);
                    events.drain(..).for_each(|event| bill.meter.observe(&event));
                    if read.is_err() {
                        break Known::Nothing;
                    }
                    if self.decoder.ended() {
                        break Known::Whole;
                    }
                }
            }
        };
        self.up.stop().await;
        End::Left(known)
    }

    async fn cut_at_limit(self: Box<Self>, encoder: &mut StreamEncoder, mut out: Vec<u8>) -> End {
        self.up.stop().await;
        for choice in 0..self.choices {
            encoder.push(&Event::Finish { choice, reason: Finish::Length }, &mut out);
        }
        encoder.done(&mut out);
        if self.down.send(Bytes::from(out)).await.is_ok() {
            let _ = self.down.end_events().await;
        }
        End::Limit
    }

    /// Tells the caller honestly that the answer is not whole: an error event, no terminator.
    async fn fail(
        self: Box<Self>,
        encoder: &mut StreamEncoder,
        code: Code,
        message: String,
    ) -> End {
        self.up.stop().await;
        let mut out = Vec::new();
        encoder.error(code, &message, &mut out);
        // The body is not ended in order: a client that does not know the error event still sees
        // that the answer was cut.
        let _ = self.down.send(Bytes::from(out)).await;
        End::Failed(code, message)
    }

    async fn silent(self: Box<Self>, code: Code, message: &str) -> Silent {
        self.up.stop().await;
        Silent { code, message: message.to_owned(), left: false }
    }
}

/// Reads a finished response to its end, so that the connection can be used again.
pub(crate) async fn recycle(upstreams: &Upstreams, mut up: Response) {
    let tail = async {
        loop {
            match up.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(failure) => return Err::<(), Failure>(failure),
            }
        }
    };
    match timeout(TAIL_TIME, tail).await {
        Ok(Ok(())) => upstreams.release(up).await,
        Ok(Err(_)) | Err(_) => up.stop().await,
    }
}
