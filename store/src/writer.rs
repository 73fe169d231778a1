//! The one batching writer: groups what waits into one transaction, so that a crowd of requests
//! shares a disk flush.
//!
//! While the database is away, admissions that wait for it fail at once and everything that must not
//! be lost (settlements, progress, audit) stays in the writer, bounded, until the database is back.
//!
//! What the journal has, nobody waits for: it comes here in the journal's order and is carried into the
//! database behind, in larger batches.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use budget::{Basis, HoldAsk, Outcome, Refusal, Share, SliceAsk};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use types::{AgentId, HoldId, KeyId, Nanos, TenantId};

use crate::{
    Error,
    audit::Draft,
    batch::{self, Failed},
    journal::{self, Journal, Purpose, frame::Frame},
    ledger::{Ended, Settlement},
    owners,
    raises::Raises,
    store::Inner,
};

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
    #[serde(skip)]
    Reap,
    #[serde(skip)]
    Slice {
        ask: Box<SliceAsk>,
        agent: AgentId,
        key: Option<KeyId>,
    },
    #[serde(skip)]
    CloseSlice {
        slice: HoldId,
    },
    #[serde(skip)]
    Reconcile {
        tenant: TenantId,
        shares: Vec<Share>,
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

/// How long the writer waits after a failed transaction, doubled each time up to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// How long the writer waits for company where nobody waits for it.
const LINGER: Duration = Duration::from_millis(20);

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
    tokio::spawn(keep_house(Arc::clone(&inner), handle.downgrade()));
    let writer = Writer {
        batch: inner.options.batch_max.max(1),
        inner,
        journal,
        places: [&handle.places, &handle.behind].map(Arc::clone),
        ending: Arc::clone(&handle.ending),
        receiver,
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

/// The writer's task.
struct Writer {
    inner: Arc<Inner>,
    journal: Option<Arc<Journal>>,
    places: [Arc<Semaphore>; 2],
    ending: Arc<AtomicBool>,
    receiver: mpsc::UnboundedReceiver<Message>,
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
            if self.waiting.is_empty() {
                if stopping.is_some() {
                    break;
                }
                match self.receiver.recv().await {
                    Some(message) => self.take(message, &mut stopping),
                    None => break,
                }
            }
            self.gather(&mut stopping).await;
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

    /// Takes what is queued, up to a batch. Where nobody waits for any of it, more may come.
    async fn gather(&mut self, stopping: &mut Option<oneshot::Sender<()>>) {
        let until = tokio::time::Instant::now() + LINGER;
        while self.waiting.len() < self.batch {
            let urgent = self.waiting.iter().any(|entry| entry.answer.is_some());
            let message = match self.receiver.try_recv() {
                Ok(message) => message,
                Err(_) if urgent || stopping.is_some() => break,
                Err(_) => match tokio::time::timeout_at(until, self.receiver.recv()).await {
                    Ok(Some(message)) => message,
                    Ok(None) | Err(_) => break,
                },
            };
            self.take(message, stopping);
        }
    }

    fn take(&mut self, message: Message, stopping: &mut Option<oneshot::Sender<()>>) {
        match message {
            Message::Entry(mut entry) => {
                if entry.seq.is_none() {
                    entry.place = None;
                }
                self.waiting.push_back(*entry);
            }
            Message::Stop(done) => {
                // What is queued behind it is still taken; what comes later is refused.
                self.close();
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
            !entry.is_admission() || (entry.is_awaited() && entry.queued.elapsed() < limit)
        });
        stale.into_iter().for_each(|entry| entry.answer(Err(Failure::Unavailable)));
        fresh
    }

    /// Writes a batch. A batch whose commit has an unknown result is written again: every
    /// operation is idempotent by its id.
    async fn write(&mut self, batch: Vec<Entry>, stopping: bool) {
        let started = Instant::now();
        let written = batch::write(&self.inner, &batch, self.inner.fence).await;
        self.pace(batch.len(), started.elapsed());
        match written {
            Ok(applied) => {
                self.backoff = BACKOFF_MIN;
                self.answer(batch, applied);
            }
            Err(Failed { error, uncertain }) if error.is_transient() => {
                tracing::warn!(%error, entries = batch.len(), "a batch waits for the database");
                let stopping = stopping || self.ending.load(Ordering::Acquire);
                self.put_back(batch, uncertain, stopping);
                if stopping {
                    return self.give_up();
                }
                tokio::time::sleep(self.backoff).await;
                self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
            }
            Err(Failed { error: error @ Error::Disk(_), .. }) => {
                tracing::error!(%error, entries = batch.len(), "the writer stops");
                batch.into_iter().for_each(|entry| entry.answer(Err(Failure::Unavailable)));
                self.give_up();
            }
            Err(Failed { error, .. }) => {
                tracing::error!(%error, entries = batch.len(), "a batch cannot be written");
                self.write_singly(batch, stopping).await;
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

    /// Ends. Everything that waits is refused; what the journal has, the next start carries.
    fn give_up(&mut self) {
        self.close();
        self.waiting.drain(..).for_each(|entry| entry.answer(Err(Failure::Unavailable)));
        while let Ok(message) = self.receiver.try_recv() {
            match message {
                Message::Entry(entry) => entry.answer(Err(Failure::Unavailable)),
                Message::Stop(done) => drop(done),
            }
        }
    }

    /// One entry that the database refuses must not take the others with it.
    ///
    /// INVARIANT: what comes behind an entry that was put back is put back too. The journal is carried in
    /// its order, without a gap.
    async fn write_singly(&mut self, batch: Vec<Entry>, stopping: bool) {
        let mut rest = batch.into_iter();
        while let Some(entry) = rest.next() {
            let one = std::slice::from_ref(&entry);
            match batch::write(&self.inner, one, self.inner.fence).await {
                Ok(applied) => self.answer(vec![entry], applied),
                Err(Failed { error, uncertain }) if error.is_transient() => {
                    let stopping = stopping || self.ending.load(Ordering::Acquire);
                    self.put_back(rest.collect(), false, stopping);
                    self.put_back(vec![entry], uncertain, stopping);
                    return if stopping {
                        self.give_up()
                    };
                }
                Err(Failed { error: error @ Error::Disk(_), .. }) => {
                    tracing::error!(%error, "the writer stops");
                    entry.answer(Err(Failure::Unavailable));
                    rest.for_each(|entry| entry.answer(Err(Failure::Unavailable)));
                    return self.give_up();
                }
                Err(Failed { error, .. }) => {
                    tracing::error!(%error, "an entry cannot be written and is set aside");
                    if let Some(journal) = &self.journal {
                        journal.set_aside(&entry);
                    }
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
                let undo = entry.undo().filter(|_| uncertain && !stopping);
                let undo = undo.map(Entry::unanswered);
                undo.into_iter().for_each(|undo| self.waiting.push_front(undo));
                entry.answer(Err(Failure::Unavailable));
            } else {
                self.waiting.push_front(entry);
            }
        }
    }

    fn answer(&mut self, batch: Vec<Entry>, applied: Vec<Applied>) {
        let carried = batch.iter().filter_map(|entry| entry.seq).max();
        if let (Some(journal), Some(seq)) = (&self.journal, carried) {
            journal.carried(seq);
        }
        for (mut entry, applied) in batch.into_iter().zip(applied) {
            let undo = entry.undo().filter(|_| applied.is_ok());
            let Some(answer) = entry.answer.take() else {
                match applied {
                    Err(refusal) if entry.seq.is_some() => {
                        // It happened all the same: people must look.
                        tracing::error!(%refusal, "the books do not take what happened");
                    }
                    // What was to be given back had never been made.
                    Ok(_) | Err(_) => {}
                }
                continue;
            };
            let unheard = answer.send(applied.map_err(Failure::Refused)).is_err();
            if let (Some(undo), true) = (undo, unheard) {
                // The caller left between the batch and the answer: the money goes back.
                self.waiting.push_back(Entry::unanswered(undo));
            }
        }
    }

    /// Takes nothing more.
    fn close(&mut self) {
        self.receiver.close();
        self.places.iter().for_each(|places| places.close());
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

/// Reaps expired holds and removes what has been over for long, until the store is closed.
async fn keep_house(inner: Arc<Inner>, handle: impl Fn() -> Option<Handle>) {
    let every = inner.options.reaper_period;
    let mut period = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        period.tick().await;
        let Some(handle) = handle() else { return };
        // Everybody vouches for what is alive before anybody looks for what is not: after the database
        // was away for longer than a lease, nothing is reaped for one period.
        let renewed = owners::renew(&inner).await;
        let was_away = std::mem::replace(&mut away, renewed.is_err());
        if let Err(error) = renewed {
            tracing::warn!(%error, "the leases of this process could not be renewed");
        }
        if away || was_away {
            continue;
        }
        match handle.ask(Ask::Reap, None).await {
            Ok(Some(Outcome::Reaped { released, settled, lapsed })) => {
                let (released, settled, lapsed) = (released.len(), settled.len(), lapsed.len());
                if released + settled + lapsed > 0 {
                    tracing::warn!(released, settled, lapsed, "expired holds were resolved");
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
