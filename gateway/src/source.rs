//! The provider's side of a streamed answer: read within its time limits, decoded, and after the
//! caller left read on for as long as it takes to know what was used.

use std::{pin::pin, time::Duration};

use futures::FutureExt as _;
use providers::StreamDecoder;
use tokio::time::{Instant, timeout, timeout_at};
use types::{Code, answer::Event};

use crate::{
    bill::Known,
    meter::Meter,
    upstream::{Failure, Limits, Response, Upstreams},
};

/// How long the end of a finished response is waited for before its connection is given up.
const TAIL_TIME: Duration = Duration::from_millis(500);
/// A provider that sends nothing for this long is no further than what came.
const CATCH_UP_PAUSE: Duration = Duration::from_millis(10);
/// How long what is under way is read after the caller left.
const CATCH_UP_TIME: Duration = Duration::from_secs(1);

/// As much as one read takes of what a provider sends faster than it is passed on.
const READ_BYTES_MAX: usize = 16 << 10;
/// What is told of a connection that ended in the middle.
const BROKE: &str = "the connection to the provider broke";

/// A stream that comes in.
pub(crate) struct Source {
    up: Response,
    decoder: StreamDecoder,
    limits: Limits,
    deadline: Instant,
    /// When the first events and when the last ones came.
    begun: Option<Instant>,
    progress: Instant,
    /// When anything came at all, a comment or a ping too.
    heard: Instant,
    /// How long it was waited for since the first events.
    waited: Duration,
    /// What broke the stream, kept while the events before it are passed on.
    fault: Option<String>,
    /// Whether something came that cannot be read: nothing behind it can.
    unreadable: bool,
}

/// Why a stream gave nothing: another candidate may still be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silent {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// Whether it was stopped from here.
    pub(crate) stopped: bool,
}

/// What the next read brought.
pub(crate) enum Read {
    Events,
    End,
    Left,
    Failed(Code, String),
}

impl Source {
    pub(crate) fn new(up: Response, decoder: StreamDecoder, limits: Limits) -> Self {
        let deadline = up.deadline(limits);
        let (progress, waited) = (Instant::now(), Duration::ZERO);
        let (heard, begun, fault, unreadable) = (progress, None, None, false);
        Self { up, decoder, limits, deadline, begun, progress, heard, waited, fault, unreadable }
    }

    /// Whether the terminator came: nothing more will.
    pub(crate) fn ended(&self) -> bool {
        self.decoder.ended()
    }

    /// Whether all that was asked for is there, terminator or not.
    pub(crate) fn finished(&self) -> bool {
        self.decoder.finished()
    }

    /// What the provider took from the first events to the last; nothing where it was mostly the
    /// caller who was waited for.
    pub(crate) fn pace(&self) -> Duration {
        let rest = self.begun.map_or(Duration::ZERO, |begun| self.progress - begun);
        if self.waited * 2 < rest { Duration::ZERO } else { rest }
    }

    /// Waits for the first events, or until it is to stop. A stream without any is ended.
    pub(crate) async fn begin(
        mut self: Box<Self>,
        stop: impl Future<Output = ()>,
    ) -> Result<(Box<Self>, Vec<Event>), Silent> {
        let mut stop = pin!(stop);
        let mut events = Vec::new();
        let (code, message, stopped) = loop {
            match self.read(stop.as_mut(), &mut events).await {
                Read::Events if events.is_empty() => {}
                Read::Events => match events.first() {
                    Some(Event::Failed { kind, message }) => {
                        break (Code::UpstreamFailed, format!("{kind}: {message}"), false);
                    }
                    _ => return Ok((self, events)),
                },
                Read::End => break (Code::UpstreamFailed, "an empty stream".to_owned(), false),
                Read::Left => break (Code::UpstreamFailed, "the caller left".to_owned(), true),
                Read::Failed(code, message) => break (code, message, false),
            }
        };
        self.stop().await;
        Err(Silent { code, message, stopped })
    }

