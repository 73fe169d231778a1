//! How a service waits between two looks: until something changed, and not for long.

use std::time::Duration;

use store::{Bell, Wakes};
use tokio_util::sync::CancellationToken;

use crate::{Error, Parts};

/// The wait after a failure, doubled each time up to the most.
const BACKOFF: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// The pauses of one service.
pub(crate) struct Pauses {
    service: &'static str,
    look: Duration,
    backoff: Duration,
    bell: Bell,
    end: CancellationToken,
}

impl Pauses {
    pub(crate) fn of(
        parts: &Parts,
        service: &'static str,
        wakes: Wakes,
        end: CancellationToken,
    ) -> Self {
        let bell = parts.bus.bell(wakes);
        Self { service, look: parts.options.look, backoff: BACKOFF, bell, end }
    }

    /// Waits after a look: not at all where it said that there is more, a while where it failed, else until
    /// `changed`, which was made before the look so that nothing between the two is missed, or until another
    /// process rings. `false` at the end.
    pub(crate) async fn wait(
        &mut self,
        changed: impl Future<Output = ()>,
        looked: Result<bool, Error>,
    ) -> bool {
        let wait = match looked {
            Ok(true) => return !self.end.is_cancelled(),
            Ok(false) => {
                self.backoff = BACKOFF;
                self.look
            }
            Err(error) => {
                tracing::warn!(%error, service = self.service, "looks again in a moment");
                self.backoff = (self.backoff * 2).min(BACKOFF_MAX);
                tokio::select! {
                    () = self.end.cancelled() => return false,
                    () = tokio::time::sleep(self.backoff) => return true,
                }
            }
        };
        tokio::select! {
            biased;
            () = self.end.cancelled() => false,
            () = changed => true,
            () = self.bell.rung() => true,
            () = tokio::time::sleep(wait) => true,
        }
    }
}
