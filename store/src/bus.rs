//! The event bus: within the process, or NATS JetStream. The outbox in SQL is the truth; the bus
//! wakes and fans out.

mod bell;
mod embedded;
mod queue;
mod whisper;

use std::sync::Arc;

use tokio::sync::broadcast;
use types::{Envelope, EventId};

pub use self::{
    bell::{Bell, Wakes},
    embedded::Embedded,
    queue::{Deliveries, Job, Queue},
    whisper::{WHISPER_BYTES_MAX, Whispers},
};
use crate::nats;

/// A bus; clones share one.
#[derive(Clone)]
pub enum Bus {
    /// Within this process.
    Embedded(Embedded),
    /// NATS JetStream.
    Nats(Arc<nats::Nats>),
}

/// Why the bus did not take or give an event.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The address is of no kind that is known.
    #[error("`{0}` is not the address of a bus; write `embedded` or `nats://host:4222`")]
    Address(String),
    /// The server does not answer.
    #[error("NATS is not available: {0}; check that it runs and can be reached")]
    Unavailable(String),
    /// The server has no JetStream, or refuses a stream.
    #[error(
        "the stream `{stream}` cannot be used: {why}; start nats-server with `--jetstream` and \
         check who else owns its subjects"
    )]
    Stream {
        /// Such as `AUDIT`.
        stream: &'static str,
        /// The server's words.
        why: String,
    },
    /// The event cannot be sent in any way: it is too large or has no subject of ours.
    #[error("the event `{id}` cannot be sent: {why}")]
    Event {
        /// The event.
        id: EventId,
        /// Why.
        why: &'static str,
    },
    /// No stream has such subjects.
    #[error("`{0}` is no subject to subscribe to; write for example `audit.>`")]
    Subject(String),
    /// No work is handed out by such a subject.
    #[error("`{0}` is no subject of work; write for example `tasks.dispatch`")]
    NoQueue(String),
    /// A whisper cannot be sent in any way.
    #[error("the whisper cannot be sent: {0}")]
    Whisper(&'static str),
    /// What was given up could not be written down. It comes again.
    #[error("a dead letter could not be written")]
    Letter(#[source] Box<crate::Error>),
    /// The subscriber was too slow and missed events.
    #[error("{0} events were missed; read what happened from the database and go on")]
    Missed(u64),
    /// The bus is closed.
    #[error("the bus is closed")]
    Closed,
}

/// The most bytes of one event as JSON: what NATS takes by default. Larger payloads go by reference.
pub(crate) const EVENT_BYTES_MAX: usize = 1024 * 1024;

impl Bus {
    /// Connects to `embedded` or `nats://host:port`, and creates the streams where they are missing.
    ///
    /// # Errors
    /// [`BusError::Address`], [`BusError::Unavailable`] or [`BusError::Stream`].
    pub async fn connect(url: &str) -> Result<Self, BusError> {
        if url == "embedded" {
            Ok(Self::Embedded(Embedded::new()))
        } else if url.starts_with("nats://") || url.starts_with("tls://") {
            Ok(Self::Nats(Arc::new(nats::Nats::connect(url).await?)))
        } else {
            // Only the scheme is shown: the rest may carry a password.
            Err(BusError::Address(url.split("://").next().unwrap_or_default().to_owned()))
        }
    }

    /// Publishes an event and waits until the bus has it. Publishing it again within two minutes
    /// (NATS) or the next thousands of events (embedded) delivers it once.
    ///
    /// # Errors
    /// [`BusError::Event`] where it never can be, else [`BusError::Unavailable`].
    pub async fn publish(&self, event: &Envelope) -> Result<(), BusError> {
        if stream_of(&event.event_type).is_none() {
            return Err(BusError::Event { id: event.event_id, why: "no stream has its subject" });
        }
        match self {
            Self::Embedded(embedded) => {
                embedded.publish(event);
                Ok(())
            }
            Self::Nats(nats) => nats.publish(event).await,
        }
    }

    /// Events from now on whose subject matches `filter`: exact, or up to a last `>`, such as
    /// `audit.>`. At least once; tell duplicates apart by `event_id`. Not for `TASKS`, whose
    /// messages are work that one consumer takes, not news for everybody.
    ///
    /// # Errors
    /// [`BusError::Unavailable`], or [`BusError::Subject`] where no stream has such subjects.
    pub async fn subscribe(&self, filter: &str) -> Result<Subscription, BusError> {
        let stream = stream_of(filter)
            .filter(|stream| *stream != "TASKS")
            .ok_or_else(|| BusError::Subject(filter.to_owned()))?;
        match self {
            Self::Embedded(embedded) => Ok(Subscription::Embedded {
                receiver: embedded.sender.subscribe(),
                filter: filter.to_owned(),
            }),
            Self::Nats(nats) => {
                let events = nats.subscribe(stream, filter).await?;
                Ok(Subscription::Nats(Box::new(events)))
            }
        }
    }

    /// Whether what is published now reaches nobody, and nobody can read it later.
    pub(crate) fn reaches_nobody(&self) -> bool {
        match self {
            Self::Embedded(embedded) => embedded.sender.receiver_count() == 0,
            Self::Nats(_) => false,
        }
    }

    /// Whether the bus can be reached now.
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Embedded(_) => true,
            Self::Nats(nats) => nats.is_connected(),
        }
    }
}

