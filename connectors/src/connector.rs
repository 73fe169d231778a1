//! What every connector can do: bring messages in, carry answers out, and look up what it carried.

use std::time::Duration;

use async_trait::async_trait;
use types::{Payload, Trace};

/// A service on which people write to agents.
///
/// Its two halves need nothing of each other: [`crate::take`] drives the way in and [`crate::deliver`] the
/// way out.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Its name in sessions, subjects and records, such as `webchat`.
    fn name(&self) -> &'static str;

    /// The next messages behind the last acknowledged one, in the service's order; waits where there are
    /// none. Called again before [`Connector::acknowledge`], it may give the same ones.
    ///
    /// # Errors
    /// [`Trouble`].
    async fn receive(&self) -> Result<Received, Trouble>;

    /// Tells the service, or the cursor that stands for it, that everything up to here is kept. It is called
    /// only once every message of that [`Received`] is in the inbox.
    ///
    /// # Errors
    /// [`Trouble`]: then the same messages may come again, and are found to be known.
    async fn acknowledge(&self, cursor: &str) -> Result<(), Trouble>;

    /// Sends a message once. The nonce goes with it wherever the service takes one, so that it can be found.
    ///
    /// # Errors
    /// [`Trouble`].
    async fn send(&self, message: &Outgoing) -> Result<Receipt, Trouble>;

    /// What became of a message that may have been sent: looked up by its nonce, or by what it says.
    ///
    /// # Errors
    /// [`Trouble`].
    async fn find(&self, message: &Outgoing) -> Result<Option<Receipt>, Trouble>;
}

/// Messages as a service gave them, and where it goes on behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// In their order.
    pub messages: Vec<Incoming>,
    /// What [`Connector::acknowledge`] is told.
    pub cursor: String,
}

/// One message from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The service's name of the conversation.
    pub conversation: String,
    /// The service's id of the message: the same at every delivery.
    pub id: String,
    /// Who wrote, as the service says.
    pub sender: Sender,
    /// What was written: `{"text", "attachments"}`.
    pub body: Payload,
    /// The trace that it came in.
    pub trace: Option<Trace>,
}

/// Who wrote, as a service says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The service's own unchangeable id of the account. Names that people give themselves are no identity.
    pub id: String,
    /// Whether the service proves it: a signed webhook or an own connection does, the `From` of a mail does
    /// not.
    pub proven: bool,
}

/// One message to the outside: an effect of the class `readback`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The service's name of the conversation.
    pub conversation: String,
    /// The effect's idempotency key.
    pub nonce: String,
    /// What to say.
    pub text: String,
}

/// What a service says of a message that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The service's id of the message.
    pub id: String,
}

/// Why a service was of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It says to come back later, or is away and surely did nothing.
    #[error("the service cannot be used now; it is tried again")]
    Later(Option<Duration>),
    /// It may have done what it was asked for, or not: the answer is missing.
    #[error("the service did not answer; what it did is looked up")]
    Unknown,
    /// It refuses for good.
    #[error("the service refuses: {0}")]
    Refused(String),
}
