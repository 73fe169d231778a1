//! The bus within the process: events to all who listen, work to one taker each, whispers.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, broadcast},
    time::Instant,
};
use types::{Envelope, EventId};

use super::{stream_of, whisper};

/// The bus within the process; clones share one.
#[derive(Clone)]
pub struct Embedded {
    pub(super) sender: broadcast::Sender<Arc<Envelope>>,
    recent: Arc<Mutex<Recent>>,
    lines: Arc<Mutex<HashMap<String, Line>>>,
    pub(super) whispers: whisper::Local,
}

/// How many events a slow subscriber may lag behind, how many ids are remembered, and how much work of a
/// subject may wait: SQL has the truth, and whoever takes work also looks there.
const EMBEDDED_MAX: usize = 4096;

#[derive(Default)]
struct Recent {
    ids: HashSet<EventId>,
    order: VecDeque<EventId>,
}

impl Embedded {
    pub(super) fn new() -> Self {
        let (sender, _) = broadcast::channel(EMBEDDED_MAX);
        Self {
            sender,
            recent: Arc::default(),
            lines: Arc::default(),
            whispers: whisper::Local::default(),
        }
    }

    pub(super) fn publish(&self, event: &Envelope) {
        let mut recent = lock(&self.recent);
        if !recent.ids.insert(event.event_id) {
            return;
        }
        recent.order.push_back(event.event_id);
        if recent.order.len() > EMBEDDED_MAX {
            let oldest = recent.order.pop_front();
            oldest.map(|id| recent.ids.remove(&id));
        }
        if stream_of(&event.event_type) == Some("TASKS") {
            self.line(&event.event_type).push(event.clone());
        } else {
            // An error means that nobody listens.
            let _ = self.sender.send(Arc::new(event.clone()));
        }
    }

    /// The work of a subject.
    pub(super) fn line(&self, subject: &str) -> Line {
        lock(&self.lines).entry(subject.to_owned()).or_default().clone()
    }
}

/// The work of one subject; clones share it.
#[derive(Clone, Default)]
pub(super) struct Line {
    waiting: Arc<Mutex<Waiting>>,
    rung: Arc<Notify>,
}

#[derive(Default)]
struct Waiting {
    ready: VecDeque<Piece>,
    /// What somebody took, or what comes again later, with the time at which it is ready again.
    away: HashMap<EventId, (Instant, Piece)>,
}

#[derive(Clone)]
struct Piece {
    event: Envelope,
    delivered: u32,
}

impl Line {
    fn push(&self, event: Envelope) {
        let mut waiting = lock(&self.waiting);
        waiting.ready.push_back(Piece { event, delivered: 0 });
        if waiting.ready.len() > EMBEDDED_MAX {
            waiting.ready.pop_front();
        }
        drop(waiting);
        self.rung.notify_one();
    }

    /// The next piece, which is ready again after `wait`.
    pub(super) async fn next(&self, wait: Duration) -> (Envelope, u32) {
        loop {
            // Before the look, so that nothing that comes behind it is missed.
            let rung = self.rung.notified();
            let until = match self.take(wait) {
                Ok(piece) => return (piece.event, piece.delivered),
                Err(until) => until,
            };
            match until {
                Some(until) => {
                    // Either end of the wait leads to the next look.
                    let _ = tokio::time::timeout_at(until, rung).await;
                }
                None => rung.await,
            }
        }
    }

    /// Takes a piece, or says when the next one is ready.
    fn take(&self, wait: Duration) -> Result<Piece, Option<Instant>> {
        let (mut waiting, now) = (lock(&self.waiting), Instant::now());
        let due = |(id, (at, _)): (&EventId, &(Instant, Piece))| (*at <= now).then_some(*id);
        let due: Vec<EventId> = waiting.away.iter().filter_map(due).collect();
        for id in due {
            if let Some((_, piece)) = waiting.away.remove(&id) {
                waiting.ready.push_back(piece);
            }
        }
        let Some(mut piece) = waiting.ready.pop_front() else {
            return Err(waiting.away.values().map(|(at, _)| *at).min());
        };
        piece.delivered += 1;
        waiting.away.insert(piece.event.event_id, (now + wait, piece.clone()));
        // Another taker may have been rung for the same look.
        if !waiting.ready.is_empty() {
            self.rung.notify_one();
        }
        Ok(piece)
    }

    pub(super) fn done(&self, id: EventId) {
        let mut waiting = lock(&self.waiting);
        // It may have been given to the next already, or be about to.
        waiting.away.remove(&id);
        waiting.ready.retain(|piece| piece.event.event_id != id);
    }

    pub(super) fn go_on(&self, id: EventId, wait: Duration) {
        self.ready_at(id, Instant::now() + wait);
    }

    pub(super) fn later(&self, id: EventId, wait: Duration) {
        self.ready_at(id, Instant::now() + wait);
        // Who waits must know the new time.
        self.rung.notify_one();
    }

    fn ready_at(&self, id: EventId, at: Instant) {
        if let Some((ready, _)) = lock(&self.waiting).away.get_mut(&id) {
            *ready = at;
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
