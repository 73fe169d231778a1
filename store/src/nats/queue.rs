//! Work and whispers on NATS.

use std::time::Duration;

use async_nats::{
    Subscriber,
    jetstream::{
        AckKind, Message,
        consumer::{AckPolicy, Consumer, pull},
    },
};
use futures::StreamExt as _;
use types::Envelope;

use super::Nats;
use crate::BusError;

/// How long one request for work waits at the server.
const LOOK: Duration = Duration::from_secs(10);

/// How much may be out of one subject at once, over all takers.
const OUT_MAX: i64 = 4096;

/// How many messages that only wake are asked for at once.
const DRAIN_MAX: usize = 256;

/// The work of one subject: a durable consumer that all takers share.
pub struct Queue {
    consumer: Consumer<pull::Config>,
}

/// One message that waits for a word.
pub struct Ticket {
    message: Message,
}

/// One who listens.
pub struct Heard {
    subscriber: Subscriber,
}

impl Nats {
    pub(crate) async fn queue(&self, subject: &str, wait: Duration) -> Result<Queue, BusError> {
        const STREAM: &str = "TASKS";
        let failed = |why: String| BusError::Stream { stream: STREAM, why };
        let stream = self.context.get_stream(STREAM).await.map_err(|e| failed(e.to_string()))?;
        let consumer = stream
            .create_consumer(pull::Config {
                durable_name: Some(subject.replace('.', "-")),
                filter_subject: subject.to_owned(),
                ack_policy: AckPolicy::Explicit,
                ack_wait: wait,
                // We count ourselves: what is given up is written down before the server forgets it.
                max_deliver: -1,
                max_ack_pending: OUT_MAX,
                ..pull::Config::default()
            })
            .await
            .map_err(|error| failed(error.to_string()))?;
        Ok(Queue { consumer })
    }

    pub(crate) async fn whisper(&self, subject: &str, words: Vec<u8>) -> Result<(), BusError> {
        let sent = self.client.publish(subject.to_owned(), words.into()).await;
        sent.map_err(|error| unavailable(&error))
    }

    pub(crate) async fn listen(&self, subject: &str) -> Result<Heard, BusError> {
        let subscriber = self.client.subscribe(subject.to_owned()).await;
        let subscriber = subscriber.map_err(|error| unavailable(&error))?;
        // From here on the server knows of it: what is whispered after this call is heard.
        self.client.flush().await.map_err(|error| unavailable(&error))?;
        Ok(Heard { subscriber })
    }
}

impl Queue {
    pub(crate) async fn next(&mut self) -> Result<(Envelope, u32, Ticket), BusError> {
        loop {
            let asked = self.consumer.batch().max_messages(1).expires(LOOK).messages().await;
            let mut asked = asked.map_err(|error| unavailable(&error))?;
            while let Some(message) = asked.next().await {
                let message = message.map_err(|error| unavailable(&error))?;
                let delivered = message.info().map(|info| info.delivered).unwrap_or(1);
                let delivered = u32::try_from(delivered).unwrap_or(u32::MAX);
                match serde_json::from_slice(&message.payload) {
                    Ok(event) => return Ok((event, delivered, Ticket { message })),
                    Err(_) => {
                        // Nobody can ever handle it, and it says not even whose it is.
                        tracing::error!(subject = %message.subject, "not an event of ours; dropped");
                        let dropped = message.double_ack_with(AckKind::Term).await;
                        dropped.map_err(|error| unavailable(&error))?;
                    }
                }
            }
        }
    }
}

impl Queue {
    /// Takes what comes within [`LOOK`] off the stream for good, as it comes: work that SQL has as well.
    pub(crate) async fn drain(&self, each: impl Fn()) -> Result<(), BusError> {
        let asked = self.consumer.batch().max_messages(DRAIN_MAX).expires(LOOK).messages().await;
        let mut asked = asked.map_err(|error| unavailable(&error))?;
        while let Some(message) = asked.next().await {
            let message = message.map_err(|error| unavailable(&error))?;
            // Not waited for: it would come once more.
            message.ack().await.map_err(|error| unavailable(&error))?;
            each();
        }
        Ok(())
    }
}

impl Ticket {
    pub(crate) async fn done(&self) -> Result<(), BusError> {
        self.message.double_ack().await.map_err(|error| unavailable(&error))
    }

    pub(crate) async fn go_on(&self) -> Result<(), BusError> {
        let told = self.message.ack_with(AckKind::Progress).await;
        told.map_err(|error| unavailable(&error))
    }

    pub(crate) async fn later(&self, wait: Duration) -> Result<(), BusError> {
        let told = self.message.double_ack_with(AckKind::Nak(Some(wait))).await;
        told.map_err(|error| unavailable(&error))
    }
}

impl Heard {
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, BusError> {
        let message = self.subscriber.next().await.ok_or(BusError::Closed)?;
        Ok(message.payload.to_vec())
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> BusError {
    BusError::Unavailable(error.to_string())
}
