//! How a service waits: it looks when something changed, and every now and then.

use std::time::Duration;

use store::work::Work;
use tokio_util::sync::CancellationToken;

use crate::{Error, Parts};

/// The wait after a failure, doubled each time up to the most.
const BACKOFF: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Calls `look` whenever work changed, until the end. Where it says that there is more, at once again.
pub(crate) async fn watch(
    parts: &Parts,
    name: &'static str,
    end: &CancellationToken,
    look: impl AsyncFn(&Work) -> Result<bool, Error>,
) {
    let work = parts.store.work();
    let mut backoff = BACKOFF;
    loop {
        // Before the look, so that nothing between the two is missed.
        let changed = work.changed();
        let wait = match look(&work).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => parts.options.look,
            Err(error) => {
                tracing::warn!(%error, service = name, "looks again in a moment");
                backoff = (backoff * 2).min(BACKOFF_MAX);
                tokio::select! {
                    () = end.cancelled() => return,
                    () = tokio::time::sleep(backoff) => continue,
                }
            }
        };
        backoff = BACKOFF;
        tokio::select! {
            biased;
            () = end.cancelled() => return,
            () = changed, if !wait.is_zero() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}
