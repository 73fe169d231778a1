//! The search of sessions as a whole, beside the requests: what a request of a session says is handed over
//! once it is authorised, and a worker looks for what no request shows by itself. What it finds raises the
//! label of the session for the requests that come after.
//!
//! INVARIANT: no request waits for it or is refused by it. What the queue has no room for is dropped and counted.

mod worker;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use config::settings;
use dlp::{Engine, Findings, Rule, Voice};
use snapshot::Snapshot;
use store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use types::{
    Request, RequestId, SessionId, TenantId,
    chat::{ChatRequest, Message, Part, Role},
    embed::Inputs,
};

use crate::{metrics, session::Seen, trail::Trail};
use worker::Worker;

/// The way to the worker; nowhere where the search is off.
pub(crate) struct Deep(Option<Queue>);

struct Queue {
    sender: mpsc::Sender<Job>,
    /// Bytes that may wait.
    room: Arc<Semaphore>,
    /// Whether the last request that came was dropped.
    full: AtomicBool,
    _worker: AbortOnDropHandle<()>,
}

/// What one request of a session says.
struct Job {
    owner: (TenantId, SessionId),
    request: RequestId,
    /// SHA-256 of the request's body.
    input_hash: Option<String>,
    commit: String,
    engine: Engine,
    /// What its inspection told.
    rules: Vec<Rule>,
    texts: Vec<(Voice, String)>,
    _room: OwnedSemaphorePermit,
}

impl Deep {
    /// Starts the worker.
    pub(crate) fn start(settings: &settings::Dlp, store: &Store, tasks: &TaskTracker) -> Self {
        if !settings.deep {
            return Self(None);
        }
        let (sender, jobs) = mpsc::channel(settings.deep_queue_max);
        let worker = Worker::new(settings.deep_sessions_max, store, tasks.clone());
        Self(Some(Queue {
            sender,
            room: Arc::new(Semaphore::new(settings.deep_queue_max_bytes)),
            full: AtomicBool::new(false),
            _worker: AbortOnDropHandle::new(tokio::spawn(worker.run(jobs))),
        }))
    }

    /// Hands over what a request says, if it is one of a session and there is room.
    pub(crate) fn hand(
        &self,
        snapshot: &Snapshot,
        seen: Option<&Seen>,
        trail: &Trail,
        (request, findings): (&Request, &Findings),
    ) {
        let (Self(Some(queue)), Some(seen)) = (self, seen) else { return };
        let said = said(request);
        let bytes: usize = said.iter().flat_map(|(_, parts)| parts).map(|part| part.len()).sum();
        if bytes == 0 {
            return;
        }
        let Some((place, room)) = queue.place(bytes) else {
            return queue.told_full(true);
        };
        queue.told_full(false);
        place.send(Job {
            owner: seen.owner(),
            request: trail.request,
            input_hash: trail.input_hash.clone(),
            commit: trail.commit.clone(),
            engine: snapshot.dlp.clone(),
            rules: findings.rules.clone(),
            texts: said.into_iter().map(|(voice, parts)| (voice, parts.concat())).collect(),
            _room: room,
        });
    }
}

impl Queue {
    /// A place for a request of so many bytes.
    fn place(&self, bytes: usize) -> Option<(mpsc::Permit<'_, Job>, OwnedSemaphorePermit)> {
        let room = Arc::clone(&self.room).try_acquire_many_owned(u32::try_from(bytes).ok()?);
        Some((self.sender.try_reserve().ok()?, room.ok()?))
    }

    /// Counts what is dropped, and tells of the first one.
    fn told_full(&self, full: bool) {
        if full {
            metrics::DEEP.with_label_values(&["dropped"]).inc();
        }
        if full && !self.full.load(Ordering::Relaxed) {
            tracing::warn!(
                "the queue of the deep search is full; requests go on and are not searched by it"
            );
        }
        self.full.store(full, Ordering::Relaxed);
    }
}

/// The messages of a request, each as a model reads it, by who says them.
fn said(request: &Request) -> Vec<(Voice, Vec<&str>)> {
    match request {
        Request::Chat(ChatRequest { messages, .. }) => {
            messages.iter().flat_map(of_message).collect()
        }
        Request::Embed(embed) => match &embed.inputs {
            Inputs::Texts(texts) => {
                texts.iter().map(|text| (Voice::Caller, vec![text.as_str()])).collect()
            }
            Inputs::Tokens(_) => Vec::new(),
        },
    }
}

fn of_message<'m>(message: &'m Message) -> impl Iterator<Item = (Voice, Vec<&'m str>)> {
    let voice = match message.role {
        Role::Assistant => Voice::Model,
        Role::System | Role::Developer | Role::User | Role::Tool => Voice::Caller,
    };
    let text = |part: &'m Part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Image(_) | Part::File(_) => None,
    };
    let content = (voice, message.content.iter().filter_map(text).collect());
    let calls = message.tool_calls.iter().map(|call| (Voice::Model, vec![call.arguments.as_str()]));
    std::iter::once(content).chain(calls)
}

#[cfg(test)]
mod tests;
