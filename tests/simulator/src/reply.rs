//! From the events of an answer to bytes on the wire, with the script's faults in between.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::behaviour::{Behaviour, End, Malformed, UsageReport};
use crate::bill::Call;
use crate::wire::{Line, Wire};

/// How long a connection may hang before it is cut after all.
const HANG_MAX: Duration = Duration::from_secs(3_600);

/// One event of a stream, or a whole plain body.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// Output tokens that it brings.
    pub(crate) tokens: u64,
    /// Whether it ends the stream.
    pub(crate) terminal: bool,
}

impl Frame {
    pub(crate) fn new(text: String, tokens: u64) -> Self {
        Self { bytes: text.into(), tokens, terminal: false }
    }

    /// A token that is thought and billed, and of which nothing is sent.
    pub(crate) fn thought() -> Self {
        Self { bytes: Bytes::new(), tokens: 1, terminal: false }
    }

    pub(crate) fn terminal(text: &str) -> Self {
        Self { bytes: text.to_owned().into(), tokens: 0, terminal: true }
    }
}

/// Sets a field of an object.
pub(crate) fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
}

/// What an answer tells about itself, whatever it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// Id of the call in the bill.
    pub(crate) id: &'a str,
    /// Seconds since 1970.
    pub(crate) created: u64,
    pub(crate) usage: UsageReport,
}

/// One step of sending a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Wait(Duration),
    /// Let what was sent leave before anything else happens.
    Flush,
    /// Produce that many tokens more and send nothing.
    Think(u64),
    /// Send these bytes; when they are handed over, that many more tokens were produced.
    Send(Bytes, u64),
    End(End),
}

/// The steps that send these frames under this behaviour. `ping` is what the dialect sends to keep
/// a stream alive; a plain body has none. `broken_event` is a broken event of a dialect whose events
/// are not those of OpenAI and Anthropic.
pub(crate) fn plan(
    frames: Vec<Frame>,
    behaviour: &Behaviour,
    ping: Option<Bytes>,
    broken_event: impl Fn(Malformed) -> Option<Bytes>,
) -> Vec<Step> {
    let is_stream = ping.is_some();
    let wait = Some(Duration::from_millis(behaviour.chunk_delay_ms)).filter(|wait| !wait.is_zero());
    let mut steps = Vec::with_capacity(frames.len());
    if let Some(ping) = ping {
        for _ in 0..behaviour.pings.min(1 << 20) {
            steps.extend(wait.map(Step::Wait));
            steps.push(Step::Send(ping.clone(), 0));
        }
        if behaviour.only_pings {
            steps.extend([Step::Flush, Step::End(End::Hang)]);
            return steps;
        }
    }
    // The second event is the first with content in both dialects' shortest streams.
    let broken = if frames.len() > 2 { 2 } else { 0 };
    let mut events = 0..;
    for frame in frames {
        if frame.bytes.is_empty() {
            steps.extend(wait.map(Step::Wait));
            steps.push(Step::Think(frame.tokens));
            continue;
        }
        let index: u64 = events.next().unwrap_or(u64::MAX);
        let ends = behaviour.end.filter(|_| behaviour.after_chunks <= index);
        match ends {
            Some(End::NoTerminal) => return steps,
            Some(end) => {
                steps.extend([Step::Flush, Step::End(end)]);
                return steps;
            }
            None if frame.terminal && behaviour.end == Some(End::NoTerminal) => return steps,
            None => {}
        }
        let bytes = match behaviour.malformed.filter(|_| index == broken) {
            Some(malformed) => broken_event(malformed)
                .unwrap_or_else(|| damaged(&frame.bytes, malformed, is_stream)),
            None => frame.bytes,
        };
        match behaviour.split_bytes {
            None => {
                steps.extend(wait.map(Step::Wait));
                steps.push(Step::Send(bytes, frame.tokens));
            }
            Some(size) => split(&mut steps, &bytes, frame.tokens, size.max(1), wait),
        }
    }
    steps
}

