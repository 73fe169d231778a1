//! Which messages of a session its client has withdrawn by its own word.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rmcp::model::RequestId;
use tokio::sync::Notify;

/// The messages of a session that are worked on, each with whether its client has withdrawn it.
#[derive(Default)]
pub(super) struct Withdrawals {
    messages: Mutex<HashMap<RequestId, bool>>,
    told: Notify,
}

/// A message that is worked on, for as long as it is.
pub(super) struct UnderWay<'w> {
    withdrawals: &'w Withdrawals,
    id: RequestId,
}

impl Withdrawals {
    /// Begins to listen for the word about a message.
    pub(super) fn begin(&self, id: &RequestId) -> UnderWay<'_> {
        self.messages().insert(id.clone(), false);
        UnderWay { withdrawals: self, id: id.clone() }
    }

    /// Takes note of a client's word. What nobody works on is not kept.
    pub(super) fn tell(&self, id: &RequestId) {
        if let Some(withdrawn) = self.messages().get_mut(id) {
            *withdrawn = true;
            self.told.notify_waiters();
        }
    }

    fn messages(&self) -> MutexGuard<'_, HashMap<RequestId, bool>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay<'_> {
    /// Waits until the client withdraws the message.
    pub(super) async fn withdrawn(&self) {
        loop {
            let mut told = std::pin::pin!(self.withdrawals.told.notified());
            told.as_mut().enable();
            if self.withdrawals.messages().get(&self.id).copied().unwrap_or_default() {
                return;
            }
            told.await;
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.withdrawals.messages().remove(&self.id);
    }
}
