//! The reference: holds with their rows, summed anew whenever a sum is asked for.

use std::collections::BTreeMap;

use budget::{AccountKey, CapSpec, HoldAsk, HoldState, LedgerKind, Op};
use types::{HoldId, Timestamp};

#[derive(Debug, Clone, Default)]
pub struct Model {
    pub targets: BTreeMap<AccountKey, (Option<i64>, bool)>,
    pub holds: BTreeMap<HoldId, ModelHold>,
}

#[derive(Debug, Clone)]
pub struct ModelHold {
    pub path: Vec<AccountKey>,
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

    pub fn paid(&self) -> i64 {
        self.rows.iter().map(|(_, amount, _)| amount).sum()
    }
}

impl Model {
    pub fn sums(&self, key: &AccountKey) -> Sums {
        let mut sums = Sums { settled: 0, held: 0, overrun: 0 };
        for hold in self.holds.values().filter(|hold| hold.path.contains(key)) {
            sums.held += if hold.is_open() { hold.amount } else { 0 };
            sums.settled += hold.paid();
            sums.overrun += hold.rows.iter().map(|(_, _, overrun)| overrun).sum::<i64>();
        }
        sums
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
            Op::Release { hold, fence } => {
                let hold = self.find(*hold, *fence)?;
                if matches!(hold.state, HoldState::Dispatched | HoldState::Settled) {
                    return Err("bad step");
                }
                hold.state = HoldState::Released;
                Ok(())
            }
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
                let late = |hold: &&mut ModelHold| hold.is_open() && hold.lease <= now;
                for hold in self.holds.values_mut().filter(late) {
                    if hold.state == HoldState::Held {
                        hold.state = HoldState::Released;
                    } else {
                        hold.state = HoldState::Settled;
                        hold.rows.push((LedgerKind::Provisional, hold.if_lost, 0));
                    }
                }
                Ok(())
            }
            Op::SetTarget(CapSpec { key, target, hard }) => {
                self.targets.insert(key.clone(), (target.map(|target| target.0), *hard));
                Ok(())
            }
        }
    }

    fn find(&mut self, id: HoldId, fence: u64) -> Result<&mut ModelHold, &'static str> {
        let hold = self.holds.get_mut(&id).ok_or("unknown hold")?;
        if hold.fence == fence { Ok(hold) } else { Err("fence") }
    }

    fn hold(&mut self, ask: &HoldAsk) -> Result<(), &'static str> {
        if self.holds.contains_key(&ask.hold) {
            return Ok(());
        }
        let amount = ask.amount.0;
        let mut verdict = Ok(());
        for spec in &ask.path {
            let default = (spec.target.map(|target| target.0), spec.hard);
            let (target, hard) = *self.targets.get(&spec.key).unwrap_or(&default);
            let Some(target) = target.filter(|_| hard && amount > 0) else { continue };
            let sums = self.sums(&spec.key);
            let free = target - sums.settled - sums.overrun;
            if amount > free {
                verdict = Err("exhausted");
            } else if amount > free - sums.held && verdict.is_ok() {
                verdict = Err("held");
            }
        }
        verdict?;
        for spec in &ask.path {
            let default = (spec.target.map(|target| target.0), spec.hard);
            self.targets.entry(spec.key.clone()).or_insert(default);
        }
        let hold = ModelHold {
            path: ask.path.iter().map(|spec| spec.key.clone()).collect(),
            amount,
            state: HoldState::Held,
            fence: ask.fence,
            lease: ask.lease_until,
            tokens: 0,
            if_lost: amount,
            rows: Vec::new(),
        };
        self.holds.insert(ask.hold, hold);
        Ok(())
    }

    fn settle(&mut self, id: HoldId, fence: u64, actual: i64) -> Result<(), &'static str> {
        let hold = self.find(id, fence)?.clone();
        let row = match (hold.state, hold.rows.as_slice()) {
            (HoldState::Held | HoldState::Released, _) => return Err("bad step"),
            (HoldState::Dispatched, _) => {
                let within = actual.min(hold.amount);
                (LedgerKind::Settlement, within, actual - within)
            }
            (HoldState::Settled, [(LedgerKind::Provisional, first, _)]) => {
                let mut more = actual.min(hold.amount) - first;
                for key in &hold.path {
                    let sums = self.sums(key);
                    if let Some((Some(target), true)) = self.targets.get(key) {
                        let used = sums.settled + sums.overrun + sums.held;
                        more = more.min((target - used).max(0));
                    }
                }
                (LedgerKind::Correction, more, actual - first - more)
            }
            (HoldState::Settled, _) => return Ok(()),
        };
        let hold = self.find(id, fence)?;
        hold.state = HoldState::Settled;
        hold.rows.push(row);
        Ok(())
    }
}
