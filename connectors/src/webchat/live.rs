//! Who waits for what: wakes those whose conversation has new events, and hands on deltas.
//!
//! Nothing here is the truth: whoever is woken reads the transcript, and looks every now and then unasked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Bell, Bus, BusError, Wakes, work::Work};
use tokio::sync::{broadcast, watch};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use types::{AgentId, SessionId, Timestamp};

use super::NAME;

/// How often the database is asked what moved, where nothing rings.
const LOOK: Duration = Duration::from_secs(1);
/// What rings in other processes: a message, and all that a run may say.
const WAKES: Wakes =
    Wakes { hears: &["ingress.webchat.message", "tasks.run.>", "tasks.cancel"], takes: &[] };
/// The shortest time between two looks, however much rings.
const REST: Duration = Duration::from_millis(50);
/// How far back a look goes: transactions that began earlier may be committed later.
const OVERLAP_SECONDS: i64 = 2;
/// The most sessions that one look finds; those beyond are found when their listeners look themselves.
const MOVED_MAX: u32 = 5_000;
/// Deltas that a slow listener may lag behind before it misses some.
const DELTAS_MAX: usize = 256;
/// The longest delta that is handed on, in bytes.
const DELTA_BYTES_MAX: usize = 64 * 1024;
/// The wait before a bus that is away is asked again.
const BUS_RETRY: Duration = Duration::from_secs(2);

/// The bus, once it is there.
pub type BusWatch = watch::Receiver<Option<Bus>>;

type Key = (AgentId, String);

/// Everybody who listens.
#[derive(Clone)]
pub(super) struct Live {
    rooms: Arc<Mutex<HashMap<Key, Arc<Channel>>>>,
    bus: BusWatch,
}

/// One conversation's listeners.
struct Channel {
    /// The number of the last event that is known of.
    last: watch::Sender<i64>,
    deltas: broadcast::Sender<Utf8Bytes>,
    /// Hears the bus while somebody listens.
    hearing: Mutex<Option<AbortOnDropHandle<()>>>,
}

/// One listener. Dropped, it listens no more.
pub(super) struct Ear {
    live: Live,
    key: Key,
    channel: Arc<Channel>,
    last: watch::Receiver<i64>,
    deltas: broadcast::Receiver<Utf8Bytes>,
}

/// What an ear hears.
pub(super) enum Heard {
    /// There may be new events.
    Moved,
    /// A piece of an answer that is being written, as a frame.
    Delta(Utf8Bytes),
}

/// What a loop runner whispers while a model writes.
#[derive(Debug, Deserialize)]
struct Whisper {
    #[serde(default)]
    task: String,
    #[serde(default)]
    step: i64,
    /// How many characters of the step's text come before, where its runner counts them.
    #[serde(default)]
    offset: Option<i64>,
    #[serde(default)]
    text: String,
}

impl Live {
    pub(super) fn new(bus: BusWatch) -> Self {
        Self { rooms: Arc::default(), bus }
    }

    /// Listens to a conversation, before it has a session as well.
    pub(super) fn listen(&self, agent: AgentId, conversation: &str) -> Ear {
        let key = (agent, conversation.to_owned());
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = Arc::clone(rooms.entry(key.clone()).or_insert_with(|| {
            let (last, deltas) = (watch::channel(0).0, broadcast::channel(DELTAS_MAX).0);
            Arc::new(Channel { last, deltas, hearing: Mutex::new(None) })
        }));
        let (last, deltas) = (channel.last.subscribe(), channel.deltas.subscribe());
        drop(rooms);
        Ear { live: self.clone(), key, channel, last, deltas }
    }