fn split(
    steps: &mut Vec<Step>,
    bytes: &Bytes,
    mut tokens: u64,
    size: usize,
    wait: Option<Duration>,
) {
    for start in (0..bytes.len()).step_by(size) {
        steps.extend(wait.map(Step::Wait));
        let end = start.saturating_add(size).min(bytes.len());
        // The first piece brings the tokens: a caller that got a part of them may pay for all.
        steps.push(Step::Send(bytes.slice(start..end), std::mem::take(&mut tokens)));
        steps.push(Step::Flush);
    }
}

/// The same event, broken.
fn damaged(bytes: &Bytes, malformed: Malformed, is_stream: bool) -> Bytes {
    let end: &[u8] = if is_stream { b"\n\n" } else { b"" };
    let data: &[u8] = if is_stream { b"data: " } else { b"" };
    let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
    let body = match malformed {
        Malformed::Json => [half, end].concat(),
        Malformed::Shape => [data, br#"{"choices":"simulator","type":7}"#, end].concat(),
        Malformed::Field => [b"dta: {\"simulator\":true}".as_slice(), end].concat(),
        Malformed::Utf8 => [data, b"{\"id\":\"\xff\xfe\"}", end].concat(),
        Malformed::Error => {
            let error = br#"{"type":"error","error":{"type":"overloaded_error","code":null,"param":null,"message":"[simulator] scripted error"}}"#;
            let event: &[u8] = match is_stream && bytes.starts_with(b"event:") {
                true => b"event: error\n",
                false => b"",
            };
            [event, data, error, end].concat()
        }
    };
    body.into()
}

/// Why a body ended before its time. The HTTP library closes the connection on it.
#[derive(Debug, thiserror::Error)]
#[error("the simulator's script cut the body")]
pub(crate) struct Broken;

/// One answer being sent. Dropping it finalises its bill.
pub(crate) struct Sending {
    pub(crate) steps: std::vec::IntoIter<Step>,
    pub(crate) call: Call,
    pub(crate) produced: u64,
    pub(crate) wire: Wire,
    pub(crate) stop: CancellationToken,
}

impl Sending {
    /// The body that does the steps.
    pub(crate) fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(Some(self), |sending| async {
            let mut sending = sending?;
            match sending.next().await {
                Some(Ok(bytes)) => Some((Ok(bytes), Some(sending))),
                Some(Err(broken)) => Some((Err(broken), None)),
                None => None,
            }
        }))
    }

    fn produced(&mut self, tokens: u64) {
        self.produced = self.produced.saturating_add(tokens);
        self.call.produced(self.produced);
    }

    async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        loop {
            match self.steps.next() {
                None => {
                    self.call.complete();
                    return None;
                }
                Some(Step::Think(tokens)) => self.produced(tokens),
                Some(Step::Send(bytes, tokens)) => {
                    self.produced(tokens);
                    return Some(Ok(bytes));
                }
                // The HTTP library flushes when its body is not ready.
                Some(Step::Flush) => tokio::task::yield_now().await,
                Some(Step::Wait(wait)) => {
                    if self.stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                        self.wire.set(Line::Cut);
                        return Some(Err(Broken));
                    }
                }
                Some(Step::End(end)) => {
                    finish(end, &self.wire, &self.stop).await;
                    return Some(Err(Broken));
                }
            }
        }
    }
}

/// Ends a connection the way the script says. Returns when it should be closed.
pub(crate) async fn finish(end: End, wire: &Wire, stop: &CancellationToken) {
    let line = match end {
        End::Cut | End::Close | End::NoTerminal => Line::Cut,
        End::Reset => Line::Reset,
        End::Hang => Line::Open,
        End::HalfOpen => Line::Silent,
        End::HalfClose => Line::Finished,
    };
    // What was handed over before must have left: a cut must not take earlier chunks with it.
    tokio::task::yield_now().await;
    wire.set(line);
    if matches!(end, End::Hang | End::HalfOpen | End::HalfClose) {
        // Woken once more, so that the connection is polled in its new state.
        tokio::task::yield_now().await;
        stop.run_until_cancelled(tokio::time::sleep(HANG_MAX)).await;
        wire.set(Line::Cut);
    }
}
