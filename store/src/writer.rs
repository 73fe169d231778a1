//! The one batching writer: groups what waits into one transaction, so that a crowd of requests
//! shares a disk flush.
//!
//! While the database is away, admissions fail at once and everything that must not be lost
//! (settlements, progress, audit) stays in the writer, bounded, until the database is back.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use budget::{Basis, HoldAsk, Outcome, Refusal};
use tokio::sync::{mpsc, oneshot};
use types::{AgentId, HoldId, KeyId, Nanos};

use crate::{
    Error,
    audit::Draft,
    batch::{self, Failed},
    ledger::{Ended, Settlement},
    raises::Raises,
    store::Inner,
};

/// One entry: what to apply and what to write with it, in one transaction.
pub(crate) struct Entry {
    pub(crate) ask: Option<Ask>,
    pub(crate) record: Option<Arc<Draft>>,
    answer: oneshot::Sender<Result<Option<Outcome>, Failure>>,
    queued: Instant,
}

/// An operation on the ledger, as the handle asks for it.
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
    Reap,
}

impl Ask {
    /// A hold or a dispatch mark: nothing went out yet, so it can be refused at no cost.
    const fn is_admission(&self) -> bool {
        matches!(self, Self::Hold { .. } | Self::Dispatch { .. })
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
            Self::Dispatch { .. }
            | Self::Progress { .. }
            | Self::Release { .. }
            | Self::Settle { .. }
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

/// What an entry came to within a transaction that can be committed.
pub(crate) type Applied = Result<Option<Outcome>, Refusal>;

/// Sends entries to the writer. The writer ends with its last handle.
#[derive(Clone)]
pub(crate) struct Handle {
    sender: mpsc::Sender<Message>,
    /// Gives back holds that nobody heard of. It takes any number, so that none is refused while the
    /// queue is full; there are never more of them than callers that waited.
    undone: mpsc::UnboundedSender<Ask>,
    admission_timeout: Duration,
}

enum Message {
    Entry(Box<Entry>),
    Stop(oneshot::Sender<()>),
}

/// How long the writer waits after a failed transaction, doubled each time up to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// Starts the writer and the loop that reaps and prunes.
pub(crate) fn start(inner: Arc<Inner>) -> Handle {
    let (sender, receiver) = mpsc::channel(inner.options.queue_max.max(1));
    let (undone, undos) = mpsc::unbounded_channel();
    let admission_timeout = inner.options.admission_timeout;
    let handle = Handle { sender, undone, admission_timeout };
    let weak = (handle.sender.downgrade(), handle.undone.downgrade());
    tokio::spawn(keep_house(Arc::clone(&inner), weak));
    let writer = Writer {
        batch: inner.options.batch_max.max(1),
        inner,
        receiver,
        undos,
        waiting: VecDeque::new(),
        backoff: BACKOFF_MIN,
        took: Duration::ZERO,
    };
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

    /// Whether the writer still writes.
    pub(crate) fn is_running(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Ends the writer after everything that is queued.
    pub(crate) async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.sender.send(Message::Stop(done)).await.is_ok() {
            // An error means that it ended without an answer, which is as good.
            let _ = ended.await;
        }
    }

    async fn send(
        &self,
        ask: Option<Ask>,
        record: Option<Draft>,
        admission: bool,
    ) -> Result<Option<Outcome>, Failure> {
        let (answer, answered) = oneshot::channel();
        let mut waiter = Waiter::new(answered, &ask, &self.undone);
        let record = record.map(Arc::new);
        let entry = Entry { ask, record, answer, queued: Instant::now() };
        let message = Message::Entry(Box::new(entry));
        if admission {
            // A full queue is overload: shed at once.
            self.sender.try_send(message).map_err(|_| Failure::Unavailable)?;
        } else {
            self.sender.send(message).await.map_err(|_| Failure::Unavailable)?;
        }
        waiter.answer().await
    }
}

/// Waits for an answer. Dropped before it was read, because the caller left or ran out of time, it
/// gives back a hold that was made for nobody: otherwise its money would be blocked until the
/// reaper finds it.
struct Waiter {
    answered: Option<oneshot::Receiver<Result<Option<Outcome>, Failure>>>,
    undone: mpsc::UnboundedSender<Ask>,
    undo: Option<Ask>,
}

impl Waiter {
    fn new(
        answered: oneshot::Receiver<Result<Option<Outcome>, Failure>>,
        ask: &Option<Ask>,
        undone: &mpsc::UnboundedSender<Ask>,
    ) -> Self {
        let undo = ask.as_ref().and_then(Ask::undo);
        Self { answered: Some(answered), undone: undone.clone(), undo }
    }

    async fn answer(&mut self) -> Result<Option<Outcome>, Failure> {
        let Some(answered) = &mut self.answered else { return Err(Failure::Unavailable) };
        let answer = answered.await.unwrap_or(Err(Failure::Unavailable));
        self.answered = None;
        answer
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let (Some(mut answered), Some(undo)) = (self.answered.take(), self.undo.take()) else {
            return;
        };
        // After this either the answer is here, or the writer sees that nobody waits.
        answered.close();
        if let Ok(Ok(Some(Outcome::Held(_)))) = answered.try_recv() {
            // Where the writer has ended, the reaper resolves it.
            let _ = self.undone.send(undo);
        }
    }
}

/// The writer's task.
struct Writer {
    inner: Arc<Inner>,
    receiver: mpsc::Receiver<Message>,
    undos: mpsc::UnboundedReceiver<Ask>,
    /// Taken from the queue and not yet written, oldest first.
    waiting: VecDeque<Entry>,
    backoff: Duration,
    /// How many entries go into the next batch: fewer while the database is slow, so that one
    /// batch does not use up the time that its admissions have.
    batch: usize,
    /// How long the last batch took.
    took: Duration,
}

/// The fewest entries of a batch, and how long a batch may take before it is made smaller.
const BATCH_MIN: usize = 16;
const BATCH_TIME: Duration = Duration::from_millis(100);

impl Writer {
    async fn run(mut self) {
        let mut stopping: Option<oneshot::Sender<()>> = None;
        loop {
            self.take_undone();
            if self.waiting.is_empty() {
                if stopping.is_some() {
                    break;
                }
                tokio::select! {
                    message = self.receiver.recv() => match message {
                        Some(message) => self.take(message, &mut stopping),
                        None => break,
                    },
                    Some(undo) = self.undos.recv() => {
                        self.waiting.push_back(Entry::unanswered(undo));
                    }
                }
            }
            while self.waiting.len() < self.batch {
                match self.receiver.try_recv() {
                    Ok(message) => self.take(message, &mut stopping),
                    Err(_) => break,
                }
            }
            let batch = self.next_batch();
            if !batch.is_empty() {
                self.write(batch, stopping.is_some()).await;
            }
        }
        if let Some(done) = stopping {
            // Whoever asked for the stop may be gone.
            let _ = done.send(());
        }
    }

    fn take_undone(&mut self) {
        while let Ok(undo) = self.undos.try_recv() {
            self.waiting.push_back(Entry::unanswered(undo));
        }
    }

    fn take(&mut self, message: Message, stopping: &mut Option<oneshot::Sender<()>>) {
        match message {
            Message::Entry(entry) => self.waiting.push_back(*entry),
            Message::Stop(done) => {
                // What is queued behind it is still taken; what comes later is refused.
                self.receiver.close();
                *stopping = Some(done);
            }
        }
    }

    /// The next entries, without admissions that nobody waits for any more: a hold that is made
    /// for a caller who left would block money until the reaper finds it.
    fn next_batch(&mut self) -> Vec<Entry> {
        let most = self.batch.min(self.waiting.len());
        // What would be too late after this batch is refused now and costs nothing.
        let limit = self.inner.options.admission_timeout.saturating_sub(self.took);
        let (fresh, stale): (Vec<_>, Vec<_>) = self.waiting.drain(..most).partition(|entry| {
            !entry.is_admission() || (!entry.answer.is_closed() && entry.queued.elapsed() < limit)
        });
        stale.into_iter().for_each(|entry| entry.answer(Err(Failure::Unavailable)));
        fresh
    }

    /// Writes a batch. A batch whose commit has an unknown result is written again: every
    /// operation is idempotent by its id.
    async fn write(&mut self, batch: Vec<Entry>, stopping: bool) {
        let started = Instant::now();
        let written = batch::write(&self.inner, &batch).await;
        self.pace(batch.len(), started.elapsed());
        match written {
            Ok(applied) => {
                self.backoff = BACKOFF_MIN;
                self.answer(batch, applied);
            }
            Err(Failed { error, uncertain }) if error.is_transient() => {
                tracing::warn!(%error, entries = batch.len(), "a batch waits for the database");
                self.put_back(batch, uncertain, stopping);
                tokio::time::sleep(self.backoff).await;
                self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
            }
            Err(Failed { error: error @ Error::Disk(_), .. }) => {
                tracing::error!(%error, entries = batch.len(), "the writer stops");
                self.receiver.close();
                batch.into_iter().for_each(|entry| entry.answer(Err(Failure::Unavailable)));
                self.refuse_all();
            }
            Err(Failed { error, .. }) => {
                tracing::error!(%error, entries = batch.len(), "a batch cannot be written");
                self.write_singly(batch).await;
            }
        }
    }

    /// Halves the batch where it took too long and doubles it where there is time.
    fn pace(&mut self, entries: usize, took: Duration) {
        // Never so long that every admission would be refused as late.
        self.took = took.min(self.inner.options.admission_timeout / 2);
        if took > BATCH_TIME {
            self.batch = (entries / 2).max(BATCH_MIN);
        } else if took < BATCH_TIME / 2 {
            self.batch = self.batch.saturating_mul(2);
        }
        self.batch = self.batch.min(self.inner.options.batch_max.max(1));
    }

    /// After the disk failed: everything that waits is refused.
    fn refuse_all(&mut self) {
        self.waiting.drain(..).for_each(|entry| entry.answer(Err(Failure::Unavailable)));
        while let Ok(message) = self.receiver.try_recv() {
            match message {
                Message::Entry(entry) => entry.answer(Err(Failure::Unavailable)),
                Message::Stop(done) => drop(done),
            }
        }
    }

    /// One entry that the database refuses must not take the others with it.
    async fn write_singly(&mut self, batch: Vec<Entry>) {
        for entry in batch {
            match batch::write(&self.inner, std::slice::from_ref(&entry)).await {
                Ok(applied) => self.answer(vec![entry], applied),
                Err(Failed { error, uncertain }) if error.is_transient() => {
                    self.put_back(vec![entry], uncertain, false);
                }
                Err(Failed { error, .. }) => {
                    tracing::error!(%error, "an entry cannot be written and is dropped");
                    entry.answer(Err(Failure::Unavailable));
                }
            }
        }
    }

    /// Keeps what must not be lost and refuses the rest. At a stop nothing can be kept: the
    /// reaper settles what is open. Where the commit may have happened, a hold that is refused may
    /// stand all the same: it is given back when the database is back.
    fn put_back(&mut self, batch: Vec<Entry>, uncertain: bool, stopping: bool) {
        for entry in batch.into_iter().rev() {
            if stopping || entry.is_refused_when_away() {
                let undo = entry.ask.as_ref().filter(|_| uncertain && !stopping);
                let undo = undo.and_then(Ask::undo).map(Entry::unanswered);
                undo.into_iter().for_each(|undo| self.waiting.push_front(undo));
                entry.answer(Err(Failure::Unavailable));
            } else {
                self.waiting.push_front(entry);
            }
        }
    }

    fn answer(&mut self, batch: Vec<Entry>, applied: Vec<Applied>) {
        for (entry, applied) in batch.into_iter().zip(applied) {
            let undo = entry.ask.as_ref().filter(|_| applied.is_ok()).and_then(Ask::undo);
            let unheard = entry.answer.send(applied.map_err(Failure::Refused)).is_err();
            if let (Some(undo), true) = (undo, unheard) {
                // The caller left between the batch and the answer: the money goes back.
                self.waiting.push_back(Entry::unanswered(undo));
            }
        }
    }
}

impl Entry {
    fn unanswered(ask: Ask) -> Self {
        let (answer, _) = oneshot::channel();
        Self { ask: Some(ask), record: None, answer, queued: Instant::now() }
    }

    fn is_admission(&self) -> bool {
        self.ask.as_ref().is_some_and(Ask::is_admission)
    }

    /// An admission and a reap are refused while the database is away. All else tells of what
    /// happened already.
    fn is_refused_when_away(&self) -> bool {
        self.is_admission() || matches!(self.ask, Some(Ask::Reap))
    }

    fn answer(self, answer: Result<Option<Outcome>, Failure>) {
        // An error means that nobody waits any more.
        let _ = self.answer.send(answer);
    }
}

/// Reaps expired holds and removes what has been over for long, until the store is closed.
async fn keep_house(
    inner: Arc<Inner>,
    (sender, undone): (mpsc::WeakSender<Message>, mpsc::WeakUnboundedSender<Ask>),
) {
    let every = inner.options.reaper_period;
    let mut period = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        period.tick().await;
        let (Some(sender), Some(undone)) = (sender.upgrade(), undone.upgrade()) else { return };
        let handle = Handle { sender, undone, admission_timeout: inner.options.admission_timeout };
        match handle.ask(Ask::Reap, None).await {
            Ok(Some(Outcome::Reaped { released, settled, .. })) => {
                if !released.is_empty() || !settled.is_empty() {
                    let (released, settled) = (released.len(), settled.len());
                    tracing::warn!(released, settled, "expired holds were resolved");
                }
            }
            Ok(_) => {}
            Err(_) if handle.sender.is_closed() => return,
            Err(_) => tracing::warn!("expired holds could not be looked for"),
        }
        if let Err(error) = (Raises { inner: Arc::clone(&inner) }).end_due().await {
            tracing::warn!(%error, "raises whose time is over could not be ended");
        }
        if let Err(error) = crate::retention::prune(&inner).await {
            tracing::warn!(%error, "what is over could not be removed");
        }
    }
}
