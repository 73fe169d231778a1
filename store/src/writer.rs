//! The one batching writer: groups what waits into one transaction, so that a crowd of requests
//! shares a disk flush.
//!
//! While the database is away, admissions that wait for it fail at once and everything that must not
//! be lost (settlements, progress, audit) stays in the writer, bounded, until the database is back.
//!
//! What the journal has, nobody waits for: it comes here in the journal's order and is carried into the
//! database behind, in larger batches.

mod house;
mod task;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use budget::{Basis, HoldAsk, Outcome, Refusal, SliceAsk};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use types::{AgentId, HoldId, KeyId, Nanos, TenantId};

use crate::{
    Error,
    audit::Draft,
    flows::Note,
    journal::{self, Journal, Purpose, frame::Frame},
    ledger::{Ended, Settlement},
    reconciled::Booking,
    store::Inner,
};
use task::Writer;

/// One entry: what to apply and what to write with it, in one transaction.
pub(crate) struct Entry {
    pub(crate) ask: Option<Ask>,
    pub(crate) record: Option<Arc<Draft>>,
    /// Its number in the journal; then nobody waits for it, and it happened already.
    pub(crate) seq: Option<u64>,
    /// Where somebody waits.
    answer: Option<Answer>,
    queued: Instant,
    /// Its place in the queue, until the writer takes it; of a call that the journal has, until the
    /// database has it.
    place: Option<OwnedSemaphorePermit>,
}

type Answer = oneshot::Sender<Result<Option<Outcome>, Failure>>;

/// An operation on the ledger, as the handle asks for it and as the journal has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// `dispatched`: with the dispatch mark, in the same transaction.
    Hold {
        ask: Box<HoldAsk>,
        agent: AgentId,
        key: Option<KeyId>,
        dispatched: bool,
    },
    Dispatch {
        hold: HoldId,
    },
    Progress {
        hold: HoldId,
        output_tokens: u64,
        if_lost: Option<Nanos>,
    },
    Release {
        hold: HoldId,
    },
    Settle {
        hold: HoldId,
        settlement: Settlement,
    },
    /// Of the journal alone. Nothing of it is in the books.
    Note(Box<Note>),
    #[serde(skip)]
    Reap,
    #[serde(skip)]
    Slice {
        ask: Box<SliceAsk>,
        agent: AgentId,
        key: Option<KeyId>,
        /// It goes before what is queued: whoever asks again after a refusal gets what that gives back.
        urgent: bool,
    },
    #[serde(skip)]
    CloseSlice {
        slice: HoldId,
    },
    #[serde(skip)]
    Reconcile {
        tenant: TenantId,
        provider: String,
        bookings: Vec<Booking>,
    },
}

impl Ask {
    /// A hold, a slice or a dispatch mark: nothing went out yet, so it can be refused at no cost.
    const fn is_admission(&self) -> bool {
        matches!(self, Self::Hold { .. } | Self::Slice { .. } | Self::Dispatch { .. })
    }

    /// What gives back the hold that this asks for, where its caller never hears of it: nothing
    /// was sent, so one that carries the mark already is settled at nothing.
    fn undo(&self) -> Option<Self> {
        match self {
            Self::Hold { ask, dispatched: false, .. } => Some(Self::Release { hold: ask.hold }),
            Self::Hold { ask, dispatched: true, .. } => {
                let settlement = Settlement {
                    ended: Ended::Left,
                    ..Settlement::new(Nanos::ZERO, Basis::Counted, None)
                };
                Some(Self::Settle { hold: ask.hold, settlement })
            }
            Self::Slice { ask, .. } => Some(Self::CloseSlice { slice: ask.slice }),
            Self::Dispatch { .. }
            | Self::Progress { .. }
            | Self::Release { .. }
            | Self::Settle { .. }
            | Self::CloseSlice { .. }
            | Self::Reconcile { .. }
            | Self::Note(_)
            | Self::Reap => None,
        }
    }
}

/// Why an entry was not written.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    Refused(Refusal),
    Unavailable,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What an entry came to within a transaction that can be committed.
pub(crate) type Applied = Result<Option<Outcome>, Refusal>;

/// Sends entries to the writer. The writer ends with its last handle.
#[derive(Clone)]
pub(crate) struct Handle {
    sender: mpsc::UnboundedSender<Message>,
    /// Places in the queue for those who wait.
    places: Arc<Semaphore>,
    /// Places of calls that the journal has and the database does not.
    behind: Arc<Semaphore>,
    /// The end is asked for: what the database does not take now is not tried again.
    ending: Arc<AtomicBool>,
    admission_timeout: Duration,
}

