//! How slices go back: those that nobody uses, all of them when people change budgets, and those that
//! were let lapse.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use budget::AccountKey;
use types::{HoldId, Nanos};

use super::{Slices, part::Part, rows, slot::Slot};
use crate::{store::Inner, writer::Ask};

/// How often that is looked after.
const TICK: Duration = Duration::from_millis(250);

/// Gives idle slices back, all of them when people change budgets, and those that were let lapse.
pub(super) async fn keep(slices: Weak<Slices>, inner: Arc<Inner>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut checked = Instant::now();
    let mut suspects = HashSet::new();
    let mut changed = false;
    loop {
        // Before anything is done, so that no change is missed meanwhile.
        let next = inner.budgets.notified();
        tokio::pin!(next);
        next.as_mut().enable();
        let Some(slices) = slices.upgrade() else { return };
        if changed {
            slices.retire_all();
        } else {
            slices.retire_idle();
        }
        inner.seen.put_free(slices.free());
        if checked.elapsed() >= inner.options.reaper_period {
            checked = Instant::now();
            let looked = match slices.retire_lapsed().await {
                Ok(()) => slices.close_unknown(&mut suspects).await,
                failed => failed,
            };
            if let Err(error) = looked {
                tracing::warn!(%error, "it could not be looked for slices that lapsed");
            }
        }
        drop(slices);
        changed = tokio::select! {
            _ = tick.tick() => false,
            () = next => true,
        };
    }
}

impl Slices {
    /// Gives back every slice, at the end of the process.
    pub(crate) fn retire_all(&self) {
        self.retire_where(|_, _| true);
    }

    /// Gives back what is not used, and forgets paths that have had no slice for a while.
    fn retire_idle(&self) {
        let forgotten = |part: &Part| part.idle() >= self.inner.options.slice_idle;
        self.retire_where(|_, part| forgotten(part));
        self.slots().retain(|_, slot| Arc::strong_count(slot) > 1 || slot.part().is_some());
    }

    /// Gives back slices that were let lapse, because this process was away for longer than its lease.
    async fn retire_lapsed(&self) -> Result<(), crate::Error> {
        let lapsed = rows::of(&self.inner, self.inner.fence, "state = 'lapsed'").await?;
        if self.retire_where(|_, part| lapsed.contains(&part.id)) {
            tracing::warn!("this process was away for longer than its lease; its slices lapsed");
        }
        Ok(())
    }

    /// Closes slices that the database has and memory does not: of the last two looks `suspects` are those
    /// of the first.
    async fn close_unknown(&self, suspects: &mut HashSet<HoldId>) -> Result<(), crate::Error> {
        let open = rows::of(&self.inner, self.inner.fence, "state = 'open'").await?;
        let known: HashSet<HoldId> =
            self.slots().values().filter_map(|slot| slot.part().as_ref().map(|p| p.id)).collect();
        let unknown: HashSet<HoldId> = open.into_iter().filter(|id| !known.contains(id)).collect();
        for slice in suspects.intersection(&unknown) {
            // Its close may only wait behind a long queue: a second one does no harm.
            tracing::debug!(%slice, "a slice that nobody uses is closed");
            self.close(*slice);
        }
        *suspects = unknown;
        Ok(())
    }

    /// Gives back the slices for which a test holds; says whether there was one.
    pub(super) fn retire_where(&self, test: impl Fn(&Slot, &Part) -> bool) -> bool {
        let slots: Vec<Arc<Slot>> = self.slots().values().cloned().collect();
        let mut any = false;
        for slot in slots {
            let retired = slot.part().take_if(|part| test(&slot, part));
            if let Some(part) = retired {
                self.retire(&part);
                any = true;
            }
        }
        any
    }

    pub(super) fn retire(&self, part: &Part) {
        if part.fund.close() {
            self.close(part.id);
        }
    }

    pub(super) fn landed(&self, part: &Part) {
        if part.fund.landed() {
            self.close(part.id);
        }
    }

    /// Queues the close of a slice, behind the last of its holds.
    pub(super) fn close(&self, slice: HoldId) {
        self.writer.tell(Ask::CloseSlice { slice });
    }

    /// What is free in memory on each account: money that the database counts as held.
    fn free(&self) -> HashMap<AccountKey, Nanos> {
        let mut free: HashMap<AccountKey, Nanos> = HashMap::new();
        for slot in self.slots().values() {
            let Some(left) = slot.part().as_ref().map(|part| part.fund.free()) else { continue };
            for key in &slot.path {
                let sum = free.entry(key.clone()).or_default();
                sum.0 = sum.0.saturating_add(left.0);
            }
        }
        free
    }
}