    /// Reads once and appends what it brought to `events`; until the caller, `left`. Safe to drop and ask
    /// again: nothing is lost in between.
    pub(crate) async fn read(
        &mut self,
        left: impl Future<Output = ()>,
        events: &mut Vec<Event>,
    ) -> Read {
        if let Some(fault) = self.fault.take() {
            return Read::Failed(Code::UpstreamFailed, fault);
        }
        let asked = Instant::now();
        let idle = self.patience().min(self.deadline);
        let read = tokio::select! {
            biased;
            read = timeout_at(idle, self.up.chunk()) => read,
            () = left => return Read::Left,
        };
        let bytes = match read {
            Err(_) => {
                let message = "the provider sent nothing within the time limit";
                return Read::Failed(Code::UpstreamTimeout, message.to_owned());
            }
            Ok(Err(_)) => return Read::Failed(Code::UpstreamFailed, BROKE.to_owned()),
            Ok(Ok(None)) => return Read::End,
            Ok(Ok(Some(bytes))) => bytes,
        };
        self.heard = Instant::now();
        let mut pushed = self.decoder.push(&bytes, events);
        let mut taken = bytes.len();
        // What is there already goes on with it: a write for each piece costs more than the piece.
        while pushed.is_ok() && !self.decoder.ended() && taken < READ_BYTES_MAX {
            match self.up.chunk().now_or_never() {
                Some(Ok(Some(bytes))) => {
                    taken += bytes.len();
                    pushed = self.decoder.push(&bytes, events);
                }
                Some(Err(_)) => {
                    self.fault = Some(BROKE.to_owned());
                    break;
                }
                // The end is told again when it is asked for.
                Some(Ok(None)) | None => break,
            }
        }
        self.unreadable = pushed.is_err();
        if !events.is_empty() {
            self.progress = Instant::now();
            match self.begun {
                Some(_) => self.waited += self.progress - asked,
                None => self.begun = Some(self.progress),
            }
        }
        match pushed {
            Err(fault) if events.is_empty() => {
                Read::Failed(Code::UpstreamFailed, fault.to_string())
            }
            // They were sent and are paid for, whatever came after them.
            Err(fault) => {
                self.fault = Some(fault.to_string());
                Read::Events
            }
            Ok(()) => Read::Events,
        }
    }

    /// Until when it is waited for what comes next.
    fn patience(&self) -> Instant {
        match self.begun {
            Some(_) => self.heard + self.limits.idle,
            None => opening(self.limits, self.up.started(), (self.progress, self.heard)),
        }
    }

    /// What is known of the use where the stream ends here: all of it, where the provider told it
    /// after the last choice had finished.
    fn known(&self, meter: &Meter) -> Known {
        if self.finished() && meter.reported().is_some() { Known::Whole } else { Known::Cut }
    }

    /// Stops the provider after the caller left, or nobody may have more of it. What it had already
    /// sent is on its bill, so it is read and metered first: up to the first pause, which a provider
    /// at its own pace makes at once, and for a bounded time. One that does not pause may have done
    /// all that was asked.
    pub(crate) async fn catch_up(mut self, meter: &mut Meter) -> Known {
        let end = Instant::now() + CATCH_UP_TIME;
        let mut events = Vec::new();
        let known = loop {
            let now = Instant::now();
            if self.unreadable {
                break self.known(meter);
            }
            if now >= end {
                break Known::Nothing;
            }
            match timeout_at(now + CATCH_UP_PAUSE, self.up.chunk()).await {
                Err(_) | Ok(Ok(None) | Err(_)) => break self.known(meter),
                Ok(Ok(Some(bytes))) => {
                    let read = self.decoder.push(&bytes, &mut events);
                    events.drain(..).for_each(|event| meter.observe(&event));
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
        known
    }

    /// Stops the provider at once.
    pub(crate) async fn stop(self) {
        self.up.stop().await;
    }

    /// Gives the connection of a finished stream back.
    pub(crate) async fn recycle(self, upstreams: &Upstreams) {
        recycle(upstreams, self.up).await;
    }
}

/// Until when the first event of a stream is waited for that was asked for at `started`, whose head came at
/// `head` and which was `heard` last. Pings extend the wait, but no further than to the time that a first
/// byte has: until then another provider can still be asked, and this one may ping for ever.
fn opening(limits: Limits, started: Instant, (head, heard): (Instant, Instant)) -> Instant {
    let alive = (heard + limits.idle).min(started + limits.first_byte);
    alive.max(head + limits.idle)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_event_pings_are_waited_with_as_long_as_for_a_first_byte() {
        let s = Duration::from_secs;
        let limits = Limits { connect: s(5), first_byte: s(60), idle: s(30), total: s(600) };
        let started = Instant::now();
        // When the head came and when something did, in seconds after the start; until when is waited.
        let rows = [(1, 1, 31), (1, 20, 50), (1, 29, 59), (1, 50, 60), (1, 59, 60), (55, 56, 85)];
        for (head, heard, until) in rows {
            let at = (started + s(head), started + s(heard));
            assert_eq!(opening(limits, started, at), started + s(until), "{head} {heard}");
        }
    }
}
