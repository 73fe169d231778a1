//! Drives a ledger and the model through the same steps and compares them after each.

use std::collections::BTreeSet;

use budget::{
    Account, Backing, Basis, Books, Hold, HoldAsk, LedgerRow, Op, Outcome, Refusal, Share, Slice,
    SliceAsk,
};
use types::{Nanos, Timestamp};

use crate::{
    check::{grows, invariants, recomputes, same_verdict, settles},
    model::{Model, ModelHold},
    steps::{START, Step, TENANT, accounts, ask, draw, hold_id, slice_ask, slice_id},
};

/// What the checker needs of a ledger.
pub trait Ledger {
    fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal>;
    fn accounts(&self) -> Vec<&Account>;
    fn holds(&self) -> Vec<&Hold>;
    fn slices(&self) -> Vec<&Slice>;
    fn rows(&self) -> &[LedgerRow];
}

impl Ledger for Books {
    fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal> {
        Books::apply(self, op, now)
    }

    fn accounts(&self) -> Vec<&Account> {
        Books::accounts(self).collect()
    }

    fn holds(&self) -> Vec<&Hold> {
        Books::holds(self).collect()
    }

    fn slices(&self) -> Vec<&Slice> {
        Books::slices(self).collect()
    }

    fn rows(&self) -> &[LedgerRow] {
        self.new_ledger_rows()
    }
}

/// Everything that a ledger shows.
#[derive(Debug, Default)]
pub struct State {
    pub accounts: Vec<Account>,
    pub holds: Vec<Hold>,
    pub slices: Vec<Slice>,
    pub rows: Vec<LedgerRow>,
}

impl State {
    fn is(&self, ledger: &impl Ledger) -> bool {
        self.accounts.iter().eq(ledger.accounts())
            && self.holds.iter().eq(ledger.holds())
            && self.slices.iter().eq(ledger.slices())
            && self.rows == ledger.rows()
    }

    /// Copies only what changed: most of ten thousand sequences' time went into copies of strings.
    fn follow(&mut self, ledger: &impl Ledger) {
        follow(&mut self.accounts, &ledger.accounts());
        follow(&mut self.holds, &ledger.holds());
        follow(&mut self.slices, &ledger.slices());
        self.rows.extend_from_slice(&ledger.rows()[self.rows.len()..]);
    }
}

fn follow<T: Clone + PartialEq>(known: &mut Vec<T>, now: &[&T]) {
    if known.len() != now.len() {
        *known = now.iter().copied().cloned().collect();
    }
    for (known, now) in known.iter_mut().zip(now) {
        if known != *now {
            *known = (*now).clone();
        }
    }
}

/// What a sequence came across.
#[derive(Debug, Default)]
pub struct Seen {
    pub refusals: BTreeSet<&'static str>,
    pub rows: BTreeSet<String>,
}

impl Seen {
    pub fn add(&mut self, other: Self) {
        self.refusals.extend(other.refusals);
        self.rows.extend(other.rows);
    }
}

/// Runs the steps; the error says which invariant broke at which step.
pub fn drive(steps: &[Step], mut ledger: impl Ledger) -> Result<Seen, String> {
    let mut seen = Seen::default();
    let mut model = Model::default();
    let mut now = START;
    let mut accepted: Vec<Op> = Vec::new();
    let mut state = State::default();
    let mut past = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if let Step::Wait { seconds } = step {
            now = now.plus_seconds(*seconds);
            continue;
        }
        let (op, again) = match step {
            Step::Again { nth } => match accepted.get(nth % accepted.len().max(1)) {
                Some(op) => (op.clone(), true),
                None => continue,
            },
            step => (op(step, &model, now), false),
        };
        let expected = model.apply(&op, now);
        let got = ledger.apply(&op, now);
        let fail = |what: String| format!("step {at}, {op:?}: {what}");
        same_verdict(&expected, &got).map_err(fail)?;
        seen.refusals.extend(expected.err());
        if (again || got.is_err()) && !state.is(&ledger) {
            return Err(fail(format!("a replay or a refusal changed {state:?}")));
        }
        grows(&state.rows, ledger.rows()).map_err(fail)?;
        settles(&op, &got, ledger.rows().get(state.rows.len()), &model).map_err(fail)?;
        state.follow(&ledger);
        invariants(&state, &model).map_err(fail)?;
        if matches!(op, Op::Reap) {
            let open = |hold: &&Hold| hold.state.is_open() && hold.lease_until <= now;
            if let Some(hold) = state.holds.iter().find(open) {
                return Err(fail(format!("{} outlived its lease and the reaper", hold.id)));
            }
            let full = |slice: &&Slice| slice.amount.0 > 0 && slice.lease_until <= now;
            if let Some(slice) = state.slices.iter().find(full) {
                return Err(fail(format!("{} outlived its lease and the reaper", slice.id)));
            }
        }
        // Shares that were passed over are tried afresh.
        let whole = match (&op, &got) {
            (Op::Reconcile { shares, .. }, Ok(Outcome::Reconciled { done })) => {
                shares.len() == done.len()
            }
            _ => got.is_ok(),
        };
        if whole && !again && !matches!(op, Op::Reap | Op::SetTarget(_)) {
            accepted.push(op);
        }
        let sums = |account: &Account| (account.settled.0, account.overrun.0);
        past.push((state.rows.len(), state.accounts.iter().map(sums).collect::<Vec<_>>()));
    }
    // Accounts are never removed, but a new one may come between: the last step knows them all.
    let last = past.iter().filter(|(_, sums)| sums.len() == state.accounts.len());
    for (rows, sums) in last {
        recomputes(&state, &state.rows[..*rows], sums)?;
    }
    for row in &state.rows {
        let sign = match (row.overrun.0, row.amount.0 + row.overrun.0) {
            (1.., _) => "overrun",
            (_, ..0) => "credit",
            _ => "debit",
        };
        seen.rows.insert(format!("{} {sign}", row.kind));
    }
    Ok(seen)
}

