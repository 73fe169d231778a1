//! What is done every while: leases are renewed, what expired is resolved, what is over is removed.

use std::sync::Arc;

use budget::Outcome;

use super::{Ask, Handle};
use crate::{
    holds::REAP_MAX, owners, raises::Raises, retention, slices::rows::LAPSE_MAX, store::Inner,
};

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
        // One transaction resolves so many and no more: a gateway with thousands of streams may have died.
        while let Ok(true) = reap(&handle).await {}
        if handle.sender.is_closed() {
            return;
        }
        if let Err(error) = (Raises { inner: Arc::clone(&inner) }).end_due().await {
            tracing::warn!(%error, "raises whose time is over could not be ended");
        }
        if let Err(error) = retention::prune(&inner).await {
            tracing::warn!(%error, "what is over could not be removed");
        }
    }
}

/// Resolves expired holds. True where there may be more.
async fn reap(handle: &Handle) -> Result<bool, ()> {
    match handle.ask(Ask::Reap, None).await {
        Ok(Some(Outcome::Reaped { released, settled, lapsed })) => {
            let (released, settled, lapsed) = (released.len(), settled.len(), lapsed.len());
            if released + settled + lapsed > 0 {
                tracing::warn!(released, settled, lapsed, "expired holds were resolved");
            }
            let is_full =
                |count: usize, max: i64| i64::try_from(count).is_ok_and(|count| count >= max);
            Ok(is_full(released + settled, REAP_MAX) || is_full(lapsed, LAPSE_MAX))
        }
        Ok(_) => Ok(false),
        Err(_) => {
            tracing::warn!("expired holds could not be looked for");
            Err(())
        }
    }
}