/// Events as they come.
pub enum Subscription {
    /// Of the embedded bus.
    Embedded {
        /// All events.
        receiver: broadcast::Receiver<Arc<Envelope>>,
        /// Which of them are wanted.
        filter: String,
    },
    /// Of NATS.
    Nats(Box<nats::Events>),
}

impl Subscription {
    /// The next event.
    ///
    /// # Errors
    /// [`BusError::Missed`] after a gap: the next call goes on behind it. [`BusError::Closed`].
    pub async fn next(&mut self) -> Result<Envelope, BusError> {
        match self {
            Self::Nats(events) => events.next().await,
            Self::Embedded { receiver, filter } => loop {
                match receiver.recv().await {
                    Ok(event) if matches(filter, &event.event_type) => {
                        return Ok((*event).clone());
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(n)) => return Err(BusError::Missed(n)),
                    Err(broadcast::error::RecvError::Closed) => return Err(BusError::Closed),
                }
            },
        }
    }
}

/// The streams: name and subjects. A subject is in one stream only.
pub(crate) const STREAMS: [(&str, &[&str]); 3] = [
    ("TASKS", &["tasks.create", "tasks.dispatch", "tasks.cancel", "tasks.deadletter"]),
    (
        "EVENTS",
        &[
            "ingress.>",
            "egress.>",
            "tasks.run.>",
            "memory.>",
            "router.>",
            "heartbeat.>",
            "tools.>",
            "payments.>",
            "budget.>",
        ],
    ),
    ("AUDIT", &["audit.>"]),
];

/// The stream that has a subject, or all subjects that a filter matches.
fn stream_of(subject: &str) -> Option<&'static str> {
    let has = |subjects: &[&str]| subjects.iter().any(|filter| matches(filter, subject));
    STREAMS.iter().find(|(_, subjects)| has(subjects)).map(|(name, _)| *name)
}

/// Whether a subject matches a filter. A filter `a.>` matches itself, so that filters can be asked
/// about as well.
fn matches(filter: &str, subject: &str) -> bool {
    match filter.strip_suffix('>') {
        Some(prefix) => subject.len() > prefix.len() && subject.starts_with(prefix),
        None => filter == subject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(subject: &str, stream: Option<&str>) {
        assert_eq!(stream_of(subject), stream, "{subject}");
    }

    #[test]
    fn every_subject_has_one_stream() {
        check("tasks.create", Some("TASKS"));
        check("tasks.run.step.started", Some("EVENTS"));
        check("audit.decision", Some("AUDIT"));
        check("audit.>", Some("AUDIT"));
        check("budget.settled", Some("EVENTS"));
        check("audit", None);
        check("audit.", None);
        check("auditor.decision", None);
        check("", None);
    }
}
