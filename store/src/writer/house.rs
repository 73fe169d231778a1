//! What is done every while: leases are renewed, what expired is resolved, what is over is removed.

use std::sync::Arc;

use budget::Outcome;

use super::{Ask, Handle};
use crate::{owners, raises::Raises, retention, store::Inner};

/// Reaps expired holds and removes what has been over for long, until the store is closed.
pub(super) async fn keep(inner: Arc<Inner>, handle: impl Fn() -> Option<Handle>) {
    let every = inner.options.reaper_period;
    let mut period = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        period.tick().await;
        let Some(handle) = handle() else { return };
        // Everybody vouches for what is alive before anybody looks for what is not: after the database
        // was away for longer than a lease, nothing is reaped for one period.
        let renewed = owners::renew(&inner).await;
        let was_away = std::mem::replace(&mut away, renewed.is_err());
        if let Err(error) = renewed {
            tracing::warn!(%error, "the leases of this process could not be renewed");
        }
        if away || was_away {
            continue;
        }
        match handle.ask(Ask::Reap, None).await {
            Ok(Some(Outcome::Reaped { released, settled, lapsed })) => {
                let (released, settled, lapsed) = (released.len(), settled.len(), lapsed.len());
                if released + settled + lapsed > 0 {
                    tracing::warn!(released, settled, lapsed, "expired holds were resolved");
                }
            }
            Ok(_) => {}
            Err(_) if handle.sender.is_closed() => return,
            Err(_) => tracing::warn!("expired holds could not be looked for"),
        }
        if let Err(error) = (Raises { inner: Arc::clone(&inner) }).end_due().await {
            tracing::warn!(%error, "raises whose time is over could not be ended");
        }
        if let Err(error) = retention::prune(&inner).await {
            tracing::warn!(%error, "what is over could not be removed");
        }
    }
}
