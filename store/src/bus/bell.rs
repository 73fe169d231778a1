//! What wakes whoever looks into the database: word of what other processes changed there.

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};

use super::{Bus, BusError, Deliveries};
use crate::nats::Nats;

/// The wait before a server that is away is asked again.
const RETRY: Duration = Duration::from_secs(2);

/// What rings a bell. Subjects, where `a.>` is everything below `a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wakes {
    /// Everybody who names one hears it.
    pub hears: &'static [&'static str],
    /// Work, such as `tasks.create`: of all who name it one is woken, and it is off the stream.
    pub takes: &'static [&'static str],
}

impl Wakes {
    /// Nothing does.
    pub const NOTHING: Self = Self { hears: &[], takes: &[] };
}

/// A bell that other processes ring. It rings at times for nothing, and a ring may be lost: SQL has the truth, so
/// whoever is woken looks there, and looks every now and then unasked.
pub struct Bell {
    rung: Arc<Notify>,
    _ears: JoinSet<()>,
}

impl Bus {
    /// A bell that rings until it is dropped. The bus within the process rings none: what happens here rings by
    /// itself, see [`Work::changed`](crate::work::Work::changed).
    pub fn bell(&self, wakes: Wakes) -> Bell {
        let (rung, mut ears) = (Arc::new(Notify::new()), JoinSet::new());
        if let Self::Nats(nats) = self {
            let hears = wakes.hears.iter().map(|subject| Ear::Hears(subject));
            let takes = wakes.takes.iter().map(|subject| Ear::Takes(subject));
            for ear in hears.chain(takes) {
                ears.spawn(listen(Arc::clone(nats), ear, Arc::clone(&rung)));
            }
        }
        Bell { rung, _ears: ears }
    }
}

impl Bell {
    /// Waits until it rings. What rang since the last call counts.
    pub async fn rung(&self) {
        self.rung.notified().await;
    }
}

/// One of the subjects of a bell.
#[derive(Debug, Clone, Copy)]
enum Ear {
    Hears(&'static str),
    Takes(&'static str),
}

async fn listen(nats: Arc<Nats>, ear: Ear, rung: Arc<Notify>) {
    loop {
        let Err(error) = match ear {
            Ear::Hears(subject) => hear(&nats, subject, &rung).await,
            Ear::Takes(subject) => take(&nats, subject, &rung).await,
        };
        tracing::warn!(%error, ?ear, "nothing wakes by the bus; the database is looked at instead");
        tokio::time::sleep(RETRY).await;
    }
}

/// Hears what is published from now on, whatever stream keeps it.
async fn hear(nats: &Nats, subject: &str, rung: &Notify) -> Result<Infallible, BusError> {
    let mut heard = nats.listen(subject).await?;
    loop {
        heard.next().await?;
        rung.notify_one();
    }
}

async fn take(nats: &Nats, subject: &str, rung: &Notify) -> Result<Infallible, BusError> {
    let queue = nats.queue(subject, Deliveries::default().wait).await?;
    loop {
        queue.drain(|| rung.notify_one()).await?;
    }
}
