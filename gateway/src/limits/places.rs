//! Requests that run at once, by whose they are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use budget::Scope;
use snapshot::Limit;
use store::fleet;

use super::counting::Counting;

type Whose = (Scope, String);

/// All places that are taken here.
pub(super) struct Places {
    running: Mutex<Running>,
    counting: Arc<Counting>,
}

#[derive(Default)]
struct Running {
    /// How many somebody has, and the version of that. None are kept until Redis has heard so: there they
    /// would be taken until their lease is over.
    counts: HashMap<Whose, fleet::Places>,
    /// How often any of them changed.
    version: u64,
}

/// A place, free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    whose: Whose,
    /// How many there were with it.
    pub(super) then: fleet::Places,
}

impl Places {
    pub(super) fn new(counting: Arc<Counting>) -> Self {
        Self { running: Mutex::default(), counting }
    }

    /// A place beside at most `max` with it; `None` where all are taken.
    pub(super) fn take(self: &Arc<Self>, limit: &Limit, max: u32) -> Option<Place> {
        let whose = (limit.scope, limit.scope_id.clone());
        let mut running = self.running();
        let count = running.counts.get(&whose).map_or(0, |known| known.count).saturating_add(1);
        if count > max {
            return None;
        }
        running.version += 1;
        let then = fleet::Places { count, version: running.version };
        running.counts.insert(whose.clone(), then);
        Some(Place { places: Arc::clone(self), whose, then })
    }

    /// How many somebody has now.
    pub(super) fn of(&self, whose: &Whose) -> fleet::Places {
        let running = self.running();
        let count = running.counts.get(whose).map_or(0, |known| known.count);
        fleet::Places { count, version: running.version }
    }

    /// Forgets somebody who has none, once Redis has heard of it and if nothing changed since.
    pub(super) fn forget(&self, whose: &Whose, told: fleet::Places) {
        let mut running = self.running();
        let known = running.counts.get(whose);
        if known.is_some_and(|known| known.count == 0 && known.version <= told.version) {
            running.counts.remove(whose);
        }
    }

    /// Everybody who has one, or had.
    pub(super) fn all(&self) -> Vec<Whose> {
        self.running().counts.keys().cloned().collect()
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut running = self.places.running();
            running.version += 1;
            let version = running.version;
            if let Some(known) = running.counts.get_mut(&self.whose) {
                *known = fleet::Places { count: known.count.saturating_sub(1), version };
                if known.count == 0 && !self.places.counting.may_share() {
                    running.counts.remove(&self.whose);
                }
            }
        }
        self.places.counting.place_is_free(&self.whose);
    }
}