fn op(step: &Step, model: &Model, now: Timestamp) -> Op {
    let known = |slot: u8| model.holds.get(&hold_id(slot));
    let fence = |slot: u8| known(slot).map_or(1, |hold| hold.fence);
    let lease = |seconds: Option<i64>| seconds.map(|seconds| now.plus_seconds(seconds));
    let settle = |slot: u8, fence: u64, percent: i64| Op::Settle {
        hold: hold_id(slot),
        fence,
        actual: Nanos(known(slot).map_or(0, |hold| hold.amount) * percent / 100),
        usage: None,
        basis: Basis::Provider,
    };
    match *step {
        Step::Hold { slot, path, amount, lease } => {
            Op::Hold(Box::new(ask(slot, path, amount, lease, now)))
        }
        Step::Dispatch { slot, lease: until } => {
            Op::Dispatch { hold: hold_id(slot), fence: fence(slot), lease_until: lease(until) }
        }
        Step::Progress { slot, tokens, if_lost, lease: until } => Op::Progress {
            hold: hold_id(slot),
            fence: fence(slot),
            output_tokens: tokens,
            if_lost: if_lost.map(Nanos),
            lease_until: lease(until),
        },
        Step::Release { slot } => Op::Release { hold: hold_id(slot), fence: fence(slot) },
        Step::Settle { slot, percent } => settle(slot, fence(slot), percent),
        Step::Take { slot, lease } => Op::Take {
            hold: hold_id(slot),
            owner: "gateway-2".into(),
            fence: fence(slot) + 1,
            lease_until: now.plus_seconds(lease),
        },
        Step::Target { account, target, hard } => {
            let mut spec = accounts(now)[account].clone();
            (spec.target, spec.hard) = (target.map(Nanos), hard);
            Op::SetTarget(spec)
        }
        Step::Stale { slot, settle: true } => settle(slot, fence(slot) - 1, 50),
        Step::Stale { slot, settle: false } => {
            Op::Release { hold: hold_id(slot), fence: fence(slot) - 1 }
        }
        Step::Slice { slice, path, least, want, share, lease } => {
            let ask = slice_ask(slice, path, want, lease, now);
            Op::Slice(Box::new(SliceAsk { least: Nanos(least), share, ..ask }))
        }
        Step::Draw { slot, slice, percent, lease } => {
            let amount = model.left(slice_id(slice)) * percent / 100;
            Op::Hold(Box::new(draw(slot, slice, amount, lease, now)))
        }
        Step::Close { slice } => Op::CloseSlice { slice: slice_id(slice), fence: 1 },
        Step::StaleSlice { slice, close: true, .. } => {
            Op::CloseSlice { slice: slice_id(slice), fence: 0 }
        }
        Step::StaleSlice { slot, slice, close: false } => {
            let ask = draw(slot, slice, 0, 600, now);
            Op::Hold(Box::new(HoldAsk { fence: 0, ..ask }))
        }
        Step::Reconcile { slots, percent, stale } => {
            let share = |slot: u8| share(known(slot), slot, percent, stale);
            let mut shares = slots.map(share).to_vec();
            shares.dedup_by_key(|share| share.hold);
            Op::Reconcile { tenant: TENANT, shares }
        }
        Step::Debt { slot, path, amount, lease } => {
            let ask = ask(slot, path, amount, lease, now);
            Op::Hold(Box::new(HoldAsk { backing: Backing::Debt, ..ask }))
        }
        Step::Reap | Step::Wait { .. } | Step::Again { .. } => Op::Reap,
    }
}

/// A share in percent of what a hold is charged; of a stale one that is not known any more.
fn share(hold: Option<&ModelHold>, slot: u8, percent: i64, stale: bool) -> Share {
    let charged = hold.map_or(0, |hold| hold.paid() + hold.overrun());
    let by = Nanos(charged * percent / 100);
    Share::new(hold_id(slot), Nanos(charged + i64::from(stale)), by)
}
