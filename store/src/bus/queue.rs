//! Work of the bus: each event goes to one taker, and again to another one until somebody says that it is
//! done.

use std::time::Duration;

use types::Envelope;

use super::{Bus, BusError, STREAMS, embedded};
use crate::{Error, nats, work::Work};

/// How often and how fast work is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deliveries {
    /// How long a taker may take before somebody else is given the work.
    pub wait: Duration,
    /// How often it is handed out before it is given up: a dead letter keeps it for people.
    pub max: u32,
    /// The wait before a failed one is handed out again, doubled each time.
    pub backoff: Duration,
    /// The most of it.
    pub backoff_max: Duration,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(30),
            max: 5,
            backoff: Duration::from_millis(500),
            backoff_max: Duration::from_secs(60),
        }
    }
}

/// The work of one subject. Any number of queues, in any number of processes, share it.
pub struct Queue {
    source: Source,
    deliveries: Deliveries,
    work: Work,
}

enum Source {
    Embedded(embedded::Line),
    Nats(Box<nats::Queue>),
}

/// One piece of work. Dropped without a word, it is handed out again after [`Deliveries::wait`].
pub struct Job {
    /// What it is about.
    pub event: Envelope,
    /// How often it was handed out, this time included.
    pub delivered: u32,
    ticket: Ticket,
    deliveries: Deliveries,
    work: Work,
}

enum Ticket {
    Embedded(embedded::Line),
    Nats(Box<nats::Ticket>),
}

impl Bus {
    /// The work of a subject of the stream `TASKS`, such as `tasks.dispatch`. What is given up goes to the
    /// dead letters of `work`.
    ///
    /// # Errors
    /// [`BusError::Subject`] where it is none, [`BusError::Unavailable`] or [`BusError::Stream`].
    pub async fn work(
        &self,
        subject: &str,
        deliveries: Deliveries,
        work: Work,
    ) -> Result<Queue, BusError> {
        let [(_, tasks), ..] = STREAMS;
        let known = tasks.iter().find(|known| **known == subject);
        let subject = known.ok_or_else(|| BusError::NoQueue(subject.to_owned()))?;
        let source = match self {
            Self::Embedded(embedded) => Source::Embedded(embedded.line(subject)),
            Self::Nats(nats) => Source::Nats(Box::new(nats.queue(subject, deliveries.wait).await?)),
        };
        Ok(Queue { source, deliveries, work })
    }
}

impl Queue {
    /// The next piece of work, once there is one. What was handed out too often is given up on the way.
    /// Where the call is dropped, what was on its way comes again after [`Deliveries::wait`].
    ///
    /// # Errors
    /// [`BusError::Unavailable`] or [`BusError::Closed`]; [`BusError::Letter`] where a dead letter could not
    /// be written: it comes again.
    pub async fn next(&mut self) -> Result<Job, BusError> {
        loop {
            let (event, delivered, ticket) = match &mut self.source {
                Source::Embedded(line) => {
                    let (event, delivered) = line.next(self.deliveries.wait).await;
                    (event, delivered, Ticket::Embedded(line.clone()))
                }
                Source::Nats(queue) => {
                    let (event, delivered, ticket) = queue.next().await?;
                    (event, delivered, Ticket::Nats(Box::new(ticket)))
                }
            };
            let (deliveries, work) = (self.deliveries, self.work.clone());
            let job = Job { event, delivered, ticket, deliveries, work };
            if job.delivered <= self.deliveries.max {
                return Ok(job);
            }
            job.bury("whoever took it ended before it was done").await?;
        }
    }
}

impl Job {
    /// Says that it is done, and waits until the bus knows: it is not handed out again.
    ///
    /// # Errors
    /// [`BusError::Unavailable`]: it may be handed out again.
    pub async fn done(self) -> Result<(), BusError> {
        self.ticket.done(&self.event).await
    }

    /// Says that it is still being worked on: the time that it may take begins anew.
    ///
    /// # Errors
    /// [`BusError::Unavailable`].
    pub async fn go_on(&self) -> Result<(), BusError> {
        match &self.ticket {
            Ticket::Embedded(line) => line.go_on(self.event.event_id, self.deliveries.wait),
            Ticket::Nats(ticket) => ticket.go_on().await?,
        }
        Ok(())
    }

    /// Says that it failed: it is handed out again later and later, and given up in the end.
    ///
    /// # Errors
    /// As [`Queue::next`].
    pub async fn failed(self, reason: &str) -> Result<(), BusError> {
        if self.delivered >= self.deliveries.max {
            return self.bury(reason).await;
        }
        let doublings = self.delivered.saturating_sub(1).min(30);
        let Deliveries { backoff, backoff_max, .. } = self.deliveries;
        self.later(backoff.saturating_mul(1 << doublings).min(backoff_max)).await
    }

    /// Has it handed out again after a wait.
    ///
    /// # Errors
    /// [`BusError::Unavailable`].
    pub async fn later(self, wait: Duration) -> Result<(), BusError> {
        match &self.ticket {
            Ticket::Embedded(line) => line.later(self.event.event_id, wait),
            Ticket::Nats(ticket) => ticket.later(wait).await?,
        }
        Ok(())
    }

    /// Gives it up: the dead letter is written before the bus forgets it.
    async fn bury(self, reason: &str) -> Result<(), BusError> {
        let buried = self.work.bury_event(&self.event, reason, self.delivered).await;
        buried.map_err(|error| match error {
            crate::work::Error::Store(error) => BusError::Letter(Box::new(error)),
            other => BusError::Letter(Box::new(Error::corrupt("dead_letters", other))),
        })?;
        crate::fault::point("bus.buried");
        self.ticket.done(&self.event).await
    }
}

impl Ticket {
    async fn done(&self, event: &Envelope) -> Result<(), BusError> {
        match self {
            Self::Embedded(line) => line.done(event.event_id),
            Self::Nats(ticket) => ticket.done().await?,
        }
        Ok(())
    }
}