enum Message {
    Entry(Box<Entry>),
    Stop(oneshot::Sender<()>),
}

/// Starts the writer and the loop that reaps and prunes.
pub(crate) fn start(inner: Arc<Inner>, journal: Option<Arc<Journal>>) -> Handle {
    let (sender, receiver) = mpsc::unbounded_channel();
    let most = inner.options.queue_max.max(1);
    let handle = Handle {
        sender,
        places: Arc::new(Semaphore::new(most)),
        behind: Arc::new(Semaphore::new(inner.options.behind_max.max(1))),
        ending: Arc::default(),
        admission_timeout: inner.options.admission_timeout,
    };
    tokio::spawn(house::keep(Arc::clone(&inner), handle.downgrade()));
    let places = [&handle.places, &handle.behind].map(Arc::clone);
    let writer = Writer::new(inner, journal, places, Arc::clone(&handle.ending), receiver);
    tokio::spawn(writer.run());
    handle
}

impl Handle {
    /// Hands an operation to the writer and waits for its commit. An admission is refused rather
    /// than kept waiting.
    pub(crate) async fn ask(
        &self,
        ask: Ask,
        record: Option<Draft>,
    ) -> Result<Option<Outcome>, Failure> {
        let admission = ask.is_admission();
        let answer = self.send(Some(ask), record, admission);
        if admission {
            let waited = tokio::time::timeout(self.admission_timeout, answer).await;
            waited.unwrap_or(Err(Failure::Unavailable))
        } else {
            answer.await
        }
    }

    /// Writes an audit record that belongs to no operation.
    pub(crate) async fn note(&self, record: Draft) -> Result<(), Error> {
        let answer = self.send(None, Some(record), false);
        answer.await.map(drop).map_err(|_| Error::Busy)
    }

    /// Waits until the database has everything that was told before.
    pub(crate) async fn catch_up(&self) -> Result<(), Error> {
        self.send(None, None, false).await.map(drop).map_err(|_| Error::Busy)
    }

    /// Writes an operation into the journal and queues it, in the journal's order, and gives its number.
    /// It is done with this: the database follows.
    pub(crate) fn journal(
        &self,
        journal: &Journal,
        purpose: Purpose,
        ask: Ask,
        record: Option<Arc<Draft>>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<u64, journal::Error> {
        let text = serde_json::to_vec(&ask).map_err(|_| journal::Error::TooLong)?;
        let kept = record.clone();
        let body = kept.as_ref().map_or(&[][..], |record| record.body.as_bytes());
        journal.append(purpose, &text, body, |seq| {
            let entry = Entry { seq: Some(seq), record, place, ..Entry::unanswered(ask) };
            // Where the writer has ended, the journal keeps it for the next start.
            let _ = self.sender.send(Message::Entry(Box::new(entry)));
        })
    }

    /// Queues an operation that must not be refused and that nobody waits for.
    pub(crate) fn tell(&self, ask: Ask) {
        // Where the writer has ended, the reaper or the next start resolves it.
        let _ = self.sender.send(Message::Entry(Box::new(Entry::unanswered(ask))));
    }

    /// A place for a call that is admitted ahead of the database. Where that is too far behind, it is
    /// waited for.
    pub(crate) async fn ahead(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let place = Arc::clone(&self.behind).acquire_owned();
        let within = tokio::time::timeout(self.admission_timeout, place).await;
        within.ok().and_then(Result::ok).ok_or(Failure::Unavailable)
    }

    /// As [`Handle::ahead`], if there is one now.
    pub(crate) fn ahead_now(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.behind).try_acquire_owned().ok()
    }

