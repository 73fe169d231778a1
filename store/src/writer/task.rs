//! The task behind the queue: batches, their pace, and what becomes of a batch that fails.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{Applied, Entry, Failure, Message};
use crate::{
    Error,
    batch::{self, Failed},
    journal::Journal,
    store::Inner,
};

/// How often a batch that another gateway's locked out is tried again at once.
const CONFLICTS_MAX: u32 = 8;
/// How long the writer waits after a failed transaction, doubled each time up to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(20);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// How long the writer waits for company where nobody waits for it.
const LINGER: Duration = Duration::from_millis(20);

/// The fewest entries of a batch, and how long a batch may take before it is made smaller.
const BATCH_MIN: usize = 16;
const BATCH_TIME: Duration = Duration::from_millis(100);

/// The task: takes what is queued, writes it, answers.
pub(super) struct Writer {
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
    /// How many entries the last batch could have had.
    allowed: usize,
    /// How long it took.
    took: Duration,
}

impl Writer {
    pub(super) fn new(
        inner: Arc<Inner>,
        journal: Option<Arc<Journal>>,
        places: [Arc<Semaphore>; 2],
        ending: Arc<AtomicBool>,
        receiver: mpsc::UnboundedReceiver<Message>,
    ) -> Self {
        Self {
            batch: inner.options.batch_max.max(1),
            inner,
            journal,
            places,
            ending,
            receiver,
            waiting: VecDeque::new(),
            backoff: BACKOFF_MIN,
            allowed: 0,
            took: Duration::ZERO,
        }
    }

    pub(super) async fn run(mut self) {
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

    /// Takes all that is queued. Where that is less than a batch and nobody waits for any of it, more may
    /// come.
    async fn gather(&mut self, stopping: &mut Option<oneshot::Sender<()>>) {
        let until = tokio::time::Instant::now() + LINGER;
        loop {
            while let Ok(message) = self.receiver.try_recv() {
                self.take(message, stopping);
            }
            let awaited = self.waiting.iter().any(|entry| entry.answer.is_some());
            if awaited || stopping.is_some() || self.waiting.len() >= self.batch {
                return;
            }
            match tokio::time::timeout_at(until, self.receiver.recv()).await {
                Ok(Some(message)) => self.take(message, stopping),
                Ok(None) | Err(_) => return,
            }
        }
    }

    fn take(&mut self, message: Message, stopping: &mut Option<oneshot::Sender<()>>) {
        match message {
            Message::Entry(entry) if entry.is_urgent() => {
                let before = self.urgent();
                self.waiting.insert(before, *entry);
            }
            Message::Entry(entry) => self.waiting.push_back(*entry),
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
        let urgent = self.urgent();
        // Who waits for those does not wait for a whole batch of what nobody waits for.
        let share = if urgent > 0 { (self.batch / 4).max(BATCH_MIN) } else { self.batch };
        self.allowed = urgent.min(self.batch) + share;
        let most = self.waiting.len().min(self.allowed);
        // What would be too late after this batch is refused now and costs nothing.
        let limit = self.inner.options.admission_timeout.saturating_sub(self.took);
        let (mut fresh, stale): (Vec<_>, Vec<_>) = self.waiting.drain(..most).partition(|entry| {
            !entry.is_admission() || (entry.is_awaited() && entry.queued.elapsed() < limit)
        });
        stale.into_iter().for_each(|entry| entry.answer(Err(Failure::Unavailable)));
        for entry in fresh.iter_mut().filter(|entry| entry.seq.is_none()) {
            entry.place = None;
        }
        fresh
    }

    /// How many urgent ones wait at the front.
    fn urgent(&self) -> usize {
        self.waiting.iter().take_while(|entry| entry.is_urgent()).count()
    }

    /// Writes a batch. A batch whose commit has an unknown result is written again: every
    /// operation is idempotent by its id.
    async fn write(&mut self, batch: Vec<Entry>, stopping: bool) {
        let started = Instant::now();
        let mut conflicts = 0;
        let written = loop {
            let written = batch::write(&self.inner, &batch, self.inner.fence).await;
            // Two gateways that make the same accounts at once may lock each other out; the one that the
            // database stops has written nothing.
            match &written {
                Err(failed) if failed.error.is_conflict() && conflicts < CONFLICTS_MAX => {
                    conflicts += 1
                }
                _ => break written,
            }
        };
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
        } else if took < BATCH_TIME / 2 && entries >= self.allowed / 2 {
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
