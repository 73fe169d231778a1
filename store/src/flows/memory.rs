//! What sessions have seen and how often they called, in memory, where one process has the database to itself.
//! A call asks no database: what it adds is written to the journal, and the database follows.
//!
//! INVARIANT: of a session in memory, the database has nothing that memory has not. Whatever else writes one does so
//! under its lock, and memory reads it again.
//!
//! INVARIANT: memory is never lost before the journal has it. A killed process loses nothing. A machine that goes down
//! may lose what the disk did not have yet, and never anything that lets more pass: a label that rises, trust that
//! falls and a new source are committed before anybody sees why; of a text that nobody vouches for, the disk has the
//! print before its reader has the text; a call's count is in the journal before its hold and its record, so that it
//! is lost with them alone.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};
use tools::flow::Origin;
use types::{Label, RequestId};

use super::{
    Entered, Of, Saw, Text, Told, entered, name,
    note::{Note, Noted},
    origin,
    see::{self, printed},
};
use crate::{
    Error, alone,
    journal::{Journal, Purpose},
    rows::Get,
    store::Inner,
    writer::{Ask, Handle},
};

/// The texts of a session that memory knows to be written: the newest.
const TEXTS_MAX: u8 = 64;
/// The part of all sessions that goes at once.
const EVICTED: usize = 16;
/// How long memory knows a session before it reads it again: what is over is removed from the database meanwhile.
const READ_FOR: Duration = Duration::from_secs(600);

/// The sessions of this process.
pub(crate) struct Memory {
    inner: Arc<Inner>,
    writer: Handle,
    journal: Arc<Journal>,
    slots: Mutex<HashMap<Of, Arc<Slot>>>,
    /// Counts uses, to tell which session was used last.
    uses: AtomicU64,
    /// Held for as long as anything is in memory: one process a database.
    alone: alone::Lock,
}

/// One session.
#[derive(Default)]
struct Slot {
    known: Arc<tokio::sync::Mutex<Option<Known>>>,
    /// The number of the last note of it, and of the last one with a text, in the journal.
    noted: AtomicU64,
    texts_noted: AtomicU64,
    used: AtomicU64,
}

/// What is known of it.
struct Known {
    entered: Entered,
    /// Texts that need no note: the database has them, or the journal.
    texts: VecDeque<(Origin, String)>,
    read: Instant,
}

/// A session that nobody else uses. Memory reads it again afterwards.
pub(crate) struct Locked {
    _known: OwnedMutexGuard<Option<Known>>,
    _slot: Arc<Slot>,
}

impl Memory {
    pub(crate) fn new(
        inner: &Arc<Inner>,
        writer: &Handle,
        journal: &Arc<Journal>,
        alone: alone::Lock,
    ) -> Self {
        Self {
            inner: Arc::clone(inner),
            writer: writer.clone(),
            journal: Arc::clone(journal),
            slots: Mutex::default(),
            uses: AtomicU64::default(),
            alone,
        }
    }

    /// Another process may have the database from here on: the journal takes nothing more.
    pub(crate) fn give_up_database(&self) {
        if let Some(lock) = &self.alone {
            // Without this, once the last handle is gone.
            let _ = lock.unlock();
        }
    }

    /// Counts a call, and gives the session as it was before.
    pub(super) async fn enter(&self, of: Of, request: RequestId) -> Result<Entered, Error> {
        let slot = self.slot(of)?;
        let mut known = self.held(&slot).await;
        let known = self.read(&slot, &mut known, of).await?;
        // Last: whoever waits for its own session keeps no place of others.
        let place = self.writer.ahead().await.map_err(|_| Error::Busy)?;
        let before = known.entered.clone();
        self.note(&slot, (Purpose::Admission, Some(place)), note(of, Some(request), 1))?;
        known.entered.calls = before.calls.saturating_add(1);
        Ok(before)
    }

    pub(super) async fn look(&self, of: Of) -> Result<Entered, Error> {
        let slot = self.slot(of)?;
        let mut known = self.held(&slot).await;
        Ok(self.read(&slot, &mut known, of).await?.entered.clone())
    }

