//! The way in: receive, keep, and only then acknowledge.

use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::connector::{Connector, Incoming, Trouble};

/// Where messages are kept.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps a message; one that is known changes nothing. It is durable when this returns.
    ///
    /// # Errors
    /// [`Stop`].
    async fn keep(&self, connector: &'static str, message: &Incoming) -> Result<(), Stop>;
}

/// Why a message was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The database is away: the same message is tried again, and none behind it before.
    #[error("the inbox cannot be reached; the message is tried again")]
    Later,
    /// It is not wanted: unknown agent, too long, sender not let in. It is passed over for good.
    #[error("the message is not taken: {0}")]
    Refused(String),
}

/// The first wait after a failure; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Takes messages in until `shutdown`. A message behind one that could not be kept waits: order is kept,
/// and nothing is acknowledged that is not in the inbox.
pub async fn take(connector: &dyn Connector, inbox: &dyn Inbox, shutdown: &CancellationToken) {
    let mut pause = PAUSE;
    while !shutdown.is_cancelled() {
        let round = async { once(connector, inbox).await };
        let wait = tokio::select! {
            () = shutdown.cancelled() => return,
            ended = round => match ended {
                Ok(()) => {
                    pause = PAUSE;
                    continue;
                }
                Err(asked) => asked.unwrap_or(pause).min(PAUSE_MAX),
            },
        };
        pause = (pause * 2).min(PAUSE_MAX);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One round. An error is the wait that the service asks for, if it does.
async fn once(connector: &dyn Connector, inbox: &dyn Inbox) -> Result<(), Option<Duration>> {
    let name = connector.name();
    let wait = |trouble: Trouble| {
        tracing::warn!(connector = name, %trouble, "messages wait at their service");
        match trouble {
            Trouble::Later(after) => after,
            Trouble::Unknown | Trouble::Refused(_) => None,
        }
    };
    let received = connector.receive().await.map_err(wait)?;
    for message in &received.messages {
        match inbox.keep(name, message).await {
            Ok(()) => {}
            Err(Stop::Refused(why)) => {
                tracing::warn!(connector = name, why, "a message was passed over");
            }
            Err(Stop::Later) => return Err(None),
        }
    }
    // INVARIANT: every message up to the cursor is in the inbox, or was refused for good.
    connector.acknowledge(&received.cursor).await.map_err(wait)
}
