//! Drives a ledger and the model through the same steps and compares them after each.

use std::collections::BTreeSet;

use budget::{
    Account, AccountKey, Basis, Books, Hold, HoldState, LedgerKind, LedgerRow, Op, Outcome,
    Refusal, Scope,
};
use types::{Nanos, Timestamp};

use crate::{
    model::Model,
    steps::{START, Step, accounts, ask, hold_id, is_total},
};

/// What the checker needs of a ledger.
pub trait Ledger {
    fn apply(&mut self, op: &Op, now: Timestamp) -> Result<Outcome, Refusal>;
    fn accounts(&self) -> Vec<&Account>;
    fn holds(&self) -> Vec<&Hold>;
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

    fn rows(&self) -> &[LedgerRow] {
        self.new_ledger_rows()
    }
}

/// Everything that a ledger shows.
#[derive(Debug, Default)]
struct State {
    accounts: Vec<Account>,
    holds: Vec<Hold>,
    rows: Vec<LedgerRow>,
}

impl State {
    fn is(&self, ledger: &impl Ledger) -> bool {
        self.accounts.iter().eq(ledger.accounts())
            && self.holds.iter().eq(ledger.holds())
            && self.rows == ledger.rows()
    }

    /// Copies only what changed: most of ten thousand sequences' time went into copies of strings.
    fn follow(&mut self, ledger: &impl Ledger) {
        follow(&mut self.accounts, &ledger.accounts());
        follow(&mut self.holds, &ledger.holds());
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
        }
        if got.is_ok() && !again && !matches!(op, Op::Reap | Op::SetTarget(_)) {
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
        let sign = match (row.overrun.0, row.amount.0) {
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
        Step::Reap | Step::Wait { .. } | Step::Again { .. } => Op::Reap,
    }
}

fn same_verdict(
    expected: &Result<(), &'static str>,
    got: &Result<Outcome, Refusal>,
) -> Result<(), String> {
    let got = match got {
        Ok(_) => Ok(()),
        Err(Refusal::Malformed(_)) => Err("malformed"),
        Err(Refusal::UnknownHold(_)) => Err("unknown hold"),
        Err(Refusal::UnknownAccount(_)) => Err("unknown account"),
        Err(Refusal::FenceStale { .. }) => Err("fence"),
        Err(Refusal::BadStep(_)) => Err("bad step"),
        Err(Refusal::Exhausted { .. }) => Err("exhausted"),
        Err(Refusal::Held { .. }) => Err("held"),
        Err(Refusal::Overflow(_)) => Err("overflow"),
    };
    if got == *expected { Ok(()) } else { Err(format!("expected {expected:?}, got {got:?}")) }
}

/// 5: a settlement within the hold is charged as it is, for lack of budget or not; a later one gets
/// the first one's result.
fn settles(
    op: &Op,
    got: &Result<Outcome, Refusal>,
    fresh: Option<&LedgerRow>,
    model: &Model,
) -> Result<(), String> {
    let (Op::Settle { hold, actual, .. }, Ok(Outcome::Settled(charge))) = (op, got) else {
        return Ok(());
    };
    let hold = &model.holds[hold];
    let overrun: i64 = hold.rows.iter().map(|(_, _, overrun)| overrun).sum();
    if (charge.amount.0, charge.overrun.0) != (hold.paid(), overrun) {
        return Err(format!("5: charged {charge:?}, the rows say {:?}", hold.rows));
    }
    let first = fresh.is_some_and(|row| row.kind == LedgerKind::Settlement);
    if first && actual.0 <= hold.amount && charge.amount != *actual {
        return Err(format!("5: charged {charge:?} instead of {actual}"));
    }
    Ok(())
}

/// 11: the ledger only grows.
fn grows(before: &[LedgerRow], after: &[LedgerRow]) -> Result<(), String> {
    if after.starts_with(before) { Ok(()) } else { Err("a ledger row changed".into()) }
}

/// 12: any past instant can be recomputed from the rows up to it.
fn recomputes(state: &State, rows: &[LedgerRow], sums: &[(i64, i64)]) -> Result<(), String> {
    for (account, sums) in state.accounts.iter().zip(sums) {
        let of = rows.iter().filter(|row| row.path.contains(&account.key));
        let again = of.fold((0, 0), |(a, b), row| (a + row.amount.0, b + row.overrun.0));
        if again != *sums {
            return Err(format!("12: {again:?} for {:?}, which had {sums:?}", account.key));
        }
    }
    Ok(())
}

fn invariants(state: &State, model: &Model) -> Result<(), String> {
    for account in &state.accounts {
        account.check().map_err(|broken| format!("1: {broken}"))?;
        let sums = model.sums(&account.key);
        if (account.settled.0, account.held.0, account.overrun.0)
            != (sums.settled, sums.held, sums.overrun)
        {
            return Err(format!("2: {account:?} should have {sums:?}"));
        }
        let target = (account.target.map(|target| target.0), account.hard);
        if model.targets.get(&account.key) != Some(&target) {
            return Err(format!("the target of {account:?} is not what was set"));
        }
    }
    if state.accounts.len() != model.targets.len() || state.holds.len() != model.holds.len() {
        return Err("there are accounts or holds too many or too few".into());
    }
    for hold in &state.holds {
        resolves_once(hold, state, model)?;
    }
    adds_up(&state.accounts)
}

/// 3 and 8: one resolution, and never a release of what was dispatched.
fn resolves_once(hold: &Hold, state: &State, model: &Model) -> Result<(), String> {
    let of = state.rows.iter().filter(|row| row.hold == hold.id);
    let rows: Vec<_> = of.map(|row| (row.kind, row.amount.0, row.overrun.0)).collect();
    let model = &model.holds[&hold.id];
    if rows != model.rows || hold.state != model.state || hold.fence != model.fence {
        return Err(format!("3: {hold:?} has rows {rows:?} and should be {model:?}"));
    }
    let kinds: Vec<_> = rows.iter().map(|(kind, ..)| *kind).collect();
    let allowed: [&[LedgerKind]; 4] = [
        &[],
        &[LedgerKind::Settlement],
        &[LedgerKind::Provisional],
        &[LedgerKind::Provisional, LedgerKind::Correction],
    ];
    if !allowed.contains(&kinds.as_slice()) || (hold.state == HoldState::Settled) == rows.is_empty()
    {
        return Err(format!("3: {hold:?} has rows {rows:?}"));
    }
    if hold.state == HoldState::Released && hold.dispatched_at.is_some() {
        return Err(format!("8: {} was dispatched and then released", hold.id));
    }
    Ok(())
}

/// 4: a parent equals its children, and a total its days.
fn adds_up(accounts: &[Account]) -> Result<(), String> {
    let sum = |which: &dyn Fn(&AccountKey) -> bool| {
        let of = accounts.iter().filter(|account| which(&account.key));
        of.fold((0, 0, 0), |(settled, held, overrun), account| {
            (settled + account.settled.0, held + account.held.0, overrun + account.overrun.0)
        })
    };
    let tenant = sum(&|key| is_total(key, Scope::Tenant));
    let agents = sum(&|key| is_total(key, Scope::Agent));
    let days = sum(&|key| key.scope == Scope::Tenant && key.window.ends.is_some());
    let all: BTreeSet<_> = [tenant, agents, days].into();
    if all.len() == 1 { Ok(()) } else { Err(format!("4: {tenant:?}, {agents:?}, {days:?}")) }
}
