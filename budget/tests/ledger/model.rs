//! The reference: holds with their rows, summed anew whenever a sum is asked for. Of a slice it
//! keeps what was taken; what is left is that less what its holds reserve and were charged.

use std::collections::BTreeMap;

use budget::{
    AccountKey, Backing, CapSpec, HoldAsk, HoldState, LedgerKind, Op, Share, SliceAsk, SliceState,
};
use types::{HoldId, Timestamp};

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub targets: BTreeMap<AccountKey, (Option<i64>, bool)>,
    pub holds: BTreeMap<HoldId, ModelHold>,
    pub slices: BTreeMap<HoldId, ModelSlice>,
}

#[derive(Debug, Clone)]
pub struct ModelSlice {
    pub path: Vec<AccountKey>,
    pub taken: i64,
    pub state: SliceState,
    pub fence: u64,
    lease: Timestamp,
    /// Kind and amount.
    pub rows: Vec<(LedgerKind, i64)>,
}

#[derive(Debug, Clone)]
pub struct ModelHold {
    pub path: Vec<AccountKey>,
    pub slice: Option<HoldId>,
    pub amount: i64,
    pub state: HoldState,
    pub fence: u64,
    lease: Timestamp,
    tokens: u64,
    if_lost: i64,
    /// Kind, amount and overrun.
    pub rows: Vec<(LedgerKind, i64, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    pub settled: i64,
    pub held: i64,
    pub overrun: i64,
}

impl ModelHold {
    pub fn is_open(&self) -> bool {
        matches!(self.state, HoldState::Held | HoldState::Dispatched)
    }

    /// What it was charged, apart from what only changed between it and a lapsed slice.
    pub fn paid(&self) -> i64 {
        self.charges().iter().map(|(_, amount, _)| amount).sum()
    }

    pub fn overrun(&self) -> i64 {
        self.rows.iter().map(|(_, _, overrun)| overrun).sum()
    }

    /// What it took of its slice: an export's share is the accounts'.
    fn drawn(&self) -> i64 {
        let of_slice = |kind: &LedgerKind| *kind != LedgerKind::Reconciled;
        self.charges().iter().filter(|(kind, ..)| of_slice(kind)).map(|(_, paid, _)| paid).sum()
    }

    pub fn charges(&self) -> Vec<(LedgerKind, i64, i64)> {
        let apart = |kind: LedgerKind| matches!(kind, LedgerKind::Moved | LedgerKind::Kept);
        self.rows.iter().filter(|(kind, ..)| !apart(*kind)).copied().collect()
    }
}

impl Model {
    pub fn sums(&self, key: &AccountKey) -> Sums {
        let mut sums = Sums { settled: 0, held: 0, overrun: 0 };
        for hold in self.holds.values().filter(|hold| hold.path.contains(key)) {
            sums.held += if hold.is_open() { hold.amount } else { 0 };
            sums.settled += hold.paid();
            sums.overrun += hold.overrun();
        }
        for (id, slice) in self.slices.iter().filter(|(_, slice)| slice.path.contains(key)) {
            match slice.state {
                SliceState::Open => sums.held += self.left(*id),
                SliceState::Lapsed => sums.settled += self.left(*id),
                SliceState::Closed => {}
            }
        }
        sums
    }

    /// What is left of a slice.
    pub fn left(&self, id: HoldId) -> i64 {
        let Some(slice) = self.slices.get(&id) else { return 0 };
        if slice.state == SliceState::Closed {
            return 0;
        }
        let of = self.holds.values().filter(|hold| hold.slice == Some(id));
        let gone = of.map(|hold| if hold.is_open() { hold.amount } else { hold.drawn() });
        slice.taken - gone.sum::<i64>()
    }

    /// Where the slice of a hold is in its life.
    fn slice_state(&self, id: HoldId) -> Option<SliceState> {
        let slice = self.holds.get(&id)?.slice?;
        self.slices.get(&slice).map(|slice| slice.state)
    }

    /// What a hold frees of a lapsed slice stays charged.
    fn keep(&mut self, id: HoldId, freed: i64) {
        let lapsed = self.slice_state(id) == Some(SliceState::Lapsed);
        if let Some(hold) = self.holds.get_mut(&id).filter(|_| lapsed && freed > 0) {
            hold.rows.push((LedgerKind::Kept, freed, 0));
        }
    }

