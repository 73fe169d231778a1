//! Which messages of a session its client has withdrawn by its own word.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use rmcp::model::RequestId;
use tokio::sync::Notify;

/// The newest withdrawals that a session knows: each is asked for within a second.
const KEPT: usize = 64;

/// What a session's client has withdrawn lately.
#[derive(Default)]
pub(super) struct Withdrawals {
    ids: Mutex<VecDeque<RequestId>>,
    told: Notify,
}

impl Withdrawals {
    /// Takes note of a client's word.
    pub(super) fn tell(&self, id: RequestId) {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= KEPT {
            ids.pop_front();
        }
        ids.push_back(id);
        drop(ids);
        self.told.notify_waiters();
    }

    /// Waits until a message is withdrawn.
    pub(super) async fn heard(&self, id: &RequestId) {
        loop {
            let told = self.told.notified();
            let mut told = std::pin::pin!(told);
            told.as_mut().enable();
            if self.take(id) {
                return;
            }
            told.await;
        }
    }

    fn take(&self, id: &RequestId) -> bool {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let at = ids.iter().position(|known| known == id);
        at.and_then(|at| ids.remove(at)).is_some()
    }
}
