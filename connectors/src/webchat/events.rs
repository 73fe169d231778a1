//! The events of a conversation: read by number from the transcript, and as a stream of server-sent events
//! for whoever has no WebSocket.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::response::sse::{Event as Line, KeepAlive, Sse};
use futures::{Stream, StreamExt as _, stream};
use serde_json::Value;
use store::work::Event;
use tokio::time::Instant;
use types::{ApprovalId, Payload, TenantId, work::EventKind};

use super::{
    error::Error,
    limits::Place,
    live::{Ear, Heard},
    metrics,
    protocol::Tell,
    routes::Room,
    visitor::Visitor,
};

/// Events of one read.
const PAGE: u32 = 100;
/// How often whoever listens looks unasked.
const LOOK_UNASKED: Duration = Duration::from_secs(20);
/// The longest body of an event that is shown, in bytes.
const SHOWN_BYTES_MAX: u64 = 1024 * 1024;
/// Questions of a conversation whose state is watched: the last ones.
const WATCHED_MAX: usize = 16;
/// How often the state of a question is looked at while it waits.
const WATCH: Duration = Duration::from_secs(2);

/// Where a listener stands in the transcript.
pub(super) struct Reader {
    /// The number of the last event that went out.
    pub(super) after: i64,
    /// Questions that were shown and wait for people.
    waiting: BTreeSet<ApprovalId>,
}

impl Reader {
    pub(super) const fn new(after: i64) -> Self {
        Self { after, waiting: BTreeSet::new() }
    }

    /// The next events, in order and without a gap; none where all were read.
    ///
    /// # Errors
    /// [`Error::Away`].
    pub(super) async fn next(
        &mut self,
        room: &Room,
        visitor: &mut Visitor,
    ) -> Result<Vec<Tell>, Error> {
        if visitor.session.is_none() {
            visitor.again(room).await?;
        }
        let Some(session) = &visitor.session else { return Ok(Vec::new()) };
        let (tenant, id) = (visitor.to.tenant, session.id);
        let events = room.work.events(tenant, id, self.after, PAGE).await?;
        let mut told = Vec::with_capacity(events.len());
        for event in &events {
            let large = large(room, tenant, event).await?;
            // INVARIANT: numbers have no gap, and the transcript gives them in order.
            self.after = event.no;
            told.push(Tell::event(event, large));
            if let Some(approval) = approval(event) {
                self.waiting.insert(approval);
                if self.waiting.len() > WATCHED_MAX {
                    self.waiting.pop_first();
                }
            }
        }
        Ok(told)
    }

    /// When a listener looks unasked: wakes are no truth, and a question that was shown is watched.
    pub(super) fn next_look(&self) -> Instant {
        Instant::now() + if self.waiting.is_empty() { LOOK_UNASKED } else { WATCH }
    }

    /// Where the questions stand that were shown and do not wait any more.
    pub(super) async fn decided(&mut self, room: &Room, visitor: &Visitor) -> Vec<Tell> {
        let mut told = Vec::new();
        for id in self.waiting.clone() {
            let found = match room.store.approvals().get(id).await {
                Ok(found) if found.subject.tenant == visitor.to.tenant => found,
                Ok(_) | Err(store::approvals::Error::Missing { .. }) => {
                    self.waiting.remove(&id);
                    continue;
                }
                // It is looked at again.
                Err(_) => continue,
            };
            let status = found.status.as_str();
            if status != "pending" {
                self.waiting.remove(&id);
                told.push(Tell::Approval {
                    approval: id.to_string(),
                    status: status.to_owned(),
                    expires_at: found.expires_at.to_string(),
                });
            }
        }
        told
    }
}

/// What an event says whose body is an object that is short enough to be shown.
///
/// # Errors
/// [`Error::Away`]: it is read again.
async fn large(room: &Room, tenant: TenantId, event: &Event) -> Result<Option<Value>, Error> {
    match &event.body {
        Payload::Object { size_bytes, .. } if *size_bytes <= SHOWN_BYTES_MAX => {}
        Payload::Object { .. } | Payload::Inline { .. } => return Ok(None),
    }
    match room.objects.value(tenant, &event.body).await.map_err(Error::from) {
        Ok(value) => Ok(Some(value)),
        Err(Error::Away) => Err(Error::Away),
        // It is named only: what is gone for good must not keep what comes behind it.
        Err(_) => Ok(None),
    }
}

/// The question that an event shows.
fn approval(event: &Event) -> Option<ApprovalId> {
    if event.kind != EventKind::Approval {
        return None;
    }
    let Payload::Inline { inline, .. } = &event.body else { return None };
    inline.get("approval")?.as_str()?.parse().ok()
}

/// Everything that one stream needs.
struct Streamed {
    room: Room,
    visitor: Visitor,
    reader: Reader,
    ear: Ear,
    /// Whether there may be events that were not read.
    look: bool,
    /// When it looks unasked.
    at: Instant,
    _held: (Place, Counted),
}

/// A connection in the gauge of connections.
pub(super) struct Counted;

impl Counted {
    pub(super) fn new() -> Self {
        metrics::SOCKETS.inc();
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::SOCKETS.dec();
    }
}

/// Events behind `after`, then news, until the client leaves or the server stops.
pub(super) fn stream(
    room: Room,
    visitor: Visitor,
    after: i64,
    place: Place,
) -> Sse<impl Stream<Item = Result<Line, Infallible>>> {
    let ear = room.live.listen(visitor.to.agent, &visitor.conversation);
    if let Some(session) = &visitor.session {
        ear.attach(session.id, session.last_event);
    }
    let reader = Reader::new(after);
    let (at, held) = (reader.next_look(), (place, Counted::new()));
    let state = Streamed { room, visitor, reader, ear, look: true, at, _held: held };
    let lines = stream::unfold(state, |mut state| async move {
        let lines = state.next().await?;
        Some((stream::iter(lines), state))
    });
    Sse::new(lines.flatten()).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

impl Streamed {
    /// The next lines; `None` ends the stream.
    async fn next(&mut self) -> Option<Vec<Result<Line, Infallible>>> {
        loop {
            if self.look {
                let told = self.reader.next(&self.room, &mut self.visitor).await.ok()?;
                if !told.is_empty() {
                    return Some(told.iter().map(|tell| Ok(line(tell))).collect());
                }
                self.look = false;
                if let Some(session) = &self.visitor.session {
                    self.ear.attach(session.id, 0);
                }
            }
            tokio::select! {
                () = self.room.stop.cancelled() => return None,
                heard = self.ear.hear() => match heard {
                    Heard::Moved => self.look = true,
                    Heard::Delta(_) if !self.visitor.is_known() => {}
                    Heard::Delta(frame) => {
                        let text = frame.to_string();
                        return Some(vec![Ok(Line::default().event("delta").data(text))]);
                    }
                },
                () = tokio::time::sleep_until(self.at) => {
                    self.look = true;
                    self.at = self.reader.next_look();
                    self.visitor.again(&self.room).await.ok()?;
                    let told = self.reader.decided(&self.room, &self.visitor).await;
                    if !told.is_empty() {
                        return Some(told.iter().map(|tell| Ok(line(tell))).collect());
                    }
                }
            }
        }
    }
}

/// A frame as a line. That of a numbered event has its number as its id, which a browser sends back when it
/// connects again.
fn line(tell: &Tell) -> Line {
    let no = match tell {
        Tell::Event(event) => event.get("no").and_then(Value::as_i64),
        _ => None,
    };
    match no {
        Some(no) => Line::default().id(no.to_string()).event("event").data(tell.text()),
        None => Line::default().event("approval").data(tell.text()),
    }
}