    /// What should happen; an error is the name of the refusal.
    pub fn apply(&mut self, op: &Op, now: Timestamp) -> Result<(), &'static str> {
        match op {
            Op::Hold(ask) => self.hold(ask),
            Op::Dispatch { hold, fence, lease_until } => {
                let hold = self.find(*hold, *fence)?;
                match hold.state {
                    HoldState::Released => return Err("bad step"),
                    HoldState::Settled => return Ok(()),
                    HoldState::Held | HoldState::Dispatched => {}
                }
                hold.state = HoldState::Dispatched;
                hold.lease = hold.lease.max(lease_until.unwrap_or(hold.lease));
                Ok(())
            }
            Op::Progress { hold, fence, output_tokens, if_lost, lease_until } => {
                let hold = self.find(*hold, *fence)?;
                match hold.state {
                    HoldState::Released | HoldState::Held => return Err("bad step"),
                    HoldState::Settled => return Ok(()),
                    HoldState::Dispatched => {}
                }
                let lost = if_lost.map_or(hold.amount, |lost| lost.0.min(hold.amount));
                (hold.tokens, hold.if_lost) =
                    (hold.tokens, hold.if_lost).max((*output_tokens, lost));
                hold.lease = hold.lease.max(lease_until.unwrap_or(hold.lease));
                Ok(())
            }
            Op::Release { hold, fence } => self.release(*hold, *fence),
            Op::Settle { hold, fence, actual, .. } => self.settle(*hold, *fence, actual.0),
            Op::Take { hold, fence, lease_until, .. } => {
                let hold = self.holds.get_mut(hold).ok_or("unknown hold")?;
                if *fence < hold.fence {
                    return Err("fence");
                }
                if hold.is_open() {
                    hold.fence = *fence;
                    hold.lease = hold.lease.max(*lease_until);
                }
                Ok(())
            }
            Op::Reap => {
                self.reap(now);
                Ok(())
            }
            Op::Slice(ask) => self.slice(ask),
            Op::CloseSlice { slice, fence } => {
                let left = self.left(*slice);
                let slice = self.slices.get_mut(slice).ok_or("unknown slice")?;
                if slice.fence != *fence {
                    return Err("fence");
                }
                if slice.state == SliceState::Lapsed && left > 0 {
                    slice.rows.push((LedgerKind::Correction, -left));
                }
                slice.state = SliceState::Closed;
                Ok(())
            }
            Op::Reconcile { shares, .. } => {
                let fits = |share: &Share| self.takes(share.hold, share.charged.0, share.by.0);
                if shares.iter().all(fits) {
                    shares.iter().for_each(|share| self.reconcile(share.hold, share.by.0));
                }
                Ok(())
            }
            Op::SetTarget(CapSpec { key, target, hard, .. }) => {
                self.targets.insert(key.clone(), (target.map(|target| target.0), *hard));
                Ok(())
            }
        }
    }

