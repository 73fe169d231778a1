//! The invariants of `ledger.md`, by their numbers there.

use std::collections::BTreeSet;

use budget::{
    Account, AccountKey, Hold, HoldState, LedgerKind, LedgerRow, Op, Outcome, Refusal, Scope,
    Slice, SliceState,
};

use crate::{drive::State, model::Model, steps::is_total};

pub fn same_verdict(
    expected: &Result<(), &'static str>,
    got: &Result<Outcome, Refusal>,
) -> Result<(), String> {
    let got = match got {
        Ok(_) => Ok(()),
        Err(Refusal::Malformed(_)) => Err("malformed"),
        Err(Refusal::UnknownHold(_)) => Err("unknown hold"),
        Err(Refusal::UnknownSlice(_)) => Err("unknown slice"),
        Err(Refusal::SliceShort { .. }) => Err("short"),
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
pub fn settles(
    op: &Op,
    got: &Result<Outcome, Refusal>,
    fresh: Option<&LedgerRow>,
    model: &Model,
) -> Result<(), String> {
    let (Op::Settle { hold, actual, .. }, Ok(Outcome::Settled(charge))) = (op, got) else {
        return Ok(());
    };
    let hold = &model.holds[hold];
    if (charge.amount.0, charge.overrun.0) != (hold.paid(), hold.overrun()) {
        return Err(format!("5: charged {charge:?}, the rows say {:?}", hold.rows));
    }
    let first = fresh.is_some_and(|row| row.kind == LedgerKind::Settlement);
    if first && actual.0 <= hold.amount && charge.amount != *actual {
        return Err(format!("5: charged {charge:?} instead of {actual}"));
    }
    Ok(())
}

/// 11: the ledger only grows.
pub fn grows(before: &[LedgerRow], after: &[LedgerRow]) -> Result<(), String> {
    if after.starts_with(before) { Ok(()) } else { Err("a ledger row changed".into()) }
}

/// 12: any past instant can be recomputed from the rows up to it.
pub fn recomputes(state: &State, rows: &[LedgerRow], sums: &[(i64, i64)]) -> Result<(), String> {
    for (account, sums) in state.accounts.iter().zip(sums) {
        let of = rows.iter().filter(|row| row.path.contains(&account.key));
        let again = of.fold((0, 0), |(a, b), row| (a + row.amount.0, b + row.overrun.0));
        if again != *sums {
            return Err(format!("12: {again:?} for {:?}, which had {sums:?}", account.key));
        }
    }
    Ok(())
}

pub fn invariants(state: &State, model: &Model) -> Result<(), String> {
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
    let (accounts, holds, slices) = (model.targets.len(), model.holds.len(), model.slices.len());
    if (state.accounts.len(), state.holds.len(), state.slices.len()) != (accounts, holds, slices) {
        return Err("there are accounts, holds or slices too many or too few".into());
    }
    for hold in &state.holds {
        resolves_once(hold, state, model)?;
    }
    for slice in &state.slices {
        slice_adds_up(slice, state, model)?;
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
    let kinds: Vec<_> = model.charges().iter().map(|(kind, ..)| *kind).collect();
    let once: BTreeSet<_> = rows.iter().map(|(kind, ..)| *kind).collect();
    if once.len() < rows.len() || (hold.slice.is_none() && kinds.len() < rows.len()) {
        return Err(format!("3: {hold:?} has rows {rows:?}"));
    }
    let allowed: [&[LedgerKind]; 4] = [
        &[],
        &[LedgerKind::Settlement],
        &[LedgerKind::Provisional],
        &[LedgerKind::Provisional, LedgerKind::Correction],
    ];
    let charged = match kinds.as_slice() {
        [charged @ .., LedgerKind::Reconciled] if !charged.is_empty() => charged,
        charged => charged,
    };
    if model.paid() < 0 || model.overrun() < 0 {
        return Err(format!("15: {hold:?} was credited more than it was charged: {rows:?}"));
    }
    if !allowed.contains(&charged) || (hold.state == HoldState::Settled) == kinds.is_empty() {
        return Err(format!("3: {hold:?} has rows {rows:?}"));
    }
    if hold.state == HoldState::Released && hold.dispatched_at.is_some() {
        return Err(format!("8: {} was dispatched and then released", hold.id));
    }
    Ok(())
}

/// 10: what is left of a slice is what was taken, less what its holds reserve and were charged, and
/// it is where its state says.
fn slice_adds_up(slice: &Slice, state: &State, model: &Model) -> Result<(), String> {
    let left = model.left(slice.id);
    let expected = match slice.state {
        SliceState::Open => (left, 0),
        SliceState::Lapsed => (0, left),
        SliceState::Closed => (0, 0),
    };
    let known = &model.slices[&slice.id];
    let of = state.rows.iter().filter(|row| row.hold == slice.id);
    let rows: Vec<_> = of.map(|row| (row.kind, row.amount.0)).collect();
    let taken =
        (slice.taken.0, slice.state, rows) == (known.taken, known.state, known.rows.clone());
    if left < 0 || (slice.amount.0, slice.charged.0) != expected || !taken {
        return Err(format!("10: {slice:?} has {left} left and should be {known:?}"));
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