    /// Whether the writer still writes.
    pub(crate) fn is_running(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Ends the writer after everything that is queued, or at once where the database is away.
    pub(crate) async fn stop(&self) {
        self.ending.store(true, Ordering::Release);
        let (done, ended) = oneshot::channel();
        if self.sender.send(Message::Stop(done)).is_ok() {
            // An error means that it ended without an answer, which is as good.
            let _ = ended.await;
        }
    }

    fn downgrade(&self) -> impl Fn() -> Option<Self> + use<> {
        let weak = self.sender.downgrade();
        let (places, behind) = (Arc::clone(&self.places), Arc::clone(&self.behind));
        let (ending, admission_timeout) = (Arc::clone(&self.ending), self.admission_timeout);
        move || {
            let (places, behind) = (Arc::clone(&places), Arc::clone(&behind));
            let (sender, ending) = (weak.upgrade()?, Arc::clone(&ending));
            Some(Self { sender, places, behind, ending, admission_timeout })
        }
    }

    async fn send(
        &self,
        ask: Option<Ask>,
        record: Option<Draft>,
        admission: bool,
    ) -> Result<Option<Outcome>, Failure> {
        let places = Arc::clone(&self.places);
        // A full queue is overload: an admission is shed at once.
        let place = if admission {
            places.try_acquire_owned().map_err(|_| Failure::Unavailable)?
        } else {
            places.acquire_owned().await.map_err(|_| Failure::Unavailable)?
        };
        let (answer, answered) = oneshot::channel();
        let mut waiter = Waiter::new(answered, &ask, self);
        let entry = Entry {
            ask,
            record: record.map(Arc::new),
            seq: None,
            answer: Some(answer),
            queued: Instant::now(),
            place: Some(place),
        };
        let message = Message::Entry(Box::new(entry));
        self.sender.send(message).map_err(|_| Failure::Unavailable)?;
        waiter.answer().await
    }
}

/// Waits for an answer. Dropped before it was read, because the caller left or ran out of time, it
/// gives back a hold that was made for nobody: otherwise its money would be blocked until the
/// reaper finds it.
struct Waiter<'h> {
    answered: Option<oneshot::Receiver<Result<Option<Outcome>, Failure>>>,
    writer: &'h Handle,
    undo: Option<Ask>,
}

impl<'h> Waiter<'h> {
    fn new(
        answered: oneshot::Receiver<Result<Option<Outcome>, Failure>>,
        ask: &Option<Ask>,
        writer: &'h Handle,
    ) -> Self {
        let undo = ask.as_ref().and_then(Ask::undo);
        Self { answered: Some(answered), writer, undo }
    }

    async fn answer(&mut self) -> Result<Option<Outcome>, Failure> {
        let Some(answered) = &mut self.answered else { return Err(Failure::Unavailable) };
        let answer = answered.await.unwrap_or(Err(Failure::Unavailable));
        self.answered = None;
        answer
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let (Some(mut answered), Some(undo)) = (self.answered.take(), self.undo.take()) else {
            return;
        };
        // After this either the answer is here, or the writer sees that nobody waits.
        answered.close();
        if let Ok(Ok(Some(Outcome::Held(_) | Outcome::Sliced(_)))) = answered.try_recv() {
            self.writer.tell(undo);
        }
    }
}

impl Entry {
    /// An operation that nobody waits for.
    pub(crate) fn unanswered(ask: Ask) -> Self {
        let queued = Instant::now();
        Self { ask: Some(ask), record: None, seq: None, answer: None, queued, place: None }
    }

    /// A record of the journal of an earlier process; an error says what is wrong with it.
    pub(crate) fn replayed(frame: &Frame) -> Result<Self, String> {
        let wrong = |what: &str| format!("the {what} of record {} is not known", frame.seq);
        let ask = serde_json::from_slice(&frame.ask).map_err(|_| wrong("operation"))?;
        let mut entry = Self { seq: Some(frame.seq), ..Self::unanswered(ask) };
        if !frame.record.is_empty() {
            let draft = Draft::read(&frame.record).map_err(|_| wrong("audit record"))?;
            entry.record = Some(Arc::new(draft));
        }
        Ok(entry)
    }

    /// Whether it goes before what is queued.
    fn is_urgent(&self) -> bool {
        matches!(self.ask, Some(Ask::Slice { urgent: true, .. }))
    }

    /// Whether it can still be refused.
    fn is_admission(&self) -> bool {
        self.seq.is_none() && self.ask.as_ref().is_some_and(Ask::is_admission)
    }

    fn is_awaited(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| !answer.is_closed())
    }

    /// What gives back what it made, where nobody hears of it.
    fn undo(&self) -> Option<Ask> {
        self.ask.as_ref().filter(|_| self.seq.is_none()).and_then(Ask::undo)
    }

    /// An admission, a reap and an export's shares are refused while the database is away. All else
    /// tells of what happened already.
    fn is_refused_when_away(&self) -> bool {
        let nothing = self.ask.is_none() && self.record.is_none();
        self.is_admission()
            || nothing
            || matches!(self.ask, Some(Ask::Reap | Ask::Reconcile { .. }))
    }

    fn answer(self, answer: Result<Option<Outcome>, Failure>) {
        if let Some(to) = self.answer {
            // An error means that nobody waits any more.
            let _ = to.send(answer);
        }
    }
}