    fn find(&mut self, id: HoldId, fence: u64) -> Result<&mut ModelHold, &'static str> {
        let hold = self.holds.get_mut(&id).ok_or("unknown hold")?;
        if hold.fence == fence { Ok(hold) } else { Err("fence") }
    }

    fn release(&mut self, id: HoldId, fence: u64) -> Result<(), &'static str> {
        let hold = self.find(id, fence)?;
        if matches!(hold.state, HoldState::Dispatched | HoldState::Settled) {
            return Err("bad step");
        }
        let freed = if hold.is_open() { hold.amount } else { 0 };
        hold.state = HoldState::Released;
        self.keep(id, freed);
        Ok(())
    }

    fn reap(&mut self, now: Timestamp) {
        let late = |hold: &ModelHold| hold.is_open() && hold.lease <= now;
        let late: Vec<HoldId> =
            self.holds.iter().filter(|(_, hold)| late(hold)).map(|(id, _)| *id).collect();
        for id in late {
            let whole = self.slice_state(id).is_some_and(|state| state != SliceState::Closed);
            let Some(hold) = self.holds.get_mut(&id) else { continue };
            if hold.state == HoldState::Held {
                hold.state = HoldState::Released;
                let freed = hold.amount;
                self.keep(id, freed);
            } else {
                hold.state = HoldState::Settled;
                let lost = if whole { hold.amount } else { hold.if_lost };
                hold.rows.push((LedgerKind::Provisional, lost, 0));
            }
        }
        let ids: Vec<HoldId> = self.slices.keys().copied().collect();
        for id in ids {
            let left = self.left(id);
            let Some(slice) = self.slices.get_mut(&id) else { continue };
            if slice.state == SliceState::Open && slice.lease <= now && left > 0 {
                slice.state = SliceState::Lapsed;
                slice.rows.push((LedgerKind::Provisional, left));
            }
        }
    }

    /// Whether every account of a path has room.
    fn verdict(&self, path: &[CapSpec], amount: i64) -> Result<(), &'static str> {
        let mut verdict = Ok(());
        for (target, sums) in self.limits(path).filter(|_| amount > 0) {
            let free = target - sums.settled - sums.overrun;
            if amount > free {
                verdict = Err("exhausted");
            } else if amount > free - sums.held && verdict.is_ok() {
                verdict = Err("held");
            }
        }
        verdict
    }

    /// The hard targets on a path, and what is used of each.
    fn limits(&self, path: &[CapSpec]) -> impl Iterator<Item = (i64, Sums)> {
        path.iter().filter_map(move |spec| {
            let default = (spec.target.map(|target| target.0), spec.hard);
            let (target, hard) = *self.targets.get(&spec.key).unwrap_or(&default);
            Some((target.filter(|_| hard)?, self.sums(&spec.key)))
        })
    }

    fn know(&mut self, path: &[CapSpec]) -> Vec<AccountKey> {
        for spec in path {
            let default = (spec.target.map(|target| target.0), spec.hard);
            self.targets.entry(spec.key.clone()).or_insert(default);
        }
        path.iter().map(|spec| spec.key.clone()).collect()
    }

    fn slice(&mut self, ask: &SliceAsk) -> Result<(), &'static str> {
        if self.slices.contains_key(&ask.slice) {
            return Ok(());
        }
        self.verdict(&ask.path, ask.least.0)?;
        let room =
            |(target, sums): (i64, Sums)| (target - sums.settled - sums.overrun - sums.held).max(0);
        let taken = match self.limits(&ask.path).map(room).min() {
            Some(room) => ask.want.0.min(room / i64::from(ask.share.get())),
            None => ask.want.0,
        };
        let slice = ModelSlice {
            path: self.know(&ask.path),
            taken: taken.max(ask.least.0),
            state: SliceState::Open,
            fence: ask.fence,
            lease: ask.lease_until,
            rows: Vec::new(),
        };
        self.slices.insert(ask.slice, slice);
        Ok(())
    }

    fn hold(&mut self, ask: &HoldAsk) -> Result<(), &'static str> {
        if self.holds.contains_key(&ask.hold) {
            return Ok(());
        }
        let amount = ask.amount.0;
        let mut rows = Vec::new();
        let (slice, path) = match ask.backing {
            Backing::Room => {
                self.verdict(&ask.path, amount)?;
                (None, self.know(&ask.path))
            }
            Backing::Debt => (None, self.know(&ask.path)),
            Backing::Slice(id) => {
                let left = self.left(id);
                let slice = self.slices.get(&id).ok_or("unknown slice")?;
                if slice.fence != ask.fence {
                    return Err("fence");
                }
                if slice.state == SliceState::Closed || amount > left {
                    return Err("short");
                }
                if slice.state == SliceState::Lapsed && amount > 0 {
                    rows.push((LedgerKind::Moved, -amount, 0));
                }
                (Some(id), slice.path.clone())
            }
        };
        let hold = ModelHold {
            path,
            slice,
            amount,
            state: HoldState::Held,
            fence: ask.fence,
            lease: ask.lease_until,
            tokens: 0,
            if_lost: amount,
            rows,
        };
        self.holds.insert(ask.hold, hold);
        Ok(())
    }

    /// The least that the path has left under its hard targets.
    fn least_room(&self, path: &[AccountKey], mut least: i64) -> i64 {
        for key in path {
            let sums = self.sums(key);
            if let Some((Some(target), true)) = self.targets.get(key) {
                let used = sums.settled + sums.overrun + sums.held;
                least = least.min((target - used).max(0));
            }
        }
        least
    }

    fn takes(&self, id: HoldId, charged: i64, by: i64) -> bool {
        let waits = self.slice_state(id).is_some_and(|state| state != SliceState::Closed);
        let Some(hold) = self.holds.get(&id) else { return false };
        let last = hold.charges().last().map(|(kind, ..)| *kind);
        let fits = match last {
            None | Some(LedgerKind::Reconciled) => false,
            Some(LedgerKind::Provisional) => !waits,
            Some(_) => by != 0,
        };
        fits && hold.paid() + hold.overrun() == charged
    }

    fn reconcile(&mut self, id: HoldId, by: i64) {
        let Some(hold) = self.holds.get(&id) else { return };
        let row = if by < 0 {
            let of_overrun = hold.overrun().min(-by);
            (LedgerKind::Reconciled, by + of_overrun, -of_overrun)
        } else {
            let within = (hold.amount - hold.paid()).max(0).min(by);
            let settled = self.least_room(&hold.path, within);
            (LedgerKind::Reconciled, settled, by - settled)
        };
        if let Some(hold) = self.holds.get_mut(&id) {
            hold.rows.push(row);
        }
    }

    fn settle(&mut self, id: HoldId, fence: u64, actual: i64) -> Result<(), &'static str> {
        let hold = self.find(id, fence)?.clone();
        let row = match (hold.state, hold.charges().as_slice()) {
            (HoldState::Held | HoldState::Released, _) => return Err("bad step"),
            (HoldState::Dispatched, _) => {
                let within = actual.min(hold.amount);
                (LedgerKind::Settlement, within, actual - within)
            }
            (HoldState::Settled, [(LedgerKind::Provisional, first, _)]) => {
                let more = self.least_room(&hold.path, actual.min(hold.amount) - first);
                (LedgerKind::Correction, more, actual - first - more)
            }
            (HoldState::Settled, _) => return Ok(()),
        };
        let reserved = if hold.is_open() { hold.amount } else { 0 };
        let hold = self.find(id, fence)?;
        hold.state = HoldState::Settled;
        hold.rows.push(row);
        self.keep(id, reserved - row.1);
        Ok(())
    }
}
