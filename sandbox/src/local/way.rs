//! The ways out of sandboxes, with whose turn it is: the record of a sandbox says what its way out
//! leads to, so both are read and changed by one at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{Name, Proxy};

/// The ways out that are open in this process.
#[derive(Default)]
pub(super) struct Ways(Mutex<BTreeMap<Name, Way>>);

type Way = Arc<Mutex<Option<Proxy>>>;

impl Ways {
    /// Does something with a sandbox's way out and record, which nobody else in this process does
    /// meanwhile.
    pub(super) fn alone<T>(&self, name: &Name, act: impl FnOnce(&mut Option<Proxy>) -> T) -> T {
        let way = Arc::clone(lock(&self.0).entry(name.clone()).or_default());
        let done = act(&mut lock(&way));
        let mut ways = lock(&self.0);
        // The map has one and we have one: nobody waits for it, and nobody can begin to.
        if Arc::strong_count(&way) == 2 && lock(&way).is_none() {
            ways.remove(name);
        }
        done
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_nothing_stays_of_a_way_that_is_closed() {
        let (ways, name) = (Ways::default(), "box".parse::<Name>().unwrap());
        let within = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        ways.alone(&name, |way| {
                            assert!(way.is_none());
                            // Held by nobody else: no one is within but us.
                            *within.try_lock().unwrap() += 1;
                        });
                    }
                });
            }
        });
        assert_eq!(*lock(&within), 1600);
        assert!(lock(&ways.0).is_empty());
    }
}
