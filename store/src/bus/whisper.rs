//! Whispers: what is worth hearing now or never, such as the pieces of an answer while it is made. Nobody
//! acknowledges them, and whoever does not listen misses them; SQL has the truth.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::broadcast;

use super::{Bus, BusError, embedded::lock, stream_of};
use crate::nats;

/// The most bytes of a whisper.
pub const WHISPER_BYTES_MAX: usize = 256 * 1024;

/// How many whispers of a subject a slow listener may lag behind.
const LAG_MAX: usize = 256;

impl Bus {
    /// Whispers to whoever listens to a subject, such as `deltas.ses_...`. Nothing says whether anybody
    /// does.
    ///
    /// # Errors
    /// [`BusError::Whisper`] where the subject is none or the whisper is too long,
    /// [`BusError::Unavailable`].
    pub async fn whisper(&self, subject: &str, words: Vec<u8>) -> Result<(), BusError> {
        check(subject)?;
        if words.len() > WHISPER_BYTES_MAX {
            return Err(BusError::Whisper("it is longer than 256 KiB"));
        }
        match self {
            Self::Embedded(embedded) => {
                embedded.whispers.say(subject, words);
                Ok(())
            }
            Self::Nats(nats) => nats.whisper(subject, words).await,
        }
    }

    /// What is whispered from now on about exactly this subject.
    ///
    /// # Errors
    /// [`BusError::Whisper`] where the subject is none, [`BusError::Unavailable`].
    pub async fn listen(&self, subject: &str) -> Result<Whispers, BusError> {
        check(subject)?;
        match self {
            Self::Embedded(embedded) => Ok(Whispers(Ear::Local(embedded.whispers.hear(subject)))),
            Self::Nats(nats) => Ok(Whispers(Ear::Nats(Box::new(nats.listen(subject).await?)))),
        }
    }
}

/// Whispers of one subject as they come.
pub struct Whispers(Ear);

enum Ear {
    Local(Heard),
    Nats(Box<nats::Heard>),
}

impl Whispers {
    /// The next whisper.
    ///
    /// # Errors
    /// [`BusError::Missed`] after a gap: the next call goes on behind it. [`BusError::Closed`].
    pub async fn next(&mut self) -> Result<Vec<u8>, BusError> {
        match &mut self.0 {
            Ear::Nats(heard) => heard.next().await,
            Ear::Local(heard) => match heard.receiver.recv().await {
                Ok(words) => Ok(words.to_vec()),
                Err(broadcast::error::RecvError::Lagged(n)) => Err(BusError::Missed(n)),
                Err(broadcast::error::RecvError::Closed) => Err(BusError::Closed),
            },
        }
    }
}

/// A subject without wildcards that no stream keeps.
fn check(subject: &str) -> Result<(), BusError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let token = |token: &str| !token.is_empty() && token.chars().all(plain);
    if subject.len() > 256 || !subject.split('.').all(token) || subject.starts_with("_INBOX") {
        return Err(BusError::Whisper("its subject is none; write for example `deltas.ses_1`"));
    }
    if stream_of(subject).is_some() {
        return Err(BusError::Whisper("a stream keeps its subject; publish an event instead"));
    }
    Ok(())
}

type Channels = Arc<Mutex<HashMap<String, broadcast::Sender<Arc<[u8]>>>>>;

/// Whispers within the process.
#[derive(Clone, Default)]
pub(super) struct Local {
    channels: Channels,
}

/// One who listens.
struct Heard {
    receiver: broadcast::Receiver<Arc<[u8]>>,
    subject: String,
    channels: Channels,
}

impl Local {
    fn say(&self, subject: &str, words: Vec<u8>) {
        if let Some(sender) = lock(&self.channels).get(subject) {
            // An error means that nobody listens any more.
            let _ = sender.send(words.into());
        }
    }

    fn hear(&self, subject: &str) -> Heard {
        let mut channels = lock(&self.channels);
        let sender =
            channels.entry(subject.to_owned()).or_insert_with(|| broadcast::channel(LAG_MAX).0);
        let receiver = sender.subscribe();
        drop(channels);
        Heard { receiver, subject: subject.to_owned(), channels: Arc::clone(&self.channels) }
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        let mut channels = lock(&self.channels);
        // The last one who listens takes the channel away. Under the lock nobody else begins to.
        if channels.get(&self.subject).is_some_and(|sender| sender.receiver_count() <= 1) {
            channels.remove(&self.subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_subjects_of_no_stream_are_whispered_about() {
        assert!(check("deltas.ses_01").is_ok());
        for bad in ["", "deltas.", ".a", "deltas.*", "deltas.>", "a b", "audit.x", "tasks.create"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