    /// Takes one call back.
    pub(super) async fn leave(&self, of: Of) -> Result<(), Error> {
        let slot = self.slot(of)?;
        let mut known = self.held(&slot).await;
        let known = self.read(&slot, &mut known, of).await?;
        let Some(calls) = known.entered.calls.checked_sub(1) else { return Ok(()) };
        self.note(&slot, (Purpose::Aftermath, None), note(of, None, -1))?;
        known.entered.calls = calls;
        Ok(())
    }

    /// Takes note of what a request has, if it is new.
    pub(super) async fn see(&self, of: Of, saw: &Saw<'_>) -> Result<Told, Error> {
        let slot = self.slot(of)?;
        let mut guard = self.held(&slot).await;
        let known = self.read(&slot, &mut guard, of).await?;
        let falls = saw.integrity < known.entered.integrity;
        if falls || !saw.sources.is_subset(&known.entered.sources) {
            return self.write(&slot, guard, of, saw).await;
        }
        let before = known.entered.last_text;
        let fresh = known.fresh(saw.texts);
        let after = fresh.last().map_or(before, |(seq, _)| *seq);
        let told = Told { before, after };
        let others = saw.texts.iter().any(|text| text.seen.origin != Origin::Trusted);
        if fresh.is_empty() {
            drop(guard);
            // Who saw the same a moment ago may still wait for the disk.
            return Ok(self.kept(&slot, others, told).await);
        }
        let texts = fresh.iter().map(|(seq, text)| noted(*seq, text)).collect();
        let note = Note { texts, ..note(of, Some(saw.request), 0) };
        let Ok(place) = self.writer.ahead().await else {
            return self.write(&slot, guard, of, saw).await;
        };
        if self.note(&slot, (Purpose::Aftermath, Some(place)), note).is_err() {
            return self.write(&slot, guard, of, saw).await;
        }
        known.entered.last_text = after;
        for (_, text) in fresh {
            known.keep((text.seen.origin.clone(), text.digest.clone()));
        }
        drop(guard);
        Ok(self.kept(&slot, others, told).await)
    }

    /// Waits until the disk has the texts of a session, where one of them is somebody else's.
    async fn kept(&self, slot: &Slot, others: bool, told: Told) -> Told {
        if others {
            self.journal.kept(slot.texts_noted.load(Ordering::Acquire)).await;
        }
        told
    }

    /// Writes to the database at once.
    async fn write(
        &self,
        slot: &Slot,
        mut known: OwnedMutexGuard<Option<Known>>,
        of: Of,
        saw: &Saw<'_>,
    ) -> Result<Told, Error> {
        *known = None;
        // The numbers of texts go on in the database.
        self.settled(slot.texts_noted.load(Ordering::Acquire)).await?;
        see::see(&self.inner, of, saw).await
    }

    /// Whether the session is known to be at this label or above.
    pub(crate) async fn is_at(&self, of: Of, label: Label) -> bool {
        let Ok(slot) = self.slot(of) else { return false };
        let known = self.held(&slot).await;
        known.as_ref().is_some_and(|known| known.entered.label >= label)
    }

    /// The session for somebody who writes it in the database. Nothing is added to it meanwhile.
    pub(crate) async fn take(&self, of: Of) -> Result<Locked, Error> {
        let slot = self.slot(of)?;
        let mut known = self.held(&slot).await;
        *known = None;
        Ok(Locked { _known: known, _slot: slot })
    }

    /// Waits until the database has the texts of a session, and with `calls` all of it.
    pub(super) async fn written(&self, of: Of, calls: bool) -> Result<(), Error> {
        // One that is not in memory has nothing that the database has not.
        let Some(slot) = self.slots().get(&of).cloned() else { return Ok(()) };
        let seq = if calls { &slot.noted } else { &slot.texts_noted };
        self.settled(seq.load(Ordering::Acquire)).await
    }

    async fn settled(&self, seq: u64) -> Result<(), Error> {
        if self.journal.is_carried(seq) { Ok(()) } else { self.writer.catch_up().await }
    }

