//! Carries the outbox to the bus: claim, publish, wait for the acknowledgement, mark.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use types::{Envelope, EventId};

use crate::{Bus, BusError, Error, Outbox, Store, fault};

/// How many events are claimed at once, and how many of them are on their way at once.
const BATCH_MAX: i64 = 256;
const IN_FLIGHT_MAX: usize = 64;

/// How long to wait for a ring before looking anyway: another process may have written, and a
/// claim may have run out.
const LOOK_PERIOD: Duration = Duration::from_secs(1);

/// The wait after a failure, doubled each time up to the second.
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// A relay from one store to one bus. Any number may run against the same database.
pub struct Relay {
    outbox: Outbox,
    bus: Bus,
}

impl Relay {
    /// A relay, not yet running.
    pub fn new(store: &Store, bus: Bus) -> Self {
        Self { outbox: store.outbox(), bus }
    }

    /// Runs until `shutdown`. Meanwhile, where its bus is within this process and nobody listens
    /// there, events of requests are not even written to the outbox; SQL has what they tell of. While the bus is away, events stay in the outbox and requests go on.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut backoff = BACKOFF_MIN;
        let bus = Arc::new(self.bus.clone());
        self.outbox.inner.carriers.add(&bus);
        let work = async {
            loop {
                match self.carry().await {
                    Ok(0) => {
                        // Either end of the wait leads to the next look.
                        let _ = tokio::time::timeout(LOOK_PERIOD, self.outbox.rung()).await;
                    }
                    Ok(_) => backoff = BACKOFF_MIN,
                    Err(error) => {
                        tracing::warn!(%error, "events wait in the outbox");
                        tokio::time::sleep(backoff).await;
                        backoff = (backoff * 2).min(BACKOFF_MAX);
                    }
                }
            }
        };
        // Stopped between a publication and its mark, an event is carried again at the next start.
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = work => {}
        }
    }

    /// Carries one batch and returns how many events the bus took. An event that it took but whose
    /// mark was lost is carried again: subscribers see one event id twice at worst.
    ///
    /// # Errors
    /// [`RelayError`]; what the bus took before it is marked.
    pub async fn carry(&self) -> Result<usize, RelayError> {
        let events = self.outbox.claim(BATCH_MAX).await?;
        let sent: Vec<(EventId, Result<(), BusError>)> = stream::iter(events)
            .map(|event| send(self.bus.clone(), event))
            .buffered(IN_FLIGHT_MAX)
            .collect()
            .await;
        let (mut done, mut back, mut failure) = (Vec::new(), Vec::new(), None);
        for (id, result) in sent {
            match result {
                Ok(()) => done.push(id),
                // It would block the outbox for ever; the row in SQL stays the truth.
                Err(error @ BusError::Event { .. }) => {
                    tracing::error!(%error, "an event is dropped");
                    done.push(id);
                }
                Err(error) => {
                    back.push(id);
                    failure = Some(error);
                }
            }
        }
        fault::point("outbox.sent");
        self.outbox.published(&done).await?;
        fault::point("outbox.marked");
        self.outbox.give_back(&back).await?;
        failure.map_or(Ok(done.len()), |error| Err(error.into()))
    }
}

/// The buses of the relays that run now.
#[derive(Default)]
pub(crate) struct Carriers(Mutex<Vec<Weak<Bus>>>);

impl Carriers {
    fn add(&self, bus: &Arc<Bus>) {
        let mut buses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buses.retain(|bus| bus.strong_count() > 0);
        buses.push(Arc::downgrade(bus));
    }

    /// Whether a relay runs and whatever is published now would reach nobody. Without a relay,
    /// events wait for one.
    pub(crate) fn reach_nobody(&self) -> bool {
        let buses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = buses.iter().filter_map(Weak::upgrade).peekable();
        running.peek().is_some() && running.all(|bus| bus.reaches_nobody())
    }
}

async fn send(bus: Bus, event: Envelope) -> (EventId, Result<(), BusError>) {
    (event.event_id, bus.publish(&event).await)
}

/// Why a batch was not carried.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The outbox cannot be read or marked.
    #[error(transparent)]
    Store(#[from] Error),
    /// The bus did not take an event.
    #[error(transparent)]
    Bus(#[from] BusError),
}
