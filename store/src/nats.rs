//! The bus on NATS JetStream. Works with servers from 2.9 on.

mod queue;

use std::time::Duration;

use async_nats::{
    Client, ConnectOptions,
    connection::State,
    jetstream::{
        self, Context,
        consumer::{DeliverPolicy, pull},
        message::PublishMessage,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use futures::StreamExt as _;
use types::Envelope;

pub use self::queue::{Heard, Queue, Ticket};
use crate::{
    BusError,
    bus::{EVENT_BYTES_MAX, STREAMS},
};

/// How long the server may take to acknowledge.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the server remembers ids of messages to tell duplicates apart.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most bytes that a stream keeps. SQL has the truth, so old messages may go early.
const STREAM_BYTES_MAX: i64 = 1024 * 1024 * 1024;

/// A connection to NATS.
pub struct Nats {
    client: Client,
    context: Context,
}

/// Events of a subscription.
pub struct Events {
    messages: pull::Ordered,
}

impl Nats {
    pub(crate) async fn connect(url: &str) -> Result<Self, BusError> {
        let client = ConnectOptions::new()
            .name("orchestack")
            .connection_timeout(ACK_TIMEOUT)
            .request_timeout(Some(ACK_TIMEOUT))
            .connect(url)
            .await
            .map_err(|error| BusError::Unavailable(error.to_string()))?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(ACK_TIMEOUT);
        for (name, subjects) in STREAMS {
            let config = stream(name, subjects);
            context
                .get_or_create_stream(config)
                .await
                .map_err(|error| BusError::Stream { stream: name, why: error.to_string() })?;
        }
        Ok(Self { client, context })
    }

    pub(crate) async fn publish(&self, event: &Envelope) -> Result<(), BusError> {
        let unavailable = |error: &dyn std::fmt::Display| BusError::Unavailable(error.to_string());
        let body = serde_json::to_vec(event)
            .map_err(|_| BusError::Event { id: event.event_id, why: "it is not JSON" })?;
        if body.len() > EVENT_BYTES_MAX {
            return Err(BusError::Event { id: event.event_id, why: "it is larger than 1 MiB" });
        }
        let id = event.event_id.to_string();
        let mut message = PublishMessage::build().payload(body.into()).message_id(&id);
        if let Some(trace) = &event.trace {
            // https://www.w3.org/TR/trace-context/#traceparent-header
            let parent = format!("00-{}-{}-01", trace.trace_id, trace.span_id);
            message = message.header("traceparent", parent.as_str());
        }
        let sent = self.context.send_publish(event.event_type.clone(), message).await;
        let ack = sent.map_err(|error| unavailable(&error))?;
        ack.await.map_err(|error| unavailable(&error))?;
        Ok(())
    }

    pub(crate) async fn subscribe(
        &self,
        stream: &'static str,
        filter: &str,
    ) -> Result<Events, BusError> {
        let failed = |why: String| BusError::Stream { stream, why };
        let stream = self.context.get_stream(stream).await.map_err(|e| failed(e.to_string()))?;
        let consumer = stream
            .create_consumer(pull::OrderedConfig {
                filter_subject: filter.to_owned(),
                deliver_policy: DeliverPolicy::New,
                ..pull::OrderedConfig::default()
            })
            .await
            .map_err(|error| failed(error.to_string()))?;
        let messages = consumer.messages().await.map_err(|error| failed(error.to_string()))?;
        Ok(Events { messages })
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}

impl Events {
    pub(crate) async fn next(&mut self) -> Result<Envelope, BusError> {
        loop {
            let message = self.messages.next().await.ok_or(BusError::Closed)?;
            let message = message.map_err(|error| BusError::Unavailable(error.to_string()))?;
            match serde_json::from_slice(&message.payload) {
                Ok(event) => return Ok(event),
                // Somebody else publishes on our subjects, or a newer version does.
                Err(_) => tracing::warn!(subject = %message.subject, "not an event of ours"),
            }
        }
    }
}

/// The settings of a stream, as `interfaces.md` promises them.
fn stream(name: &str, subjects: &[&str]) -> Config {
    let (retention, max_age, discard) = match name {
        // Work that nobody took must not be pushed out by newer work.
        "TASKS" => (RetentionPolicy::WorkQueue, 7 * DAY, DiscardPolicy::New),
        "AUDIT" => (RetentionPolicy::Limits, 90 * DAY, DiscardPolicy::Old),
        _ => (RetentionPolicy::Limits, DAY, DiscardPolicy::Old),
    };
    Config {
        name: name.to_owned(),
        subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
        retention,
        max_age,
        discard,
        max_bytes: STREAM_BYTES_MAX,
        storage: StorageType::File,
        duplicate_window: DUPLICATE_WINDOW,
        ..Config::default()
    }
}