    /// What is known, from the database where memory does not have it.
    async fn read<'k>(
        &self,
        slot: &Slot,
        known: &'k mut Option<Known>,
        of: Of,
    ) -> Result<&'k mut Known, Error> {
        let read_for = READ_FOR.min(self.inner.options.tokens_retention);
        let known = match known.take().filter(|known| known.read.elapsed() < read_for) {
            Some(still) => known.insert(still),
            None => {
                self.settled(slot.noted.load(Ordering::Acquire)).await?;
                // Behind a commit of which nobody heard: there is one connection that writes.
                let entered = entered::look(&self.inner.write, of).await?;
                let texts = newest(&self.inner, of).await?;
                known.insert(Known { entered, texts, read: Instant::now() })
            }
        };
        Ok(known)
    }

    /// Writes a note into the journal.
    fn note(
        &self,
        slot: &Slot,
        (purpose, place): (Purpose, Option<OwnedSemaphorePermit>),
        note: Note,
    ) -> Result<u64, Error> {
        let has_text = !note.texts.is_empty();
        let ask = Ask::Note(Box::new(note));
        let written = self.writer.journal(&self.journal, purpose, ask, None, place);
        let seq = written.map_err(|error| {
            tracing::warn!(%error, "what a session has seen is not noted");
            Error::Busy
        })?;
        slot.noted.fetch_max(seq, Ordering::AcqRel);
        if has_text {
            slot.texts_noted.fetch_max(seq, Ordering::AcqRel);
        }
        Ok(seq)
    }

    async fn held(&self, slot: &Slot) -> OwnedMutexGuard<Option<Known>> {
        Arc::clone(&slot.known).lock_owned().await
    }

    /// The place of a session. Where there are too many, those that were used least lately go, of those that the
    /// database has all of.
    fn slot(&self, of: Of) -> Result<Arc<Slot>, Error> {
        let mut slots = self.slots();
        let most = self.inner.options.sessions_max.max(1);
        if !slots.contains_key(&of) && slots.len() >= most {
            let is_idle = |slot: &Arc<Slot>| {
                Arc::strong_count(slot) == 1
                    && self.journal.is_carried(slot.noted.load(Ordering::Acquire))
            };
            let mut idle: Vec<(u64, Of)> = slots
                .iter()
                .filter(|(_, slot)| is_idle(slot))
                .map(|(of, slot)| (slot.used.load(Ordering::Relaxed), *of))
                .collect();
            idle.sort_unstable_by_key(|(used, _)| *used);
            if idle.is_empty() {
                return Err(Error::Busy);
            }
            // Several at once, so that not every new session looks through all.
            for (_, of) in idle.iter().take((most / EVICTED).max(1)) {
                slots.remove(of);
            }
        }
        let slot = Arc::clone(slots.entry(of).or_default());
        slot.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Ok(slot)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Of, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The texts that are not known to be written, each once, with the numbers that they get.
    fn fresh<'t>(&self, texts: &'t [Text]) -> Vec<(u64, &'t Text)> {
        let mut fresh: Vec<(u64, &Text)> = Vec::new();
        for text in texts {
            let is = |origin: &Origin, digest: &str| {
                *origin == text.seen.origin && digest == text.digest
            };
            let known = self.texts.iter().any(|(origin, digest)| is(origin, digest))
                || fresh.iter().any(|(_, other)| is(&other.seen.origin, &other.digest));
            if !known {
                let last = fresh.last().map_or(self.entered.last_text, |(seq, _)| *seq);
                fresh.push((last.saturating_add(1), text));
            }
        }
        fresh
    }

    fn keep(&mut self, text: (Origin, String)) {
        if self.texts.len() >= usize::from(TEXTS_MAX) {
            self.texts.pop_front();
        }
        self.texts.push_back(text);
    }
}

/// The newest texts that the database has, the oldest first.
async fn newest(inner: &Inner, (tenant, session): Of) -> Result<VecDeque<(Origin, String)>, Error> {
    let rows = sqlx::query(
        "select origin, digest from session_prints \
         where tenant_id = $1 and session_id = $2 order by seq desc limit $3",
    )
    .bind(tenant.to_string())
    .bind(session.to_string())
    .bind(i64::from(TEXTS_MAX))
    .fetch_all(&inner.write)
    .await?;
    let read = |row| {
        let get = Get { row, table: "session_prints" };
        Ok((origin(get.text("origin")?), get.text("digest")?))
    };
    rows.iter().rev().map(read).collect()
}

fn note((tenant, session): Of, request: Option<RequestId>, calls: i64) -> Note {
    Note { tenant, session, request, calls, texts: Vec::new() }
}

fn noted(seq: u64, text: &Text) -> Noted {
    let origin = name(&text.seen.origin).to_owned();
    Noted { seq, origin, digest: text.digest.clone(), print: printed(text) }
}
