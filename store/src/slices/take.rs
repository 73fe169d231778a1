//! How the next slice comes: whoever finds too little asks the database for more, and the one who uses
//! most of a slice asks ahead.

use std::{
    num::NonZeroU32,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use budget::{CapSpec, Hold, Outcome, Refusal, SliceAsk};
use types::{AgentId, HoldId, KeyId, Nanos, Timestamp};

use super::{
    AHEAD_PERIOD, Asked, Slices,
    part::Part,
    slot::{Slot, Wanted},
};
use crate::{
    denied, fault,
    writer::{Ask, Failure},
};

/// How long a slice is used before the next one is taken: so long a change of a cap made elsewhere may
/// take to be heard here.
const LIFE: Duration = Duration::from_secs(5);
/// After a refusal none is taken ahead for so long.
const AHEAD_REFUSED: Duration = Duration::from_secs(1);
/// How often a refused slice is asked for again once this process has given its others back.
const TRIES: u32 = 3;

impl Slices {
    /// Takes money out of a path's slice.
    pub(super) fn carve(&self, slot: &Slot, amount: Nanos) -> Option<Arc<Part>> {
        let part = slot.part().clone()?;
        match part.fund.carve(amount) {
            Ok(()) => {
                part.use_of(amount);
                Some(part)
            }
            Err(short) => {
                if short.last {
                    self.close(part.id);
                }
                None
            }
        }
    }

    /// Waits for a slice that has enough: one caller of a path asks, the others hear what it hears.
    pub(super) async fn fill(&self, slot: &Arc<Slot>, asked: &Asked) -> Result<Arc<Part>, Failure> {
        let amount = asked.ask.amount;
        let before = slot.asks.load(Ordering::Acquire);
        let _wanted = Wanted::new(slot, amount);
        let _turn = slot.filling.lock().await;
        if let Some(part) = self.carve(slot, amount) {
            return Ok(part);
        }
        if let Some(refusal) = slot.refused_since(before, amount, asked.least) {
            return Err(Failure::Refused(refusal));
        }
        if let Some(refusal) = denied::early(&self.inner, &asked.ask.path, asked.least).await {
            let number = slot.asks.fetch_add(1, Ordering::AcqRel) + 1;
            slot.refuse(number, (amount, asked.least), refusal.clone());
            return Err(Failure::Refused(refusal));
        }
        self.take(slot, &asked.ask.path, amount, (asked.agent, asked.key), true).await
    }

    /// Takes a new slice and carves the first hold out of it before anybody else can. `needed`: a caller
    /// waits for it, so that this process gives back its other slices where they are in the way.
    async fn take(
        &self,
        slot: &Slot,
        path: &[CapSpec],
        least: Nanos,
        (agent, key): (AgentId, Option<KeyId>),
        needed: bool,
    ) -> Result<Arc<Part>, Failure> {
        let number = slot.asks.fetch_add(1, Ordering::AcqRel) + 1;
        let mut tries = 0;
        loop {
            let ask = Ask::Slice {
                ask: Box::new(SliceAsk {
                    slice: HoldId::generate(),
                    tenant: slot.tenant,
                    path: path.to_vec(),
                    least,
                    want: slot.want(least),
                    // The writer knows how many share, and sets the lease on the database's clock.
                    share: NonZeroU32::MIN,
                    lease_until: Timestamp(0),
                    owner: self.inner.options.owner.clone(),
                    fence: self.inner.fence,
                }),
                agent,
                key,
                // The next one is behind what this process gives back.
                urgent: needed && tries == 0,
            };
            tries += 1;
            fault::point("slice.before");
            match self.writer.ask(ask, None).await {
                Ok(Some(Outcome::Sliced(slice))) => {
                    fault::point("slice.taken");
                    let part = Arc::new(Part::new(slice.id, slice.amount));
                    // A new fund of at least that much has it.
                    if part.fund.carve(least).is_err() {
                        self.retire(&part);
                        return Err(Failure::Unavailable);
                    }
                    part.use_of(least);
                    let old = slot.part().replace(Arc::clone(&part));
                    if let Some(old) = old {
                        self.retire(&old);
                    }
                    return Ok(part);
                }
                Ok(_) => return Err(Failure::Unavailable),
                Err(Failure::Refused(refusal))
                    if needed && tries < TRIES && self.frees(&refusal, tries) =>
                {
                    // What this process holds on that account goes back before the next ask: at once,
                    // or behind the calls that are being journaled at this moment. What it gave back
                    // before may be in the queue that the first ask went past.
                    tokio::task::yield_now().await;
                }
                Err(Failure::Refused(refusal)) => {
                    slot.refuse(number, (least, Nanos::ZERO), refusal.clone());
                    return Err(Failure::Refused(refusal));
                }
                Err(Failure::Unavailable) => return Err(Failure::Unavailable),
            }
        }
    }

    /// Gives back what this process has in slices of the account that refused. Whether it is worth asking again: also
    /// where nothing is left to a call, what it has of another account's is no use to anybody.
    fn frees(&self, refusal: &Refusal, tries: u32) -> bool {
        match refusal {
            Refusal::Held { key, .. } => {
                self.retire_where(|slot, _| slot.path.contains(key)) || tries == 1
            }
            Refusal::Exhausted { key, .. } => self.retire_where(|slot, _| slot.path.contains(key)),
            _ => false,
        }
    }

    /// Takes the next slice before this one is used up or old, so that nobody waits for it.
    pub(super) fn ahead(
        self: &Arc<Self>,
        slot: &Arc<Slot>,
        part: &Part,
        path: Vec<CapSpec>,
        hold: &Hold,
        asker: (AgentId, Option<KeyId>),
    ) {
        let age = part.born.elapsed();
        // Where money is scarce a slice is one hold, and the next one is asked for when it is needed.
        let scarce = part.taken.0 < hold.amount.0.saturating_mul(4);
        let low = !scarce && part.fund.free().0 < part.taken.0 / 4;
        let old = age > LIFE;
        let due = old || (low && age > AHEAD_PERIOD);
        if !due || !slot.may_go_ahead() || slot.ahead.swap(true, Ordering::AcqRel) {
            return;
        }
        let (slices, slot, least, id) = (Arc::clone(self), Arc::clone(slot), hold.amount, part.id);
        tokio::spawn(async move {
            let turn = slot.filling.lock().await;
            // Somebody who had to wait may have taken the next one.
            if slot.part().as_ref().is_some_and(|part| part.id == id) {
                match slices.take(&slot, &path, least, asker, false).await {
                    Ok(part) => {
                        part.fund.give(least);
                        slices.landed(&part);
                        slot.go_ahead_after(AHEAD_PERIOD);
                    }
                    // A cap that was lowered elsewhere: what is left of the old one is not used up.
                    Err(Failure::Refused(_)) if old => {
                        slot.go_ahead_after(AHEAD_REFUSED);
                        let old = slot.part().take_if(|part| part.id == id);
                        old.iter().for_each(|part| slices.retire(part));
                    }
                    Err(_) => slot.go_ahead_after(AHEAD_REFUSED),
                }
            }
            drop(turn);
            slot.ahead.store(false, Ordering::Release);
        });
    }
}