    /// Wakes listeners until `shutdown`.
    pub(super) async fn run(self, work: Work, shutdown: CancellationToken) {
        let mut since = Timestamp::now().plus_seconds(-OVERLAP_SECONDS);
        let (mut bus, mut bell) = (self.bus.clone(), None);
        loop {
            let rings = work.changed();
            since = self.look(&work, since).await;
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = rings => {}
                () = elsewhere(&mut bus, &mut bell) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// One look. Returns from when on the next one is.
    async fn look(&self, work: &Work, since: Timestamp) -> Timestamp {
        let nobody = self.rooms.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if nobody {
            return since;
        }
        let moved = match work.moved(NAME, since, MOVED_MAX).await {
            Ok(moved) => moved,
            Err(error) => {
                tracing::warn!(%error, "the webchat cannot see what is new; its listeners wait");
                return since;
            }
        };
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latest = since.plus_seconds(OVERLAP_SECONDS);
        for session in moved {
            latest = latest.max(session.active_at);
            if let Some(channel) = rooms.get(&(session.agent, session.conversation)) {
                channel.raise(session.last_event);
                channel.hear(&self.bus, session.id);
            }
        }
        latest.plus_seconds(-OVERLAP_SECONDS)
    }
}

/// Waits until another process rings. Nobody does before the bus is there.
async fn elsewhere(bus: &mut BusWatch, bell: &mut Option<Bell>) {
    if bell.is_none() {
        let there = bus.wait_for(Option::is_some).await;
        *bell = there.ok().and_then(|bus| bus.as_ref().map(|bus| bus.bell(WAKES)));
    }
    match bell {
        Some(bell) => bell.rung().await,
        // It will never be there.
        None => std::future::pending().await,
    }
}

impl Channel {
    fn raise(&self, event_no: i64) {
        self.last.send_if_modified(|last| {
            let is_new = *last < event_no;
            *last = event_no.max(*last);
            is_new
        });
    }

    /// Hears the bus from now on, if it does not yet.
    fn hear(self: &Arc<Self>, bus: &BusWatch, session: SessionId) {
        let mut hearing = self.hearing.lock().unwrap_or_else(PoisonError::into_inner);
        if hearing.is_none() {
            let (deltas, last, bus) = (self.deltas.clone(), self.last.clone(), bus.clone());
            let task = tokio::spawn(hear(bus, session, deltas, last));
            *hearing = Some(AbortOnDropHandle::new(task));
        }
    }
}

impl Ear {
    /// Waits for news. Cancelled, nothing is lost.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            tokio::select! {
                // Who has not yet seen whose the conversation is looks at that before it hears of its answers.
                biased;
                // The channel lives as long as this.
                _ = self.last.changed() => return Heard::Moved,
                delta = self.deltas.recv() => match delta {
                    Ok(frame) => return Heard::Delta(frame),
                    // What was missed comes whole, as an event.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return Heard::Moved,
                },
            }
        }
    }

    /// Says that the conversation has a session, and an event of that number.
    pub(super) fn attach(&self, session: SessionId, event_no: i64) {
        self.channel.hear(&self.live.bus, session);
        self.channel.raise(event_no);
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut rooms = self.live.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        // This one and the map's; under the lock nobody else gets one.
        if Arc::strong_count(&self.channel) <= 2 {
            rooms.remove(&self.key);
        }
    }
}

/// Hands on what is whispered about a session.
async fn hear(
    mut bus: BusWatch,
    session: SessionId,
    deltas: broadcast::Sender<Utf8Bytes>,
    last: watch::Sender<i64>,
) {
    let subject = format!("deltas.{session}");
    loop {
        let now = bus.borrow_and_update().clone();
        if let Some(now) = now {
            match now.listen(&subject).await {
                Ok(mut whispers) => {
                    loop {
                        match whispers.next().await.map(|words| frame(&words)) {
                            Ok(Some(frame)) => drop(deltas.send(frame)),
                            // One without text says that there are events; a gap may have had one.
                            Ok(None) | Err(BusError::Missed(_)) => last.send_modify(|_| {}),
                            Err(_) => break,
                        }
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "answers come whole, not as they are written")
                }
            }
            tokio::time::sleep(BUS_RETRY).await;
        } else if bus.changed().await.is_err() {
            return;
        }
    }
}

/// A whisper as a frame; `None` where it has no text.
fn frame(bytes: &[u8]) -> Option<Utf8Bytes> {
    if bytes.len() > DELTA_BYTES_MAX {
        return None;
    }
    let whisper: Whisper = serde_json::from_slice(bytes).ok()?;
    if whisper.text.is_empty() {
        return None;
    }
    let Whisper { task, step, offset, text } = whisper;
    let told: Value =
        json!({ "type": "delta", "task": task, "step": step, "offset": offset, "text": text });
    Some(told.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whisper_becomes_a_frame_with_nothing_else_in_it() {
        let text =
            frame(br#"{"task":"tsk_1","step":2,"offset":4,"text":"hi","secret":"x"}"#).unwrap();
        let told: Value = serde_json::from_str(&text).unwrap();
        let expected =
            json!({ "type": "delta", "task": "tsk_1", "step": 2, "offset": 4, "text": "hi" });
        assert_eq!(told, expected);
        // A runner that does not count: what it says goes behind what it said.
        let text = frame(br#"{"kind":"delta","task":"tsk_1","text":"ho"}"#).unwrap();
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["offset"], Value::Null);
        assert!(frame(b"{}").is_none());
        assert!(frame(b"no json").is_none());
        assert!(frame(&vec![b' '; DELTA_BYTES_MAX + 1]).is_none());
    }

    #[tokio::test]
    async fn a_conversation_that_nobody_listens_to_is_forgotten() {
        let (_keep, bus) = watch::channel(None);
        let live = Live::new(bus);
        let agent = AgentId::generate();
        let mut first = live.listen(agent, "a");
        let second = live.listen(agent, "a");
        second.attach(SessionId::generate(), 3);
        assert!(matches!(first.hear().await, Heard::Moved));
        drop(first);
        assert_eq!(live.rooms.lock().unwrap().len(), 1);
        drop(second);
        assert_eq!(live.rooms.lock().unwrap().len(), 0);
    }
}
